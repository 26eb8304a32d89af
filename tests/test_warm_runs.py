"""A run gives the same bytes, logs and failures whether its kernels are forked or started."""

from contextlib import nullcontext

import nbformat
import pytest
from run_base import PRODUCT, STORE, page, plan_of, tiny, write_one  # noqa: F401
from warm_base import gone, linux, ordinary

from customerbase import pipeline
from customerbase.pipeline import kernel
from customerbase.pipeline.guard import KernelDied
from customerbase.tables import store
from customerbase.warm import provisioner

NUMBERS = """
import hashlib, random
import matplotlib.pyplot as plt, numpy, scipy.optimize, sklearn.cluster, sklearn.ensemble
draw = numpy.random.default_rng(7)
x = draw.normal(size=(3000, 40)); y = x @ draw.normal(size=40) + draw.normal(size=3000)
found = [numpy.linalg.lstsq(x, y, rcond=None)[0], numpy.linalg.svd(x, compute_uv=False), x.T @ x]
found += [scipy.optimize.minimize(lambda w: ((x[:, :5] @ w - y) ** 2).sum(), numpy.zeros(5)).x]
found += [sklearn.ensemble.HistGradientBoostingRegressor(random_state=7).fit(x, y).predict(x)]
found += [sklearn.cluster.KMeans(5, n_init=2, random_state=7).fit(x).cluster_centers_]
random.seed(7); numpy.random.seed(7)
found += [numpy.random.random(9), numpy.array([random.random() for _ in range(9)])]
digest = hashlib.sha256(b"".join(numpy.ascontiguousarray(one).tobytes() for one in found)).hexdigest()
plt.plot(found[0]); plt.show()
print(digest, list({"a", "b", "c", "d", "e"}))
"""


@linux
def test_a_run_gives_the_same_bytes_with_forked_and_with_ordinary_kernels(tiny, monkeypatch, forked):  # noqa: F811
    monkeypatch.setenv("PYTHONHASHSEED", "7")  # else the order of a set is another one in every kernel
    for stem, table, values in (("01_a", "stores", STORE), ("02_b", "products", PRODUCT)):
        write = write_one(table, **values | {"name": "'{digest}'"}).replace("query(", "query(f")
        page(tiny / "notebooks", stem, writes=[table], body=NUMBERS + write)
    first = found(pipeline.run(plan_of(tiny), data_docs=False))
    assert len(forked) == 2
    with ordinary():
        again = found(pipeline.run(plan_of(tiny), data_docs=False, force=True))
    assert len(forked) == 2 and first == again
    assert sorted(first) == ["01_a.ipynb", "02_b.ipynb", "products", "stores"]
    kinds = [name for output in first["01_a.ipynb"] for name in output.get("data", {})]
    assert "image/png" in kinds


def found(report) -> dict:
    """Tables of the published month as bytes; what the cells of the pages put out."""
    tables = {name: file.read_bytes() for name, file in store.published_tables("tiny", "2026-10").items()}
    pages = {file.name: nbformat.read(file, 4) for file in sorted(report.rglob("*.ipynb"))}
    return tables | {
        name: [one for cell in book.cells for one in cell.get("outputs", [])] for name, book in pages.items()
    }


@pytest.fixture
def forked(monkeypatch) -> list[int]:
    """The pids of all kernels that are forked from now on."""
    pids, fork = [], provisioner.Owner.fork

    def told(self, *what):
        made = fork(self, *what)
        pids.append(made.pid)
        return made

    monkeypatch.setattr(provisioner.Owner, "fork", told)
    return pids


def execute(folder, code: str) -> None:
    """One notebook of one cell in a kernel of the runner."""
    folder.mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(book, folder / "page.ipynb")
    kernel.execute(folder / "page.ipynb", folder / "done.ipynb", {}, folder / "context.json", lambda done, total: None)


KINDS = pytest.mark.parametrize("kind", [pytest.param("forked", marks=linux), "ordinary"])


@KINDS
def test_a_page_whose_kernel_is_killed_fails(tmp_path, forked, kind):
    """As the kernel does when memory runs out."""
    with ordinary() if kind == "ordinary" else nullcontext(), pytest.raises(KernelDied):
        execute(tmp_path / "one", "import os; os.kill(os.getpid(), 9)")
    assert len(forked) == (kind == "forked")
    assert all(gone(pid) for pid in forked)


@KINDS
def test_what_a_kernel_complains_about_is_in_its_log(tmp_path, forked, kind):
    code = (
        "import subprocess; subprocess.run(['sh', '-c', 'echo of a child >&2'])\nimport os; os.write(2, b'of itself')"
    )
    with ordinary() if kind == "ordinary" else nullcontext():
        execute(tmp_path / "one", code)
    said = (tmp_path / "one" / "kernel.log").read_text()
    assert "of a child" in said and "of itself" in said, said  # a line of the kernel's own may follow without a break
    assert len(forked) == (kind == "forked")


@KINDS
def test_the_error_of_a_page_is_the_same(tmp_path, forked, kind):
    with ordinary() if kind == "ordinary" else nullcontext(), pytest.raises(kernel.CellFailure) as failure:
        execute(tmp_path / "one", "nobody")
    assert (failure.value.name, failure.value.message) == ("NameError", "name 'nobody' is not defined")


@linux
def test_after_a_page_its_kernel_is_gone_and_the_next_page_starts_clean(tmp_path, forked):
    execute(tmp_path / "one", "import sys, matplotlib; mine = 1; sys.mine = 1; matplotlib.rcParams['font.size'] = 99")
    assert gone(forked[0])
    execute(
        tmp_path / "two",
        "import sys, matplotlib; print('mine' in globals(), hasattr(sys, 'mine'), matplotlib.rcParams['font.size'] == 99)",
    )
    [cell] = nbformat.read(tmp_path / "two" / "done.ipynb", 4).cells
    assert cell.outputs[0].text == "False False False\n" and gone(forked[1])
