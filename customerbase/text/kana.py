"""Kana in one form, and a name's sound as one ASCII byte a kana, so that engines that count bytes count kana.

Two spellings that sound alike, or that a passport writes alike, have one sound: サトウ, サトー, サト; オオノ, オノ; ユウコ, ユーコ;
シンイチ, シニチ; ｷﾖｳｺ in a bank's capitals and キョウコ. Different kana after that folding keep different bytes.
"""

import re
import unicodedata

from customerbase.text.plain import DASHES, EMPTY, HAN, UNPARSED, Standard, clean, latin, settle, standard
from customerbase.text.romaji import SMALL, WHOLE, from_romaji, to_romaji

__all__ = ["SOUND_FROM", "SOUND_TO", "fold_kana", "from_romaji", "katakana", "sound", "standard_kana", "to_romaji"]

_TO_KATAKANA = str.maketrans({hira: hira + 0x60 for hira in (*range(0x3041, 0x3097), 0x309D, 0x309E)})
_LONGEST = 200

# --- standard form ------------------------------------------------------------------------------------------------

_STANDARD = re.compile("[ァ-ヺ][ァ-ヺー]*(?: [ァ-ヺ][ァ-ヺー]*)*")
_DASH = re.compile(rf"(?<=[ァ-ヺーㇰ-ㇿ])[{DASHES}~〜一]")  # also 一, a kanji that looks like ー
_STRAY_LONG = re.compile("(?<![ァ-ヺーㇰ-ㇿ])ー+")
_TITLE = re.compile(r"(?<=\S)(?: ?様| サマ)$")
_REPEAT = re.compile("([ァ-ヺ]?)([ヽヾ])")
_LOOK_ALIKES = str.maketrans("二口力夕八工千三卜", "ニロカタハエチミト")  # kanji typed where only kana may stand
_POINT = re.compile("(?<=[ァ-ヺーㇰ-ㇿ])・+(?=[ァ-ヺㇰ-ㇿ])")
_OTHER = re.compile("[^ァ-ヺーㇰ-ㇿ・ ]")


def katakana(text: str) -> str:
    """The text with its hiragana as katakana; nothing else changes."""
    return text.translate(_TO_KATAKANA)


def standard_kana(text: str | None) -> Standard:
    """A name's reading in full-width katakana, single spaces between its parts.

    Half-width kana, hiragana, dashes for ー (also － ~ 一), repeat marks (ミスヾ -> ミスズ), a final サマ are put right; other
    punctuation goes, ・ between kana stays. Anything with other letters or digits, or without kana, is unparsed.
    """
    if not text:
        return EMPTY
    if len(text) <= _LONGEST and _STANDARD.fullmatch(text) and not _TITLE.search(text):
        return Standard(text, "ok")
    plain = clean(text) if len(text) <= _LONGEST else "?"
    if not plain:
        return EMPTY
    value = settle(_kana_only, plain)
    foreign = any(map(str.isalnum, _OTHER.findall(value))) or not re.search("[ァ-ヺ]", value)
    return UNPARSED if foreign or len(value) > _LONGEST else standard(text, value)


def _kana_only(text: str) -> str:
    text = _REPEAT.sub(_repeated, katakana(_TITLE.sub("", clean(text))))
    if not re.search(f"[{HAN}]", text.translate(_LOOK_ALIKES).replace("一", "")):
        text = text.translate(_LOOK_ALIKES)
    text = _DASH.sub("ー", text)
    text = _OTHER.sub(lambda other: other[0] if other[0].isalnum() else _gap(other[0]), text)
    text = _STRAY_LONG.sub("", re.sub("・+", " ", _POINT.sub("\0", text)).replace("\0", "・"))
    return " ".join(text.split())


def _gap(other: str) -> str:
    """What stands for punctuation: nothing for a mark on its letter, a space for what separates."""
    return "" if unicodedata.category(other) in {"Mn", "Sk", "Me"} or other in "'\"" else " "


def _repeated(found: re.Match[str]) -> str:
    """Kana and repeat mark spelled out: スヽ -> スス, スヾ -> スズ; a mark behind nothing goes."""
    kana, mark = found.groups()
    bare = unicodedata.normalize("NFD", kana)[:1]
    return kana + (unicodedata.normalize("NFC", bare + "\u3099") if mark == "ヾ" and bare else bare)


# --- sound --------------------------------------------------------------------------------------------------------

_PLAIN = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾダデドバビブベボパポペピプ"
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&()*+,-./:;<=>?@[]^_`{|}~"
SOUND_FROM = _PLAIN  # the kana that folding leaves; translate(fold_kana's text, SOUND_FROM, SOUND_TO) is the sound
SOUND_TO = _SIGNS + "\"'\\"  # printable, no space; a-z are left to Latin letters

_BYTES = str.maketrans(SOUND_FROM, SOUND_TO)
_LARGE = SMALL | str.maketrans({"ヲ": "オ", "ヂ": "ジ", "ヅ": "ズ", "ヰ": "イ", "ヱ": "エ"})
_VU = re.compile("ヴ([ァィェォ]?)")
_VU_ROW = {"": "ブ", "ァ": "バ", "ィ": "ビ", "ェ": "ベ", "ォ": "ボ"}
_NASAL = re.compile("ンー*([アイウエオヤユヨ])")
_NASAL_ROW = dict(zip("アイウエオヤユヨ", ("ナ", "ニ", "ヌ", "ネ", "ノ", "ニヤ", "ニユ", "ニヨ"), strict=True))
_LONG_O = re.compile("(?<=[オコソトノホモヨロゴゾドボポ])[オウー]+")
_LONG_U = re.compile("(?<=[ウクスツヌフムユルグズブプ])[ウー]+")
_LONG_A = re.compile("(?<=[アカサタナハマヤラワガザダバパ])ー+")
_LONG_I = re.compile("(?<=[イキシチニヒミリギジビピエケセテネヘメレゲゼデベペ])ー+")
_KANA_ONLY = re.compile("[ァ-ヺー ]*")


def fold_kana(kana: str) -> str:
    """Katakana reduced to what a name sounds like, word by word; the same for all usual spellings of one name.

    Small kana large; ヲヂヅヰヱ as オジズイエ, ヴ as ブ (ヴァ バ); オウ, オオ, オー, ウウ, ウー one kana; ー after a, i, e is ア, イ, イ;
    ン before a vowel or y joins it as romaji does (シンイチ, シニチ). イイ and エイ stay: Iida is not Ida, Reina not Rena.
    """
    kana = _VU.sub(lambda found: _VU_ROW[found[1]], kana.translate(WHOLE)).translate(_LARGE)
    kana = _NASAL.sub(lambda found: _NASAL_ROW[found[1]], kana)
    kana = _LONG_U.sub("", _LONG_O.sub("", kana))
    return _LONG_I.sub("イ", _LONG_A.sub("ア", kana)).replace("ー", "")


def sound(kana: str | None) -> str:
    """One printable ASCII byte for each folded kana, then comparable byte by byte; "" for nothing.

    Injective on folded katakana without spaces. Latin letters stand for themselves as a-z without accents, kana never
    use those; spaces, digits, kanji and everything else are left out. Hiragana and half-width kana are read too.
    """
    if not kana:
        return ""
    if not _KANA_ONLY.fullmatch(kana):
        kana = re.sub("[^ァ-ヺーㇰ-ㇿa-z ]", "", latin(katakana(clean(kana))))
    return fold_kana(kana).replace(" ", "").translate(_BYTES)
