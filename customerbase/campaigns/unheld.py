"""Campaigns without a hold-out: customers alike who were not in it, or the change of both groups. Weaker evidence, with checks.

Who is chosen for a campaign differs from who is not, and what makes them differ need not stand in the data. Two checks try the
comparison where it can be caught: groups must be alike in all that was known (balance), and purchases of the time before the
year that is held alike, which no campaign of today can cause, must not differ (placebo; of changes: the change before). The
E-value tells how much something unseen would have to do.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from customerbase.campaigns.estimates import Arm, difference
from customerbase.campaigns.judge import DID, EVENTS, MATCHED, NO_CONTROL
from customerbase.campaigns.people import Contacted
from customerbase.engine import Engine
from customerbase.intervals import Z, two_sided
from customerbase.matching import Alike, alike, e_value, smd

MOST = 50_000  # customers who were not in the campaign; more say little more
WORTH, BALANCED, YEAR = 20, 0.1, 365
TERMS = ("since_last", "tenure", "orders_90", "orders_365", "revenue_365", "orders_before", "revenue_before")
UNHELD = [
    *("campaign_id", "outcome", "method", "n_treated", "n_others", "effective_treated", "effective_others"),
    *("smd_before", "smd_after", "naive", "effect", "low", "high", "placebo", "placebo_low", "placebo_high"),
    *("e_value", "e_value_bound", "as_of"),
]
CHECKED = ("customers", "orders", "revenue", "margin")


@dataclass(frozen=True)
class Estimate:
    """A difference with its 95 % interval and p-value, and the two means."""

    value: float
    error: float
    one: float
    two: float

    @property
    def low(self) -> float:
        """Lower end."""
        return self.value - Z * self.error

    @property
    def high(self) -> float:
        """Upper end."""
        return self.value + Z * self.error

    @property
    def p(self) -> float:
        """Two-sided p-value; NaN where nothing varies."""
        return float(two_sided(self.value / self.error)) if self.error > 0 else float("nan")


def unheld(db: Engine, found: Contacted, results: pd.DataFrame, k_min: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of campaign_effects, and table campaign_unheld, of the campaigns that are over and have no hold-out.

    Customers with an order before the campaign are compared: others than the campaign's, weighted to be alike in everything
    known (matched); where no such weights exist, the change from the window before (did). Reads what people.gather held.
    """
    effects, told = [], []
    asked = results.loc[results["state"] == NO_CONTROL, "campaign_id"]
    for plan in found.plans[found.plans["campaign_id"].isin(asked)].to_dict("records"):
        now = _window(db, found, plan)
        if min(now.sizes) < max(k_min, WORTH):
            continue
        for outcome in (one for one in CHECKED if one in found.told):
            row, checks = compare(now, outcome, found.days)
            shared = {"campaign_id": plan["campaign_id"], "outcome": outcome}
            month = pd.Timestamp(plan["ends_at"]).strftime("%Y-%m")
            effects.append(shared | row | {"campaign": plan["campaign"], "family": month})
            told.append(shared | row | checks)
    table = pd.DataFrame(effects)
    return table.assign(as_of=found.as_of, days=found.days), pd.DataFrame(told, columns=UNHELD[:-1]).assign(
        as_of=found.as_of
    )


@dataclass(frozen=True)
class Window:
    """Everybody of the comparison at one time: rows as campaign_alike gives them, and the weights that make them alike."""

    frame: pd.DataFrame

    @property
    def sizes(self) -> tuple[int, int]:
        """Customers of the campaign, and others."""
        treated = int(self.frame["treated"].sum())
        return treated, len(self.frame) - treated

    @cached_property
    def x(self) -> np.ndarray:
        """What is made alike: all terms and, since they are counts and amounts with long tails, their logarithms."""
        plain = self.frame[list(TERMS)].clip(lower=0).to_numpy(dtype=float)
        return np.hstack([np.log1p(plain), np.minimum(plain, np.quantile(plain, 0.99, axis=0))])

    @cached_property
    def weighed(self) -> Alike:
        """Overlap weights."""
        return alike(self.x, self.frame["treated"].to_numpy())

    def values(self, outcome: str, end: str = "") -> np.ndarray:
        """An outcome of each, in the window or (…_before, …_earlier, …_old) in one before it."""
        if outcome == "customers":
            return (self.frame[f"orders{end}"] > 0).to_numpy(dtype=float)
        return self.frame[f"{outcome}{end}"].to_numpy(dtype=float)

    def old(self, days: int) -> "Window":
        """Those who were customers already before the window that lies before the last year."""
        kept = self.frame[self.frame["tenure"] >= YEAR + days]
        return Window(kept.reset_index(drop=True))

    def weighted(self, outcome: str, end: str = "") -> Estimate:
        """Difference of the weighted means; NaN where one side has too few."""
        if min(self.sizes) < WORTH:
            return Estimate(*[float("nan")] * 4)
        y = self.values(outcome, end)
        one, two = self.weighed.means(y)
        parts = self.weighed.influence(y)
        return Estimate(one - two, float(np.sqrt(((parts[0] - parts[1]) ** 2).sum())), one, two)

    def changed(self, outcome: str, late: str, early: str) -> Estimate:
        """Change of the campaign's customers less change of the others, person by person."""
        change, has = self.values(outcome, late) - self.values(outcome, early), self.frame["treated"].to_numpy() == 1
        one, two = float(change[has].mean()), float(change[~has].mean())
        error = np.sqrt(change[has].var(ddof=1) / has.sum() + change[~has].var(ddof=1) / (~has).sum())
        return Estimate(one - two, float(error), one, two)


