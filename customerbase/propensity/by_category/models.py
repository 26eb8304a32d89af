"""The rungs for categories: one model over all of them, from a rule on the category's own history up to boosted trees."""

from dataclasses import dataclass

import numpy as np

from customerbase.prediction.models import (
    BOOSTING,
    MEAN,
    RHYTHM,
    RULE,
    WIDE,
    Boosting,
    Logit,
    Mean,
    Model,
    Silence,
    usable,
)
from customerbase.propensity.by_category.design import (
    BOUGHT,
    EXPECTED_OWN,
    LOGARITHMIC,
    NAMES,
    expanded,
    place,
)

RULE_COLUMNS = (  # recency, frequency, money of the category itself, and how it sells
    *("own_days_since_last_purchase", "own_purchase_days_365", "own_gross_365", BOUGHT, "popularity"),
)
PENALTY = 0.01  # prior variance of a standardised coefficient; on Online Retail II 0.001 to 0.1 differ by 0.0005 in AUC


@dataclass(frozen=True)
class Interacting:
    """A logit that sees each category apart, and customers by whether they bought it before (category_design.expanded)."""

    logit: Logit
    categories: int

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, w: np.ndarray, categories: int) -> "Interacting":
        """On all usable columns of the expanded matrix."""
        z = expanded(x, categories)
        plain = np.zeros(z.shape[1], dtype=bool)
        return cls(Logit.fit(z, y, w, c=PENALTY, names=range(z.shape[1]), log=plain), categories)

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the purchase, one a row of x."""
        return self.logit.log_odds(expanded(x, self.categories))


def fallback() -> Silence:
    """No fit: purchases expected of the customer, times the share that the category has in their days and in everybody's."""
    return Silence(leaving=False, place=place(EXPECTED_OWN))


def fit_ladder(x: np.ndarray, y: np.ndarray, w: np.ndarray, categories: int) -> dict[str, Model]:
    """Every rung on the same rows; only RHYTHM where the rows hold one class or no usable column."""
    made: dict[str, Model] = {RHYTHM: fallback()}
    if not 0 < y.sum() < len(y) or not len(usable(x)):
        return made
    w = w / w.mean()
    made[RULE] = Logit.fit(x, y, w, c=1.0, only=RULE_COLUMNS, names=NAMES, log=LOGARITHMIC)
    made[WIDE] = Interacting.fit(x, y, w, categories)
    made[BOOSTING] = Boosting.fit(x, y, w)
    made[MEAN] = Mean((made[WIDE], made[BOOSTING]))
    return made
