"""pyproject.toml, both locks and environment.yml say one thing, and none names a download address."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = {  # which extras each lock holds
    "requirements.lock": ("dev",),
    "requirements-extras.lock": ("dev", "spark", "bayes", "explain", "rec", "bench", "ja"),
}
TEXTS = {name: (ROOT / name).read_text() for name in LOCKS}


def locked(text: str) -> dict[str, dict[str, Version]]:
    """The versions a lock holds: name -> for which environments -> version."""
    found: dict[str, dict[str, Version]] = {}
    for match in re.finditer(r"^([A-Za-z0-9_.-]+)==([^ \\\n;]+)(?: ; ([^\\\n]+?))? *\\?$", text, re.MULTILINE):
        found.setdefault(match[1].lower().replace("_", "-"), {})[match[3] or ""] = Version(match[2])
    return found


PINS = {name: max(versions.values()) for name, versions in locked(TEXTS["requirements.lock"]).items()}


def wanted(lock: str = "requirements.lock"):
    extras = [PROJECT["optional-dependencies"][extra] for extra in LOCKS[lock]]
    return [Requirement(text) for text in sum(extras, PROJECT["dependencies"])]


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_every_requirement_of_the_project(lock):
    pins = locked(TEXTS[lock])
    for requirement in wanted(lock):
        name = requirement.name.lower()
        assert name in pins, f"{name} is not locked: run `uv pip compile` as in docs/adr/0002"
        assert all(version in requirement.specifier for version in pins[name].values())


def test_the_extras_leave_the_core_as_it_is():
    core, all_of_it = locked(TEXTS["requirements.lock"]), locked(TEXTS["requirements-extras.lock"])
    assert len(core) > 100
    for name, versions in core.items():
        assert set(all_of_it[name].values()) == set(versions.values()), name


def test_every_extra_is_locked():
    assert {extra for extras in LOCKS.values() for extra in extras} == set(PROJECT["optional-dependencies"])


def test_the_fixed_packages_are_there():
    fixed = {
        "jupyterlab",
        "papermill",
        "pandas",
        "seaborn",
        "scikit-learn",
        "ipywidgets",
        "voila",
        "nbval",
        "great-expectations",
    }
    assert fixed <= {requirement.name.lower() for requirement in wanted()} & PINS.keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_hashed_and_no_address_is_named(lock):
    blocks = re.split(r"\n(?=\S)", TEXTS[lock].strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|file:|--index|--find-links", TEXTS[lock])


def test_conda_users_get_the_same_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert pip == ["--require-hashes", "-r requirements.lock"]
    python = next(item for item in environment["dependencies"] if str(item).startswith("python "))
    conda, project = SpecifierSet(python.removeprefix("python ")), SpecifierSet(PROJECT["requires-python"])
    assert all(version in project for version in conda.filter(["3.11.0", "3.12.0", "3.13.0", "3.14.0"]))
    assert "3.10.0" not in conda


def test_what_runs_here_is_what_is_locked():
    if not os.environ.get("CI"):
        pytest.skip("only in CI, where the environment is built from the lock (set CI=true to run it here)")
    for name in ("duckdb", "pandas", "papermill", "great-expectations", "pyarrow", "matplotlib"):
        assert Version(metadata.version(name)) == PINS[name]


def test_no_page_pays_for_the_import_of_great_expectations():
    code = (
        "import sys, customerbase.stage.intake, customerbase.report, customerbase.charts, customerbase.widgets;"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_every_page_imports_brings_no_scipy_along():
    loaded = "import sys, customerbase.stage; print(sorted({name.split('.')[0] for name in sys.modules} & {'scipy', 'sklearn'}))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
