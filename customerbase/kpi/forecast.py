"""Forecast of a monthly KPI: simple methods weighted by how they did, intervals from the errors that were made.

Histories of KPIs are short, seasonal and noisy, so nothing is fitted that a few months could not carry. Eight methods
without parameters of their own forecast from every month of the past (kpi/methods.py); they are weighted by their
errors there, shrunk towards weights that were set before. The errors of the weighted forecast, from months that knew
nothing of what came, give the interval: their variance by months ahead, and Student's t for how few they are.
Sources: Timmermann (2006), Handbook of Economic Forecasting 1, ch. 4 (weights); Hyndman & Athanasopoulos, Forecasting:
Principles and Practice (2021), §5.10 (rolling origin).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customerbase.intervals import Z, wilson
from customerbase.kpi.methods import METHODS, candidates

MIN_MONTHS = 8  # below this many months no forecast is made
LEARNT = 12  # errors further ahead are too few and too alike to learn from
FIRST = 3  # months known before the first forecast of the past
PRIOR = {"last": 2, "smooth": 1, "slow": 1, "noisy_level": 2, "trend": 0.5, "last_year": 0.5, "moved": 1, "season": 1}
TEMPER = 1.5  # how far errors move the weights
HALF_LIFE = 30  # months after which an error counts half
GROWTHS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # of the variance per month ahead: none (noise) to full (random walk)
HORIZONS = (1, 3, 6, 12)  # months ahead by which a backtest is told
QUANTILES = (0.1, 0.5, 0.9)  # by which forecasts are judged
BAND = 0.8


@dataclass(frozen=True)
class Scale:
    """The scale on which errors are alike: logit for shares, log for positive amounts, log1p for counts with zeros."""

    kind: str

    def to(self, value: ArrayLike, n: ArrayLike = np.inf) -> np.ndarray:
        """Values on this scale; shares of 0 and 1 are taken for half an observation of n."""
        x = np.asarray(value, dtype=float)
        if self.kind == "logit":
            edge = np.clip(0.5 / (np.asarray(n, dtype=float) + 1), 1e-6, 0.5)
            x = np.clip(x, edge, 1 - edge)
            return np.log(x / (1 - x))
        if self.kind == "log":
            return np.log(np.maximum(x, 1e-9))
        return np.log1p(np.maximum(x, 0)) if self.kind == "log1p" else x

    def back(self, value: ArrayLike) -> np.ndarray:
        """Values of this scale as they were."""
        x = np.asarray(value, dtype=float)
        if self.kind == "logit":
            return 1 / (1 + np.exp(-x))
        if self.kind == "log":
            return np.exp(x)
        return np.maximum(np.expm1(x), 0) if self.kind == "log1p" else x


@dataclass(frozen=True)
class Fan:
    """A forecast from one month: centre and spread by months ahead on a scale, with the degrees of freedom of t."""

    centre: np.ndarray
    spread: np.ndarray
    degrees: float
    scale: Scale

    def quantile(self, share: float) -> np.ndarray:
        """The value below which the KPI stays with this probability, by months ahead (the first is 1)."""
        from scipy.special import stdtrit  # a fifth of a second of imports that readers of tables need not wait for

        return self.scale.back(self.centre + self.spread * stdtrit(self.degrees, share))

    def chance(self, goal: float, ahead: int, *, higher_is_better: bool = True) -> float:
        """Probability that the measured KPI reaches the goal in that many months."""
        from scipy.special import stdtr

        z = (self.centre[ahead - 1] - float(self.scale.to(goal))) / self.spread[ahead - 1]
        return float(stdtr(self.degrees, z if higher_is_better else -z))


@dataclass(frozen=True)
class _Past:
    """A history on its scale, and what every method said from every month of it.

    forecasts: (methods, months, ahead). errors: (methods, month told of, ahead), NaN where nothing was told.
    """

    y: np.ndarray
    forecasts: np.ndarray
    errors: np.ndarray
    weights: np.ndarray
    scale: Scale


def forecast(history: pd.DataFrame, *, unit: str, ahead: int) -> Fan | None:
    """The next `ahead` months of a KPI; None below MIN_MONTHS months.

    history: month, value, n, low, high (95 %), one row per month and in their order; months before the last gap are left
    out. unit: that of the KPI. The forecast is of the value as it will be measured, sampling error included.
    """
    known = _unbroken(history)
    if len(known) < MIN_MONTHS:
        return None
    past = _past(known, unit, max(ahead, LEARNT))
    return _fan(past, len(known) - 1)


def backtest(history: pd.DataFrame, *, unit: str, methods: tuple[str, ...] = METHODS) -> pd.DataFrame:
    """What would have been forecast from every past month, against what came: month, horizon, actual, low, high, loss.

    low and high: the 80 % interval with what was known in the month. loss: pinball loss averaged over the 10, 50 and 90 %
    points, in the unit of the KPI. Horizons are those of HORIZONS; no rows where the history is too short.
    """
    known = _unbroken(history)
    columns = ["month", "horizon", "actual", "low", "high", "loss"]
    if len(known) <= MIN_MONTHS:
        return pd.DataFrame(columns=columns)
    past, rows = _past(known, unit, LEARNT, methods), []
    actual, months = known["value"].to_numpy(), list(known["month"])
    for origin in range(MIN_MONTHS - 1, len(known) - 1):
        fan = _fan(past, origin)
        told = {share: fan.quantile(share) for share in QUANTILES}
        for step in HORIZONS:
            if origin + step < len(known):
                came, ends = actual[origin + step], [told[share][step - 1] for share in QUANTILES]
                loss = np.mean([pinball(came, end, share) for end, share in zip(ends, QUANTILES, strict=True)])
                rows.append((months[origin], step, came, ends[0], ends[-1], loss))
    return pd.DataFrame(rows, columns=columns)


def coverage(made: pd.DataFrame, naive: pd.DataFrame) -> pd.DataFrame:
    """Backtests by months ahead: horizon, n, covered, share with its 95 % interval, loss, naive_loss.

    made and naive: rows of `backtest`, of one KPI or of several. Neighbouring forecasts look at the same months, and KPIs
    of one month move together, so the interval counts months that do not overlap instead of forecasts.
    """
    rows = []
    for horizon, found in made.groupby("horizon"):
        held = found["actual"].between(found["low"], found["high"])
        apart = max(found["month"].nunique() / horizon, 1.0)
        low, high = wilson(held.mean() * apart, apart)
        losses = [float(one.loc[one["horizon"] == horizon, "loss"].mean()) for one in (made, naive)]
        rows.append((int(horizon), len(found), int(held.sum()), float(held.mean()), float(low), float(high), *losses))
    names = ["horizon", "n", "covered", "share", "share_low", "share_high", "loss", "naive_loss"]
    return pd.DataFrame(rows, columns=names)


def pinball(actual: float, quantile: float, share: float) -> float:
    """The loss that the quantile at `share` makes smallest on average. Source: Koenker & Bassett (1978)."""
    return max(share * (actual - quantile), (share - 1) * (actual - quantile))


def scale_of(values: np.ndarray, unit: str) -> Scale:
    """Logit for shares, log for what is positive, log1p for counts with zeros, else no change."""
    if unit == "ratio" and values.min() >= 0 and values.max() <= 1:
        return Scale("logit")
    if values.min() > 0:
        return Scale("log")
    return Scale("log1p" if unit == "count" and values.min() >= 0 else "plain")


def _unbroken(history: pd.DataFrame) -> pd.DataFrame:
    """The months after the last one without a value."""
    empty = np.flatnonzero(history["value"].isna().to_numpy())
    return history.iloc[empty[-1] + 1 if len(empty) else 0 :].reset_index(drop=True)


def _past(known: pd.DataFrame, unit: str, ahead: int, methods: tuple[str, ...] = METHODS) -> _Past:
    values, n = known["value"].to_numpy(dtype=float), known["n"].to_numpy(dtype=float)
    scale = scale_of(values, unit)
    y = scale.to(values, n)
    ends = [scale.to(known[end].astype(float).fillna(known["value"]), n) for end in ("low", "high")]
    noise = ((ends[1] - ends[0]) / (2 * Z)) ** 2
    forecasts = candidates(y, noise, ahead)
    forecasts[[name not in methods for name in METHODS]] = np.nan
    errors = np.full_like(forecasts, np.nan)
    for step in range(1, min(ahead, len(y) - 1) + 1):
        errors[:, step:, step - 1] = y[step:] - forecasts[:, :-step, step - 1]
    return _Past(y, forecasts, errors, _weights(forecasts, errors), scale)


def _weights(forecasts: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Weight of each method at each month for each horizon, from absolute errors beside those of the last value.

    Errors at horizons near the one asked for count most; those further ahead overlap and count less.
    """
    size = np.abs(errors[:, :, :LEARNT])
    told = ~np.isnan(size)
    beside = np.nan_to_num(size[METHODS.index("last")])[None] * told
    count, mine, last = (_faded(one) for one in (told.astype(float), np.nan_to_num(size), beside))
    ratio = np.clip(np.log((mine + 1e-12) / (last + 1e-12)), -2, 2)
    steps, ahead = np.arange(1, size.shape[2] + 1), np.arange(1, forecasts.shape[2] + 1)
    near = np.exp(-np.abs(np.log(ahead[:, None] / steps)))
    near /= near.sum(axis=1, keepdims=True)
    score = np.einsum("mtk,hk->mth", count * ratio / np.sqrt(steps), near)
    prior = np.log([PRIOR[name] for name in METHODS])[:, None, None]
    logs = np.where(np.isnan(forecasts), -np.inf, prior - TEMPER * score)
    best = logs.max(axis=0, keepdims=True)
    weights = np.exp(logs - np.where(np.isfinite(best), best, 0))
    return weights / np.maximum(weights.sum(axis=0, keepdims=True), 1e-300)


