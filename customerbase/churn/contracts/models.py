"""Models of leaving within a month: the plain rate by tenure, a logit, small trees, and the mean of the two."""

from typing import Protocol

import numpy as np
import pandas as pd

from customerbase.churn.contracts.design import Design
from customerbase.threads import one_thread

SMALL_TREES = {
    "learning_rate": 0.03, "max_iter": 200, "max_leaf_nodes": 8, "min_samples_leaf": 40, "l2_regularization": 5.0,
    "max_features": 0.3, "early_stopping": False, "random_state": 0,
}  # fmt: skip
PENALTY = 0.1  # C of the logit, on columns of deviation 1
SHRINK = 20.0  # rows that the wider rate counts for in the rate of a cell
MODELS = ("life_table", "logit", "boosting", "mean")


class Model(Protocol):
    """A chance of leaving for each row of a frame."""

    def chance(self, frame: pd.DataFrame) -> np.ndarray:
        """The chance of leaving of each row."""
        ...


class Rates:
    """The plain rate at which rows of the same cell left: its columns say which rows are alike, the widest first.

    A cell of few rows leans on the one it lies in, which counts like SHRINK rows of its own.
    """

    def __init__(self, frame: pd.DataFrame, left: np.ndarray, columns: tuple[str, ...]):
        self.columns = columns
        self.everybody = float(left.mean()) if len(left) else 0.0
        self.levels: list[pd.Series] = []
        inside = pd.Series(self.everybody, index=frame.index)
        for depth in range(1, len(columns) + 1):
            keys = [frame[name] for name in columns[:depth]]
            sums = pd.DataFrame({"left": left, "inside": inside.to_numpy()}).groupby([key.to_numpy() for key in keys])
            made = sums.agg(left=("left", "sum"), n=("left", "size"), inside=("inside", "first"))
            self.levels.append((made["left"] + SHRINK * made["inside"]) / (made["n"] + SHRINK))
            inside = pd.Series(self._at(frame, depth), index=frame.index)

    def chance(self, frame: pd.DataFrame) -> np.ndarray:
        """The rate of the narrowest cell that was seen."""
        found = np.full(len(frame), self.everybody)
        for depth in range(1, len(self.columns) + 1):
            here = self._at(frame, depth)
            found = np.where(np.isnan(here), found, here)
        return found

    def _at(self, frame: pd.DataFrame, depth: int) -> np.ndarray:
        rates = self.levels[depth - 1]
        keys = [frame[name] for name in self.columns[:depth]]
        place = pd.MultiIndex.from_arrays(keys) if depth > 1 else pd.Index(keys[0])
        return rates.reindex(place).to_numpy(float)


class Logit:
    """A logit with a quadratic penalty; contributions add up to its log-odds exactly."""

    def __init__(self, frame: pd.DataFrame, left: np.ndarray, tenure: str):
        from sklearn.linear_model import LogisticRegression  # imported here: a second that only models need

        self.design = Design.of(frame, tenure)
        fitted = LogisticRegression(C=PENALTY, max_iter=2_000).fit(self.design.linear(frame), left)
        self.base, self.weights = float(fitted.intercept_[0]), fitted.coef_[0]

    def chance(self, frame: pd.DataFrame) -> np.ndarray:
        """The chance of leaving of each row."""
        return 1 / (1 + np.exp(-(self.base + self.design.linear(frame) @ self.weights)))

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One column a column of the table: what it adds to the log-odds of each row, against the mean of all rows."""
        parts = self.design.linear(frame) * self.weights
        names = list(dict.fromkeys(self.design.sources))
        sums = {name: parts[:, [one == name for one in self.design.sources]].sum(axis=1) for name in names}
        return pd.DataFrame(sums, index=frame.index)


class Boosting:
    """Small trees, one after another: see SMALL_TREES. Larger ones lose to the logit on tables of this kind."""

    def __init__(self, frame: pd.DataFrame, left: np.ndarray, tenure: str):
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.design = Design.of(frame, tenure)
        with one_thread():
            self.trees = HistGradientBoostingClassifier(**SMALL_TREES).fit(self.design.trees(frame), left)

    def chance(self, frame: pd.DataFrame) -> np.ndarray:
        """The chance of leaving of each row."""
        with one_thread():
            return self.trees.predict_proba(self.design.trees(frame))[:, 1]


class Mean:
    """The mean of two chances."""

    def __init__(self, one: Model, other: Model):
        self.both = (one, other)

    def chance(self, frame: pd.DataFrame) -> np.ndarray:
        """The mean chance of each row."""
        return np.mean([model.chance(frame) for model in self.both], axis=0)


def ladder(frame: pd.DataFrame, left: np.ndarray, tenure: str, cells: tuple[str, ...]) -> dict[str, Model]:
    """All rungs fitted to the same rows. cells: the columns by which the plain rate goes, the widest first."""
    logit, trees = Logit(frame, left, tenure), Boosting(frame, left, tenure)
    return dict(zip(MODELS, (Rates(frame, left, cells), logit, trees, Mean(logit, trees)), strict=True))
