"""Each driver against customers alike in all else known by then: share of good customers, later value, and verdict."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.disclosure import pool
from customerbase.intervals import Z, two_sided
from customerbase.matching import Alike, alike, e_value, smd
from customerbase.multiple import benjamini_hochberg
from customerbase.segments.good.early import FIRST, PERSON, STAGES, Driver, People

MORE, LESS, UNCLEAR = "more", "less", "no_clear_difference"
NOT_COMPARABLE, FEW = "not_comparable", "few"
VERDICTS = (MORE, LESS, UNCLEAR, NOT_COMPARABLE, FEW)
FALSE = 0.05  # expected share of chance among the clear ones
BALANCED = 0.1  # standardised differences above it: not alike
WORTH = 20  # customers that each weighted group must be worth
CELL = 10  # customers of a first month and channel, below which they stand with the other small ones
DRIVERS = [
    *("as_of", "driver", "stage", "customers_with", "customers_without", "good_with", "good_without", "raw"),
    *("raw_low", "raw_high", "alike_with", "alike_without", "difference", "low", "high"),
    *("value_difference", "value_low", "value_high", "e_value", "e_value_bound"),
    *("smd_before", "smd_after", "effective_with", "effective_without", "q_value", "verdict"),
]
BALANCE = ["as_of", "driver", "term", "smd_before", "smd_after"]


def table(people: People, *, as_of: date, k_min: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per driver, and the balance of each driver's comparison: one row per driver and term.

    raw: share of good customers of those with it less that of those without. difference, value_difference: the same of
    weighted groups that are alike in their first month and channel and in everything known by then but the driver's own
    group, with 95 % intervals. verdict: more or less where the q-value over all comparable drivers is below 5 %;
    not_comparable where a standardised difference stays above 0.1 or a weighted group is worth fewer than 20 customers;
    few where one of the four groups (with or without, good or not) or what the others would give away has fewer than
    k_min: its numbers are withheld.
    """
    few = withheld(people, k_min)
    rows, balance = [], []
    for place, driver in enumerate(people.drivers):
        row = {"driver": driver.code, "stage": driver.stage, "verdict": FEW}
        if not few[place]:
            found, terms = _one(people, place, k_min)
            row, balance = row | found, [*balance, *({"driver": driver.code} | term for term in terms)]
        rows.append(row)
    made = pd.DataFrame(rows, columns=[name for name in DRIVERS if name not in ("as_of", "q_value")] + ["p"])
    made["q_value"] = benjamini_hochberg(made["p"].to_numpy(dtype=float))
    clear = made["q_value"] < FALSE
    told = np.where(made["difference"].astype(float) > 0, MORE, LESS)
    made["verdict"] = np.where(clear, told, np.where(made["verdict"] == "tested", UNCLEAR, made["verdict"]))
    of_terms = pd.DataFrame(balance, columns=BALANCE[1:]).assign(as_of=as_of)[BALANCE]
    return made.assign(as_of=as_of)[DRIVERS], of_terms


def withheld(people: People, k_min: int) -> np.ndarray:
    """Which drivers have too few customers in one of their four groups, or would give such a one away.

    The values of one group (channels, ages) and what is left exclude each other, so their counts add up to the total; and
    where one driver holds only for customers of another (a cart is a visit), the two counts tell of those between.
    """
    good, mask = people.good, np.zeros(len(people.drivers), dtype=bool)
    for places in _exclusive([driver.group if driver.value else driver.code for driver in people.drivers]):
        counts = _parts(people.holds[:, places], np.column_stack([good, ~good]))
        mask[places] = pool(counts, k_min)[:-1]
    fours = [[holds & good, holds & ~good, ~holds & good, ~holds & ~good] for holds in people.holds.T]
    mask |= np.array([min(int(cell.sum()) for cell in four) < k_min for four in fours], dtype=bool)
    for inner, outer in ((a, b) for a in range(len(mask)) for b in range(len(mask)) if a != b):
        between = people.holds[:, outer] & ~people.holds[:, inner]
        inside = not (people.holds[:, inner] & ~people.holds[:, outer]).any()
        if inside and not mask[outer] and _few(int((between & good).sum()), int((between & ~good).sum()), k_min):
            mask[inner] = True
    return mask


def _few(*counts_and_k: int) -> bool:
    *counts, k_min = counts_and_k
    return any(0 < count < k_min for count in counts)


def _exclusive(groups: list[str]) -> list[list[int]]:
    """Places of the members of each group."""
    found: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        found.setdefault(group, []).append(place)
    return list(found.values())


