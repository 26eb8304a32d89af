"""The value of subscribers: renewals and value expected of each, and what may happen instead."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.cltv.buying import blocks
from customerbase.cltv.contract_models import Fitted, fit_subscribers
from customerbase.cltv.contracts import Contracts, last_payment
from customerbase.cltv.contractual import Contract
from customerbase.cltv.horizon import WEEK, month_edges
from customerbase.cltv.survival import discount_per_period, discounted_sums, endless_sums, log_retention
from customerbase.engine import Engine

MONTHS_AHEAD = (3, 6, 12, 24)
DRAWS = 200
QUANTILES = {"low": DRAWS // 10 - 1, "mid": DRAWS // 2 - 1, "high": DRAWS * 9 // 10 - 1}  # places among ordered draws
COLUMNS = (
    "customer_id", "as_of", "model", "frequency", "recency", "T", "monetary_value", "spend_basis", "expected_spend",
    "p_alive", "p_alive_model", "purchases_3m", "purchases_6m", "purchases_12m", "purchases_24m", "spend_3m", "spend_6m",
    "spend_12m", "spend_24m", "purchases_low", "purchases_mid", "purchases_high", "spend_low", "spend_mid", "spend_high",
    "cltv", "cltv_low", "cltv_mid", "cltv_high", "cltv_infinite", "previous_cltv",
)  # fmt: skip


def value_of_subscribers(
    db: Engine,
    *,
    as_of: date,
    horizon_months: int,
    annual_discount: float = 0.1,
    margin: float = 1.0,
    fitted: Fitted | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per customer with a contract begun by as_of, in the columns of the table cltv; empty without contracts.

    A purchase is a renewal: frequency counts those made, purchases_* those expected, spend_* their prices. Contracts of one
    customer are counted each, and their values added. p_alive: 1 where a contract runs, else 0. Every renewal is
    discounted to as_of from its due day; cltv_infinite is empty without a discount. Intervals: 10, 50 and 90 % quantiles over
    residual lifetimes drawn under drawn parameters, in blocks; one seed gives one result. previous_cltv is left empty.
    """
    fitted = fitted or fit_subscribers(db, as_of=as_of)
    known = fitted.contracts
    if not len(known):
        return pd.DataFrame(columns=list(COLUMNS))
    customers, first = np.unique(known.customer.astype(str), return_index=True)
    whose = np.searchsorted(customers, known.customer.astype(str))
    expected = _expected(fitted, _edges(as_of, horizon_months), annual_discount, margin)
    summed = pd.DataFrame(expected).groupby(whose).sum(min_count=0)
    unpriced = np.bincount(whose, np.isnan(known.price) & ~known.ended, len(customers)) > 0
    money = [name for name in summed if not name.startswith("purchases")]
    summed.loc[unpriced, money] = np.nan
    happen = _quantiles(fitted, whose, len(customers), as_of, horizon_months, annual_discount, margin, seed)
    result = pd.concat([_history(fitted, customers, whose, first), summed, happen], axis=1)
    result.loc[unpriced, [name for name in happen if not name.startswith("purchases")]] = np.nan
    result["as_of"], result["previous_cltv"] = as_of, np.nan
    if not annual_discount:
        result["cltv_infinite"] = np.nan
    return result.reindex(columns=list(COLUMNS))


def _edges(as_of: date, horizon_months: int) -> dict[str, date]:
    """The last day of each span ahead."""
    spans = {f"{months}m": months for months in MONTHS_AHEAD} | {"horizon": horizon_months}
    return {
        name: as_of + timedelta(days=round(month_edges(as_of, months)[-1] * WEEK)) for name, months in spans.items()
    }


def _history(fitted: Fitted, customers: np.ndarray, whose: np.ndarray, first: np.ndarray) -> pd.DataFrame:
    """What each customer's contracts have been so far; the model is that of the contract begun last."""
    known, count = fitted.contracts, len(customers)
    family = np.empty(len(known), dtype=object)
    for model, places in fitted.groups(known):
        family[places] = model.family
    last = np.append(first[1:], len(known)) - 1  # contracts of a customer stand in the order of their first days
    made = np.bincount(whose, known.renewals, count)
    running = np.bincount(whose, ~known.ended, count) > 0
    paid = np.bincount(whose, np.where(known.renewals > 0, known.renewals * known.price, 0.0), count)
    counted = np.where(running[whose], ~known.ended, True)
    price = np.bincount(whose, np.where(counted, known.price, 0.0), count) / np.bincount(whose, counted, count)
    begun = known.started[first]
    paid_last = pd.Series(last_payment(known)).groupby(whose).max().to_numpy(dtype="datetime64[D]")
    return pd.DataFrame(
        {
            "customer_id": customers,
            "model": family[last],
            "frequency": made.astype("int64"),
            "recency": (paid_last - begun).astype(float) / WEEK,
            "T": (np.datetime64(known.as_of, "D") - begun).astype(float) / WEEK,
            "monetary_value": np.divide(paid, made, out=np.full(count, np.nan), where=made > 0),
            "spend_basis": np.where(np.isnan(price), "none", "own"),
            "expected_spend": price,
            "p_alive": running.astype(float),
            "p_alive_model": family[last],
        }
    )


