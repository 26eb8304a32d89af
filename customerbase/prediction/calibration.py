"""Probabilities that come true: slope and level from the newest completed window, and the season of a year ago.

Level and season are believed by half for one observation of each (n / (n + 1) for n): what the newest window was off by
may have been its season, and a season seen once may have been chance. A full correction was measured to harm
(docs/predictions.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import expit

from customerbase.periods import add_months

_YEAR = 12
_AROUND = 6  # months before and after a year ago whose mean the season is measured against
_FEWEST_AROUND = 6
_STEPS = 50


@dataclass(frozen=True)
class Calibration:
    """log odds -> centre + slope * (log odds - centre) + shift."""

    slope: float = 1.0
    centre: float = 0.0
    shift: float = 0.0

    def log_odds(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated log odds."""
        return self.centre + self.slope * (raw - self.centre) + self.shift

    def probability(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probability of the event."""
        return expit(self.log_odds(raw))


def shift_of(log_odds: np.ndarray, y: np.ndarray, w: np.ndarray | None = None) -> tuple[float, float]:
    """The shift of log odds under which as many events are expected as happened, and its variance.

    Half an event and half a silence are added, so that it is finite where all or nobody did.
    """
    w = np.ones(len(y)) if w is None else w
    target = float((w * y).sum() + 0.5) / float(w.sum() + 1) * float(w.sum())
    d = 0.0
    for _ in range(_STEPS):
        p = expit(log_odds + d)
        slope = float((w * p * (1 - p)).sum())
        step = float(np.clip((target - (w * p).sum()) / max(slope, 1e-12), -1, 1))
        d += step
        if abs(step) < 1e-10:
            break
    return d, 1 / max(slope, 1e-12)


def slope_of(log_odds: np.ndarray, y: np.ndarray) -> float:
    """The factor by which distances of log odds should grow, by likelihood with a free level; believed by half (its root).

    Source: Cox (1958), Biometrika 45, 562-565. Within 1/3 and 3; 1 where scores or outcomes are constant.
    """
    z = log_odds - log_odds.mean()
    if not 0 < y.sum() < len(y) or np.ptp(z) < 1e-9:
        return 1.0
    a, b = 0.0, 1.0
    for _ in range(_STEPS):
        p = expit(a + b * z)
        v = p * (1 - p)
        gradient = np.array([(y - p).sum(), ((y - p) * z).sum() + (1 - b)])  # a prior of variance 1 around 1
        hessian = np.array([[v.sum(), (v * z).sum()], [(v * z).sum(), (v * z * z).sum() + 1]])
        step = np.clip(np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient), -1, 1)
        a, b = a + step[0], b + step[1]
        if np.abs(step).max() < 1e-10:
            break
    return float(np.sqrt(np.clip(b, 1 / 3, 3)))


def season(cutoff: date, residuals: Mapping[date, tuple[float, float]]) -> float:
    """The shift that the same month of earlier years needed beyond its neighbours, shrunk.

    residuals: of each window the model learnt from, the shift it would have needed and its variance. Measured against the
    mean of the six months on either side, so that a trend over the years is no season. 0 without such a year, or where
    the scatter of the months is no more than chance.
    """
    found, chance, spread = [], [], []
    for years in range(1, 6):
        then = add_months(cutoff, -_YEAR * years)
        near = [add_months(then, step) for step in range(-_AROUND, _AROUND)]
        around = [residuals[month] for month in near if month in residuals]
        if then in residuals and len(around) >= _FEWEST_AROUND:
            level = np.mean([shift for shift, _ in around])
            found.append(residuals[then][0] - level)
            chance.append(residuals[then][1])
            spread.append(np.var([shift for shift, _ in around], ddof=1) - np.mean([v for _, v in around]))
    if not found:
        return 0.0
    signal, noise, n = max(float(np.mean(spread)), 0.0), float(np.mean(chance)), len(found)
    return float(np.mean(found)) * signal * n / (signal * (n + 1) + noise) if signal > 0 else 0.0


def calibration(seasonal: float, newest: tuple[np.ndarray, np.ndarray] | None = None) -> Calibration:
    """From the season and the newest completed window: its out-of-time log odds (season included) and its outcomes."""
    if newest is None or not len(newest[1]):
        return Calibration(shift=seasonal)
    log_odds, y = newest
    slope, centre = slope_of(log_odds, y), float(log_odds.mean())
    level, variance = shift_of(centre + slope * (log_odds - centre), y)
    believed = 0.5 / (1 + variance)  # one window: by half, less where it was small
    return Calibration(slope, centre, seasonal + believed * level)
