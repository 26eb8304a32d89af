"""How good lists are: recall, NDCG and hits at ten per customer; coverage, novelty and popularity of all lists together.

Sources: Järvelin & Kekäläinen (2002), ACM TOIS 20, 422-446 (NDCG); Vargas & Castells (2011), RecSys (novelty as
self-information).
"""

import numpy as np
from scipy import sparse

AT = 10  # places of a list
POPULAR = 0.1  # the items with the most buyers that are called popular, as a share of all


def top(scores: np.ndarray, k: int = AT) -> np.ndarray:
    """The k best columns of each row, best first; equal scores in the order of columns; -1 where a score is -inf."""
    rows, columns = scores.shape
    made = np.full((rows, k), -1, dtype=np.int64)
    if not rows or not columns:
        return made
    kept = min(k, columns)
    cut = -np.partition(-scores, kept - 1, axis=1)[:, kept - 1]
    row, column = np.nonzero((scores >= cut[:, None]) & (scores > -np.inf))
    order = np.lexsort((column, -scores[row, column], row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    inside = place < k
    made[row[inside], place[inside]] = column[inside]
    return made


def distinct(keys: np.ndarray) -> np.ndarray:
    """Each of the numbers once, ascending (of millions of whole numbers several times faster than numpy's unique)."""
    made = np.sort(keys)
    return made[np.concatenate([[True], made[1:] != made[:-1]])] if len(made) else made


def best_of(row: np.ndarray, item: np.ndarray, key: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the `most` highest of each row, in order, and their ranks from 1; ties in the order of items.

    row: ascending.
    """
    near = np.flatnonzero(_in_reach(row, key, most))
    order = near[np.lexsort((item[near], -key[near], row[near]))]
    rank = np.arange(len(order)) - np.repeat(*_runs(row[order])) + 1
    kept = rank <= most
    return order[kept], rank[kept]


def _runs(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each run of equal numbers begins, and how long it is."""
    begins = np.flatnonzero(np.diff(row, prepend=-1)) if len(row) else np.empty(0, dtype=np.int64)
    return begins, np.diff(begins, append=len(row))


def _in_reach(row: np.ndarray, key: np.ndarray, most: int) -> np.ndarray:
    """Whether a place is not below the `most` highest of its row: of long rows sorting all would take the longest."""
    kept = np.ones(len(row), dtype=bool)
    for begin, length in zip(*_runs(row), strict=True):
        if length > 2 * most:
            mine = key[begin : begin + length]
            kept[begin : begin + length] = mine >= np.partition(mine, length - most)[length - most]
    return kept


def per_customer(lists: np.ndarray, truth: sparse.csr_matrix) -> dict[str, np.ndarray]:
    """Recall (of the whole truth), NDCG and hit of each row's list; NaN where the truth is empty.

    lists: columns of truth in order of rank, -1: no item; truth: ones where a row bought. NDCG: gains of 1 discounted by
    log2(rank + 1), over what the best list of this length would gain.
    """
    k = lists.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([[0.0], np.cumsum(discount)])
    rows = np.repeat(np.arange(len(lists)), k).reshape(lists.shape)
    hit = np.zeros(lists.shape)
    if truth.shape[1]:
        found = np.asarray(truth[rows.ravel(), np.maximum(lists, 0).ravel()]).reshape(lists.shape)
        hit = (found > 0) & (lists >= 0)
    n = np.diff(truth.indptr).astype(np.float64)
    n = np.where(n > 0, n, np.nan)
    ideal = best[np.minimum(np.nan_to_num(n), k).astype(int)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "recall": hit.sum(axis=1) / n,
            "ndcg": np.where(np.isnan(n), np.nan, (hit * discount).sum(axis=1) / ideal),
            "hit": np.where(np.isnan(n), np.nan, hit.any(axis=1)),
        }


def of_all(lists: np.ndarray, buyers: np.ndarray, customers: int) -> dict[str, float]:
    """Coverage, novelty and popular share of all lists together; NaN without a listed item.

    coverage: items that stand in some list, over all items; novelty: mean of -log2(buyers / customers), an item nobody
    bought counting as bought by one; popular_share: places taken by the tenth of items with the most buyers.
    """
    listed = lists[lists >= 0]
    if not len(listed):
        return dict.fromkeys(("coverage", "novelty", "popular_share"), float("nan"))
    share = np.maximum(buyers, 1) / max(customers, 1)
    order = np.lexsort((np.arange(len(buyers)), -buyers))
    popular = np.zeros(len(buyers), dtype=bool)
    popular[order[: max(round(POPULAR * len(buyers)), 1)]] = True
    return {
        "coverage": len(np.unique(listed)) / len(buyers),
        "novelty": float(-np.log2(share[listed]).mean()),
        "popular_share": float(popular[listed].mean()),
    }
