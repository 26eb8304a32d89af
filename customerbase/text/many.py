"""Very many addresses: half a minute of one core for a million of them, so other processes help where it pays.

The helpers are plain child processes that get their share through a pipe: no file holds an address, and a script
that calls this needs no guard around its main part (as multiprocessing would).
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from threading import Thread

from customerbase.text.addresses import Address, standard_addresses

ROWS_PER_PROCESS = 100_000  # below it a further process costs more (it reads the postal table anew) than it saves
CHUNK = 10_000


class ManyAddresses:
    """The standard addresses of many rows, begun when made and finished when asked for: helpers work in between."""

    def __init__(self, rows: Sequence[tuple], *, rows_per_process: int = ROWS_PER_PROCESS, chunk: int = CHUNK):
        self._waiting = deque((start, rows[start : start + chunk]) for start in range(0, len(rows), chunk))
        self._found: dict[int, list[Address]] = {}
        processes = min(os.cpu_count() or 1, len(rows) // rows_per_process)
        self._helpers = [Thread(target=self._help, daemon=True) for _ in range(processes - 1)]
        for helper in self._helpers:
            helper.start()

    def result(self) -> list[Address]:
        """One address per row, in the order of the rows."""
        while self._waiting or any(helper.is_alive() for helper in self._helpers):
            try:
                start, rows = self._waiting.popleft()
            except IndexError:
                for helper in self._helpers:
                    helper.join()  # one that fails gives its rows back
                continue
            self._found[start] = standard_addresses(rows)
        return [address for start in sorted(self._found) for address in self._found[start]]

    def _help(self) -> None:
        """Feed a child process chunk by chunk; where it fails, the chunk goes back to the others."""
        chunk = None
        try:
            with _child() as child:
                while self._waiting:
                    chunk = self._waiting.popleft()
                    pickle.dump(chunk[1], child.stdin)
                    child.stdin.flush()
                    answer = pickle.load(child.stdout)  # noqa: S301 - our own child's answer
                    self._found[chunk[0]] = [Address(*parts) for parts in answer]
                    chunk = None
        except IndexError:
            return  # somebody else took the last chunk
        except (OSError, EOFError, pickle.UnpicklingError):
            if chunk:
                self._waiting.append(chunk)


def _child() -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "customerbase.text.many"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _serve() -> None:
    while True:
        try:
            rows = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the parent that started this process
        except EOFError:
            return
        pickle.dump([tuple(one) for one in standard_addresses(rows)], sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
