"""Records of a block of lines, one by one: the definition of what a record is, which the fast path must agree with."""

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

from customerbase.sources.encodings import decode
from customerbase.sources.readers.blocks import LONGEST, RAW_CHARACTERS


class Dialect(NamedTuple):
    """How a file is written: encoding, and the delimiter (None = runs of spaces and tabs, without quotes)."""

    encoding: str
    delimiter: str | None


class Record(NamedTuple):
    """One record: its values, the index of its first line in the block, how many it takes, what is wrong, its text."""

    values: list[str]
    line: int
    lines: int
    bad: str | None
    raw: str


class Split(NamedTuple):
    """The records of a block, how many lines they (and blank lines) take, and the bytes of a record still open."""

    records: list[Record]
    lines: int
    held: bytes


class _Feed:
    """The lines for one csv.reader. `dry`: more was asked for than there is, or than one record may hold."""

    def __init__(self, lines: list[str], at: int):
        self.lines, self.at, self.size, self.dry = lines, at, 0, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at == len(self.lines) or self.size > LONGEST:
            self.dry = True
            raise StopIteration
        line = self.lines[self.at]
        self.at += 1
        self.size += len(line)
        return line


def split(raw: bytes, dialect: Dialect, final: bool) -> Split:
    """Split whole lines into records as Python's csv module does; blank lines are no records.

    A line that cannot be decoded makes its record `undecodable`. A quote that is never closed (within LONGEST
    characters, or the file) costs its own line only, `unclosed_quote`; reading goes on with the next line. Unless
    `final`, a record still open at the end is handed back as `held`.
    """
    csv.field_size_limit(max(csv.field_size_limit(), 4 * LONGEST))
    lines = raw.splitlines(keepends=True)
    texts, damaged = _texts(lines, dialect.encoding)
    found: list[Record] = []
    at = 0
    while at < len(texts):
        feed = _Feed(texts, at)
        for values in _reader(feed, dialect):
            if feed.dry:
                break
            if values:
                bad = "undecodable" if damaged and not damaged.isdisjoint(range(at, feed.at)) else None
                found.append(Record(values, at, feed.at - at, bad, _shown(texts[at : feed.at])))
            at, feed.size = feed.at, 0
        if at == len(texts):
            break
        if not final and feed.size <= LONGEST:
            return Split(found, at, b"".join(lines[at:]))
        found.append(Record([], at, 1, "unclosed_quote", _shown(texts[at : at + 1])))
        at += 1
    return Split(found, len(lines), b"")


def _reader(feed: _Feed, dialect: Dialect) -> Iterator[list[str]]:
    if dialect.delimiter is not None:
        return csv.reader(feed, delimiter=dialect.delimiter)
    return ([word for word in re.split(r"[ \t\r\n]+", line) if word] for line in feed)


def _texts(lines: list[bytes], encoding: str) -> tuple[list[str], set[int]]:
    """The lines as text, and which of them are damaged: there the bad bytes stand as \\x85, so nothing is lost."""
    texts, damaged = [], set()
    for index, line in enumerate(lines):
        try:
            texts.append(decode(line, encoding))
        except UnicodeDecodeError:
            texts.append(line.decode(encoding.removesuffix("-sig"), "backslashreplace"))
            damaged.add(index)
    return texts, damaged


def _shown(texts: list[str]) -> str:
    return "".join(texts).rstrip("\r\n")[:RAW_CHARACTERS]
