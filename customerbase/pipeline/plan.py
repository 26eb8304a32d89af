"""What a run will do: its stages in order, their parameters, and the key under which each result is kept."""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path

import customerbase.pipeline.pointers as pointers
import customerbase.tables.secret as secret
from customerbase import tables
from customerbase.errors import ConfigError, ContractError, InputError, near_miss
from customerbase.kpi import ledger, ledger_links
from customerbase.periods import month_end, month_text, parse_month
from customerbase.pipeline.company_checks import check
from customerbase.pipeline.contracts import Contract, check_overrides, check_tables, read_contracts
from customerbase.sources.files import find
from customerbase.sources.mapping import load_source
from customerbase.stage.company import Company, configuration, find_source, load
from customerbase.stage.remembered import decisions, model
from customerbase.stage.remembered import ledger as ledger_text
from customerbase.tables.previous import Previous
from customerbase.tables.previous import find as find_previous
from customerbase.tables.store import ROOT, kept_runs, month_folder, sha256

RUNNER_PARAMETERS = ("pipeline", "month", "language")


@dataclass(frozen=True)
class Memory:
    """What a run takes from before: tables of an earlier month by stage, people's decisions, a model, the key of the ids.

    Found once, when the plan is made, so that a rebuild in another home uses the same. Of the key there is only the
    file it stands in and a fingerprint. All is empty where no stage looks back; but for the ledger of actions and the
    months of the runs it names, which the page that writes pdca reads.
    """

    previous: dict[str, Previous] = field(default_factory=dict)
    decisions: str = ""
    model: str = ""
    ledger: str = ""
    ledger_runs: dict[str, str] = field(default_factory=dict)
    key_file: Path | None = None
    key_fingerprint: str = ""


