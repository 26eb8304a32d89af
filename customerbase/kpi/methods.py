"""Eight ways to forecast a month from those before it; none has a parameter that would need a long history.

Each gives, from every month of the past, all months ahead: what it says from a month depends on nothing after it.
"""

import numpy as np

METHODS = ("last", "smooth", "slow", "noisy_level", "trend", "last_year", "moved", "season")
YEAR = 12
LATELY = 3  # months whose mean is the present level beside last year's


def candidates(y: np.ndarray, noise: np.ndarray, ahead: int) -> np.ndarray:
    """What each of METHODS says from each month: (methods, months, ahead); NaN where its history is too short.

    y: the history; noise: the sampling variance of each of its values, 0 where it is not known.
    """
    made = np.full((len(METHODS), len(y), ahead), np.nan)
    made[0] = y[:, None]
    made[1], made[2] = _smooth(y, 0.4)[:, None], _smooth(y, 0.15)[:, None]
    made[3] = _noisy_level(y, noise)[:, None]
    made[4] = _trend(y, ahead)
    made[5], made[6], made[7] = _seasonal(y, ahead)
    return made


def _smooth(y: np.ndarray, share: float) -> np.ndarray:
    """Exponential smoothing; a plain mean until there are months enough."""
    level = y.copy()
    for month in range(1, len(y)):
        level[month] = level[month - 1] + max(share, 1 / (month + 1)) * (y[month] - level[month - 1])
    return level


def _noisy_level(y: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Local level seen through a sampling error of known variance; the variance of its steps from the differences so far.

    Source: Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), §4.
    """
    found = np.full(len(y), np.nan)
    steps = np.diff(y) ** 2 - noise[1:] - noise[:-1]
    for origin in range(1, len(y)):
        walk, level, variance = max(steps[:origin].mean(), 0.0), y[0], noise[0]
        for month in range(1, origin + 1):
            variance += walk
            total = variance + noise[month]
            gain = variance / total if total > 0 else 1.0
            level, variance = level + gain * (y[month] - level), variance * (1 - gain)
        found[origin] = level
    return found


def _trend(y: np.ndarray, ahead: int, share: float = 0.4, turn: float = 0.15, damped: float = 0.9) -> np.ndarray:
    """Damped trend. Source: Gardner & McKenzie (1985), Management Science 31, 1237–1246."""
    made = np.full((len(y), ahead), np.nan)
    reach = np.cumsum(damped ** np.arange(1, ahead + 1))
    level, slope = y[0], 0.0
    for month in range(1, len(y)):
        before, slope = level, damped * slope
        level = before + slope + max(share, 1 / (month + 1)) * (y[month] - before - slope)
        slope += max(turn, 1 / (month + 1)) * (level - before - slope)
        made[month] = level + slope * reach
    return made


def _seasonal(y: np.ndarray, ahead: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same month last year; that moved by how the last months stand to theirs; the mean season of all whole years."""
    plain, moved, season = (np.full((len(y), ahead), np.nan) for _ in range(3))
    steps = np.arange(ahead)
    for month in range(YEAR - 1, len(y)):
        end = month + 1
        plain[month] = y[end - YEAR + steps % YEAR]
        if end >= YEAR + LATELY:
            moved[month] = plain[month] + y[end - LATELY : end].mean() - y[end - LATELY - YEAR : end - YEAR].mean()
        if end >= 2 * YEAR:
            years = y[end - end // YEAR * YEAR : end].reshape(-1, YEAR)
            index = (years - years.mean(axis=1, keepdims=True)).mean(axis=0)
            season[month] = _smooth(years[-1] - index, 0.3)[-1] + index[steps % YEAR]
    return plain, moved, season
