"""Did it work? Campaign effects against a random hold-out, what can be said without one, whom campaigns move, and
what the workbook that plans them costs and brings (docs/campaigns.md, docs/uplift.md, docs/worth.md)."""

from customerbase.campaigns.ahead import detectable, needed, power
from customerbase.campaigns.estimates import Arm, difference, fieller, sample_ratio
from customerbase.campaigns.judge import HARMFUL, NOT_PROVEN, VERDICTS, WORKED
from customerbase.campaigns.month import Campaigns, campaigns
from customerbase.campaigns.peeking import bounds
from customerbase.campaigns.people import OUTCOMES

__all__ = [
    "HARMFUL", "NOT_PROVEN", "OUTCOMES", "VERDICTS", "WORKED", "Arm", "Campaigns", "bounds", "campaigns", "detectable",
    "difference", "fieller", "needed", "power", "sample_ratio",
]  # fmt: skip

campaigns.definition_ja = "配信予定の1人あたりの結果（予定日時からの期間）の、無作為に除外した人との差"
