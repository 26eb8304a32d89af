"""The choices of the repurchase clock, checked when they are made."""

from dataclasses import dataclass, field

from customerbase.errors import ConfigError, check_whole, near_miss
from customerbase.propensity.repurchase.contact import Contact

LEVELS, GAPS = ("all", "category", "product"), ("second", "any")


@dataclass(frozen=True)
class ClockOptions:
    """How the clock is set; checked when made.

    level: what a thing is: all goods together, a general category, or a product. gap: second (from the first purchase of a
    thing to the second) or any (from each to the next). longest: days since a purchase that are looked at. most: things at
    most, those with the most repeat purchases; fewest: repeat purchases below which nothing but shares is said of a thing.
    contact: what a contact is assumed to do. floor: chance to buy within 30 days below which a customer is not listed.
    """

    level: str = "category"
    gap: str = "any"
    longest: int = 365
    most: int = 30
    fewest: int = 50
    contact: Contact = field(default_factory=Contact)
    floor: float = 0.1
    seed: int = 0

    def __post_init__(self):
        for name, known in (("level", LEVELS), ("gap", GAPS)):
            given = getattr(self, name)
            if given not in known:
                raise ConfigError(f"{name} is {given!r}; expected one of {', '.join(known)}.{near_miss(given, known)}")
        for name, low, high in (("longest", 28, 1500), ("most", 1, 500), ("fewest", 20, 10**6), ("seed", 0, 2**32)):
            check_whole(name, getattr(self, name), low, high)
        if not isinstance(self.floor, int | float) or not 0 <= self.floor <= 1:
            raise ConfigError(f"floor is {self.floor!r}; expected a probability from 0 to 1.")
        if self.contact.horizon > self.longest:
            raise ConfigError(
                f"contact.horizon is {self.contact.horizon}; expected at most longest, {self.longest} days."
            )
