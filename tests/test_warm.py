"""Kernels forked from a warm parent are like ordinary ones in all that counts."""

import asyncio
import json
import os
import re
import subprocess
import sys

import pytest
from warm_base import kernel, linux, ordinary, psutil, short_folder

from customerbase.pipeline import kernel as runner
from customerbase.serving.settings import HEATED
from customerbase.warm import provisioner

sockets = pytest.fixture(short_folder)


@linux
def test_two_kernels_share_nothing_but_what_was_imported(sockets):
    async def both():
        async with kernel(sockets, runner.HEATED) as one, kernel(sockets, runner.HEATED) as other:
            assert {type(one.process), type(other.process)} == {provisioner.Forked}
            draw = "import random, numpy; print(random.random(), numpy.random.random(), len(__import__('sys').modules) > 900)"
            first, second = (await one.run(draw))[0].split(), (await other.run(draw))[0].split()
            assert first[2] == second[2] == "True" and first[0] != second[0] and first[1] != second[1]
            await one.run("mine = 1; import os; os.environ['MINE'] = '1'; os.chdir('/')")
            said, _ = await other.run("import os; print('mine' in globals(), 'MINE' in os.environ, os.getcwd() == '/')")
            assert said == "False False False"
            said, _ = await other.run("print(__name__, In[1:2] == [], In[-1][:5])")
            assert said.startswith("__main__")

    asyncio.run(both())


@linux
def test_environment_folder_and_output_are_those_of_the_kernel(sockets, tmp_path):
    async def run():
        with (tmp_path / "log").open("w") as log:
            env = {"PATH": os.environ["PATH"], "ONLY": "this"}
            async with kernel(sockets, env=env, cwd=str(tmp_path), stdout=log, stderr=log) as one:
                said, _ = await one.run("import os; print(os.getcwd(), os.environ['ONLY'], 'HOME' in os.environ)")
                assert said == f"{tmp_path} this False"
                said, _ = await one.run(
                    "print(sorted(os.listdir('/proc/self/fd'), key=int)[:3], os.read(0, 1), os.getsid(0) == os.getpid())"
                )
                assert said == "['0', '1', '2'] b'' True"
                await one.run("os.write(1, b'straight to the log')")
        assert "straight to the log" in (tmp_path / "log").read_text()

    asyncio.run(run())


@linux
def test_figures_appear(sockets):
    """matplotlib was imported before there was a shell to show anything in."""

    async def run():
        async with kernel(sockets, runner.HEATED) as one:
            _, rest = await one.run("import matplotlib.pyplot as plt; plt.plot([1, 2]); None")
            assert [sorted(content["data"]) for content in rest] == [["image/png", "text/plain"]]
            said, rest = await one.run("print(plt.get_fignums())")
            assert said == "[]" and not rest

    asyncio.run(run())


THREADS = """
import numpy, scipy.linalg, sklearn.ensemble, threadpoolctl
print(sorted((one["internal_api"], one["num_threads"]) for one in threadpoolctl.threadpool_info()))"""


