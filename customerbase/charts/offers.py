"""Page 08 in pictures: what the lists would have held, beside what is popular; how much of the range they show, and why."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

import customerbase.recommend.looks as looks
from customerbase import i18n
from customerbase.charts.captions import caption
from customerbase.charts.draw import bars, dots
from customerbase.charts.output import Figure
from customerbase.charts.style import WIDTHS
from customerbase.recommend import Offers
from customerbase.recommend.evaluation import NEW
from customerbase.recommend.models import POPULAR_NOW

WIDE = WIDTHS["wide"]


@dataclass(frozen=True)
class Pictures:
    """Offers of one month in pictures and small tables, for one reader; k_min: customers below which nothing is shown."""

    offers: Offers
    language: str
    k_min: int = 10

    def said(self) -> list[str]:
        """Which models are in use, and what to know of this month."""
        return [*looks.summary(self.offers, self.language), *self.offers.remarks(self.language)]

    def models(self, kind: str) -> Figure | str:
        """NDCG at ten of every model in the newest month judged, with intervals; the dashed line is popularity."""
        rows = looks.named(looks.of_month(self.offers.models, kind), self.language)
        if not self._enough(rows):
            return self._none(rows)
        base = float(rows.loc[rows["model"] == POPULAR_NOW, "ndcg"].iloc[0])
        used = rows.loc[rows["is_chosen"], "name"].iloc[0]
        look = self._said(looks.title(self.offers.models, kind, self.language), looks.title, "ndcg", rows, 0.95)
        ends = ("ndcg", "ndcg_low", "ndcg_high")
        return dots(rows, "name", *ends, fmt="{:.3f}", accent=used, reference=base, width=WIDE, **look)

    def coverage(self) -> Figure | str:
        """Share of the products that the lists of new things show, by model."""
        rows = looks.named(looks.of_month(self.offers.models, NEW), self.language)
        if not self._enough(rows):
            return self._none(rows)
        used = rows.loc[rows["is_chosen"], "name"].iloc[0]
        title = looks.coverage_title(self.offers.models, self.language)
        look = self._said(title, looks.coverage_title, "coverage", rows)
        return bars(rows, "coverage", "name", fmt=self._rate, accent=used, width=WIDE, **look)

    def reasons(self) -> Figure | str:
        """Rows of both lists by reason."""
        rows = looks.reasons(self.offers.rows, self.language, self.k_min)
        if not len(rows):
            return i18n.word("offers.title.few", self.language)
        title = looks.reasons_title(rows, self.language)
        look = self._said(title, looks.reasons, "reasons", None, table="recommendations")
        return bars(rows, "rows", "name", fmt="{:,.0f}", width=WIDE, **look)

    def products(self) -> Figure | str:
        """The products that stand most often in the lists of new things."""
        rows = looks.products(self.offers, self.k_min)
        if not len(rows):
            return i18n.word("offers.title.few", self.language)
        told = {"product": rows["name"].iloc[0], "n": f"{int(rows['customers'].iloc[0]):,}"}
        title = i18n.sentence("offers.title.products", self.language, **told)
        look = self._said(title, looks.products, "products", None, table="recommendations")
        return bars(rows, "customers", "name", fmt="{:,.0f}", sort=False, width=WIDE, **look)

    def listing(self) -> pd.DataFrame:
        """Every model and list, in numbers."""
        return looks.listing(self.offers.models, self.language)

    def by_segment(self) -> pd.DataFrame:
        """The models in use by kind of customer."""
        return looks.by_segment(self.offers.models, self.language, self.k_min)

    def held(self) -> pd.DataFrame:
        """What the rules keep off the lists."""
        return looks.held(self.offers.held, self.language)

    def example(self, customer: str | None = None) -> pd.DataFrame:
        """Both lists of one customer; for a page opened by hand, never published."""
        return looks.example(self.offers, self.language, customer)

    def _enough(self, rows: pd.DataFrame) -> bool:
        return len(rows) > 0 and bool(rows["is_chosen"].any()) and int(rows["customers"].iloc[0]) >= self.k_min

    def _none(self, rows: pd.DataFrame) -> str:
        judged = len(rows) > 0 and bool(rows["is_chosen"].any())
        return i18n.word(f"offers.title.{'few' if judged else 'none'}", self.language)

    def _rate(self, value: float) -> str:
        return i18n.number(value, "rate", self.language)

    def _said(
        self, title: str, function: Callable, definition: str, rows: pd.DataFrame | None, interval: float | None = None,
        table: str = "recommendation_models",
    ) -> dict[str, str]:  # fmt: skip
        n = len(self.offers.customers) if rows is None else int(rows["customers"].iloc[0])
        words = i18n.word(f"offers.definition.{definition}", self.language)
        said = caption(function, table, self.offers.as_of, n, self.language, interval, definition=words)
        return {"title": title, "caption": said, "language": self.language}
