"""The rules of survivorship as data: for each field its columns, and what decides between a person's accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, near_miss

RULES_FILE = Path(__file__).with_name("survivorship.yaml")
RULES = ("source_priority", "most_recent", "earliest", "most_frequent", "longest", "most_complete", "preferred")
_KEYS = ("columns", "along", "needs", "never", "preferred", "contact", "rules")


@dataclass(frozen=True)
class Field:
    """One field of a person: its columns with their status columns, and the rules that choose the account."""

    name: str
    columns: Mapping[str, str | None]
    rules: tuple[str, ...]
    along: Mapping[str, str | None]
    needs: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
    contact: bool = False

    @property
    def carried(self) -> dict[str, str | None]:
        """The columns that come with the value, those that are no value by themselves last; with their status."""
        return {**self.columns, **self.along}


def fields(rules: Mapping[str, Sequence[str]] | None = None) -> dict[str, Field]:
    """The fields of a profile and how each survives, from survivorship.yaml.

    rules: for single fields other rules than those of the file, such as {"occupation": ["most_frequent"]}.
    Raises ConfigError with the near miss for an unknown field or rule.
    """
    found = dict(_read())
    for name, chosen in (rules or {}).items():
        if name not in found:
            raise ConfigError(f"rules name the unknown field {name!r}.{near_miss(name, found)}")
        found[name] = _sound(replace(found[name], rules=tuple(chosen)), "rules")
    return found


@cache
def _read() -> dict[str, Field]:
    raw = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["fields"]
    return {name: _field(name, entry) for name, entry in raw.items()}


def _field(name: str, entry: dict) -> Field:
    for key in entry:
        if key not in _KEYS:
            raise ConfigError(f"{RULES_FILE.name}: {name} has the unknown key {key!r}.{near_miss(key, _KEYS)}")
    lists = {key: tuple(entry.get(key, ())) for key in ("rules", "needs", "never", "preferred")}
    contact = entry.get("contact", False)
    return _sound(
        Field(name, entry["columns"], along=entry.get("along", {}), contact=contact, **lists), RULES_FILE.name
    )


def _sound(field: Field, where: str) -> Field:
    for rule in field.rules:
        if rule not in RULES:
            expected = f"expected one of {', '.join(RULES)}."
            raise ConfigError(
                f"{where}: {field.name} has the unknown rule {rule!r}; {expected}{near_miss(rule, RULES)}"
            )
    if "preferred" in field.rules and not field.preferred:
        raise ConfigError(f"{where}: {field.name} has the rule 'preferred', but survivorship.yaml lists no values.")
    return field
