"""Values of any list in the forms that are compared: names, words, dates, addresses of all kinds. Nothing here raises.

Each function takes the raw text of one row's column (or two) and gives the parts of one field; an empty part is None.
Only the beginning of a very long value is looked at.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from customerbase.identity.values import nobodys
from customerbase.text import (
    fold_name,
    fold_variants,
    from_romaji,
    parse_timestamp,
    sound,
    split_name,
    standard_email,
    standard_kana,
    standard_name,
    standard_phone,
    standard_postcode,
)
from customerbase.text.addresses import standard_address
from customerbase.text.plain import HAN, clean, latin

LONGEST = 400  # characters of a value that are looked at
SHOWN = 120  # characters of a text without spaces that are compared
NOTHING = frozenset(
    [
        *("unknown", "none", "null", "nil", "na", "nan", "n/a", "-", "--", "---", ".", "?", "??", "x", "xx", "xxx"),
        *("empty", "missing", "不明", "なし", "無し", "無", "未入力", "未登録", "未回答", "未設定", "該当なし"),
    ]
)
_GENDERS = dict.fromkeys(("m", "male", "man", "男", "男性"), "male") | dict.fromkeys(
    ("f", "female", "woman", "w", "女", "女性"), "female"
)
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(f"[{HAN}]")
_LATIN_OR_KANA = re.compile("[a-zァ-ヺー]+")
_DAY = re.compile(r"(\d{4})[-/. ]?(\d{2})[-/. ]?(\d{2})")
_YEAR = re.compile(r"(1[4-9]\d\d|20\d\d)")
# bytes for letters of other scripts: none of them stands in a folded text
_SPARE = [
    chr(code) for code in (*range(65, 91), *range(1, 9), *range(14, 32), *range(33, 48), *range(58, 65), *range(91, 97))
]


def given(raw: str | None, kana: str | None = None, romaji: bool = False) -> tuple:
    """A first name: folded text, one byte a letter; of several Latin words the first, and the others as in `others`."""
    words = _name_words(raw)
    if len(words) > 1 and all(word.isascii() for word in words):
        return *_name(words[0], kana, romaji), *_others(words[1:])
    return *_name("".join(words), kana, romaji), None, None


def family(raw: str | None, kana: str | None = None, romaji: bool = False) -> tuple:
    """A last name: folded text, and one byte a letter."""
    return _name("".join(_name_words(raw)), kana, romaji)


def full(raw: str | None, kana: str | None = None, romaji: bool = False) -> tuple:
    """A full name taken apart: last name (text, bytes), first name (text, bytes), and the words of neither."""
    last, first = split_name(_written(raw))
    last_kana, first_kana = split_name(standard_kana(kana).value)
    return *family(last, last_kana, romaji), *given(first, first_kana, romaji)


def others(raw: str | None, first: str | None = None, last: str | None = None) -> tuple:
    """What a full name says beyond first and last name: its other words in order of the alphabet, and as a list."""
    left = _name_words(raw)
    for word in _name_words(first) + _name_words(last):
        if word in left:
            left.remove(word)
    return _others(left)


def _others(left: Sequence[str]) -> tuple[str | None, list[str] | None]:
    different = sorted(set(left))
    return (" ".join(different)[:SHOWN], different) if different else (None, None)


def words(raw: str | None) -> tuple:
    """Words: all in one without spaces, and as a list."""
    found = _words(raw)
    return ("".join(found)[:SHOWN], list(dict.fromkeys(found))) if found else (None, None)


def code(raw: str | None) -> tuple:
    """A code: its letters and digits."""
    return ("".join(_words(raw))[:SHOWN] or None,)


def gender(raw: str | None) -> tuple:
    """male, female, or the word itself; None for unknown."""
    word = "".join(_words(raw))
    return (_GENDERS.get(word, word) or None,)


def address(*parts: str | None) -> tuple:
    """A Japanese address (prefecture, city, street, building, postcode): the house, its building, town, city, prefecture.

    The house is everything down to the block; each part is None where the address does not reach so far.
    """
    written = [part[:LONGEST] if part else None for part in parts]
    found = standard_address(*written)
    if found.level in (None, "none"):
        return (None,) * 5
    place = (found.prefecture or "") + (found.city or "")
    town = place + found.town if found.town else None
    house = f"{town} {found.block}" if town and found.block else None
    building = "".join(_words(found.building)) or None
    return house, building, town, place or None, found.prefecture


def day(raw: str | None, formats: Sequence[str] = ()) -> tuple:
    """A day as eight digits; 0000 for month and day where only the year is said; impossible days stay as they are."""
    text = clean(raw[:40]) if raw else ""
    moment = parse_timestamp(text, formats)
    if moment:
        return (f"{moment:%Y%m%d}",) if moment.year > 999 else (f"{moment.year:04d}{moment:%m%d}",)
    if match := _DAY.match(text):
        return ("".join(match.groups()),)
    return (f"{text}0000",) if _YEAR.fullmatch(text) else (None,)


def email(raw: str | None) -> tuple:
    """An e-mail address, and what stands before the @; that of nobody is None."""
    value = standard_email(raw[:LONGEST]).value if raw else None
    if not value or _nobodys("email").fullmatch(value):
        return None, None
    return value, value.split("@")[0]


def phone(raw: str | None) -> tuple:
    """A telephone number: E.164 where it can be read, else its digits."""
    value = standard_phone(raw[:LONGEST]).value if raw else None
    digits = re.sub(r"\D", "", clean(raw[:40])) if raw and not value else ""
    value = value or (digits if len(digits) >= 6 else None)
    return (None,) if value and _nobodys("phone").fullmatch(value) else (value,)


def postcode(raw: str | None) -> tuple:
    """A postal code, and its area: what stands before a space, three digits of Japan's seven, else the first half."""
    text = clean(raw[:40]).upper() if raw else ""
    if not text or text.casefold() in NOTHING:
        return None, None
    value = standard_postcode(text).value or text
    area = value.split()[0] if " " in value else value[:3] if len(value) == 7 else value[: (len(value) + 1) // 2]
    value = "".join(_WORD.findall(value)).lower()
    return (value, area.lower()) if value else (None, None)


def has_han(text: str) -> bool:
    """Whether a kanji stands in the text."""
    return bool(_HAN.search(text))


def one_byte(texts: Sequence[str | None]) -> list[str | None]:
    """The texts with one byte for each letter, so that engines that count bytes count letters; None where it cannot be.

    Of a script with few letters (Cyrillic, Greek, kana …) each gets a byte of its own; kanji have too many.
    """
    letters = Counter(letter for text in texts if text and not text.isascii() for letter in text if letter > "\x7f")
    table = dict(zip(sorted(letters), _SPARE, strict=False)) if len(letters) <= len(_SPARE) else {}
    coded = str.maketrans(table)
    made = [text.translate(coded) if text else None for text in texts]
    return [text if text and text.isascii() else None for text in made]


def _words(raw: str | None) -> list[str]:
    text = clean(raw[:LONGEST]) if raw else ""
    if not text or text.casefold() in NOTHING:
        return []
    return _WORD.findall(text.lower() if text.isascii() else latin(fold_variants(text)))


def _written(raw: str | None) -> str | None:
    """A name in standard form; None for none and for one that nobody has."""
    value = standard_name(raw[:LONGEST]).value if raw else None
    return None if value is None or value.casefold() in _nobody_names() else value


def _name_words(raw: str | None) -> list[str]:
    """The folded words of a name; apostrophes and hyphens do not part words."""
    value = _written(raw)
    if value is None:
        return []
    folded = [fold_name(word) for word in re.split(r"[\s,]+", value)]
    return [word for word in folded if word]


def _name(text: str, kana: str | None, romaji: bool) -> tuple[str | None, str | None]:
    """A name's text and its letters: the sound of its reading, of its kana, of its romaji if so asked, or the letters."""
    reading = standard_kana(kana).value if kana else None
    text = text[:SHOWN] or fold_name(reading)
    if reading:
        return text or None, sound(reading) or None
    if romaji and text.isascii() and (heard := from_romaji(text)):
        return text, sound(heard)
    letters = sound(text) if _LATIN_OR_KANA.fullmatch(text) else text if text.isascii() else None
    return text or None, letters or None


@cache
def _nobody_names() -> frozenset[str]:
    return NOTHING | {str(name).casefold() for name in nobodys()["name"]["exact"]}


@cache
def _nobodys(field: str) -> re.Pattern[str]:
    return re.compile("|".join(nobodys()[field].get("pattern", [])) or "(?!)")
