"""Values of `audiences:` in a pipeline file, checked one by one; every error names place, value and near miss."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from customerbase import holdout
from customerbase.errors import ConfigError, near_miss
from customerbase.periods import month_end, parse_month


def months(spec: Mapping, place: str) -> tuple[date | None, date | None]:
    """The first and last day it is made for; `from` and `until` are months, both included."""

    def read(key: str, day: Callable[[date], date]) -> date | None:
        if key not in spec:
            return None
        try:
            return day(parse_month(str(spec[key])))
        except ConfigError as error:
            raise ConfigError(f"{place}.{key}: {error}") from None

    first, last = read("from", lambda month: month), read("until", month_end)
    if first and last and first > last:
        raise ConfigError(f"{place}: from {spec['from']} is after until {spec['until']}.")
    return first, last


def share(given: object, place: str) -> float:
    """A share of people who are kept back: from 0 to below 1."""
    try:
        holdout.bound(given)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None
    if given == 1:
        raise ConfigError(f"{place} is 1: nobody would be left to contact; expected a share such as 0.1.")
    return float(given)


def texts(given: object, place: str) -> list[str]:
    """A list of texts; one text is a list of one, nothing an empty list."""
    given = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(given, list) or not all(isinstance(one, str) and one.strip() for one in given):
        raise ConfigError(f"{place} is {given!r}; expected a list of texts.")
    return given


def line(given: object, place: str) -> str:
    """One line of text, which may be empty."""
    if not isinstance(given, str) or len(given) > 200 or (given and not given.isprintable()):
        raise ConfigError(f"{place} is {given!r}; expected one line of at most 200 characters.")
    return given.strip()


def one_of(given: object, options: Iterable[str], place: str, what: str = "") -> str:
    """The value where it is one of the options."""
    options = list(options)
    if given not in options:
        name = f"unknown {what}" if what else "unknown"
        listed = f"; expected one of {', '.join(options)}" if len(options) <= 20 else ""
        raise ConfigError(f"{place} has the {name} {given!r}{listed}.{near_miss(str(given), options)}")
    return str(given)
