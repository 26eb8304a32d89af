"""A log of invented purchases whose true parameters are known: to learn with, and to test models against."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.estimator import Estimator
from customerbase.cltv.families import FAMILIES
from customerbase.cltv.gammagamma import GammaGamma
from customerbase.cltv.horizon import WEEK
from customerbase.cltv.transactions import day_of
from customerbase.errors import ConfigError, near_miss


def simulated_log(
    customers: int,
    *,
    family: str,
    parameters: Mapping[str, float],
    spend: Mapping[str, float] | None = None,
    until: date | str,
    weeks: int = 104,
    joining: int = 52,
    seed: int = 0,
) -> pd.DataFrame:
    """Purchases of invented customers who buy and leave exactly as a model says; one row a purchase, in order of day.

    family, parameters: a model of purchases (nbd, bg_nbd, mbg_nbd, pareto_nbd) by its names, times in weeks. spend: p, q
    and gamma of the Gamma-Gamma, None for a log without amounts. until: last day of the log. weeks: how long it is;
    joining: first purchases fall on the first so many of them, on any day alike.
    Columns: customer (C00001 …), date, and amount where there is spend, to the hundredth.
    Raises ConfigError for an unknown family or parameter, one that is not above 0, or lengths that cannot be.
    Sources: those of the models; lambda, mu or p, and nu are drawn once a customer, then every purchase by itself.
    """
    model = FAMILIES[_known(family, FAMILIES, "family")]
    values = _values(model, parameters)
    money = _values(GammaGamma, spend) if spend is not None else None
    _check_lengths(customers, weeks, joining)
    rng, last = np.random.default_rng(seed), day_of(until)
    age = (weeks * WEEK - 1 - rng.integers(0, int(joining * WEEK), customers)) / WEEK
    who, when = _purchases(rng, model, values, age)
    # the day within which a purchase falls; none falls on the day of the first one
    days = np.ceil(when * WEEK).astype("int64") - np.rint(age * WEEK).astype("int64")[who]
    width = max(5, len(str(customers)))
    names = np.array([f"C{number:0{width}d}" for number in range(1, customers + 1)], dtype=object)
    log = {"customer": names[who], "date": np.datetime64(last, "D") + days}
    if money is not None:
        log["amount"] = _amounts(rng, money, who, customers)
    return pd.DataFrame(log).sort_values(["date", "customer"], kind="stable", ignore_index=True)


def _purchases(
    rng: np.random.Generator, model: type[BuyTillYouDie], values: dict[str, float], age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The customer of each purchase and its time in weeks since the customer's first, which is at 0; in order of both."""
    rate = rng.gamma(values["r"], size=len(age)) / values["alpha"]
    count = rng.poisson(rate * age)  # of a Poisson process: how many, and then when, each anywhere alike
    who = np.repeat(np.arange(len(age)), count)
    when = rng.random(len(who)) * age[who]
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    number = np.arange(len(who)) - (np.cumsum(count) - count)[who] + 1  # first repeat purchase: 1
    keep = _still_there(rng, model, values, len(age), who, when, number)
    who, when = np.append(np.arange(len(age)), who[keep]), np.append(np.zeros(len(age)), when[keep])
    order = np.lexsort((when, who))
    return who[order], when[order]


def _still_there(rng, model: type[BuyTillYouDie], values: dict[str, float], customers: int, who, when, number):
    """Whether the customer of a purchase had not left before it."""
    if "s" in values:  # leaves at a moment of their own, purchase or not
        leaving = rng.gamma(values["s"], size=customers) / values["beta"]
        return when <= (rng.exponential(size=customers) / leaving)[who]
    if "a" in values:  # leaves after a purchase, the first one included where the model has it so
        after = rng.geometric(np.maximum(rng.beta(values["a"], values["b"], customers), 1e-12))
        return number <= (after - model.leaves_at_once)[who]
    return np.ones(len(who), dtype=bool)


def _amounts(rng: np.random.Generator, money: dict[str, float], who: np.ndarray, customers: int) -> np.ndarray:
    nu = rng.gamma(money["q"], size=customers) / money["gamma"]
    return np.round(rng.gamma(money["p"], size=len(who)) / nu[who], 2)


def _values(model: type[Estimator], given: Mapping[str, float]) -> dict[str, float]:
    """The parameters of a model, every one there, above 0 and known to it."""
    for name in given:
        _known(name, model.names, f"a parameter of {model.title}")
    for name in model.names:
        one = given.get(name)
        if isinstance(one, bool) or not isinstance(one, int | float) or not 0 < one < np.inf:
            raise ConfigError(f"parameter {name!r} of {model.title} is {one!r}; expected a number above 0.")
    return {name: float(given[name]) for name in model.names}


def _known(word: str, known, what: str) -> str:
    if word not in known:
        raise ConfigError(f"{what} is {word!r}; expected one of {', '.join(known)}.{near_miss(str(word), known)}")
    return word


def _check_lengths(customers: int, weeks: int, joining: int) -> None:
    for what, value, most in (
        ("customers", customers, 10_000_000),
        ("weeks", weeks, 5200),
        ("joining", joining, weeks),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ConfigError(f"{what} is {value!r}; expected a whole number from 1 to {most:,}.")
