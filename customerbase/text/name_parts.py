"""Where a full name ends its family name: marks and spaces first, then known family names, then its shape."""

import re
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import yaml

from customerbase.text.kana import from_romaji, katakana, sound
from customerbase.text.plain import HAN, KANA
from customerbase.text.variants import fold_variants

Parts = tuple[str | None, str | None]

_COMMA = re.compile(r"\s*[,、]\s*")
_EASTERN = re.compile(rf"[{HAN}{KANA}\uac00-\ud7a3]")
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_KANA_NAME = re.compile("[ぁ-ゖァ-ヺー]+")
_CLUSTER = re.compile(".[\ufe00-\ufe0f\U000e0100-\U000e01ef]*", re.DOTALL)  # a character and the selector of its form
_KANA_BEGIN = re.compile(rf"(?<=[{HAN}])(?=[ぁ-ゖァ-ヺ](?![{HAN}])|[ぁ-ゖァ-ヺ]{{2}})")
_HAN_BEGIN = re.compile(rf"^[ぁ-ゖァ-ヺー]{{2,}}(?=[{HAN}])")
_TAILS = frozenset(  # second characters of family names, hardly ever first ones of given names
    "田山川河本元村野口島崎井原沢木橋谷藤部尾上下中内外場塚岡森林浦松出池石岩倉坂瀬戸辺宮屋浜津手垣堀沼根西東南北条見居羽保賀岸峰淵巻脇"
)
_GIVEN_ENDS = frozenset("子美郎江代恵香奈枝乃太介助也之彦樹斗菜希衣雄夫男人")
_KOREAN_PAIRS = ("남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방")
_PARTICLE = re.compile(
    "van|von|der|den|del?|della|di|da|do|dos|das|du|la|le|el|al|bin|binti|ibn|te[rn]|zu|af|av|st\\.?", re.IGNORECASE
)
_SUFFIX = re.compile(r"(?:jr|sr)\.?|iii?|iv|ph\.?d\.?|m\.?d\.?", re.IGNORECASE)


@cache
def _surnames() -> tuple[frozenset[str], frozenset[str]]:
    """Known family names: in kanji of the usual form, and by reading in katakana."""
    found = yaml.safe_load(Path(__file__).with_name("surnames.yaml").read_text(encoding="utf-8"))
    pairs = re.findall(rf"([{HAN}ノ]+)([ァ-ヺー]+)", " ".join(found["japanese"]))
    kanji = {fold_variants(name) for name, _ in pairs} | set("".join(found["single"]))
    return frozenset(kanji), frozenset(reading for _, reading in pairs)


def family_names() -> frozenset[str]:
    """Common family names of Japan in kanji, in modern characters."""
    return _surnames()[0]


def family_readings() -> frozenset[str]:
    """How common family names of Japan are read, in katakana."""
    return _surnames()[1]


@cache
def _sounds() -> frozenset[str]:
    return frozenset(sound(reading) for reading in _surnames()[1])


@lru_cache(maxsize=1 << 16)
def _known(romaji: str) -> bool | None:
    """Whether a word is a known Japanese family name; None when it is not romaji."""
    reading = from_romaji(romaji)
    return sound(reading) in _sounds() if reading else None


def split(name: str) -> Parts:
    """Family and given name of a name in standard form; the rules stand at names.split_name."""
    if "," in name or "、" in name:
        family, *given = [part for part in _COMMA.split(name) if part] or [name]
        return family, " ".join(given) or None
    if not _EASTERN.search(name):
        return _latin(name.split(" "))
    if " " in name:
        family, given = name.split(" ", 1)
        return family, given
    if "・" in name.strip("・"):
        return _pointed(name.strip("・").split("・"))
    return _unspaced(name)


def _pointed(parts: list[str]) -> Parts:
    """Katakana parted by ・: given name first, unless only the first part is a known family name (ヤマダ・タロウ)."""
    if sound(parts[0]) in _sounds() and sound(parts[-1]) not in _sounds():
        return parts[0], "・".join(parts[1:])
    return parts[-1], "・".join(parts[:-1])


