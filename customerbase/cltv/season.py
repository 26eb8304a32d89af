"""Months as they were and as the model has them: the tracking of repeat purchases, and a calendar factor from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.estimator import Estimator
from customerbase.cltv.horizon import WEEK, Grid, grid
from customerbase.engine import Engine
from customerbase.errors import ConfigError, near_miss
from customerbase.periods import add_months, month_end

CHOICES = ("auto", "last_year", "none")
NORMAL_TENTH = 1.2816  # standard deviations to the 10 % and 90 % points
FEW_NEW = 10  # a month; fewer, and customers are not won all the time
MIDWAY = 2.0  # times as many new customers in the first month
FEW = 50  # purchases: a factor from fewer expected ones is mostly chance


@dataclass(frozen=True)
class Starts:
    """Customers by the day of their first purchase: days as numbers of days before as_of, and how many each."""

    as_of: date
    age: np.ndarray
    customers: np.ndarray

    @staticmethod
    def of(first_days: pd.Series, as_of: date) -> "Starts":
        """From the first day of each customer."""
        ages, customers = np.unique((pd.Timestamp(as_of) - first_days).dt.days.to_numpy(), return_counts=True)
        return Starts(as_of, ages[::-1], customers[::-1].astype(float))

    def known(self, cut: date) -> "Starts":
        """Those known at an earlier day, as of then."""
        ages = self.age - (self.as_of - cut).days
        return Starts(cut, ages[ages >= 0], self.customers[ages >= 0])

    @staticmethod
    def read(db: Engine, as_of: date) -> "Starts":
        """From cltv_purchases."""
        rows = db.run("cltv_starts", as_of=as_of).fetchall()
        return Starts(
            as_of, np.array([(as_of - day).days for day, _ in rows]), np.array([n for _, n in rows], dtype=float)
        )


def check_season(season: str) -> str:
    """The choice itself. Raises ConfigError with the near miss."""
    if season not in CHOICES:
        raise ConfigError(f"season is {season!r}; expected one of {', '.join(CHOICES)}.{near_miss(season, CHOICES)}")
    return season


def months_of(starts: Starts) -> list[date]:
    """First days of the months from the first customer's to that of as_of."""
    first = date.fromordinal(starts.as_of.toordinal() - int(starts.age.max())).replace(day=1)
    last = starts.as_of.replace(day=1)
    return [add_months(first, step) for step in range((last.year - first.year) * 12 + last.month - first.month + 1)]


def expected_by(model: BuyTillYouDie, starts: Starts, days: Sequence[date]) -> np.ndarray:
    """Repeat purchases the model expects of everybody from the beginning to the end of each day; known at as_of."""
    return _cumulative(model.expected_purchases(np.arange(_longest(starts, days) + 1) / WEEK), starts, days)


def _longest(starts: Starts, days: Sequence[date]) -> int:
    return int(starts.age.max()) + max((max(days) - starts.as_of).days, 0)


def _cumulative(curve: np.ndarray, starts: Starts, days: Sequence[date]) -> np.ndarray:
    """curve: expected repeat purchases of one customer by age in days."""
    ages = [starts.age + (day - starts.as_of).days for day in days]
    return np.array([(starts.customers * curve[np.maximum(age, 0)]).sum() for age in ages])


def tracking(
    db: Engine, model: BuyTillYouDie, *, as_of: date, seed: int = 0, starts: Starts | None = None
) -> pd.DataFrame:
    """Repeat purchases by month: actual, expected by the model with a 10-90 % band, and both cumulated.

    Reads cltv_purchases, and starts too unless they are given. The band holds the model's uncertainty and the chance in
    which customers buy when. Columns: month, actual, expected, low, high, cumulative_actual, cumulative_expected.
    """
    starts = starts or Starts.read(db, as_of)
    months = months_of(starts)
    edges = [date.fromordinal(months[0].toordinal() - 1), *(min(month_end(month), as_of) for month in months)]
    over = grid(np.arange(max(_longest(starts, edges), 1) + 1) / WEEK, model._scale())
    cumulative = _cumulative(model.curve(over), starts, edges)
    expected = np.diff(cumulative)
    actual = bought(db, months, known=as_of, as_of=as_of)
    low, high = _band(model, over, starts, edges, expected, seed)
    return pd.DataFrame(
        {
            "month": months,
            "actual": actual,
            "expected": expected,
            "low": low,
            "high": high,
            "cumulative_actual": np.cumsum(actual),
            "cumulative_expected": cumulative[1:],
        }
    )