def _parts(holds: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Customers by value (the last: none of them) and side, of values that exclude each other."""
    values = np.column_stack([holds, ~holds.any(axis=1)]).astype(int)
    return values.T @ sides.astype(int)


def _told(names: list[str], x: np.ndarray, has: np.ndarray, k_min: int) -> np.ndarray:
    """Which terms' plain difference between those with and without a driver may be told: it gives the counts away."""
    told = np.ones(len(names), dtype=bool)
    for places in _exclusive([name.partition(":")[0] for name in names]):
        if names[places[0]] != "basket":
            told[places] = ~pool(_parts(x[:, places] > 0, np.column_stack([has, ~has])), k_min)[:-1]
    return told


def _one(people: People, place: int, k_min: int) -> tuple[dict, list[dict]]:
    has, good = people.holds[:, place], people.good.astype(float)
    value = people.frame["value"].to_numpy(dtype=float)
    names, x = terms(people, people.drivers[place])
    made = alike(x, has)
    before, after = np.abs(smd(x, made.has)), np.abs(smd(x, made.has, made.weight))
    before = np.where(_told(names, x, has, k_min), before, np.nan)
    effective = made.effective()
    with_it, without = float(good[has].mean()), float(good[~has].mean())
    error = np.sqrt(good[has].var() / has.sum() + good[~has].var() / (~has).sum())
    row = {
        "customers_with": int(has.sum()),
        "customers_without": int((~has).sum()),
        "good_with": with_it,
        "good_without": without,
        "raw": with_it - without,
        "raw_low": with_it - without - Z * error,
        "raw_high": with_it - without + Z * error,
        "smd_before": float(np.nanmax(before, initial=0)),
        "smd_after": float(after.max(initial=0)),
        "effective_with": effective[0],
        "effective_without": effective[1],
    }
    balance = [
        {"term": term, "smd_before": float(one), "smd_after": round(float(two), 4)}
        for term, one, two in zip(names, before, after, strict=True)
    ]
    if row["smd_after"] >= BALANCED or min(effective) < WORTH:
        return row | {"verdict": NOT_COMPARABLE}, balance
    return row | _difference(made, good, value) | {"verdict": "tested"}, balance


def _difference(made: Alike, good: np.ndarray, value: np.ndarray) -> dict[str, float]:
    one, two = made.means(good)
    parts = made.influence(good)
    difference, error = one - two, float(np.sqrt(((parts[0] - parts[1]) ** 2).sum()))
    worth, spread = made.means(value), made.influence(value)
    worth_error = float(np.sqrt(((spread[0] - spread[1]) ** 2).sum()))
    return {
        "alike_with": one,
        "alike_without": two,
        "difference": difference,
        "low": difference - Z * error,
        "high": difference + Z * error,
        "value_difference": worth[0] - worth[1],
        "value_low": worth[0] - worth[1] - Z * worth_error,
        "value_high": worth[0] - worth[1] + Z * worth_error,
        "e_value": e_value(one / two) if two > 0 else float("nan"),
        "e_value_bound": _bound(one, two, parts),
        "p": float(two_sided(difference / error)) if error > 0 else 1.0,
    }


def _bound(one: float, two: float, parts: np.ndarray) -> float:
    """E-value of the end of the risk ratio's interval that is nearer to 1; 1 where the interval holds 1."""
    if one <= 0 or two <= 0:
        return float("nan")
    middle, half = np.log(one / two), Z * float(np.sqrt(((parts[0] / one - parts[1] / two) ** 2).sum()))
    return e_value(float(np.exp(np.sign(middle) * (abs(middle) - half)))) if abs(middle) > half else 1.0


def terms(people: People, driver: Driver) -> tuple[list[str], np.ndarray]:
    """Names and columns, shape (customers, terms), in which those with and without a driver are made alike.

    First month × first channel (small ones together; first months alone for a channel), everything known at an earlier
    stage, everything of its own stage but its group, and of first orders the logarithm of the basket too.
    """
    names, columns = _cells(people.frame, with_channel=driver.group != "channel" and driver.stage != PERSON)
    for other, holds in zip(people.drivers, people.holds.T, strict=True):
        known = STAGES.index(other.stage) <= STAGES.index(driver.stage)
        if known and other.group != driver.group:
            names.append(other.code)
            columns.append(holds.astype(float))
    if STAGES.index(driver.stage) >= STAGES.index(FIRST) and driver.group != "basket":
        basket = people.frame["basket"].fillna(0).clip(lower=0)
        names.append("basket")
        columns.append(np.log1p(basket.to_numpy(dtype=float)))
    return names, np.column_stack(columns) if columns else np.zeros((len(people), 0))


def _cells(frame: pd.DataFrame, with_channel: bool) -> tuple[list[str], list[np.ndarray]]:
    month = pd.to_datetime(frame["cohort"]).dt.strftime("%Y-%m")
    cell = month + " " + frame["channel"].astype(str) if with_channel else month
    sizes = cell.value_counts()
    large = sorted(sizes.index[sizes >= CELL])
    kept = large if (sizes < CELL).any() else large[1:]  # one of them is what all the others are not
    return [f"month:{name}" for name in kept], [(cell == name).to_numpy(dtype=float) for name in kept]
