"""NPS, CSAT and CES of answers with their intervals: weighted, of people who may have answered more than once."""

import numpy as np
import pandas as pd

from customerbase.features.scales import OF_ROLE, limits, scored
from customerbase.intervals import balance, bounded_mean, effective

ESTIMATE = ["value", "low", "high", "n", "people", "effective_n", "share_top", "share_bottom"]


def estimate(
    y: np.ndarray, measure: str, scale: str, customer: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, float | int]:
    """A measure of what answers add to it (scales.scored) with its 95 % interval, which has a width at any n.

    customer: who gave each answer; weight: of each (default 1). n: answers; people; effective_n: independent answers of
    equal weight that would tell as much. share_top, share_bottom: promoters and detractors (nps), else NaN. Intervals: the
    score interval of a balance (nps), of a mean within the scale (others). No answers give NaN.
    """
    table = estimates(y, measure, scale, np.zeros(len(y), dtype=int), 1, customer, weight)
    return {name: table[name][0] for name in ESTIMATE}


def estimates(
    y: np.ndarray,
    measure: str,
    scale: str,
    group: np.ndarray,
    groups: int,
    customer: np.ndarray,
    weight: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """`estimate` of each of so many groups (numbers from 0): ESTIMATE -> one value a group."""
    y, w = np.asarray(y, dtype=float), np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    n, total = np.bincount(group, minlength=groups), np.bincount(group, w, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.bincount(group, w * y, groups) / total
        off = w * (y - value[group]) if len(y) else y
        spread = np.bincount(group, w * (y - value[group]) ** 2, groups) if len(y) else np.zeros(groups)
        codes, people = _people(group, groups, customer)
        of = codes // max(people, 1)
        where, inverse = np.unique(codes, return_inverse=True)
        home = where // max(people, 1)
        residuals, squares = (
            np.bincount(home, np.bincount(inverse, part, len(where)) ** 2, groups) for part in (off, w)
        )
        heads = np.bincount(home, minlength=groups)
        counted = np.where(n > 0, effective(total, spread, residuals, squares, n), np.nan)
        shares = [np.bincount(of, w * (y == end), groups) / total for end in (100.0, -100.0)]
        low, high = _ends(measure, scale, value, spread / total, counted, shares)
    if measure != "nps":
        shares = [np.full(groups, np.nan)] * 2
    found = (value, low, high, n, heads, counted, *shares)
    return dict(zip(ESTIMATE, found, strict=True))


def _people(group: np.ndarray, groups: int, customer: np.ndarray) -> tuple[np.ndarray, int]:
    """One number for each person in each group, and how many people there are."""
    who, names = pd.factorize(np.asarray(customer, dtype=object))
    return np.asarray(group, dtype=np.int64) * max(len(names), 1) + who, len(names)


def _ends(measure: str, scale: str, value, variance, n, shares) -> tuple[np.ndarray, np.ndarray]:
    if measure == "nps":
        low, high = balance(shares[0] * n, shares[1] * n, n)
        return 100 * low, 100 * high
    bottom, top = limits(measure, scale)
    width = top - bottom
    low, high = bounded_mean((value - bottom) / width, variance / width**2, n)
    return bottom + width * low, bottom + width * high


def series(answers: pd.DataFrame) -> list[tuple[str, str]]:
    """Measures and scales that the answers give, in a fixed order: those of different scales are never mixed."""
    pairs = sorted(
        set(zip(answers["role"], answers["scale"], strict=True)), key=lambda pair: (*_order(pair[0]), pair[1])
    )
    return [(measure, scale) for role, scale in pairs for measure in OF_ROLE.get(role, ())]


def _order(role: str) -> tuple[int, str]:
    return list(OF_ROLE).index(role) if role in OF_ROLE else len(OF_ROLE), role


def of(answers: pd.DataFrame, measure: str, scale: str) -> pd.DataFrame:
    """The answers that a measure rests on, with what each adds to it as the column y."""
    role = next(role for role, measures in OF_ROLE.items() if measure in measures)
    chosen = answers[(answers["role"] == role) & (answers["scale"] == scale)]
    return chosen.assign(y=scored(chosen["answer"].to_numpy(), measure, scale))
