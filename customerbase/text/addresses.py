"""Japanese addresses in one form: prefecture, municipality, town, block, building, and how far they were recognised."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from customerbase.text.blocks import ANYWHERE, BUILDING, GAP, one_dash, read_block, standard_building, without_spaces
from customerbase.text.cities import (
    Head,
    city_of,
    plain_city,
    prefecture_of,
    read_city,
    read_prefecture,
    short_prefecture,
    wards_of,
    without_name,
    without_repetition,
)
from customerbase.text.gazetteer import Place, gazetteer
from customerbase.text.plain import clean, settle
from customerbase.text.postcodes import standard_postcode
from customerbase.text.towns import SECTION, after_section, behind_street, find_town, town_length, with_chome
from customerbase.text.variants import fold_variants


class Address(NamedTuple):
    """An address in its standard form; `level` is how far the postal table knows it.

    level: none | prefecture | city | town | block. block = the town is known and a block stands behind it; an unknown
    town is kept as written and the level is city, block and building are still taken apart.
    status: ok (was already so) | fixed | unparsed (no municipality and no prefecture: the text stands in `town`) |
    None (empty).
    """

    prefecture: str | None
    city: str | None
    town: str | None
    block: str | None
    building: str | None
    level: str | None
    status: str | None


_EMPTY = Address(None, None, None, None, None, None, None)
_TOWN_UNKNOWN = frozenset(["prefecture", "city"])
_LONGEST = 300  # characters; no address is longer, and a novel is not looked up

# --- text ---------------------------------------------------------------------------------------------------------

_BETWEEN_FIELDS = "\ue000"  # a sign of nobody's, so that all fields are cleaned at once


def _clean(fields: tuple[str, ...]) -> list[str]:
    """The fields as a reader sees them: variants folded, one kind of dash, kana that stand for numerals read so."""
    text = _BETWEEN_FIELDS.join(fields)
    if text.count(_BETWEEN_FIELDS) >= len(fields):
        text = _BETWEEN_FIELDS.join([field.replace(_BETWEEN_FIELDS, "") for field in fields])
    if not _is_settled(text):
        text = _clean_once(text)
        text = text if _is_settled(text) else settle(_clean_once, text)
    return [field.strip() for field in one_dash(text).split(_BETWEEN_FIELDS)]


def _clean_once(text: str) -> str:
    return one_dash(fold_variants(clean(text)))


def _is_settled(text: str) -> bool:
    return "  " not in text and _settled_pattern().fullmatch(text) is not None


@cache
def _settled_pattern() -> re.Pattern[str]:
    """Text that one pass of cleaning leaves alone: everyday characters without the kanji that have a usual form."""
    kanji = map(chr, range(0x4E00, 0xA000))
    usual = "".join(one for one in kanji if fold_variants(one) == one)
    return re.compile(rf"[ !-&(-_a-~ぁ-ゖァ-ヺー々{_BETWEEN_FIELDS}{usual}]*")


_CODE = re.compile(r"(?:〒 ?([0-9]{3})-?([0-9]{4})|([0-9]{3})-([0-9]{4})(?= ?[^0-9 -]))[ ,、]*")
_LATIN = re.compile("[A-Za-z]")
_JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff々〆]")

# --- the whole ----------------------------------------------------------------------------------------------------


def standard_address(
    prefecture: str | None,
    city: str | None,
    address1: str | None,
    address2: str | None,
    postcode: str | None = None,
) -> Address:
    """The address in its standard form; any part may be None, and everything may stand in one of them.

    The town is written as the postal table writes it, the block as 1-2-3. A former municipality becomes the present
    one. The postcode (seven digits) decides between municipalities of one name and fills what a Japanese text lacks:
    prefecture and municipality, and the town where a block stands without one; it never overrules the text. A name that
    several municipalities bear and nothing decides (府中市) stays without prefecture at level city. Applied to
    (prefecture, city, town + block, building) of its own answer it gives the same, status ok. Source: postal table.
    """
    written = (prefecture or "", city or "", address1 or "", address2 or "")
    fields = _clean(written)
    found = _read(fields, _code(postcode))
    if found.level not in (None, "none") and _unsettled(found, "\n".join(fields)):
        found = _settled(found)
    if found.level in (None, "none"):
        return found
    return Address(*found[:-1], "ok" if _parts(found) == written else "fixed")


_JOINS_A_NUMBER = re.compile(r"[\x00-\x7fァ-ヺー第目番地号割丁甲乙戊己庚辛〇一二三四五六七八九十百千]\Z")


def _unsettled(found: Address, text: str) -> bool:
    """Whether the standard form may be read otherwise than the text was, its city or town not being so written."""
    if (found.city or "") not in text or "字" in text:
        return True
    if found.level not in _TOWN_UNKNOWN or not found.town:
        return False
    of_wards = found.city is not None and wards_of(Place(found.prefecture, found.city))
    return bool(of_wards) or found.town not in text or _JOINS_A_NUMBER.search(found.town) is not None


def _settled(found: Address) -> Address:
    """What its own standard form is read as: behind a former name or a 字 more may be understood."""
    for _ in range(4):
        again = _read(_clean(_parts(found)), None)
        if again == found:
            break
        found = again
    return found


def _parts(found: Address) -> tuple[str, str, str, str]:
    """The four fields in which an address of that form is written."""
    return found.prefecture or "", found.city or "", (found.town or "") + (found.block or ""), found.building or ""


def standard_addresses(rows: Iterable[tuple]) -> list[Address]:
    """`standard_address` of each (prefecture, city, address1, address2[, postcode]), in order."""
    return [standard_address(*row) for row in rows]


@lru_cache(maxsize=65536)
def _code(postcode: str | None) -> str | None:
    code = standard_postcode(postcode).value if postcode else None
    return code if code and len(code) == 7 and code.isdigit() else None


def _read(fields: list[str], code: str | None) -> Address:
    """The address that clean fields hold, without its status."""
    home = prefecture_of(fields[0]) if fields[0] else None
    text = "\n".join(part for part in (fields[1:] if home else fields) if part)
    if not text and home is None and code is None:
        return _EMPTY
    if len(text) > _LONGEST:
        return _unparsed(fields)
    if match := _CODE.match(text):
        own = "".join(part for part in match.groups() if part)
        code = own if gazetteer().of_code(own) else code
        text = text[match.end() :]
    head = _head(home, text, fields[1], code)
    if head.place is None and head.prefecture is None:
        return _unparsed(fields)
    place = head.place or Place(head.prefecture, "")
    return _read_rest(place, head.prefix, without_repetition(place, head.rest), code)


def _head(home: str | None, text: str, city: str, code: str | None) -> Head:
    """Prefecture and municipality of the text; `home` is what the prefecture's own field said, `city` the city's."""
    home, text = read_prefecture(text) if home is None else (home, without_name(home, text))
    if home and text.startswith(city) and (place := plain_city(home, city)):
        return Head(home, place, "", text[len(city) :])
    head = read_city(home, text, code, town_length)
    if home is None and head.place is None and (short := short_prefecture(text)):
        home, text = short
        head = read_city(home, text, code, town_length)
    if head.place:
        return head
    if city and text.startswith(city) and (place := city_of(home, city)):
        return Head(place.prefecture, place, "", text[len(city) :])
    if code and (home or _JAPANESE.search(text) or not _LATIN.search(text)):
        return head._replace(place=_place_of_code(home, code, text))
    return head


def _unparsed(fields: list[str]) -> Address:
    text = " ".join(part for part in fields if part)
    return Address(None, None, text, None, None, "none", "unparsed") if text else _EMPTY


def _place_of_code(prefecture: str | None, code: str, text: str) -> Place | None:
    """The municipality a postcode means; where it means several, the one that has the town."""
    places = {place: None for place, _ in gazetteer().of_code(code) if prefecture in (None, place.prefecture)}
    if len(places) > 1:
        lengths = {place: town_length(place, text) for place in places}
        best = max(lengths.values())
        places = {place: None for place in places if best and lengths[place] == best}
    return next(iter(places)) if len(places) == 1 else None


def _read_rest(place: Place, prefix: str, rest: str, code: str | None) -> Address:
    text = after_section(rest)
    found = find_town(place, text)
    if prefix and (longer := find_town(place, prefix + text)) and longer[1] > len(prefix):
        found = (longer[0], longer[1] - len(prefix), longer[2])
    if place.city.startswith("京都市") and not (found and found[2]):
        found = behind_street(place, text) or found
    if found is None:
        return _unknown_town(place, text, code)
    return _known_town(place, *with_chome(place, found[0], text[found[1] :]))


_SMALL_AREA = re.compile(r"(?=.*[\u3400-\u9fff]|[ぁ-んヶケノ]+$)[\u3400-\u9fff々〆ぁ-んァ-ヶ]{1,12}")
_OTHER_FIELD = re.compile(r"\n(?!大?字)")
_DWELLING = re.compile(r"方$|荘$|寮$|[ァ-ヺー]{4}")


def _known_town(place: Place, town: str, rest: str) -> Address:
    """Block and building behind a town of the table; a 字 of it joins its name (behind one letter it stays)."""
    block, behind = read_block(rest)
    if block is None and (number := ANYWHERE.search(rest)) and _OTHER_FIELD.match(rest) is None:
        small = rest[: number.start()].strip(GAP)
        small = small if len(town) == 1 else SECTION.sub("", small)
        if _SMALL_AREA.fullmatch(small) and not BUILDING.search(small) and not _DWELLING.search(small):
            town += small
            block, behind = read_block(rest[number.start() :])
    if block is None and "\n" in behind:
        block, behind = _block_behind_building(behind)
    return _address(place, town, block, behind, "block" if block else "town")


def _block_behind_building(text: str) -> tuple[str | None, str]:
    """The block where it stands alone in a field behind the building's, and the building."""
    *building, last = text.split("\n")
    block, behind = read_block(last)
    return (block, "\n".join(building)) if block and "-" in block and not behind.strip(GAP) else (None, text)


