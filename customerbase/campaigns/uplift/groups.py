"""Effect by group of customers, shrunk: small groups are pulled to the common effect as far as chance explains them."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customerbase.intervals import Z


def between(effect: ArrayLike, error: ArrayLike) -> float:
    """Variance of the true effects between groups, from their estimates and standard errors; 0 where chance explains all.

    Found where the weighted squares about the weighted mean are as many as the degrees of freedom, by halving. Source:
    Paule & Mandel (1982), J. Res. Natl. Bur. Stand. 87, 377–385.
    """
    d, v = np.asarray(effect, dtype=float), np.asarray(error, dtype=float) ** 2

    def excess(tau2: float) -> float:
        w = 1 / (v + tau2)
        return float((w * (d - (w @ d) / w.sum()) ** 2).sum() - (len(d) - 1))

    if len(d) < 2 or excess(0) <= 0:
        return 0.0
    low, high = 0.0, float(np.var(d) * len(d) + v.max())
    while excess(high) > 0:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def shrunk(effect: ArrayLike, error: ArrayLike) -> pd.DataFrame:
    """Each group's effect pulled towards the common one: columns weight, shrunk, low, high.

    weight: of the group's own estimate, τ² / (τ² + its variance). The interval adds what is unknown of the common effect and of
    τ² itself. Below four groups nothing is pulled. Source: Morris (1983), J. Am. Stat. Assoc. 78, 47–55, section 4.
    """
    d, v = np.asarray(effect, dtype=float), np.asarray(error, dtype=float) ** 2
    k = len(d)
    if k < 4:
        half = Z * np.sqrt(v)
        return pd.DataFrame({"weight": np.ones(k), "shrunk": d, "low": d - half, "high": d + half})
    tau2 = between(d, error)
    w = 1 / (v + tau2)
    common = (w @ d) / w.sum()
    pull = (k - 3) / (k - 1) * v * w
    mean_v = (w @ v) / w.sum()
    unknown = 2 / (k - 3) * pull**2 * (mean_v + tau2) * w * (d - common) ** 2
    variance = v * (1 - pull * (1 - w / w.sum())) + unknown
    value, half = (1 - pull) * d + pull * common, Z * np.sqrt(variance)
    return pd.DataFrame({"weight": 1 - pull, "shrunk": value, "low": value - half, "high": value + half})
