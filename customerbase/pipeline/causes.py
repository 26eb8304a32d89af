"""Why a month rebuilds otherwise, and what a run of today would be made from: code, versions, key, settings, files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

import customerbase.tables.previous as previous
from customerbase.errors import CustomerbaseError
from customerbase.pipeline.contracts import Contract
from customerbase.pipeline.materials import FOLDER, Materials, run_of
from customerbase.pipeline.plan import RUNNER_PARAMETERS, code_hash, raw_inputs
from customerbase.pipeline.publish import commit, versions
from customerbase.stage import company
from customerbase.tables import store

SHOWN = 12  # lines of one kind
LONGEST = 60  # characters of a value
NOTHING = "(none)"


def made_otherwise(published: dict, contracts: Iterable[Contract]) -> list[str]:
    """How the program differs from the one the month was published with: commit, pages, versions."""
    found, then = [], published["code"]
    if then["sha256"] != code_hash():
        found.append(f"the code of the package changed: commit {_commit(then['commit'])} -> {_commit(commit())}")
    if "pages" in then:
        now = {one.path.stem: one.source_hash for one in contracts}
        found += [f"page {name} changed" for name, digest in then["pages"].items() if now.get(name, digest) != digest]
        found += [f"page {name} is no longer there" for name in then["pages"] if name not in now]
    now = versions()
    for name, told in published["versions"].items():
        if now.get(name) != told:
            found.append(f"{name} {told} -> {now.get(name, NOTHING)}")
    return found


def _commit(text: str) -> str:
    return text[:12] + ("+changes" if text.endswith("+changes") else "")


def today(published: dict, materials: Materials, data: Path | None, contracts: Iterable[Contract]) -> list[str]:
    """What a run of today would take that is not what the month was published with."""
    return [
        *_few(_inputs_today(published, materials, data)),
        *_few(_configuration_today(published, materials)),
        *_previous_today(published, contracts),
    ]


def _few(lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    return lines[:SHOWN] + ([f"and {len(lines) - SHOWN} more like it"] if len(lines) > SHOWN else [])


def _inputs_today(published: dict, materials: Materials, data: Path | None) -> Iterator[str]:
    if data is None or not data.is_dir():
        yield f"today's raw files were not compared: {data or 'their folder'} is not there"
        return
    try:
        now = raw_inputs(company.load(published["pipeline"]), data)
    except CustomerbaseError:  # a required file is gone, said below, or the pipeline's own cannot be read
        paths = {name: data / name for name in published["inputs"]}
        now = {name: {"sha256": store.sha256(path)} for name, path in paths.items() if path.is_file()}
    for name, facts in published["inputs"].items():
        if materials.inputs.get(name) == data / name or name not in materials.inputs:
            continue  # it is what was used, or was said to be gone
        if name not in now:
            yield f"raw file {name} is no longer in {data.name}"
        elif now[name]["sha256"] != facts["sha256"]:
            yield f"today's raw file {name} is another one: late data?"
    yield from (f"raw file {name} is new" for name in now if name not in published["inputs"])


def _configuration_today(published: dict, materials: Materials) -> Iterator[str]:
    if "configuration" not in published:
        return
    for name, then in materials.configuration.items():
        now = company.find_file(name.removeprefix(FOLDER))
        if now is None:
            yield f"{name} is no longer there"
        else:
            yield from changes(name, then.read_bytes(), now.read_bytes())
    kept = published["configuration"]
    for kind, ending in (("decisions", "csv"), ("models", "json"), ("ledger", "csv")):
        place = f"{kind}/{published['pipeline']}.{ending}"
        looked_for = published.get("previous") if kind != "ledger" else "pdca" in published["tables"]
        if looked_for and FOLDER + place not in kept and company.find_file(place):
            yield f"{FOLDER}{place} is new"


def _previous_today(published: dict, contracts: Iterable[Contract]) -> Iterator[str]:
    told = published.get("previous", {})
    for one in contracts:
        if one.name in told:
            now, then = previous.find(published["pipeline"], published["month"], one.previous), told[one.name]
            if now.content != {"month": then["month"], "tables": then["tables"]}:
                yield f"the month before {one.name} is another one today: built on {run_of(then)}, now {run_of(now.stated)}"


def given(published: dict, parameters: dict[str, dict]) -> list[str]:
    """Parameters that were given when the run was started, beside those that the pipeline's file said then."""
    return [
        f"parameter {stage}.{name} = {_short(value)} was given at the start of the run"
        for stage, values in overrides(published).items()
        for name, value in values.items()
        if parameters.get(stage, {}).get(name, NOTHING) != value
    ]


def overrides(published: dict) -> dict[str, dict]:
    """The parameters of a published run, but for those every page has."""
    own = {
        stage: {name: value for name, value in values.items() if name not in RUNNER_PARAMETERS}
        for stage, values in published["parameters"].items()
    }
    return {stage: values for stage, values in own.items() if values}


def changes(name: str, then: bytes, now: bytes) -> list[str]:
    """What differs between two versions of a file of pipelines/: the settings of a YAML, of others how many lines."""
    if then == now:
        return []
    if not name.endswith(".yaml"):
        counts = (f"{len(text.splitlines()):,}" for text in (then, now))
        return [f"{name} changed since ({' -> '.join(counts)} lines)"]
    try:
        old, new = (dict(_flat(yaml.safe_load(text.decode("utf-8")))) for text in (then, now))
    except (yaml.YAMLError, UnicodeDecodeError):
        return [f"{name} changed since, and cannot be read as YAML"]
    paths = [path for path in old | new if old.get(path, NOTHING) != new.get(path, NOTHING)]
    lines = [f"{name}: {one}: {_short(old.get(one, NOTHING))} -> {_short(new.get(one, NOTHING))}" for one in paths]
    if not lines:
        what = "its comments or layout" if list(old) == list(new) else "the order of its entries"
        return [f"{name}: {what} changed since"]
    return lines


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Leaves of nested data with their paths: settings.k_min, sources[0]."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _flat(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, one in enumerate(value):
            yield from _flat(one, f"{path}[{place}]")
    else:
        yield path, value


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
