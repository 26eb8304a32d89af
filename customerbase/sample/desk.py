"""The desk where all files are written: plants the defects, keeps the truth about them, closes everything."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from customerbase.sample.defects import plant
from customerbase.sample.world import World
from customerbase.sample.writers import CsvFile, ParquetFile, XlsxFile

DEFECT_SCHEMA = pa.schema([
    ("file", pa.string()), ("line", pa.int64()), ("kind", pa.string()), ("column", pa.string()),
    ("before", pa.string()), ("after", pa.string()), ("outcome", pa.string()),
])  # fmt: skip


class Desk:
    """Open files below `out` (what the company has) and `truth` (what only the simulation knows)."""

    def __init__(self, world: World, out: Path, truth: Path) -> None:
        self.world, self.out, self.truth = world, out, truth
        self.files: dict[str, CsvFile | ParquetFile | XlsxFile] = {}
        self.invited: dict[tuple[int, int], int] = {}  # (system, month) -> invitations to a survey

    def csv(self, name, block, table, recipes=(), *, encoding="utf-8", eol="\r\n", masks=None, least=0) -> None:
        """Append rows to a CSV file below `out`, spoiling a few."""
        opened = self._open(name, lambda path: CsvFile(path, table.column_names, encoding, eol))
        self._append(opened, name, block, table, recipes, masks or {}, least)

    def parquet(self, name, block, table, recipes=(), *, masks=None, least=0) -> None:
        """Append rows to a Parquet file below `out`, spoiling a few."""
        opened = self._open(name, lambda path: ParquetFile(path, table.schema))
        self._append(opened, name, block, table, recipes, masks or {}, least)

    def xlsx(self, name, block, table, sheet, recipes=(), *, masks=None, least=0) -> None:
        """Append rows to a workbook below `out`, spoiling a few."""
        opened = self._open(name, lambda path: XlsxFile(path, table.column_names, sheet))
        self._append(opened, name, block, table, recipes, masks or {}, least)

    def secret(self, name: str, table: pa.Table) -> None:
        """Append rows to a Parquet file of the truth."""
        key = f"truth:{name}"
        if key not in self.files:
            self.files[key] = ParquetFile(self.truth / f"{name}.parquet", table.schema)
        self.files[key].append(table)

    def close(self) -> None:
        """Finish all files."""
        for file in self.files.values():
            if not isinstance(file, CsvFile):
                file.close()

    def _open(self, name: str, make):
        if name not in self.files:
            self.files[name] = make(self.out / name)
        return self.files[name]

    def _append(self, opened, name, block, table, recipes, masks, least) -> None:
        rng = self.world.stream(f"defects {name}", block)
        table, plants = plant(table, recipes, rng, masks, least if block == 0 else 0)
        starts = opened.append(table, plants)
        if plants:
            self.secret("defects", _truth(name, plants, starts))

    def monthly(self, pattern: str, block: int, t: np.ndarray, table: pa.Table, write, masks: dict) -> None:
        """Cut rows by the month of `t` and hand each month's part to `write(name, part, masks, last)`."""
        month = np.searchsorted(self.world.month_starts, t, side="right") - 1
        for number, day in enumerate(self.world.month_list):
            rows = np.flatnonzero(month == number)
            if len(rows) or block == 0:
                part = {key: mask[rows] for key, mask in masks.items()}
                last = number >= len(self.world.month_list) - 2
                write(pattern.format(f"{day:%Y%m}"), table.take(pa.array(rows)), part, last)


def _truth(name: str, plants: list, starts: np.ndarray) -> pa.Table:
    line = [int(starts[one.row]) + (one.kind == "duplicate_key") for one in plants]
    columns = [
        [name] * len(plants), line, [one.kind for one in plants], [one.column for one in plants],
        [one.before for one in plants], [one.after for one in plants], [one.outcome for one in plants],
    ]  # fmt: skip
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, DEFECT_SCHEMA, strict=True)], schema=DEFECT_SCHEMA)
