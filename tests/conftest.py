"""Shared by all tests: a home of their own, real data where they are, small notebooks made on the fly."""

import os
from collections import Counter
from pathlib import Path

import pytest

import customerbase  # noqa: F401  before a test loads scikit-learn: customerbase/__init__.py says how its threads wait

ROOT = Path(__file__).resolve().parents[1]
os.environ["CUSTOMERBASE_ID_KEY"] = "the key of the ids in all tests"  # runs in different homes give the same ids


def real_data(name: str) -> Path:
    """The folder of a real data set; skips the test with a clear message where it is absent."""
    folder = Path(os.environ.get("CUSTOMERBASE_TEST_DATA", ROOT.parent / "shared" / "data")) / name
    if not folder.is_dir():
        pytest.skip(f"real data set {name!r} is not here: put it into {folder.parent} or set CUSTOMERBASE_TEST_DATA")
    return folder


def pytest_collection_modifyitems(items) -> None:
    """Files that take minutes begin first, then those with many tests: no core waits at the end for one long file."""
    many, long = Counter(item.path for item in items), {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in long, -many[item.path]))


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty home: data/ and reports/ of this test alone."""
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(tmp_path))
    monkeypatch.delenv("CUSTOMERBASE_CONTEXT", raising=False)
    return tmp_path
