"""Audiences: which pages and which tables a group of viewers may see (audiences.yaml)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, near_miss
from customerbase.tables.schema import Schema, schemas

FILE = Path(__file__).with_name("audiences.yaml")
_KEYS = {"title", "includes", "persons", "pages", "tables"}


@dataclass(frozen=True)
class Audience:
    """A group of viewers: its name, title in both languages, pages (of notebooks/dashboards/) and tables."""

    name: str
    title: dict[str, str]
    pages: tuple[str, ...]
    tables: tuple[str, ...]


@cache
def audiences() -> dict[str, Audience]:
    """All audiences by name. Raises ConfigError for an unknown key, audience or table, or a table nobody may see."""
    return read(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def find(name: str) -> Audience:
    """The audience of this name. Raises ConfigError with the near miss."""
    known = audiences()
    if name not in known:
        raise ConfigError(f"audience is {name!r}; expected one of {', '.join(known)}.{near_miss(name, known)}")
    return known[name]


def read(spec: dict[str, dict]) -> dict[str, Audience]:
    """Audiences from the content of audiences.yaml; a later one may include an earlier one. Raises ConfigError."""
    made: dict[str, Audience] = {}
    for name, one in spec.items():
        for key in one.keys() - _KEYS:
            raise ConfigError(f"{FILE.name}: {name} has the unknown key {key!r}.{near_miss(key, _KEYS)}")
        base = one.get("includes")
        if base is not None and base not in made:
            raise ConfigError(f"{FILE.name}: {name} includes {base!r}, which does not stand above it.")
        pages, tables = list(one.get("pages") or ()), list(one.get("tables") or ())
        if base is not None:
            pages, tables = [*made[base].pages, *pages], [*made[base].tables, *tables]
        for table in tables:
            _may_be_shown(name, table, schemas(), persons=bool(one.get("persons")))
        made[name] = Audience(name, one["title"], tuple(dict.fromkeys(pages)), tuple(dict.fromkeys(tables)))
    return made


def about_one_person(table: Schema) -> bool:
    """Whether rows can be led back to a person: a customer id, or any column declared as a pseudonym."""
    return "customer_id" in table.columns or any(one.sensitivity == "pseudonym" for one in table.columns.values())


def _may_be_shown(audience: str, table: str, known: dict[str, Schema], *, persons: bool) -> None:
    where = f"{FILE.name}: {audience} lists {table!r}"
    if table not in known:
        raise ConfigError(f"{where}, which is not declared in expectations/.{near_miss(table, known)}")
    if columns := known[table].contact_columns:
        raise ConfigError(f"{where}, which holds contact data ({', '.join(columns)}); no dashboard shows that.")
    if about_one_person(known[table]) and not persons:
        raise ConfigError(f"{where}, whose rows are about single persons; this audience sees aggregates.")
