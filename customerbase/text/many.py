"""Very many addresses: a quarter of a minute of one core for a million of them, so other processes help where it pays.

The helpers are plain child processes that get their share through a pipe: no file holds an address, and a script
that calls this needs no guard around its main part (as multiprocessing would). Rows travel as Arrow tables, both ways,
so that the process that waits for them spends no time on single values.
"""

import os
import subprocess
import sys
from collections import deque
from threading import Thread
from typing import BinaryIO

import pyarrow as pa

from customerbase.text.addresses import Address, standard_addresses

ROWS_PER_PROCESS = 100_000  # below it a further process costs more (it reads the postal table anew) than it saves
CHUNK = 10_000
SCHEMA = pa.schema([(name, pa.string()) for name in Address._fields])


class ManyAddresses:
    """The standard addresses of many rows, begun when made and finished when asked for: helpers work in between.

    rows: a table of prefecture, city, address1, address2 and perhaps postcode, in this order, whatever their names.
    """

    def __init__(self, rows: pa.Table, *, rows_per_process: int = ROWS_PER_PROCESS, chunk: int = CHUNK):
        starts = range(0, len(rows), chunk)
        self._waiting = deque((start, rows.slice(start, chunk)) for start in starts)
        self._found: dict[int, pa.Table] = {}
        processes = min(os.cpu_count() or 1, len(rows) // rows_per_process)
        self._helpers = [Thread(target=self._help, daemon=True) for _ in range(processes - 1)]
        for helper in self._helpers:
            helper.start()

    def result(self) -> pa.Table:
        """One address per row, in the order of the rows; the columns are those of Address."""
        while self._waiting or any(helper.is_alive() for helper in self._helpers):
            try:
                start, rows = self._waiting.popleft()
            except IndexError:
                for helper in self._helpers:
                    helper.join()  # one that fails gives its rows back
                continue
            self._found[start] = _standard(rows)
        return pa.concat_tables([SCHEMA.empty_table(), *(self._found[start] for start in sorted(self._found))])

    def _help(self) -> None:
        """Feed a child process chunk by chunk; where it fails, the chunk goes back to the others."""
        chunk = None
        try:
            with _child() as child:
                while self._waiting:
                    chunk = self._waiting.popleft()
                    _send(chunk[1], child.stdin)
                    self._found[chunk[0]] = _received(child.stdout)
                    chunk = None
        except IndexError:
            return  # somebody else took the last chunk
        except (OSError, pa.ArrowException):
            if chunk:
                self._waiting.append(chunk)


def _standard(rows: pa.Table) -> pa.Table:
    found = standard_addresses(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    columns = zip(*found, strict=True) if found else [()] * len(SCHEMA)
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=SCHEMA)


def _send(rows: pa.Table, pipe: BinaryIO) -> None:
    with pa.ipc.new_stream(pipe, rows.schema) as stream:
        stream.write_table(rows)
    pipe.flush()


def _received(pipe: BinaryIO) -> pa.Table:
    """The next table in the pipe. Raises pa.ArrowInvalid where it ends instead."""
    with pa.ipc.open_stream(pipe) as stream:
        return stream.read_all()


def _child() -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "customerbase.text.many"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _serve() -> None:
    while True:
        try:
            rows = _received(sys.stdin.buffer)
        except pa.ArrowInvalid:
            return
        _send(_standard(rows), sys.stdout.buffer)


if __name__ == "__main__":
    _serve()
