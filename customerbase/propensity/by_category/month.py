"""What customers will buy next: the probability of a purchase of each general category within the horizon, per customer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError, check_whole
from customerbase.features import monthly_cutoffs
from customerbase.prediction import Options, Study
from customerbase.prediction.models import RULE
from customerbase.prediction.notes import distinct
from customerbase.prediction.rhythm import rhythms
from customerbase.prediction.study import Walk
from customerbase.propensity.by_category.design import place
from customerbase.propensity.by_category.models import fallback, fit_ladder
from customerbase.propensity.by_category.rows import Reader, listed
from customerbase.propensity.by_category.tables import MODEL_COLUMNS, SCOPES, Note, models, notes

COLUMNS = (
    *("customer_id", "category", "as_of", "horizon_days", "rank", "probability", "rule_probability", "bought_before"),
    *("days_since_last", "model"),
)


@dataclass(frozen=True)
class CategoryOptions:
    """What is predicted, and what of it is listed; checked when made.

    horizon_days: length of the window; most: categories at most, those with the most customers in the last 365 days; top:
    categories of each customer that are listed; floor: probability from which on others are listed too; tests: newest
    completed windows the models are judged by; most_rows: of customers and categories to learn from, in all windows together.
    """

    horizon_days: int = 30
    most: int = 12
    top: int = 3
    floor: float = 0.1
    tests: int = 4
    most_rows: int = 150_000
    seed: int = 0

    def __post_init__(self):
        for name, low, high in (("horizon_days", 1, 365), ("most", 1, 50), ("top", 1, 50), ("tests", 1, 24)):
            check_whole(name, getattr(self, name), low, high)
        if not isinstance(self.floor, int | float) or not 0 <= self.floor <= 1:
            raise ConfigError(f"floor is {self.floor!r}; expected a probability from 0 to 1.")


@dataclass(frozen=True)
class Categories:
    """Purchases of categories to come, of one month: tables as in expectations/, the study behind them, notes.

    categories: propensity_categories; models: propensity_category_models; names: the categories that are predicted, the one
    with the most customers first; study: None where no category is known; customers: who are predicted; expected: how many
    pairs of customer and category will be bought within the horizon, the sum of all probabilities, listed or not.
    """

    categories: pd.DataFrame
    models: pd.DataFrame
    names: tuple[str, ...]
    study: Study | None
    options: CategoryOptions
    customers: int = 0
    expected: float = 0.0
    notes: tuple[Note, ...] = field(default_factory=tuple)

    def remarks(self, language: str) -> list[str]:
        """What to know about this month's probabilities, in words."""
        return [note.text(language) for note in self.notes]

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the names they have in expectations/."""
        return {"propensity_categories": self.categories, "propensity_category_models": self.models}

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        kept: dict[str, int | float | str] = {"categories": len(self.names), "category_customers": self.customers}
        if self.study is None:
            return kept
        kept |= {"category_model": self.study.chosen, "category_tests": len(self.study.tests)}
        kept["category_expected_purchases"] = self.expected
        chosen = self.models[self.models["is_chosen"] & (self.models["category"] == "all")]
        for scope in SCOPES:
            mean = chosen.loc[chosen["scope"] == scope, "auc"].mean()
            kept |= {f"category_auc_{scope}": float(mean)} if np.isfinite(mean) else {}
        return kept


def categories(db: Engine, *, as_of: date, options: CategoryOptions | None = None) -> Categories:
    """Probability that each customer buys from each general category within the horizon after as_of, calibrated.

    One model over all categories, learnt from windows that had ended (embargo: the horizon), judged on the newest of them,
    and used only where it ranks clearly better than a rule on the category's own recency, frequency and money. Customers who
    never bought a category are predicted as well. Reads snapshots (features.monthly_snapshots), and what these are made of:
    orders, order_lines, products, identity_links. Never fails for want of data: without a category the tables are empty; with
    fewer than three completed windows the customer's own rhythm, times the category's share, serves, and a note says so.
    Raises InputError when snapshots has nobody at the cutoff.
    """
    options = options or CategoryOptions()
    [cutoff] = monthly_cutoffs(as_of, 1)
    reader, customers = _reader(db, cutoff, options)
    found = reader.bought(cutoff)
    found = found[found["customers_365"] > 0]
    told = notes(db, found, options.most)
    if not len(found):
        return Categories(_empty(), pd.DataFrame(columns=MODEL_COLUMNS), (), None, options, customers, notes=told)
    names = tuple(found["category"][: options.most])
    reader = replace(reader, categories=names)
    listed(db, names)
    study = _study(reader, cutoff, options)
    scored, expected = _scored(reader, study, as_of, customers, options)
    told = distinct([*(Note(one.code, one.values) for one in study.notes), *told])
    return Categories(scored, models(study, names), names, study, options, customers, expected, told)


def _reader(db: Engine, cutoff: date, options: CategoryOptions) -> tuple[Reader, int]:
    known = rhythms(db, cutoff)
    if cutoff not in known:
        raise InputError(f"the table snapshots has no customer at the cutoff {cutoff}: nobody can be predicted.")
    query = "select count(*), max(eligible_days) from snapshots where cutoff = $cutoff"
    [(customers, eligible_days)] = db.query(query, cutoff=cutoff).fetchall()
    return Reader(db, known, options.horizon_days, eligible_days), customers


def _study(reader: Reader, cutoff: date, options: CategoryOptions) -> Study:
    learning = Options(horizon_days=options.horizon_days, leaving=False, tests=options.tests, seed=options.seed)
    windows = reader.windows(cutoff, options.most_rows)
    fit = partial(fit_ladder, categories=len(reader.categories))
    return Walk(windows, learning, fit=fit, fallback=fallback()).study(cutoff, reader.rhythms[cutoff])


def _scored(
    reader: Reader, study: Study, as_of: date, customers: int, options: CategoryOptions
) -> tuple[pd.DataFrame, float]:
    """The listed rows, and the purchases expected of all; block by block."""
    made, expected = [], 0.0
    for rows, x in reader.blocks(study.cutoff, customers):
        if len(x):
            p = study.probability(x)
            expected += float(p.sum())
            made.append(
                _listed(rows.column("customer_id").to_numpy(zero_copy_only=False), x, p, study, reader, options)
            )
    scored = pd.concat(made, ignore_index=True)
    scored["as_of"], scored["horizon_days"], scored["model"] = as_of, options.horizon_days, study.chosen
    return scored.sort_values(["customer_id", "rank"], ignore_index=True)[list(COLUMNS)], expected


def _listed(
    who: Sequence[str], x: np.ndarray, p: np.ndarray, study: Study, reader: Reader, options: CategoryOptions
) -> pd.DataFrame:
    """Of each customer the `top` likeliest categories, and others from `floor` on; rows of a customer stand together."""
    by_customer = p.reshape(-1, len(reader.categories))
    order = np.argsort(-by_customer, axis=1, kind="stable")  # of equal ones the more bought category
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
    keep = (rank.ravel() <= options.top) | (p >= options.floor)
    last = x[keep, place("own_days_since_last_purchase")]
    rule = study.probability(x[keep], RULE) if RULE in study.models else np.full(len(last), np.nan)
    names = np.array(reader.categories, dtype=object)
    return pd.DataFrame(
        {
            "customer_id": np.asarray(who)[keep],
            "category": names[x[keep, place("place")].astype(int)],
            "rank": rank.ravel()[keep],
            "probability": p[keep],
            "rule_probability": rule,
            "bought_before": np.isfinite(last),
            "days_since_last": pd.array(last, dtype="Float64").astype("Int64"),
        }
    )


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS))
