"""A kernel under watch: how much memory it came to hold, a ceiling on that, and a time limit."""

import threading
import time
from dataclasses import dataclass

import psutil

PAUSE = 0.2  # seconds between two looks
TIME, MEMORY, DIED = "time", "memory", "died"


@dataclass(frozen=True)
class Limits:
    """What one stage may use: seconds of wall time, MiB of resident memory of its kernel and what that started."""

    seconds: float | None = None
    mib: float | None = None


@dataclass(eq=False)  # not frozen: Python sets the traceback of an exception that passes a context manager
class KernelDied(Exception):
    """A kernel that ended before its page: killed for its time or its memory, or gone by itself."""

    reason: str
    seconds: float
    peak_mib: float

    def __str__(self) -> str:
        return {
            TIME: f"stopped after {self.seconds:,.0f} s, its time limit (--stage-minutes, or run: in the pipeline's file)",
            MEMORY: f"stopped at {self.peak_mib:,.0f} MiB of memory, above its ceiling (--stage-memory, or run: in the"
            " pipeline's file)",
            DIED: f"its kernel died after {self.seconds:,.0f} s, holding {self.peak_mib:,.0f} MiB; the system may have"
            " been out of memory",
        }[self.reason]


class Guard:
    """Looks at a kernel while a block runs: `with Guard(limits, pid) as guard: …`; pid() is None until it has one."""

    def __init__(self, limits: Limits, pid):
        self.limits, self.pid = limits, pid
        self.peak_mib, self.reason = 0.0, ""
        self.started = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard of a kernel", daemon=True)

    def __enter__(self) -> "Guard":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """How long the block has been running."""
        return time.monotonic() - self.started

    def died(self) -> KernelDied:
        """What to raise when the kernel is gone."""
        return KernelDied(self.reason or DIED, self.seconds, self.peak_mib)

    def _watch(self) -> None:
        while not self._done.wait(PAUSE):
            if (pid := self.pid()) is None:
                continue
            held = memory(pid)
            self.peak_mib = max(self.peak_mib, held)
            if self.limits.mib and held > self.limits.mib:
                self.reason = MEMORY
            elif self.limits.seconds and self.seconds > self.limits.seconds:
                self.reason = TIME
            if self.reason:
                kill(pid)
                return


def memory(pid: int) -> float:
    """MiB of resident memory of a process and of all that it started; 0 when it is gone."""
    total = 0
    for one in _family(pid):
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total / 2**20


def kill(pid: int) -> None:
    """Kill a process and all that it started."""
    for one in _family(pid):
        try:
            one.kill()
        except psutil.Error:
            continue


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []
