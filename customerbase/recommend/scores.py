"""What a model gives: a score of every item, and of a plain one in two parts."""

from typing import Protocol

import numpy as np
from scipy import sparse


class Model(Protocol):
    """Scores of every item."""

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Shape (rows, items)."""
        ...


class Plain:
    """A plain model: scores in two parts. everybody: of each item, the same for all, 0 or more."""

    everybody: np.ndarray

    def compact(self, rows: np.ndarray) -> sparse.csr_matrix | np.ndarray:
        """What each user's own purchases say, shape (rows, items), in no order of items; 0 or more where it is sparse."""
        raise NotImplementedError

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Shape (rows, items)."""
        made = self.compact(rows)
        return (made if isinstance(made, np.ndarray) else made.toarray()).astype(np.float64) + self.everybody
