"""The town at the start of a text: by the postal table, with what people add, leave out or spell otherwise."""

import re
from functools import lru_cache

from customerbase.text.blocks import GAP, read_block
from customerbase.text.gazetteer import LOOSE, Place, fold_place, to_number, towns_of

SECTION = re.compile(r"\A(?:大字|小字|字)+[ \n]*(?=[^ \n])")
_CLEAN_END = re.compile(
    r"[ \n-]*(?:$|[0-9]|[第のノ][0-9]|[〇一二三四五六七八九十百]+(?:丁目|番(?!町)|号|地割|[のノ-][0-9一二三四五六七八九])|[〇一二三四五六七八九十百]+$)"
)
_NUMERAL = frozenset("〇一二三四五六七八九十百千")


Found = tuple[str, int, bool]
_TO_NUMBER = re.compile(r"[^0-9]{0,40}[0-9]")


def find_town(place: Place, text: str) -> Found | None:
    """The longest town of the municipality at the start of the text: its name, where it ends, whether plainly.

    Plainly: a number or nothing follows. Otherwise small-area words may follow (松根字宮田), and a reading that leaves
    out 字, 町, ケ, の … is preferred when it reaches further.
    """
    if head := _TO_NUMBER.match(text):
        decided, found = _before_number(place, head[0])
        if decided:
            return found
    return _find_town(place, text)


@lru_cache(maxsize=1 << 16)
def _before_number(place: Place, head: str) -> tuple[bool, Found | None]:
    """What find_town answers for every text that begins with `head`, the text up to its first digit.

    False and None where a name of a town may go on there (北1条): no other name sees what follows the digit.
    """
    folded = fold_place(head)
    if {folded, LOOSE.sub("", folded)} & towns_of(place).numbered:
        return False, None
    return True, _find_town(place, head)


def _find_town(place: Place, text: str) -> Found | None:
    towns = towns_of(place)
    key = fold_place(text[: towns.longest])
    found = None
    for length in range(len(key), 0, -1):
        name = towns.exact.get(key[:length])
        if name is None:
            continue
        end = _ends(text, length)
        if end == "plain":
            return name, length, True
        if end == "numeral" or (end == "words" and found is None):
            found = (name, length, end == "numeral")
    if found and found[2]:
        return found
    return _find_loosely(towns.loose, text, found[1] if found else 0) or found


def _ends(text: str, length: int) -> str:
    """How a name of that length would end, or "" where it cannot: plain, numeral, words.

    plain: a number or nothing follows; numeral: name and number are both kanji (安行藤八 before 十五丁目); words: else.
    """
    if length == len(text):
        return "plain"
    last, following = text[length - 1], text[length]
    plain = _CLEAN_END.match(text, length) is not None
    if last in _NUMERAL and following in _NUMERAL:
        return "numeral" if plain and length > 1 else ""
    if plain:
        return "" if last.isdigit() and following.isdigit() else "plain"
    behind = text[length:].lstrip(GAP)
    if length == 1:
        return "words" if behind.startswith(("字", "大字")) else ""
    return "" if SECTION.sub("", behind)[:1] in "町村ー" else "words"


def _find_loosely(names: dict[str, str], text: str, beyond: int) -> Found | None:
    """The longest town that ends plainly, further than `beyond`, where both sides leave out what people leave out."""
    head = text[:24]
    folded = fold_place(head)
    key = LOOSE.sub("", folded)
    lengths = [length for length in range(len(key), 1, -1) if key[:length] in names]
    if not lengths:
        return None
    dropped = {at for match in LOOSE.finditer(folded) for at in range(*match.span())}
    kept = [at for at in range(len(head)) if at not in dropped]
    for length in lengths:
        name, end = names[key[:length]], kept[length - 1] + 1
        if end <= beyond:
            return None
        end += end in dropped and name[-1] == head[end]
        if (ending := _ends(text, end)) == "plain" or (ending and SECTION.match(text[end:].lstrip(GAP))):
            return name, end, ending == "plain"
    return None


def town_length(place: Place, rest: str) -> int:
    """How many characters behind a municipality are plainly a town of it (for telling municipalities apart)."""
    found = find_town(place, after_section(rest))
    return found[1] if found and found[2] else 0


def after_section(rest: str) -> str:
    """The text without separators and 大字 or 字 at its start."""
    return SECTION.sub("", rest.lstrip(GAP))


# --- numbered streets of Hokkaido, named streets of Kyoto -----------------------------------------------------------

_NUMBERED_STREET = re.compile(r"[0-9]+条(?:[東西南北]|通)?$")
_CHOME = re.compile(r"[ \n-]*([0-9]{1,2}|[一二三四五六七八九十]{1,3})丁目[ \n-]*")
_DIRECTION = re.compile(
    r"([上下](?:[るル]|が[るル]|ガル)|[東西](?:入[るル]?|い[るル]|イル))(?: ?[0-9一二三四五六]丁目)?"
)


def with_chome(place: Place, town: str, rest: str) -> tuple[str, str]:
    """北1条西 followed by 2丁目 is the town 北1条西2丁目; in Sapporo and Asahikawa a bare first number means it too."""
    if place.prefecture != "北海道" or not _NUMBERED_STREET.search(town):
        return town, rest
    if match := _CHOME.match(rest):
        number, rest = (match[1] if match[1].isascii() else to_number(match[1])), rest[match.end() :]
        return f"{town}{number.lstrip('0') or '0'}丁目", rest
    block, behind = read_block(rest) if place.city.startswith(("札幌市", "旭川市")) else (None, "")
    number, _, block = (block or "").partition("-")
    return (f"{town}{number}丁目", f"{block}\n{behind}") if number.isdigit() and len(number) < 3 else (town, rest)


def behind_street(place: Place, text: str) -> Found | None:
    """Kyoto: the town behind 寺町通御池上る; without such words the town that ends where the block begins."""
    for match in reversed(list(_DIRECTION.finditer(text[:60]))):
        for end in (match.end(), match.end(1)):
            behind = text[end:].lstrip(GAP)
            found = find_town(place, behind)
            if found and found[2]:
                return found[0], len(text) - len(behind) + found[1], True
    for at in range(1, min(len(text) - 1, 30)):
        found = find_town(place, text[at:]) if text[at] not in GAP else None
        if found and found[2] and found[1] > 1:
            return found[0], at + found[1], True
    return None
