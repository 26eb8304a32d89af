"""A published month made once more in a home of its own, from the files it was made from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import customerbase.tables.previous as previous
import customerbase.tables.secret as secret
from customerbase.pipeline.causes import overrides
from customerbase.pipeline.contracts import check_overrides, read_contracts
from customerbase.pipeline.materials import FOLDER, Materials
from customerbase.pipeline.plan import Memory, Plan, make_plan, read_ledger
from customerbase.pipeline.progress import Progress
from customerbase.pipeline.run import run
from customerbase.stage import remembered
from customerbase.tables import store

HOME = "CUSTOMERBASE_HOME"


@contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """Everything inside reads and publishes below `folder`."""
    before = os.environ.get(HOME)
    os.environ[HOME] = str(folder.resolve())
    try:
        yield
    finally:
        os.environ.pop(HOME)
        if before is not None:
            os.environ[HOME] = before


def rebuild(published: dict, materials: Materials, folder: Path, notebooks: Path) -> dict:
    """Run a published month again below `folder`; returns the new manifest.

    The run bears the name of the published one, since a report prints it. Of the key of the ids this home's is used,
    and one made for the occasion where there is none. Raises what making a plan and running it raise.
    """
    key_file = _key_file(folder)
    runs = _ledger_runs(published)
    for name, path in materials.inputs.items():
        _lay(folder / "inputs" / name, path)
    for name, path in materials.configuration.items():
        _lay(folder / name, path)
    with at_home(folder):
        memory = _memory(published, materials, notebooks, key_file, runs)
        plan = _plan(published, memory, folder / "inputs", notebooks)
        run(
            plan,
            data_docs=any(name.startswith("data_docs/") for name in published.get("reports", ())),
            progress=Progress(),
        )
        return store.current(plan.company.name, plan.month)


def _lay(place: Path, path: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(path)


def key_here() -> str | None:
    """The fingerprint of this home's key of the ids; None where there is none."""
    there = secret.VARIABLE in os.environ or secret.key_file().is_file()
    return secret.fingerprint(secret.id_key()) if there else None


def _key_file(folder: Path) -> Path:
    return secret.key_file() if key_here() else folder / "identity.key"


def _ledger_runs(published: dict) -> dict[str, str]:
    """Months of the runs that the ledger named; before manifests had them, those that are kept."""
    if "ledger_runs" in published:
        return published["ledger_runs"]
    return read_ledger(published["pipeline"])[1] if published.get("ledger") else {}


def _memory(published: dict, materials: Materials, notebooks: Path, key_file: Path, runs: dict[str, str]) -> Memory:
    name = published["pipeline"]
    texts = {}
    for kind, read in (
        ("decisions", remembered.decisions),
        ("models", remembered.model),
        ("ledger", remembered.ledger),
    ):
        there = any(place.startswith(f"{FOLDER}{kind}/") for place in materials.configuration)
        texts[kind] = read(name) if there else ""  # the project's own would be today's
    contracts = [one for one in read_contracts(notebooks) if one.previous]
    before = {one.name: materials.previous.get(one.name, previous.Previous()) for one in contracts}
    fingerprint = secret.fingerprint(secret.id_key(key_file)) if before else ""
    return Memory(before, texts["decisions"], texts["models"], texts["ledger"], runs, key_file, fingerprint)


def _plan(published: dict, memory: Memory, data: Path, notebooks: Path) -> Plan:
    data.mkdir(exist_ok=True)
    plan = make_plan(
        published["pipeline"],
        published["month"],
        data=str(data),
        language=published.get("language") or _language(published),
        notebooks=notebooks,
        memory=memory,
    )
    told = overrides(published)
    check_overrides(list(plan.contracts), told, "the manifest of the published run")
    plan = replace(plan, overrides=told, company=replace(plan.company, archive={"inputs": "off"}))
    plan.__dict__["run_id"] = published["run_id"]  # cached: that of the published run
    return plan


def _language(published: dict) -> str | None:
    """Before manifests had it: what its pages were given."""
    return next((one["language"] for one in published["parameters"].values() if "language" in one), None)
