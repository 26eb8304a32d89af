"""What runs did, for machines: one JSON object a line, without anything about a customer."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from customerbase.tables import store


def path(pipeline: str) -> Path:
    """The journal of a pipeline's runs."""
    return store.home() / "data" / "runs" / pipeline / "journal.jsonl"


class Journal:
    """Lines of {"at": UTC time, "event": …, "pipeline": …, "month": …, "run_id": …, …}, appended one at a time.

    Events and what they tell beside: docs/unattended.md. A journal that cannot be written is said once, and stops nothing.
    """

    def __init__(self, file: Path, **always: object):
        self.file, self.always, self.broken = file, always, False

    def write(self, event: str, **facts: object) -> None:
        """Append one line; what is given must be names, numbers and the house's own sentences, never a row of data."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **self.always, **facts}
        text = json.dumps(line, ensure_ascii=False, default=str) + "\n"
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            try:
                os.write(descriptor, text.encode())  # one write: lines of two runs do not mix
            finally:
                os.close(descriptor)
        except OSError as error:
            if not self.broken:
                sys.stderr.write(f"customerbase: the journal {self.file} cannot be written: {error.strerror}\n")
            self.broken = True


def read(file: Path) -> list[dict]:
    """The lines of a journal, oldest first; a line cut off by a full disk is left out."""
    found = []
    if file.is_file():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found
