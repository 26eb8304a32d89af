"""Page 07 in pictures: how many will buy, when and what, and what the list would have reached."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

import customerbase.propensity.looks as looks
from customerbase import i18n, propensity
from customerbase.charts.captions import caption
from customerbase.charts.draw import bars
from customerbase.charts.output import Figure
from customerbase.charts.predictions import WIDE, Judged
from customerbase.charts.priority import priorities
from customerbase.charts.stability import bands
from customerbase.charts.tracking import tracking
from customerbase.propensity.lists import LIST, RFM

RANGE = 0.8  # intervals of totals: 10 to 90 %


@dataclass(frozen=True)
class Pictures(Judged):
    """Purchases to come of one month in pictures, for one reader: language, currency, and groups that are too small to show."""

    words: ClassVar[str] = "buying"
    leaving: ClassVar[bool] = False

    result: propensity.Result

    def totals(self) -> Figure | str:
        """Buyers within 30 days: the test windows, expected and actual, and the next 30 days with the interval."""
        rows = looks.totals(self.result.totals, self.k_min)
        if not len(rows):
            return self._few()
        title = looks.totals_title(self.result.totals, self.language)
        look = self._said(title, looks.totals, "propensity_totals", RANGE, i18n.word("buying.totals", self.language))
        ends = {"low": "low", "high": "high", "ahead": "ahead"}
        return tracking(rows, "month", "actual", "expected", fmt="{:,.0f}", width=WIDE, **ends, **look)

    def strips(self) -> Figure | str:
        """Customers and expected buyers by band."""
        rows = looks.strips(self.result.customers, self.language, self.k_min)
        if not len(rows):
            return self._few()
        parts = {i18n.word(f"buying.column.{name}", self.language): name for name in ("customers", "buyers")}
        title = looks.strips_title(self.result.customers, self.language)
        look = self._said(title, looks.strips, "propensity", None, self._definition())
        return bands(rows, "name", parts, width=WIDE, **look)

    def days(self) -> Figure | str:
        """Customers by the median of their days to the next purchase."""
        rows = looks.days(self.result.customers, self.language, self.k_min)
        if not len(rows):
            return self._few()
        title = looks.days_title(self.result.customers, self.language, self.k_min)
        look = self._said(title, looks.days, "propensity", None, i18n.word("buying.days", self.language))
        return bars(rows, "customers", "name", sort=False, fmt="{:,.0f}", width=WIDE, **look)

    def categories(self, found: propensity.Categories) -> Figure | str:
        """Customers by the category that each is likeliest to buy from."""
        rows = looks.categories(found.categories, self.k_min) if len(found.categories) else pd.DataFrame()
        if not len(rows):
            return i18n.word("buying.title.categories_none", self.language)
        title = looks.categories_title(found.categories, self.k_min, self.language)
        look = self._said(title, looks.categories, "propensity_categories", None, self._definition())
        return bars(rows, "customers", "category", fmt="{:,.0f}", width=WIDE, **look)

    def category_models(self, found: propensity.Categories) -> pd.DataFrame:
        """How the model of categories ranked, for goods bought before and not."""
        return looks.category_models(found.models, self.language)

    def reached(self, capacity: int) -> Figure | str:
        """What the list of the newest test window would have reached, against RFM and chance."""
        made = propensity.backtest(self.result.study, capacity)
        if made is None:
            return self._none()
        curve, found, _ = made
        other = i18n.word("buying.rfm", self.language)
        names = {LIST: i18n.word("priority.chart.list", self.language), RFM: other}
        title = propensity.captured_title(found, other, self.language)
        words = i18n.word("buying.backtest", self.language)
        said = caption(
            propensity.backtest, "propensity_model", self.as_of, found.customers, self.language, 0.95, definition=words
        )
        place = {"capacity": found.capacity / found.customers, "interval": (found.low, found.high)}
        return priorities(curve, names, title=title, caption=said, language=self.language, width=WIDE, **place)

    def likeliest(self, most: int = 10) -> pd.DataFrame:
        """The likeliest buyers by id, when, and why; for a page opened by hand, never published."""
        rows = self.result.customers.sort_values(["p_30", "customer_id"], ascending=[False, True]).head(most)
        made = {
            "customer_id": rows["customer_id"].tolist(),
            i18n.word("buying.column.probability", self.language): [
                i18n.number(p, "rate", self.language) for p in rows["p_30"]
            ],
            i18n.word("buying.column.window", self.language): [
                looks.window(row, self.language) for _, row in rows.iterrows()
            ],
            i18n.word("buying.column.spend", self.language): [self._money(one) for one in rows["expected_spend"]],
            i18n.word("buying.column.reasons", self.language): self._why(rows),
        }
        return pd.DataFrame(made)

    def _definition(self) -> str:
        return i18n.sentence("buying.definition", self.language, days=30)
