"""The cross-sell matrix: customers who buy from two categories, against as many as chance would give."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.intervals import Z, poisson, two_sided
from customerbase.multiple import benjamini_hochberg
from customerbase.periods import add_months
from customerbase.recommend.related.options import Options

MORE, LESS, UNCLEAR = "more", "less", "no_clear_difference"
CROSS = [
    *("since", "category_1", "category_2", "customers", "customers_1", "customers_2", "customers_both", "confidence"),
    *("lift", "low", "high", "p_value", "q_value", "verdict"),
]


def cross(db: Engine, *, as_of: date, options: Options) -> pd.DataFrame:
    """One row per category and another one: customers who bought from both within customer_months, with lift and interval.

    customers: who bought from any known category; confidence: of those who bought from category_1, who bought from
    category_2 too; lift: customers_both against independence of the two. verdict: more or less where the q-value, over all
    pairs, is at most false_discovery. Reads related_lines and related_products. Empty without categories.
    """
    since = add_months(as_of + timedelta(days=1), -min(options.customer_months, options.months))
    rows = db.run("related_cross", since=since).df()
    alone = rows[rows["category_1"] == rows["category_2"]].set_index("category_1")["customers_both"]
    names = sorted(alone.index)
    both = rows.set_index(["category_1", "category_2"])["customers_both"]
    pairs = pd.MultiIndex.from_tuples(
        [(a, b) for a in names for b in names if a != b], names=["category_1", "category_2"]
    )
    made = both.reindex(pairs).fillna(0).astype(int).rename("customers_both").reset_index()
    made["customers"] = _customers(db, since) if len(made) else 0
    for end in ("1", "2"):
        made[f"customers_{end}"] = alone.reindex(made[f"category_{end}"]).to_numpy(dtype=int)
    x, n, a, b = (
        made[name].to_numpy(dtype=float) for name in ("customers_both", "customers", "customers_1", "customers_2")
    )
    made["confidence"], made["lift"] = x / a, x * n / (a * b)
    made["low"], made["high"], made["p_value"] = lift_interval(x, a, b, n)
    made["q_value"] = benjamini_hochberg(made["p_value"].to_numpy())
    told = np.where(made["lift"] > 1, MORE, LESS)
    made["verdict"] = np.where(made["q_value"] <= options.false_discovery, told, UNCLEAR)
    return made.assign(since=since)[CROSS]


def _customers(db: Engine, since: date) -> int:
    query = """select count(distinct customer_id) from related_lines
        inner join related_products on related_lines.product_id = related_products.product_id
        where category is not null and (day is null or day >= $since)"""
    return int(db.query(query, since=since).fetchall()[0][0])


def lift_interval(
    both: np.ndarray, first: np.ndarray, second: np.ndarray, units: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """95 % interval of a lift, both · units / (first · second), and the two-sided p-value of a lift of 1.

    Normal on the logarithm, with the variance of multinomial counts by the delta method; where nobody holds both, from 0 to
    the upper bound of that count. Source: Agresti, Categorical Data Analysis (2013), §16.1 (delta method).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = first * second / units
        lift = both / mean
        inner = both * (1 / both - 1 / first - 1 / second) ** 2
        variance = inner + (first - both) / first**2 + (second - both) / second**2 - 1 / units
        se = np.sqrt(np.maximum(variance, 0))
        _, most = poisson(both)
        low, high = (
            np.where(both > 0, lift * np.exp(-Z * se), 0.0),
            np.where(both > 0, lift * np.exp(Z * se), most / mean),
        )
        p = np.where(both > 0, two_sided(np.log(lift) / np.where(se > 0, se, np.inf)), np.exp(-mean))
    return low, high, p
