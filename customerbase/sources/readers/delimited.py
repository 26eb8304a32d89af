"""CSV, TSV and whitespace-separated text into bronze Parquet: streaming, fast where lines are plain, exact everywhere.

Three threads, each a generator running ahead of the next: read + recode to UTF-8, parse, write. A block goes to
pyarrow's parser when its rows prove to be its lines (so line numbers come free); otherwise, block by block, to the csv
module (`records.split`). Measured: recoding whole blocks beats decoding only the columns that need it, and is simpler.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from customerbase.errors import InputError
from customerbase.sources import sniff
from customerbase.sources.readers.blocks import Block, ahead, blocks, recode
from customerbase.sources.readers.output import Writer, batches, bronze_schema, bronze_table, column_names
from customerbase.sources.readers.records import Dialect, Record, split

Header = bool | list[str]


class Parser:
    """Blocks of lines -> bronze tables, with line numbers that run on over the blocks.

    After `tables`: columns, rows, bad (how many rows by code), zeros (NUL characters seen).
    """

    def __init__(self, path: Path, dialect: Dialect, header: Header):
        self.path, self.dialect, self.header = path, dialect, header
        self.columns: list[str] | None = column_names(header) if isinstance(header, list) else None
        self.bad: Counter[str] = Counter()
        self.rows = 0
        self.zeros = 0
        self._line = 1  # of the first line not yet accounted for
        self._held = b""  # the record left open by the last block

    def tables(self, source: Iterable[Block]) -> Iterator[pa.Table]:
        """The rows of each block in order. Raises InputError for a file without content or with a broken heading."""
        for block in source:
            self.zeros += block.raw.count(b"\0") if b"\0" in block.raw else 0
            if block.too_long:
                yield from self._counted(self._flush())
                yield from self._counted(self._too_long(block))
            else:
                yield from self._counted(self._take(block))
        yield from self._counted(self._flush())
        if self.columns is None or (isinstance(self.header, list) and not self.rows):
            raise InputError(f"{self.path} is empty; expected a heading line and records.")

    def _counted(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            self.rows += len(table)
            yield table

    def _take(self, block: Block) -> Iterator[pa.Table]:
        raw, text = block.raw, block.text
        if self._held:
            raw, text, self._held = self._held + raw, None, b""
        if self.columns is None:
            raw = self._heading(raw)
            text = recode(raw, self.dialect.encoding)
        if not raw:
            return
        table = self._fast(text) if text is not None else None
        yield from self._slow(raw, final=False) if table is None else [table]

    def _flush(self) -> Iterator[pa.Table]:
        if self._held:
            yield from self._slow(self._held, final=True)
            self._held = b""

    def _heading(self, raw: bytes) -> bytes:
        """Take the columns from the first record that is not blank; what follows it is returned."""
        lines = raw.splitlines(keepends=True)
        for size in (100, len(lines)):
            parts = split(b"".join(lines[:size]), self.dialect, final=True)
            if parts.records:
                break
        else:
            self._line += len(lines)
            return b""
        first = parts.records[0]
        self._check_heading(first)
        self.columns = column_names(first.values if self.header else [""] * len(first.values))
        if not self.header:
            return raw
        used = first.line + first.lines
        self._line += used
        return b"".join(lines[used:])

    def _check_heading(self, first: Record) -> None:
        if first.bad == "undecodable":
            # the first line of a file without headings is somebody's record: it is not quoted here
            likely = sniff.guess_encoding(self.path)
            remedy = (
                f"the file looks like {likely}. Set that encoding, or encoding: auto."
                if likely != self.dialect.encoding
                else "no known encoding fits it. Is it really a text file, exported whole?"
            )
            raise InputError(f"{self.path}: the first line cannot be read as {self.dialect.encoding}; {remedy}")
        if first.bad:
            raise InputError(f"{self.path}: the heading has a quote that is never closed.")

    def _too_long(self, block: Block) -> Iterator[pa.Table]:
        if self.columns is None:
            raise InputError(f"{self.path}: line {self._line} is longer than 1 MiB; expected the heading of a table.")
        shown = split(block.raw.replace(b'"', b"'"), self.dialect, final=True)
        self.bad["line_too_long"] += 1
        yield bronze_table(self.columns, [(None, self._line, "line_too_long", shown.records[0].raw)])
        self._line += 1

    def _slow(self, raw: bytes, final: bool) -> Iterator[pa.Table]:
        parts = split(raw, self.dialect, final)
        rows = [self._row(record) for record in parts.records]
        self._line += parts.lines
        self._held = parts.held
        if rows:
            yield bronze_table(self.columns, rows)

    def _row(self, record: Record) -> tuple[list[str] | None, int, str | None, str | None]:
        bad = record.bad or ("wrong_field_count" if len(record.values) != len(self.columns) else None)
        if not bad:
            return record.values, self._line + record.line, None, None
        self.bad[bad] += 1
        return None, self._line + record.line, bad, record.raw

    def _fast(self, text: bytes) -> pa.Table | None:
        """The block through pyarrow, or None unless each line proves to be exactly one record of the right width."""
        plain = _one_line_end(text, quotes=b'"' in text and self.dialect.delimiter is not None)
        if plain is None:
            return None
        lines = int(np.count_nonzero(np.frombuffer(plain, np.uint8) == ord("\n"))) + (not plain.endswith(b"\n"))
        try:
            check = self.dialect.encoding.startswith("utf-8")
            table = _parse(plain, self.dialect.delimiter, len(self.columns), check=check)
        except pa.ArrowInvalid:
            return None
        if table.num_rows != lines or "\n" in table.column(-1)[-1].as_py():
            return None
        numbers = _numbers(self._line, lines)
        nothing = pa.nulls(lines, pa.string())
        self._line += lines
        return pa.table([*table.columns, numbers, nothing, nothing], schema=bronze_schema(self.columns))


def _one_line_end(text: bytes, quotes: bool) -> bytes | None:
    """The text with line ends that pyarrow and `count` agree on; None where a lone \\r may be part of a value."""
    if b"\r" not in text or _paired(text):
        return text
    return None if quotes else text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _paired(text: bytes) -> bool:
    """Does a \\n follow each \\r?"""
    characters = np.frombuffer(text, np.uint8)
    alone = (characters[:-1] == ord("\r")) & (characters[1:] != ord("\n"))
    return not alone.any() and not text.endswith(b"\r")


def _numbers(first: int, count: int) -> pa.Array:
    """first, first + 1, … (from its buffer: pa.array of a numpy array would import pandas, 0.8 s)."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(numbers)])


