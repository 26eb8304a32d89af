"""What the customers would look like without groups: the same distribution of every measure, the same rank correlations, and no more."""

from collections.abc import Iterator

import numpy as np

ROUNDS = 3  # of bringing the rank correlations of the drawn customers to those of the real ones


def continuum(x: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Customers without groups, of the shape of x, `draws` times: a Gaussian copula with the empirical margins of x.

    Each measure keeps its values, with their spikes and tails; what goes is every pattern beyond pairwise rank
    correlation. Separation that such customers show too is no evidence of groups. After the reference distribution of
    the gap statistic (Tibshirani, Walther & Hastie 2001, J. R. Stat. Soc. B 63, 411–423), with a reference that is as
    correlated and as skewed as the data.
    """
    rng = np.random.default_rng(seed)
    target = _correlations(x)
    latent = target.copy()
    margins = np.sort(x, axis=0)
    for _ in range(ROUNDS):  # ties dilute correlations: what is drawn must show those of x, not the latent variables
        found = _correlations(_drawn(margins, latent, rng, max(len(x), 2_000)))
        latent = _possible(latent + target - found)
    for _ in range(draws):
        yield _drawn(margins, latent, rng, len(x))


def _correlations(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri  # imported here: slow to load, and whoever only shows groups needs none of it
    from scipy.stats import rankdata

    scores = np.column_stack([ndtri(rankdata(column) / (len(x) + 1)) for column in x.T])
    spread = scores.std(axis=0)
    made = np.corrcoef(np.where(spread > 0, scores, 0) + 0.0, rowvar=False) if x.shape[1] > 1 else np.ones((1, 1))
    return np.atleast_2d(made)


def _possible(matrix: np.ndarray) -> np.ndarray:
    """The nearest thing to it that is a correlation matrix: negative eigenvalues set to almost 0, ones on the diagonal."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    made = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    size = np.sqrt(np.diag(made))
    return made / size[:, None] / size[None, :]


def _drawn(margins: np.ndarray, latent: np.ndarray, rng: np.random.Generator, rows: int) -> np.ndarray:
    values, vectors = np.linalg.eigh(latent)
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = rng.standard_normal((rows, len(latent))) @ root.T
    n = len(margins)
    made = np.empty(normal.shape)
    for column in range(normal.shape[1]):
        rank = np.empty(rows)
        rank[np.argsort(normal[:, column], kind="stable")] = (np.arange(rows) + 0.5) / rows
        made[:, column] = margins[np.minimum((rank * n).astype(int), n - 1), column]
    return made
