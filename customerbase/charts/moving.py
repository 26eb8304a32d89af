"""Page 07b in pictures: who moved between segments over 1, 3, 6 and 12 months, and how surely."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

import customerbase.segments.movement.beside as beside
import customerbase.segments.movement.grids as grids
import customerbase.segments.movement.looks as looks
from customerbase import i18n, segments
from customerbase.charts.alluvial import alluvial
from customerbase.charts.captions import caption
from customerbase.charts.draw import heatmap
from customerbase.charts.output import Figure
from customerbase.charts.style import WIDTHS


@dataclass(frozen=True)
class Pictures:
    """Movement of one month in pictures and words, for one reader: language, currency, groups too small to show."""

    result: segments.movement.Movement
    as_of: date
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def flow(self, months: int = 1, width: float = WIDTHS["wide"]) -> Figure | str:
        """The alluvial picture of one span."""
        cells = self._cells(months)
        return self._none() if cells is None else flow(cells, self.as_of, self.language, self.k_min, width)

    def matrix(self, months: int = 1) -> Figure | str:
        """Share of each segment's customers who went to each other, with its 95 % interval."""
        cells = self._cells(months)
        return self._none() if cells is None else matrix(cells, self.as_of, self.language, self.k_min)

    def said(self, months: int = 1) -> list[str]:
        """How many and why, what came in late, what it is worth, whether it is unusual: a sentence or two each."""
        cells, span = self._cells(months), self.result.span(months)
        if cells is None or span is None:
            return [self._none()]
        told = looks.lines(cells, span.causes, language=self.language, money=self._money, k_min=self.k_min)
        return [f"{label}: {text}" for label, text in told]

    def table(self, months: int = 1) -> pd.DataFrame:
        """The largest movements as numbers; no rows without that span."""
        cells = self._cells(months)
        cells = pd.DataFrame(columns=["from_segment", "to_segment", "customers"]) if cells is None else cells
        return looks.table(cells, language=self.language, money=self._money, k_min=self.k_min)

    def split(self, months: int = 1) -> pd.DataFrame:
        """Every movement as a sum of its causes; for a page opened by hand, never published."""
        return looks.split(self.result.span(months).cells, language=self.language)

    def causes(self, months: int = 1) -> pd.DataFrame:
        """Customers by what moved them, exact; for a page opened by hand, never published."""
        return looks.by_cause(self.result.span(months).causes, language=self.language)

    @cached_property
    def _beside(self) -> dict[int, pd.DataFrame]:
        return beside.spans(self.result.tables()["migration"], self.k_min)

    def _cells(self, months: int) -> pd.DataFrame | None:
        return self._beside.get(months)

    def _none(self) -> str:
        return i18n.word("movement.first_month", self.language)

    def _money(self, amount: float, signed: bool) -> str:
        return i18n.number(amount, "money", self.language, currency=self.currency, signed=signed)


def flow(cells: pd.DataFrame, as_of: date, language: str, k_min: int, width: float) -> Figure:
    """One span of the table migration as an alluvial picture."""
    counts, look = looks.alluvial(cells, as_of=as_of, language=language, k_min=k_min)
    title, _ = looks.finding(cells, language=language, k_min=k_min)
    n, words = int(counts.to_numpy().sum()), looks.definition(cells, language)
    said = caption(grids.grid, "migration", as_of, n, language, definition=words)
    return alluvial(counts, title=title, caption=said, width=width, **look)


def matrix(cells: pd.DataFrame, as_of: date, language: str, k_min: int) -> Figure:
    """Shares with their intervals, row by row; cells that must not be shown read “*”, empty ones nothing."""
    counts = grids.grid(cells)
    hidden = grids.withheld(cells, k_min)
    rows = cells.set_index(["from_segment", "to_segment"])
    dash = "〜" if language == "ja" else "–"

    def text(origin: str, target: str) -> str:
        if not counts.loc[origin, target]:
            return ""
        row = rows.loc[(origin, target)]
        if hidden.loc[origin, target]:
            return "*"
        mark = "!" if row["unusual"] is True else ""
        return f"{row['share'] * 100:.0f}%{mark}\n{row['low'] * 100:.0f}{dash}{row['high'] * 100:.0f}"

    printed = pd.DataFrame([[text(a, b) for b in counts.columns] for a in counts.index], counts.index, counts.columns)
    shade = counts.div(counts.sum(axis=1), axis=0).mask(hidden, 0.0)
    title, _ = looks.finding(cells, language=language, k_min=k_min)
    words = i18n.word("movement.matrix", language)
    n = int(counts.to_numpy().sum())
    said = caption(grids.grid, "migration", as_of, n, language, 0.95, definition=words)
    named = [looks.named(code, language) for code in counts.index]
    for frame in (counts, printed, shade):
        frame.index = named
    return heatmap(
        counts,
        title=title,
        caption=said,
        language=language,
        fmt="{:,.0f}",
        text=printed,
        shade=shade,
        width=WIDTHS["wide"],
        row=0.4,
    )