def _parse(text: bytes, delimiter: str | None, width: int, *, check: bool) -> pa.Table:
    """All columns as strings, '' staying ''. Raises ArrowInvalid for ragged rows and (check) for bytes not UTF-8."""
    if delimiter is None:
        text = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", text))
    parse, convert = _options(delimiter, width, check)
    names = [str(position) for position in range(width)]
    # one block each time: pyarrow would cut at line ends of its own finding
    reading = pacsv.ReadOptions(column_names=names, block_size=len(text) + 1, use_threads=False)
    return pacsv.read_csv(pa.BufferReader(text), read_options=reading, parse_options=parse, convert_options=convert)


@cache
def _options(delimiter: str | None, width: int, check: bool) -> tuple[pacsv.ParseOptions, pacsv.ConvertOptions]:
    names = [str(position) for position in range(width)]
    quote = False if delimiter is None else '"'
    return (
        pacsv.ParseOptions(delimiter=delimiter or "\t", quote_char=quote, newlines_in_values=True),
        pacsv.ConvertOptions(
            check_utf8=check,  # what was recoded here is UTF-8 by construction
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        ),
    )


def read(path: Path, part: Path, dialect: Dialect, header: Header) -> tuple[Parser, str]:
    """The whole file into the Parquet file `part`: the parser (columns, counts), and the file's SHA-256."""
    # glibc keeps freed memory up to the largest block it has seen freed; below that each block of the file would be
    # given back to the system and faulted in again, an eighth of the time. Elsewhere this line does nothing.
    bytearray(24 << 20)
    digest = hashlib.sha256()
    parser = Parser(path, dialect, header)
    writer = Writer(part)
    with path.open("rb", buffering=0) as stream:

        def fetch(size: int) -> bytes:
            data = stream.read(size) or b""
            digest.update(data)
            return data

        source = ahead(blocks(fetch, dialect.encoding))
        for table in ahead(batches(parser.tables(source)), depth=2):
            writer.write(table)
    writer.close(parser.columns)
    return parser, digest.hexdigest()
