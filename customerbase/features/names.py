"""What the features of a snapshot are: features.yaml, read once and checked to the last key."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, near_miss

FILE = Path(__file__).with_name("features.yaml")
_KEYS = {"kind", "unit", "en", "ja", "log", "type", "low", "high"}
_NEEDED = {"kind", "unit", "en", "ja"}


@dataclass(frozen=True)
class Kind:
    """A kind of feature: type in the table, what stands where the source has nothing of a customer, names, bounds."""

    name: str
    type: str
    empty: object
    en: str
    ja: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Feature:
    """One feature: kind, unit, block and source tables, bounds, meaning; log: linear models take its logarithm."""

    name: str
    block: str
    tables: tuple[str, ...]
    kind: Kind
    type: str
    unit: str | None
    log: bool
    low: int | None
    high: int | None
    en: str
    ja: str


@dataclass(frozen=True)
class Block:
    """The features of one SQL file, customerbase/sql/snapshot_<name>.sql."""

    name: str
    en: str
    ja: str
    tables: tuple[str, ...]
    features: tuple[Feature, ...]


@cache
def blocks(file: Path = FILE) -> tuple[Block, ...]:
    """All blocks in the order of the wide table. Raises ConfigError naming the feature and what is wrong with it."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    kinds = {name: Kind(name, **given) for name, given in raw["kinds"].items()}
    made = tuple(_block(file, name, given, kinds) for name, given in raw["blocks"].items())
    names = [one.name for block in made for one in block.features]
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{file.name}: feature {name!r} stands twice; expected each name once.")
    return made


def features() -> dict[str, Feature]:
    """All features by name, in the order of the wide table."""
    return {one.name: one for block in blocks() for one in block.features}


@cache
def optional_tables(file: Path = FILE) -> dict[str, dict[str, str]]:
    """Tables a company may not have: the columns read of each, with their types."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))["optional"]


def _block(file: Path, name: str, given: dict, kinds: dict[str, Kind]) -> Block:
    tables = tuple(given["tables"])
    made = (_feature(file, name, tables, feature, told, kinds) for feature, told in given["features"].items())
    return Block(name, given["en"], given["ja"], tables, tuple(made))


def _feature(file: Path, block: str, tables: tuple, name: str, told: dict, kinds: dict[str, Kind]) -> Feature:
    where = f"{file.name}: {block}.{name}"
    for key in sorted(told.keys() - _KEYS):
        raise ConfigError(f"{where} has the unknown key {key!r}; expected {', '.join(sorted(_KEYS))}.")
    for key in sorted(_NEEDED - told.keys()):
        raise ConfigError(f"{where} has no {key!r}.")
    if told["kind"] not in kinds:
        known = ", ".join(kinds)
        near = near_miss(str(told["kind"]), kinds)
        raise ConfigError(f"{where}: kind is {told['kind']!r}; expected one of {known}.{near}")
    kind = kinds[told["kind"]]
    bounds = (told.get("low", kind.low), told.get("high", kind.high))
    kept = (told.get("type", kind.type), told["unit"], told.get("log", False), *bounds, told["en"], told["ja"])
    return Feature(name, block, tables, kind, *kept)
