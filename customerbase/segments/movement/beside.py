"""Spans of different lengths shown beside each other: one less another must not tell of a few newcomers.

All spans of a month end with the same month. Whoever was no customer yet three months ago was none four months ago: the
newcomers of a span are among those of every longer one, segment by segment, and what a longer span has more are the
customers who came in between. No other cells of two spans are part of each other.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from customerbase.segments.movement.grids import grid, of, withheld
from customerbase.segments.movement.month import SPANS
from customerbase.segments.named import ABSENT_BEFORE, codes


def spans(table: pd.DataFrame | None, k_min: int) -> dict[int, pd.DataFrame]:
    """Length in months -> cells of a span as they may be shown beside all others, the shortest first.

    Two columns mark newcomers for looks.withheld: `also` are withheld, as from those of another span they would tell of
    1 .. k_min − 1 who came in between; `known` are as many as in another span that shows them. A span with so few
    newcomers more or less than another is left out: the sizes of the segments would tell. Spans that the report shows go
    before others. table: migration; {} without it.
    """
    lengths = sorted({*table["months"]}) if table is not None and len(table) else []
    shown, kept = _Shown(k_min), {}
    for months in sorted(lengths, key=lambda one: (one not in SPANS, one)):
        if (cells := shown.fitted(of(table, months))) is not None:
            kept[int(months)] = cells
    return dict(sorted(kept.items()))


@dataclass
class _Shown:
    """Newcomers by segment now, of every span shown already, and which of them are withheld."""

    k_min: int
    spans: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def fitted(self, cells: pd.DataFrame) -> pd.DataFrame | None:
        """The cells of a further span with the columns also and known; None where the sizes would tell of few."""
        came = self._newcomers(grid(cells), 0)
        if any(0 < abs(came.sum() - other.sum()) < self.k_min for other, _ in self.spans):
            return None
        also, known = np.zeros((2, len(came)), dtype=bool)
        for other, unknown in self.spans:
            between = np.abs(came - other)
            also |= (between > 0) & (between < self.k_min) & ~unknown & (came > 0)
            also |= (between == 0) & unknown & (came > 0)  # what stands between two that are equal is known
            known |= (between == 0) & ~unknown
        while True:
            marked = self._marked(cells, also, known & ~also)
            hidden = self._newcomers(withheld(marked, self.k_min), False).astype(bool)
            if (more := self._needed(came, hidden, known)) is None:
                self.spans.append((came, hidden))
                return marked
            also[more] = True

    def _needed(self, came: np.ndarray, hidden: np.ndarray, known: np.ndarray) -> int | None:
        """A further segment to withhold: all who came in between, less those told of by segment, must not be few either."""
        for other, unknown in self.spans:
            between, free = np.abs(came - other), hidden | unknown
            if 0 < between[free].sum() < self.k_min:
                told = np.flatnonzero(~free & ~known & (between > 0) & (came > 0))
                if len(told):
                    return int(min(told, key=lambda place: (between[place], place)))
        return None

    @staticmethod
    def _newcomers(counts: pd.DataFrame, nobody: object) -> np.ndarray:
        """The row of the newcomers, in the order of the segments."""
        row = counts.loc[ABSENT_BEFORE] if ABSENT_BEFORE in counts.index else pd.Series(dtype=object)
        return row.reindex(codes(), fill_value=nobody).to_numpy()

    @staticmethod
    def _marked(cells: pd.DataFrame, also: np.ndarray, known: np.ndarray) -> pd.DataFrame:
        of_newcomers = cells["from_segment"] == ABSENT_BEFORE
        named = [{code for code, mark in zip(codes(), marks, strict=True) if mark} for marks in (also, known)]
        marks = [of_newcomers & cells["to_segment"].isin(one) for one in named]
        return cells.assign(also=marks[0], known=marks[1])
