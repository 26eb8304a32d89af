"""Looking before the window is over: bounds that keep the chance of a false alarm below the level over all looks together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from customerbase.campaigns.judge import EVENTS, compared, primary
from customerbase.campaigns.people import Contacted, sums_of
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.intervals import Z

LEVEL, EVERY, RECENTLY = 0.05, 7, 31
GRID, TAIL = 400, 8.0
LOOKS = [
    *("campaign_id", "days", "outcome", "information", "n_treated", "n_control", "effect", "low", "high"),
    *("bound", "clear", "final", "as_of"),
]


def spent(information: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """The false alarms allowed by a share of the information, as O'Brien & Fleming would, half of them on either side: 4 − 4Φ(z / √t).

    z: the deviate of a quarter of the level. Source: Lan & DeMets (1983), Biometrika 70, 659–663.
    """
    from scipy.special import ndtr, ndtri

    t = np.asarray(information, dtype=float)
    return np.where(t > 0, 4 * ndtr(ndtri(level / 4) / np.sqrt(np.where(t > 0, t, 1.0))), 0.0)


def bounds(information: Sequence[float], level: float = LEVEL) -> np.ndarray:
    """Bound on |z| at each look, so that under no effect the looks together cross theirs with probability `level` at most.

    information: share of the whole at each look, rising, the last 1 or below. Exact for independent increments, by
    integrating the density of what has not crossed yet; where outcomes of one person hang together over time, looks are more
    alike than that and false alarms rarer. Source: Armitage, McPherson & Rowe (1969), J. R. Stat. Soc. A 132, 235–244.
    """
    times = np.asarray(information, dtype=float)
    if len(times) and (times[0] <= 0 or (np.diff(times) <= 0).any() or times[-1] > 1):
        raise InputError(f"information is {list(information)}; expected rising shares above 0, at most 1.")
    steps = np.diff(spent(times, level), prepend=0.0)
    found, place, density = [], np.zeros(1), np.ones(1)
    for number, step in enumerate(steps):
        width = np.sqrt(times[number] - (times[number - 1] if number else 0.0))
        bound = _bound(place, density, width, step, TAIL * np.sqrt(times[number]))
        found.append(bound / np.sqrt(times[number]))
        grid = np.linspace(-bound, bound, GRID + 1)
        density = _spread(grid, place, density, width) * _weights(grid)
        place = grid
    return np.array(found)


def _bound(place: np.ndarray, density: np.ndarray, width: float, step: float, top: float) -> float:
    """Where the chance to land outside ±bound, coming from `place`, is `step`."""
    from scipy.special import ndtr

    low, high = 0.0, top
    for _ in range(40):
        middle = (low + high) / 2
        outside = density @ (ndtr((place - middle) / width) + ndtr((-middle - place) / width))
        low, high = (middle, high) if outside > step else (low, middle)
    return (low + high) / 2


def _spread(grid: np.ndarray, place: np.ndarray, density: np.ndarray, width: float) -> np.ndarray:
    z = (grid[:, None] - place[None, :]) / width
    return (np.exp(-z * z / 2) @ density) / (width * np.sqrt(2 * np.pi))


def _weights(grid: np.ndarray) -> np.ndarray:
    """Simpson's weights of an odd number of equally spaced points."""
    weights = np.ones(len(grid))
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    return weights * (grid[1] - grid[0]) / 3


def looks(db: Engine, found: Contacted, *, usual: str = "orders", every: int = EVERY, k_min: int = 10) -> pd.DataFrame:
    """Table campaign_looks: the campaigns that run or ended within the month, every few days of their window until as_of.

    One row per campaign and look: effect on the campaign's own outcome within `days` of the planned contact, the interval
    that may be looked at every time, its bound on |z|, and whether it leaves 0 out (clear). Reads what `people.gather` held.
    """
    newest = found.plans[found.plans["ends_at"] > pd.Timestamp(found.until) - pd.Timedelta(days=RECENTLY)]
    newest = newest[newest[["treated", "control"]].min(axis=1) >= k_min]
    made = []
    for days in [*range(every, found.days, every), found.days]:
        over = newest[pd.to_datetime(newest["last_at"]) + pd.Timedelta(days=days) <= pd.Timestamp(found.until)]
        if len(over):
            made.append(_look(db, found, over, days, usual))
    table = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=LOOKS)
    information = [*range(every, found.days, every), found.days]
    bound = dict(
        zip(information, bounds([day / found.days for day in information]) if len(table) else [], strict=False)
    )
    table["bound"] = table["days"].map(bound).astype(float)
    half = table["bound"] * table["error"].astype(float) if len(table) else table["bound"]
    table["low"], table["high"] = table["effect"] - half, table["effect"] + half
    table["clear"] = ((table["low"] > 0) | (table["high"] < 0)).astype(bool)
    table = table.assign(as_of=found.as_of, information=table["days"] / found.days, final=table["days"] == found.days)
    return table.sort_values(["campaign_id", "days"]).reset_index(drop=True)[LOOKS]


def _look(db: Engine, found: Contacted, over: pd.DataFrame, days: int, usual: str) -> pd.DataFrame:
    sums, made = sums_of(db, over["campaign"], days=days, before=found.before), []
    outcomes = {plan["campaign"]: primary(plan["kpi"], usual, found.told) for plan in over.to_dict("records")}
    for outcome in dict.fromkeys(outcomes.values()):
        rows = compared(sums, outcome, ["campaign"])
        mine = [one for one, own in outcomes.items() if own == outcome]
        made.append(rows[rows["campaign"].isin(mine)])
    table = pd.concat(made, ignore_index=True).merge(over[["campaign", "campaign_id"]], on="campaign")
    table.loc[table["events"] < EVENTS, "error"] = np.nan  # no interval rests on so few
    return table.assign(days=days)


def false_alarms(information: Sequence[float], *, draws: int = 20_000, seed: int = 0) -> tuple[float, float]:
    """Share of campaigns without an effect that cross at some look: with the fixed bound 1.96, and with these bounds."""
    random = np.random.default_rng(seed)
    times = np.asarray(information, dtype=float)
    steps = random.standard_normal((draws, len(times))) * np.sqrt(np.diff(times, prepend=0.0))
    z = np.abs(np.cumsum(steps, axis=1) / np.sqrt(times))
    return float((z > Z).any(axis=1).mean()), float((z > bounds(times)).any(axis=1).mean())
