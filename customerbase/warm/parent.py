"""The process that forks kernels: one thread, imports done, nothing connected; reached through one socket of its owner's.

python -m customerbase.warm.parent DESCRIPTOR MODULE…

A request is one message on that socket: JSON {"arguments", "env", "cwd"} and three descriptors: the kernel's stdout, its
stderr, and the socket on which its life is told: {"pid": …} or {"refused": …}, at the end {"status": …}. A number that
arrives there is a signal for the kernel. When nobody holds the other end any more, the kernel ends; when the owner is
gone, kernels and parent end. The parent runs no cell and reads no table: customer data is in the kernels alone.
"""

import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

EXTENSIONS = ("ipywidgets",)  # meet the shell when they are imported; a parent has none yet
LARGEST = 1 << 20  # bytes of a request: an environment, a command, a folder
GOODBYE = 2.0  # seconds for the answer to a request to end
OWNER = 5.0  # seconds between looks whether the owner lives, should its socket be held open by somebody else
DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass(frozen=True)
class Request:
    """A kernel to be: arguments of ipykernel, environment, folder, and the descriptors of its output."""

    arguments: list[str]
    env: dict[str, str]
    cwd: str | None
    outputs: tuple[int, int]


class Refused(Exception):
    """A kernel that was not forked, and why."""


class Parent:
    """The loop that forks, hands signals on and tells who ended. requests: the socket of the owner, whose pid is owner."""

    def __init__(self, requests: socket.socket, owner: int):
        self.requests, self.owner, self.pid = requests, owner, os.getpid()
        self.lives: dict[int, socket.socket] = {}  # pid -> where its life is told
        self.selector = selectors.DefaultSelector()
        self.woken, self.wake = socket.socketpair()
        for one in (self.woken, self.wake):
            one.setblocking(False)
        for one in (self.requests, self.woken):
            self.selector.register(one, selectors.EVENT_READ)

    def serve(self) -> Request | None:
        """In a forked child, at once: what it is to be. In the parent: None, when the owner is gone."""
        signal.set_wakeup_fd(self.wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while os.getppid() == self.owner:
            for key, _ in self.selector.select(OWNER):
                if key.fileobj is self.requests:
                    request, gone = self._requested()
                    if request or gone:
                        return request
                elif key.fileobj is self.woken:
                    self._reap()
                else:
                    self._signal(key.fileobj, key.data)
        return None

    def end(self) -> None:
        """End the kernels that are left."""
        for pid in self.lives:
            _send(pid, signal.SIGTERM)

    def _requested(self) -> tuple[Request | None, bool]:
        text, descriptors, _, _ = socket.recv_fds(self.requests, LARGEST, 3)
        if not text:
            return None, True
        if len(descriptors) != 3:  # there is no room for more: the owner learns that nobody holds the other ends
            for one in descriptors:
                os.close(one)
            return None, False
        *outputs, life = descriptors
        told = socket.socket(fileno=life)
        try:
            pid = _fork()
        except (OSError, Refused) as error:
            _tell(told, refused=str(error))
            told.close()
        else:
            if pid == 0:
                self._leave(told)
                return Request(**json.loads(text), outputs=tuple(outputs)), False
            self.lives[pid] = told
            self.selector.register(told, selectors.EVENT_READ, pid)
            _tell(told, pid=pid)  # to an owner that gave up waiting: its end is closed, so the kernel ends in `_signal`
        for one in outputs:
            os.close(one)
        return None, False

    def _leave(self, told: socket.socket) -> None:
        ctypes.CDLL(None).prctl(
            DEATH_OF_PARENT, signal.SIGKILL
        )  # also in the middle of a long call without the GIL's release
        if os.getppid() != self.pid:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for one in (self.requests, self.woken, self.wake, told, *self.lives.values()):
            one.close()

    def _signal(self, life: socket.socket, pid: int) -> None:
        try:
            text = life.recv(16)
        except ConnectionError:
            text = b""
        if not text:  # nobody can end it any more
            self.selector.unregister(life)
            text = b"9"
        if pid in self.lives:  # not reaped yet, so the number cannot be another process's by now
            _send(pid, int(text))

    def _reap(self) -> None:
        self.woken.recv(4096)
        for pid in list(self.lives):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                life = self.lives.pop(pid)
                _tell(life, status=os.waitstatus_to_exitcode(status))
                if life in {key.fileobj for key in self.selector.get_map().values()}:
                    self.selector.unregister(life)
                life.close()


def become(request: Request, imports: dict[str, str]) -> None:
    """Run the kernel in this process, which was just forked; returns when it has ended. imports: what `load` returned."""
    os.setsid()  # signals for the kernel go to it and to what it starts
    for descriptor, place in zip(request.outputs, (1, 2), strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    if request.cwd:
        os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(
        imports | request.env | {"JPY_PARENT_PID": str(os.getppid())}
    )  # a kernel looks whether its parent lives
    if numpy := sys.modules.get("numpy"):
        _as_started_alone(numpy, request.env)
    gc.enable()
    own = ["--HistoryManager.enabled=False"]  # else a thread, and a file of all cells
    own += [f"--ext={name}" for name in EXTENSIONS if name in sys.modules]
    sys.argv = ["ipykernel_launcher", *request.arguments, *own]
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize()
    app.start()
    # the thread that was told to end still flushes what was printed; ipykernel closes the way out without waiting for
    # it, and then it waits ten seconds for itself (a kernel with a history ends too slowly for that to happen)
    app.control_thread.join(GOODBYE)


def _as_started_alone(numpy, env: dict[str, str]) -> None:
    numpy.random.seed()  # Python's own generator is seeded by the fork
    from threadpoolctl import ThreadpoolController

    # the parent held linear algebra to one thread, as threads do not survive a fork
    given = env.get("OPENBLAS_NUM_THREADS") or env.get("OMP_NUM_THREADS") or ""
    cores = len(os.sched_getaffinity(0))
    openblas = ThreadpoolController().select(internal_api="openblas")  # others start no thread before they compute
    openblas.limit(limits=min(int(given), cores) if given.isdigit() else cores)


def load(modules: list[str]) -> dict[str, str]:
    """Import what kernels need, as a kernel would: its own folder is not searched, figures go into the notebook.

    Returns the variables of the environment that the imports have set.
    """
    if sys.path[0] == "" or Path(sys.path[0]) == Path.cwd():
        del sys.path[0]
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # and matplotlib this
    sys.modules["debugpy"] = None  # nobody stops these kernels at a line: 0.2 s and 15 MB each
    gc.disable()  # no holes in the pages that children share
    before = dict(os.environ)
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # what pandas asks to learn that it is in a kernel
    for name in modules:
        importlib.import_module(name)
    del builtins.get_ipython
    sys.stdout.flush()  # what waits here would come out of every kernel
    gc.freeze()
    return {name: value for name, value in os.environ.items() if before.get(name) != value}


def threads() -> int:
    """The threads of this process."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208  called before every fork


def _fork() -> int:
    if (count := threads()) > 1:
        raise Refused(f"the parent has {count} threads; expected one")
    return os.fork()


def _tell(life: socket.socket, **what) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        life.send(json.dumps(what).encode())


def _send(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # not a group of its own yet, or ended
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def main() -> None:
    """Serve the owner until it is gone; a child leaves the loop and becomes a kernel."""
    owner, requests = os.getppid(), socket.socket(fileno=int(sys.argv[1]))
    imports = load(sys.argv[2:])
    parent = Parent(requests, owner)
    request = parent.serve()
    if request:
        become(request, imports)
    else:
        parent.end()


if __name__ == "__main__":
    main()
