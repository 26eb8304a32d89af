"""Files for people outside the workbook: CSV that no spreadsheet runs, or Parquet; whole or not at all."""

import csv
import os
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from customerbase.errors import ConfigError, near_miss

FORMATS = (".csv", ".parquet")
UNSAFE = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so


def check_target(out: Path) -> Path:
    """The path itself. Raises ConfigError for another kind of file, or a folder that does not exist."""
    if out.suffix not in FORMATS:
        raise ConfigError(
            f"--out {out}: unknown kind of file {out.suffix!r}; expected one of {', '.join(FORMATS)}."
            f"{near_miss(out.suffix, FORMATS)}"
        )
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"--out {out}: the folder {out.absolute().parent} does not exist.")
    return out


def export(rows: pa.Table, out: Path) -> None:
    """Write a table as .csv (UTF-8) or .parquet, by the name of the file."""
    part = out.with_name(out.name + ".part")
    try:
        _write_csv(rows, part) if out.suffix == ".csv" else pq.write_table(rows, part)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)


class _Lines:
    """Lines that end with \\n for a writer that ends them with \\r\\n: only so does it quote a cell with a \\r in it.

    Bare, that \\r would end the row, and what follows would be a cell of its own that a spreadsheet may run.
    """

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, line: str) -> int:
        return self.stream.write(line.removesuffix("\r\n") + "\n")


def _write_csv(rows: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(_Lines(stream), lineterminator="\r\n")
        writer.writerow([_inert(name) for name in rows.column_names])
        for batch in rows.to_batches():
            columns = [column.to_pylist() for column in batch.columns]
            text = [[_inert(cell) for cell in column] if (column and pa.types.is_string(kind)) or pa.types.is_large_string(kind) else column
                    for column, kind in zip(columns, batch.schema.types, strict=True)]  # fmt: skip
            writer.writerows(zip(*text, strict=True))


def _inert(cell: str | None) -> str | None:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell and cell.startswith(UNSAFE) else cell
