"""How long inquiries wait: quantiles and shares of times that are not over yet, with intervals, and whether two months differ.

What still waits is no short wait: it is watched until today and counts as longer than that (right-censored).
"""

from dataclasses import dataclass

import numpy as np

from customerbase.intervals import Z, two_sided
from customerbase.prediction.lifetable import LifeTable

HOUR = 3600.0


@dataclass(frozen=True)
class Waits:
    """Hours until an event of n inquiries, `waiting` of them without it yet; curve: their life table."""

    n: int
    waiting: int
    curve: LifeTable

    @classmethod
    def of(cls, seconds: np.ndarray, watched: np.ndarray) -> "Waits":
        """From seconds until the event (NaN: not yet) and seconds watched."""
        seen = np.isfinite(seconds)
        curve = LifeTable.of(np.where(seen, seconds, watched) / HOUR, seen)
        return cls(len(seen), int((~seen).sum()), curve)

    def quantile(self, share: float) -> tuple[float, float, float]:
        """Hours by which `share` have had the event, with the 95 % interval: value, low, high.

        NaN where the curve does not come so far: of high, that the data set no upper end. The interval holds the times
        whose share without the event may be 1 − share. Source: Brookmeyer & Crowley (1982), Biometrics 38, 29–41.
        """
        low, high = self.curve.survival_interval()
        left = self.curve.survival
        # at the last event the estimated variance is 0 by force: it says nothing about the end of the interval
        high = np.where(left > 0, high, 1.0)
        return tuple(_first(self.curve.time, bound <= 1 - share + 1e-12) for bound in (left, low, high))  # type: ignore[return-value]

    def within(self, hours: float) -> tuple[float, float, float]:
        """Share that has had the event within so many hours, with its 95 % interval: value, low, high."""
        place = int(np.searchsorted(self.curve.time, hours, side="right")) - 1
        if not self.n or hours > self._watched():
            return float("nan"), float("nan"), float("nan")
        if place < 0 or self.curve.survival[place] in (0.0, 1.0):
            return self._all_alike(place)
        low, high = (ends[place] for ends in self.curve.survival_interval())
        return 1 - float(self.curve.survival[place]), 1 - float(high), 1 - float(low)

    def _all_alike(self, place: int) -> tuple[float, float, float]:
        """None or all: the rule of the score interval for the n that were watched so long."""
        edge = Z * Z / (self.n + Z * Z)
        return (0.0, 0.0, edge) if place < 0 or self.curve.survival[place] == 1 else (1.0, 1 - edge, 1.0)

    def _watched(self) -> float:
        return float("inf") if not self.curve.survival[-1] else float(self.curve.time[-1])

    def at(self, hours: float) -> tuple[float, float]:
        """log(−log) of the share still waiting after so many hours, and its variance; NaN where nobody or everybody is."""
        place = int(np.searchsorted(self.curve.time, hours, side="right")) - 1
        share = self.curve.survival[place] if place >= 0 else 1.0
        if not 0 < share < 1:
            return float("nan"), float("nan")
        variance = self.curve.greenwood[: place + 1].sum()
        return float(np.log(-np.log(share))), float(variance / np.log(share) ** 2)


def same_median(one: Waits, two: Waits, both: Waits) -> float:
    """p-value of the same median of two independent groups; NaN where the median of both is not reached.

    Are as many of each left at the median of both together? Source: Brookmeyer & Crowley (1982), J. Am. Stat. Assoc. 77, 433–440.
    """
    middle = both.curve.quantile(0.5) if both.n else float("nan")
    if np.isnan(middle):
        return float("nan")
    (a, var_a), (b, var_b) = one.at(middle), two.at(middle)
    return float(two_sided((a - b) / np.sqrt(var_a + var_b))) if var_a + var_b > 0 else float("nan")


def _first(times: np.ndarray, reached: np.ndarray) -> float:
    places = np.flatnonzero(reached)
    return float(times[places[0]]) if len(places) else float("nan")