@linux
@pytest.mark.parametrize("given", [{}, {"OPENBLAS_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "99"}])
def test_linear_algebra_has_as_many_threads_as_in_an_ordinary_kernel(sockets, given):
    env = os.environ | given
    alone = subprocess.run([sys.executable, "-c", THREADS], env=env, capture_output=True, text=True, check=True)

    async def run():
        async with kernel(sockets, runner.HEATED, env=env) as one:
            return (await one.run(THREADS))[0]

    assert asyncio.run(run()) == alone.stdout.strip()


@linux
def test_what_a_run_and_a_dashboard_import_beforehand_starts_no_thread(sockets):
    async def run():
        for modules in (runner.HEATED, HEATED):
            async with kernel(sockets, modules) as one:
                assert type(one.process) is provisioner.Forked
                assert psutil.Process(one.process.pid).parent().num_threads() == 1

    asyncio.run(run())


STATE = """
import gc, json, locale, logging, multiprocessing, os, resource, signal, sys, time
import matplotlib, numpy, sklearn.ensemble
def kind(number):  # sockets and pipes are numbered
    target = os.readlink(f"/proc/self/fd/{number}")
    return target if target.startswith("/") else target.split(":")[0]
numbers = [one for one in os.listdir("/proc/self/fd") if one != "0" and os.path.lexists(f"/proc/self/fd/{one}")]
signals = [str(signal.getsignal(one)) for one in sorted(signal.valid_signals())]
limits = [resource.getrlimit(getattr(resource, one)) for one in dir(resource) if one.startswith("RLIMIT_")]
print(json.dumps({
    "path": sys.path, "flags": str(sys.flags), "arguments": sys.argv[1:2], "environment": dict(os.environ),
    "folder": os.getcwd(), "umask": os.umask(0o22), "limits": limits, "niceness": os.nice(0),
    "session": os.getsid(0) == os.getpid(), "open files": sorted({kind(one) for one in numbers if "history" not in kind(one)}),
    "signals": signals, "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "locale": locale.getlocale(), "zone": time.tzname, "encodings": [sys.stdout.encoding, sys.getfilesystemencoding()],
    "collection": [gc.isenabled(), gc.get_threshold()], "logging": str(logging.root.handlers), "hash": hash("x"),
    "figures": {name: str(value) for name, value in matplotlib.rcParams.items()}, "floats": numpy.geterr(),
    "processes": multiprocessing.get_start_method(True), "main": sorted(vars(sys.modules["__main__"]))}))"""
BY_KERNEL = ("JPY_PARENT_PID", "JUPYTER_DEFAULT_PROVISIONER_NAME", "PYDEVD_USE_FRAME_EVAL", "PYTEST_CURRENT_TEST")


@linux
def test_the_state_of_the_process_is_that_of_an_ordinary_kernel(sockets, tmp_path, monkeypatch):
    for name, value in {"TZ": "Pacific/Chatham", "PYTHONHASHSEED": "7", "LC_ALL": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)

    async def state() -> dict:
        with (tmp_path / "log").open("w") as log:
            async with kernel(sockets, runner.HEATED, stdout=log, stderr=log, cwd=str(tmp_path)) as one:
                said, rest = await one.run(STATE)
                assert rest == []
                return {"forked": type(one.process) is provisioner.Forked} | json.loads(said)

    forked = asyncio.run(state())
    with ordinary():
        alone = asyncio.run(state())
    for one in (forked, alone):
        for name in BY_KERNEL:
            one["environment"].pop(name, None)
    assert forked.pop("forked") and not alone.pop("forked")
    assert forked == alone


ALL = """
import importlib, json, re, sys
for name in {modules!r}: importlib.import_module(name)
def plain(value, deep=3):
    if value is None or isinstance(value, (bool, int, float, str)): return repr(value)
    if deep and isinstance(value, (list, tuple)): return [plain(one, deep - 1) for one in value]
    if deep and isinstance(value, dict) and all(isinstance(one, str) for one in value):
        return {{name: plain(one, deep - 1) for name, one in value.items() if not name.startswith("__")}}
    return type(value).__name__
found = {{
    f"{{place}}.{{name}}": re.sub("0x[0-9a-f]+|ipykernel_[0-9]+|found-[a-z]+", "", json.dumps(plain(value)))
    for place, module in sorted(sys.modules.items()) if module is not None and place not in ("__main__", "__mp_main__")
    for name, value in list(vars(module).items()) if not name.startswith("__")
}}
import matplotlib.pyplot, pandas
shell = get_ipython()
found |= {{f"pandas: {{name}}": repr(pandas.get_option(name)) for name in pandas._config.config._registered_options}}
found |= {{f"event {{name}}": str([one.__qualname__ for one in ones]) for name, ones in shell.events.callbacks.items()}}
for name, one in shell.display_formatter.formatters.items():
    found[f"printers of {{name}}"] = str((sorted(map(str, one.type_printers)), sorted(map(str, one.deferred_printers))))
with open({file!r}, "w") as out: json.dump(found, out)
"""
# numbers of processes, times, addresses, caches, the debugger, the order of filters that exclude one another
DIFFER = re.compile(
    r"sys\.|threading\.|logging\.|linecache\.|psutil\.|platform\.|encodings\.|_?ctypes\.|_?warnings\.|debugpy|_?pydev|"
    r"ipykernel\.debugger|typing\._overload|joblib\._multiprocessing_helpers\.name|numpy\.f2py\.rules|.*[Pp]andas.*(encoding|config)|"
    r"scipy\..*(_modattrs|_module|pairs|_data\.name)$"
)


@linux
def test_every_module_has_the_values_it_would_have_in_an_ordinary_kernel(sockets, tmp_path, monkeypatch):
    """pandas, for one, looks at its import whether there is a kernel, and shows other columns if there is none."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")  # else sets are in another order

    async def values(name: str) -> dict:
        file = tmp_path / f"found-{name}"
        async with kernel(sockets, runner.HEATED) as one:
            _, rest = await one.run(ALL.format(modules=runner.HEATED, file=str(file)))
            assert rest == [] and type(one.process).__name__ == name
        return json.loads(file.read_text())

    forked = asyncio.run(values("Forked"))
    with ordinary():
        alone = asyncio.run(values("Popen"))
    both = [name for name in alone if name in forked and not DIFFER.match(name)]
    assert len(both) > 10_000 and "pandas: display.max_columns" in both
    assert {name: (forked[name], alone[name]) for name in both if forked[name] != alone[name]} == {}


MARK = "data of one customer, which stays in the kernel"
HOLD = "kept = ' '.join({words!r})"


@linux
def test_what_a_kernel_holds_is_not_in_its_parent(sockets):
    async def run():
        async with kernel(sockets) as one:
            await one.run(HOLD.format(words=MARK.split()))
            assert in_memory(one.process.pid, MARK)
            assert not in_memory(psutil.Process(one.process.pid).ppid(), MARK)

    asyncio.run(run())


def in_memory(pid: int, text: str) -> bool:
    """Whether a text stands anywhere in what a process can write to."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            where, rights, *_ = line.split()
            start, end = (int(one, 16) for one in where.split("-"))
            if not rights.startswith("rw"):
                continue
            memory.seek(start)
            if text.encode() in memory.read(end - start):
                return True
    return False


@linux
def test_another_environment_has_another_parent_and_the_idle_one_of_before_ends(sockets, monkeypatch):
    async def parent() -> int:
        async with kernel(sockets) as one:
            return psutil.Process(one.process.pid).ppid()

    monkeypatch.setenv("ONE", "1")
    first = asyncio.run(parent())
    monkeypatch.setenv("CUSTOMERBASE_HOME", "/elsewhere")  # nothing reads it when it is imported
    assert asyncio.run(parent()) == first
    monkeypatch.setenv("ONE", "2")
    assert asyncio.run(parent()) != first and not psutil.pid_exists(first)


@linux
def test_no_descriptor_stays_with_owner_or_parent(sockets):
    async def count() -> tuple[int, int]:
        async with kernel(sockets) as one:
            parent = psutil.Process(one.process.pid).parent()
        return parent.num_fds(), psutil.Process().num_fds(), len(parent.children())

    asyncio.run(count())
    assert asyncio.run(count()) == asyncio.run(count())
