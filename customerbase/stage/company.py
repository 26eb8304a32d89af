"""One pipeline file read and checked: which company and sources, stages, parameters, settings, goals, and all else it says."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from customerbase.audiences.consent import Matching, read_matching
from customerbase.audiences.reading import Audiences, Known, read_audiences, read_control, read_frequency
from customerbase.errors import ConfigError, near_miss
from customerbase.kpi.targets import Target, read_targets
from customerbase.rules import BEFORE, Columns, Rules, columns, read_rules, rule_texts
from customerbase.segments import Segment, read_named
from customerbase.stage.archiving import Archiving, read_archiving
from customerbase.tables.schema import schemas
from customerbase.tables.store import ROOT, home

if TYPE_CHECKING:
    from customerbase.audiences.budget import Budget
    from customerbase.audiences.loyalty import Programme
    from customerbase.audiences.triggers import Triggers
    from customerbase.campaigns.worth import Worth
    from customerbase.recommend.rules import Rules as OfferRules

_KINDS = {
    "title": dict,
    "aim": dict,
    "data": str,
    "sources": list,
    "stages": list,
    "parameters": dict,
    "settings": dict,
    "goals": dict,
    "segments": dict,
    "recommend": dict,
    "triggers": dict,
    "audiences": dict,
    "budget": dict,
    "loyalty": dict,
    "worth": dict,
    "run": dict,
    "archive": dict,
}
_SEGMENTS = ("named", "rules")
_SAYINGS = ("settings", "goals", "recommend", "segments", "audiences", "triggers", "budget", "loyalty", "worth")


@dataclass(frozen=True)
class Company:
    """One file of pipelines/: the sentence that a run speaks."""

    name: str
    path: Path
    title: dict[str, str]
    aim: dict[str, str]
    data: str
    sources: list[str]
    stages: list[str] | None = None
    parameters: dict[str, dict] = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    goals: dict = field(default_factory=dict)
    segments: dict = field(default_factory=dict)
    recommend: dict = field(default_factory=dict)
    triggers: dict = field(default_factory=dict)
    audiences: dict = field(default_factory=dict)
    budget: dict = field(default_factory=dict)
    loyalty: dict = field(default_factory=dict)
    worth: dict = field(default_factory=dict)
    run: dict = field(default_factory=dict)
    archive: dict = field(default_factory=dict)

    @property
    def says(self) -> dict[str, dict]:
        """All that the file says of the company's business, by key, as JSON keeps it; whatever changes makes a month anew."""
        return json.loads(json.dumps({key: getattr(self, key) for key in _SAYINGS}, ensure_ascii=False, default=str))

    @property
    def named(self) -> tuple[Segment, ...]:
        """The named segments: the company's own, else the shipped ones. Raises ConfigError for what cannot be."""
        return read_named(self.segments, self.path.name)

    @property
    def targets(self) -> dict[str, Target]:
        """What the KPIs are to be, and by when (kpi/targets.py). Raises ConfigError for what cannot be."""
        return read_targets(self.goals, self.path.name)

    @property
    def offer_rules(self) -> "OfferRules":
        """What may be offered to customers (recommend/rules.py). Raises ConfigError for what cannot be."""
        return _offer_rules(self.recommend, self.path)

    def trigger_rules(self, reads: Iterable[str], writes: Iterable[str], previous: Iterable[str]) -> "Triggers":
        """The company's triggers, read for a page with these tables. Raises ConfigError for what cannot be."""
        return _triggers(self.triggers, self.path, tables_for_rules(reads, writes, previous, self.named))

    @property
    def costs(self) -> "Worth":
        """What this workbook costs (campaigns/worth/items.py). Raises ConfigError for what cannot be."""
        return _costs(self.worth, self.path)

    @property
    def archiving(self) -> Archiving:
        """How the inputs of a published month are kept. Raises ConfigError for what cannot be."""
        return read_archiving(self.archive, self.path.name)

    def rules(self, reads: Iterable[str], writes: Iterable[str], previous: Iterable[str]) -> Rules:
        """The company's segments by rule, read for a page with these tables. Raises ConfigError for what cannot be."""
        known = tables_for_rules(reads, writes, previous, self.named)
        codes = [one.code for one in self.named]
        return read_rules(self.segments, known, named=codes, where=self.path.name)

    def read_audiences(self, reads: Iterable[str], writes: Iterable[str], previous: Iterable[str]) -> Audiences:
        """The company's audiences, read for a page with these tables. Raises ConfigError for what cannot be."""
        known = self.known_to_audiences(reads, writes, previous)
        return read_audiences(self.audiences, known, self.settings, self.path.name)

    def read_budget(self, reads: Iterable[str], writes: Iterable[str], previous: Iterable[str]) -> "Budget":
        """The company's offers and what they share, read for a page with these tables. Raises ConfigError."""
        from customerbase.audiences.budget import read_budget as read  # with solvers behind it, which other pages lack

        return read(self.budget, tables_for_rules(reads, writes, previous, self.named), self.path.name)

    @property
    def programme(self) -> "Programme | None":
        """The company's loyalty ranks, None without any. Raises ConfigError for what cannot be."""
        from customerbase.audiences.loyalty import read_programme as read

        return read(self.loyalty, self.path.name)

    def known_to_audiences(self, reads: Iterable[str], writes: Iterable[str], previous: Iterable[str]) -> Known:
        """What audiences may name on a page with these tables: columns, segments, and which columns are money."""
        found = tables_for_rules(reads, writes, previous, self.named)
        codes = [*(one.code for one in self.named), *map(str, rule_texts(self.segments, self.path.name))]
        declared = schemas()
        money = [
            one for one in found.fields if one.table in declared and _is_money(declared[one.table].columns[one.name])
        ]
        return Known(found, tuple(codes), frozenset(one.full for one in money))

    @property
    def matching(self) -> Matching:
        """On what ground customers may stand on lists for platforms. Raises ConfigError for what cannot be."""
        return read_matching(self.settings.get("list_matching"), self.path.name)

    def data_folder(self, override: str | None = None) -> Path:
        """The folder of the raw files: the override, else `data:` below the home, else below the project.

        A relative override is taken from where the user stands, a relative `data:` from the project.
        """
        if override:
            return Path(override).expanduser().resolve()
        inside = home() / self.data
        return inside if inside.exists() or not (ROOT / self.data).exists() else ROOT / self.data


