"""What the models of categories see: a customer, what they have bought of a category, and how the category sells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import logit

from customerbase.prediction.design import EXPECTED, column
from customerbase.prediction.rhythm import Rhythm

CUSTOMER = (  # features of the snapshot, see features.yaml
    *("days_since_last_purchase", "days_since_first_purchase", "purchase_days", "purchase_days_30", "purchase_days_90"),
    *("purchase_days_365", "purchase_days_decayed", "silence_ratio", "spend_365", "lines_365", "categories"),
    *("categories_365", "top_category_share"),
)
OWN = (  # the same of the category alone; missing: never bought
    *("own_days_since_last_purchase", "own_days_since_first_purchase", "own_purchase_days", "own_purchase_days_90"),
    *("own_purchase_days_365", "own_gross_365"),
)
BOUGHT, SHARE, EXPECTED_OWN = "bought_before", "own_share", "own_expected_purchases"
LEVELS = ("popularity", "popularity_like", "popularity_change", "season")  # of the category, in log odds or logarithms
NAMES = (*CUSTOMER, EXPECTED, *OWN, BOUGHT, SHARE, EXPECTED_OWN, *LEVELS, "place")
LOGARITHMIC = np.array([name not in ("top_category_share", BOUGHT, SHARE, *LEVELS, "place") for name in NAMES])
ACROSS = (  # what may mean another thing where the category was bought before
    *("days_since_last_purchase", "purchase_days_90", "purchase_days_decayed", "categories_365", EXPECTED, SHARE),
)
PRIOR_DAYS = 3.0  # purchase days that what everybody buys weighs against the customer's own; 1 to 5 do alike
COUNTS = ("own_purchase_days", "own_purchase_days_90", "own_purchase_days_365", "own_gross_365")  # never bought: 0


def place(name: str) -> int:
    """The number of a column of the matrix."""
    return NAMES.index(name)


@dataclass(frozen=True)
class Popularity:
    """How each category sold by a cutoff, in the order of their places; all as log odds or logarithms of ratios.

    overall: share of eligible customers who bought it lately; again, first: of those who had bought it before, who had not;
    change: customers lately over as many days before; season: customers a year ago over those in the days before; a_day: share
    of the purchase days of the last 365 days with the category; sold: whether anybody bought it in those.
    """

    overall: np.ndarray
    again: np.ndarray
    first: np.ndarray
    change: np.ndarray
    season: np.ndarray
    a_day: np.ndarray
    sold: np.ndarray

    @classmethod
    def of(
        cls, counts: pd.DataFrame, categories: Sequence[str], *, customers: int, days: float, has_year: bool
    ) -> "Popularity":
        """From rows of snapshot_category_popularity.sql.

        customers: eligible ones; days: purchase days of the last 365, of all of them; has_year: the records reach back to
        the days before a year ago.
        """
        n = counts.set_index("category").reindex(list(categories)).fillna(0).astype(float)
        again, ever = n["customers_now"] - n["customers_first"], n["customers_ever"]
        change = np.log((n["customers_now"] + 1) / (n["customers_before"] + 1))
        season = np.log((n["customers_next"] + 1) / (n["customers_then"] + 1)) if has_year else 0 * change
        found = {
            "overall": _log_odds(n["customers_now"], customers),
            "again": _log_odds(again, ever - n["customers_first"]),
            "first": _log_odds(n["customers_first"], customers - ever + n["customers_first"]),
            "change": change, "season": season,
            "a_day": (n["purchase_days_365"] / max(days, 1)).clip(upper=1.0), "sold": n["customers_365"] > 0,
        }  # fmt: skip
        return cls(**{name: values.to_numpy() for name, values in found.items()})


def _log_odds(part: pd.Series, whole: pd.Series | int) -> pd.Series:
    """Of a share, half a customer added on either side."""
    return logit((part + 0.5) / (np.maximum(whole, part) + 1))


def values(rows: pa.Table, rhythm: Rhythm, popularity: Popularity, horizon_days: int) -> np.ndarray:
    """The matrix of rows of category_rows.sql, shape (rows, NAMES); NaN: not defined."""
    found = {name: column(rows, name) for name in (*CUSTOMER, *OWN)}
    for name in COUNTS:
        found[name] = np.nan_to_num(found[name])
    where = column(rows, "place").astype(int)
    tenure = found["days_since_first_purchase"]
    repeats, recency = found["purchase_days"] - 1, tenure - found["days_since_last_purchase"]
    found[EXPECTED] = rhythm.expected(repeats, recency, tenure, horizon_days) if len(where) else tenure
    bought = np.isfinite(found["own_days_since_last_purchase"])
    found[BOUGHT] = bought.astype(float)
    days, own_days = found["purchase_days_365"], found["own_purchase_days_365"]
    found[SHARE] = (own_days + PRIOR_DAYS * popularity.a_day[where]) / (days + PRIOR_DAYS)
    found[EXPECTED_OWN] = found[EXPECTED] * found[SHARE]
    found["popularity"] = popularity.overall[where]
    found["popularity_like"] = np.where(bought, popularity.again[where], popularity.first[where])
    found["popularity_change"], found["season"] = popularity.change[where], popularity.season[where]
    found["place"] = where.astype(float)
    return np.column_stack([found[name] for name in NAMES])


def expanded(x: np.ndarray, categories: int) -> np.ndarray:
    """The matrix with logarithms taken, and what linear models need beside it.

    One column a category (but the first), its products with the own recency and frequency, and the products of what tells
    the customer with whether the category was bought before.
    """
    z = x.copy()
    z[:, LOGARITHMIC] = np.sign(z[:, LOGARITHMIC]) * np.log1p(np.abs(z[:, LOGARITHMIC]))
    bought = z[:, [place(BOUGHT)]]
    recency = np.nan_to_num(z[:, [place("own_days_since_last_purchase")]])
    frequency = z[:, [place("own_purchase_days")]]
    one = (z[:, [place("place")]] == np.arange(1, categories)).astype(float)
    told = z[:, [place(name) for name in ACROSS]]
    return np.hstack([z[:, :-1], one, one * bought, one * recency, one * frequency, bought * told])
