"""Readers: a raw file of any kind into one bronze Parquet file, each record once, with its line, in flat memory."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from customerbase.errors import InputError, near_miss
from customerbase.sources import sniff
from customerbase.sources.encodings import ENCODINGS
from customerbase.sources.readers import delimited, workbook
from customerbase.sources.readers.output import appearing
from customerbase.sources.readers.records import Dialect

DELIMITERS = {"csv": ",", "tsv": "\t", "text": None}
FORMATS = (*DELIMITERS, "excel", "parquet")
_ALSO_CALLED = {"shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "ms932": "cp932", "eucjp": "euc-jp"}


@dataclass(frozen=True)
class Bronze:
    """A raw file as read: one Parquet row per record, raw columns as text plus `_line`, `_bad`, `_raw`."""

    file: str
    parquet: Path
    columns: list[str]  # raw columns, without the three
    rows: int  # records, bad ones included
    encoding: str | None
    sha256: str  # of the raw file
    notes: list[str] = field(default_factory=list)


def read_bronze(
    path: Path,
    out: Path,
    *,
    format: str,
    encoding: str = "auto",
    delimiter: str | None = None,
    header: bool | list[str] = True,
    sheet: str | int | None = None,
    file: str,
) -> Bronze:
    """Read the raw file `path` into the Parquet file `out`; `file` is the name it goes by in results.

    format csv | tsv | text (runs of spaces and tabs) | excel | parquet; encoding auto | utf-8 | utf-8-sig | cp932 |
    euc-jp; header True (first record), False (columns named column_N) or the names of a file without heading; sheet by
    name or by index from 0. `_line` is the first physical line of a record (spreadsheet: row; Parquet: row number + 1).
    A record that cannot be used keeps its text in `_raw` and a code in `_bad`: wrong_field_count, undecodable,
    line_too_long (over 1 MiB), unclosed_quote. Blank lines are no records.
    Raises InputError for a file that is missing, empty, or not what it is declared to be.
    """
    path, out = Path(path), Path(out)
    if format not in FORMATS:
        raise InputError(f"{file}: unknown format {format!r}; expected one of {FORMATS}.{near_miss(format, FORMATS)}")
    _check_content(path, format)
    with appearing(out) as part:
        if format in DELIMITERS:
            return _read_delimited(path, part, out, format, encoding, delimiter, header, file)
        if format == "excel":
            columns, rows, notes = workbook.read_excel(path, part, sheet, header)
        else:
            columns, rows, notes = *workbook.read_parquet(path, part), []
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Bronze(file, out, columns, rows, None, digest, notes)


def _check_content(path: Path, format: str) -> None:
    found = sniff.container(path)
    if format in DELIMITERS and found:
        raise InputError(f"{path} is declared {format}, but its content is {found}. Set format: {found}.")
    if format not in DELIMITERS and found != format:
        content, remedy = (found, found) if found else ("text", "csv")
        raise InputError(f"{path} is declared {format}, but its content is {content}. Set format: {remedy}.")


def _read_delimited(
    path: Path,
    part: Path,
    out: Path,
    format: str,
    encoding: str,
    delimiter: str | None,
    header: bool | list[str],
    file: str,
) -> Bronze:
    dialect = Dialect(_encoding(path, encoding), _delimiter(file, format, delimiter))
    parser, digest = delimited.read(path, part, dialect, header)
    if len(parser.columns) == 1 and dialect.delimiter is not None:
        _check_single_column(path, dialect.delimiter)
    return Bronze(file, out, parser.columns, parser.rows, dialect.encoding, digest, _notes(path, parser, encoding))


def _encoding(path: Path, encoding: str) -> str:
    """The encoding to read with. Raises InputError for an unknown name, or UTF-8 text declared as another."""
    if encoding == "auto":
        return sniff.guess_encoding(path)
    if encoding not in ENCODINGS:
        other = _ALSO_CALLED.get(str(encoding).lower())
        near = f" Did you mean {other!r}?" if other else near_miss(encoding, ENCODINGS)
        raise InputError(f"{path}: unknown encoding {encoding!r}; expected one of {', '.join(ENCODINGS)}.{near}")
    if not encoding.startswith("utf-8") and sniff.looks_utf8(path):
        raise InputError(f"{path} is declared {encoding}, but its content is UTF-8. Set encoding: utf-8, or auto.")
    return encoding


def _delimiter(file: str, format: str, delimiter: str | None) -> str | None:
    if delimiter is None or format == "text":
        return DELIMITERS[format]
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise InputError(f"{file}: delimiter {delimiter!r} cannot be; expected one character, such as ';' or a tab.")
    return delimiter


def _check_single_column(path: Path, delimiter: str) -> None:
    """Raises InputError when a file came out as one column because it is delimited otherwise."""
    found = sniff.guess(path)
    if found.delimiter not in (delimiter, ","):
        words = "runs of spaces" if found.delimiter is None else repr(found.delimiter)
        remedy = "format: text" if found.delimiter is None else f"delimiter: {found.delimiter!r}"
        raise InputError(f"{path} has one column when cut at {delimiter!r}; it looks cut by {words}. Set {remedy}.")


def _notes(path: Path, parser: delimited.Parser, encoding: str) -> list[str]:
    notes = [f"encoding guessed: {parser.dialect.encoding}"] if encoding == "auto" else []
    notes += [f"{count} rows: {code}" for code, count in sorted(parser.bad.items())]
    if parser.zeros:
        notes.append(f"{parser.zeros} NUL characters kept in the text")
    looks = sniff.guess_encoding(path) if parser.bad["undecodable"] else parser.dialect.encoding
    if looks.removesuffix("-sig") != parser.dialect.encoding.removesuffix("-sig"):
        notes.append(f"the file looks like {looks}, not {parser.dialect.encoding}")
    return notes
