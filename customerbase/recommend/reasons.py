"""Why an item stands on a list, as a code of words.yaml (offers.reason) and, where there is one, the bought product behind it."""

import numpy as np

from customerbase.recommend.candidates import Source
from customerbase.recommend.models import Likeness

DUE, OFTEN, BEFORE, BECAUSE, NOW, CATEGORY, GROUP = (
    *("due_now", "bought_often", "bought_before", "because_bought", "popular_now", "popular_in_category"),
    "popular_in_group",
)
REASONS = (DUE, OFTEN, BEFORE, BECAUSE, NOW, CATEGORY, GROUP)
DUE_FROM, DUE_TO = 0.8, 1.5  # of the gap between two purchases, where the next one is due
OFTEN_DAYS = 3  # purchase days of one product from which on it is bought often


def code(reason: str) -> int:
    """The place of a reason in REASONS."""
    return REASONS.index(reason)


def of_known(source: Source, users: np.ndarray, row: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Codes of items bought before: due now, bought often, or just bought before.

    The gap is the customer's own mean between purchase days of the item from OFTEN_DAYS of them on, else the product's.
    """
    own = source.own(users, row, item)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (own["since_first"] - own["age"]) / (own["days"] - 1)
        gap = np.where(own["days"] >= OFTEN_DAYS, mean, source.window.products.gap[item])
        due = (own["age"] >= DUE_FROM * gap) & (own["age"] <= DUE_TO * gap)
    return np.select([due, own["days"] >= OFTEN_DAYS], [code(DUE), code(OFTEN)], code(BEFORE)).astype(np.int8)


def of_new(
    source: Source, users: np.ndarray, row: np.ndarray, item: np.ndarray, likeness: Likeness
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of new items, and the bought item that speaks most for each (-1: none does).

    Without one: popular in a category the customer buys from, else popular now.
    """
    bought = source.window.bought[users]
    size = np.diff(bought.indptr)[row]
    listed = np.repeat(np.arange(len(row)), size)
    begin = np.concatenate([[0], np.cumsum(size)])[:-1]
    place = np.repeat(bought.indptr[row] - begin, size) + np.arange(size.sum())
    mine = bought.indices[place]
    because = np.full(len(row), -1, dtype=np.int64)
    if len(mine):
        speaks = likeness.between(mine, item[listed])
        if source.spoken_of is not None:
            speaks = np.where(source.spoken_of[mine], speaks, 0.0)
        some = np.flatnonzero(size)
        most = np.zeros(len(row))
        most[some] = np.maximum.reduceat(speaks, begin[some])
        best = np.flatnonzero((speaks == most[listed]) & (speaks > 0))
        first = best[np.flatnonzero(np.diff(listed[best], prepend=-1))]
        because[listed[first]] = mine[first]
    known = np.nan_to_num(source.affinity(users, row, item)) > 0
    made = np.select([because >= 0, known], [code(BECAUSE), code(CATEGORY)], code(NOW))
    return made.astype(np.int8), because