def _faded(values: np.ndarray) -> np.ndarray:
    """Running sums over months in which what is HALF_LIFE months old counts half."""
    sums, keep = np.zeros_like(values), 0.5 ** (1 / HALF_LIFE)
    for month in range(values.shape[1]):
        sums[:, month] = values[:, month] + (keep * sums[:, month - 1] if month else 0)
    return sums


def _fan(past: _Past, origin: int) -> Fan:
    """The forecast from one month, and its spread from the errors the same weights would have made until then."""
    weights = past.weights[:, origin]
    centre = (weights * np.nan_to_num(past.forecasts[:, origin])).sum(axis=0)
    errors = past.errors[:, : origin + 1, :LEARNT]
    there = np.where(np.isnan(errors), 0, weights[:, None, : errors.shape[2]])
    mass = there.sum(axis=0)  # how much of today's weights could speak then
    error = (there * np.nan_to_num(errors)).sum(axis=0) / np.maximum(mass, 1e-12)
    month, steps = np.arange(origin + 1)[:, None], np.arange(1, errors.shape[2] + 1)
    counts = np.where(month - steps >= FIRST - 1, mass * 0.5 ** ((origin - month) / HALF_LIFE), 0)
    effective = counts[:, 0].sum() ** 2 / max((counts[:, 0] ** 2).sum(), 1e-12)
    spread = _spread(counts.sum(axis=0), (counts * error**2).sum(axis=0), past.forecasts.shape[2])
    spread *= np.sqrt(effective / max(effective - 1, 1.0))
    return Fan(centre, np.maximum(spread, 1e-9), max(effective, 3.0), past.scale)


def _spread(counts: np.ndarray, squares: np.ndarray, ahead: int) -> np.ndarray:
    """Standard deviation by months ahead: one variance times 1 − g + g·h, averaged over g by likelihood (tempered)."""
    steps = np.arange(1, len(counts) + 1)
    apart = counts / steps  # errors h months ahead overlap h − 1 months
    total = max(apart.sum(), 1e-9)
    fits = []
    for growth in GROWTHS:
        shape = 1 - growth + growth * steps
        variance = (squares / steps / shape).sum() / total
        fits.append((variance, -0.25 * (total * np.log(max(variance, 1e-18)) + (apart * np.log(shape)).sum())))
    likely = np.exp(np.array([fit for _, fit in fits]) - max(fit for _, fit in fits))
    grown = [v * (1 - g + g * np.arange(1, ahead + 1)) for (v, _), g in zip(fits, GROWTHS, strict=True)]
    return np.sqrt(np.average(grown, axis=0, weights=likely))
