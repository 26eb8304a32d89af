"""How many customers will buy next month and for how much, with intervals learnt from how wrong earlier months were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from customerbase.prediction.timing import HALF_LIFE, Timing, fit_timing
from customerbase.prediction.timing_rows import ENDS, KEYS, age_days

WINDOWS = 6  # earlier months looked at for the scatter
SHARE = 0.8  # of months that an interval is to hold
_USUAL = 0.2  # log(actual / expected) of a month before any is known; weighs as much as one month
_OWN = 1.0  # months of purchases that the common level weighs as


@dataclass(frozen=True)
class MonthSpend:
    """Net spend of a customer in a window with a purchase: the shrunken mean of the own months, times a factor.

    common: geometric mean over buyers of their spend an active month, weighing as one month of the customer's own.
    factor: actual over expected total of the buyers learnt from (smearing, Duan 1983, J. Am. Stat. Assoc. 78, 605-610,
    as a ratio: windows with a net refund count too). variation: mean squared relative error of single customers.
    """

    common: float
    factor: float
    variation: float
    horizon_days: int

    @classmethod
    def of(cls, snapshots: pd.DataFrame, labels: pd.DataFrame, *, known_until: date, horizon_days: int) -> "MonthSpend":
        """From windows of that horizon that had ended when `known_until` begins; without a buyer all is 0."""
        told = labels[labels["horizon_days"] == horizon_days].assign(cutoff=lambda one: pd.to_datetime(one["cutoff"]))
        ended = told["cutoff"] + timedelta(days=horizon_days) <= pd.Timestamp(known_until)
        told = told.loc[ended & told["bought"].astype(bool), [*KEYS, "net_spend"]]
        wide = snapshots[[*KEYS, "spend_365", "active_months_365"]]
        rows = wide.assign(cutoff=pd.to_datetime(wide["cutoff"])).merge(told, on=KEYS).sort_values(KEYS, kind="stable")
        if not len(rows):
            return cls(0.0, 0.0, 0.0, horizon_days)
        weight = 0.5 ** (age_days(rows["cutoff"], known_until) / HALF_LIFE)
        months, spend = _months(rows)
        common = float(np.exp(np.average(np.log(np.maximum(spend / months, 1.0)), weights=weight)))
        rough = (spend + _OWN * common) / (months + _OWN)
        actual = rows["net_spend"].to_numpy(dtype=float)
        factor = max(float((weight * actual).sum() / (weight * rough).sum()), 0.0)
        made = factor * rough
        square = (weight * made**2).sum()
        variation = float((weight * (actual - made) ** 2).sum() / square) if square > 0 else 0.0
        return cls(common, factor, variation, horizon_days)

    def expected(self, snapshot: pd.DataFrame) -> np.ndarray:
        """Expected net spend in a window of the horizon, given a purchase in it; reporting currency, 0 or more."""
        months, spend = _months(snapshot)
        return self.factor * (spend + _OWN * self.common) / (months + _OWN)


@dataclass(frozen=True)
class Forecast:
    """Buyers and spend expected in the days after a cutoff, with 80 % intervals; spend in the reporting currency.

    windows: earlier windows whose log(actual / expected) set the width; below three the width is mostly assumed.
    """

    cutoff: date
    horizon_days: int
    customers: int
    buyers: float
    buyers_low: float
    buyers_high: float
    spend: float
    spend_low: float
    spend_high: float
    windows: int


def expect(timing: Timing, money: MonthSpend, snapshot: pd.DataFrame) -> dict[str, float]:
    """Expected buyers and spend of a snapshot within money.horizon_days, and what chance alone adds to their logs.

    Customers decide by themselves: the number of buyers is Poisson-binomial. Keys: customers, expected_buyers,
    expected_spend, and relative variances of both (buyers_chance, spend_chance).
    """
    p = timing.chances(snapshot, [money.horizon_days])[:, 0]
    return expected(p, money.expected(snapshot), money.variation)


def expected(p: np.ndarray, worth: np.ndarray, variation: float) -> dict[str, float]:
    """Expected buyers and spend of customers with the chances p and the spend `worth` if they buy; keys as of `expect`."""
    buyers, spend = float(p.sum()), float((p * worth).sum())
    single = float((p * worth**2 * (1 + variation) - (p * worth) ** 2).sum())
    return {
        "customers": len(p), "expected_buyers": buyers, "expected_spend": spend,
        "buyers_chance": float((p * (1 - p)).sum()) / max(buyers, 1e-9) ** 2,
        "spend_chance": single / max(spend, 1e-9) ** 2,
    }  # fmt: skip


def backtest(
    snapshots: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    known_until: date,
    horizon_days: int = 30,
    count: int = WINDOWS,
    ends: tuple[int, ...] = ENDS,
    boost: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Forecasts as they would have been made at the newest `count` cutoffs whose window has ended, beside what came.

    Each is fitted on what was known at its cutoff, by the logit alone unless `boost` (their totals differ little).
    Columns: cutoff, customers, expected_buyers, buyers, buyers_chance, expected_spend, spend (net, of the buyers),
    spend_chance; ascending.
    """
    cutoffs = pd.to_datetime(snapshots["cutoff"])
    told = labels[labels["horizon_days"] == horizon_days].assign(cutoff=lambda one: pd.to_datetime(one["cutoff"]))
    ended = told["cutoff"] + timedelta(days=horizon_days) <= pd.Timestamp(known_until)
    days = sorted(set(told.loc[ended, "cutoff"]) & set(cutoffs))[-count:] if count > 0 else []
    rows = []
    for day in days:
        known = snapshots[(cutoffs <= day).to_numpy()]
        timing = fit_timing(known, labels, known_until=day.date(), ends=ends, boost=boost, seed=seed)
        money = MonthSpend.of(known, labels, known_until=day.date(), horizon_days=horizon_days)
        came = told[(told["cutoff"] == day) & told["bought"].astype(bool)]
        made = {"cutoff": day.date(), **expect(timing, money, snapshots[(cutoffs == day).to_numpy()])}
        made |= {"buyers": len(came), "spend": float(came["net_spend"].astype(float).sum())}
        rows.append(made)
    names = ("customers", "expected_buyers", "buyers", "buyers_chance", "expected_spend", "spend", "spend_chance")
    return pd.DataFrame(rows, columns=["cutoff", *names])


