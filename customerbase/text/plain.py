"""Text before it means anything: one Unicode form, no unseen characters, single spaces; and what a reading amounts to."""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〇"  # for use inside [] of a pattern
KANA = "\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe\u31f0-\u31ff"
DASHES = "\\-\u2010-\u2015\u2043\u2212\u2500\u2501\u2e3a\u2e3b\ufe58\ufe63\uff0d"  # hyphens, dashes, minus, box lines

# control, zero-width, direction, filler and tag characters, byte order marks, non-characters, lone surrogates
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_STRAY_SELECTOR = re.compile(rf"(?<![{HAN}\U000e0100-\U000e01ef])[\U000e0100-\U000e01ef]+")
# NFKC would turn a free-standing mark into a space and the mark: タ゛ must become ダ, O´Brien O'Brien
_MARKS = str.maketrans({"゛": "\u3099", "゜": "\u309a", **dict.fromkeys("´`‘’ʼ′＇｀", "'")})
_EASY = re.compile(
    r"[\u3041-\u3096\u30a1-\u30fa\u30fc々\u4e00-\u9fffA-Za-z]+(?: [\u3041-\u3096\u30a1-\u30fa\u30fc々\u4e00-\u9fffA-Za-z]+)*"
)
_OTHER_LATIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


class Standard(NamedTuple):
    """A value in its one standard form and how it got there.

    `status`: ok (already standard), fixed (changed), unparsed (not understood; `value` is None), None (nothing given).
    """

    value: str | None
    status: str | None


EMPTY = Standard(None, None)
UNPARSED = Standard(None, "unparsed")


def nfkc(text: str) -> str:
    """The text in Unicode's compatibility form: １２ａ -> 12a, ｶﾌｪ -> カフェ, ㈱ -> (株), full-width space -> space."""
    return unicodedata.normalize("NFKC", text)


def short(text: str | None, longest: int = 64) -> str:
    """NFKC, trimmed; "" for None and for anything too long to be a number or a date."""
    if text is None or len(text) > longest:
        return ""
    return nfkc(text).strip()


def clean(text: str) -> str:
    """The text as a reader sees it, in one Unicode form: NFKC, unseen characters gone, white space single, trimmed.

    Free-standing voiced marks join their kana (タ゛ -> ダ), every apostrophe is ', a variation selector stays only
    behind the Han character whose form it chooses.
    """
    if _EASY.fullmatch(text):
        return text
    text = nfkc(_UNSEEN.sub("", text).translate(_MARKS))
    return " ".join(_STRAY_SELECTOR.sub("", _UNSEEN.sub("", text)).split())


def settle(step: Callable[[str], str], text: str) -> str:
    """The text after `step` has nothing left to change, so that standardising a standard value changes nothing."""
    for _ in range(20):
        before, text = text, step(text)
        if text == before:
            break
    return text


def standard(raw: str, value: str | None) -> Standard:
    """`value` with its status, seen from what was given: ok when equal, fixed when not, unparsed for None or ""."""
    if not value:
        return UNPARSED
    return Standard(value, "ok" if value == raw else "fixed")


def latin(text: str) -> str:
    """Lower-case text with the accents of its Latin letters taken off: Müller -> muller, Ōno -> ono; kana keep theirs."""
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFD", text.casefold().translate(_OTHER_LATIN))
    return unicodedata.normalize("NFC", re.sub(r"(?<=[a-z])[\u0300-\u036f]+", "", marked))
