"""Exact arithmetic of a change: Shapley values of a product, and rounding that keeps every sum to the smallest coin."""

from collections.abc import Hashable
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

WHOLE = ("JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG", "RWF")  # ISO 4217: no smaller unit than 1


def coins(currency: str) -> int:
    """How many of the smallest unit make one of the currency: 1 for the yen, else 100."""
    return 1 if currency in WHOLE else 100


def in_coins(amount: Decimal | float | int, unit: int) -> Fraction:
    """An amount as an exact number of the smallest unit, which data may still cut finer than it is."""
    return Fraction(Decimal(str(amount))) * unit


def shapley(before: tuple[Fraction, ...], now: tuple[Fraction, ...]) -> list[Fraction]:
    """Contribution of each factor to the change of a product, averaged over all sequences of change.

    Source: Shapley (1953); for decompositions Shorrocks (2013), J. Econ. Inequality 11, 99–126.
    """
    orders = list(permutations(range(len(before))))
    total = [Fraction(0)] * len(before)
    for order in orders:
        state = list(before)
        for factor in order:
            old = _product(state)
            state[factor] = now[factor]
            total[factor] += _product(state) - old
    return [value / len(orders) for value in total]


def round_to_total(parts: dict[Hashable, Fraction], total: int) -> dict[Hashable, int]:
    """Whole numbers nearest to the parts that add up to `total`: the largest remainders are rounded up.

    total is the sum of the parts, rounded up or down; then each part is rounded up or down as well.
    """
    floors = {name: value.numerator // value.denominator for name, value in parts.items()}
    missing = total - sum(floors.values())
    by_remainder = sorted(parts, key=lambda name: (floors[name] - parts[name], str(name)))
    return {name: floor + (name in by_remainder[:missing]) for name, floor in floors.items()}


def nearest(value: Fraction) -> int:
    """The nearest whole number; a half goes up."""
    return (value + Fraction(1, 2)).numerator // (value + Fraction(1, 2)).denominator


def _product(factors: list[Fraction]) -> Fraction:
    result = Fraction(1)
    for factor in factors:
        result *= factor
    return result
