"""What a raw file is, judged by its content: format, encoding, delimiter, heading, line ends."""

import csv
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from customerbase.errors import InputError
from customerbase.sources.encodings import BOM, decode
from customerbase.text import parse_amount, parse_timestamp

SAMPLE = 256 * 1024  # bytes looked at in each of head, middle and tail
DELIMITERS = (",", "\t", ";", "|")
_RECORDS = 100  # from which delimiter and heading are judged


@dataclass(frozen=True)
class Guess:
    """How to read a file; what does not apply to its format is None."""

    encoding: str | None  # utf-8 | utf-8-sig | cp932 | euc-jp
    delimiter: str | None  # None in text = runs of spaces and tabs
    header: bool  # is the first record a heading
    format: str  # csv | tsv | text | excel | parquet
    newline: str | None  # \n | \r\n | \r | mixed


def guess(path: Path) -> Guess:
    """Judge a file. Raises InputError for one that is missing, empty, or no table (UTF-16, compressed, HTML …)."""
    path = Path(path)
    binary = container(path)
    if binary:
        return Guess(None, None, True, binary, None)
    encoding = guess_encoding(path)
    head = _pieces(path)[0]
    text = _lenient(head.removeprefix(BOM), encoding)
    delimiter, records = _delimiter(text)
    if not records:
        raise InputError(f"{path} is empty; expected a heading line and records.")
    form = "text" if delimiter is None else "tsv" if delimiter == "\t" else "csv"
    return Guess(encoding, delimiter, _has_heading(records), form, _newline(head))


def existing(path: Path) -> Path:
    """The path itself when it is a file with content. Raises InputError for a missing one, a folder, an empty file."""
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a file.")
    if not path.is_file():
        raise InputError(f"{path} does not exist; expected a raw file there.")
    if not path.stat().st_size:
        raise InputError(f"{path} is empty; expected a heading line and records.")
    return path


def container(path: Path) -> str | None:
    """excel or parquet by the file's first bytes, None for text. Raises InputError for what is no readable table."""
    with existing(path).open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "excel"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith((b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"7z\xbc\xaf")):
        raise InputError(f"{path} is compressed; expected a table. Unpack it first.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_second_zero(head):
        raise InputError(f"{path} is UTF-16; expected UTF-8, cp932 or EUC-JP. Save it again as 'CSV UTF-8'.")
    if head.lstrip(BOM + b" \t\r\n").lower().startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"%pdf-")):
        raise InputError(f"{path} is a page (HTML, XML or PDF), no table; save it again as .xlsx or .csv.")
    return None


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is a damaged zip archive ({error}); expected a workbook.") from error
    if any(name.startswith("xl/") for name in names) or "content.xml" in names:
        return "excel"
    raise InputError(f"{path} is a zip archive, not a workbook; expected a table. Unpack it first.")


def _every_second_zero(head: bytes) -> bool:
    pairs = len(head) // 2
    return pairs > 1 and max(head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)) > 0.4 * pairs


# --- encoding -----------------------------------------------------------------------------------------------------


def guess_encoding(path: Path) -> str:
    """utf-8-sig by its mark; else the encoding with the fewest undecodable bytes in head, middle and tail of the file.

    UTF-8 wins when it fits; where both cp932 and EUC-JP fit, EUC-JP must read clearly more like Japanese (kana and
    kanji rather than half-width katakana). Plain ASCII in the samples: the rest is searched for the first other bytes.
    """
    pieces = _pieces(path)
    if pieces[0].startswith(BOM):
        return "utf-8-sig"
    sample = b"".join(pieces)
    if sample.isascii():
        sample = _first_foreign(path)
    tried = {encoding: _judge(sample, encoding) for encoding in ("utf-8", "cp932", "euc-jp")}
    fewest = min(errors for errors, _ in tried.values())
    fitting = [encoding for encoding, (errors, _) in tried.items() if errors == fewest]
    if fitting == ["cp932", "euc-jp"]:
        return "euc-jp" if tried["euc-jp"][1] > tried["cp932"][1] + 0.25 else "cp932"
    return fitting[0]


def looks_utf8(path: Path) -> bool:
    """Do the samples hold Japanese that is valid UTF-8? Text in another encoding never does by chance."""
    sample = b"".join(_pieces(path))
    try:
        text = sample.decode()
    except UnicodeDecodeError:
        return False
    return sum("\u3041" <= char <= "\u9fff" for char in text) >= 3


