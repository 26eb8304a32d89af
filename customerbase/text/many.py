"""Very many addresses: half a core's minute for a million of them, so other processes help where it pays.

The helpers are plain child processes that get their share through a pipe: no file holds an address, and a script
that calls this needs no guard around its main part (as multiprocessing would).
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from threading import Thread

from customerbase.text.addresses import Address, standard_addresses

ROWS_PER_PROCESS = 100_000  # below it a further process costs more (it reads the postal table anew) than it saves


def many_addresses(rows: Sequence[tuple], rows_per_process: int = ROWS_PER_PROCESS) -> list[Address]:
    """`standard_addresses` of the rows, in order, by as many processes as there are cores and rows for."""
    processes = max(1, min(os.cpu_count() or 1, len(rows) // rows_per_process))
    size = -(-len(rows) // processes) or 1
    own, *others = [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]
    helpers = [_Helper(part) for part in others]
    for helper in helpers:
        helper.start()
    found = standard_addresses(own)
    for helper in helpers:
        helper.join()
        found += helper.found if helper.found is not None else standard_addresses(helper.rows)
    return found


class _Helper(Thread):
    """A child process that reads its share; `found` stays None when it cannot (no memory, no second process)."""

    def __init__(self, rows: Sequence[tuple]):
        super().__init__(daemon=True)
        self.rows, self.found = rows, None

    def run(self) -> None:
        command = [sys.executable, "-m", "customerbase.text.many"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        try:
            done = subprocess.run(
                command, input=pickle.dumps(list(self.rows)), stdout=subprocess.PIPE, env=environment, check=True
            )
            self.found = [Address(*parts) for parts in pickle.loads(done.stdout)]  # noqa: S301 - our own child's answer
        except (OSError, subprocess.CalledProcessError):
            self.found = None


if __name__ == "__main__":
    asked = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from the parent that started this process
    sys.stdout.buffer.write(pickle.dumps([tuple(one) for one in standard_addresses(asked)]))