def _expected(fitted: Fitted, edges: dict[str, date], annual: float, margin: float) -> dict[str, np.ndarray]:
    """Of each contract: renewals and spend expected in each span, discounted value within the horizon and for ever."""
    known = fitted.contracts
    spans = [name for name in edges if name != "horizon"]
    names = [*(f"purchases_{span}" for span in spans), *(f"spend_{span}" for span in spans), "cltv", "cltv_infinite"]
    made = {name: np.zeros(len(known)) for name in names}
    for model, places in fitted.groups(known):
        places = places[~known.ended[places]]
        if not len(places):
            continue
        here = known.take(places)
        ahead = {name: here.due_by(day) for name, day in edges.items()}
        ages, row = np.unique(here.renewals, return_inverse=True)
        params, rate = tuple(model.values), discount_per_period(annual, 12 / here.months[0])
        most = int(max(count.max() for count in ahead.values()))
        plain, worth = (discounted_sums(params, ages.astype(float), one, most) for one in (0.0, rate))
        for span in spans:
            made[f"purchases_{span}"][places] = plain[row, ahead[span]]
            made[f"spend_{span}"][places] = plain[row, ahead[span]] * here.price
        each = here.price * margin * np.exp(rate * (1 - _wait(here)))
        made["cltv"][places] = worth[row, ahead["horizon"]] * each
        if rate > 0:
            made["cltv_infinite"][places] = endless_sums(params, ages.astype(float), rate)[row] * each
    return made


def _wait(here: Contracts) -> np.ndarray:
    """Periods until the next due day."""
    return here.next_due() * WEEK / (here.months * 365.25 / 12)


# --- what may happen ----------------------------------------------------------------------------------------------------------


def _quantiles(fitted: Fitted, whose, count: int, as_of, horizon_months, annual, margin, seed) -> pd.DataFrame:
    """10, 50 and 90 % quantiles of each customer's renewals, spend and value within the horizon; customers in blocks."""
    known, until = fitted.contracts, _edges(as_of, horizon_months)["horizon"]
    running = np.flatnonzero(~known.ended)
    groups = [(model, np.isin(running, places)) for model, places in fitted.groups(known)]
    draws = [_curves(model, known.take(running[here]), until, seed) for model, here in groups if here.any()]
    groups = [(model, here) for model, here in groups if here.any()]
    found = {f"{name}_{level}": np.zeros(count) for name in ("purchases", "spend", "cltv") for level in QUANTILES}
    for number, block in enumerate(blocks(len(running), DRAWS, 2_000_000)):
        rng = np.random.default_rng([seed, number])
        block = _whole_customers(whose[running], block)
        if block.start >= block.stop:
            continue
        here = known.take(running[block])
        renewals = np.empty((len(here), DRAWS))
        for (_, inside), curves in zip(groups, draws, strict=True):
            rows = np.flatnonzero(inside[block])
            if len(rows):
                renewals[rows] = _residual(rng, curves, here.take(rows), until)
        of_customer = whose[running[block]]
        starts = np.flatnonzero(np.diff(of_customer, prepend=-1))
        for name, outcome in _worth(here, renewals, annual, margin).items():
            total = np.add.reduceat(outcome, starts, axis=0)
            total = np.partition(total, list(QUANTILES.values()), axis=1)
            for level, place in QUANTILES.items():
                found[f"{name}_{level}"][of_customer[starts]] = total[:, place]
    return pd.DataFrame(found)


def _whole_customers(whose: np.ndarray, block: slice) -> slice:
    """The block moved to where customers begin, so that none is cut in two."""
    edges = [
        int(np.searchsorted(whose, whose[place])) if 0 < place < len(whose) else place
        for place in (block.start, block.stop)
    ]
    return slice(*edges)


def _curves(model: Contract, here: Contracts, until: date, seed: int) -> np.ndarray:
    """log S(t) under drawn parameters, as far as any contract can come within the horizon; shape (opportunities, DRAWS)."""
    most = int((here.renewals + here.due_by(until)).max())
    steps = log_retention(tuple(model.draws(DRAWS, seed=seed).T), np.arange(1.0, most + 1)[:, None])
    return np.concatenate([np.zeros((1, DRAWS)), np.cumsum(steps, axis=0)])


def _residual(rng: np.random.Generator, curves: np.ndarray, here: Contracts, until: date) -> np.ndarray:
    """Renewals still to be made within the horizon, drawn: as many as S(t + k) / S(t) stays above a random number."""
    with np.errstate(divide="ignore"):
        level = np.log(rng.random((len(here), DRAWS))) + curves[here.renewals]
    ahead = here.due_by(until)
    made = np.zeros((len(here), DRAWS), dtype=np.int16)
    there = np.arange(len(here))
    for step in range(1, int(ahead.max(initial=0)) + 1):
        if (ahead[there] < step).any():
            there = there[ahead[there] >= step]
        stays = level[there] <= curves[here.renewals[there] + step]
        made[there] += stays
        there = there[stays.any(axis=1)]
    return made


def _worth(here: Contracts, renewals: np.ndarray, annual: float, margin: float) -> dict[str, np.ndarray]:
    """Renewals, their prices, and their discounted value; one row a contract, one column a draw."""
    spend = renewals * here.price[:, None]
    rate = (discount_per_period(annual, 12) * here.months)[:, None]
    if not annual:
        return {"purchases": renewals, "spend": spend, "cltv": spend * margin}
    discounted = np.exp(-rate * _wait(here)[:, None]) * np.expm1(-rate * renewals) / np.expm1(-rate)
    return {"purchases": renewals, "spend": spend, "cltv": discounted * here.price[:, None] * margin}
