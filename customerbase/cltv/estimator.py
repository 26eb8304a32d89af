"""Maximum likelihood for a handful of positive parameters: fit, standard errors, draws, text and JSON of a model."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from customerbase.cltv.modelfile import notes_from, numbers, part, positive
from customerbase.cltv.notes import Note
from customerbase.errors import ConfigError, InputError, near_miss

BOUND = 14.0  # |log parameter|: 8e-7 to 1.2e6; what runs there is not identified by the data, and noted
DRAWS = 200
_NORMAL_ROWS = 20_000
_FLAT = 2.0  # largest standard deviation of a log parameter believed
_T_DEGREES = 6.0  # of the proposal: heavier tails than the posterior
_NEAR = 1e-3  # distance in log parameters
_STEP = 1e-4  # of finite differences of the gradient, in log parameters

Target = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Optimum:
    """Where a log-likelihood is highest: log parameters, value, Hessian there, and whether the gradient vanishes."""

    theta: np.ndarray
    value: float
    hessian: np.ndarray
    converged: bool

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the log parameters: inverse of minus the Hessian, flat or upward directions kept within reason."""
        values, vectors = np.linalg.eigh(-self.hessian)
        return (vectors / np.maximum(values, _FLAT**-2)) @ vectors.T


def maximise(target: Target, start: np.ndarray, scale: float) -> Optimum:
    """The maximum of target(theta) -> (value, gradient) within the box |theta| <= BOUND.

    BFGS first, then Newton steps, whose Hessian gives the covariance. scale: number of customers, which keeps the
    tolerances the same for ten and for ten million of them. (SciPy's optimisers solve their few equations through BLAS,
    whose threads wait for each other on a busy machine: 30 times the time of the likelihoods themselves.)
    """
    theta, value, gradient = _climb(target, np.clip(start, -BOUND, BOUND), scale)
    curvature = hessian(target, theta)
    for _ in range(8):
        step = _newton_step(theta, gradient, curvature)
        if gradient @ step < max(1e-9, 1e-14 * abs(value)):
            break
        further = np.clip(theta + step, -BOUND, BOUND)
        new_value, new_gradient = target(further)
        if not new_value > value:
            break
        theta, value, gradient = further, new_value, new_gradient
        if np.abs(step).max() > _NEAR:  # nearer than that the curvature is the same
            curvature = hessian(target, theta)
    left = abs(gradient @ _newton_step(theta, gradient, curvature))
    return Optimum(theta, value, curvature, bool(left < 1e-4))


def _climb(target: Target, theta: np.ndarray, scale: float) -> tuple[np.ndarray, float, np.ndarray]:
    """BFGS with backtracking (Nocedal & Wright 2006, algorithm 6.1), kept within the box; near the maximum is enough."""
    value, gradient = target(theta)
    inverse = None
    for _ in range(200):
        free = ~((np.abs(theta) >= BOUND) & (gradient * theta > 0))
        uphill = np.where(free, gradient, 0.0) / scale
        if np.abs(uphill).max() < 1e-5:
            break
        step = uphill / max(np.abs(uphill).max(), 0.1) if inverse is None else np.where(free, inverse @ uphill, 0.0)
        if step @ uphill <= 0:
            step, inverse = uphill / max(np.abs(uphill).max(), 0.1), None
        step = step / max(np.abs(step).max() / 2, 1.0)
        found = _backtrack(target, theta, step, value, float(gradient @ step))
        if found is None:
            if inverse is None:
                break
            inverse = None
            continue
        moved, turned = found[0] - theta, (gradient - found[2]) / scale
        inverse = _bfgs(inverse, moved, turned)
        theta, value, gradient = found
    return theta, value, gradient


def _backtrack(target: Target, theta, step, value: float, slope: float) -> tuple[np.ndarray, float, np.ndarray] | None:
    """The first of ever shorter steps that gains enough; None when none does."""
    size = 1.0
    for _ in range(40):
        further = np.clip(theta + size * step, -BOUND, BOUND)
        new_value, new_gradient = target(further)
        if np.isfinite(new_value) and new_value >= value + 1e-4 * size * slope and new_value > value:
            return further, new_value, new_gradient
        size /= 2
    return None


def _bfgs(inverse: np.ndarray | None, moved: np.ndarray, turned: np.ndarray) -> np.ndarray | None:
    """The inverse Hessian after a step; unchanged where the step does not tell."""
    bend = float(moved @ turned)
    if bend <= 1e-12 * float(np.sqrt((moved @ moved) * (turned @ turned))):
        return inverse
    if inverse is None:
        inverse = np.eye(len(moved)) * bend / float(turned @ turned)
    left = np.eye(len(moved)) - np.outer(moved, turned) / bend
    return left @ inverse @ left.T + np.outer(moved, moved) / bend


