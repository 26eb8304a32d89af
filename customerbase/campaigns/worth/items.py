"""What the workbook costs: `worth:` of the pipeline file, read and checked before anything runs.

worth:
  since: 2025-11                     # campaigns from this month on count as its doing; by default from the first cost
  credit: {low: 0.3, high: 0.7}      # share of their increments credited to it; 1 by default
  margin: {low: 0.3, high: 0.4}      # gross margin of revenue, used where no margin was measured
  items:
    setup: {kind: introduction, ja: 導入作業, en: Setting up, amount: 1200000, low: 900000, high: 1800000, every: once, from: 2025-11}
    server: {kind: running, ja: サーバー, en: Server, amount: 30000, every: monthly, from: 2025-12, until: 2026-11}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from customerbase.errors import ConfigError, near_miss
from customerbase.periods import parse_month

KINDS = ("introduction", "migration", "training", "running")
EVERY = ("once", "monthly")
KEYS = ("since", "credit", "margin", "items")
ITEM_KEYS = ("kind", "ja", "en", "amount", "low", "high", "every", "from", "until")
NEEDED = ("kind", "ja", "en", "amount", "every", "from")


@dataclass(frozen=True)
class Spread:
    """An amount and the 95 % range it lies in; low and high equal to it where it is certain."""

    amount: float
    low: float
    high: float


@dataclass(frozen=True)
class Item:
    """One cost item: what it is, per month or once, and from which month on (until: the last month, or None)."""

    code: str
    kind: str
    ja: str
    en: str
    spread: Spread
    every: str
    start: date
    until: date | None = None

    def falls_in(self, month: date) -> bool:
        """Whether it is paid in a month."""
        if self.every == "once":
            return month == self.start
        return self.start <= month and (self.until is None or month <= self.until)


@dataclass(frozen=True)
class Worth:
    """`worth:` of a pipeline file: cost items, and which part of what campaigns brought is credited to the workbook."""

    items: tuple[Item, ...] = ()
    since: date | None = None
    credit: Spread = Spread(1.0, 1.0, 1.0)
    margin: Spread | None = None

    @property
    def start(self) -> date | None:
        """The month of the first cost, from which time is counted."""
        return min((one.start for one in self.items), default=None)


def read_worth(content: Mapping[str, object], where: str) -> Worth:
    """`worth:` checked. Raises ConfigError naming file, item and key, its value and what was expected."""
    place = f"{where}: worth"
    _known(content, KEYS, place)
    items = content.get("items") or {}
    if not isinstance(items, Mapping):
        raise ConfigError(f"{place}.items is {items!r}; expected cost items by name.")
    made = tuple(_item(str(code), given, f"{place}.items.{code}") for code, given in items.items())
    since = _month(content["since"], f"{place}.since") if content.get("since") is not None else None
    credit = _share(content["credit"], f"{place}.credit") if content.get("credit") is not None else Worth.credit
    margin = _share(content["margin"], f"{place}.margin") if content.get("margin") is not None else None
    return Worth(made, since, credit, margin)


def _item(code: str, given: object, where: str) -> Item:
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} is {given!r}; expected the keys {', '.join(NEEDED)}.")
    _known(given, ITEM_KEYS, where)
    for key in NEEDED:
        if given.get(key) in (None, ""):
            raise ConfigError(f"{where} has no {key!r}; expected {', '.join(NEEDED)}.")
    for key, options in (("kind", KINDS), ("every", EVERY)):
        if given[key] not in options:
            near = near_miss(str(given[key]), options)
            raise ConfigError(f"{where}.{key} is {given[key]!r}; expected one of {', '.join(options)}.{near}")
    spread = _spread(given["amount"], given.get("low"), given.get("high"), where)
    start = _month(given["from"], f"{where}.from")
    until = None if given.get("until") is None else _month(given["until"], f"{where}.until")
    if until and (given["every"] == "once" or until < start):
        raise ConfigError(
            f"{where}.until is {given['until']!r}; expected a month not before `from`, of a monthly item."
        )
    return Item(code, str(given["kind"]), str(given["ja"]), str(given["en"]), spread, str(given["every"]), start, until)


def _spread(amount: object, low: object, high: object, where: str) -> Spread:
    middle = _number(amount, f"{where}.amount")
    ends = [middle if end is None else _number(end, f"{where}.{key}") for key, end in (("low", low), ("high", high))]
    if not 0 <= ends[0] <= middle <= ends[1]:
        raise ConfigError(
            f"{where}: low {ends[0]:g}, amount {middle:g}, high {ends[1]:g}; expected 0 or more, in this order."
        )
    return Spread(middle, *ends)


def _share(given: object, where: str) -> Spread:
    """A share, or one from low to high with its middle as the likeliest."""
    if isinstance(given, Mapping):
        _known(given, ("low", "high"), where)
        low, high = (_number(given.get(key), f"{where}.{key}") for key in ("low", "high"))
        made = Spread((low + high) / 2, low, high)
    else:
        value = _number(given, where)
        made = Spread(value, value, value)
    if not 0 <= made.low <= made.high <= 1:
        raise ConfigError(f"{where} is {given!r}; expected a share from 0 to 1, or {{low: 0.3, high: 0.5}}.")
    return made


def _number(given: object, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) < 1e15:
        raise ConfigError(f"{where} is {given!r}; expected a number, such as 120000.")
    return float(given)


def _month(given: object, where: str) -> date:
    try:
        return parse_month(str(given))
    except Exception as error:
        raise ConfigError(f"{where} is {given!r}; expected a month, such as 2026-04.") from error


def _known(given: Mapping, keys: tuple[str, ...], where: str) -> None:
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} is {given!r}; expected the keys {', '.join(keys)}.")
    for key in given:
        if key not in keys:
            raise ConfigError(
                f"{where} has the unknown key {key!r}; expected {', '.join(keys)}.{near_miss(str(key), keys)}"
            )
