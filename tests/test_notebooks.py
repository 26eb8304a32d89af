"""The notebooks: their shape, and what nbval finds when every cell runs again outside the runner."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import papermill
import pytest
import sample_run
from sample_run import SampleMonth
from test_contracts import notebook

from customerbase.pipeline import read_contracts, shape
from customerbase.tables import secret
from customerbase.tables.store import ROOT

sample_month = sample_run.sample_month  # the fixture
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
CHECKED = "nbval-check-output"  # tag of the cells whose outputs nbval compares


def cells_of(path: Path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def checked_cells(paths: list[Path]) -> list[dict]:
    return [cell for path in paths for cell in cells_of(path) if CHECKED in cell["metadata"].get("tags", [])]


# --- shape -----------------------------------------------------------------------------------------------------------


def test_there_are_notebooks():
    pages = {
        "01_quality",
        "01b_late",
        "02_identity",
        "03_profile",
        "04_segments",
        "05_cltv",
        "06_churn",
        "07_propensity",
        "12_kpi",
    }
    pages |= {"13_monthly_report", "overview", "identity_review", "identity_model", "cltv_alone"}
    assert pages <= {p.stem for p in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_keeps_its_shape_and_carries_no_outputs(path):
    assert shape.faults(path) == []
    for cell in cells_of(path):
        assert cell["outputs"] == [] and cell["execution_count"] is None
        assert set(cell["metadata"]) <= {"tags"}  # no traces of an editor


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_open_in_every_jupyter_and_cells_are_named(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert content["metadata"]["language_info"] == {"name": "python"}
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids) and all(name.replace("-", "").isalpha() for name in ids)


GOOD = [("parameters", 'month: str = "2026-10"  # month'), ("compute", "total = 1 + 1")]


def spoilt(folder: Path, **changes) -> list[str]:
    """Faults of a well-shaped notebook whose second code cell was changed."""
    path = notebook(folder, "02_two", roles=GOOD)
    content = json.loads(path.read_text(encoding="utf-8"))
    text = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Two · 二\n\nA question? 問い。"}
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    code[1].update(changes)
    content["cells"] = [text, *code]
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return shape.faults(path)


def test_a_well_shaped_notebook_has_no_faults(tmp_path):
    assert spoilt(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outputs": [{"output_type": "stream", "name": "stdout", "text": "2"}]}, "holds outputs"),
        ({"execution_count": 7}, "holds outputs"),
        ({"source": "\n".join(f"x{n} = {n}" for n in range(16))}, "has 16 lines, at most 15"),
        (
            {"metadata": {"tags": ["contract"]}, "source": "\n".join(f"x{n} = {n}" for n in range(31))},
            "has 31 lines, at most 30",
        ),
        ({"source": "def helper():\n    return 1"}, "defines a function or class"),
    ],
)
def test_what_is_out_of_shape_is_named(tmp_path, changes, words):
    [fault] = spoilt(tmp_path, **changes)
    assert fault.startswith("02_two.ipynb") and words in fault


def test_contracts_are_read_and_every_table_has_one_writer_above_its_readers():
    contracts = read_contracts(ROOT / "notebooks")
    assert [contract.path.parent for contract in contracts] == [ROOT / "notebooks"] * len(contracts)
    assert [contract.name for contract in contracts][:7] == [
        *("quality", "late", "identity", "profile", "segments", "cltv", "churn")
    ]
    written: dict[str, str] = {}
    for contract in contracts:
        assert set(contract.reads) <= written.keys(), contract.name
        assert {"pipeline", "month", "language"} <= contract.parameters.keys()
        assert all(one.meaning for one in contract.parameters.values())
        assert not set(contract.writes) & written.keys()
        written |= dict.fromkeys(contract.writes, contract.name)
    assert all(set(contract.previous) <= written.keys() for contract in contracts)
    assert (
        written["rfm"] == "segments"
        and written["cltv"] == "cltv"
        and written["snapshots"] == written["churn"] == "churn"
        and written["kpi"] == "kpi"
        and written["identity_links"] == "identity"
    )
    readers = {contract.name for contract in contracts if "customers_src" in contract.reads}
    assert readers <= {"identity", "profile"}  # the other pages know people by their customer_id alone


# --- nbval -----------------------------------------------------------------------------------------------------------


def nbval(paths: list[Path], home: Path, scratch: Path) -> tuple[list[str], str, int]:
    """Run nbval over notebooks in a process of its own; returns the cells that ran, what it said, exit status."""
    (scratch / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    kept = {secret.VARIABLE}  # the ids of the run it is compared with
    strange = ("PYTEST", "CUSTOMERBASE")
    environment = {name: value for name, value in os.environ.items() if name in kept or not name.startswith(strange)}
    options = ["-q", "--nbval-lax", "--nbval-cell-timeout=120", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            scratch / "pytest.ini",
            f"--junit-xml={scratch}/cells.xml",
            *options,
            *paths,
        ],
        env=environment | {"CUSTOMERBASE_HOME": str(home), "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    cases = ElementTree.parse(scratch / "cells.xml").iter("testcase")
    ran = [case.get("name", "") for case in cases if all(child.tag != "skipped" for child in case)]
    return ran, done.stdout + done.stderr, done.returncode


def names_of(pages: list[Path]) -> list[str]:
    """What nbval calls the code cells of the pages, one page after another."""
    return [f"Cell {number}" for page in pages for number in range(len(cells_of(page)))]


def executed(month: SampleMonth) -> list[Path]:
    return sorted((month.report / "notebooks").glob("*.ipynb"))


def with_outputs_of(page: Path, done: Path, folder: Path) -> Path:
    """A page as it stands in git, with the outputs that its executed notebook shows, for nbval to compare."""
    content, shown = json.loads(page.read_text(encoding="utf-8")), {cell["id"]: cell for cell in cells_of(done)}
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell |= {key: shown[cell["id"]][key] for key in ("outputs", "execution_count")}
    (folder / page.name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return folder / page.name


@pytest.mark.slow
@pytest.mark.xdist_group("sample_month")
def test_every_cell_runs_by_hand_and_the_marked_ones_show_what_the_run_showed(sample_month: SampleMonth, tmp_path):
    """All pages as they stand in git, as in JupyterLab on what the run published: lax for all, compared where marked."""
    by_hand = [
        page for name in ("dashboards", "review", "training") for page in (ROOT / "notebooks" / name).glob("*.ipynb")
    ]
    done = executed(sample_month)
    pages = [*(with_outputs_of(ROOT / "notebooks" / page.name, page, tmp_path) for page in done), *by_hand]
    home = sample_run.copy_of(sample_month, tmp_path).home
    ran, said, status = nbval(pages, home, tmp_path)
    assert status == 0, said[-4000:]
    assert len(pages) == len(NOTEBOOKS) and ran == names_of(pages) and len(ran) > 40
    compared = checked_cells(pages)
    assert len(compared) >= 4
    assert all(cell["outputs"] and cell["execution_count"] for cell in compared)  # nbval passes over what never ran
    assert {cell["id"] for cell in compared} >= {"read", "look-cuts"}
    written = {path.name for path in (home / "data" / "scratch" / "sample" / "2026-10").glob("*.parquet")}
    assert {f"{name}.parquet" for name in sample_month.tables} <= written  # a page opened by hand publishes nothing


@pytest.mark.slow
def test_the_page_of_lifetime_value_alone_answers_its_own_questions(tmp_path, monkeypatch):
    """From top to bottom without any company: what the page says of itself has to be so."""
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(tmp_path))
    page, done = ROOT / "notebooks" / "training" / "cltv_alone.ipynb", tmp_path / "done.ipynb"
    papermill.execute_notebook(page, done, {"language": "en"}, cwd=tmp_path, progress_bar=False)
    shown = {cell["id"]: "".join(texts(cell)) for cell in cells_of(done)}
    assert shown["summary"].splitlines()[0].endswith(": True")
    assert shown["keep"].strip().endswith(": True")
    away = [float(line.split()[-1]) for line in shown["recovered"].splitlines()[1:]]
    assert len(away) == 7 and max(map(abs, away)) < 3.5  # parameters found again, in standard errors
    expected, made, within = (float(line.split()[-1]) for line in shown["future"].splitlines()[1:])
    assert abs(expected / made - 1) < 0.1 and within > 0.8
    assert "no amounts" in shown["without-amounts"] and "set aside" in shown["command"]
    assert not any("Traceback" in text for text in shown.values())


@pytest.mark.slow
def test_the_page_of_one_file_comes_near_the_truth(tmp_path, monkeypatch):
    """Contracts of known chances: the model ranks nearly as well as the chances themselves, and says that folds are no months."""
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(tmp_path))
    page, done = ROOT / "notebooks" / "training" / "churn_one_file.ipynb", tmp_path / "done.ipynb"
    papermill.execute_notebook(page, done, {"language": "en"}, cwd=tmp_path, progress_bar=False)
    shown = {cell["id"]: "".join(texts(cell)) for cell in cells_of(done)}
    model, truth = (float(line.split()[-1]) for line in shown["check"].splitlines()[1:])
    assert truth - 0.02 < model < truth + 0.005 and truth > 0.65
    assert "fold" in shown["fit"] and not any("Traceback" in text for text in shown.values())


def texts(cell: dict) -> Iterator[str]:
    """What a cell printed, and its result as text."""
    for output in cell["outputs"]:
        yield "".join(output.get("text", output.get("data", {}).get("text/plain", "")))


@pytest.mark.xdist_group("sample_month")
def test_an_output_that_differs_is_found(sample_month: SampleMonth, tmp_path):
    """The comparison can fail: one changed word in one stored output of a marked cell."""
    [page] = [path for path in executed(sample_month) if path.stem == "12_kpi"]
    content = json.loads(page.read_text(encoding="utf-8"))
    place = next(i for i, cell in enumerate(content["cells"]) if CHECKED in cell["metadata"].get("tags", []))
    content["cells"] = content["cells"][: place + 1]
    output = content["cells"][place]["outputs"][0]["data"]
    text = "".join(output["text/plain"])
    output["text/plain"] = text.replace("2026", "2025", 1)
    assert output["text/plain"] != text
    (tmp_path / page.name).write_text(json.dumps(content), encoding="utf-8")
    home = sample_run.copy_of(sample_month, tmp_path).home
    ran, said, status = nbval([tmp_path / page.name], home, tmp_path)
    assert status == 1 and "Cell outputs differ" in said and said.count("FAILED") == 1
    assert ran == names_of([tmp_path / page.name])
