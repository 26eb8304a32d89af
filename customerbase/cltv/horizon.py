"""Time ahead: calendar months in weeks, one explicit annual discount rate, and integrals of a purchase rate over them."""

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from customerbase.errors import ConfigError
from customerbase.periods import add_months, month_end

WEEK = 7.0  # days; the unit of recency, T and every time in this package
YEAR = 365.25 / WEEK  # weeks
_ACCURACY = 1e-13  # relative, of an integral over a rate that is smooth in the log of time
_FAR = 45.0  # e^-45 is nothing beside 1
_CLIFF = 5.0  # log of horizon over scale: 150 times as long as it takes the rate to change


def discount_per_week(annual: float) -> float:
    """The continuous rate per week that an annual discount rate means: ln(1 + annual) / weeks in a year.

    Raises ConfigError for a rate that is not a number from 0 to 10 (1,000 % a year).
    """
    if not isinstance(annual, int | float) or isinstance(annual, bool) or not 0 <= annual <= 10:
        raise ConfigError(
            f"annual discount rate is {annual!r}; expected a share a year from 0 to 10, such as 0.1 for 10 %."
        )
    return float(np.log1p(annual)) / YEAR


def month_edges(as_of: date, months: int) -> np.ndarray:
    """Weeks from as_of to the ends of the `months` calendar months after it, 0 first; shape (months + 1,).

    as_of at a month's end: the edges are month ends (28 to 31 days apart). Any other day d: the d-th of every month
    after it, or that month's last day where it has none. Raises ConfigError below one month.
    """
    if not isinstance(months, int) or isinstance(months, bool) or not 1 <= months <= 1200:
        raise ConfigError(f"horizon is {months!r} months; expected a whole number from 1 to 1200.")
    last = as_of == month_end(as_of)
    ends = [month_end(add_months(as_of, step)) for step in range(months + 1)]
    days = [end if last else end.replace(day=min(as_of.day, end.day)) for end in ends]
    return np.array([(day - as_of).days for day in days]) / WEEK


@cache
def legendre(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss-Legendre quadrature on [0, 1]."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return (places + 1) / 2, weights / 2


@dataclass(frozen=True)
class Grid:
    """Moments of time at which a rate is looked at once, and what each counts for in the integrals wanted.

    times: (K,) weeks ahead; weights: (K, J): integral j of a rate f is sum over k of weights[k, j] * f(times[k]).
    """

    times: np.ndarray
    weights: np.ndarray


def grid(edges: np.ndarray, scale: float, discount: float = 0.0) -> Grid:
    """A grid for the integrals over [edges[j], edges[j + 1]] of a rate times exp(-discount * u).

    edges: (J + 1,) weeks, ascending from 0 on. scale: weeks within which the rate changes by its own size at the
    beginning; rates of every model here are mixtures of exponentials that slow down, so that they are smooth in
    log(1 + u / scale): the rate is interpolated there by one polynomial, whose degree follows from the length.
    """
    edges = np.asarray(edges, dtype=float)
    reach = float(np.log1p(edges[-1] / scale))
    nodes = nodes_for(reach)
    unit, _ = legendre(nodes)
    inner, inner_weights = legendre(max(6, nodes // 2))
    low, high = np.log1p(edges[:-1] / scale), np.log1p(edges[1:] / scale)
    v = low[:, None] + (high - low)[:, None] * inner[None, :]
    u = scale * np.expm1(v)
    measure = (high - low)[:, None] * inner_weights[None, :] * (u + scale) * np.exp(-discount * u)
    basis = lagrange(unit, (v / reach).ravel()).reshape(*v.shape, nodes)
    return Grid(scale * np.expm1(unit * reach), np.einsum("jq,jqk->kj", measure, basis))


def endless(scale: float, discount: float, start: float = 0.0) -> Grid:
    """A grid for one integral, from `start` weeks ahead on for ever, of a rate times exp(-discount * u).

    Raises ConfigError without a positive discount rate: the value of a customer who never leaves has no end then.
    """
    if discount <= 0:
        raise ConfigError(
            "an infinite horizon needs an annual discount rate above 0: without one the value has no bound."
        )
    low, high = np.log1p(start / scale), np.log1p((start + _FAR / discount) / scale)
    unit, weights = legendre(nodes_for(high - low))
    u = scale * np.expm1(low + unit * (high - low))
    worth = (high - low) * weights * (u + scale) * np.exp(-discount * u)
    # rates fall: what a moment adds is at most its weight over the weights before it, and the last ones add nothing
    keep = worth >= _ACCURACY / 10 * (np.cumsum(worth) - worth)
    return Grid(u[keep], worth[keep, None])


def nodes_for(reach: float) -> int:
    """How many nodes: a function analytic up to pi away from an interval of length reach converges like rho^-nodes."""
    ratio = 2 * np.pi / max(reach, 1e-3)
    wanted = -np.log(_ACCURACY) / np.log(ratio + np.hypot(1, ratio))
    # over a long reach a nearly exponential rate ends in a cliff, as everybody leaves within a sliver of the horizon
    return int(np.clip(np.ceil(wanted * (2 if reach > _CLIFF else 1)), 6, 240))


def lagrange(nodes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Lagrange polynomials of the nodes at given places (barycentric form); shape (len(at), len(nodes))."""
    gaps = nodes[:, None] - nodes[None, :]
    np.fill_diagonal(gaps, 1.0)
    signs = np.prod(np.sign(gaps), axis=1)
    size = -np.sum(np.log(np.abs(gaps)), axis=1)
    weights = signs * np.exp(size - size.max())
    away = at[:, None] - nodes[None, :]
    hit = away == 0
    away[hit] = 1.0
    terms = weights / away
    terms[hit.any(axis=1)] = 0.0
    terms[hit] = 1.0
    return terms / terms.sum(axis=1, keepdims=True)
