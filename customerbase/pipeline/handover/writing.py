"""The bytes of a list: text of a given form, split where a platform takes no more rows or bytes in one file."""

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from customerbase.audiences.gate import SAME
from customerbase.audiences.platforms import Platform
from customerbase.engine import Engine, identifier
from customerbase.errors import ConfigError
from customerbase.pipeline.handover.seal import SUFFIX, Sealed
from customerbase.tables import store

XLSX_ROWS = 100_000  # rows of one workbook: it is built in memory
BATCH = 20_000  # rows
LIST, REMOVAL = "list", "removal"


@dataclass(frozen=True)
class Form:
    """How a file is written: format, encoding, byte order mark, line end, whether headers stand on top."""

    format: str
    encoding: str
    bom: bool
    newline: str
    header: bool

    @property
    def suffix(self) -> str:
        """The ending of the file's name."""
        return "csv" if self.format == "cp932" else self.format


def form_of(platform: Platform, wanted: str | None) -> Form:
    """The form of a platform's files. Raises ConfigError for one that the platform does not take."""
    kind = wanted or platform.formats[0]
    if kind not in platform.formats:
        raise ConfigError(f"--format {kind}: {platform.name} takes {', '.join(platform.formats)}.")
    file = platform.file
    cp932 = kind == "cp932"
    encoding = "cp932" if cp932 else file["encoding"]
    newline = "\r\n" if file["newline"] == "crlf" else "\n"
    return Form(kind, encoding, bool(file["bom"]) and not cp932, newline, bool(file["header"]))


def write(
    db: Engine, table: str, columns: list[str], headers: list[str], form: Form, platform: Platform,
    *, place: Path, stem: str, kind: str, key: bytes | None,
) -> list[dict]:  # fmt: skip
    """Write the rows of a table into files <stem>-<n>.<suffix> of a folder; name, kind, rows, bytes and hashes of each.

    A file holds at most the platform's rows and bytes. Sealed with `key`: then sha256 is that of the text, and
    sealed_sha256 that of the file as it stands on the disk.
    """
    files: list[_File] = []
    if form.format == "xlsx":
        start, pieces, most_rows = b"", _workbooks(db, table, columns, headers), XLSX_ROWS
    else:
        start, pieces, most_rows = _start(form, headers), _pieces(db, table, columns, form, platform), platform.rows
    for content, rows in pieces:
        if not files or files[-1].full(content, rows, most_rows, platform.bytes):
            if files:
                files[-1].close()
            name = f"{stem}-{len(files) + 1}.{form.suffix}" + (SUFFIX if key else "")
            files.append(_File(place / name, start, key))
        files[-1].add(content, rows)
    if files:
        files[-1].close()
    return [{"name": one.path.name, "kind": kind, "rows": one.rows} | one.facts for one in files]


class _File:
    """A file of mode 600 that is hashed, and sealed, as it is written."""

    def __init__(self, path: Path, start: bytes, key: bytes | None):
        self.path, self.rows, self.bytes, self.facts = path, 0, 0, {}
        self._file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115 - closed by close
        self._sealed, self._hash = Sealed(self._file, key) if key else None, hashlib.sha256()
        self.add(start, 0)

    def full(self, content: bytes, rows: int, most_rows: int | None, most_bytes: int | None) -> bool:
        """Whether so much more would be too much."""
        too_long = most_rows is not None and self.rows + rows > most_rows
        return self.rows > 0 and (too_long or (most_bytes is not None and self.bytes + len(content) > most_bytes))

    def add(self, content: bytes, rows: int) -> None:
        """Write more."""
        (self._sealed or self._file).write(content)
        self._hash.update(content)
        self.rows, self.bytes = self.rows + rows, self.bytes + len(content)

    def close(self) -> None:
        """Finish the file; `facts` then has its bytes and hashes."""
        if self._sealed:
            self._sealed.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.facts = {"bytes": self.bytes, "sha256": self._hash.hexdigest()}
        self.facts |= {"sealed_sha256": store.sha256(self.path)} if self._sealed else {}


def _start(form: Form, headers: list[str]) -> bytes:
    return (b"\xef\xbb\xbf" if form.bom else b"") + (_bytes(form, [_line(headers)]) if form.header else b"")


def _pieces(db: Engine, table: str, columns: list[str], form: Form, platform: Platform) -> Iterator[tuple[bytes, int]]:
    """The rows as bytes, many at a time, but few beside the limits of a file; each piece with its rows."""
    rows = min(BATCH, max(1, (platform.rows or BATCH * 100) // 100))
    for lines in _lines(db, table, columns, rows):
        content = _bytes(form, lines)
        if platform.bytes and len(content) * 20 > platform.bytes:
            yield from ((_bytes(form, [one]), 1) for one in lines)
        else:
            yield content, len(lines)


def _bytes(form: Form, lines: list[str]) -> bytes:
    text = form.newline.join([*lines, ""])
    return text.translate(SAME).encode("cp932") if form.encoding == "cp932" else text.encode(form.encoding)


def _lines(db: Engine, table: str, columns: list[str], many: int) -> Iterator[list[str]]:
    """The rows as lines of CSV, quoted where they must be."""
    cells = ", ".join(_quoted(identifier(one)) for one in columns)
    rows = db.connection.execute(f"select concat_ws(',', {cells}) from {table}")
    while batch := rows.fetchmany(many):
        yield [line for (line,) in batch]


def _quoted(cell: str) -> str:
    quoted = f"concat('\"', replace({cell}, '\"', '\"\"'), '\"')"
    return f"coalesce(case when regexp_matches({cell}, '[\",\\r\\n]') then {quoted} else {cell} end, '')"


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _workbooks(db: Engine, table: str, columns: list[str], headers: list[str]) -> Iterator[tuple[bytes, int]]:
    rows = db.connection.execute(f"select {', '.join(map(identifier, columns))} from {table}")
    while batch := rows.fetchmany(XLSX_ROWS):
        yield _workbook(batch, headers), len(batch)


def _workbook(rows: list[tuple], headers: list[str]) -> bytes:
    import xlsxwriter  # only who makes a workbook waits for it

    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, plain) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # no clock: same rows, same bytes
        sheet = book.add_worksheet()
        for number, row in enumerate([headers, *rows]):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write_string(number, place, cell)
    return out.getvalue()
