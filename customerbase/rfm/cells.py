"""The map of recency by frequency: which of its cells must be withheld, as the sizes of the segments are known too."""

from collections.abc import Collection, Iterator
from itertools import chain, combinations

import pandas as pd

RANKS = range(1, 6)
MOST_LINKED = (
    12  # segments that share cells; beyond it all their cells are withheld rather than weighed against each other
)
_UNKNOWN = "*"

Cell = tuple[int, int]


def grid(cells: pd.DataFrame) -> pd.DataFrame:
    """Customers by rank of recency (rows, 5 first) and of frequency (columns, 1 first).

    cells: columns r, f, segment, customers, as sql/report_rfm.sql makes them.
    """
    counts = cells.groupby(["r", "f"])["customers"].sum().unstack(fill_value=0)
    return counts.reindex(index=RANKS[::-1], columns=RANKS, fill_value=0).astype("int64")


def withheld(cells: pd.DataFrame, k_min: int, unknown: Collection[str] = ()) -> set[Cell]:
    """Cells (r, f) of the map that must not be shown beside the sizes of the segments.

    Cells of 1 .. k_min − 1 customers, and of segments whose own size is withheld (unknown); then the smallest others,
    until no set of segments less the cells that lie within it, and no set of cells less the segments that lie within
    it, is 1 .. k_min − 1 people. A cell may hold several segments, as the third rank (monetary) tells them apart.
    """
    named = cells.assign(segment=cells["segment"].where(~cells["segment"].isin(list(unknown)), _UNKNOWN))
    named = named[named["customers"] > 0]
    sizes = named.groupby("segment")["customers"].sum().astype(int).to_dict()
    counts = named.groupby(["r", "f"])["customers"].sum().astype(int).to_dict()
    within = {segment: set(zip(rows["r"], rows["f"], strict=True)) for segment, rows in named.groupby("segment")}
    hidden = {cell for cell, count in counts.items() if count < k_min} | within.get(_UNKNOWN, set())
    for linked in _linked(within):
        cells_of = set().union(*(within[segment] for segment in linked))
        if len(linked) > MOST_LINKED or sum(sizes[segment] for segment in linked) < k_min:
            hidden |= cells_of
        while weak := _weak(linked, within, sizes, counts, hidden, k_min):
            hidden.add(min(weak, key=lambda cell: (counts[cell], cell)))
    return hidden


def _linked(within: dict[str, set[Cell]]) -> list[list[str]]:
    """Segments that share cells with each other, directly or through others."""
    groups: list[list[str]] = []
    for segment in sorted(within):
        near = [group for group in groups if any(within[segment] & within[other] for other in group)]
        groups = [group for group in groups if group not in near] + [[*chain(*near), segment]]
    return groups


def _weak(linked: list[str], within: dict, sizes: dict, counts: dict, hidden: set[Cell], k_min: int) -> set[Cell]:
    """Shown cells of which one must go: with them few people could be computed; empty when nothing gives any away."""
    if len(linked) > MOST_LINKED:
        return set()
    for some in _subsets(linked):
        people = sum(sizes[segment] for segment in some)
        touched = set().union(*(within[segment] for segment in some))
        others = set().union(*(within[segment] for segment in linked if segment not in some))
        inside = touched - others - hidden
        if inside and 0 < people - sum(counts[cell] for cell in inside) < k_min:
            return inside
        if not touched & hidden and 0 < sum(counts[cell] for cell in touched) - people < k_min:
            return touched
    return set()


def _subsets(linked: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(linked, size) for size in range(1, len(linked) + 1))


# what charts.caption prints under Japanese figures
grid.definition_ja = "最新購入日と購入頻度のランク（1〜5）の組み合わせごとの顧客数"
