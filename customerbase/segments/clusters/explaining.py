"""Each group in one rule: a small decision tree that imitates the grouping, and how faithful it is."""

from dataclasses import dataclass

import numpy as np

DEPTH = 3
LEAST = 0.01  # of the customers stand in every leaf


@dataclass(frozen=True)
class Rule:
    """The conditions of a group's largest leaf: (feature, above?, bound) each, in real units.

    caught: share of the group's customers for whom they hold; right: share of those for whom they hold who are of the
    group. Both are measured on customers that the tree was not learnt from.
    """

    conditions: tuple[tuple[str, bool, float], ...]
    caught: float
    right: float

    @property
    def code(self) -> str:
        """The rule as text: purchase_days_365 > 3.5 and online_share <= 0.4."""
        return " and ".join(f"{name} {'>' if above else '<='} {bound:g}" for name, above, bound in self.conditions)


@dataclass(frozen=True)
class Explained:
    """rules: by group id, None where no leaf speaks of it; fidelity: share of customers whom the tree puts where they are."""

    rules: dict[int, Rule | None]
    fidelity: float


def explain(values: np.ndarray, names: tuple[str, ...], groups: np.ndarray, *, seed: int = 0) -> Explained:
    """A tree of depth 3 or less that tells the groups from features in real units, learnt on every other customer.

    values: shape (customers, names), what is not defined counts as the median. groups: their ids.
    """
    from sklearn.tree import DecisionTreeClassifier  # imported here: a second or two that only a fit needs

    known = np.where(np.isfinite(values), values, np.nanmedian(values, axis=0))
    learn, test = known[::2], known[1::2]
    leaf = max(5, int(LEAST * len(learn)))
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, random_state=seed).fit(learn, groups[::2])
    fidelity = float((tree.predict(test) == groups[1::2]).mean()) if len(test) else float("nan")
    leaves = _leaves(tree, names)
    ids = [int(one) for one in np.unique(groups)]
    return Explained({group: _rule(group, leaves, names, test, groups[1::2]) for group in ids}, fidelity)


def _leaves(tree, names: tuple[str, ...]) -> list[tuple[int, float, tuple]]:
    """Group, customers of it, and conditions of every leaf."""
    inner, found = tree.tree_, []
    stack = [(0, ())]
    while stack:
        node, way = stack.pop()
        if inner.children_left[node] < 0:
            weights = inner.value[node][0] * inner.n_node_samples[node]
            found.append((int(tree.classes_[weights.argmax()]), float(weights.max()), way))
            continue
        bound = float(f"{inner.threshold[node]:.3g}")
        name = names[inner.feature[node]]
        stack.append((inner.children_right[node], (*way, (name, True, bound))))
        stack.append((inner.children_left[node], (*way, (name, False, bound))))
    return found


def _rule(group: int, leaves: list, names: tuple[str, ...], values: np.ndarray, groups: np.ndarray) -> Rule | None:
    mine = [leaf for leaf in leaves if leaf[0] == group]
    if not mine or not len(values):
        return None
    conditions = _shortest(max(mine, key=lambda leaf: leaf[1])[2])
    holds = np.ones(len(values), dtype=bool)
    for name, above, bound in conditions:
        column = values[:, names.index(name)]
        holds &= column > bound if above else column <= bound
    inside = groups == group
    caught, right = (float((holds & inside).sum() / max(total.sum(), 1)) for total in (inside, holds))
    return Rule(conditions, caught, right)


def _shortest(conditions: tuple) -> tuple:
    """Of several bounds on one side of a feature the tightest, in the order of first use."""
    kept: dict[tuple[str, bool], float] = {}
    for name, above, bound in conditions:
        key = (name, above)
        kept[key] = bound if key not in kept else (max if above else min)(kept[key], bound)
    return tuple((name, above, bound) for (name, above), bound in kept.items())
