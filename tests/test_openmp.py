"""Threads of OpenMP wait without spinning, wherever a page is computed; what a user has set stays."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT

from customerbase.pipeline import kernel
from customerbase.warm import provisioner

VARIABLE = "OMP_WAIT_POLICY"
BOOSTING = "import customerbase, sklearn.ensemble"
linux = pytest.mark.skipif(
    sys.platform != "linux", reason="scikit-learn brings GNU's OpenMP, which tells, on Linux only"
)


def environment(**values: str) -> dict[str, str]:
    """This process's environment without the policy, and with the given values."""
    return {name: value for name, value in os.environ.items() if name != VARIABLE} | values


def spins(text: str) -> set[int]:
    """How often a waiting thread looks again before it sleeps, as each copy of OpenMP tells when it is loaded.

    0 is PASSIVE. The policy it prints itself would not do: PASSIVE stands there too when none was set.
    """
    return {int(count) for count in re.findall(r"GOMP_SPINCOUNT = '(\d+)'", text)}


def python(code: str, **values: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], env=environment(**values), cwd=ROOT, capture_output=True, text=True, check=True
    )


@linux
def test_openmp_is_loaded_after_it_was_told():
    assert spins(python(BOOSTING, OMP_DISPLAY_ENV="verbose").stderr) == {0}


@linux
def test_left_to_itself_it_spins():
    assert min(spins(python("import sklearn.ensemble", OMP_DISPLAY_ENV="verbose").stderr)) > 0


@linux
def test_what_a_user_has_set_stays():
    assert min(spins(python(BOOSTING, OMP_DISPLAY_ENV="verbose", OMP_WAIT_POLICY="ACTIVE").stderr)) > 0


@linux
def test_a_kernel_of_the_runner_waits_without_spinning(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_DISPLAY_ENV", "verbose")
    monkeypatch.setenv(
        "JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner"
    )  # a kernel of its own; forked ones: below
    page, done = tmp_path / "page.ipynb", tmp_path / "done.ipynb"
    # scikit-learn comes first: what the runner hands to the kernel counts, not what the page imports later
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import sklearn.ensemble")]), page)
    kernel.execute(page, done, {}, tmp_path / "context.json", lambda done, total: None)
    assert spins((tmp_path / "kernel.log").read_text()) == {0}


@linux
def test_the_parent_of_forked_kernels_waits_without_spinning(tmp_path):
    owner = provisioner.Owner(kernel.HEATED)
    with (tmp_path / "errors").open("w") as errors, open(os.devnull, "w") as nowhere:
        owner.start(environment(OMP_DISPLAY_ENV="verbose"), errors)
        owner.fork(["--version"], environment(), None, (nowhere.fileno(), nowhere.fileno())).wait(60)
    owner.stop()
    assert spins((tmp_path / "errors").read_text()) == {0}


STARTED = """
import os, subprocess, sys, types
import customerbase.__main__ as door
from customerbase.tables import store
store.published_months = lambda pipeline: ["2026-10"]
started = []
def run(command, env=None, **_):
    started.append((command[2], (os.environ if env is None else env).get("OMP_WAIT_POLICY")))
    return types.SimpleNamespace(returncode=0, wait=lambda *_: 0, poll=lambda: 0)
subprocess.run = run
if sys.argv[1] == "dashboard":
    import customerbase.serving.command  # whatever it imports wants the real Popen
    subprocess.Popen = run
assert door.main(sys.argv[1:]) == 0
print(*started[0])
"""


@pytest.mark.parametrize(("command", "server"), [("lab", "jupyterlab"), ("dashboard", "customerbase.serving.server")])
@pytest.mark.parametrize(("given", "policy"), [({}, "PASSIVE"), ({VARIABLE: "ACTIVE"}, "ACTIVE")])
def test_the_servers_hand_it_to_their_kernels(command, server, given, policy, tmp_path):
    line, inner = [sys.executable, "-c", STARTED, command], environment(CUSTOMERBASE_HOME=str(tmp_path), **given)
    done = subprocess.run(line, env=inner, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [server, policy]


@pytest.mark.parametrize("target", ["lab", "dashboard"])
def test_make_starts_the_servers_through_the_door(target):
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*\n\t@\$\(PY\) -m customerbase {target} ", text, re.MULTILINE)


def test_tests_themselves_wait_without_spinning():
    assert os.environ[VARIABLE]


def test_an_unknown_benchmark_is_refused_with_the_near_miss():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "bosting"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no benchmark 'bosting'" in done.stderr and "Did you mean 'boosting'?" in done.stderr


GROUPS = """
import hashlib, numpy
from customerbase.segments.clusters.choice import choose
x = numpy.random.default_rng(5).normal(size=(400, 6)); x[:200] += 3
print(hashlib.sha256(choose(x, bootstraps=4, draws=2).fitted.centres.tobytes()).hexdigest())"""


def test_groups_are_the_same_bits_with_any_number_of_threads():
    """The limit to one thread holds for libraries that are loaded already; scikit-learn comes late in a fresh process."""
    assert python(GROUPS, OMP_NUM_THREADS="1").stdout == python(GROUPS, OMP_NUM_THREADS="2").stdout
