"""The kernel provisioner of jupyter_client that asks a warm parent for kernels, and starts ordinary ones otherwise."""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import entry_points

from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

from customerbase.warm.parent import Refused

NAME = "customerbase-warm"  # of the entry point
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}  # NumPy's, pyarrow's
READ_BY_IMPORTS = ("OMP_", "GOMP_", "KMP_", "OPENBLAS_", "MKL_", "MPL", "PYTHON", "LD_")
PATIENCE = 30.0  # seconds until a parent that does not answer is given up
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
            # without a word the parent itself was killed; its kernels notice and end within a second
            self.returncode = json.loads(text)["status"] if text else -signal.SIGKILL
            self._life.close()
        return self.returncode


class Owner:
    """The owner's side of a warm parent, which is started with the first request, or by `start` before that."""

    def __init__(self, modules: tuple[str, ...]):
        self.modules, self.failures = modules, 0
        self._lock, self._process, self._requests = threading.Lock(), None, None

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
                    command, env={**(os.environ if env is None else env), **ONE_THREAD}, pass_fds=[theirs.fileno()], start_new_session=True, **quiet
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
            self.failures += 1
            self.stop()
            raise Refused(answer["refused"])
        self.failures = 0
        return Forked(answer["pid"], life)

    def stop(self) -> None:
        """End the parent and its kernels."""
        with self._lock:
            if self._process:
                self._requests.close()
                self._process.kill()
                self._process.wait()
                self._process = None


def installed() -> bool:
    """Whether jupyter_client knows the provisioner, which needs the package to be installed and not just found."""
    return bool(entry_points(group=KernelProvisionerFactory.GROUP_NAME, name=NAME))


@atexit.register
def stop() -> None:
    """End all parents of this process, so that nothing outlives it by a moment."""
    for one in _owners.values():
        one.stop()


_owners: dict[tuple, Owner] = {}
_making = threading.Lock()


def owner(modules: tuple[str, ...], env: Mapping[str, str]) -> Owner:
    """The one owner, in this process, of a warm parent with these modules and with what they read when imported."""
    read = {name: value for name, value in env.items() if name.startswith(READ_BY_IMPORTS)}
    with _making:
        return _owners.setdefault((modules, *sorted(read.items())), Owner(modules))


class WarmProvisioner(LocalProvisioner):
    """Kernels from a warm parent; on other systems than Linux, for other interpreters and after any trouble ordinary ones."""

    modules = List(Unicode(), help="What the parent imports besides ipykernel; none may start a thread.").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs):
        """Fork the kernel of this command, or start it."""
        try:
            self.process = self._forked(cmd, kwargs)
        except (OSError, Refused) as error:
            self.log.warning("a kernel is started anew instead of forked: %s", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid, self.pgid = self.process.pid, None  # signals go through the parent, which knows who still lives
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    def _forked(self, cmd: list[str], kwargs: dict) -> Forked:
        if sys.platform != "linux":
            raise Refused(f"{sys.platform} does not fork safely")
        if cmd[0] != sys.executable or "ipykernel_launcher" not in cmd:
            raise Refused("the kernel is of another interpreter or language")
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        with open(os.devnull, "r+b") as nowhere:
            out = _descriptor(kwargs.get("stdout"), 1, nowhere)
            error = out if kwargs.get("stderr") == subprocess.STDOUT else _descriptor(kwargs.get("stderr"), 2, nowhere)
            env = kwargs.get("env") or dict(os.environ)
            return owner(tuple(self.modules), env).fork(arguments, env, kwargs.get("cwd"), (out, error))


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
    if installed() and KernelProvisionerFactory.default_provisioner_name_env not in os.environ:
        stanza = {"provisioner_name": NAME, "config": {"modules": list(modules)}}
        manager.kernel_spec.metadata["kernel_provisioner"] = stanza
