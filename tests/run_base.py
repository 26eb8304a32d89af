"""Tiny pipelines of a few pages, in a home of their own; shared by the tests of runs."""

import json
import threading
from pathlib import Path

import pytest
import yaml
from test_contracts import notebook

from customerbase import pipeline
from customerbase.pipeline import kernel
from customerbase.tables import schema

HEAD = 'pipeline: str = "tiny"  # pipeline\nmonth: str = "2026-10"  # month'
OPEN = (
    "from customerbase.stage import Stage\n"
    'stage = Stage("{name}", pipeline=pipeline, month=month, reads={reads}, writes={writes})'
)


def page(folder, stem, *, reads=(), writes=(), body, parameters=HEAD):
    """A notebook of three cells: parameters, contract, and one cell that does all the rest."""
    contract = OPEN.format(name=stem[3:], reads=list(reads), writes=list(writes))
    return notebook(folder, stem, roles=[("parameters", parameters), ("contract", contract), ("write", body)])


def write_one(table, **values):
    """A cell that writes one row: the given values, everything else NULL."""
    columns = (f'cast({values.get(c.name, "null")} as {c.type}) as "{c.name}"' for c in schema(table).columns.values())
    return f"stage.write({table!r}, stage.db.query('''select {', '.join(columns)}'''))"


STORE = {"source_system": "'pos'", "source_row_id": "'stores.csv:2'", "store_id": "'S1'", "name": "'本店'"}
PRODUCT = {"source_system": "'pos'", "source_row_id": "'p.csv:2'", "product_id": "'P1'", "name": "'茶'", "price": "100"}


@pytest.fixture
def tiny(home):
    """A home with a pipeline of no sources and a folder for its notebooks."""
    (home / "pipelines").mkdir()
    (home / "raw").mkdir()
    (home / "notebooks").mkdir()
    text = {
        "title": {"en": "Tiny", "ja": "小"},
        "aim": {"en": "test", "ja": "試験"},
        "data": "raw",
        "sources": ["none"],
    }
    (home / "pipelines" / "tiny.yaml").write_text(yaml.safe_dump(text, allow_unicode=True))
    (home / "pipelines" / "sources").mkdir()
    source = {"system": "none", "title": {"en": "None", "ja": "なし"}, "files": []}
    source["files"] = [
        {
            "pattern": "stores*.csv",
            "format": "csv",
            "optional": True,
            "tables": {"stores": {"columns": {"store_id": "id"}}},
        }
    ]
    (home / "pipelines" / "sources" / "none.yaml").write_text(yaml.safe_dump(source, allow_unicode=True))
    return home


def plan_of(home, **options):
    return pipeline.make_plan("tiny", "2026-10", notebooks=home / "notebooks", **options)


def run_it(home, **options):
    return pipeline.run(plan_of(home), data_docs=False, **options)


def three_pages(home, *, first=None, second="stage.record(rows=len(stage.read('stores').df()))"):
    page(home / "notebooks", "01_a", writes=["stores"], body=first or write_one("stores", **STORE))
    page(
        home / "notebooks",
        "02_b",
        reads=["stores"],
        writes=["products"],
        body=second + "\n" + write_one("products", **PRODUCT),
    )
    page(
        home / "notebooks", "03_c", reads=["products"], writes=[], body="stage.publish('report.ja.html', '<p>報告</p>')"
    )


def verified(home, month="2026-10") -> tuple[bool, list[str]]:
    """Whether a month of the tiny pipeline verifies, and the lines that were said."""
    lines: list[str] = []
    return pipeline.verify("tiny", month, notebooks=home / "notebooks", say=lines.append), lines


def archived(home) -> list:
    """The files of the archive."""
    return sorted(path for path in home.glob("data/archive/??/*"))


def raw_page(home):
    """A page that reads the raw files, a product for every line below the heading, and one that prints their number."""
    body = """from pathlib import Path
import hashlib
lines = [one for path in sorted(Path(stage.data).glob("stores*.csv")) for one in path.read_text().split()[1:]]
ids = " union all ".join(f"select '{line}' as id" for line in lines)
known = {"source_system": "'pos'", "source_row_id": "'stores.csv:' || id", "product_id": "id", "name": "id"}
known["price"] = "length(id)"
from customerbase.pipeline import kernel
from customerbase.tables import schema
columns = ", ".join(
    f'cast({known.get(one.name, "null")} as {one.type}) as "{one.name}"' for one in schema("products").columns.values())
stage.write("products", stage.db.query(f"select {columns} from ({ids})"))
stage.record(lines=len(lines), of=stage.settings.get("k_min", 0), first=lines[0])"""
    page(home / "notebooks", "01_raw", writes=["products"], body=body)
    letter = """stage.publish("report.ja.html", f"<p>{len(stage.read('products').df())} {stage.run_id}</p>")"""
    page(home / "notebooks", "09_letter", reads=["products"], body=letter)


def put_raw(home, name, *lines):
    """A raw file of stores with these lines."""
    (home / "raw" / name).write_text("\n".join(["id", *lines]) + "\n")


def settings(home, **values):
    """Set top-level keys of the tiny pipeline's file; None takes one away."""
    path = home / "pipelines" / "tiny.yaml"
    content = yaml.safe_load(path.read_text()) | values
    path.write_text(yaml.safe_dump({key: one for key, one in content.items() if one is not None}, allow_unicode=True))


_ONE_AT_A_TIME = threading.Lock()


@pytest.fixture
def in_process(monkeypatch):
    """Pages run here, without a kernel: for tests of what happens around them (test_run.py has the kernels)."""

    def execute(notebook, output, parameters, context, *_, **__):
        text = Path(notebook).read_text(encoding="utf-8")
        Path(output).write_text(text, encoding="utf-8")
        space: dict = {"__name__": "__page__"}
        with _ONE_AT_A_TIME, pytest.MonkeyPatch.context() as patch:
            patch.setenv("CUSTOMERBASE_CONTEXT", str(context))
            for number, cell in enumerate(one for one in json.loads(text)["cells"] if one["cell_type"] == "code"):
                source = "".join(cell["source"])
                try:
                    exec(source, space)
                except Exception as error:
                    raise kernel.CellFailure(number + 1, source, type(error).__name__, str(error)) from None
                if "parameters" in cell["metadata"].get("tags", ()):
                    space |= parameters
        return 0.0  # MiB that a kernel held

    monkeypatch.setattr(kernel, "execute", execute)
