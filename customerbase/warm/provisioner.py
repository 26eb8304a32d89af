"""The kernel provisioner of jupyter_client that asks a warm parent for kernels, and starts ordinary ones otherwise."""

import asyncio
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from importlib.metadata import entry_points

from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

from customerbase.warm.parent import Refused

NAME = "customerbase-warm"  # of the entry point
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}  # NumPy's, pyarrow's
READ_LATER = ("CUSTOMERBASE_", "JPY_", "PYTEST_")  # no module reads these variables when it is imported
PATIENCE = 60.0  # seconds until a parent that does not answer is given up
TRIES = 3  # parents that were given up, one after the other, until no further one is tried
KERNEL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "pdb", "cProfile", "profile", "faulthandler", "unicodedata")


class Forked:
    """A kernel forked by a warm parent, spoken to like a subprocess.Popen."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, life: socket.socket):
        self.pid, self.returncode, self._life = pid, None, life

    def poll(self) -> int | None:
        """The exit status (minus the signal that ended it), or None while it lives."""
        return self._hear(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises subprocess.TimeoutExpired."""
        if self._hear(timeout) is None:
            raise subprocess.TimeoutExpired("kernel", timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it started; nothing happens when it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ConnectionError):
                self._life.send(str(int(number)).encode())

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _hear(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._life.settimeout(timeout)
            try:
                text = self._life.recv(1024)
            except (BlockingIOError, TimeoutError):
                return None
            except ConnectionError:
                text = b""
            # without a word the parent itself was killed, and its kernels with it
            self.returncode = json.loads(text)["status"] if text else -signal.SIGKILL
            self._life.close()
        return self.returncode


class Owner:
    """The owner's side of a warm parent, which is started with the first request, or by `start` before that."""

    def __init__(self, modules: tuple[str, ...]):
        self.modules, self.failures = modules, 0
        self._lock, self._process, self._requests = threading.Lock(), None, None
        self._kernels: weakref.WeakSet[Forked] = weakref.WeakSet()

    def start(self, env: Mapping[str, str] | None = None, errors=subprocess.DEVNULL) -> None:
        """Start the parent unless it runs; it may still be importing when this returns. errors: where it complains."""
        with self._lock:
            if self._process and self._process.poll() is None:
                return
            self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "customerbase.warm.parent", str(theirs.fileno()), *KERNEL, *self.modules]
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": errors}
            with theirs:
                self._process = subprocess.Popen(
                    command,
                    env={**(os.environ if env is None else env), **ONE_THREAD},
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    **quiet,
                )

    def fork(self, arguments: list[str], env: dict[str, str], cwd: str | None, outputs: tuple[int, int]) -> Forked:
        """A new kernel. Raises Refused when there is none to be had; outputs: descriptors of its stdout and stderr."""
        if self.failures >= TRIES:
            raise Refused(f"{TRIES} parents failed")
        self.start(env)
        life, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        text = json.dumps({"arguments": arguments, "env": env, "cwd": cwd and os.fspath(cwd)}).encode()
        try:
            with theirs:
                socket.send_fds(self._requests, [text], [*outputs, theirs.fileno()])
            life.settimeout(PATIENCE)
            answer = json.loads(life.recv(1024) or b'{"refused": "the parent ended"}')
        except OSError as error:  # it is dead, or does not answer
            answer = {"refused": f"no answer from the parent: {error}"}
        if "pid" not in answer:
            life.close()
            self.failures += 1
            if not self.busy:  # else those kernels would end with it
                self.stop()
            raise Refused(answer["refused"])
        self.failures = 0
        self._kernels.add(kernel := Forked(answer["pid"], life))
        return kernel

    @property
    def busy(self) -> bool:
        """Whether a kernel of this parent is not known to have ended."""
        return any(one.returncode is None for one in list(self._kernels))

    def stop(self) -> None:
        """End the parent and its kernels."""
        with self._lock:
            if self._process:
                self._requests.close()
                self._process.kill()
                self._process.wait()
                self._process = None


def wanted() -> bool:
    """Whether kernels are to be forked: on Linux, installed and not just found, and nothing else set for Jupyter."""
    if sys.platform != "linux" or KernelProvisionerFactory.default_provisioner_name_env in os.environ:
        return False
    return bool(entry_points(group=KernelProvisionerFactory.GROUP_NAME, name=NAME))


_owners: dict[tuple, Owner] = {}
_making = threading.Lock()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_owners.clear)  # a copy of this process owns no parent and must end none


@atexit.register
def stop() -> None:
    """End all parents of this process, so that nothing outlives it by a moment."""
    for one in _owners.values():
        one.stop()


def owner(modules: tuple[str, ...], env: Mapping[str, str]) -> Owner:
    """The one owner, in this process, of a warm parent with these modules, imported in this environment.

    Parents of another environment end when they have no kernel.
    """
    read = sorted((name, value) for name, value in env.items() if not name.startswith(READ_LATER))
    key = (modules, *read)
    with _making:
        for other in [one for one in _owners if one[0] == modules and one != key and not _owners[one].busy]:
            _owners.pop(other).stop()
        return _owners.setdefault(key, Owner(modules))


class WarmProvisioner(LocalProvisioner):
    """Kernels from a warm parent; on other systems than Linux, for other interpreters and after any trouble ordinary ones."""

    modules = List(Unicode(), help="What the parent imports besides ipykernel; none may start a thread.").tag(
        config=True
    )

    async def launch_kernel(self, cmd: list[str], **kwargs):
        """Fork the kernel of this command, or start it."""
        try:
            self.process = await asyncio.to_thread(self._forked, cmd, kwargs)  # the parent may still be importing
        except (OSError, Refused) as error:
            self.log.warning("a kernel is started anew instead of forked: %s", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid, self.pgid = self.process.pid, None  # signals go through the parent, which knows who still lives
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    def _forked(self, cmd: list[str], kwargs: dict) -> Forked:
        if sys.platform != "linux":
            raise Refused(f"{sys.platform} does not fork safely")
        if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
            raise Refused("the kernel is of another interpreter or language")
        with open(os.devnull, "r+b") as nowhere:
            out = _descriptor(kwargs.get("stdout"), 1, nowhere)
            error = out if kwargs.get("stderr") == subprocess.STDOUT else _descriptor(kwargs.get("stderr"), 2, nowhere)
            env = kwargs.get("env") or dict(os.environ)
            return owner(tuple(self.modules), env).fork(cmd[3:], env, kwargs.get("cwd"), (out, error))


def _descriptor(given, inherited: int, nowhere) -> int:
    if given is None:
        return inherited
    if given == subprocess.DEVNULL:
        return nowhere.fileno()
    if given == subprocess.PIPE:
        raise Refused("its output is wanted through a pipe")
    return given if isinstance(given, int) else given.fileno()


def use(manager: KernelManager, modules: tuple[str, ...]) -> None:
    """Have a manager's next kernel forked from a parent with these modules; what the user set for Jupyter stays."""
    if wanted():
        stanza = {"provisioner_name": NAME, "config": {"modules": list(modules)}}
        manager.kernel_spec.metadata["kernel_provisioner"] = stanza