def bought(db: Engine, months: Sequence[date], *, known: date, as_of: date) -> np.ndarray:
    """Repeat purchases in each month, up to as_of, of the customers who had bought by `known`."""
    found = dict(db.run("cltv_months", as_of=as_of, known=known).fetchall())
    return np.array([found.get(month, 0) for month in months], dtype=float)


def _band(model: BuyTillYouDie, over: Grid, starts: Starts, edges: list[date], expected: np.ndarray, seed: int):
    """10 and 90 % of purchases in each month: parameters drawn, then a gamma with the variance of an NBD total."""
    rng = np.random.default_rng(seed)
    means = np.diff([_cumulative(curve, starts, edges) for curve in model.curves(over, model.draws(50, seed))])
    means = np.maximum(means, 1e-9)
    # customers differ: the variance of a total is its mean plus the squares of what each was expected to buy, over r
    per_head = expected / starts.customers.sum()
    variance = np.maximum(expected * (1 + per_head * (1 + 1 / model.values[0])), 1e-9)
    made = rng.gamma(means**2 / variance, variance / means, size=(8, *means.shape)).reshape(-1, len(expected))
    return np.quantile(made, [0.1, 0.9], axis=0)


def with_values(model: Estimator, values: np.ndarray) -> Estimator:
    """The same kind of model with other parameters; for what depends on parameters only."""
    made = type(model)()
    made._take(values, model.log_likelihood_, model.customers_, model._covariance, True)
    return made


def factors(tracked: pd.DataFrame, ahead: Sequence[date], as_of: date) -> np.ndarray:
    """Calendar factor of the months ahead: actual over expected in the same month of the last year, the last whole one.

    1 where that month is not wholly within the log (its first month begins anywhere), or the model expected fewer than 50 purchases in it. ahead: first
    days of months. tracked: tracking up to as_of.
    """
    whole = {row.month: row for row in tracked.itertuples() if month_end(row.month) <= as_of}
    whole.pop(tracked["month"].iloc[0], None)  # the first month begins anywhere
    made = []
    for month in ahead:
        years = next(back for back in range(1, 200) if month_end(add_months(month, -12 * back)) <= as_of)
        row = whole.get(add_months(month, -12 * years))
        made.append(row.actual / row.expected if row is not None and row.expected >= FEW else 1.0)
    return np.array(made)


def shaken(tracked: pd.DataFrame) -> float:
    """How much more the months of the last year scattered around the model than it says: a factor on the band, from 1 up.

    Root mean square of (actual - expected) over half the width of the 10-90 % band, over what a normal month would give.
    """
    months = tracked.iloc[1:].tail(12)
    half = np.maximum((months["high"] - months["low"]) / 2, 1e-9)
    apart = (months["actual"] - months["expected"]) / half
    return max(1.0, float(np.sqrt((apart**2).mean())) * NORMAL_TENTH) if len(months) else 1.0


def begins_midway(db: Engine, as_of: date, starts: Starts | None = None) -> bool:
    """Whether the log begins in the middle of its customers' time: its first month has far more new ones than those after.

    A closed group, won in a few months and followed since, does not: new customers have to go on coming.
    """
    starts = starts or Starts.read(db, as_of)
    months = months_of(starts)
    if len(months) < 6:
        return False
    latest = starts.as_of.toordinal() - starts.age
    month_of = np.searchsorted([month.toordinal() for month in months], latest, side="right") - 1
    new = np.bincount(month_of, starts.customers, len(months))[:-1]
    usual = float(np.median(new[2:]))
    return bool(usual >= FEW_NEW and new[0] > MIDWAY * usual and new[0] >= FEW)


def helps(expected: np.ndarray, actual: np.ndarray, season: np.ndarray) -> bool:
    """Whether factors known before a hold-out bring its months clearly nearer: mean absolute error at least 5 % smaller."""
    if not len(actual) or np.all(season == 1.0):
        return False
    without, with_it = np.abs(expected - actual).mean(), np.abs(expected * season - actual).mean()
    return bool(with_it < 0.95 * without)
