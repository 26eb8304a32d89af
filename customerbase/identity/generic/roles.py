"""Which columns of a list are compared, as what, and which are left out and why; judged by what the columns hold.

Names and headings come from whoever reads the file (`Column.role`); what cannot be known from a heading is decided here:
columns that are empty or the same in every row, that number the rows, that only repeat other columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import customerbase.identity.generic.values as values
from customerbase.engine import Engine, identifier, literal
from customerbase.errors import ConfigError, near_miss

ROLES = (
    *("given", "family", "full", "given_kana", "family_kana", "full_kana", "birth", "date", "email", "phone", "gender"),
    *("postcode", "pref", "city", "street", "building", "place", "company", "category", "code", "text"),
    *("id", "row", "ignore"),
)
SAMPLE = 2000  # rows looked at to see whether columns repeat each other
FEW = 20  # rows; in a shorter list a value in every row may be one person's, and different ones need not be numbers
LIST = 30  # a text column of at most so many values is a list of words, if they are short and each often used
LONG = 60  # characters on average: free text


@dataclass(frozen=True)
class Column:
    """A column as it came: its name in the table, its heading, its role (one of ROLES), how its dates are written."""

    name: str
    title: str
    role: str = "text"
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Use:
    """What becomes of columns: kind of field, its title, the columns it is made of, and what its agreement may mean.

    kin: who else than one person agrees on it (see relatives.py). whole_reading: the second column is the reading of the
    full name, not of this part. romaji: Latin letters are read as kana, too, because others write kana.
    """

    kind: str
    title: str
    columns: tuple[str, ...]
    kin: str
    formats: tuple[str, ...] = ()
    whole_reading: bool = False
    romaji: bool = False


@dataclass(frozen=True)
class Plan:
    """The fields to compare, and the columns left out: (heading, reason) in the order of the list."""

    uses: tuple[Use, ...]
    ignored: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Facts:
    """Of one column: filled cells, different values, mean length, share with a digit, share with a space."""

    filled: int
    distinct: int
    length: float
    digits: float
    spaces: float


def plan(db: Engine, table: str, columns: Sequence[Column]) -> Plan:
    """What to compare of the columns of `table` (text, one row per record). Raises ConfigError for an unknown role."""
    for column in columns:
        if column.role not in ROLES:
            raise ConfigError(
                f"column {column.title!r}: unknown role {column.role!r}; expected one of {', '.join(ROLES)}."
                f"{near_miss(column.role, ROLES)}"
            )
    facts = _facts(db, table, columns)
    rows = db.query(f"select count(*) from {identifier(table)}").fetchall()[0][0]
    ignored = {column.name: _reason(column, facts[column.name], rows) for column in columns}
    left = [column for column in columns if ignored[column.name] is None]
    ignored |= _repeats(db, table, left)
    left = [column for column in columns if ignored[column.name] is None]
    uses, said = _names(left)
    ignored |= said
    if _any_like(db, table, [column for column in left if column.role in _NAMES], KANA_SIGN):
        uses = [replace(use, romaji=use.kind != "other_names") for use in uses]
    address = _address(db, table, left)
    uses += [
        _use(column, facts[column.name]) for column in left if column.role not in _NAMES and column.name not in address
    ]
    if address:
        title = " ".join(column.title for column in left if column.name in address)
        postcode = next((column.name for column in left if column.role == "postcode"), "")
        uses.append(Use("address", title, (*address, postcode), "place"))
    reasons = tuple((column.title, ignored[column.name]) for column in columns if ignored[column.name])
    return Plan(tuple(uses), reasons)


_NAMES = ("given", "family", "full", "given_kana", "family_kana", "full_kana")


_ADDRESS = ("pref", "city", "street", "building")
KANA_SIGN = "[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"
JAPANESE_SIGN = "[\u3041-\u30ff\u4e00-\u9fff]"


def _any_like(db: Engine, table: str, columns: Sequence[Column], sign: str) -> bool:
    """Whether one row in a hundred has the sign in one of the columns."""
    tests = [f"regexp_matches(coalesce({identifier(column.name)}, ''), {literal(sign)})" for column in columns]
    if not tests:
        return False
    share = f"avg(case when {' or '.join(tests)} then 1.0 else 0.0 end)"
    return (db.query(f"select {share} from {identifier(table)}").fetchall()[0][0] or 0) >= 0.01


def _address(db: Engine, table: str, columns: Sequence[Column]) -> tuple[str, ...]:
    """The columns (prefecture, city, street, building; "" where there is none) that make one Japanese address."""
    first = {role: next((column for column in columns if column.role == role), None) for role in _ADDRESS}
    found = [column for column in first.values() if column]
    if not (first["city"] or first["street"]) or not _any_like(db, table, found, JAPANESE_SIGN):
        return ()
    return tuple(column.name if column else "" for column in first.values())


def _facts(db: Engine, table: str, columns: Sequence[Column]) -> dict[str, _Facts]:
    nothing = literal(sorted(values.NOTHING | {""}))
    found = {}
    for column in columns:
        value = f"case when lower(trim({identifier(column.name)})) not in {nothing} then trim({identifier(column.name)}) end"
        row = db.query(
            "select count(v), count(distinct v), avg(length(v)), avg(case when regexp_matches(v, '[0-9]') then 1.0 else 0.0 end),"
            f" avg(case when contains(v, ' ') then 1.0 else 0.0 end) from (select {value} as v from {identifier(table)})"
            " where v is not null"
        ).fetchall()[0]
        found[column.name] = _Facts(*(0 if part is None else part for part in row))
    return found


def _reason(column: Column, facts: _Facts, rows: int) -> str | None:
    """Why a column says nothing about who is who; None when it may."""
    if column.role == "id":
        return "an id or a number of rows: never compared"
    if column.role == "row":
        return "tells of the row, not of the person"
    if column.role == "ignore":
        return "as asked"
    if facts.filled == 0:
        return "empty"
    if facts.distinct == 1 and rows >= FEW:
        return "the same in every row"
    code = facts.digits > 0.5 and facts.spaces < 0.1 and column.role in ("text", "code")
    if code and facts.distinct == facts.filled and facts.filled > 0.9 * rows and rows >= FEW:
        return "another value in every row: it numbers the rows"
    return None


def _repeats(db: Engine, table: str, columns: Sequence[Column]) -> dict[str, str]:
    """Columns that say the same as an earlier one in 95 of 100 rows."""
    plain = [column for column in columns if column.role not in _NAMES]
    names = ", ".join(identifier(column.name) for column in plain)
    rows = db.query(f"select {names} from {identifier(table)} limit {SAMPLE}").fetchall() if plain else []
    folded = [["".join(values.words(value)[1] or []) for value in row] for row in rows]
    found: dict[str, str] = {}
    for later in range(len(plain)):
        for earlier in range(later):
            both = [(row[earlier], row[later]) for row in folded if row[earlier] and row[later]]
            same = sum(one == other for one, other in both)
            if len(both) >= 20 and same >= 0.95 * len(both) and plain[earlier].name not in found:
                found.setdefault(plain[later].name, f"the same as {plain[earlier].title}")
    return found


def _names(columns: Sequence[Column]) -> tuple[list[Use], dict[str, str]]:
    """The fields made of names. A full name beside its parts adds only the words that the parts leave out."""
    by_role = {role: [column for column in columns if column.role == role] for role in _NAMES}
    first = {role: found[0] for role, found in by_role.items() if found}
    ignored = {
        column.name: f"a second column of that kind, beside {found[0].title}"
        for role, found in by_role.items()
        for column in found[1:]
        if role != "full"
    }
    uses = []
    parts = [role for role in ("given", "family") if role in first or f"{role}_kana" in first]
    if parts:
        uses += [_part(role, first) for role in parts]
        known = tuple(first[role].name for role in ("given", "family") if role in first)
        uses += [
            Use("other_names", f"{column.title} (other words)", (column.name, *known), "other")
            for column in by_role["full"]
        ]
        if "full_kana" in first and not any(use.whole_reading for use in uses):
            ignored[first["full_kana"].name] = "the parts of the name are known"
    elif "full" in first or "full_kana" in first:
        chosen = [first[role] for role in ("full", "full_kana") if role in first]
        uses.append(Use("full_name", chosen[0].title, tuple(column.name for column in chosen), "given"))
        ignored |= {
            column.name: f"a second column of that kind, beside {chosen[0].title}" for column in by_role["full"][1:]
        }
    return uses, ignored


def _part(role: str, first: dict[str, Column]) -> Use:
    chosen = [first[name] for name in (role, f"{role}_kana") if name in first]
    columns = tuple(column.name for column in chosen)
    if len(chosen) == 1 and chosen[0].role == role and "full_kana" in first:
        return Use(role, chosen[0].title, (*columns, first["full_kana"].name), role, whole_reading=True)
    return Use(role, chosen[0].title, columns, role)


def _use(column: Column, facts: _Facts) -> Use:
    kind, kin = {
        "birth": ("date", "birth"),
        "date": ("date", "other"),
        "email": ("email", "contact"),
        "phone": ("phone", "contact"),
        "postcode": ("postcode", "place"),
        "gender": ("gender", "list"),
        **dict.fromkeys(("company", "place", *_ADDRESS), (_text_kind(facts), "place")),
        "category": ("category", "list"),
        "code": ("code", "personal"),
    }.get(column.role, (_text_kind(facts), ""))
    return Use(
        kind,
        column.title,
        (column.name,),
        kin or {"category": "list", "code": "personal"}.get(kind, "other"),
        column.formats,
    )


def _text_kind(facts: _Facts) -> str:
    """A list of words, a code, free text, or words."""
    if facts.length > LONG:
        return "long"
    if facts.distinct <= LIST and facts.filled >= 5 * facts.distinct:
        return "category"
    return "code" if facts.digits > 0.9 and facts.spaces < 0.1 else "text"
