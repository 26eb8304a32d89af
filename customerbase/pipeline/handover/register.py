"""The register of exports: what was handed over, to whom, when, on which basis; without contact data.

One JSON object a line. Each holds `previous`, the SHA-256 of the line before it, so that a line changed or taken out
breaks the chain; the hash of the last line, which `list` prints, tells whether the end was cut off.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customerbase.errors import InputError
from customerbase.tables import store

START = "0" * 64  # what stands before the first line


def path_of(pipeline: str) -> Path:
    """The register of a pipeline."""
    return store.home() / "data" / "exports" / f"{pipeline}.jsonl"


@contextmanager
def held(pipeline: str) -> Iterator[None]:
    """Hold the register while the block runs: exports and purges of a pipeline take turns."""
    path = path_of(pipeline)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entries(pipeline: str) -> list[dict]:
    """All lines of the register, oldest first. Raises InputError where the chain is broken, naming the line."""
    return read(pipeline)[0]


def read(pipeline: str) -> tuple[list[dict], str]:
    """All lines, and the hash that the next one will hold."""
    path, last, found = path_of(pipeline), START, []
    lines = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    if lines[-1]:  # a write was cut off: the line was never told to anybody as written
        raise InputError(f"{path}: the last line is not whole; remove it, its export was not finished.")
    for number, line in enumerate(lines[:-1], 1):
        try:
            one = json.loads(line)
            follows = one["previous"] == last
        except (ValueError, KeyError, TypeError):
            follows = False
        if not follows:
            raise InputError(f"{path}: line {number} does not follow the one before it; the register was changed.")
        found.append(one)
        last = hashlib.sha256(line).hexdigest()
    return found, last


def append(pipeline: str, entry: dict) -> str:
    """Add a line; returns its hash. The caller holds the register."""
    _, last = read(pipeline)
    line = json.dumps({"previous": last} | entry, ensure_ascii=False, separators=(",", ":")).encode()
    descriptor = os.open(path_of(pipeline), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "wb") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    store.sync(path_of(pipeline).parent)
    return hashlib.sha256(line).hexdigest()
