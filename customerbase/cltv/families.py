"""The families of models for customers who leave without saying so, fitted together and judged in plain words."""

from collections.abc import Iterable, Mapping

import numpy as np

from customerbase.cltv.betageometric import BetaGeometricNBD, ModifiedBetaGeometricNBD
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.counts import Counts, dot
from customerbase.cltv.nbd import NBD
from customerbase.cltv.notes import Note
from customerbase.cltv.pareto import ParetoNBD
from customerbase.errors import ConfigError, near_miss

FAMILIES: dict[str, type[BuyTillYouDie]] = {
    one.family: one for one in (NBD, BetaGeometricNBD, ModifiedBetaGeometricNBD, ParetoNBD)
}
FALLBACK = ModifiedBetaGeometricNBD.family
FEW_REPEATERS = 50
DROPOUT_SHOWN = 5.99  # twice the gain in log-likelihood over the NBD: 95 % point of chi-squared with 2 degrees


def check_family(family: str) -> str:
    """The family itself, or "auto". Raises ConfigError with the near miss."""
    known = ["auto", *FAMILIES]
    if family not in known:
        raise ConfigError(f"family is {family!r}; expected one of {', '.join(known)}.{near_miss(family, known)}")
    return family


def fit_all(counts: Counts, near: Mapping[str, BuyTillYouDie] | None = None) -> dict[str, BuyTillYouDie]:
    """Every family fitted to the same customers, with notes on what the data do not say.

    near: the families fitted to nearly the same customers, where each search begins.
    """
    made = {family: kind().fit(counts, near=(near or {}).get(family)) for family, kind in FAMILIES.items()}
    for model in made.values():
        model.notes_ = tuple(_notes(model, made[NBD.family], counts))
    return made


def dropout_shown(model: BuyTillYouDie, nobody_leaves: BuyTillYouDie) -> bool:
    """Whether the data show customers leaving: the model explains them clearly better than the NBD does."""
    return 2 * (model.log_likelihood_ - nobody_leaves.log_likelihood_) > DROPOUT_SHOWN


def _notes(model: BuyTillYouDie, nobody_leaves: BuyTillYouDie, counts: Counts) -> Iterable[Note]:
    if counts.repeaters < FEW_REPEATERS:
        yield Note("few_repeaters", {"n": f"{int(counts.repeaters):,}", "needed": FEW_REPEATERS})
    if not model.converged_:
        yield Note("not_converged", {"model": model.title})
    if model.family == NBD.family:
        return
    if not dropout_shown(model, nobody_leaves):
        gain = max(0.0, 2 * (model.log_likelihood_ - nobody_leaves.log_likelihood_))
        yield Note("no_dropout", {"model": model.title, "gain": f"{gain:.1f}", "needed": DROPOUT_SHOWN})
    elif edge := model.at_bound():
        yield Note("at_bound", {"model": model.title, "names": ", ".join(edge)})


def spread(values: np.ndarray, n: np.ndarray) -> float:
    """Standard deviation of values that stand for n customers each."""
    mean = dot(n, values) / n.sum()
    return float(np.sqrt(dot(n, (values - mean) ** 2) / n.sum()))