_UP_OR_IN = re.compile(r"(?<=[上下])(ル|が[るル]|ガル)|(?<=[東西]入)[るル]")  # Kyoto's 上ル, 西入ル as 上る, 西入
_INNER_SECTION = re.compile(r"(?<=[町村])(?:大字|小字|字)(?=.)|(?<=.)大字(?=.)")
_UNTIDY_TOWN = re.compile(rf"[字ヶヵガがノ之ルる入{GAP}]")  # nothing else is changed
_WORD = re.compile(r"[^ \n]+")
_BETWEEN = r"(?<=[\u3400-\u9fff々])%s(?=[\u3400-\u9fff])"
_GA, _NO = re.compile(_BETWEEN % "[ヶヵガが]"), re.compile(_BETWEEN % "[ノ之]")


def _unknown_town(place: Place, text: str, code: str | None) -> Address:
    """Block and building of an address whose town the table does not know; the text between is the town."""
    block, behind = read_block(text)
    level = "city" if place.city else "prefecture"
    if block is None:
        number = ANYWHERE.search(text)
        town = text[: number.start()] if number else text
        words = [word.start() for word in _WORD.finditer(town) if BUILDING.search(word[0])]
        if words:
            return _address(place, _written_town(town[: words[0]]), None, text[words[0] :], level)
        block, behind = read_block(text[number.start() :]) if number else (None, "")
        return _address(place, _written_town(town.rstrip("第" + GAP) if number else town), block, behind, level)
    towns = {town for other, town in gazetteer().of_code(code) if other == place and town} if code else set()
    if len(towns) == 1:
        return _known_town(place, *with_chome(place, towns.pop(), text))
    return _address(place, None, block, behind, level)


def _written_town(text: str) -> str | None:
    return (settle(_town_once, text) if _UNTIDY_TOWN.search(text) else text) or None


def _town_once(text: str) -> str:
    text = _UP_OR_IN.sub(lambda word: "る" if word[1] else "", without_spaces(text))
    text = _INNER_SECTION.sub("", SECTION.sub("", text))
    return _NO.sub("の", _GA.sub("ケ", text))


def _address(place: Place, town: str | None, block: str | None, behind: str, level: str) -> Address:
    building = standard_building(behind, behind_block=block is not None)
    return Address(place.prefecture, place.city or None, town, block, building, level, None)
