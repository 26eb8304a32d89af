"""Lifetime value of a month where the end of a relation is seen: subscriptions, told in the same tables as purchases."""

from collections.abc import Mapping
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from customerbase import intervals
from customerbase.cltv.contract_models import Fitted, candidates_table, fit_subscribers
from customerbase.cltv.contractual import Contract
from customerbase.cltv.groups import ALL, MONEY, concentration
from customerbase.cltv.options import Options
from customerbase.cltv.subscribers import value_of_subscribers
from customerbase.engine import Engine
from customerbase.errors import InputError

CLASSES = 7  # renewals made so far, 0 to 6 by themselves, 7 and more together
TRACKING = ("month", "ahead", "actual", "expected", "low", "high", "cumulative_actual", "cumulative_expected", "season")


def contractual(
    db: Engine, *, as_of: date, options: Options, segments: duckdb.DuckDBPyRelation | None
) -> tuple[dict[str, pd.DataFrame], Contract, Fitted]:
    """The tables of lifetime value for the customers with a contract, the model of most of them, and all models.

    Reads subscriptions and identity_links. Raises InputError when nobody has a contract.
    """
    fitted = fit_subscribers(db, as_of=as_of)
    if not len(fitted.contracts):
        raise InputError(
            f"relationship is contractual, but the table subscriptions holds no contract begun by {as_of}; expected one row"
            " per contract with its first day and, once it has ended, its last. For customers who leave without saying so"
            " set relationship to non_contractual."
        )
    customers = value_of_subscribers(
        db,
        as_of=as_of,
        horizon_months=options.horizon_months,
        annual_discount=options.annual_discount,
        margin=options.margin,
        fitted=fitted,
        seed=options.seed,
    )
    months = max(fitted.pooled, key=lambda length: ((fitted.contracts.months == length).sum(), -length))
    model = fitted.pooled[months]
    parts = {
        "customers": customers,
        "models": candidates_table(db, fitted, holdout_months=options.holdout_months),
        "calibration": renewal_rates(fitted, months),
        "tracking": pd.DataFrame(columns=list(TRACKING)),
        "groups": _groups(customers, _labels(fitted, customers, segments), options.horizon_months, as_of),
        "concentration": concentration(customers["cltv"].fillna(0.0).to_numpy()),
    }
    return parts, model, fitted


def renewal_rates(fitted: Fitted, months: int) -> pd.DataFrame:
    """Share of contracts of one period length that were renewed, by renewals made before: actual, and by each model.

    As in expectations/cltv_calibration.yaml: customers are the contracts that came to the opportunity, the interval is
    Wilson's, the prediction is that of the fit to the same contracts.
    """
    counts = fitted.contracts.take(fitted.contracts.months == months).counts()
    place = np.minimum(np.arange(len(counts.renewed)), CLASSES)
    risk, kept = (np.bincount(place, one, CLASSES + 1) for one in (counts.at_risk, counts.renewed))
    there, parts = risk > 0, []
    low, high = intervals.wilson(kept[there], risk[there])
    names = np.array([*map(str, range(CLASSES)), f"{CLASSES}+"])[there]
    for family, models in fitted.candidates.items():
        chance = models[months].retention(np.arange(len(counts.renewed)))
        foreseen = np.bincount(place, counts.at_risk * chance, CLASSES + 1)
        columns = {"actual": kept[there] / risk[there], "actual_low": low, "actual_high": high}
        columns |= {"predicted": foreseen[there] / risk[there]}
        parts.append(
            pd.DataFrame(
                {"model": family, "frequency_class": names, "customers": risk[there].astype("int64"), **columns}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _labels(fitted: Fitted, customers: pd.DataFrame, segments: duckdb.DuckDBPyRelation | None) -> dict[str, pd.Series]:
    """Segment (where the customer has one) and month of the first contract of each customer."""
    known = fitted.contracts
    first = pd.Series(known.started).groupby(known.customer.astype(str)).min().dt.strftime("%Y-%m")
    labels = {"cohort": customers["customer_id"].map(first)}
    if segments is not None:
        members = segments.project("customer_id, segment").df().set_index("customer_id")["segment"]
        labels["segment"] = customers["customer_id"].map(members)
    return labels


def _groups(customers: pd.DataFrame, labels: Mapping[str, pd.Series], horizon: int, as_of: date) -> pd.DataFrame:
    """Sums by group, as in expectations/cltv_groups.yaml.

    Contracts end independently of each other: the variance of a sum is the sum of the customers', each taken from the
    width of its own interval.
    """
    everybody = pd.Series(ALL, index=customers.index)
    parts = [_dimension(customers, name, values, horizon) for name, values in {ALL: everybody, **labels}.items()]
    made = pd.concat(parts, ignore_index=True)
    made.insert(2, "as_of", as_of)
    return made


def _dimension(customers: pd.DataFrame, name: str, values: pd.Series, horizon: int) -> pd.DataFrame:
    grouped = customers.assign(_group=values)[values.notna()].groupby("_group", sort=True)
    made = pd.DataFrame({"dimension": name, "value": list(grouped.groups), "customers": grouped.size().to_numpy()})
    made["p_alive"] = grouped["p_alive"].mean().to_numpy()
    sums = {name: grouped[name].sum().to_numpy() for name in customers if name.startswith(("purchases_", "spend_"))}
    made = made.assign(**dict.fromkeys(MONEY, np.nan))
    for name in ("purchases", "spend", "cltv") if customers["cltv"].notna().any() else ("purchases",):
        made[name] = grouped["cltv"].sum().to_numpy() if name == "cltv" else _within(sums, name, horizon)
        made[f"{name}_low"], made[f"{name}_high"] = _around(made[name], grouped, name)
        made[f"{name}_mid"] = made[name]
    return made.assign(at_stake=0.0 if customers["cltv"].notna().any() else np.nan)


def _within(sums: Mapping[str, np.ndarray], name: str, horizon: int) -> np.ndarray:
    """Sums within the horizon, between those of the horizons that stand in the table cltv."""
    known = [0, 3, 6, 12, 24]
    steps = np.stack([np.zeros(len(sums[f"{name}_3m"])), *(sums[f"{name}_{months}m"] for months in known[1:])])
    return np.array([np.interp(horizon, known, column) for column in steps.T])


def _around(total: pd.Series, grouped, name: str) -> tuple[pd.Series, pd.Series]:
    """10 and 90 % of a sum of independent outcomes."""
    width = grouped.apply(
        lambda rows: float(((rows[f"{name}_high"] - rows[f"{name}_low"]) ** 2).sum()), include_groups=False
    )
    half = np.sqrt(width.to_numpy()) / 2
    return np.maximum(total - half, 0.0), total + half
