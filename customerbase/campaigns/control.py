"""The global control group (全体対照群): people no campaign may reach, so that all campaigns together can be judged."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.campaigns.estimates import UNEQUAL, Arm, difference, sample_ratio
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.holdout import bound
from customerbase.intervals import Z
from customerbase.periods import parse_month

KEY = "global"
SHARE, SINCE = "global_control", "global_control_since"
CONTROL = [
    *("quarter", "whole", "before", "n_others", "n_control", "ratio_p", "balance_p", "mean_others", "mean_control"),
    *(
        "effect",
        "low",
        "high",
        "total",
        "total_low",
        "total_high",
        "cumulated",
        "cumulated_low",
        "cumulated_high",
        "as_of",
    ),
]


def share_of(settings: Mapping[str, object]) -> float:
    """The share of all customers that no campaign may reach; 0 for none. Raises ConfigError for what is not one."""
    share = settings.get(SHARE, 0.0)
    bound(share)  # type: ignore[arg-type]
    return float(share)  # type: ignore[arg-type]


def since_of(settings: Mapping[str, object], as_of: date) -> date:
    """First day on which the group was kept free of campaigns: settings.global_control_since, else the as-of year's first."""
    given = settings.get(SINCE)
    if given is None:
        return as_of.replace(month=1, day=1)
    try:
        return given if isinstance(given, date) else parse_month(str(given))
    except Exception as error:
        raise ConfigError(f"settings.{SINCE} is {given!r}; expected a month as YYYY-MM, such as 2026-01.") from error


def control(db: Engine, settings: Mapping[str, object], *, as_of: date) -> pd.DataFrame:
    """Table global_control: revenue per customer and quarter of those campaigns may reach against those they may not.

    total: effect × customers that may be reached; cumulated: since the group was first kept, its quarters taken as
    independent of each other. before: quarters of before, where no effect can be. Balance: whether the share held out is
    the one asked for (ratio_p), and whether both sides had spent alike in the year before anything was kept (balance_p). Reads customer_orders.
    """
    share = share_of(settings)
    if not share:
        return pd.DataFrame(columns=CONTROL)
    since, until = since_of(settings, as_of), as_of + timedelta(days=1)
    first = _quarter(since)
    first = first if first == since else _next(first)
    values = {"key": KEY, "bound": bound(share), "since": date(first.year - 1, first.month, 1), "first": first}
    sums = db.run("global_control", **values).df()
    sums["quarter"] = [stamp.date() for stamp in pd.to_datetime(sums["quarter"])]
    sides = [sums[sums["held"] == held].set_index("quarter") for held in (0, 1)]
    both = sides[0].index.intersection(sides[1].index)
    others, held = (side.loc[both] for side in sides)
    table = _differences(others, held, share).assign(quarter=list(both))
    table = table.assign(before=[one < first for one in both], whole=[_next(one) <= until for one in both], as_of=as_of)
    return _cumulated(table)[CONTROL]


def _differences(others: pd.DataFrame, held: pd.DataFrame, share: float) -> pd.DataFrame:
    names = ("revenue_y", "revenue_yy", "revenue_x", "revenue_xx", "revenue_xy")
    one, two = (Arm.of(side["n"].to_numpy(), *(side[name].to_numpy() for name in names)) for side in (others, held))
    made = difference(one, two).rename(columns={"mean_treated": "mean_others"})
    zero = np.zeros(len(others))
    past = [Arm.of(arm.n, arm.x, arm.xx, zero, zero, zero) for arm in (one, two)]
    made["balance_p"] = difference(*past, adjust=False)["plain_p"]
    made["n_others"], made["n_control"] = others["n"].to_numpy(), held["n"].to_numpy()
    made["ratio_p"] = sample_ratio(made["n_others"], made["n_control"], share)
    for end, column in {"": "effect", "_low": "low", "_high": "high"}.items():
        made[f"total{end}"] = made[column] * made["n_others"]
    return made


def _cumulated(table: pd.DataFrame) -> pd.DataFrame:
    counts = ~table["before"].to_numpy(dtype=bool)
    total = np.where(counts, table["total"], 0.0).cumsum()
    half = Z * np.sqrt(np.where(counts, (table["error"] * table["n_others"]) ** 2, 0.0).cumsum())
    ends = {"cumulated": total, "cumulated_low": total - half, "cumulated_high": total + half}
    return table.assign(**{name: np.where(counts, value, np.nan) for name, value in ends.items()})


def broken(table: pd.DataFrame) -> bool:
    """Whether the group is not the one that was drawn, or was different before anything was kept from it."""
    return bool((table["ratio_p"] < UNEQUAL).any() or (table["balance_p"] < UNEQUAL).any())


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _next(quarter: date) -> date:
    return date(quarter.year + quarter.month // 10, (quarter.month + 2) % 12 + 1, 1)
