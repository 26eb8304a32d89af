"""Worth of the workbook itself: cost items of the company against the increments of its campaigns, and when they are paid back."""

from customerbase.campaigns.worth.draws import (
    HORIZON,
    MEASURED,
    NO_COSTS,
    NO_EFFECTS,
    NO_MARGIN,
    YEAR,
    Payback,
    payback,
    spent,
)
from customerbase.campaigns.worth.items import KINDS, Item, Spread, Worth, read_worth

__all__ = [
    "HORIZON",
    "KINDS",
    "MEASURED",
    "NO_COSTS",
    "NO_EFFECTS",
    "NO_MARGIN",
    "YEAR",
    "Item",
    "Payback",
    "Spread",
    "Worth",
    "payback",
    "read_worth",
    "spent",
]
