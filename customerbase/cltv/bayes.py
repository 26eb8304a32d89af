"""The posterior as PyMC-Marketing has it, beside this package's maximum likelihood: a cross-check by other people's code.

Needs the extra `bayes` (make extras); nothing else in this package does. Minutes instead of milliseconds, hence a check
and not a way to run a month.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.cltv.betageometric import BetaGeometricNBD, ModifiedBetaGeometricNBD
from customerbase.cltv.buying import BuyTillYouDie, rows_of
from customerbase.cltv.counts import Counts
from customerbase.cltv.pareto import ParetoNBD
from customerbase.errors import ConfigError, RunError, near_miss

WIDE = 10.0  # standard deviation of the normal prior on each log parameter: as good as flat beside any posterior
MIXED = 1.05  # r-hat up to which chains are taken to have found the same posterior
_MODELS: dict[str, tuple[type[BuyTillYouDie], str]] = {
    "bg_nbd": (BetaGeometricNBD, "BetaGeoNBD"),
    "mbg_nbd": (ModifiedBetaGeometricNBD, "ModifiedBetaGeoNBD"),
    "pareto_nbd": (ParetoNBD, "ParetoNBD"),
}
_SLOWER = 5  # DEMetropolisZ's steps are cheap and small: so many times the draws of NUTS


@dataclass(frozen=True)
class Posterior:
    """A posterior and the maximum likelihood beside it.

    table: one row a parameter with parameter, mean, sd, low, high (95 % interval), r_hat, ess (effective sample), mle, mle_se
    (standard error), inside (whether mle lies between low and high). samples: (draws of all chains, parameters).
    """

    model: BuyTillYouDie
    sampler: str
    table: pd.DataFrame
    samples: np.ndarray

    @property
    def mixed(self) -> bool:
        """Whether the chains agree with each other: every r-hat at most 1.05."""
        return bool((self.table["r_hat"] <= MIXED).all())

    @property
    def agrees(self) -> bool:
        """Whether every parameter of maximum likelihood lies inside its 95 % interval."""
        return bool(self.table["inside"].all())

    def __repr__(self) -> str:
        said = "inside" if self.agrees else "NOT all inside"
        mixed = "" if self.mixed else f"; the chains disagree (r-hat {self.table['r_hat'].max():.2f}): take more draws"
        shown = self.table.to_string(index=False, float_format=lambda one: f"{one:.4g}")
        title = f"{self.model.title}, {self.model.customers_:,.0f} customers, posterior by {self.sampler}"
        return f"<{title}\n{shown}\nmaximum likelihood {said} the 95 % intervals{mixed}>"


def posterior(
    summary: object, family: str = "bg_nbd", *, draws: int = 1_000, tune: int = 1_000, chains: int = 4, seed: int = 0
) -> Posterior:
    """The posterior of a model's parameters under PyMC-Marketing's likelihood, beside the fit of this package.

    summary: frequency, recency and T in weeks, or Counts; the likelihood is taken on the distinct histories, as often as
    each occurs. family: bg_nbd, mbg_nbd or pareto_nbd. Priors: normal on each log parameter, mean 0, standard deviation
    10, as good as flat on the logs; PyMC-Marketing's own priors would pull (on CDNOW its a is 0.71 instead of 0.79).
    NUTS, from draws around the maximum; DEMetropolisZ with five times the draws for Pareto/NBD, whose hypergeometric
    gradients NUTS cannot afford. Where the data hardly show customers leaving, a flat posterior has no end to that side:
    the means of s and beta (a and b) then say little, the intervals much. The same seed gives the same samples.
    Raises ConfigError for another family, RunError without the extra.
    """
    if family not in _MODELS:
        known = ", ".join(_MODELS)
        raise ConfigError(f"family is {family!r}; expected one of {known}.{near_miss(family, _MODELS)}")
    kind, distribution = _MODELS[family]
    arviz, pymc, likelihood = _library(distribution)
    counts, _ = rows_of(summary)
    model = kind().fit(counts)
    gradients = family != "pareto_nbd"
    with pymc.Model(), _quiet():
        logs = {name: pymc.Normal(f"log_{name}", 0.0, WIDE) for name in model.names}
        values = {name: pymc.math.exp(one) for name, one in logs.items()}
        pymc.Potential("likelihood", _total(pymc, likelihood, values, counts))
        step = {} if gradients else {"step": pymc.DEMetropolisZ()}
        more = 1 if gradients else _SLOWER
        found = pymc.sample(
            draws=draws * more,
            tune=tune * more,
            chains=chains,
            cores=1,
            random_seed=[seed + chain for chain in range(chains)],
            initvals=_starts(model, chains, seed),
            progressbar=False,
            compute_convergence_checks=False,
            **step,
        )
    logs = np.stack([found.posterior[f"log_{name}"].values for name in model.names], axis=-1)
    return Posterior(model, "NUTS" if gradients else "DEMetropolisZ", _table(arviz, model, logs), _flat(np.exp(logs)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither progress nor advice on the screen: what matters of them is in the result."""
    log = logging.getLogger("pymc")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _library(distribution: str) -> tuple:
    """arviz, pymc and the distribution. Raises RunError with the remedy."""
    try:
        import arviz
        import pymc
        import pymc_marketing.clv.distributions as distributions
    except ImportError as error:
        raise RunError(
            f"posterior(…) needs PyMC-Marketing, which cannot be imported ({error}). Install it beside this package: "
            "make extras, or pip install 'customerbase[bayes]'."
        ) from error
    return arviz, pymc, getattr(distributions, distribution)


def _total(pymc, likelihood: Callable, values: dict, counts: Counts):
    """Log-likelihood of all customers: that of each distinct history times how often it occurs."""
    seen = np.stack([counts.t_x, counts.x], axis=-1)
    return (pymc.logp(likelihood.dist(**values, T=counts.T), seen) * counts.n).sum()


def _starts(model: BuyTillYouDie, chains: int, seed: int) -> list[dict[str, float]]:
    """Where each chain begins: apart from each other, within what this package takes for likely."""
    logs = np.log(model.draws(max(chains, 2), seed))
    return [{f"log_{name}": float(one) for name, one in zip(model.names, row, strict=True)} for row in logs[:chains]]


def _table(arviz, model: BuyTillYouDie, logs: np.ndarray) -> pd.DataFrame:
    """logs: (chains, draws, parameters)."""
    values = _flat(np.exp(logs))
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    columns = range(len(model.names))
    return pd.DataFrame(
        {
            "parameter": model.names,
            "mean": values.mean(axis=0),
            "sd": values.std(axis=0, ddof=1),
            "low": low,
            "high": high,
            "r_hat": [float(arviz.rhat(logs[..., one])) for one in columns],
            "ess": [float(arviz.ess(logs[..., one])) for one in columns],
            "mle": model.values,
            "mle_se": list(model.standard_errors_.values()),
            "inside": (model.values >= low) & (model.values <= high),
        }
    )


def _flat(chains: np.ndarray) -> np.ndarray:
    return chains.reshape(-1, chains.shape[-1])
