"""Time until an event with censoring: the life table, the hazard of each day and the Kaplan-Meier curve, with intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customerbase.errors import InputError
from customerbase.intervals import Z, wilson


@dataclass(frozen=True)
class LifeTable:
    """Events among those at risk at each distinct time, ascending; arrays of one length.

    at_risk[i] counts those whose time is time[i] or later: an event and a censoring of one time leave together, the event
    first. Counts may be weighted, hence floats.
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray

    @classmethod
    def of(cls, time: ArrayLike, observed: ArrayLike, weight: ArrayLike | None = None) -> "LifeTable":
        """From one time each: `observed` true where the event came at that time, false where watching ended there.

        Raises InputError for a negative or undefined time.
        """
        t, seen = np.asarray(time, dtype=float), np.asarray(observed, dtype=bool)
        w = np.ones(len(t)) if weight is None else np.asarray(weight, dtype=float)
        if not np.all(t >= 0):
            raise InputError(f"a time is {t[~(t >= 0)][0]}; expected 0 or more: the days until the event or the end.")
        times, place = np.unique(t, return_inverse=True)
        leaving = np.bincount(place, w, len(times))
        return cls(times, np.cumsum(leaving[::-1])[::-1], np.bincount(place, w * seen, len(times)))

    @property
    def hazard(self) -> np.ndarray:
        """Chance of the event at each time, of those still without it."""
        return np.divide(self.events, self.at_risk, out=np.zeros(len(self.time)), where=self.at_risk > 0)

    def hazard_interval(self, z: float = Z) -> tuple[np.ndarray, np.ndarray]:
        """Wilson's interval of each hazard."""
        return wilson(self.events, self.at_risk, z)

    @property
    def survival(self) -> np.ndarray:
        """S(t), the share without the event after each time. Source: Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481."""
        return np.cumprod(1 - self.hazard)

    @property
    def greenwood(self) -> np.ndarray:
        """What each time adds to the variance of log S. Source: Greenwood (1926), Rep. Public Health Med. Subj. 33, 1-26."""
        left = self.at_risk - self.events
        return np.divide(self.events, self.at_risk * left, out=np.zeros(len(self.time)), where=left > 0)

    def survival_interval(self, z: float = Z) -> tuple[np.ndarray, np.ndarray]:
        """Interval of S(t): Greenwood's variance on the scale log(-log S), so that it stays within [0, 1].

        Where S is still 1 both bounds are 1; where it is 0, both are 0. Source: Kalbfleisch & Prentice (1980), section 1.3.
        """
        return survival_ends(self.survival, np.cumsum(self.greenwood), z)

    def at(self, times: ArrayLike) -> np.ndarray:
        """S at any times: a step function, 1 before the first event."""
        place = np.searchsorted(self.time, np.asarray(times, dtype=float), side="right")
        return np.concatenate([[1.0], self.survival])[place]

    def quantile(self, share: float) -> float:
        """First time by which at least `share` have had the event; NaN when the curve never comes that far."""
        reached = np.flatnonzero(1 - self.survival >= share - 1e-12)
        return float(self.time[reached[0]]) if len(reached) else float("nan")

    def frame(self) -> pd.DataFrame:
        """The table: time, at_risk, events, hazard and survival with their 95 % intervals."""
        hazard, survival = self.hazard_interval(), self.survival_interval()
        return pd.DataFrame(
            {
                "time": self.time, "at_risk": self.at_risk, "events": self.events,
                "hazard": self.hazard, "hazard_low": hazard[0], "hazard_high": hazard[1],
                "survival": self.survival, "survival_low": survival[0], "survival_high": survival[1],
            }
        )  # fmt: skip


def survival_ends(survival: ArrayLike, variance: ArrayLike, z: float = Z) -> tuple[np.ndarray, np.ndarray]:
    """Interval of S from the variance of log S, on the scale log(-log S); S itself where it is 0 or 1."""
    share = np.asarray(survival, dtype=float)
    inside = (share > 0) & (share < 1)
    log = np.log(np.where(inside, share, 0.5))
    width = np.exp(z * np.sqrt(variance) / -log)
    low, high = np.exp(log * width), np.exp(log / width)
    return np.where(inside, low, share), np.where(inside, high, share)
