"""The choices of related products, checked when they are made."""

from dataclasses import dataclass

from customerbase.errors import ConfigError, check_whole

WHOLE = {
    "months": (1, 600),
    "customer_months": (1, 600),
    "days": (1, 1500),
    "baskets": (1, 1000),
    "fewest": (3, 10**6),
    "partners": (1, 1000),
}


@dataclass(frozen=True)
class Options:
    """How related products are looked for; checked when made.

    months: baskets of so many months up to the as-of date are read. customer_months: products that a customer bought within
    so many months count as bought by the same customer. days: a purchase within so many days is a next one; baskets: the
    same where baskets have no date. fewest: baskets, or customers, that must hold a product, and a pair, to be looked at.
    partners: pairs kept per product at most, the strongest. false_discovery: expected share of chance among what is kept.
    accessory_price: an accessory costs at most this share of the main product.
    """

    months: int = 24
    customer_months: int = 12
    days: int = 60
    baskets: int = 3
    fewest: int = 10
    partners: int = 20
    false_discovery: float = 0.05
    accessory_price: float = 0.5

    def __post_init__(self):
        for name, (low, high) in WHOLE.items():
            check_whole(name, getattr(self, name), low, high)
        for name in ("false_discovery", "accessory_price"):
            given = getattr(self, name)
            if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given < 1:
                raise ConfigError(f"{name} is {given!r}; expected a share between 0 and 1.")
