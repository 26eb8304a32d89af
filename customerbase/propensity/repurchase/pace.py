"""Each customer's own pace: how often they bought a thing beside how often somebody of average pace would have.

Customers share the shape of the daily hazard, each with a factor of their own: the pace, gamma distributed over customers
with mean 1 (a shared frailty). Who bought n times while Λ purchases were due has the expected pace (k + n) / (k + Λ): few
purchases are shrunk to 1, many speak for themselves, long silence lowers it. k is the gamma's shape. The chance of the next
purchase while dΛ more falls due is 1 − [(k + Λ) / (k + Λ + dΛ)]^(k + n).
Who has left for good is known by silence alone: of two shops with many leavers, 2 to 17 % more purchases were expected than
came in the next 30 days; the order of the customers and the windows held.
Source: Clayton (1978), Biometrika 65, 141–151; Klein (1992), Biometrics 48, 795–806.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from customerbase.engine import Engine, sql_text
from customerbase.features import keep
from customerbase.propensity.repurchase.contact import cumulated
from customerbase.propensity.repurchase.counts import Counts, at_risk, choose
from customerbase.propensity.repurchase.hazard import smooth

ROUNDS = (
    1  # of the EM algorithm: more change the Brier score by less than 0.001, and expect more of those who have left
)
LEAST, MOST = 0.02, 1e4  # shapes: from all different to all alike
MILLION, THOUSAND = 1_000_000, 1000
TAIL = 28  # days at the end of what is known, whose mean hazard goes on beyond


@dataclass(frozen=True)
class Course:
    """Cumulated hazard by days since a purchase; beyond the known days it goes on at the mean pace of the last four weeks."""

    known: np.ndarray
    slope: float

    @classmethod
    def of(cls, hazard: np.ndarray) -> "Course":
        """From the hazard of days 1, 2, …"""
        known = cumulated(hazard)
        tail = min(TAIL, len(hazard))
        return cls(known, max(float(known[-1] - known[-1 - tail]) / tail, 1e-9))

    def due_by(self, days: np.ndarray) -> np.ndarray:
        """Cumulated hazard by any day."""
        last = len(self.known) - 1
        return np.interp(days, np.arange(last + 1), self.known) + np.maximum(days - last, 0) * self.slope

    def day_of(self, due: np.ndarray) -> np.ndarray:
        """The day by which the cumulated hazard reaches a value."""
        inside = np.interp(due, self.known, np.arange(len(self.known)))
        return inside + np.maximum(due - self.known[-1], 0) / self.slope


def paces(
    db: Engine, found: dict[str, Counts], hazards: dict[str, np.ndarray], *, as_of: date, gap: str, longest: int
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Hold clock_paces; gives of each thing the hazard of somebody of average pace, and the shape k.

    hazards: of all customers together, to start from. For the gap to the second purchase there is one gap a customer, which
    shows nobody's own pace: the hazard stays, and all are alike.
    """
    shapes = dict.fromkeys(hazards, MOST)
    _hold(db, hazards, as_of, gap)
    if gap != "any":
        return hazards, shapes
    shapes = _shapes(db, hazards)
    for _ in range(ROUNDS):
        choose(db, list(hazards), list(shapes.values()))
        rows = db.run("clock_weights", as_of=as_of, longest=longest).df()
        hazards = {thing: _reweighed(found[thing], rows[rows["thing"] == thing], longest) for thing in hazards}
        _hold(db, hazards, as_of, gap)
        shapes = _shapes(db, hazards)
    choose(db, list(hazards), list(shapes.values()))
    return hazards, shapes


def _reweighed(found: Counts, rows: pd.DataFrame, longest: int) -> np.ndarray:
    leaving = np.zeros(longest + 1)
    leaving[rows["days"].to_numpy(dtype=int)] = rows["thousandths"].to_numpy(dtype=float) / THOUSAND
    events = found.events.sum(axis=0)
    return smooth(events, np.maximum(at_risk(leaving), events), draws=1).hazard


def _hold(db: Engine, hazards: dict[str, np.ndarray], as_of: date, gap: str) -> None:
    """Hold clock_cumulated, for gaps of any length, and clock_paces on it."""
    first = db.query("select min(day) from clock_days").fetchall()[0][0]
    days = np.arange((as_of - first).days + 1 if first else 1)
    parts = [
        pd.DataFrame({"thing": thing, "days": days, "millionths": np.round(MILLION * Course.of(one).due_by(days))})
        for thing, one in hazards.items()
    ]
    frame = pd.concat(parts) if parts else pd.DataFrame({"thing": pd.Series(dtype=str), "days": [], "millionths": []})
    db.register("clock_cumulated", frame.astype({"days": "int32", "millionths": "int64"}))
    keep(db, "clock_paces", sql_text("clock_paces"), as_of=as_of, gap=gap)


def _shapes(db: Engine, hazards: dict[str, np.ndarray]) -> dict[str, float]:
    rows = db.run("clock_pace_classes").df().sort_values(["thing", "repeats", "due_class"])
    return {thing: shape_of(rows[rows["thing"] == thing]) for thing in hazards}


def shape_of(rows: pd.DataFrame) -> float:
    """The likeliest shape k from customers (a count), repeats, and due (millionths, of all customers of the row together).

    The repeats of a customer with Λ due are negative binomial: mean Λ, shape k.
    """
    people, n = rows["customers"].to_numpy(dtype=float), rows["repeats"].to_numpy(dtype=float)
    due = rows["due"].to_numpy(dtype=float) / MILLION / np.maximum(people, 1)

    def surprise(log_shape: float) -> float:
        k = np.exp(log_shape)
        return -float(people @ (gammaln(k + n) - gammaln(k) - k * np.log1p(due / k) - n * np.log(k + due)))

    return float(np.exp(minimize_scalar(surprise, bounds=(np.log(LEAST), np.log(MOST)), method="bounded").x))
