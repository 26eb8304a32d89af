"""Matrix factorisation: ALS for implicit feedback, through the extra `rec`; takes part only where it is asked for.

Source: Hu, Koren & Volinsky (2008), Collaborative filtering for implicit feedback datasets, ICDM; fitted by implicit with the
conjugate gradients of Takács, Pilászy & Tikk (2011), RecSys.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from customerbase.errors import ConfigError
from customerbase.recommend.scores import Plain
from customerbase.recommend.window import Window
from customerbase.threads import one_thread

if TYPE_CHECKING:
    from implicit.cpu.als import AlternatingLeastSquares

FACTORS, ALPHA, ITERATIONS, REGULARISATION = 64, 5.0, 15, 0.01  # measured beside others in docs/recommendations.md
SEED = 0  # of the factors that the fit begins with
_PAIRS = 50_000  # of items whose factors are held at once


def library() -> type["AlternatingLeastSquares"]:
    """The class that fits. Raises ConfigError where the extra is not installed."""
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError as error:
        raise ConfigError(
            "als is true (parameters of recommend), but the package implicit is not installed; expected: make extras, or"
            " pip install 'customerbase[rec]', or als: false."
        ) from error
    return AlternatingLeastSquares


@dataclass(frozen=True)
class Factors(Plain):
    """Users times items, FACTORS numbers of each: a user's are those that fit the own purchases best, given the items'.

    bought: ones where a user has bought an item; fitted: of the customers that are learnt from.
    """

    bought: sparse.csr_matrix
    fitted: "AlternatingLeastSquares"

    @classmethod
    def fit(cls, window: Window) -> "Factors":
        """On ones where a customer of `window.learnt` has bought an item, in one thread."""
        als, seen = library(), window.learnt.bought.astype(np.float32)
        with one_thread():
            model = als(
                factors=FACTORS, alpha=ALPHA, iterations=ITERATIONS, regularization=REGULARISATION,
                random_state=SEED, num_threads=1,
            )  # fmt: skip
            if seen.nnz:
                model.fit(seen, show_progress=False)
                _ = model.YtY  # made here, and not by several threads at once
        return cls(window.bought.astype(np.float32), model)

    @property
    def everybody(self) -> np.ndarray:
        """Nothing."""
        return np.zeros(self.bought.shape[1])

    def compact(self, rows: np.ndarray) -> np.ndarray:
        """All there is, in single precision.

        A product of sparse and dense: its sums do not depend on how many users are in the block, as those of BLAS may.
        """
        if not self.bought.nnz:
            return np.zeros((len(rows), self.bought.shape[1]), dtype=np.float32)
        users = self.fitted.recalculate_user(rows, self.bought[rows])
        return np.asarray(sparse.csr_matrix(users) @ self._across)

    def between(self, bought: np.ndarray, item: np.ndarray) -> np.ndarray:
        """The cosine of the factors of two items."""
        made = np.empty(len(bought))
        for begin in range(0, len(bought), _PAIRS):
            part = slice(begin, begin + _PAIRS)
            made[part] = np.einsum("ij,ij->i", self._unit[bought[part]], self._unit[item[part]])
        return made

    @cached_property
    def _across(self) -> np.ndarray:
        """Factors x items."""
        return np.ascontiguousarray(self.fitted.item_factors.T)

    @cached_property
    def _unit(self) -> np.ndarray:
        """Factors of each item, of length 1."""
        length = np.sqrt((self.fitted.item_factors**2).sum(axis=1, keepdims=True))
        return self.fitted.item_factors / np.maximum(length, 1e-12)