def _pieces(path: Path) -> list[bytes]:
    """Head, middle and tail, cut at line ends so that no character is cut; the head alone for a small file."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= 3 * SAMPLE:
            return [stream.read()]
        pieces = []
        for start in (0, size // 2, size - SAMPLE):
            stream.seek(start)
            pieces.append(_whole_lines(stream.read(SAMPLE), start > 0, start < size - SAMPLE))
        return pieces


def _whole_lines(piece: bytes, cut_before: bool, cut_after: bool) -> bytes:
    first = piece.find(b"\n") + 1 if cut_before else 0
    last = piece.rfind(b"\n") + 1 if cut_after else len(piece)
    return piece[first:last] if first < last else piece


def _first_foreign(path: Path) -> bytes:
    """The lines around the first bytes beyond ASCII; b"" when there are none. One pass, in flat memory."""
    with path.open("rb") as stream:
        carry = b""
        while chunk := stream.read(SAMPLE):
            if not chunk.isascii():
                return carry + chunk + stream.readline(SAMPLE)
            carry = chunk[-1:]
    return b""


def _judge(sample: bytes, encoding: str) -> tuple[int, float]:
    """How many bytes do not decode, and how Japanese the rest reads (0..1 over the characters beyond ASCII)."""
    text = _lenient(sample, encoding)
    foreign = Counter(char for char in text if char > "\x7f")
    errors = foreign.pop("\ufffd", 0)
    total = sum(foreign.values())
    likely = sum(_likelihood(char) * count for char, count in foreign.items())
    return errors, likely / total if total else 0.0


def _lenient(sample: bytes, encoding: str) -> str:
    try:
        return decode(sample, encoding)
    except UnicodeDecodeError:
        return sample.decode(encoding.removesuffix("-sig"), "replace")


def _likelihood(char: str) -> float:
    if "\u3041" <= char <= "\u30fe":
        return 1.0
    if "\u4e00" <= char <= "\u9fff":
        return 0.4
    return 0.2 if "\uff61" <= char <= "\uff9f" else 0.3


# --- delimiter, heading, line ends --------------------------------------------------------------------------------


def _delimiter(text: str) -> tuple[str | None, list[list[str]]]:
    """The delimiter that cuts the first records into the most even, most numerous fields; and these records."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[: 3 * _RECORDS]
    best: tuple[float, str, list[list[str]]] = (1.0, ",", [[line] for line in lines if line][:_RECORDS])
    for delimiter in DELIMITERS:
        records = [record for record in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter) if record]
        score = _evenness(records[:_RECORDS])
        if score > best[0]:
            best = (score, delimiter, records[:_RECORDS])
    if best[0] > 1:
        return best[1], best[2]
    words = [line.split() for line in lines if line.strip()][:_RECORDS]
    numeric = [_is_value(word) for record in words[1:] or words for word in record]
    if _evenness(words) > 1 and sum(numeric) > len(numeric) / 2:
        return None, words
    return best[1], best[2]


def _evenness(records: list[list[str]]) -> float:
    """Share of records with the commonest width, squared, times that width: 0 without records, 1 for single fields."""
    if not records:
        return 0.0
    width, count = Counter(map(len, records)).most_common(1)[0]
    return 1.0 if width == 1 else width * (count / len(records)) ** 2


def _is_value(text: str) -> bool:
    return parse_amount(text) is not None or parse_timestamp(text) is not None


def _has_heading(records: list[list[str]]) -> bool:
    """A heading has distinct words, none of them a number or a date, which do not come again in their own columns."""
    first, rest = records[0], records[1:]
    words = [word.strip() for word in first if word.strip()]
    if not words or len(set(words)) < len(words) or any(_is_value(word) for word in words):
        return False
    below = [{record[index] for record in rest if index < len(record)} for index in range(len(first))]
    return not any(word and word in values for word, values in zip(first, below, strict=True))


def _newline(head: bytes) -> str:
    pairs = head.count(b"\r\n")
    counts = {"\r\n": pairs, "\n": head.count(b"\n") - pairs, "\r": head.count(b"\r") - pairs}
    used = [mark for mark, count in counts.items() if count]
    return used[0] if len(used) == 1 else "mixed" if used else "\n"
