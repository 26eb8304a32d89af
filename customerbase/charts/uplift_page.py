"""Page 11b: campaigns studied for whom they move and the workbook's worth, in sentences, tables and pictures."""

from dataclasses import dataclass

import pandas as pd

import customerbase.campaigns.uplift.looks as looks
import customerbase.campaigns.worth.draws as draws
import customerbase.campaigns.worth.looks as costs
from customerbase import i18n, segments
from customerbase.campaigns.uplift.study import Studied, Uplift, study
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.uplift import payback, qini

WIDE = 7.0


@dataclass(frozen=True)
class Pictures:
    """Page 11b for one reader: sentences, tables and pictures of campaigns studied and of the workbook's worth."""

    result: Uplift
    worth: draws.Payback
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def said(self) -> list[str]:
        """Campaigns, verdict, policy, whom not to contact; then cost, benefit and payback."""
        made, paid = self._tables, self.worth.tables()
        told = looks.lines(
            made["uplift_campaigns"], made["uplift_policy"], made["uplift_groups"],
            language=self.language, k_min=self.k_min, segment=self._segment,
        )  # fmt: skip
        told += costs.lines(paid["worth_items"], paid["worth_payback"], self.result.as_of, self.language, self._money)
        return [f"{label}: {text}" for label, text in told]

    def campaigns(self) -> pd.DataFrame | str:
        """The newest campaigns, with what they did and whether they could be studied."""
        table = self._tables["uplift_campaigns"]
        if table is None:
            return i18n.word("uplift.none", self.language)
        return looks.campaign_table(table, self.language, self.k_min)

    def curve(self, width: float = WIDE) -> Figure | str:
        """The Qini curve of the newest campaign that was studied."""
        newest = self._newest()
        if newest is None:
            return self._nothing()
        row = pd.Series(newest.about)
        words = i18n.word("uplift.definition", self.language)
        said = caption(
            study, "uplift_curves", self.result.as_of, int(row["people"]), self.language, 0.95, definition=words
        )
        return qini(
            newest.evaluation.curves,
            row["chosen"],
            title=looks.title(row, self.language),
            caption=said,
            language=self.language,
            width=width,
        )

    def models(self) -> pd.DataFrame | str:
        """Its learners as numbers."""
        newest = self._newest()
        return (
            self._nothing()
            if newest is None
            else looks.model_table(newest.evaluation.table.reset_index(), self.language)
        )

    def policy(self) -> pd.DataFrame | str:
        """Its rules of contact as numbers."""
        newest = self._newest()
        return self._nothing() if newest is None else looks.policy_table(newest.policy, self.language, self._money)

    def groups(self) -> pd.DataFrame | str:
        """Its groups as numbers."""
        newest = self._newest()
        return self._nothing() if newest is None else looks.group_table(newest.groups, self.language, self._segment)

    def items(self) -> pd.DataFrame | str:
        """The cost items."""
        items = self.worth.items()
        return (
            costs.item_table(items, self.language, self._money)
            if len(items)
            else i18n.word("uplift.worth.no_costs", self.language)
        )

    def payback(self, width: float = WIDE) -> Figure | str:
        """When costs are paid back, or why that is not known."""
        if self.worth.state != draws.MEASURED:
            return self.said()[-1]
        words = i18n.word("uplift.worth.definition", self.language)
        said = caption(draws.payback, "worth_payback", self.result.as_of, None, self.language, definition=words)
        title = costs.title(self.worth.table, self.language, self._money)
        return payback(self.worth.table, title=title, caption=said, language=self.language, width=width)

    @property
    def _tables(self) -> dict[str, pd.DataFrame | None]:
        return self.result.tables()

    def _newest(self) -> Studied | None:
        return self.result.ranked[0] if self.result.ranked else None

    def _nothing(self) -> str:
        return i18n.word("uplift.nothing", self.language)

    def _segment(self, code: str) -> str:
        return segments.name(code, self.language)

    def _money(self, amount: float) -> str:
        return i18n.number(round(float(amount)), "money", self.language, currency=self.currency)
