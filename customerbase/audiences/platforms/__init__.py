"""What each platform wants of a file: dated rules as data, one YAML each beside this module.

A rule file states its version (the day it was last changed), its sources and what nobody could verify;
recipient and country; the channel whose consent counts; form of the file, limits, smallest list, names; and its lists:
columns in the order of the file, each with field, steps (steps.py), hash, longest, matches; offers, which are more
columns behind them for whoever asks; which of them a row needs;
what makes two rows one; and by what a person is removed again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from customerbase.audiences.steps import FIELDS, STEPS
from customerbase.errors import ConfigError, near_miss
from customerbase.yaml_files import read_yaml

FOLDER = Path(__file__).parent
CHANNELS = ("email", "sms", "line", "push", "post", "phone", "ads")
FORMATS = ("csv", "txt", "cp932", "xlsx")
_KEYS = {"title", "recipient", "country", "channel", "version", "source", "unverified", "file", "formats", "limits",
         "minimum", "name", "lists"}  # fmt: skip
_LIST_KEYS = {"columns", "offers", "together", "any_of", "all_of", "unique", "remove_by"}
_COLUMN_KEYS = {"header", "field", "take", "steps", "hash", "longest", "matches"}


@dataclass(frozen=True)
class Column:
    """A column of a list: where its value comes from, how it is normalised, whether it is hashed, what is refused."""

    header: str
    field: str
    steps: tuple[str, ...] = ()
    take: int = 1
    hash: str | None = None
    longest: int | None = None
    matches: str | None = None


@dataclass(frozen=True)
class Listing:
    """One kind of file of a platform: its columns by name, and what a row needs."""

    name: str
    columns: Mapping[str, Column]
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    remove_by: tuple[str, ...] = ()
    offers: Mapping[str, Column] = field(default_factory=dict)

    @property
    def headers(self) -> list[str]:
        """The header of every column of the file; one that may be given several times stands so often."""
        return [one.header for one in self.columns.values() for _ in range(one.take)]

    def with_offers(self) -> "Listing":
        """The same list with the columns of what each person is offered behind its own."""
        return replace(self, columns={**self.columns, **self.offers})


@dataclass(frozen=True)
class Platform:
    """The rules of one platform, as its file says; `digest`: SHA-256 of that file."""

    name: str
    title: Mapping[str, str]
    recipient: str | None
    country: str | None
    channel: str
    version: str
    digest: str
    source: tuple[str, ...]
    unverified: tuple[str, ...]
    file: Mapping[str, object]
    formats: tuple[str, ...]
    rows: int | None
    bytes: int | None
    minimum: int
    longest_name: int | None
    lists: Mapping[str, Listing]

    @property
    def own(self) -> bool:
        """Whether it is a list for the company's own use, and not handed to a platform."""
        return self.recipient is None


@cache
def platforms() -> dict[str, Platform]:
    """All platforms by name. Raises ConfigError for a rule file that says what cannot be."""
    return {path.stem: read(path) for path in sorted(FOLDER.glob("*.yaml"))}


def find(name: str) -> Platform:
    """The platform of this name. Raises ConfigError with the near miss."""
    known = platforms()
    if name not in known:
        raise ConfigError(f"platform is {name!r}; expected one of {', '.join(known)}.{near_miss(name, known)}")
    return known[name]


def read(path: Path) -> Platform:
    """One rule file. Raises ConfigError naming the file, the key and the near miss."""
    spec, where = read_yaml(path), path.name
    _known(where, spec, _KEYS)
    for key in sorted(_KEYS - {"formats"} - spec.keys()):
        raise ConfigError(f"{where}: {key!r} is missing.")
    if spec["channel"] not in CHANNELS:
        near = near_miss(spec["channel"], CHANNELS)
        raise ConfigError(f"{where}: channel is {spec['channel']!r}; expected one of {', '.join(CHANNELS)}.{near}")
    formats = tuple(spec.get("formats") or (spec["file"]["format"],))
    for one in set(formats) - set(FORMATS):
        raise ConfigError(f"{where}: format {one!r}; expected one of {', '.join(FORMATS)}.{near_miss(one, FORMATS)}")
    lists = {name: _listing(f"{where}: list {name}", name, one) for name, one in spec["lists"].items()}
    return Platform(
        name=path.stem,
        title=spec["title"],
        recipient=spec["recipient"],
        country=spec["country"],
        channel=spec["channel"],
        version=str(spec["version"]),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        source=tuple(spec["source"]),
        unverified=tuple(spec["unverified"]),
        file=spec["file"],
        formats=formats,
        rows=spec["limits"]["rows"],
        bytes=spec["limits"]["bytes"],
        minimum=int(spec["minimum"]),
        longest_name=spec["name"]["longest"],
        lists=lists,
    )


def _listing(where: str, name: str, spec: dict) -> Listing:
    _known(where, spec, _LIST_KEYS)
    columns, offers = (
        {key: _column(f"{where}, column {key}", one) for key, one in (spec.get(part) or {}).items()}
        for part in ("columns", "offers")
    )
    named = {key: tuple(spec.get(key) or ()) for key in _LIST_KEYS - {"columns", "offers"}}
    for key, ones in named.items():
        for one in ones:
            if one not in columns:
                raise ConfigError(f"{where}: {key} names the column {one!r}.{near_miss(one, columns)}")
    if not named["remove_by"] or not named["unique"] or not (named["any_of"] or named["all_of"]):
        raise ConfigError(f"{where}: expected remove_by, unique, and any_of or all_of.")
    return Listing(name=name, columns=columns, offers=offers, **named)


def _column(where: str, spec: dict) -> Column:
    _known(where, spec, _COLUMN_KEYS)
    for what, given, known in (("field", [spec["field"]], FIELDS), ("step", spec["steps"], STEPS)):
        for one in given:
            if one not in known:
                raise ConfigError(f"{where}: {what} {one!r}; expected {', '.join(known)}.{near_miss(one, known)}")
    if spec.get("hash") not in (None, "sha256"):
        raise ConfigError(f"{where}: hash is {spec['hash']!r}; expected sha256, or nothing.")
    return Column(**spec | {"steps": tuple(spec["steps"])})


def _known(where: str, spec: object, keys: set[str]) -> None:
    if not isinstance(spec, dict):
        raise ConfigError(f"{where}: expected keys such as {', '.join(sorted(keys))}; found {type(spec).__name__}.")
    for key in spec.keys() - keys:
        raise ConfigError(f"{where}: unknown key {key!r}.{near_miss(key, keys)}")
