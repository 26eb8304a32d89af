"""What one raw file seems to be, with all of its columns."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from customerbase.sources.guess_columns import POSSIBLE, Column


@dataclass(frozen=True)
class Diagnosis:
    """What one raw file seems to be.

    kind: one of guess_columns.FILE_KINDS. format, encoding, delimiter, header, sheet: as the mapping wants them (header
    False: columns are named column_1, column_2, …). rows: of the whole file when complete, else 0 (only the head was read).
    decimal: "." or ",". currency: ISO code or None. bad: damaged rows among those read.
    """

    path: Path
    format: str
    encoding: str | None
    delimiter: str | None
    header: bool
    rows: int
    complete: bool
    bad: int
    kind: str
    columns: tuple[Column, ...]
    decimal: str = "."
    currency: str | None = None
    notes: tuple[str, ...] = ()
    frame: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def column(self, *targets: str) -> Column | None:
        """The column taken for the first of the canonical columns that any column was taken for."""
        chosen = {column.guess.target: column for column in self.columns if column.guess}
        return next((chosen[target] for target in targets if target in chosen), None)

    def candidates(self, *targets: str) -> list[Column]:
        """The columns that might be one of the canonical columns, taken for it or not."""
        return [
            column
            for column in self.columns
            if any(c.target in targets and c.score >= POSSIBLE for c in column.candidates)
        ]

    @property
    def dates(self) -> tuple[str, ...]:
        """strptime forms for the mapping: only where the general parser would have to guess."""
        used = [column.profile.form.formats for column in self.columns if column.guess and column.profile.form]
        return tuple(dict.fromkeys(form for forms in used for form in forms))
