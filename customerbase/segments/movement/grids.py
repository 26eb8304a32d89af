"""The cells of one span of months as a grid of segments then and now, and which of them may be shown."""

import numpy as np
import pandas as pd

from customerbase.disclosure import suppress, suppress_parts
from customerbase.segments.named import ABSENT_BEFORE, ABSENT_NOW, codes


def of(table: pd.DataFrame | None, months: int) -> pd.DataFrame | None:
    """The rows of one span; None without any."""
    if table is None or not len(table):
        return None
    rows = table[table["months"] == months].reset_index(drop=True)
    return rows if len(rows) else None


def grid(cells: pd.DataFrame) -> pd.DataFrame:
    """Customers by segment then (rows) and now (columns), as known today, in the order of the segments."""
    known = cells[cells["to_segment"].isin(codes()) & (cells["from_segment"] != ABSENT_NOW)]
    wide = known.pivot(index="from_segment", columns="to_segment", values="customers").fillna(0).astype("int64")
    wide = wide.reindex(index=[*codes(), ABSENT_BEFORE], columns=codes(), fill_value=0)
    return wide.loc[wide.any(axis=1), wide.any(axis=0)]


def withheld(cells: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Which cells of the grid must not be shown: small ones, and those that would give a small one away.

    cells: of one span, with the columns `also` and `known` of beside.spans where other spans are shown beside it.
    """
    counts = grid(cells)
    also, known = (_marked(cells, counts, name) for name in ("also", "known"))
    newcomers = counts.index == ABSENT_BEFORE
    known |= newcomers[:, None] & (counts.to_numpy() == 0)  # what nobody new can be in hides nothing
    mask = suppress(counts.to_numpy(), k_min, also, known)
    return pd.DataFrame(mask, index=counts.index, columns=counts.columns)


def _marked(cells: pd.DataFrame, counts: pd.DataFrame, name: str) -> np.ndarray:
    """The cells of a grid that a column of True and False marks, if there is one."""
    mask = np.zeros(counts.shape, dtype=bool)
    if name in cells:
        rows = cells[cells[name]]
        mask[counts.index.get_indexer(rows["from_segment"]), counts.columns.get_indexer(rows["to_segment"])] = True
    return mask


def small_sizes(counts: pd.DataFrame, k_min: int) -> tuple[set[str], set[str]]:
    """Segments of then and of now whose size must not be shown."""
    sides = (counts.sum(axis=1), counts.sum(axis=0))
    return tuple({*side.index[suppress_parts(side.to_numpy(), k_min)]} for side in sides)


def shown(cells: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """The cells that may be shown and have customers, stayers and newcomers too."""
    hidden = withheld(cells, k_min)
    told = [
        row.customers > 0 and row.from_segment in hidden.index and row.to_segment in hidden.columns
        and not hidden.loc[row.from_segment, row.to_segment]
        for row in cells.itertuples()
    ]  # fmt: skip
    return cells[told].reset_index(drop=True)


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
