"""Boosted trees of at most eight leaves, scored without the library: each leaf is a bit, each split strikes some out.

Splits are taken by column, on whole blocks of rows: the thresholds of a column are compared once for all trees, and no
class of a value is looked up. Sums run in the order of the library, so that the scores are the same to the last bit.
Source: Lucchese et al. (2015), SIGIR, "QuickScorer".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

LEAVES = 8
_ROWS = 16_384  # of a block: its bits and one column stay in the cache


@dataclass(frozen=True)
class Split:
    """One question of the forest: is the value at most `edge`, or missing where that goes left too?

    struck: (tree, bits of the leaves that remain when the answer is no), one of each split that asks it.
    """

    column: int
    edge: float
    missing_left: bool
    struck: tuple[tuple[int, np.uint8], ...]


@dataclass(frozen=True)
class Forest:
    """Trees as splits in the order of their columns; leaves: of each tree, the value by the bits that remain."""

    splits: tuple[Split, ...]
    leaves: np.ndarray
    start: float

    @classmethod
    def of(
        cls, trees: "HistGradientBoostingClassifier", columns: np.ndarray, edges: tuple[np.ndarray, ...]
    ) -> "Forest":
        """The fitted trees, whose features are classes of the `columns` of a matrix with the upper ends `edges`."""
        asked: dict[tuple[int, float, bool], list[tuple[int, np.uint8]]] = {}
        leaves = np.zeros((len(trees._predictors), 256))
        for tree, (predictor,) in enumerate(trees._predictors):
            values: list[float] = []
            for node, left in _in_order(predictor.nodes, values):
                place = int(node["feature_idx"])
                ends = np.append(edges[place], np.inf)
                edge = float(ends[int(min(node["num_threshold"], len(ends) - 1))])
                question = int(columns[place]), edge, bool(node["missing_go_to_left"])
                asked.setdefault(question, []).append((tree, np.uint8(255 - left)))
            lowest = [(bits & -bits).bit_length() - 1 for bits in range(256)]
            leaves[tree] = np.array([*values, *[0.0] * (LEAVES - len(values)), 0.0])[lowest]
        splits = tuple(Split(*question, tuple(struck)) for question, struck in sorted(asked.items()))
        return cls(splits, leaves, float(np.ravel(trees._baseline_prediction)[0]))

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """The sum of the leaves that each row of x falls into."""
        made = np.empty(len(x))
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            made[rows] = self._block(x[rows])
        return made

    def _block(self, x: np.ndarray) -> np.ndarray:
        bits = np.full((len(self.leaves), len(x)), 255, dtype=np.uint8)
        column, values, missing = -1, np.empty(0), np.empty(0, dtype=bool)
        for split in self.splits:
            if split.column != column:
                column = split.column
                values = np.ascontiguousarray(x[:, column])
                missing = np.isnan(values)
            left = values <= split.edge
            if split.missing_left:
                left |= missing
            spared = np.negative(left.view(np.uint8))  # all bits where the answer is yes
            for tree, kept in split.struck:
                bits[tree] &= spared | kept
        total = np.full(len(x), self.start)
        for leaves, remaining in zip(self.leaves, bits, strict=True):
            total += leaves[remaining]
        return total


def _in_order(nodes: np.ndarray, values: list[float], place: int = 0) -> Iterator[tuple[np.void, int]]:
    """Each split with the bits of the leaves to its left; the leaves' values are appended from left to right."""
    node = nodes[place]
    if node["is_leaf"]:
        values.append(float(node["value"]))
        return
    first = len(values)
    yield from _in_order(nodes, values, int(node["left"]))
    left = (1 << len(values)) - (1 << first)
    yield from _in_order(nodes, values, int(node["right"]))
    yield node, left
