"""Bytes of a delimited file in blocks of whole lines: read, recoded to UTF-8 and handed on, in flat memory."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from customerbase.sources.encodings import BOM, decode

Item = TypeVar("Item")

BLOCK = 1 << 20  # bytes read at a time
LONGEST = 1 << 20  # bytes of a line (or of a quoted record over several lines) beyond which it is no record
RAW_CHARACTERS = 10_000  # of a bad record that are kept

_LINE_END = re.compile(rb"\r\n?|\n")
_END = object()


class Block(NamedTuple):
    """Whole lines: the bytes, the same as UTF-8 (None where some do not decode); or the head of one line too long."""

    raw: bytes
    text: bytes | None
    too_long: bool = False


def recode(raw: bytes, encoding: str) -> bytes | None:
    """The bytes as UTF-8, or None where some cannot be decoded (UTF-8 itself is checked by the parser)."""
    if encoding.startswith("utf-8"):
        return raw
    try:
        return decode(raw, encoding).encode()
    except UnicodeDecodeError:
        return None


def blocks(read: Callable[[int], bytes], encoding: str) -> Iterator[Block]:
    """The file behind `read` as blocks cut at line ends; a line longer than LONGEST comes alone, as its head.

    Safe for the encodings of ENCODINGS: in none of them is a line end part of another character.
    """
    data = read(BLOCK).removeprefix(BOM) if encoding.startswith("utf-8") else read(BLOCK)
    while data:
        while (start := _long_line(data)) is not None:
            if start:
                yield Block(data[:start], recode(data[:start], encoding))
            yield Block(data[start : start + 4 * RAW_CHARACTERS], None, too_long=True)
            data = _after_line(read, data, start + LONGEST)
        # a \r at the very end may be the first half of \r\n: it waits for the next block
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(len(data) - 1, 0))) + 1
        if cut:
            yield Block(data[:cut], recode(data[:cut], encoding))
        more = read(BLOCK)
        if not more and (rest := data[cut:].rstrip(b"\x1a")):  # \x1a: the end mark of old systems
            yield Block(rest, recode(rest, encoding))
        data = data[cut:] + more if more else b""


def _long_line(data: bytes) -> int | None:
    """Where the first line longer than LONGEST starts, or None: a few searches backwards, not a scan."""
    start = 0
    while len(data) - start > LONGEST:
        end = max(data.rfind(mark, start, start + LONGEST + 1) for mark in (b"\n", b"\r"))
        if end < 0:
            return start
        start = end + 1
    return None


def _after_line(read: Callable[[int], bytes], data: bytes, start: int) -> bytes:
    """What follows the line end after `start`, reading on (and forgetting) until it comes; at least one more block."""
    while not (match := _LINE_END.search(data, start)) or match.end() == len(data):
        more = read(BLOCK)
        if not more:
            return b""
        data, start = (data[match.start() :] if match else b"") + more, 0
    return data[match.end() :]


def ahead(items: Iterable[Item], depth: int = 3) -> Iterator[Item]:
    """The items in order, computed up to `depth` ahead in a thread of their own; errors arise here."""
    source = iter(items)
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, source, _END) for _ in range(depth))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(pool.submit(next, source, _END))
            yield item
