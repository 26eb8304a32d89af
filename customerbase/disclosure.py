"""Statistical disclosure control: which cells of a published table must be withheld so that no small one is known."""

from functools import lru_cache

import numpy as np
import pandas as pd

KINDS = (np.float64, bool, bool)  # of counts, of cells withheld for another reason, of those known from elsewhere


def suppress(
    counts: np.ndarray, k_min: int, also: np.ndarray | None = None, known: np.ndarray | None = None
) -> np.ndarray:
    """Mask (True = withhold) of a table of counts whose row and column totals are, or may become, known.

    Cells of 1 .. k_min − 1 are withheld (primary). Then, while a withheld cell could be computed from the totals, or
    the withheld cells of a row or column sum to less than k_min, one more cell of that row or column is withheld too
    (complementary): rather one whose row and column hold withheld cells already, the smallest of those, the first of
    equals, never a zero while there are others; what turns out to be needless is shown again.
    also (same shape): cells that are withheld for another reason; they stay so. known: cells that are known from
    elsewhere; they hide nothing and are never chosen.
    Source: Willenborg & de Waal, Elements of Statistical Disclosure Control (2001), ch. 4.
    """
    given = [counts, *(np.zeros(counts.shape, dtype=bool) if one is None else one for one in (also, known))]
    mask = _suppressed(
        counts.shape, k_min, *(np.asarray(one, kind).tobytes() for one, kind in zip(given, KINDS, strict=True))
    )
    return np.frombuffer(mask, dtype=bool).reshape(counts.shape).copy()


@lru_cache(maxsize=512)
def _suppressed(shape: tuple[int, int], k_min: int, *given: bytes) -> bytes:
    """The mask of `suppress`, kept: sentences, pictures and tables of both languages ask for the same one."""
    counts, fixed, known = (np.frombuffer(one, kind).reshape(shape) for one, kind in zip(given, KINDS, strict=True))
    left = np.where(known, 0, counts)
    hidden = ((left > 0) & (left < k_min)) | fixed
    filled = np.ix_(left.any(axis=1), left.any(axis=0))  # a total of 0 gives its cells away: they hide nothing
    hidden[filled] = _complete(left[filled], hidden[filled], k_min, fixed[filled], ~known[filled])
    return hidden.tobytes()


def suppress_parts(counts: np.ndarray, k_min: int) -> np.ndarray:
    """Mask (True = withhold) of the parts of a total that is known.

    Parts of 1 .. k_min − 1 are withheld; then the smallest others, until two parts and at least k_min people are
    unknown, so that the total gives none of them back.
    """
    counts = np.asarray(counts)
    hidden = (counts > 0) & (counts < k_min)
    others = sorted(np.flatnonzero(counts >= k_min), key=lambda place: (counts[place], place))
    while hidden.any() and (hidden.sum() < 2 or counts[hidden].sum() < k_min) and others:
        hidden[others.pop(0)] = True
    return hidden


def pair_shown(both: int, one: int, other: int, everybody: int, k_min: int) -> bool:
    """Whether the people in both of two groups may be shown beside the sizes of the two and of everybody."""
    if both == one == other:  # a group with itself, or two of the same people: the size and the rest
        return not suppress_parts(np.array([one, everybody - one]), k_min).any()
    return not suppress(np.array([[both, one - both], [other - both, everybody - one - other + both]]), k_min)[0, 0]


def suppress_rows(counts: np.ndarray, k_min: int) -> np.ndarray:
    """Mask (True = withhold) of the rows of a table of counts, several to a row, whose column totals are known.

    A row with a count of 1 .. k_min − 1 is withheld whole; then further rows, the smallest in the column that asks for
    them, until in no column the withheld counts add up to 1 .. k_min − 1 or are a single one that is not 0.
    """
    counts = np.asarray(counts)
    hidden = ((counts > 0) & (counts < k_min)).any(axis=1)
    while not hidden.all():
        unknown = np.where(hidden[:, None], counts, 0)
        weak = ((unknown > 0).sum(axis=0) == 1) | ((unknown.sum(axis=0) > 0) & (unknown.sum(axis=0) < k_min))
        weak &= (counts[~hidden] > 0).any(axis=0)
        if not weak.any():
            break
        column = counts[:, int(np.argmax(weak))]
        hidden[min(np.flatnonzero(~hidden & (column > 0)), key=lambda row: (column[row], row))] = True
    return hidden


def shown_parts(frame: pd.DataFrame, k_min: int, column: str = "customers") -> pd.DataFrame:
    """The rows of a table of parts whose counts may be shown beside their total."""
    return frame[~suppress_parts(frame[column].to_numpy(), k_min)]


def pool(counts: np.ndarray, k_min: int, pooled: np.ndarray | None = None) -> np.ndarray:
    """Mask (True = bring together into one row) of the values of an attribute, alike for all counts shown of them.

    counts: one row a value, one column for everything that is shown beside everything else, or known from elsewhere: the
    customers of two months, those who answered and those who did not. A value with 1 .. k_min − 1 anywhere is pooled;
    then the smallest others, until the pooled hold, in every column, nobody or at least k_min people, and two values
    wherever one of them is small. So a total less what is shown gives the pooled row and nothing within it, in one month
    and between months. pooled: values that are so already. All True where nothing less is enough.
    """
    counts = np.asarray(counts)
    mask = ((counts > 0) & (counts < k_min)).any(axis=1)
    mask = mask if pooled is None else mask | pooled
    others = sorted(np.flatnonzero(~mask), key=lambda place: (counts[place].sum(), place))
    while others and not _enough(counts[mask], k_min):
        mask[others.pop(0)] = True
    return mask if _enough(counts[mask], k_min) else np.ones(len(counts), dtype=bool)


