"""Forked kernels: signals, ends, and ordinary kernels after any trouble."""

import asyncio
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import ROOT
from warm_base import PLAIN, gone, kernel, linux, ordinary, psutil, short_folder, until

from customerbase.serving.settings import Service, settings
from customerbase.warm import provisioner

sockets = pytest.fixture(short_folder)

# signals and ends


@linux
def test_it_is_interrupted_and_goes_on(sockets):
    async def run():
        async with kernel(sockets) as one:
            asleep = asyncio.ensure_future(
                one.run(f"open({str(sockets / 'asleep')!r}, 'w'); import time; time.sleep(600)")
            )
            await until((sockets / "asleep").exists)
            await one.manager.interrupt_kernel()
            _, [error] = await asleep
            assert error["ename"] == "KeyboardInterrupt"
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


SLOW = """
import sys, time
flush = sys.stdout.flush
def slowly():
    ending = get_ipython().kernel._shutdown_message is not None
    time.sleep(0.5 * ending)
    flush()
    if ending:
        open({0!r}, "w").write(str(sys.stdout.pub_thread.thread.is_alive()))
sys.stdout.flush = slowly"""


@linux
def test_what_was_printed_last_has_gone_out_before_the_way_is_closed(sockets, tmp_path):
    """Closed too early, the kernel waits ten seconds for itself, or for ever."""
    told = tmp_path / "told"

    async def run():
        async with kernel(sockets) as one:
            process = one.process
            await one.run(SLOW.format(str(told)))
            one.client.shutdown()
            await until(lambda: process.poll() is not None)

    asyncio.run(run())
    assert told.exists() and told.read_text() == "True"


OWNER = """
import asyncio, sys
sys.path.insert(0, "tests")
from pathlib import Path
import warm_base
async def run():
    async with warm_base.kernel(Path(sys.argv[1])) as one:
        print(one.process.pid, warm_base.psutil.Process(one.process.pid).ppid(), flush=True)
        one.client.execute(sys.argv[2])
        await asyncio.sleep(600)
asyncio.run(run())
"""


STUCK = "import ctypes; ctypes.PyDLL(None).sleep(600)"  # in C, and no other thread of the kernel runs meanwhile


def owner(sockets, code: str = "pass") -> tuple[subprocess.Popen, list[int]]:
    """A process with a kernel; pids of the kernel and of its parent."""
    command = [sys.executable, "-c", OWNER, str(sockets), code]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in process.stdout.readline().split()]
    assert len(pids) == 2 and not any(gone(pid) for pid in pids)
    return process, pids


@linux
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "code", ["pass", "while True: pass", STUCK, "import signal; signal.signal(15, signal.SIG_IGN)"]
)
def test_when_its_owner_ends_kernel_and_parent_end(sockets, end, code):
    process, pids = owner(sockets, code)
    process.send_signal(end)
    process.wait(30)
    asyncio.run(until(lambda: all(gone(pid) for pid in pids)))


@linux
def test_two_owners_at_once_share_nothing(sockets):
    first, pids = owner(sockets / "one")
    second, others = owner(sockets / "other")
    assert not {*pids} & {*others}
    first.kill()
    first.wait()
    asyncio.run(until(lambda: all(gone(pid) for pid in pids)))
    assert not any(gone(pid) for pid in others)
    second.kill()
    second.wait()
    asyncio.run(until(lambda: all(gone(pid) for pid in others)))


@linux
def test_a_kernel_that_nobody_can_end_any_more_ends(sockets):
    """Its manager was thrown away without a word."""
    with open(os.devnull, "w") as nowhere:
        one = provisioner.Owner(PLAIN)
        forked = one.fork(
            ["--IPKernelApp.transport=ipc", f"--IPKernelApp.ip={sockets}/s"],
            dict(os.environ),
            None,
            (nowhere.fileno(),) * 2,
        )
        pid = forked.pid
        assert not gone(pid)
        del forked
        asyncio.run(until(lambda: gone(pid)))
        one.stop()


@linux
def test_a_copy_of_the_owner_ends_nothing(sockets):
    async def run():
        async with kernel(sockets) as one:
            pid = os.fork()
            if pid == 0:
                provisioner.stop()  # as at the end of a script
                os._exit(0)
            os.waitpid(pid, 0)
            assert (await one.run("print(6 * 7)"))[0] == "42" and one.process.poll() is None

    asyncio.run(run())


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
            assert type(one.process) is provisioner.Forked and (await one.run("print(1)"))[0] == "1"

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


@linux
def test_one_that_cannot_be_forked_leaves_the_others_alone(sockets):
    async def run():
        async with kernel(sockets) as one:
            large = dict(os.environ) | {f"CUSTOMERBASE_{number}": "x" * 100_000 for number in range(4)}
            async with kernel(sockets, env=large) as other:  # more than the socket takes
                assert type(other.process) is subprocess.Popen
            assert one.process.poll() is None and (await one.run("print(6 * 7)"))[0] == "42"
            parent = psutil.Process(one.process.pid).parent()
            async with kernel(sockets) as third:
                assert psutil.Process(third.process.pid).parent() == parent

    asyncio.run(run())


@linux
def test_what_was_asked_of_a_parent_that_slept_is_not_forked_when_it_wakes(sockets, monkeypatch):
    """The ordinary kernel that was started instead holds the same sockets."""

    async def run():
        async with kernel(sockets) as one:
            parent = psutil.Process(one.process.pid).parent()
            parent.suspend()
            monkeypatch.setattr(provisioner, "PATIENCE", 0.5)
            async with kernel(sockets) as other:
                assert type(other.process) is subprocess.Popen
                parent.resume()
                monkeypatch.undo()
                async with kernel(sockets) as third:  # asked after it: by now both requests are served
                    assert type(third.process) is provisioner.Forked
                    await until(
                        lambda: {child.pid for child in parent.children()} == {one.process.pid, third.process.pid}
                    )
                assert (await other.run("print(6 * 7)"))[0] == "42"

    asyncio.run(run())


@linux
def test_a_server_of_dashboards_leaves_kernels_to_what_the_user_has_set(tmp_path):
    """Both ways of a setting: forked by default, ordinary where Jupyter was told so."""
    service = Service(tmp_path, "sample", "managers")
    assert settings(service).KernelProvisionerFactory.default_provisioner_name == provisioner.NAME
    with ordinary():
        assert "KernelProvisionerFactory" not in settings(service)
