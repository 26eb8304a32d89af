"""What groups of customers are worth together, with intervals: segments, cohorts, channels, everybody."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase.cltv.ahead import Expected, within
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.counts import Counts
from customerbase.cltv.estimator import DRAWS, Estimator
from customerbase.cltv.gammagamma import GammaGamma
from customerbase.cltv.outcomes import Outcomes, spend_variance_of, totals
from customerbase.cltv.season import with_values
from customerbase.cltv.spending import Spending

ALL = "all"
GONE = 0.01
TOP = np.round(np.concatenate([[0.01], np.arange(0.05, 1.0001, 0.05)]), 2)


@dataclass(frozen=True)
class Base:
    """Customers and their expectations: `place` is each customer's row of counts.

    model_error: how far the model's total was off on the hold-out, as the log of predicted over actual; 0 without one.
    """

    counts: Counts
    place: np.ndarray
    model: BuyTillYouDie
    expected: Expected
    found: Outcomes
    money: Spending
    margin: float
    model_error: float = 0.0


@dataclass(frozen=True)
class Moves:
    """How uncertain parameters move expectations: draws as distances in logs, and each row or customer at both sides.

    buying: (draws, parameters); ahead: per parameter (purchases, discounted) of the rows of counts, half a standard
    deviation below and above. money, spend: the same for the spend a purchase of each customer; empty without amounts.
    wrong: (draws, 1), how wrong the model as a whole may be: no other customers, no other parameters make it right.
    """

    wrong: np.ndarray
    buying: np.ndarray
    ahead: tuple
    money: np.ndarray
    spend: tuple


def moves(base: Base, seed: int = 0) -> Moves:
    """Both models moved by half a standard deviation in each parameter, once for all groups."""
    buying = _distances(base.model, seed)
    wrong = np.random.default_rng([seed, DRAWS]).standard_normal((DRAWS, 1)) * abs(base.model_error)

    def ahead(model: BuyTillYouDie) -> tuple[np.ndarray, np.ndarray]:
        return within(model, base.counts, base.expected.calendar)

    sides = tuple(_both_sides(base.model, buying, ahead))
    if base.money.model is None:
        return Moves(wrong, buying, sides, np.zeros((DRAWS, 0)), ())
    money = _distances(base.money.model, seed)

    def spend(model: GammaGamma) -> np.ndarray:
        return model.expected_spend(base.money.x, base.money.mean) if model.q_ > 1 else base.money.expected

    return Moves(wrong, buying, sides, money, tuple(_both_sides(base.money.model, money, spend)))


def _distances(model: Estimator, seed: int) -> np.ndarray:
    return np.log(model.draws(DRAWS, seed)) - np.log(model.values)


def _deviation(distances: np.ndarray) -> np.ndarray:
    return np.maximum(distances.std(axis=0), 1e-9)


def _both_sides(model: Estimator, distances: np.ndarray, look: Callable) -> Iterator[tuple]:
    for place, deviation in enumerate(_deviation(distances)):
        sides = []
        for side in (-0.5, 0.5):
            values = model.values.copy()
            values[place] *= np.exp(side * deviation)
            sides.append(look(with_values(model, values)))
        yield tuple(sides)


def groups(
    base: Base, labels: Mapping[str, np.ndarray], p_alive: np.ndarray | None, *, as_of: date, seed: int = 0
) -> pd.DataFrame:
    """Customers, purchases, spend and value of every group, as in expectations/cltv_groups.yaml.

    labels: dimension -> each customer's value of it (None: in no group). A model that was off on the hold-out may be off
    as much again, and parameters that are uncertain move all members together; outcomes move each by themselves. The
    interval of a sum holds all three.
    """
    labels = {ALL: np.full(len(base.place), ALL, dtype=object), **labels}
    moved = moves(base, seed)
    parts = [_dimension(base, moved, name, values, p_alive, seed) for name, values in labels.items()]
    made = pd.concat(parts, ignore_index=True)
    made.insert(2, "as_of", as_of)
    return made


def _dimension(
    base: Base, moved: Moves, name: str, values: np.ndarray, p_alive: np.ndarray | None, seed: int
) -> pd.DataFrame:
    code, names = pd.factorize(pd.Series(values, dtype=object), sort=True)
    inside = code >= 0

    def by_group(one: np.ndarray) -> np.ndarray:
        return np.bincount(code[inside], one[inside], len(names))

    customers, place, rng = by_group(np.ones(len(inside))), base.place, np.random.default_rng(seed)
    purchases, spread = by_group(base.expected.horizon[place]), by_group(base.found.variance[place])
    frame = pd.DataFrame({"dimension": name, "value": names, "customers": customers.astype("int64")})
    frame["p_alive"] = by_group(p_alive) / customers if p_alive is not None else np.nan
    frame["purchases"] = purchases
    slopes = [[_log(by_group(end[0][place])) for end in ends] for ends in moved.ahead]
    made = purchases * np.exp(moved.wrong + _shift(moved.buying, slopes))
    for column, one in zip(_ends("purchases"), totals(rng, made, spread).T, strict=True):
        frame[column] = one
    return _money(base, moved, frame, by_group, p_alive, rng)


def _ends(name: str) -> list[str]:
    return [f"{name}_{end}" for end in ("low", "mid", "high")]


MONEY = ("spend", *_ends("spend"), "cltv", *_ends("cltv"), "at_stake")


def _money(base: Base, moved: Moves, frame: pd.DataFrame, by_group: Callable, p_alive, rng) -> pd.DataFrame:
    """The columns in currency; empty where there are no amounts."""
    if base.money.model is None:
        return frame.assign(**dict.fromkeys(MONEY, np.nan))
    place, spread = base.place, spend_variance_of(base.found, base.place, base.money.spent)
    share = base.expected.ahead().share[place] * base.margin
    # spend as it is, and value: discounted, times the margin
    for name, which, ahead, each in (
        ("spend", 0, base.expected.horizon[place], 1.0),
        ("cltv", 1, base.expected.discounted[place] * base.margin, share),
    ):
        total = by_group(ahead * base.money.expected)
        worth = [[_log(by_group(end[which][place] * base.money.expected)) for end in ends] for ends in moved.ahead]
        spent = [[_log(by_group(ahead * end)) for end in ends] for ends in moved.spend]
        shift = moved.wrong + _shift(moved.buying, worth) + _shift(moved.money, spent)
        frame[name] = total
        bounds = totals(rng, total * np.exp(shift), by_group(each**2 * spread))
        for column, one in zip(_ends(name), bounds.T, strict=True):
            frame[column] = one
    # of the model of purchases itself: what another one says of being alive is no part of this value
    own, value = base.model.probability_alive(base.counts)[place], ahead * base.money.expected
    return frame.assign(at_stake=by_group(at_stake(value, own)) if p_alive is not None else np.nan)


def _shift(distances: np.ndarray, ends: list) -> np.ndarray | float:
    """Logs of group sums moved by draws of the parameters, linearly; (draws, groups)."""
    shift = 0.0
    for place, deviation in enumerate(_deviation(distances)):
        low, high = ends[place]
        shift = shift + np.multiply.outer(distances[:, place], (high - low) / deviation)
    return shift


def at_stake(value: np.ndarray, p_alive: np.ndarray) -> np.ndarray:
    """Value at stake: what a customer would be worth more, were it certain that they still are one.

    Below a chance of 1 % somebody counts as gone: what they were worth is lost, and no longer at stake.
    """
    return np.divide(value * (1 - p_alive), p_alive, out=np.zeros(len(value)), where=p_alive >= GONE)


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, 1e-300))


def concentration(value: np.ndarray) -> pd.DataFrame:
    """Share of all value that the most valuable customers hold, as in expectations/cltv_concentration.yaml.

    One row a share of customers: 1 %, 5 %, 10 % … 100 %; numbers of customers are rounded up.
    """
    ranked = np.sort(np.asarray(value, dtype=float))[::-1]
    total = ranked.sum()
    cumulative = np.concatenate([[0.0], np.cumsum(ranked)])
    customers = np.ceil(TOP * len(ranked) - 1e-9).astype("int64")
    shares = cumulative[customers] / total if total > 0 else TOP
    return pd.DataFrame({"top_share": TOP, "customers": customers, "value_share": np.minimum(shares, 1.0)})
