"""Kernels forked from a warm parent: like ordinary ones in all that counts, and ordinary ones after any trouble."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from jupyter_client.manager import AsyncKernelManager

from customerbase.pipeline import kernel as runner
from customerbase.serving.settings import HEATED
from customerbase.warm import provisioner

psutil = pytest.importorskip("psutil")
linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
PLAIN, PATIENCE = (), 60


class Session:
    """A kernel and its client."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client

    @property
    def process(self):
        return self.manager.provisioner.process

    async def run(self, code: str) -> tuple[str, list[dict]]:
        """What a cell printed, and the contents of all else it put out."""
        said, rest = [], []

        def hear(message: dict) -> None:
            kind = message["msg_type"]
            if kind == "stream":
                said.append(message["content"]["text"])
            elif kind in ("error", "display_data", "execute_result"):
                rest.append(message["content"])

        await self.client.execute_interactive(textwrap.dedent(code), output_hook=hear, timeout=PATIENCE)
        return "".join(said).strip(), rest


@asynccontextmanager
async def kernel(folder: Path, modules: tuple[str, ...] = PLAIN, **options):
    """A kernel of a manager that asks for a forked one."""
    folder.mkdir(exist_ok=True)
    manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(folder / f"s{time.monotonic_ns()}"))
    provisioner.use(manager, modules)
    await manager.start_kernel(**options)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE)
        yield Session(manager, client)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


@pytest.fixture
def sockets(tmp_path_factory):
    """A folder whose name is short enough for sockets."""
    return tmp_path_factory.mktemp("k")


async def until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.05)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# like an ordinary kernel


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


# signals and ends


@linux
def test_it_is_interrupted_and_goes_on(sockets):
    async def run():
        async with kernel(sockets) as one:
            asleep = asyncio.ensure_future(one.run("print('asleep', flush=True); import time; time.sleep(60)"))
            await asyncio.sleep(1)
            await one.manager.interrupt_kernel()
            said, [error] = await asyncio.wait_for(asleep, 20)
            assert said == "asleep" and error["ename"] == "KeyboardInterrupt"
            assert (await one.run("print(6 * 7)"))[0] == "42"

    asyncio.run(run())


@linux
def test_killed_it_and_what_it_started_are_gone(sockets):
    async def run():
        async with kernel(sockets) as one:
            said, _ = await one.run("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)")
            process, child = one.process, int(said)
            assert await one.manager.is_alive() and not gone(child)
            await one.manager.provisioner.kill()
            await until(lambda: gone(process.pid) and gone(child))
            assert process.wait(5) == -signal.SIGKILL and not await one.manager.is_alive()
            process.send_signal(signal.SIGTERM)  # nobody is hit, whoever has its number by now

    asyncio.run(run())


@linux
def test_it_ends_by_itself_and_says_how(sockets):
    async def run():
        async with kernel(sockets) as one:
            process = one.process
            one.client.execute("import os; os._exit(3)")
            await until(lambda: process.poll() is not None)
            assert process.returncode == 3 and not await one.manager.is_alive()
        async with kernel(sockets) as one:
            process = one.process
            one.client.shutdown()
            await until(lambda: process.poll() is not None)
            assert process.returncode == 0

    asyncio.run(run())


OWNER = """
import asyncio, sys
sys.path.insert(0, "tests")
from pathlib import Path
import test_warm
async def run():
    async with test_warm.kernel(Path(sys.argv[1])) as one:
        print(one.process.pid, test_warm.psutil.Process(one.process.pid).ppid(), flush=True)
        one.client.execute("while True: pass")
        await asyncio.sleep(600)
asyncio.run(run())
"""


@linux
@pytest.mark.parametrize("busy", [False, True])
def test_when_its_owner_is_killed_kernel_and_parent_end(sockets, busy):
    code = OWNER if busy else OWNER.replace('one.client.execute("while True: pass")', "pass")
    owner = subprocess.Popen([sys.executable, "-c", code, str(sockets)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert len(pids) == 2 and not any(gone(pid) for pid in pids)
    owner.kill()
    owner.wait()
    asyncio.run(until(lambda: all(gone(pid) for pid in pids)))


# trouble


@linux
def test_a_killed_parent_takes_its_kernels_along_and_the_next_kernel_has_a_new_one(sockets):
    async def run():
        async with kernel(sockets) as one:
            process, parent = one.process, psutil.Process(one.process.pid).parent()
            parent.kill()
            await until(lambda: gone(process.pid))
            assert process.wait(5) == -signal.SIGKILL
        async with kernel(sockets) as one:
            assert type(one.process) in (provisioner.Forked, subprocess.Popen) and (await one.run("print(1)"))[0] == "1"
        async with kernel(sockets) as one:
            assert type(one.process) is provisioner.Forked

    asyncio.run(run())


@pytest.mark.parametrize("trouble", ["thread", "import", "dies", "system", "interpreter"])
def test_after_any_trouble_the_kernel_is_an_ordinary_one(sockets, tmp_path, monkeypatch, trouble):
    code = {"thread": "import threading, time\nthreading.Thread(target=time.sleep, args=[600], daemon=True).start()"}
    code |= {"import": "raise ImportError('not there')", "dies": "import os\nos._exit(1)"}
    name = f"heated_{trouble}"
    (tmp_path / f"{name}.py").write_text(code.get(trouble, ""))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    if trouble == "system":
        monkeypatch.setattr(provisioner, "sys", SimpleNamespace(platform="darwin", executable=sys.executable))
    if trouble == "interpreter":
        monkeypatch.setattr(provisioner, "sys", SimpleNamespace(platform="linux", executable="/usr/bin/another"))

    async def run():
        for _ in range(provisioner.TRIES + 1):  # the last one without another try
            async with kernel(sockets, (name,)) as one:
                assert type(one.process) is subprocess.Popen
                assert (await one.run("print(6 * 7)"))[0] == "42"

    asyncio.run(run())


def test_what_the_user_has_set_for_jupyter_stays(sockets, monkeypatch):
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")

    async def run():
        async with kernel(sockets) as one:
            assert type(one.process) is subprocess.Popen

    asyncio.run(run())
