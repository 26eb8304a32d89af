"""One run at a time per pipeline: an advisory lock that the system releases however the holder ends."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customerbase.errors import BusyError


@contextmanager
def held(path: Path, month: str) -> Iterator[None]:
    """Hold the lock file while the block runs; raises BusyError naming the holder when it is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another run holds {path}: {_holder(path)}. Wait for it, or stop it.") from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "month": month}))
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text(encoding="utf-8"))
        return f"process {who['pid']} on {who['host']}, month {who['month']}"
    except (ValueError, KeyError):
        return "a process that has just started"


def holder(path: Path) -> str:
    """Who holds a lock file, in words; "" when nobody does."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(path)
    except FileNotFoundError:
        pass
    return ""
