"""pyproject.toml, requirements.lock and environment.yml say one thing, and none names a download address."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata

import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
PINS = {
    match[1].lower().replace("_", "-"): Version(match[2])
    for match in re.finditer(r"^([A-Za-z0-9_.-]+)==([^ \\\n;]+)", LOCK, re.MULTILINE)
}


def wanted():
    extras = PROJECT["optional-dependencies"]["dev"]
    return [Requirement(text) for text in [*PROJECT["dependencies"], *extras]]


def test_the_lock_satisfies_every_requirement_of_the_project():
    for requirement in wanted():
        name = requirement.name.lower()
        assert name in PINS, f"{name} is not locked: run `uv pip compile` as in docs/adr/0002"
        assert PINS[name] in requirement.specifier


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


def test_every_pin_is_hashed_and_no_address_is_named():
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|file:|--index|--find-links", LOCK)


def test_conda_users_get_the_same_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert pip == ["--require-hashes", "-r requirements.lock"]
    python = next(item for item in environment["dependencies"] if str(item).startswith("python "))
    conda, project = SpecifierSet(python.removeprefix("python ")), SpecifierSet(PROJECT["requires-python"])
    assert all(version in project for version in conda.filter(["3.11.0", "3.12.0", "3.13.0", "3.14.0"]))
    assert "3.10.0" not in conda


def test_what_runs_here_is_what_is_locked():
    import os

    if not os.environ.get("CI"):
        import pytest

        pytest.skip("only in CI, where the environment is built from the lock (set CI=true to run it here)")
    for name in ("duckdb", "pandas", "papermill", "great-expectations", "pyarrow", "matplotlib"):
        assert Version(metadata.version(name)) == PINS[name]


def test_no_page_pays_for_the_import_of_great_expectations():
    code = (
        "import sys, customerbase.stage.intake, customerbase.report, customerbase.charts, customerbase.widgets;"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