@dataclass(frozen=True)
class Plan:
    """One month of one pipeline, checked before any kernel starts."""

    company: Company
    month: str
    language: str
    data: Path
    contracts: tuple[Contract, ...]
    overrides: dict[str, dict]
    inputs: dict[str, dict]
    memory: Memory = field(default_factory=Memory)
    configuration: dict[str, bytes] = field(default_factory=dict)  # files of pipelines/ as they were read
    mended: tuple[str, ...] = ()  # pointers that were lost and are set again, in words

    @property
    def as_of(self) -> date:
        """Last day of the month."""
        return month_end(self.month)

    @property
    def folder(self) -> Path:
        """Where everything of this month is kept."""
        return month_folder(self.company.name, self.month)

    @cached_property
    def run_id(self) -> str:
        """Hash of everything the whole run depends on: the same plan always has the same name."""
        parts = {contract.name: self.key(contract, {}) for contract in self.contracts}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]

    def parameters(self, contract: Contract) -> dict[str, object]:
        """What papermill injects into one notebook."""
        given = {"pipeline": self.company.name, "month": self.month, "language": self.language}
        return {name: given[name] for name in RUNNER_PARAMETERS if name in contract.parameters} | self.overrides.get(
            contract.name, {}
        )

    def upstream(self, contract: Contract) -> set[str]:
        """Names of the stages whose tables this one reads."""
        return {other.name for other in self.contracts if set(other.writes) & set(contract.reads)}

    def key(self, contract: Contract, tables_in: dict[str, str]) -> str:
        """Hash of all that a stage's result depends on: page, package, parameters, settings, inputs, versions.

        `tables_in` maps each table the stage reads to the SHA-256 of its bytes. A page that reads no table reads the
        raw files; one that looks back depends on the month before, on people's decisions, the model and the key of the ids.
        """
        own_inputs = {"raw": self.inputs, "sources": self._source_texts()} if not contract.reads else {}
        if contract.prints_run and tables_in:  # else a page taken over would print the run before
            own_inputs["run"] = self.run_id
        if contract.previous:
            own_inputs["previous"] = self.memory.previous[contract.name].content
            own_inputs |= {"decisions": self.memory.decisions, "model": self.memory.model}
            own_inputs["id_key"] = self.memory.key_fingerprint
        if keeps_ledger(contract):
            own_inputs["ledger"] = [self.memory.ledger, self.memory.ledger_runs]
        parts = {
            "notebook": contract.source_hash,
            "code": code_hash(),
            "python": sys.version.split()[0],
            "parameters": self.parameters(contract),
            "says": json.dumps(self.company.says, ensure_ascii=False),  # in the order of the file, which counts
            "title": [self.company.title, self.company.aim],
            "tables": tables_in,
            **own_inputs,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def _source_texts(self) -> dict[str, str]:
        """The text of every source file as it was read: a changed mapping is a changed input."""
        files = {name: self.configuration[f"pipelines/sources/{name}.yaml"] for name in self.company.sources}
        return {name: content.decode("utf-8") for name, content in files.items()}


def digest(text: str) -> str:
    """Sixteen hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_plan(
    pipeline: str,
    month: str | None,
    *,
    data: str | None = None,
    language: str | None = None,
    overrides: Iterable[str] = (),
    latest_month: date | None = None,
    notebooks: Path = ROOT / "notebooks",
    memory: Memory | None = None,
) -> Plan:
    """Read and check everything a run needs; raises one clear error before any kernel starts.

    `overrides` are texts such as "segments.window_months=12". A month later than `latest_month` is refused.
    `memory`: what to take from before, instead of what is found today.
    """
    company = load(pipeline)
    mended = tuple(pointers.mend(pipeline))  # before the month before is looked for
    contracts = read_contracts(notebooks)
    check_tables(contracts, tables.schemas())
    check_overrides(contracts, company.parameters, company.path.name)
    merged = _merge(contracts, company.parameters, list(overrides))
    month = month_text(parse_month(month or default_month(contracts)))
    if latest_month and parse_month(month) > latest_month:
        raise ConfigError(f"month {month} has not ended yet; the newest whole month is {month_text(latest_month)}.")
    folder = company.data_folder(data)
    if not folder.is_dir():
        raise InputError(
            f"pipeline {pipeline!r}: the data folder {folder} does not exist. Give it with DATA=… (or --data), or set"
            f" `data:` in pipelines/{pipeline}.yaml."
        )
    chosen = tuple(_chosen(company, contracts))
    check(company, chosen)
    inputs, language = raw_inputs(company, folder), _language(language)
    memory = _memory(pipeline, month, chosen) if memory is None else memory
    texts = configuration(company, remembered=_remembered(chosen))
    return Plan(company, month, language, folder, chosen, merged, inputs, memory, texts, mended)


def _remembered(contracts: Iterable[Contract]) -> list[str]:
    """Which files of people and models the pages of a run read."""
    contracts = list(contracts)
    looks_back = ["decisions", "models"] if any(contract.previous for contract in contracts) else []
    return looks_back + (["ledger"] if any(map(keeps_ledger, contracts)) else [])


def _memory(pipeline: str, month: str, contracts: Iterable[Contract]) -> Memory:
    text, runs = read_ledger(pipeline) if any(map(keeps_ledger, contracts)) else ("", {})
    found = {c.name: find_previous(pipeline, month, c.previous) for c in contracts if c.previous}
    if not found:
        return Memory(ledger=text, ledger_runs=runs)
    for one in found.values():
        one.check()
    key_file = secret.key_file()
    fingerprint = secret.fingerprint(secret.id_key(key_file))
    return Memory(found, decisions(pipeline), model(pipeline), text, runs, key_file, fingerprint)


def keeps_ledger(contract: Contract) -> bool:
    """Whether a page reads the ledger of actions: the one that writes pdca."""
    return "pdca" in contract.writes


def read_ledger(pipeline: str) -> tuple[str, dict[str, str]]:
    """The text of a pipeline's ledger, and the months of the runs it names.

    Raises InputError for what cannot be read, and for an entry whose run does not exist.
    """
    text, where = ledger_text(pipeline), f"pipelines/ledger/{pipeline}.csv"
    entries, kept = ledger.read_ledger(text, where), kept_runs(pipeline)
    if faults := ledger_links.broken(entries, kept):
        more = f" And {len(faults) - 1} more: python -m customerbase ledger {pipeline}" if len(faults) > 1 else ""
        raise InputError(f"{where}: {faults[0]}{more}")
    return text, ledger_links.named_runs(entries, kept)


def default_month(contracts: Iterable[Contract]) -> str:
    """The month written in the first notebook's parameters: the sample company's newest."""
    return next(str(c.parameters["month"].default) for c in contracts if "month" in c.parameters)


def raw_inputs(company: Company, folder: Path) -> dict[str, dict]:
    """SHA-256 and size of every raw file that the pipeline's sources name, by path below the data folder."""
    found = {}
    for name in company.sources:
        for _, files in find(load_source(find_source(name), tables.schemas()), folder):
            for path in {one.path for one in files}:
                found[path.relative_to(folder).as_posix()] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    return dict(sorted(found.items()))


@cache
def code_hash() -> str:
    """SHA-256 over the package, the expectations and the lock: what a result depends on beside its inputs."""
    suffixes = {".py", ".sql", ".yaml", ".json", ".j2", ".typ"}
    files = [path for path in (ROOT / "customerbase").rglob("*") if path.suffix in suffixes]
    files += [*(ROOT / "expectations").glob("*.yaml"), ROOT / "requirements.lock"]
    digest = hashlib.sha256()
    for path in sorted(files):
        if path.relative_to(ROOT).parts[:2] != ("customerbase", "sample"):  # the made-up company is input, not code
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _language(language: str | None) -> str:
    language = language or "ja"
    if language not in ("ja", "en"):
        raise ConfigError(f"language is {language!r}; expected ja or en.")
    return language


def _chosen(company: Company, contracts: list[Contract]) -> list[Contract]:
    names = [contract.name for contract in contracts]
    for name in company.stages or ():
        if name not in names:
            raise ConfigError(f"{company.path.name}: unknown stage {name!r}.{near_miss(name, names)}")
    chosen = [contract for contract in contracts if company.stages is None or contract.name in company.stages]
    written = {table for contract in chosen for table in contract.writes}
    for contract in chosen:
        for table in contract.reads:  # one of `previous` has no rows when its writer is left out
            if table not in written:
                raise ConfigError(
                    f"{company.path.name}: stage {contract.name!r} reads {table!r}, but the stage that writes it is left out."
                )
    return chosen


def _merge(contracts: list[Contract], base: dict[str, dict], texts: list[str]) -> dict[str, dict]:
    merged = {stage: dict(values) for stage, values in base.items()}
    by_name = {contract.name: contract for contract in contracts}
    for text in texts:
        target, separator, value = text.partition("=")
        stage, dot, name = target.partition(".")
        if not (separator and dot):
            raise ContractError(
                f"override {text!r}; expected stage.parameter=value, for example segments.window_months=12."
            )
        check_overrides(contracts, {stage: {}}, "command line")
        known = by_name[stage].parameters.get(name)
        given = {name: _typed(value, known.type) if known else value}
        check_overrides(contracts, {stage: given}, "command line")
        merged.setdefault(stage, {}).update(given)
    return merged


def _typed(text: str, kind: str) -> object:
    if kind == "str":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
