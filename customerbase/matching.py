"""Two groups made alike by weights: what differs then between them, how surely, and how alike they are.

Overlap weights: who has the driver counts 1 − e, who has not counts e, where e is the chance of having it given all else
that was known by then. With a logistic model of e fitted by maximum likelihood the weighted means of everything in the model
are equal in both groups, and customers who surely have it or surely not count little.
Source: Li, Morgan & Zaslavsky (2018), J. Am. Stat. Assoc. 113, 390–400.
"""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

STEPS, TOLERANCE = 50, 1e-9
RIDGE = 1e-3  # against columns that decide the driver; so small that balance stays exact to four digits


@dataclass(frozen=True)
class Alike:
    """Overlap weights of one driver: the model's columns, the chances, and their information.

    x: intercept and standardised columns, shape (customers, columns); has: 0 or 1; chance: of having it.
    """

    x: np.ndarray
    has: np.ndarray
    chance: np.ndarray
    information: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Overlap weight of each customer."""
        return np.where(self.has == 1, 1 - self.chance, self.chance)

    def effective(self) -> tuple[float, float]:
        """Customers with and without it that the weighted groups are worth (Kish): (Σw)² / Σw²."""
        found = []
        for side in (1, 0):
            w = self.weight[self.has == side]
            found.append(float(w.sum() ** 2 / (w**2).sum()) if w.any() else 0.0)
        return found[0], found[1]

    def means(self, y: np.ndarray) -> tuple[float, float]:
        """Weighted mean of y of those with it, and of those without."""
        w = self.weight
        one, two = (float(w[self.has == side] @ y[self.has == side] / w[self.has == side].sum()) for side in (1, 0))
        return one, two

    def influence(self, y: np.ndarray) -> np.ndarray:
        """What each customer adds to the two weighted means, shape (2, customers): their covariance is its Gram matrix.

        Chances are estimated, and that is counted in (M-estimation). Source: Li, Thomas & Li (2019), Am. J. Epidemiol. 188, 250–257.
        """
        e, total = self.chance, float((self.chance * (1 - self.chance)).sum())
        made = []
        for side, mean in zip((1, 0), self.means(y), strict=True):
            mine = (self.has == side) * (y - mean)
            slope = -1 if side else 1  # of the weight in the log odds, times e(1 − e)
            turn = (slope * mine * e * (1 - e)) @ self.x / total
            made.append(mine * self.weight / total + self.x @ np.linalg.solve(self.information, turn) * (self.has - e))
        return np.array(made)


def alike(x: np.ndarray, has: np.ndarray) -> Alike:
    """Weights that make those with (has = 1) and without it alike in the columns of x, shape (customers, columns)."""
    from scipy.special import expit  # slow to load, and whoever only shows drivers needs none of it

    with threadpool_limits(1, user_api="blas"):
        spread = x.std(axis=0)
        z = (x[:, spread > 1e-12] - x[:, spread > 1e-12].mean(axis=0)) / spread[spread > 1e-12]
        z = np.column_stack([np.ones(len(z)), z])
        has = has.astype(float)
        ridge = np.full(z.shape[1], RIDGE)
        ridge[0] = 0.0
        b = np.zeros(z.shape[1])
        b[0] = np.log(has.mean() / (1 - has.mean()))
        for _ in range(STEPS):
            e = expit(z @ b)
            information = (z * (e * (1 - e))[:, None]).T @ z + np.diag(ridge) + 1e-10 * np.eye(len(b))
            step = np.linalg.solve(information, z.T @ (has - e) - ridge * b)
            step *= min(1.0, 4.0 / max(np.abs(step).max(), 1e-300))
            b = b + step
            if np.abs(step).max() < TOLERANCE:
                break
        e = expit(z @ b)
        information = (z * (e * (1 - e))[:, None]).T @ z + np.diag(ridge) + 1e-10 * np.eye(len(b))
    return Alike(z, has, e, information)


def smd(x: np.ndarray, has: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Standardised mean difference of each column of x: difference of the (weighted) means over the pooled standard
    deviation of the plain groups; 0 where nothing varies.

    Source: Austin (2009), Stat. Med. 28, 3083–3107.
    """
    one, two = has == 1, has == 0
    w = np.ones(len(has)) if weight is None else weight
    means = [(w[side] @ x[side]) / w[side].sum() for side in (one, two)]
    spread = np.sqrt((x[one].var(axis=0) + x[two].var(axis=0)) / 2)
    spread = np.where(spread > 1e-12, spread, x.std(axis=0))  # what decides the driver varies only between the groups
    return np.where(spread > 1e-12, (means[0] - means[1]) / np.where(spread > 1e-12, spread, 1), 0.0)


def e_value(ratio: float) -> float:
    """How strongly something unseen would have to go with the driver and with the outcome (both as a risk ratio) to
    explain a risk ratio away; 1 for none.

    Source: VanderWeele & Ding (2017), Ann. Intern. Med. 167, 268–274.
    """
    if not np.isfinite(ratio) or ratio <= 0:
        return float("nan")
    high = max(ratio, 1 / ratio)
    return float(high + np.sqrt(high * (high - 1)))
