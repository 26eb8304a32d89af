"""Page 09c in pictures: how much is asked, how long it takes by month and by group, and purchases after an inquiry."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

import customerbase.satisfaction.inquiries as desk
import customerbase.satisfaction.inquiries.forms as forms
import customerbase.satisfaction.inquiries.listing as listing
import customerbase.satisfaction.inquiries.looks as looks
from customerbase import i18n, segments
from customerbase.charts.captions import caption
from customerbase.charts.draw import bars, dots, line
from customerbase.charts.drivers import drivers
from customerbase.charts.output import Figure
from customerbase.charts.style import WIDTHS

WIDE = 7.0


def desk_months(
    months: pd.DataFrame,
    measure: str,
    *,
    title: str,
    caption: str,
    language: str,
    k_min: int = 10,
    width: float = WIDTHS["half"],
) -> Figure | None:
    """One measure of the desk over time: columns of counts, a line with its band for waits and shares; None where there is too little to draw.

    months: the table inquiry_months. Months of fewer than k_min customers are left out.
    """
    rows = listing.picture_rows(months, measure, k_min)
    if rows["value"].notna().sum() < 2 or not rows["value"].max() > 0:
        return None
    look = {"title": title, "caption": caption, "language": language, "width": width}
    form = forms.axis(measure, float(np.nanmax(rows[["value", "high"]].to_numpy(dtype=float))), language)
    if measure in forms.COUNTS:
        newest = str(rows["month"].max())
        return bars(rows.dropna(subset=["value"]), "month", "value", accent=newest, fmt=form, **look)
    return line(rows, "month", "value", low="low", high="high", zero=True, fmt=form, **look)


@dataclass(frozen=True)
class Pictures:
    """The desk of one month in pictures, sentences and tables, for one reader: language, currency, groups too small to show."""

    result: desk.Inquiries
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def said(self) -> list[str]:
        """What the data lack, then volume, waits, backlog, changes, repeated trouble and purchases after."""
        found = self.result
        if not len(found.facts.frame):
            return [i18n.word("inquiries.none", self.language)]
        told = looks.lines(
            found.months, self._groups, found.effect, language=self.language, money=self._money, k_min=self.k_min
        )
        lack = looks.missing(found.facts.faults, self.language, self.k_min)
        label = i18n.word("inquiries.line.missing", self.language)
        return [f"{name}: {text}" for name, text in told] + [f"{label}: {text}" for text in lack]

    def months(self, measure: str, width: float = WIDE) -> Figure | str:
        """One measure over the months."""
        if not len(self.result.months):
            return i18n.word("inquiries.none", self.language)
        look = {"language": self.language, "k_min": self.k_min}
        title = listing.title(self.result.months, self.result.groups, measure, **look)
        said = self._caption(desk.inquiries, "inquiry_months", len(self.result.facts.frame), "inquiries.definition")
        drawn = desk_months(self.result.months, measure, title=title, caption=said, width=width, **look)
        return i18n.word("inquiries.few_months", self.language) if drawn is None else drawn

    def month_table(self) -> pd.DataFrame:
        """The newest months as numbers."""
        return listing.month_table(self.result.months, self.language, self.k_min)

    def group_table(self, dimension: str) -> pd.DataFrame:
        """One dimension as numbers."""
        return listing.group_table(self._groups, dimension, self.language, self.k_min)

    def groups(self, dimension: str, measure: str = "solution_median", width: float = WIDE) -> Figure | str:
        """One measure of the values of one dimension, with intervals; the whole desk as a grey line."""
        table = forms.shown(self._groups, self.k_min)
        table = table.assign(few=forms.few(table, self.k_min))
        rows = table[(table["dimension"] == dimension) & (table["measure"] == measure)]
        rows = rows[rows["value"].notna() & ~rows["few"]]
        if len(rows) < 2:
            return i18n.sentence(
                "inquiries.groups_few",
                self.language,
                dimension=i18n.word(f"inquiries.dimension.{dimension}", self.language),
            )
        names = [forms.group(dimension, value, self.language) for value in rows["group_value"]]
        rows = rows.assign(name=names)
        title = listing.group_title(rows, measure, self.language)
        open_end = float(np.nanmax(rows[["value", "high"]].to_numpy(dtype=float))) * 1.05
        rows = rows.assign(high=rows["high"].astype(float).fillna(open_end))
        whole = table[(table["dimension"] == "all") & (table["measure"] == measure)]["value"]
        said = self._caption(desk.inquiries, "inquiry_groups", int(rows["n"].sum()), "inquiries.definition")
        return dots(
            rows, "name", "value", "low", "high", title=title, caption=said,
            language=self.language, fmt=forms.axis(measure, float(rows["high"].max()), self.language),
            reference=float(whole.iloc[0]) if len(whole) else None, width=width,
        )  # fmt: skip

    def effect(self, width: float = WIDE) -> Figure | str:
        """Plain and matched difference of later purchases, by how the inquiry went."""
        rows = listing.effect_rows(self.result.effect, self.language)
        if not len(rows):
            return i18n.word("inquiries.effect_few", self.language)
        n = int(self.result.effect["matched"].iloc[0])
        said = self._caption(desk.after_inquiry, "inquiry_effect", n, "inquiries.effect_definition")
        title = listing.effect_title(self.result.effect, self.language)
        return drivers(rows, title=title, caption=said, language=self.language, width=width)

    def effect_table(self) -> pd.DataFrame:
        """All comparisons as numbers."""
        return listing.effect_table(self.result.effect, self.language)

    def balance(self) -> pd.DataFrame:
        """How alike those who asked and their partners are."""
        return listing.balance_table(self.result.balance, self.language)

    def states(self) -> pd.DataFrame:
        """Customers with repeated trouble by state."""
        return listing.state_table(self.result.trouble, self.language, self._money, self.k_min)

    def left_out(self) -> str:
        """Inquiries that the comparison of purchases leaves out, by reason."""
        return looks.left_out(self.result.left_out, self.language, self.k_min)

    @property
    def _groups(self) -> pd.DataFrame:
        return forms.with_names(self.result.groups, partial(segments.name, language=self.language))

    def _caption(self, function: Callable, table: str, n: int, words: str) -> str:
        definition = i18n.word(words, self.language)
        return caption(function, table, self.result.as_of, n, self.language, 0.95, definition=definition)

    def _money(self, amount: float) -> str:
        return i18n.number(amount, "money", self.language, currency=self.currency)
