"""What every table must be: expectations/<table>.yaml, read once, checked to the last key, handed out as plain data."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, TableError, near_miss
from customerbase.tables.vocabulary import EXPECTATIONS
from customerbase.yaml_files import read_yaml

FOLDER = Path(__file__).parents[2] / "expectations"
KINDS = ("source", "analysis", "record", "view")
SEVERITIES = ("block", "warn", "drift")
SENSITIVITIES = ("public", "internal", "pseudonym", "contact")
TYPES = ("VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "DECIMAL(p,s)")
LARGEST = 1.7976931348623157e308

# Contact data may stand here and nowhere else; None: any column of the table.
CONTACT_COLUMNS: dict[str, tuple[str, ...] | None] = {
    "customers_src": None,
    "customers_std": None,
    "contacts": None,
    "contact_phones": None,
    "contact_emails": None,
    "contact_addresses": None,
    "identifiers": ("identifier",),
    "inquiries": ("text",),
    "reviews": ("text",),
    "survey_answers": ("answer_text",),
    "quarantine_raw": ("raw_text",),
}

# Python reads these differently from RE2 and Java (\d beyond ASCII, look-around): one regex must mean one thing.
_UNPORTABLE = re.compile(r"\\[dwsbDWSB]|\(\?[=!<]|\\[1-9]")
_EXTRACT = re.compile(r"\bextract\s*\([^)]*\)", re.IGNORECASE)  # its `from` names no table
_FROM = re.compile(r"\b(?:from|join)\s+([a-z_][a-z0-9_]*)", re.IGNORECASE)
_CTE = re.compile(r"\b([a-z_][a-z0-9_]*)\s+as\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column: type as the engine names it, unit of its numbers, sensitivity, meaning in two languages."""

    name: str
    type: str
    unit: str | None
    sensitivity: str
    required: bool
    en: str
    ja: str


