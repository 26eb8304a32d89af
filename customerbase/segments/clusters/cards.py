"""A card per group: the value of every feature in it beside that of everybody, how far apart they are, and who is in it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.features import features
from customerbase.segments.clusters.behaviour import BESIDE, People
from customerbase.segments.clusters.effects import cliff

MADE_FROM, TOLD = "made_from", "beside"


def cards(found: People, groups: np.ndarray, sample: int, names: Sequence[str], as_of) -> pd.DataFrame:
    """One row per group and feature: value in the group, of the base, effect with interval, rank.

    value, base: in real units, the median of money and days, the mean of counts, shares and flags. effect: Cliff's delta of members against everybody else, from the first `sample` customers (a random sample).
    rank: 1 for the largest effect in a group, among those that are at least small (|delta| 0.147); else empty.
    """
    told = [*names, *[name for name in BESIDE if name in found.names and name not in names]]
    rows = []
    for group in np.unique(groups):
        inside = groups == group
        for name in told:
            column, way = found.column(name), _statistic(name)
            effect = cliff(column[:sample][inside[:sample]], column[:sample][~inside[:sample]])
            role = MADE_FROM if name in names else TOLD
            size = (effect.delta, effect.low, effect.high, effect.size)
            rows.append((group, name, role, way, _value(column[inside], way), _value(column, way), *size))
    columns = ["group_id", "feature", "role", "statistic", "value", "base", "effect", "low", "high", "size"]
    made = pd.DataFrame(rows, columns=columns)
    made.insert(1, "as_of", as_of)
    strength = made["effect"].abs().where((made["size"] != "none") & (made["role"] == MADE_FROM))
    made["rank"] = strength.groupby(made["group_id"]).rank(ascending=False, method="first").astype("Int64")
    return made


def _statistic(name: str) -> str:
    return "mean" if features()[name].kind.name in ("count", "share", "flag") else "median"


def _value(column: np.ndarray, way: str) -> float:
    known = column[np.isfinite(column)]
    if not len(known):
        return float("nan")
    return float(known.mean() if way == "mean" else np.median(known))


def mix(db: Engine, members: pd.DataFrame, as_of) -> pd.DataFrame:
    """Customers of each group by segment, main channel and age band: group_id, as_of, dimension, value, customers, share.

    Reads the views rfm and profile; a customer without a value counts as unknown. Counts are whole: whoever shows them
    withholds small ones (mixed).
    """
    db.register("group_members", members[["customer_id", "group_id"]])
    found = db.run("group_mix").df()
    total = found.groupby(["group_id", "dimension"])["customers"].transform("sum")
    found["share"] = found["customers"] / total
    found.insert(1, "as_of", as_of)
    return found
