"""Characters written in more than one form, folded to the usual one; names reduced to what is compared."""

import re
from functools import cache
from pathlib import Path

import yaml

from customerbase.text.kana import katakana
from customerbase.text.plain import DASHES, HAN, clean, latin, nfkc, settle

_SELECTORS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
_NUMERAL_OR_PLACE = "一二三四五六七八九十百千〇市町村区郡県"  # 一一, 四日市市: no repeat sign is written there
_DOUBLED = re.compile(rf"(?![{_NUMERAL_OR_PLACE}々])([{HAN}])\1")
_SEPARATORS = re.compile(rf"[\s.,'・{DASHES}]")
_GA = re.compile(rf"(?<=[{HAN}])[ケガヵヶ](?=[{HAN}])")


@cache
def _groups() -> dict[str, list[str]]:
    """variants.yaml: section -> groups of characters, the usual form first."""
    lines = yaml.safe_load(Path(__file__).with_name("variants.yaml").read_text(encoding="utf-8"))
    return {section: " ".join(groups).split() for section, groups in lines.items()}


@cache
def _variants() -> dict[int, str | None]:
    """Table for str.translate: every older or rarer form -> the usual one; selectors -> nothing."""
    groups = [group for section, found in _groups().items() if section != "look_alikes" for group in found]
    return _SELECTORS | {ord(old): group[0] for group in groups for old in group[1:]}


@cache
def _look_alikes() -> tuple[re.Pattern[str], dict[int, str]]:
    """Katakana and dashes standing alone among kanji, and the kanji each is read as."""
    table = {ord(typed): group[0] for group in _groups()["look_alikes"] for typed in group[1:]}
    kana = "".join(map(chr, table))
    lone = rf"(?<=[{HAN}])[{kana}](?=[{HAN}]|$| )|(?:(?<=^)|(?<= ))[{kana}](?=[{HAN}])"
    return re.compile(lone), table


def fold_variants(text: str | None) -> str:
    """The text with each Han character in its usual modern form (髙 高, 邊 辺, 齋 斎, 﨑 崎, 𠮷 吉), selectors removed.

    NFKC besides; 々, kana, Latin letters and everything else stay. The table is variants.yaml. "" for None.
    """
    if not text or text.isascii():
        return text or ""
    return nfkc(text.translate(_variants())).translate(_variants())


def fold_name(text: str | None) -> str:
    """A name reduced for comparison: variants folded, katakana for hiragana, Latin in lower case without accents.

    佐佐木 is 佐々木; ケ, が, ガ between kanji are ヶ, の is ノ; a lone katakana that looks like a kanji is that kanji (山ロ, 孝ー,
    健ニ); spaces, points and hyphens go. "" for None.
    """
    return settle(_fold_name, text) if text else ""


def _fold_name(text: str) -> str:
    text = fold_variants(clean(text))
    alone, table = _look_alikes()
    text = katakana(alone.sub(lambda found: found[0].translate(table), text))
    text = _GA.sub("ヶ", _DOUBLED.sub(r"\1々", text))
    return _SEPARATORS.sub("", latin(text))