@dataclass(frozen=True)
class Expectation:
    """One rule in Great Expectations' words; `reason` is the short code a row that breaks it is listed under."""

    type: str
    kwargs: dict
    severity: str
    reason: str
    named: str | None = None
    implied: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the rule looks at, as far as its keywords name them."""
        pair = [self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs]
        return tuple(pair or self.kwargs.get("column_list", ()))

    @property
    def column(self) -> str:
        """The column a reader is pointed to: named in the file, else those looked at joined by +, else a dash."""
        return self.named or "+".join(self.columns) or "-"

    @property
    def tables(self) -> frozenset[str]:
        """Other tables the rule reads."""
        text = _EXTRACT.sub("", self.kwargs.get("unexpected_rows_query", ""))
        return frozenset(_FROM.findall(text)) - frozenset(_CTE.findall(text))


@dataclass(frozen=True)
class Schema:
    """One table: what a row is, what tells rows apart, its columns and everything expected of it."""

    name: str
    kind: str
    title: dict[str, str]
    grain: dict[str, str]
    key: tuple[str, ...]
    columns: dict[str, Column]
    expectations: list[Expectation] = field(default_factory=list)

    @property
    def contact_columns(self) -> tuple[str, ...]:
        """Columns that hold names, addresses, numbers or words of a person."""
        return tuple(name for name, column in self.columns.items() if column.sensitivity == "contact")


def schema(name: str) -> Schema:
    """The schema of a table. Raises TableError with the near miss for a table that is not declared."""
    known = schemas()
    if name not in known:
        raise TableError(f"no table {name!r} is declared in expectations/.{near_miss(name, known)}")
    return known[name]


@cache
def schemas(folder: Path = FOLDER) -> dict[str, Schema]:
    """All tables by name, from expectations/*.yaml. Raises ConfigError naming file, key path and near miss."""
    found = {path.stem: load(path) for path in sorted(folder.glob("*.yaml"))}
    for name, one in found.items():
        for expectation in one.expectations:
            for other in sorted(expectation.tables - found.keys()):
                raise _error(name, expectation.reason, f"reads {other!r}, which is no table.", other, found)
    return found


def load(path: Path) -> Schema:
    """One expectations file, checked. Raises ConfigError naming file, key path and near miss."""
    try:
        raw = read_yaml(path)
    except yaml.YAMLError as error:
        raise ConfigError(f"expectations/{path.name} is not YAML: {error}") from error
    where = path.stem
    if not isinstance(raw, dict):
        raise ConfigError(f"expectations/{path.name} holds {type(raw).__name__}; expected the keys table, kind, ….")
    _keys(where, "", raw, "table* kind* title* grain* key* columns* expectations")
    if raw["table"] != where:
        raise _error(where, "table", f"is {raw['table']!r}; expected {where!r}, the name of the file.")
    _one_of(where, "kind", raw["kind"], KINDS)
    for text in ("title", "grain"):
        _keys(where, text, raw[text], "en* ja*")
    columns = {name: _column(where, name, spec) for name, spec in raw["columns"].items()}
    for name in raw["key"]:
        _one_of(where, "key", name, columns)
    _contact_stays_put(where, columns)
    own = [_expectation(where, n, spec, columns) for n, spec in enumerate(raw.get("expectations") or [])]
    result = Schema(where, raw["kind"], raw["title"], raw["grain"], tuple(raw["key"]), columns)
    result.expectations.extend([*_implied(result, own), *own])
    _told_apart(result)
    return result


def _error(table: str, path: str, problem: str, word: str = "", options=()) -> ConfigError:
    hint = near_miss(word, options) if word else ""
    return ConfigError(f"expectations/{table}.yaml: {path or 'the file'} {problem}{hint}")


def _keys(table: str, path: str, given: object, spec: str) -> None:
    names = [word.rstrip("*") for word in spec.split()]
    if not isinstance(given, dict):
        raise _error(table, path, f"is {given!r}; expected the keys {', '.join(names)}.")
    for key in given:
        if key not in names:
            raise _error(table, path, f"has the unknown key {key!r}; expected {', '.join(names)}.", str(key), names)
    for word in spec.split():
        if word.endswith("*") and word[:-1] not in given:
            raise _error(table, path, f"has no {word[:-1]!r}.")


def _one_of(table: str, path: str, value: object, options) -> None:
    if value not in options:
        raise _error(table, path, f"is {value!r}; expected one of {', '.join(options)}.", str(value), options)


def _column(table: str, name: str, spec: object) -> Column:
    path = f"columns.{name}"
    _keys(table, path, spec, "type* unit* sensitivity* required en* ja*")
    if spec["type"] not in TYPES[:-1] and not re.fullmatch(r"DECIMAL\(\d+,\d+\)", str(spec["type"])):
        _one_of(table, f"{path}.type", spec["type"], TYPES)
    _one_of(table, f"{path}.sensitivity", spec["sensitivity"], SENSITIVITIES)
    for language in ("en", "ja"):
        if not isinstance(spec[language], str) or not spec[language].strip():
            raise _error(table, f"{path}.{language}", "is empty; expected one sentence.")
    required = spec.get("required", False)
    return Column(name, spec["type"], spec["unit"], spec["sensitivity"], required, spec["en"], spec["ja"])


def _contact_stays_put(table: str, columns: dict[str, Column]) -> None:
    allowed = CONTACT_COLUMNS.get(table, ())
    for column in columns.values():
        if column.sensitivity == "contact" and allowed is not None and column.name not in allowed:
            places = ", ".join(sorted(CONTACT_COLUMNS))
            raise _error(table, f"columns.{column.name}.sensitivity", f"is 'contact', allowed in {places} only.")


def _expectation(table: str, number: int, spec: object, columns: dict[str, Column]) -> Expectation:
    path = f"expectations[{number}]"
    _keys(table, path, spec, "type* kwargs* column severity* reason*")
    _one_of(table, f"{path}.type", spec["type"], EXPECTATIONS)
    _one_of(table, f"{path}.severity", spec["severity"], SEVERITIES)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(spec["reason"])):
        raise _error(table, f"{path}.reason", f"is {spec['reason']!r}; expected a short code such as negative_total.")
    kwargs = spec["kwargs"]
    _keys(table, f"{path}.kwargs", kwargs, EXPECTATIONS[spec["type"]])
    made = Expectation(spec["type"], kwargs, spec["severity"], spec["reason"], spec.get("column"))
    for column in [*made.columns, *([made.named] if made.named else [])]:
        _one_of(table, f"{path}.column", column, columns)
    _sound(table, f"{path}.kwargs", kwargs)
    return made


def _sound(table: str, path: str, kwargs: dict) -> None:
    """Refuse values that could not work on every engine."""
    mostly, query = kwargs.get("mostly", 1), kwargs.get("unexpected_rows_query", "{batch}")
    if not isinstance(mostly, int | float) or not 0 <= mostly <= 1:
        raise _error(table, f"{path}.mostly", f"is {mostly!r}; expected a share from 0 to 1.")
    if not isinstance(kwargs.get("value_set", []), list):
        raise _error(table, f"{path}.value_set", f"is {kwargs['value_set']!r}; expected a list.")
    if "{batch}" not in str(query):
        raise _error(table, f"{path}.unexpected_rows_query", "does not read {batch}, the table itself.")
    for regex in [kwargs.get("regex", ""), *kwargs.get("regex_list", [])]:
        _portable(table, f"{path}.regex", regex)


def _portable(table: str, path: str, regex: str) -> None:
    try:
        re.compile(regex)
    except (re.error, TypeError) as error:
        raise _error(table, path, f"is {regex!r}, no regular expression: {error}.") from error
    if found := _UNPORTABLE.search(regex):
        remedy = "which engines read differently; write the characters out, such as [0-9]."
        raise _error(table, path, f"is {regex!r} with {found[0]!r}, {remedy}")


def _implied(one: Schema, own: list[Expectation]) -> list[Expectation]:
    """What key, `required`, the column list and DOUBLE say without being written down: all of it blocks."""

    def block(kind: str, reason: str, **kwargs) -> Expectation:
        return Expectation(kind, kwargs, "block", reason, implied=True)

    needed = [c for c in one.columns.values() if c.required or c.name in one.key]
    ranged = {e.kwargs["column"] for e in own if e.type == "expect_column_values_to_be_between"}
    unique = {"column": one.key[0]} if len(one.key) == 1 else {"column_list": list(one.key)}
    doubles = [c.name for c in one.columns.values() if c.type == "DOUBLE" and c.name not in ranged]
    finite = {"min_value": -LARGEST, "max_value": LARGEST}
    columns = {"column_set": list(one.columns), "exact_match": one.kind != "source"}
    kind = "expect_column_values_to_be_unique" if len(one.key) == 1 else "expect_compound_columns_to_be_unique"
    return [
        # source tables carry helper columns while they are being checked; all others are exactly what they declare
        block("expect_table_columns_to_match_set", "wrong_columns", **columns),
        *[block("expect_column_values_to_not_be_null", f"missing_{c.name}", column=c.name) for c in needed],
        *([block(kind, "duplicate_key", **unique)] if one.key else []),  # a key may not be empty: such a table has none
        # NaN and infinity: sorted above every number, and answers from Parquet statistics differ once one is stored
        *[block("expect_column_values_to_be_between", f"not_finite_{c}", column=c, **finite) for c in doubles],
    ]


def _told_apart(one: Schema) -> None:
    seen: set[tuple] = set()
    for expectation in one.expectations:
        mark = (expectation.type, expectation.column, expectation.reason)
        if mark in seen:
            raise _error(one.name, mark[2], f"stands twice for {mark[0]} of {mark[1]}.")
        seen.add(mark)
