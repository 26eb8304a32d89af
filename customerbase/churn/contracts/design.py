"""Columns of any kind as numbers for a logit and for small trees, learnt from the rows a model is trained on.

Every number a model sees belongs to one column of the table: what a logit adds for it is that column's contribution.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

STEPS = (1, 3, 6, 12, 24)  # months: those who have not been there for longer leave at rates of their own
RARE = 10  # rows of a value, below which it is one of the others
NUMERIC = 0.95  # of the filled cells of a text column read as numbers, to take it for numbers
OF_ITS_OWN = 0.9  # of the rows have a value of their own: a number that tells rows apart and says nothing
SAME = 0.99  # correlation with rate times tenure, to take a column for the running total of a rate
NO_VALUE = "(blank)"


def read(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with numbers as floats (blanks as NaN) and everything else as text; columns that only tell rows apart left out."""
    made = {}
    for name in frame:
        column = _numbers(frame[name])
        if not _tells_apart(column, frame[name]):
            made[str(name)] = column
    return pd.DataFrame(made, index=frame.index)


def _numbers(column: pd.Series) -> pd.Series:
    if is_bool_dtype(column):
        return column.astype(float)
    if is_numeric_dtype(column):
        return pd.to_numeric(column).astype("Float64").astype(float).replace([np.inf, -np.inf], np.nan)
    text = column.astype("string").str.strip()
    filled = text.notna() & (text != "")
    numbers = pd.to_numeric(text.where(filled), errors="coerce")
    if filled.any() and numbers[filled].notna().mean() >= NUMERIC:
        return numbers.astype("Float64").astype(float)
    return text.where(filled, NO_VALUE).astype(object)


def _tells_apart(column: pd.Series, given: pd.Series) -> bool:
    """An id: nearly every row has a text or a whole number of its own."""
    count = len(column)
    if count < 50 or column.nunique() < OF_ITS_OWN * count:
        return False
    if not is_numeric_dtype(column):
        return True
    whole = bool((column.dropna() == np.floor(column.dropna())).all())
    return whole and column.nunique() == count


@dataclass(frozen=True)
class Design:
    """What was learnt of the training rows: kinds of columns, values, means and scales."""

    tenure: str
    numbers: tuple[str, ...]
    middles: dict[str, float]
    blanks: tuple[str, ...]
    logs: tuple[str, ...]
    totals: tuple[tuple[str, str], ...]
    values: dict[str, tuple[str, ...]]
    sources: tuple[str, ...] = ()
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None

    @classmethod
    def of(cls, frame: pd.DataFrame, tenure: str) -> "Design":
        """Learn from rows as `read` gives them; `tenure` names the column of months since the start."""
        kept = [name for name in frame if name != tenure and frame[name].nunique(dropna=False) > 1]
        numbers = tuple(name for name in kept if is_numeric_dtype(frame[name]) and frame[name].notna().any())
        middles = {name: float(frame[name].median()) for name in numbers}
        blanks = tuple(name for name in numbers if frame[name].isna().any())
        logs = tuple(name for name in numbers if frame[name].min() >= 0 and frame[name].nunique() > 2)
        values = {}
        for name in (name for name in kept if not is_numeric_dtype(frame[name])):
            counts = frame[name].value_counts()
            values[name] = tuple(sorted(counts.index[counts >= RARE]))
        learnt = cls(tenure, numbers, middles, blanks, logs, _totals(frame, numbers, tenure), values)
        raw, sources = learnt._raw(frame)
        mean, scale = raw.mean(axis=0), raw.std(axis=0)
        return cls(*(getattr(learnt, name) for name in list(cls.__dataclass_fields__)[:7]), sources, mean, scale)

    def linear(self, frame: pd.DataFrame) -> np.ndarray:
        """One column a feature, mean 0 and deviation 1 in the training rows; 0 for what was constant there."""
        raw, _ = self._raw(frame)
        flat = self.scale < 1e-9
        return np.where(flat, 0.0, (raw - self.mean) / np.where(flat, 1.0, self.scale))

    def trees(self, frame: pd.DataFrame) -> np.ndarray:
        """Numbers as they are (blank: NaN), the rates of totals, one column a value of the others."""
        columns = [frame[self.tenure].to_numpy(float), *(frame[name].to_numpy(float) for name in self.numbers)]
        for total, rate in self.totals:
            mean = frame[total].to_numpy(float) / np.maximum(frame[self.tenure].to_numpy(float), 1.0)
            columns += [mean, frame[rate].to_numpy(float) - mean]
        return np.column_stack([*columns, *(column for _, column in self._values(frame))])

    def _raw(self, frame: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
        tenure = frame[self.tenure].to_numpy(float)
        columns = [(self.tenure, tenure), (self.tenure, np.log1p(tenure))]
        columns += [(self.tenure, (tenure <= step).astype(float)) for step in STEPS]
        filled = {name: frame[name].fillna(self.middles[name]).to_numpy(float) for name in self.numbers}
        columns += list(filled.items())
        columns += [(name, np.log1p(np.maximum(filled[name], 0.0))) for name in self.logs]
        columns += [(name, frame[name].isna().to_numpy(float)) for name in self.blanks]
        for total, rate in self.totals:
            mean = filled[total] / np.maximum(tenure, 1.0)
            columns += [(total, mean), (total, filled[rate] - mean)]
        columns += self._values(frame)
        return np.column_stack([column for _, column in columns]), tuple(name for name, _ in columns)

    def _values(self, frame: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
        return [(name, (frame[name] == one).to_numpy(float)) for name, known in self.values.items() for one in known]


def _totals(frame: pd.DataFrame, numbers: tuple[str, ...], tenure: str) -> tuple[tuple[str, str], ...]:
    """Pairs (total, rate): total is about rate times tenure, such as all charges so far and the monthly charge."""
    months, found = frame[tenure].to_numpy(float), []
    for total in numbers:
        for rate in numbers:
            both = frame[[total, rate]].notna().all(axis=1).to_numpy()
            if total == rate or both.sum() < 50:
                continue
            sums, product = frame[total].to_numpy(float)[both], (frame[rate].to_numpy(float) * months)[both]
            if min(sums.std(), product.std()) > 0 and np.corrcoef(sums, product)[0, 1] >= SAME:
                found.append((total, rate))
    return tuple(found)
