"""docs/capabilities.md: whole, honest in form, and pointing at tests that exist."""

import ast
import re
from functools import cache

import pytest
from conftest import ROOT

STATES = ("proven", "partly", "open")
HEAD = ["#", "Capability", "Where", "Tests", "State", "Missing"]


def rows(text: str) -> list[dict[str, str]]:
    """The rows of all tables of the page, by their headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")] for line in lines]
    assert all(len(row) == len(HEAD) for row in cells), "every row has six cells"
    assert HEAD in cells
    return [dict(zip(HEAD, row, strict=True)) for row in cells if row[0].isdigit()]


ROWS = rows((ROOT / "docs" / "capabilities.md").read_text(encoding="utf-8"))


@cache
def names_in(file: str) -> frozenset[str]:
    """The test functions of a file, read without importing it."""
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


def faults(row: dict[str, str]) -> list[str]:
    """What is wrong with one row, a sentence each."""
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", row["Tests"])
    found = [f"{file}::{test} does not exist" for file, test in named if test not in names_in(file)]
    if row["State"] not in STATES:
        found.append(f"state {row['State']!r} is none of {STATES}")
    if (row["State"] == "open") == bool(named):
        found.append(f"{row['State']} with {len(named)} tests")
    if (row["State"] == "partly") != bool(row["Missing"]):
        found.append("what is missing belongs to partly, and only there")
    if row["State"] != "open" and not row["Where"]:
        found.append("it stands nowhere")
    rest = re.sub(r"`tests/\w+\.py::\w+`", "", row["Tests"]).strip(", ")
    return found + ([f"tests cell holds {rest!r}"] if rest else [])


def test_all_capabilities_are_there_in_their_order():
    assert [int(row["#"]) for row in ROWS] == list(range(1, 67))
    assert len({row["Capability"] for row in ROWS}) == 66


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["#"])
def test_what_is_called_proven_has_tests_that_exist(row):
    assert faults(row) == []


def test_where_things_stand_exists():
    tables = {path.stem for path in (ROOT / "expectations").glob("*.yaml")}
    places = {place for row in ROWS for place in re.findall(r"`([^`]+)`", row["Where"])}
    for place in sorted(places - {"aim"}):
        bases = (ROOT, ROOT / "customerbase", ROOT / "notebooks")
        there = any((base / f"{place}{suffix}").exists() for base in bases for suffix in ("", ".ipynb"))
        assert there or place.split(".")[0] in tables or list(ROOT.glob(place)), place


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Tests": "`tests/test_kpi.py::test_no_such_thing`"}, "does not exist"),
        ({"Tests": "`tests/test_nowhere.py::test_x`"}, "does not exist"),
        ({"Tests": ""}, "proven with 0 tests"),
        ({"State": "open"}, "open with 1 tests"),
        ({"State": "done"}, "is none of"),
        ({"Missing": "much"}, "belongs to partly"),
        ({"Tests": "seen by eye"}, "tests cell holds"),
    ],
)
def test_a_dishonest_row_is_found(changes, words):
    honest = dict(zip(HEAD, ["1", "x", "kpi/", "`tests/test_kpi.py::test_cohorts_by_hand`", "proven", ""], strict=True))
    assert faults(honest) == []
    assert any(words in fault for fault in faults(honest | changes))
