"""`loyalty:` of a pipeline file: the ranks of a programme and other schemes to compare; read, refused with one clear error.

loyalty:
  per: account                  # each membership by itself (or: customer, all memberships of a person together)
  measure: spend                # what earns a rank: spend or orders
  amount: subtotal              # of an order: subtotal or total
  statuses: [completed]         # of orders that count
  review: purchase              # after every purchase, or on the first day of these months: [1, 7]
  window_months: 12             # left out: since the first order
  point_cost: 0.8               # what a point costs, in money: of those issued some are never used
  ranks:                        # from the lowest
    regular: {title: {en: Regular, ja: レギュラー}, label: レギュラー, points: 0.01}
    silver: {title: …, label: シルバー, from: 30000, points: 0.01, benefit: 500}   # benefit: money a member and year
  behaviour: {assumed: 0.03, low: 0, high: 0.08, why: …}   # spend a year rises by so much for each rank gained
  schemes:
    lower: {title: {en: …, ja: …}, from: {silver: 20000}, points: {gold: 0.02}, benefit: {…}, review: …, window_months: …}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from customerbase.audiences.values import line, one_of
from customerbase.errors import ConfigError
from customerbase.rules.codes import both_languages, check_code

PURCHASE, PRESENT = "purchase", "present"
STATUSES = ("completed", "returned", "cancelled", "pending")
_KEYS = (
    "per", "measure", "amount", "statuses", "review", "window_months", "point_cost", "ranks", "behaviour", "schemes",
)  # fmt: skip
_RANK = ("title", "label", "from", "points", "benefit")
_SCHEME = ("title", "from", "points", "benefit", "review", "window_months")


@dataclass(frozen=True)
class Rank:
    """code, names, label: as the ledger writes it; start: the least spend or orders; points: a unit of money; benefit: a year."""

    code: str
    title: Mapping[str, str]
    label: str
    start: float = 0.0
    points: float = 0.0
    benefit: float = 0.0


@dataclass(frozen=True)
class Scheme:
    """Ranks from the lowest, and when they are reckoned: review months (none: after every purchase), over which window."""

    code: str
    title: Mapping[str, str]
    ranks: tuple[Rank, ...]
    review: tuple[int, ...] = ()
    window_months: int | None = None


@dataclass(frozen=True)
class Behaviour:
    """Assumed: by which share spend rises for each rank gained, and falls for each one lost."""

    assumed: float
    low: float
    high: float
    why: str


@dataclass(frozen=True)
class Programme:
    """The present scheme, others to compare, and what is counted how."""

    present: Scheme
    schemes: tuple[Scheme, ...] = ()
    per: str = "account"
    measure: str = "spend"
    amount: str = "subtotal"
    statuses: tuple[str, ...] = field(default=("completed",))
    point_cost: float = 1.0
    behaviour: Behaviour | None = None

    @property
    def all(self) -> tuple[Scheme, ...]:
        """The present scheme, then the others."""
        return (self.present, *self.schemes)


def read_programme(content: Mapping | None, where: str = "the pipeline file") -> Programme | None:
    """`loyalty:` of a pipeline, None without one. Raises ConfigError naming place, value and near miss."""
    if not content:
        return None
    place = f"{where}: loyalty"
    spec = _mapping(content, _KEYS, place)
    ranks = _ranks(spec.get("ranks"), f"{place}.ranks")
    present = Scheme(PRESENT, {"en": "Present rule", "ja": "現在の基準"}, ranks, *_times(spec, place))
    schemes = _mapping(spec.get("schemes") or {}, None, f"{place}.schemes")
    statuses = spec.get("statuses", ["completed"])
    if not isinstance(statuses, list) or not statuses:
        raise ConfigError(f"{place}.statuses is {statuses!r}; expected a list such as [completed].")
    return Programme(
        present,
        tuple(_scheme(code, one, present, f"{place}.schemes.{code}") for code, one in schemes.items()),
        per=one_of(spec.get("per", "account"), ("account", "customer"), f"{place}.per"),
        measure=one_of(spec.get("measure", "spend"), ("spend", "orders"), f"{place}.measure"),
        amount=one_of(spec.get("amount", "subtotal"), ("subtotal", "total"), f"{place}.amount"),
        statuses=tuple(one_of(one, STATUSES, f"{place}.statuses") for one in statuses),
        point_cost=_number(spec, "point_cost", place, 1.0),
        behaviour=_behaviour(spec["behaviour"], f"{place}.behaviour") if "behaviour" in spec else None,
    )


def _ranks(given: object, place: str) -> tuple[Rank, ...]:
    given = _mapping(given, None, place)
    if len(given) < 2:
        raise ConfigError(f"{place} has {len(given)} ranks; expected two or more, from the lowest.")
    made = []
    for code, spec in given.items():
        where = f"{place}.{code}"
        check_code(code, where, "a rank")
        spec = _mapping(spec, _RANK, where)
        if "title" not in spec:
            raise ConfigError(f"{where} has no 'title'; a rank says title, label and from which amount on.")
        title = both_languages(spec["title"], f"{where}.title", True)
        numbers = [_number(spec, key, where, 0.0) for key in ("from", "points", "benefit")]
        made.append(Rank(str(code), title, line(spec.get("label", str(code)), f"{where}.label"), *numbers))
    return _rising(tuple(made), place)


def _rising(ranks: tuple[Rank, ...], place: str) -> tuple[Rank, ...]:
    if ranks[0].start != 0:
        raise ConfigError(f"{place}.{ranks[0].code}.from is {ranks[0].start:g}; the lowest rank begins at 0.")
    for one, other in pairwise(ranks):
        if other.start <= one.start:
            raise ConfigError(
                f"{place}: {other.code} begins at {other.start:g}, not above {one.code} ({one.start:g}); expected rising."
            )
    return ranks


def _scheme(code: object, spec: object, present: Scheme, place: str) -> Scheme:
    check_code(code, place, "a scheme")
    if code == PRESENT:
        raise ConfigError(f"{place}: {PRESENT!r} is the rule in force; give the scheme a code of its own.")
    spec = _mapping(spec, _SCHEME, place)
    codes = [rank.code for rank in present.ranks]
    changed = {rank.code: rank for rank in present.ranks}
    for key, name in (("from", "start"), ("points", "points"), ("benefit", "benefit")):
        for rank, value in _mapping(spec.get(key) or {}, None, f"{place}.{key}").items():
            one_of(rank, codes, f"{place}.{key}", "rank")
            number = _number({rank: value}, rank, f"{place}.{key}", 0.0)
            changed[rank] = replace(changed[rank], **{name: number})
    title = both_languages(spec.get("title"), f"{place}.title", True)
    ranks = _rising(tuple(changed.values()), place)
    times = _times(
        {"review": list(present.review) or PURCHASE, "window_months": present.window_months} | dict(spec), place
    )
    return Scheme(str(code), title, ranks, *times)


def _times(spec: Mapping, place: str) -> tuple[tuple[int, ...], int | None]:
    review, window = spec.get("review", PURCHASE), spec.get("window_months")
    months = [] if review == PURCHASE else review
    if not isinstance(months, list) or not all(type(one) is int and 1 <= one <= 12 for one in months):
        raise ConfigError(f"{place}.review is {review!r}; expected purchase, or months such as [1, 7].")
    if window is not None and (type(window) is not int or not 1 <= window <= 120):
        raise ConfigError(f"{place}.window_months is {window!r}; expected a whole number of months from 1 to 120.")
    return tuple(sorted(months)), window


def _behaviour(given: object, place: str) -> Behaviour:
    spec = _mapping(given, ("assumed", "low", "high", "why"), place)
    why = line(spec.get("why", ""), f"{place}.why")
    if not why or {"assumed", "low", "high"} - spec.keys():
        raise ConfigError(f"{place} is {given!r}; an assumption says assumed, low, high and why it is made.")
    value, low, high = (_number(spec, key, place, 0.0, -1.0) for key in ("assumed", "low", "high"))
    if not low <= value <= high:
        raise ConfigError(f"{place}: assumed {value:g} is not within low {low:g} and high {high:g}.")
    return Behaviour(value, low, high, why)


def _mapping(given: object, keys: tuple[str, ...] | None, place: str) -> Mapping:
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{place} is {given!r}; expected {'the keys ' + ', '.join(keys) if keys else 'lines of codes'}."
        )
    for key in given if keys else ():
        one_of(key, keys, place, "key")
    return given


def _number(spec: Mapping, key: str, place: str, without: float, least: float = 0.0) -> float:
    value = spec.get(key, without)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise ConfigError(f"{place}.{key} is {value!r}; expected a number from {least:g} up.")
    return float(value)