def hessian(target: Target, theta: np.ndarray) -> np.ndarray:
    """Second derivatives by central differences of the gradient, made symmetric."""
    columns = []
    for place in range(len(theta)):
        aside = np.zeros(len(theta))
        aside[place] = _STEP
        columns.append((target(theta + aside)[1] - target(theta - aside)[1]) / (2 * _STEP))
    found = np.array(columns)
    return (found + found.T) / 2


def _newton_step(theta: np.ndarray, gradient: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """An ascent step; parameters at the edge of the box that press outward stay where they are."""
    free = ~((np.abs(theta) >= BOUND) & (gradient * theta > 0))
    step = np.zeros(len(theta))
    if free.any():
        values, vectors = np.linalg.eigh(-curvature[np.ix_(free, free)])
        inverse = (vectors / np.maximum(np.abs(values), 1e-8)) @ vectors.T
        step[free] = np.clip(inverse @ gradient[free], -1.0, 1.0)
    return step


class Estimator:
    """A probability model with a few positive parameters, fitted by maximum likelihood.

    After fit: params_ (name -> value; each also as an attribute with a trailing underscore, such as r_),
    log_likelihood_, customers_, standard_errors_, converged_, notes_ (what to know about this fit, in words).
    """

    family: ClassVar[str]
    title: ClassVar[str]
    names: ClassVar[tuple[str, ...]]
    unit: ClassVar[str] = "week"  # of all times

    params_: dict[str, float]
    log_likelihood_: float
    customers_: float
    converged_: bool
    notes_: tuple[Note, ...] = ()

    # --- what a model says of itself --------------------------------------------------------------------------------

    def _target(self, data: object) -> Target:
        """theta -> log-likelihood and its gradient in theta, the logarithms of the parameters."""
        raise NotImplementedError

    def _start(self, data: object) -> np.ndarray:
        """Parameters to begin with."""
        raise NotImplementedError

    def _rough(self, data: object) -> Iterable[tuple[object, float]]:
        """Smaller data with nearly the same maximum, and the share of the customers in them: where a fit begins."""
        return ()

    def _value(self, theta: np.ndarray, data: object) -> float:
        """The log-likelihood alone."""
        return self._target(data)(theta)[0]

    def _values(self, thetas: np.ndarray, data: object) -> np.ndarray:
        """The log-likelihood under each row of log parameters."""
        return np.array([self._value(one, data) for one in thetas])

    # --- fitting ----------------------------------------------------------------------------------------------------

    def _fit(self, data: object, customers: float, near: Self | None = None) -> Self:
        """near: the same kind of model fitted to nearly the same data; its parameters are where the search begins."""
        if near is not None and not near.at_bound():
            start = np.log(near.values)
        else:
            start = np.log(self._start(data))
            for rough, share in self._rough(data):
                start = maximise(self._target(rough), start, max(customers * share, 1.0)).theta
        found = maximise(self._target(data), start, max(customers, 1.0))
        self._take(np.exp(found.theta), found.value, customers, found.covariance, found.converged)
        self._fitted_on = data
        return self

    def _take(self, values, value: float, customers: float, covariance: np.ndarray, converged: bool) -> None:
        self.params_ = {name: float(one) for name, one in zip(self.names, values, strict=True)}
        for name, one in self.params_.items():
            setattr(self, f"{name}_", one)
        self.log_likelihood_, self.customers_, self.converged_ = float(value), float(customers), bool(converged)
        self._covariance = np.asarray(covariance, dtype=float)
        self.__dict__.pop("_draws", None)

    @property
    def values(self) -> np.ndarray:
        """The parameters in the order of `names`. Raises ConfigError before fit."""
        if not hasattr(self, "params_"):
            raise ConfigError(f"{self.title} is not fitted yet; call fit(summary) first, or from_json(text).")
        return np.array(list(self.params_.values()))

    @property
    def standard_errors_(self) -> dict[str, float]:
        """Standard error of each parameter: inverse Hessian in log parameters, delta method."""
        return dict(zip(self.names, np.sqrt(np.diag(self._covariance)) * self.values, strict=True))

    def at_bound(self) -> list[str]:
        """Parameters that ran to the edge of what is searched: the data do not say where they are."""
        near = np.abs(np.log(self.values)) > BOUND - 1.0
        return [name for name, edge in zip(self.names, near, strict=True) if edge]

    def draws(self, size: int = DRAWS, seed: int = 0) -> np.ndarray:
        """Parameters in the light of the data: `size` draws of the posterior under flat priors on the logarithms.

        A multivariate t around the maximum (Laplace's approximation), re-weighted by the likelihood and resampled. With
        more than 20,000 distinct rows the likelihood is as good as normal and the draws stay as they are. 200 are kept with
        the model, in its JSON too; another seed takes them in another order, and more of them come round again, so that a
        model read from a file predicts what it did before. Shape (size, number of parameters).
        Source: Rubin (1988), sampling importance resampling.
        """
        if "_draws" not in self.__dict__:
            self._draws = self._draw(DRAWS)
        if seed == 0 and size <= len(self._draws):
            return self._draws[:size]
        rng, kept = np.random.default_rng([seed, len(self.names)]), len(self._draws)
        rounds = [rng.permutation(kept) for _ in range(-(-size // kept))]
        return self._draws[np.concatenate(rounds)[:size]]

    def _draw(self, size: int) -> np.ndarray:
        rng = np.random.default_rng([0, len(self.names)])
        centre, root = np.log(self.values), np.linalg.cholesky(self._covariance + 1e-14 * np.eye(len(self.names)))
        normal = rng.standard_normal((size, len(centre)))
        shrink = np.sqrt(rng.chisquare(_T_DEGREES, size) / _T_DEGREES)
        # gamma of the Gamma-Gamma is an amount, and as large as the currency has it
        edges = np.minimum(centre, -BOUND) - 2, np.maximum(centre, BOUND) + 2
        data = getattr(self, "_fitted_on", None)
        if data is None or len(data) > _NORMAL_ROWS:
            return np.exp(np.clip(centre + normal @ root.T, *edges))
        theta = np.clip(centre + (normal @ root.T) / shrink[:, None], *edges)
        likelihood = self._values(theta, data) - self.log_likelihood_
        distance = (normal**2).sum(axis=1) / shrink**2
        proposal = -(_T_DEGREES + len(centre)) / 2 * np.log1p(distance / _T_DEGREES)
        return np.exp(theta[rng.permutation(_resample(likelihood - proposal, rng))])

    # --- text -------------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        if not hasattr(self, "params_"):
            return f"<{self.title}, not fitted>"
        errors = self.standard_errors_
        said = ", ".join(f"{name} {value:.4g} ±{errors[name]:.2g}" for name, value in self.params_.items())
        notes = "".join(f"\n  {note.text('en')}" for note in self.notes_)
        return f"<{self.title}: {said}; {self.customers_:,.0f} customers, log-likelihood {self.log_likelihood_:,.3f}>{notes}"

    def to_json(self) -> str:
        """The fitted model as JSON text: family, unit, parameters, covariance; no customer's data."""
        content = {
            "family": self.family,
            "unit": self.unit,
            "parameters": dict(zip(self.names, self.values.tolist(), strict=True)),
            "covariance_of_logs": self._covariance.tolist(),
            "draws": self.draws().tolist(),
            "log_likelihood": self.log_likelihood_,
            "customers": self.customers_,
            "converged": self.converged_,
            "notes": [note.as_dict() for note in self.notes_],
        }
        return json.dumps(content, ensure_ascii=False, indent=1)

    @classmethod
    def _from_content(cls, content: Mapping) -> Self:
        made, size = cls(), len(cls.names)
        given = part(content, "parameters", dict)
        for name in cls.names:
            if not positive(given.get(name)):
                raise InputError(
                    f"model file: parameter {name!r} of {cls.title} is {given.get(name)!r}; expected a number above 0."
                    f"{near_miss(name, given)}"
                )
        values = [float(given[name]) for name in cls.names]
        covariance = numbers(content, "covariance_of_logs", size)
        if len(covariance) != size:
            raise InputError(f"model file: covariance_of_logs has {len(covariance)} rows; expected {size}.")
        value, customers = (float(part(content, name, int | float)) for name in ("log_likelihood", "customers"))
        made._take(values, value, customers, covariance, part(content, "converged", bool))
        if "draws" in content:
            made._draws = numbers(content, "draws", size)
        made.notes_ = notes_from(content)
        return made


def _resample(log_weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling: places of the draws kept, each about as often as its weight says."""
    weights = np.exp(log_weights - log_weights.max())
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, (rng.random() + np.arange(len(weights))) / len(weights)).clip(0, len(weights) - 1)
