"""Page 06 in pictures: who may leave, what that would cost, whom it pays to contact, and whether to believe it."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

import customerbase.churn.looks as looks
from customerbase import churn, i18n, segments
from customerbase.charts.draw import bars
from customerbase.charts.gains import profit
from customerbase.charts.output import Figure
from customerbase.charts.predictions import WIDE, Judged
from customerbase.charts.stability import bands

RANGE = 0.8  # intervals of sums: 10 to 90 %


@dataclass(frozen=True)
class Pictures(Judged):
    """Churn of one month in pictures, for one reader: language, currency, and groups that are too small to show."""

    words: ClassVar[str] = "churn"
    leaving: ClassVar[bool] = True

    result: churn.Result

    def strips(self) -> Figure | str:
        """Customers and value by risk band."""
        rows = looks.strips(self.result.groups, self.language, self.k_min)
        if not len(rows):
            return self._few()
        parts = {i18n.word("churn.column.customers", self.language): "customers"}
        if looks.has_value(self.result.groups):
            parts[i18n.word("churn.column.value", self.language)] = "cltv"
        title = looks.strips_title(self.result.groups, self.language)
        return bands(
            rows, "name", parts, width=WIDE, **self._said(title, looks.strips, "churn", None, self._definition())
        )

    def groups(self, dimension: str = "segment") -> Figure | str:
        """Value at risk (without values: expected leavers) of each group, with its 80 % interval."""
        rows = looks.by(self.result.groups, dimension, self.k_min)
        if not len(rows):
            return self._few()
        measure = "value_at_risk" if looks.has_value(self.result.groups) else "leavers"
        title = looks.by_title(self.result.groups, dimension, self.k_min, self.language, self._names(dimension))
        ends = {"low": f"{measure}_low", "high": f"{measure}_high"}
        rows = rows.astype(dict.fromkeys((measure, *ends.values()), float))
        if dimension != "segment":  # bars know segments by their codes
            rows = rows.assign(value=[looks.band(code, self.language) for code in rows["value"]])
        words = i18n.word("churn.risk", self.language) if measure == "value_at_risk" else self._definition()
        form = self._money if measure == "value_at_risk" else "{:,.0f}"
        return bars(
            rows,
            measure,
            "value",
            fmt=form,
            width=WIDE,
            **ends,
            **self._said(title, looks.by, "churn_groups", RANGE, words),
        )

    def table(self, dimension: str = "segment") -> pd.DataFrame:
        """The same as numbers, with the common reasons."""
        return looks.table(
            self.result.groups, dimension, self.k_min, self.language, self._names(dimension), self.currency
        )

    def profit(self) -> Figure | str:
        """Expected profit of contacting so many of the list."""
        table = self.result.profit
        if not len(table):
            return i18n.word("churn.title.profit_unknown", self.language)
        wide = table[table["ranking"] == "profit"].sort_values("share")
        by = table[table["ranking"] == "probability"].drop_duplicates("share").set_index("share")["profit"]
        rows = wide.assign(
            by_probability=by.reindex(by.index.union(wide["share"]))
            .interpolate("index")
            .reindex(wide["share"])
            .to_numpy()
        )
        title = looks.profit_title(table, self.language, self.currency, self.k_min)
        words = i18n.word("churn.profit_definition", self.language)
        said = self._said(title, looks.profit_title, "churn_profit", 0.95, words)
        return profit(rows, probability="by_probability", low="low", high="high", fmt=self._money, width=WIDE, **said)

    def budget(self, money: float) -> str:
        """Whom to contact within a budget, in words."""
        found = churn.within(self.result.customers, self.result.options, money)
        return looks.budget(found, money, self.language, self.currency)

    def riskiest(self, most: int = 10) -> pd.DataFrame:
        """The customers, by id, with most value at risk and why; for a page opened by hand, never published."""
        found = self.result.customers
        order = ["value_at_risk", "probability"] if looks.has_value(self.result.groups) else ["probability"]
        rows = found.sort_values([*order, "customer_id"], ascending=[False] * len(order) + [True]).head(most)
        column = {name: i18n.word(f"churn.column.{name}", self.language) for name in ("probability", "reasons")}
        made = pd.DataFrame({"customer_id": rows["customer_id"]})
        made[column["probability"]] = [i18n.number(p, "rate", self.language) for p in rows["probability"]]
        if looks.has_value(self.result.groups):
            made[i18n.word("churn.column.value", self.language)] = [
                self._money(value) for value in rows["value_at_risk"]
            ]
        made[column["reasons"]] = self._why(rows)
        return made.reset_index(drop=True)

    def _definition(self) -> str:
        return i18n.sentence("churn.definition", self.language, days=self.result.options.churn_days)

    def _names(self, dimension: str):
        if dimension == "segment":
            return lambda code: segments.name(code, self.language)
        return lambda code: looks.band(code, self.language)
