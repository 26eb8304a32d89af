"""What the tests of forked kernels share: a kernel, its client, and waiting for processes to end."""

import asyncio
import sys
import textwrap
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager

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


async def until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.05)


@contextmanager
def ordinary():
    """Kernels are started, as jupyter_client does by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
        yield


def short_folder(tmp_path_factory) -> Path:
    """A folder whose name is short enough for sockets."""
    return tmp_path_factory.mktemp("k")


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