# --- without a space ----------------------------------------------------------------------------------------------


def _unspaced(name: str) -> Parts:
    if _HANGUL.fullmatch(name):
        return _cut(name, 2 if name.startswith(_KOREAN_PAIRS) and len(name) > 2 else 1)
    if _KANA_NAME.fullmatch(name):
        return _cut(name, _kana_length(katakana(name)))
    clusters = _CLUSTER.findall(name)
    plain = [fold_variants(cluster) for cluster in clusters]
    length = _kanji_length("".join(plain)) if all(len(one) == 1 for one in plain) else 0
    return _cut(name, len("".join(clusters[:length])))


def _cut(name: str, length: int) -> Parts:
    """The name cut after `length` characters; all of it the family name when nothing would be left on a side."""
    return (name[:length], name[length:]) if 0 < length < len(name) else (name, None)


def _kana_length(kana: str) -> int:
    """Length of the longest known family name that leaves two kana or more; 0 when there is none."""
    readings = _surnames()[1]
    if kana in readings:
        return 0
    fitting = [length for length in range(min(len(kana) - 2, 8), 1, -1) if kana[:length] in readings]
    return next((length for length in fitting if not re.match("[ーンッァィゥェォャュョ]", kana[length])), 0)


def _kanji_length(name: str) -> int:
    """Length of the family name in a name with kanji, all characters in their usual form."""
    kanji = _surnames()[0]
    if name in kanji:
        return 0
    known = [length for length in range(min(len(name) - 1, 5), 1, -1) if name[:length] in kanji]
    if known:
        return known[0]
    if found := _KANA_BEGIN.search(name) or _HAN_BEGIN.search(name):
        return found.end() or found.start()
    return _by_shape(name, name[0] in kanji)


def _by_shape(name: str, single: bool) -> int:
    """Length by the number of characters, for a family name that is not known beyond perhaps its first character."""
    if len(name) <= 2:
        return 1
    given_like = name[-1] in _GIVEN_ENDS and name[1] not in _TAILS
    if len(name) == 3:
        return 1 if name[1] not in _TAILS and (single or given_like) else 2
    if len(name) == 4:
        return 1 if single and given_like else 2
    return 3 if len(name) == 5 and name[2] in _TAILS else 2 if len(name) == 5 else 3


# --- Latin --------------------------------------------------------------------------------------------------------


def _latin(words: list[str]) -> Parts:
    suffix = []
    while len(words) > 2 and _SUFFIX.fullmatch(words[-1]):
        suffix.insert(0, words.pop())
    if len(words) == 1:
        return words[0], None
    family, given = _capitals(words) or _japanese(words) or _western(words)
    return " ".join(family), " ".join(given + suffix) or None


def _capitals(words: list[str]) -> tuple[list[str], list[str]] | None:
    """The words in capitals as family name, when they stand together at one end and others are not in capitals."""
    upper = [word.isupper() and len(word.strip(".")) > 1 for word in words]
    if all(upper) or not (upper[0] or upper[-1]) or sum(a != b for a, b in pairwise(upper)) != 1:
        return None
    capitals = [word for word, high in zip(words, upper, strict=True) if high]
    return capitals, [word for word, high in zip(words, upper, strict=True) if not high]


def _japanese(words: list[str]) -> tuple[list[str], list[str]] | None:
    """Family name first, when the first of two words of romaji is a known Japanese family name and the second none."""
    first = len(words) == 2 and _known(words[0]) is True and _known(words[1]) is False
    return (words[:1], words[1:]) if first else None


def _western(words: list[str]) -> tuple[list[str], list[str]]:
    """Given names first; particles before the last word belong to the family name."""
    start = len(words) - 1
    while start > 1 and _PARTICLE.fullmatch(words[start - 1]):
        start -= 1
    return words[start:], words[:start]
