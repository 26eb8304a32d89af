"""The cells of one span of months as a grid of segments then and now, and which of them may be shown."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from customerbase.disclosure import suppress, suppress_parts
from customerbase.segments.named import ABSENT_BEFORE, codes

PAIR = ("from_segment", "to_segment")


def of(table: pd.DataFrame | None, months: int) -> pd.DataFrame | None:
    """The rows of one span; None without any."""
    if table is None or not len(table):
        return None
    rows = table[table["months"] == months].reset_index(drop=True)
    return rows if len(rows) else None


def grid(cells: pd.DataFrame) -> pd.DataFrame:
    """Customers by segment then (rows) and now (columns), as known today, in the order of the segments."""
    rows, columns = [*codes(), ABSENT_BEFORE], codes()
    counts = _placed(cells, rows, columns, "customers", int)
    kept = [np.flatnonzero(counts.any(axis=axis)) for axis in (1, 0)]
    index, heads = ([names[place] for place in places] for names, places in zip((rows, columns), kept, strict=True))
    index, heads = pd.Index(index, name="from_segment", dtype=str), pd.Index(heads, name="to_segment", dtype=str)
    return pd.DataFrame(counts[np.ix_(*kept)], index, heads)


def withheld(cells: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Which cells of the grid must not be shown: small ones, and those that would give a small one away.

    cells: of one span, with the columns `also` and `known` of beside.spans where other spans are shown beside it.
    """
    counts = grid(cells)
    also, known = (_placed(cells, counts.index, counts.columns, name, bool) for name in ("also", "known"))
    newcomers = counts.index == ABSENT_BEFORE
    known |= newcomers[:, None] & (counts.to_numpy() == 0)  # what nobody new can be in hides nothing
    mask = suppress(counts.to_numpy(), k_min, also, known)
    return pd.DataFrame(mask, index=counts.index, columns=counts.columns)


def _placed(cells: pd.DataFrame, rows: Iterable[str], columns: Iterable[str], name: str, kind: type) -> np.ndarray:
    """A column of the cells as an array of segments then × now; 0 or False where there is none. Loops: the cells are few."""
    down, across = ({code: place for place, code in enumerate(names)} for names in (rows, columns))
    made = np.zeros((len(down), len(across)), dtype=kind)
    if name in cells:
        for origin, target, value in zip(*(cells[one].tolist() for one in (*PAIR, name)), strict=True):
            if origin in down and target in across:
                made[down[origin], across[target]] = value
    return made


def small_sizes(counts: pd.DataFrame, k_min: int) -> tuple[set[str], set[str]]:
    """Segments of then and of now whose size must not be shown."""
    sides = (counts.sum(axis=1), counts.sum(axis=0))
    return tuple({*side.index[suppress_parts(side.to_numpy(), k_min)]} for side in sides)


def shown(cells: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """The cells that may be shown and have customers, stayers and newcomers too."""
    hidden = withheld(cells, k_min)
    told = {(hidden.index[row], hidden.columns[column]) for row, column in np.argwhere(~hidden.to_numpy())}
    origins, targets, customers = (cells[name].tolist() for name in (*PAIR, "customers"))
    kept = [n > 0 and (one, other) in told for n, one, other in zip(customers, origins, targets, strict=True)]
    return cells[kept].reset_index(drop=True)


def sum_tells(hidden: pd.DataFrame) -> bool:
    """Whether the number of all who moved, beside all sizes and the cells shown, would give a withheld cell away.

    hidden: the mask of `withheld`. A cell is given away where it is the same in every solution of these equations.
    """
    cells = [(i, j) for i, j in np.argwhere(hidden.to_numpy())]
    if not cells:
        return False
    moved = [hidden.index[i] not in (hidden.columns[j], ABSENT_BEFORE) for i, j in cells]
    sizes = [[line == cell[axis] for cell in cells] for axis in (0, 1) for line in range(hidden.shape[axis])]
    equations = np.array([*sizes, moved], dtype=float)
    free = np.eye(len(cells)) - np.linalg.pinv(equations) @ equations  # onto what no equation sees
    return bool((np.abs(np.diag(free)) < 1e-9).any())


# what charts.caption prints under Japanese figures
grid.definition_ja = "期間の初めと今月末のセグメントの組み合わせごとの顧客数（現在わかっている範囲）"