def forecast(
    timing: Timing, money: MonthSpend, snapshot: pd.DataFrame, past: pd.DataFrame, *, cutoff: date
) -> Forecast:
    """Buyers and spend of the window after `cutoff`, with 80 % intervals from the scatter of `past` (see backtest)."""
    return ahead(expect(timing, money, snapshot), past, cutoff=cutoff, horizon_days=money.horizon_days)


def ahead(now: Mapping[str, float], past: pd.DataFrame, *, cutoff: date, horizon_days: int) -> Forecast:
    """The same from sums (see expected).

    The interval lies on the log scale: chance, plus how far earlier totals were off beyond chance, newer months weighing
    more; a Student's t, as the months are few. The centre is not moved: levels of earlier months carry over badly.
    """
    bounds = {
        name: _interval(now[f"expected_{name}"], now[f"{name}_chance"], past, name, cutoff)
        for name in ("buyers", "spend")
    }
    (buyers_low, buyers_high), (low, high) = bounds["buyers"], bounds["spend"]
    return Forecast(
        cutoff, horizon_days, int(now["customers"]),
        now["expected_buyers"], buyers_low, min(buyers_high, float(now["customers"])),
        now["expected_spend"], low, high, len(past),
    )  # fmt: skip


def _interval(expected: float, chance: float, past: pd.DataFrame, name: str, cutoff: date) -> tuple[float, float]:
    """Bounds that hold SHARE of months: expected x exp(-+ t sqrt(scatter + chance))."""
    off, chances, weight = _past(past, name, cutoff)
    scatter = (np.sum(weight * np.maximum(off**2 - chances, 0.0)) + _USUAL**2) / (weight.sum() + 1)
    width = stdtrit(len(off) + 1, (1 + SHARE) / 2) * np.sqrt(scatter + chance)
    return float(expected * np.exp(-width)), float(expected * np.exp(width))


def _past(past: pd.DataFrame, name: str, cutoff: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log(actual / expected) of earlier windows, its variance by chance, and weights."""
    actual, expected = (past[one].to_numpy(dtype=float) for one in (name, f"expected_{name}"))
    usable = (actual > 0) & (expected > 0)
    off = np.log(actual[usable] / expected[usable])
    age = age_days(past["cutoff"][usable], cutoff)
    return off, past[f"{name}_chance"].to_numpy(dtype=float)[usable], 0.5 ** ((age - 30) / HALF_LIFE)


def _months(rows: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Active months of the last 365 days, and net spend in them, at least 0."""
    months, spend = (
        pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        for name in ("active_months_365", "spend_365")
    )
    return np.nan_to_num(months), np.maximum(np.nan_to_num(spend), 0.0)
