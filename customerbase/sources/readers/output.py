"""The Parquet side of reading: column names, schema, and a file that appears whole or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

LINE, BAD, RAW = "_line", "_bad", "_raw"
ROW_GROUP_ROWS = 61_440
ROW_GROUP_BYTES = 64 << 20


def column_names(heading: Iterable[str]) -> list[str]:
    """Headings as column names: trimmed, blank ones `column_N`, repeated ones `name__2`, `name__3` …

    Names that differ in case alone count as repeated (the engine does not tell them apart), and so do the names of the
    columns that every bronze table has.
    """
    names: list[str] = []
    taken = {LINE, BAD, RAW}
    for position, word in enumerate(heading, start=1):
        base = word.strip().strip("\ufeff") or f"column_{position}"
        name, count = base, 1
        while name.lower() in taken:
            count += 1
            name = f"{base}__{count}"
        taken.add(name.lower())
        names.append(name)
    return names


def bronze_schema(columns: Sequence[str]) -> pa.Schema:
    """Every raw column as text, then the first physical line, the code of what is wrong, the raw text of bad rows."""
    raw = [pa.field(name, pa.string()) for name in columns]
    return pa.schema([*raw, pa.field(LINE, pa.int64()), pa.field(BAD, pa.string()), pa.field(RAW, pa.string())])


def bronze_table(columns: Sequence[str], rows: Sequence[tuple[Sequence[str] | None, int, str | None, str | None]]):
    """Rows (values or None, line, bad, raw) as a table; a bad row has no values."""
    blank = (None,) * len(columns)
    data = list(zip(*((*(values or blank), line, bad, raw) for values, line, bad, raw in rows), strict=True))
    schema = bronze_schema(columns)
    return pa.table([pa.array(column, kind) for column, kind in zip(data, schema.types, strict=True)], schema=schema)


def batches(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of a row group's size."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= ROW_GROUP_ROWS or sum(part.nbytes for part in waiting) >= ROW_GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


@contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """A name to write to; the file gets its final name when all went well, and leaves nothing when it did not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


class Writer:
    """Bronze tables into one Parquet file; opened at the first table, for the columns are known only then."""

    def __init__(self, path: Path):
        self.path = path
        self._file: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Append the rows. Without dictionaries and statistics, and lz4: the file is scratch and read once."""
        if self._file is None:
            options = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
            self._file = pq.ParquetWriter(self.path, table.schema, **options)
        self._file.write_table(table)

    def close(self, columns: Sequence[str]) -> None:
        """Finish the file; without any row it still has its columns."""
        if self._file is None:
            self.write(bronze_schema(columns).empty_table())
        self._file.close()