def _is_money(column) -> bool:
    return (column.unit or "").startswith("currency of the pipeline")


def tables_for_rules(
    reads: Iterable[str], writes: Iterable[str], previous: Iterable[str], named: Iterable[Segment]
) -> Columns:
    """The columns that rules may name on a page with these tables; those of the month before as previous_<table>."""
    before = [BEFORE + table for table in previous]
    values = {"rfm.segment": [one.code for one in named]}
    return columns(schemas(), [*reads, *writes, *before], values)


def pipeline_folders() -> list[Path]:
    """Where pipeline files are looked for: the home's own folder first, then the project's."""
    return list(dict.fromkeys([home() / "pipelines", ROOT / "pipelines"]))


def pipeline_names() -> list[str]:
    """The names of all pipeline files, sorted."""
    return sorted({path.stem for folder in pipeline_folders() for path in folder.glob("*.yaml")})


def find_source(name: str) -> Path:
    """The file pipelines/sources/<name>.yaml; raises ConfigError with the near miss."""
    for folder in pipeline_folders():
        if (folder / "sources" / f"{name}.yaml").is_file():
            return folder / "sources" / f"{name}.yaml"
    known = sorted({path.stem for folder in pipeline_folders() for path in (folder / "sources").glob("*.yaml")})
    raise ConfigError(f"no source file pipelines/sources/{name}.yaml.{near_miss(name, known)}")


def configuration(company: Company, *, remembered: Iterable[str] = ()) -> dict[str, bytes]:
    """The files of pipelines/ that a run is made from, by path below the home: their bytes.

    The pipeline, its sources and, of what is `remembered` ("decisions", "models", "ledger"), those that there are.
    """
    places = {"decisions": "csv", "models": "json", "ledger": "csv"}
    wanted = [f"{one}/{company.name}.{places[one]}" for one in remembered]
    wanted += [f"{company.name}.yaml", *(f"sources/{name}.yaml" for name in company.sources)]
    found = {place: find_file(place) for place in sorted(wanted)}
    return {f"pipelines/{place}": path.read_bytes() for place, path in found.items() if path}


def find_file(place: str) -> Path | None:
    """A file by its path below pipelines/, the home's before the project's; None when neither has it."""
    return next((folder / place for folder in pipeline_folders() if (folder / place).is_file()), None)


def _offer_rules(content: dict, path: Path) -> "OfferRules":
    from customerbase.recommend.rules import read_rules as read  # with models behind it, which most pages do without

    return read(content, path.name)


def _triggers(content: dict, path: Path, known: Columns | None = None) -> "Triggers":
    from customerbase.audiences.triggers import read_triggers  # with arrays behind it, which most pages do without

    return read_triggers(content, path.name, columns=known)


def _costs(content: dict, path: Path) -> "Worth":
    from customerbase.campaigns.worth import read_worth  # one page needs it

    return read_worth(content, path.name)


def load(name: str) -> Company:
    """Read pipelines/<name>.yaml. Raises ConfigError naming the file, the key, and the near miss."""
    for folder in pipeline_folders():
        path = folder / f"{name}.yaml"
        if path.is_file():
            return _checked(name, path)
    raise ConfigError(f"no pipeline file pipelines/{name}.yaml.{near_miss(name, pipeline_names())}")


def _checked(name: str, path: Path) -> Company:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected keys such as title and sources, found {type(content).__name__}.")
    for key, value in content.items():
        if key not in _KINDS:
            raise ConfigError(f"{path}: unknown key {key!r}.{near_miss(key, _KINDS)}")
        if not isinstance(value, _KINDS[key]):
            raise ConfigError(f"{path}: {key} is {value!r}; expected a {_KINDS[key].__name__}.")
    for key in ("title", "aim", "data", "sources"):
        if not content.get(key):
            raise ConfigError(f"{path}: {key!r} is missing; a run states its title, aim, data folder and sources.")
    for key in content.get("segments") or ():
        if key not in _SEGMENTS:
            raise ConfigError(f"{path}: segments has the unknown key {key!r}.{near_miss(str(key), _SEGMENTS)}")
    for key in ("title", "aim"):
        if {"en", "ja"} - content[key].keys():
            raise ConfigError(f"{path}: {key} needs both en and ja; found {sorted(content[key])}.")
    read_targets(content.get("goals") or {}, path.name)
    read_archiving(content.get("archive") or {}, path.name)
    settings = content.get("settings") or {}
    read_matching(settings.get("list_matching"), path.name)
    read_control(settings, path.name)
    read_frequency(settings, path.name)
    if content.get("recommend"):
        _offer_rules(content["recommend"], path)
    if content.get("triggers"):
        _triggers(content["triggers"], path)
    return Company(name=name, path=path, **content)


def context_path() -> Path | None:
    """The context file a runner left for this kernel, or None when the page was opened by hand."""
    value = os.environ.get("CUSTOMERBASE_CONTEXT")
    return Path(value) if value else None
