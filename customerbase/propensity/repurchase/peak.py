"""Whether a hazard has a peak: a rise that no falling curve explains, and a fall after it; the day, with its interval.

The largest rise of the smoothed log-odds between any two days, in standard errors, is held against the same measure of
curves drawn around the falling curve nearest to the data. So a peak is claimed where there is none in about ALPHA of things
at most; where hazards fall steeply it is claimed less often still.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from customerbase.propensity.repurchase.hazard import SHIFT, Trend

PEAK, NO_PEAK, RISING, FEW = "peak", "no_peak", "rising", "few"
ALPHA = 0.01  # of things without a peak, at most about this share is said to have one
CLEAR = 1.1  # a rise of less than a tenth is nobody's peak, however many customers prove it
FALL = 2.0  # standard errors by which the hazard must have fallen again after a peak
POINTS, APART = (
    48,
    3,
)  # days at which rises are measured, equally spaced in log(day + 7); no closer than this many steps


@dataclass(frozen=True)
class Peak:
    """Verdict (peak, no_peak, rising, few) and, where it is peak, the day of the highest hazard with its 95 % interval.

    p_value: of the largest rise, if the hazard only fell. start: the day from which the hazard rises to the peak.
    """

    verdict: str
    day: int | None = None
    low: int | None = None
    high: int | None = None
    start: int | None = None
    p_value: float = float("nan")


def peak(trend: Trend) -> Peak:
    """The peak of a smoothed hazard, or the verdict that it has none, or is still rising on the last day."""
    days = _grid(len(trend.log_odds))
    odds, drawn = trend.log_odds[days - 1], trend.draws[:, days - 1]
    apart = _errors(drawn)
    rises = _rises(odds[None], apart)[0]
    falling = -isotonic_regression(-odds, weights=1 / drawn.var(axis=0)).x
    by_chance = _rises(falling + (drawn - drawn.mean(axis=0)), apart).max(axis=1)
    p_value = float((1 + (by_chance >= rises.max()).sum()) / (1 + len(by_chance)))
    if p_value > ALPHA:
        return Peak(NO_PEAK, p_value=p_value)
    needed = np.quantile(by_chance, 1 - ALPHA)
    found = _highest(trend.hazard, days, rises >= needed, odds, apart)
    if found is None:
        risen = trend.hazard[-1] >= CLEAR * trend.hazard.min()
        return Peak(RISING if risen and rises[-1] >= needed else NO_PEAK, p_value=p_value)
    day, start, end = found
    among = start + trend.draws[:, start - 1 : end].argmax(axis=1)
    low, high = np.quantile(among, [0.025, 0.975], method="inverted_cdf")
    return Peak(PEAK, day, int(min(low, day)), int(max(high, day)), start, p_value)


def _highest(
    hazard: np.ndarray, days: np.ndarray, risen: np.ndarray, odds: np.ndarray, apart: np.ndarray
) -> tuple[int, int, int] | None:
    """(day, day from which it rises, day to which it falls) of the highest local maximum with a clear rise and fall."""
    inner = np.flatnonzero((hazard[1:-1] > hazard[:-2]) & (hazard[1:-1] >= hazard[2:])) + 1
    for place in sorted(inner, key=lambda place: (-hazard[place], place)):
        start = int(hazard[:place].argmin())
        end = place + int(hazard[place:].argmin())
        near = int(np.abs(days - 1 - place).argmin())
        fall = np.max((odds[near] - odds[near + 1 :]) / apart[near, near + 1 :], initial=0.0)
        if risen[near] and fall >= FALL and hazard[place] >= CLEAR * hazard[start]:
            return int(place) + 1, start + 1, end + 1
    return None


def _rises(odds: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Of each curve and day: the largest rise to it from any earlier day, in standard errors; 0 where it never rose."""
    rises = np.zeros(odds.shape)
    for later in range(APART, odds.shape[1]):
        earlier = slice(0, later - APART + 1)
        rises[:, later] = np.max((odds[:, [later]] - odds[:, earlier]) / apart[later, earlier], axis=1)
    return np.maximum(rises, 0)


def _errors(drawn: np.ndarray) -> np.ndarray:
    """Standard error of the difference of the log-odds of any two days."""
    covariance = np.cov(drawn, rowvar=False)
    variance = np.diag(covariance)
    return np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 1e-12))


def _grid(length: int) -> np.ndarray:
    """Days on which rises are measured."""
    spaced = np.exp(np.linspace(np.log(1 + SHIFT), np.log(length + SHIFT), POINTS)) - SHIFT
    return np.unique(np.clip(np.round(spaced).astype(int), 1, length))