def _window(db: Engine, found: Contacted, plan: dict) -> Window:
    """Everybody of the comparison."""
    values = {
        "start": pd.Timestamp(plan["first_at"]).to_pydatetime(),
        "days": found.days,
        "campaign": int(plan["campaign"]),
    }
    return Window(db.run("campaign_alike", **values, most=MOST, cost_share=found.cost_share or 0.0).df())


def compare(now: Window, outcome: str, days: int) -> tuple[dict, dict]:
    """Effect of one outcome with method and reason, and its checks.

    The p-value is the greater of two: of the effect, and of the effect less what the placebo found, so that a difference that
    was there before counts for nothing.
    """
    has = now.frame["treated"].to_numpy()
    before, after = (np.abs(smd(now.x, has, weight)).max(initial=0.0) for weight in (None, now.weighed.weight))
    effective = now.weighed.effective()
    enough = min(effective) >= WORTH and after < BALANCED
    if enough:
        made, placebo = now.weighted(outcome), now.old(days).weighted(outcome, "_old")
    else:
        made, placebo = now.changed(outcome, "", "_before"), now.changed(outcome, "_before", "_earlier")
    y = now.values(outcome)
    row = {"method": MATCHED if enough else DID, "n_treated": int(has.sum()), "n_control": int((has == 0).sum())}
    row |= {
        "mean_treated": made.one,
        "mean_control": made.two,
        "effect": made.value,
        "low": made.low,
        "high": made.high,
    }
    plain = difference(Arm.of_values(y[has == 1]), Arm.of_values(y[has == 0]), adjust=False).iloc[0]
    row |= {"plain": plain["plain"], "plain_low": plain["plain_low"], "plain_high": plain["plain_high"]}
    less = Estimate(made.value - placebo.value, float(np.hypot(made.error, placebo.error)), 0.0, 0.0)
    row |= {"p_value": max(made.p, less.p), "reduction": None, "reason": _reason(now, made, placebo)}
    checks = {
        "n_others": row["n_control"],
        "naive": plain["plain"],
        "smd_before": float(before),
        "smd_after": float(after),
    }
    checks |= {"placebo": placebo.value, "placebo_low": placebo.low, "placebo_high": placebo.high}
    checks |= dict(zip(("effective_treated", "effective_others"), effective, strict=True))
    return row, checks | (_unseen(made) if outcome == "customers" and enough else {})


def _reason(now: Window, made: Estimate, placebo: Estimate) -> str:
    doers = now.frame.assign(did=now.frame["orders"] > 0).groupby("treated")["did"].sum()
    if doers.min() < EVENTS:
        return "few_events"
    if not made.error > 0:
        return "no_variation"
    return "" if placebo.low <= 0 <= placebo.high else "placebo"  # what cannot be tried has not passed either


def _unseen(made: Estimate) -> dict[str, float]:
    """E-values of the risk ratio and of its interval's nearer end."""
    if made.one <= 0 or made.two <= 0:
        return {}
    edge = made.low if made.value > 0 else made.high
    nearer = (made.two + edge) / made.two if made.two + edge > 0 else float("nan")
    holds = made.low <= 0 <= made.high
    return {"e_value": e_value(made.one / made.two), "e_value_bound": 1.0 if holds else e_value(nearer)}
