"""How much a purchase is expected to bring: the Gamma-Gamma model where the amounts bear it, and what else where not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.cltv.gammagamma import GammaGamma
from customerbase.cltv.notes import Note

FEW = 30  # customers with an amount, below which nothing is learnt about how customers differ
HANGS_TOGETHER = 0.3  # correlation of frequency and mean spend from which the model's independence is questionable
CAPS = (0.999, 0.99, 0.95)  # quantiles at which amounts are capped when the population's mean would be infinite
OWN, POPULATION, NO_POSITIVE, NONE = "own", "population", "no_positive_spend", "none"


@dataclass(frozen=True)
class Spending:
    """What is known and expected of each customer's amounts, in the order of the summary.

    x, mean: purchases with an amount behind them and their mean (0 without); expected: of the next purchase; basis: what
    it rests on (expectations/cltv.yaml). model None: there are no amounts at all. cap: what means are cut at before the
    model sees them; infinite where they are not.
    """

    model: GammaGamma | None
    x: np.ndarray
    mean: np.ndarray
    expected: np.ndarray
    basis: np.ndarray
    correlation: float = np.nan
    notes: tuple[Note, ...] = ()
    cap: float = np.inf

    @property
    def spent(self) -> np.ndarray:
        """What the model takes as spent so far: number of purchases times their mean."""
        return self.x * self.mean


def spending(
    summary: pd.DataFrame, *, first_order_counts: bool = True, model: GammaGamma | None = None, cap: float = np.inf
) -> Spending:
    """Expected spend per purchase of every customer of a summary; by `model` and its cap when given, else by one fitted here.

    first_order_counts: the first purchase's amount informs the expectation, so that one-time buyers differ; False: repeat
    purchases only, as in the literature. Fewer than 30 customers with an amount, or amounts so extreme that their
    population mean would be infinite even when capped: everybody gets the overall mean, and a note says so.
    """
    x, mean = _amounts(summary, first_order_counts)
    known = np.isfinite(mean)
    total = np.where(known, x * mean, 0.0)
    if not (total > 0).any():
        nothing = np.full(len(x), np.nan)
        return Spending(
            None, np.zeros(len(x)), np.zeros(len(x)), nothing, np.full(len(x), NONE), notes=(Note("no_amounts"),)
        )
    x, mean = np.where(known, x, 0.0), np.where(known, mean, 0.0)
    model, cap, notes = (model, cap, []) if model is not None else _fit(x, mean)
    mean = np.minimum(mean, cap)
    hopeless = (x > 0) & (mean <= 0)
    if hopeless.any():
        notes.append(Note("no_positive_spend", {"n": f"{int(hopeless.sum()):,}"}))
    mean = np.maximum(mean, 0.0)
    related = _correlation(x, mean)
    if abs(related) > HANGS_TOGETHER:
        notes.append(Note("spend_and_frequency", {"correlation": f"{related:+.2f}"}))
    basis = np.where(hopeless, NO_POSITIVE, np.where(x > 0, OWN, POPULATION))
    model.notes_ = model.notes_ or tuple(notes)
    return Spending(model, x, mean, model.expected_spend(x, mean), basis, related, tuple(notes), cap)


def _amounts(summary: pd.DataFrame, first_order_counts: bool) -> tuple[np.ndarray, np.ndarray]:
    if not first_order_counts:
        return (summary[name].to_numpy(dtype=float, na_value=np.nan) for name in ("frequency", "monetary_value"))
    x, spend = (summary[name].to_numpy(dtype=float, na_value=np.nan) for name in ("purchases", "spend"))
    return x, spend / x


def _fit(x: np.ndarray, mean: np.ndarray) -> tuple[GammaGamma, float, list[Note]]:
    """A model whose expectations are finite; what it caps means at; and what was done to get there."""
    paying = (x > 0) & (mean > 0)
    if paying.sum() < FEW:
        return _everybody_alike(x, mean), np.inf, [Note("few_spenders", {"n": int(paying.sum()), "needed": FEW})]
    model = GammaGamma().fit(x, mean)
    if model.q_ > 1:
        return model, np.inf, []
    for share in CAPS:
        cap = float(np.quantile(mean[paying], share))
        again = GammaGamma().fit(x, np.minimum(mean, cap))
        if again.q_ > 1:
            said = {"q": f"{model.q_:.2f}", "share": f"{1 - share:.1%}", "cap": f"{cap:,.0f}"}
            return again, cap, [Note("spend_capped", said)]
    return _everybody_alike(x, mean), np.inf, [Note("spend_infinite", {"q": f"{model.q_:.2f}"})]


def _everybody_alike(x: np.ndarray, mean: np.ndarray) -> GammaGamma:
    """Everybody spends the overall mean a purchase, single amounts spread like an exponential."""
    overall = max(float((x * mean).sum() / x.sum()), 0.0) or 1e-9
    model, q = GammaGamma(), 1e6
    model._take((1.0, q, overall * (q - 1)), 0.0, float((x > 0).sum()), np.zeros((3, 3)), True)
    return model


def _correlation(x: np.ndarray, mean: np.ndarray) -> float:
    several = (x > 1) & (mean > 0)
    if several.sum() < FEW or np.ptp(x[several]) == 0 or np.ptp(mean[several]) == 0:
        return np.nan
    return float(np.corrcoef(x[several], mean[several])[0, 1])
