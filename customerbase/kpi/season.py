"""The seasonal view: same month last year, moving totals, and months made comparable in weekdays and public holidays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from customerbase.engine import Engine
from customerbase.intervals import Z
from customerbase.kpi.days import KINDS, composition, days_of, kind, public_holidays
from customerbase.kpi.rows import relation_of
from customerbase.periods import add_months, month_range

MEASURES = ("revenue", "orders")
FIT_MONTHS, SHOWN_MONTHS, REFERENCE_YEARS = 24, 25, 7
FEWEST_DAYS = 56  # eight weeks: eight of each weekday
TRIM = 0.1  # of each end of a kind's days: one wholesale order must not make a Tuesday
OWN_SPREAD = 8  # days a kind needs for a spread of its own; else that of all days
_ZERO = np.zeros(len(KINDS))
_NUMBERS = [
    "value",
    "low",
    "high",
    "adjusted",
    "adjusted_low",
    "adjusted_high",
    "calendar_factor",
    "last_year",
    "change",
    "change_low",
    "change_high",
    "adjusted_change",
    "adjusted_change_low",
    "adjusted_change_high",
    "moving_total_12",
    "moving_low",
    "moving_high",
]
_COUNTS = ("days", "weekdays", "saturdays", "sundays", "holidays")
COLUMNS = (
    {"as_of": pa.date32(), "month": pa.date32(), "measure": pa.string()}
    | dict.fromkeys(_NUMBERS, pa.float64())
    | dict.fromkeys(_COUNTS, pa.int32())
)


@dataclass(frozen=True)
class DayEffects:
    """What a day of each kind (days.KINDS) sells as a share of the month's level, and how well that is known.

    effects: 1 is the mean day; errors: their standard errors; spreads: standard deviation of single days around them,
    all in shares of the level; found: whether days differ by more than chance (else all effects are equal).
    """

    effects: np.ndarray
    errors: np.ndarray
    spreads: np.ndarray
    found: bool


def day_effects(kinds: np.ndarray, months: np.ndarray, values: np.ndarray) -> DayEffects | None:
    """Multiplicative effects of the kinds of days, beside a level of each month; None from fewer than 56 days.

    kinds: index in KINDS of each day; months: index of its month; values: what it sold. Level and effects are found in
    turn: a month's level is its total over the sum of its days' effects, an effect the trimmed mean of the ratios of
    its days to their level, all scaled to a mean day of 1. Effects then shrink towards each other by their errors
    (DerSimonian & Laird 1986); where they differ by no more than chance (Cochran's Q, 5 %), there are none. A kind
    that never sells (a closed weekday) has an effect of 0 and no part in this.
    """
    totals = np.bincount(months, values)
    alive = totals[months] > 0
    kinds, months, values = kinds[alive], months[alive], values[alive]
    if len(values) < FEWEST_DAYS:
        return None
    counts = np.bincount(kinds, minlength=len(KINDS))
    effects = np.ones(len(KINDS))
    for _ in range(20):
        expected = np.bincount(months, effects[kinds])
        level = np.divide(np.bincount(months, values), expected, out=np.zeros(len(expected)), where=expected > 0)
        ratios = np.divide(values, level[months], out=np.zeros(len(values)), where=level[months] > 0)
        effects = np.array([_trimmed(ratios[kinds == one]) for one in range(len(KINDS))])
        scale = effects[kinds].mean()
        if not scale > 0:
            return None
        effects /= scale
    return _shrunk(effects, counts, _spreads(ratios, kinds, effects, counts))


def _trimmed(ratios: np.ndarray) -> float:
    from scipy.stats import trim_mean  # half a second of imports that no reader of the tables need wait for

    if not len(ratios):
        return 1.0
    return max(float(trim_mean(ratios, TRIM)), 0.0) if np.any(ratios != 0) else 0.0


def _spreads(ratios: np.ndarray, kinds: np.ndarray, effects: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Standard deviation of single days by kind; a kind of few days takes that of all open ones."""
    residuals = ratios - effects[kinds]
    open_days = effects[kinds] > 0
    freedom = max(open_days.sum() - (effects > 0).sum(), 1)
    pooled = np.sqrt((residuals[open_days] ** 2).sum() / freedom)
    squares = np.bincount(kinds, residuals**2, minlength=len(KINDS))
    own = np.sqrt(squares / np.maximum(counts - 1, 1))
    return np.where((effects == 0) & (counts > 0), own, np.where(counts >= OWN_SPREAD, own, pooled))


def _shrunk(effects: np.ndarray, counts: np.ndarray, spreads: np.ndarray) -> DayEffects:
    from scipy.stats import chi2

    known = (counts > 0) & (effects > 0) & (spreads > 0)
    errors = np.where(counts > 0, spreads / np.sqrt(np.maximum(counts, 1)), 0.0)
    if known.sum() < 2:
        return DayEffects(effects, errors, spreads, False)
    weights = 1 / errors[known] ** 2
    centre = (weights * effects[known]).sum() / weights.sum()
    q, freedom = (weights * (effects[known] - centre) ** 2).sum(), known.sum() - 1
    found = bool(q > chi2.ppf(0.95, freedom))
    between = (q - freedom) / (weights.sum() - (weights**2).sum() / weights.sum()) if found else 0.0
    keep = between / (between + errors[known] ** 2)
    effects, errors = effects.copy(), errors.copy()
    centre = centre if found else 1.0  # what does not differ by more than chance is taken as one and the same
    effects[known] = centre + keep * (effects[known] - centre)
    errors[known] = np.sqrt(keep) * errors[known]
    effects[counts == 0], errors[counts == 0] = centre, np.sqrt(between)
    return DayEffects(effects, errors, spreads, found or bool((effects[counts > 0] == 0).any()))


@dataclass(frozen=True)
class Month:
    """A month's total with its calendar: factor is its days' worth over that of the same month in an average year."""

    value: float
    variance: float  # of the total, from the scatter of single days; relative to value²
    factor: float
    weights: np.ndarray  # slopes of log factor in the effects

    @classmethod
    def of(cls, value: float, counts: np.ndarray, average: np.ndarray, days: DayEffects) -> "Month":
        """value: the total; counts: its days by kind; average: days by kind in an average year's same month."""
        worth, usual = float(counts @ days.effects), float(average @ days.effects)
        if not (worth > 0 and usual > 0 and value > 0):
            return cls(value, np.nan, np.nan, _ZERO)
        return cls(value, float(counts @ days.spreads**2) / worth**2, worth / usual, counts / worth - average / usual)


def change(now: Month, then: Month, days: DayEffects, *, adjusted: bool) -> tuple[float, float, float]:
    """Relative change of now on then with its 95 % interval: raw, or with both months' calendars made equal."""
    with np.errstate(all="ignore"):
        ratio = now.value / then.value if then.value > 0 else np.nan
        variance = now.variance + then.variance
        if adjusted:
            ratio *= then.factor / now.factor
            variance += float((now.weights - then.weights) ** 2 @ days.errors**2)
        half = Z * abs(ratio) * np.sqrt(variance)
    return ratio - 1, ratio - 1 - half, ratio - 1 + half


def kpi_season(db: Engine, *, as_of: date, country: str | None = "JP") -> duckdb.DuckDBPyRelation:
    """Revenue and orders of up to 25 months beside the year before: raw, adjusted for the calendar, and as 12-month totals.

    Rows by as_of, month, measure: value (low, high), adjusted = value / calendar_factor, where the factor is the worth
    of the month's weekdays and public holidays over that of the same month in an average of seven years; last_year,
    change and adjusted_change against it (shares); moving_total_12; days, weekdays (Monday to Friday without public
    holidays), saturdays, sundays, holidays. Effects of days come from the 24 months that end with as_of (day_effects);
    with fewer than 56 days, and for months of no or negative sales, the adjusted columns are null. Intervals are 95 %,
    from the scatter of single days. country: see days.public_holidays. Reads customer_orders (features).
    """
    found = db.run("daily_sales", as_of=as_of).fetchall()
    this = as_of.replace(day=1)
    free = public_holidays(country, range(this.year - REFERENCE_YEARS, this.year + 1))
    rows = []
    for place, measure in enumerate(MEASURES, 1):
        daily = {row[0]: float(row[3 - place]) for row in found}
        rows += [{"as_of": as_of, "measure": measure} | row for row in season_rows(daily, this, free)]
    return relation_of(db, rows, COLUMNS)


kpi_season.definition_ja = "曜日と祝日の数の違いをならした月の売上。係数は過去24か月の1日ごとの売上から推定"


def season_rows(daily: dict[date, float], this: date, free: dict[date, str]) -> list[dict]:
    """The months up to `this` of one measure: daily holds what each day sold, missing days sold nothing."""
    if not daily:
        return []
    first, last = min(daily), max(daily)
    days = fitted(daily, add_months(this, 1 - FIT_MONTHS), first, last, free)
    history = month_range(first, this)
    months = {month: _month(daily, month, days, this, free) for month in history}
    return [_row(months, month, days, free) for month in history[-SHOWN_MONTHS:]]


def fitted(daily: dict[date, float], since: date, first: date, last: date, free: dict[date, str]) -> DayEffects | None:
    """Effects of the days from `since` on, as far as there are data: between the first and the last day sold."""
    start = max(since, first)
    span = [start + timedelta(days=place) for place in range((last - start).days + 1)]
    kinds = np.array([KINDS.index(kind(day, free)) for day in span], dtype=int)
    months = np.array([(day.year - start.year) * 12 + day.month - start.month for day in span], dtype=int)
    return day_effects(kinds, months, np.array([daily.get(day, 0.0) for day in span])) if span else None


def _counts(month: date, free: dict[date, str]) -> np.ndarray:
    return np.array(list(composition(month, free).values()), dtype=float)


def _month(daily: dict[date, float], month: date, days: DayEffects | None, this: date, free: dict[date, str]) -> Month:
    value = sum(daily.get(day, 0.0) for day in days_of(month))
    if days is None:
        return Month(value, np.nan, np.nan, _ZERO)
    years = range(this.year - REFERENCE_YEARS + 1, this.year + 1)
    average = np.mean([_counts(month.replace(year=year), free) for year in years], axis=0)
    return Month.of(value, _counts(month, free), average, days)


def _row(months: dict[date, Month], month: date, days: DayEffects | None, free: dict[date, str]) -> dict:
    now, then = months[month], months.get(add_months(month, -12))
    row = dict.fromkeys(_NUMBERS) | {"month": month, "value": now.value, "calendar_factor": now.factor}
    half = Z * now.value * np.sqrt(now.variance)
    row |= {"low": now.value - half, "high": now.value + half, "adjusted": now.value / now.factor}
    if days is not None:
        own = Z * row["adjusted"] * np.sqrt(now.variance + now.weights**2 @ days.errors**2)
        row |= {"adjusted_low": row["adjusted"] - own, "adjusted_high": row["adjusted"] + own}
    if then is not None:
        row["last_year"] = then.value
        for name, adjusted in (("change", False), ("adjusted_change", True)):
            if days is not None or not adjusted:
                row |= dict(
                    zip((name, f"{name}_low", f"{name}_high"), change(now, then, days, adjusted=adjusted), strict=True)
                )
    return row | _moving(months, month) | _named(month, free)


def _moving(months: dict[date, Month], month: date) -> dict:
    year: Sequence[Month | None] = [months.get(add_months(month, -back)) for back in range(12)]
    if None in year:
        return {}
    total = sum(one.value for one in year)
    half = Z * np.sqrt(sum(one.variance * one.value**2 if one.value else 0.0 for one in year))
    return {"moving_total_12": total, "moving_low": total - half, "moving_high": total + half}


def _named(month: date, free: dict[date, str]) -> dict[str, int]:
    days = days_of(month)
    return {
        "days": len(days),
        "weekdays": sum(day.weekday() < 5 and day not in free for day in days),
        "saturdays": sum(day.weekday() == 5 for day in days),
        "sundays": sum(day.weekday() == 6 for day in days),
        "holidays": sum(day in free for day in days),
    }
