"""Two ways of grouping: k-means, and a mixture of normal distributions with diagonal covariances (scikit-learn).

Same rows, same seed, same groups, bit for bit, as long as fits run in one thread: whoever fits many holds
one_thread() around all of them, since each entry costs as much as a small fit.
"""

from dataclasses import dataclass

import numpy as np

KMEANS, MIXTURE = "kmeans", "mixture"
ALGORITHMS = (KMEANS, MIXTURE)
BATCH = 100_000  # customers assigned at a time
# What a variance is at least, in squared robust standard deviations: a value that many share (one purchase day, no
# discount) would otherwise become a spike of its own, of endless likelihood.
FLOOR = 0.05


@dataclass(frozen=True)
class Fitted:
    """A grouping that can be applied to anybody: centres (groups, features), and for a mixture variances and log shares."""

    algorithm: str
    centres: np.ndarray
    variances: np.ndarray | None = None
    log_shares: np.ndarray | None = None
    inertia: float = float("nan")
    bic: float = float("nan")

    @property
    def k(self) -> int:
        """Number of groups."""
        return len(self.centres)

    def scores(self, x: np.ndarray) -> np.ndarray:
        """The higher, the nearer: shape (rows of x, groups). k-means: minus squared distance; mixture: log density × share."""
        if self.variances is None:
            return -squared_distances(x, self.centres)
        made = np.empty((len(x), self.k))
        for group in range(self.k):
            variance = self.variances[group]
            apart = ((x - self.centres[group]) ** 2 / variance).sum(axis=1)
            made[:, group] = self.log_shares[group] - 0.5 * (apart + np.log(2 * np.pi * variance).sum())
        return made

    def labels(self, x: np.ndarray) -> np.ndarray:
        """The group of each row, from 0; of equals the first."""
        return np.concatenate([self.scores(x[i : i + BATCH]).argmax(axis=1) for i in range(0, max(len(x), 1), BATCH)])

    def memberships(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Of each row: group, second-nearest group, distance to both centres, and for a mixture the probability.

        Distances are Euclidean on the scale of the features. With one group there is no second: −1 and NaN.
        """
        parts = [self._batch(x[start : start + BATCH]) for start in range(0, max(len(x), 1), BATCH)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _batch(self, x: np.ndarray) -> dict[str, np.ndarray]:
        scores, rows = self.scores(x), np.arange(len(x))
        order = np.argsort(-scores, axis=1, kind="stable")
        first, second = order[:, 0], order[:, 1] if self.k > 1 else np.full(len(x), -1)
        apart = np.sqrt(squared_distances(x, self.centres))
        far = apart[rows, second] if self.k > 1 else np.full(len(x), np.nan)
        sure = np.full(len(x), np.nan)
        if self.variances is not None:
            top = scores[rows, first]
            sure = 1 / np.exp(scores - top[:, None]).sum(axis=1)
        return {"group": first, "second": second, "distance": apart[rows, first], "second_distance": far, "sure": sure}


def squared_distances(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances, shape (rows of x, centres); feature by feature, so that a row does not depend on others."""
    made = np.zeros((len(x), len(centres)))
    for column in range(x.shape[1]):
        made += (x[:, column, None] - centres[None, :, column]) ** 2
    return made


def fit(algorithm: str, x: np.ndarray, k: int, *, seed: int, starts: int, first: np.ndarray | None = None) -> Fitted:
    """Groups of the rows of x, the best of several starts; first: centres to start from (k-means alone) instead."""
    return _kmeans(x, k, seed, starts, first) if algorithm == KMEANS else _mixture(x, k, seed, starts)


def _kmeans(x: np.ndarray, k: int, seed: int, starts: int, first: np.ndarray | None) -> Fitted:
    from sklearn.cluster import KMeans  # imported here: a second or two that only a fit needs

    begin = {"init": "k-means++", "n_init": starts} if first is None else {"init": first, "n_init": 1}
    found = KMeans(k, random_state=seed, max_iter=200, tol=1e-4, **begin).fit(x)
    return Fitted(KMEANS, _ordered(found.cluster_centers_), inertia=float(found.inertia_))


def _mixture(x: np.ndarray, k: int, seed: int, starts: int) -> Fitted:
    from sklearn.mixture import GaussianMixture

    options = {"covariance_type": "diag", "reg_covar": FLOOR, "max_iter": 100, "tol": 1e-3, "init_params": "kmeans"}
    found = GaussianMixture(k, n_init=max(1, starts // 5), random_state=seed, **options).fit(x)
    order = _order(found.means_)
    return Fitted(
        MIXTURE,
        found.means_[order],
        found.covariances_[order],
        np.log(np.maximum(found.weights_[order], 1e-300)),
        bic=float(found.bic(x)),
    )


def _order(centres: np.ndarray) -> np.ndarray:
    """Groups in one order whatever the start: by their centres, column after column."""
    return np.lexsort(np.round(centres, 6).T[::-1])


def _ordered(centres: np.ndarray) -> np.ndarray:
    return centres[_order(centres)]