def pool_within(
    counts: np.ndarray, k_min: int, groups: np.ndarray, hidden: set, pooled: np.ndarray | None = None
) -> np.ndarray:
    """`pool` where the sum of each group of values is shown too (prefectures of a region), but for the groups `hidden`.

    groups: the group of each value. Values of hidden groups are all pooled, since the group is.
    """
    mask = np.zeros(len(counts), dtype=bool)
    for group in dict.fromkeys(groups):
        members = np.flatnonzero(groups == group)
        already = None if pooled is None else pooled[members]
        mask[members] = True if group in hidden else pool(counts[members], k_min, already)
    return mask


def _enough(counts: np.ndarray, k_min: int) -> bool:
    """Whether the pooled rows hide their small cells from the totals of all columns."""
    total, small = counts.sum(axis=0), ((counts > 0) & (counts < k_min)).any(axis=0)
    hides = ~small | ((counts > 0).sum(axis=0) >= 2)
    return bool(((total == 0) | (total >= k_min)).all() and hides.all() and (len(counts) != 1 or not total.any()))


def _complete(counts: np.ndarray, hidden: np.ndarray, k_min: int, fixed: np.ndarray, free: np.ndarray) -> np.ndarray:
    hidden = hidden.copy()
    while (line := _weak_line(counts, hidden, k_min, free)) is not None:
        cells = [cell for cell in line if not hidden[cell] and free[cell]]
        hidden[min(cells, key=lambda cell: _cost(counts, hidden, cell))] = True
    return _relent(counts, hidden, k_min, fixed, free)


def _relent(counts: np.ndarray, hidden: np.ndarray, k_min: int, fixed: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Show again what later choices made needless: whole rows and columns first, then cells, the largest first."""
    extra = hidden & ((counts == 0) | (counts >= k_min)) & ~fixed
    cells = sorted(map(tuple, np.argwhere(extra)), key=lambda cell: (-counts[cell], cell))
    lines = [np.s_[i, :] for i in range(counts.shape[0])] + [np.s_[:, j] for j in range(counts.shape[1])]
    exposed = determined(hidden)
    for place in (*lines, *cells):
        if not (hidden[place] & extra[place]).any():
            continue
        trial = hidden.copy()
        trial[place] = hidden[place] & ~extra[place]
        found = determined(trial)
        if not (found & ~exposed).any() and _weak_line(counts, trial, k_min, free) is None:
            hidden, exposed = trial, found
    return hidden


def _cost(counts: np.ndarray, hidden: np.ndarray, cell: tuple[int, int]) -> tuple:
    """Order of sacrifice: no zeros; cells whose row and column both have withheld ones already; then small ones."""
    opens_a_line = not (hidden[cell[0]].any() and hidden[:, cell[1]].any())
    return counts[cell] == 0, opens_a_line, counts[cell], cell


def _weak_line(counts: np.ndarray, hidden: np.ndarray, k_min: int, free: np.ndarray) -> list[tuple[int, int]] | None:
    """The first row or column that needs one more withheld cell and still has one to give."""
    exposed = determined(hidden)
    for axis in (1, 0):
        number, total = hidden.sum(axis=axis), np.where(hidden, counts, 0).sum(axis=axis)
        weak = (exposed.any(axis=axis) | (total < k_min)) & (number > 0) & (free & ~hidden).any(axis=axis)
        if weak.any():
            line = int(np.argmax(weak))
            return [(line, other) if axis else (other, line) for other in range(hidden.shape[axis])]
    return None


def determined(hidden: np.ndarray) -> np.ndarray:
    """Mask of the withheld cells that the totals and the shown cells give away.

    Read rows and columns as points and withheld cells as lines between them: a cell can vary without any total
    changing exactly when it lies on a closed way. Those on none (bridges) are fixed. Source: Gusfield (1988), SIAM J.
    Computing 17, 552–571.
    """
    fixed = np.zeros(hidden.shape, dtype=bool)
    rows = hidden.shape[0]
    ways = [[rows + int(j) for j in np.flatnonzero(row)] for row in hidden]
    ways += [[int(i) for i in np.flatnonzero(column)] for column in hidden.T]
    for a, b in _bridges(ways):
        fixed[min(a, b), max(a, b) - rows] = True
    return fixed


def _bridges(ways: list[list[int]]) -> list[tuple[int, int]]:
    """Lines of a graph that lie on no closed way, by one depth-first walk (Tarjan 1974)."""
    entered, lowest, found = {}, {}, []
    for root in range(len(ways)):
        stack = [(root, -1, iter(ways[root]))] if root not in entered else []
        entered.setdefault(root, len(entered))
        lowest.setdefault(root, entered[root])
        while stack:
            point, origin, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                if origin >= 0:
                    lowest[origin] = min(lowest[origin], lowest[point])
                    found += [(origin, point)] if lowest[point] > entered[origin] else []
            elif following not in entered:
                entered[following] = lowest[following] = len(entered)
                stack.append((following, point, iter(ways[following])))
            elif following != origin:
                lowest[point] = min(lowest[point], entered[following])
    return found
