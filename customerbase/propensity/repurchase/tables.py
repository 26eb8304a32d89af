"""One thing's clock, and the tables repurchase_things and repurchase_clock, as declared in expectations/."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase.intervals import Z
from customerbase.prediction import LifeTable
from customerbase.propensity.repurchase.contact import BestDay, best_day
from customerbase.propensity.repurchase.counts import Counts
from customerbase.propensity.repurchase.hazard import Trend, smooth
from customerbase.propensity.repurchase.options import ClockOptions
from customerbase.propensity.repurchase.peak import FEW, Peak, peak

KNOWN = 30  # customers still waiting on a day: below, nothing is said of that day and later ones
SHORTEST = 14  # days that must be known before a curve is drawn
SHARES = (14, 30, 60, 90)  # days by which the share that has bought again is given
NUMBERS = ("customers", "purchases", "repeats", "known_days", "peak_day", "peak_low", "peak_high", "median_days",
           "median_low", "median_high", "best_day", "best_low", "best_high", "good_from", "good_to")  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """One thing's clock: daily counts, days known, the smoothed hazard (to the longest day), its peak, the best day."""

    counts: Counts
    known: int
    peak: Peak
    trend: Trend | None = None
    best: BestDay | None = None

    @property
    def table(self) -> LifeTable:
        """The life table of the days that are known."""
        whole = self.counts.table
        return LifeTable(whole.time[: self.known], whole.at_risk[: self.known], whole.events[: self.known])

    @property
    def z(self) -> float:
        """Width of a 95 % interval of a share, wider where one customer's gaps resemble each other."""
        return Z * float(np.sqrt(self.trend.dispersion)) if self.trend else Z


def thing_of(counts: Counts, options: ClockOptions) -> Thing:
    """The clock of one thing from its counts; few: too few repeats, or too few days known, for a curve."""
    risk = counts.at_risk.sum(axis=0)
    known = int((risk >= KNOWN).sum())
    events, at_risk = counts.events[:, :known], counts.at_risk[:, :known]
    if events.sum() < options.fewest or known < SHORTEST:
        return Thing(counts, known, Peak(FEW))
    trend = smooth(events, at_risk, seed=options.seed)
    whole = trend.extended(options.longest)
    return Thing(counts, known, peak(trend), whole, best_day(whole, options.contact))


def things_table(
    found: pd.DataFrame, clocks: dict[str, Thing], names: dict[str, str], options: ClockOptions, as_of: date
) -> pd.DataFrame:
    """The table repurchase_things: one row per thing, in the order of `found`."""
    rows = []
    for thing in found.itertuples():
        one = clocks[thing.thing]
        row = {"thing": thing.thing, "name": names.get(thing.thing), "level": options.level, "gap": options.gap}
        row |= {"as_of": as_of, "customers": thing.customers, "purchases": thing.purchases, "repeats": thing.repeats}
        rows.append(row | _shares(one) | _median(one) | _peak(one) | _contact(one))
    columns = list(rows[0]) if rows else list(EMPTY)
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(NUMBERS, "Int64"))


def days_table(clocks: dict[str, Thing], as_of: date) -> pd.DataFrame:
    """The table repurchase_clock: one row per thing and day since a purchase, as far as days are known."""
    parts = [_days(one).assign(thing=thing, as_of=as_of) for thing, one in clocks.items() if one.known]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=DAYS)


def _shares(one: Thing) -> dict:
    table = one.table
    low, high = table.survival_interval(one.z)
    row = {}
    for day in SHARES:
        known = day <= one.known
        row[f"share_{day}d"] = float(1 - table.survival[day - 1]) if known else None
        row[f"share_{day}d_low"] = float(1 - high[day - 1]) if known else None
        row[f"share_{day}d_high"] = float(1 - low[day - 1]) if known else None
    return row | {"known_days": one.known}


def _median(one: Thing) -> dict:
    """Day by which half have bought again, with the days on which the interval of that share reaches a half."""
    table = one.table
    low, high = table.survival_interval(one.z)
    reached = {"median_days": table.survival, "median_low": low, "median_high": high}
    return {name: int(np.argmax(curve <= 0.5)) + 1 if (curve <= 0.5).any() else None for name, curve in reached.items()}


def _peak(one: Thing) -> dict:
    found = one.peak
    row = {"verdict": found.verdict, "peak_day": found.day, "peak_low": found.low, "peak_high": found.high}
    at = one.trend.hazard[found.day - 1] if found.day else None
    row["peak_hazard"] = at
    row["p_value"] = None if np.isnan(found.p_value) else found.p_value
    row["dispersion"] = one.trend.dispersion if one.trend else None
    return row


def _contact(one: Thing) -> dict:
    best = one.best
    day = best.day if best else None
    row = {"best_day": day, "best_low": best.low if best else None, "best_high": best.high if best else None}
    row |= {"good_from": best.first if best else None, "good_to": best.last if best else None}
    row |= {name: getattr(best, name) if day is not None else None for name in GAINED}
    row["contacts"] = float(best.table["contacts"].iloc[day]) if day is not None else None
    return row


def _days(one: Thing) -> pd.DataFrame:
    table, known = one.table, one.known
    hazard, survival = table.hazard_interval(), table.survival_interval(one.z)
    frame = pd.DataFrame({
        "day": table.time.astype(int), "at_risk": table.at_risk.astype(int), "events": table.events.astype(int),
        "hazard": table.hazard, "hazard_low": hazard[0], "hazard_high": hazard[1],
        "share": 1 - table.survival, "share_low": 1 - survival[1], "share_high": 1 - survival[0],
    })  # fmt: skip
    blank = np.full(known, np.nan)
    low, high = one.trend.interval() if one.trend else (blank, blank)
    frame["trend"] = one.trend.hazard[:known] if one.trend else blank
    frame["trend_low"], frame["trend_high"] = low[:known], high[:known]
    for name in ("incremental", "contacts"):
        gained = one.best.table.set_index("day")[name] if one.best else pd.Series(dtype=float)
        frame[name] = gained.reindex(frame["day"]).to_numpy()
    return frame


GAINED = ("incremental", "incremental_low", "incremental_high")
DAYS = ["thing", "day", "as_of", "at_risk", "events", "hazard", "hazard_low", "hazard_high", "trend", "trend_low",
        "trend_high", "share", "share_low", "share_high", "incremental", "contacts"]  # fmt: skip
EMPTY = ["thing", "name", "level", "gap", "as_of", *NUMBERS, "verdict", "peak_hazard", "p_value", "dispersion", "contacts",
         *GAINED, *(f"share_{day}d{end}" for day in SHARES for end in ("", "_low", "_high"))]  # fmt: skip
