"""The choices of page 05, checked when they are made."""

from dataclasses import dataclass

import customerbase.cltv.season as season
from customerbase.cltv.families import check_family
from customerbase.cltv.horizon import discount_per_week
from customerbase.cltv.relationship import check_relationship
from customerbase.errors import ConfigError, check_whole


@dataclass(frozen=True)
class Options:
    """How lifetime value is computed; checked when made.

    relationship: non_contractual (customers leave without saying so) or contractual (subscriptions, whose end is seen).
    family: auto, nbd, bg_nbd, mbg_nbd or pareto_nbd. horizon_months: calendar months that cltv counts. annual_discount: a
    share a year. margin: gross margin as a share of net sales. holdout_months: how much of the end of the log judges the
    models; 0 for none. season: auto (where the hold-out shows that it helps), last_year or none. first_order_counts: the
    first purchase's amount informs expected spend. draws: simulated outcomes a distinct history; seed: of all draws.
    """

    relationship: str = "non_contractual"
    family: str = "auto"
    horizon_months: int = 12
    annual_discount: float = 0.1
    margin: float = 1.0
    holdout_months: int = 6
    season: str = "auto"
    first_order_counts: bool = True
    draws: int = 200
    seed: int = 0

    def __post_init__(self):
        check_relationship(self.relationship)
        check_family(self.family)
        season.check_season(self.season)
        discount_per_week(self.annual_discount)
        if not isinstance(self.margin, int | float) or not 0 < self.margin <= 1:
            raise ConfigError(f"margin is {self.margin!r}; expected a share of net sales above 0 and up to 1.")
        for name, low, high in (
            ("horizon_months", 1, 120),
            ("holdout_months", 0, 24),
            ("draws", 1, 10_000),
            ("seed", 0, 2**32),
        ):
            check_whole(name, getattr(self, name), low, high)
