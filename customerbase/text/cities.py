"""The head of an address: which prefecture and which municipality it names, living or merged away."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from customerbase.text.blocks import GAP
from customerbase.text.gazetteer import (
    LOOSE,
    Place,
    fold_place,
    gazetteer,
    key_of,
    merged_cities,
    prefecture_names,
    short_city,
    towns_of,
    towns_of_prefecture,
    ward,
)

TownLength = Callable[[Place, str], int]


class Meaning(NamedTuple):
    """What a name may stand for: municipalities so called, wards so called, the heir of a former one and its prefix."""

    certain: tuple[Place, ...] = ()
    wards: tuple[Place, ...] = ()
    former: tuple[Place, str] | None = None


@cache
def meanings_of(prefecture: str | None) -> dict[str, Meaning]:
    """Compared form of a name -> meaning, in one prefecture, or in the country for an address without a prefecture."""
    found: dict[str, Meaning] = {}
    for place in gazetteer().places:
        if prefecture in (None, place.prefecture):
            names = {place.city: place, short_city(place.city): place}
            if parts := ward(place.city):
                names[parts[0]] = Place(place.prefecture, parts[0])
                known = found.get(key_of(parts[1]), Meaning())
                found[key_of(parts[1])] = known._replace(wards=(*known.wards, place))
            for name, meant in names.items():
                known = found.get(key_of(name), Meaning())
                if meant not in known.certain:
                    found[key_of(name)] = known._replace(certain=(*known.certain, meant))
    return _former(prefecture) | found


def _former(prefecture: str | None) -> dict[str, Meaning]:
    """Former municipalities; over the whole country only names that no other one has or had, counties included."""
    found: dict[str, list[tuple[Place, str]]] = {}
    for home, former, city, prefix in merged_cities():
        if prefecture in (None, home):
            for name in dict.fromkeys([former, short_city(former) if prefecture else former]):
                found.setdefault(key_of(name), []).append((Place(home, city), prefix))
    return {key: Meaning(former=entries[0]) for key, entries in found.items() if len(entries) == 1}


@cache
def wards_of(place: Place) -> tuple[Place, ...]:
    """The wards of a city of wards; empty for any other municipality."""
    inside = [other for other in gazetteer().places if other.prefecture == place.prefecture]
    return tuple(other for other in inside if (parts := ward(other.city)) and parts[0] == place.city)


# --- prefecture ---------------------------------------------------------------------------------------------------


@cache
def _prefecture_aliases() -> dict[str, str]:
    """How the prefecture's own field may name it: 東京, Tokyo, Tokyo-to, JP-13."""
    aliases = {}
    for number, (name, roman) in enumerate(prefecture_names().items(), start=1):
        short = name if name == "北海道" else name[:-1]
        suffix = {"都": "to", "府": "fu", "県": "ken"}.get(name[-1], "do")
        forms = [name, short, roman, f"{roman}-{suffix}", f"{roman} {suffix}", f"{roman} prefecture", f"jp-{number:02}"]
        aliases |= {form.casefold(): name for form in forms}
    return aliases


def prefecture_of(field: str) -> str | None:
    """The prefecture that a field of its own names, or None."""
    return _prefecture_aliases().get(field.casefold().strip(GAP))


@cache
def _prefecture_pattern() -> re.Pattern:
    return re.compile(rf"[{GAP}]*(?:(?:日本国?|Japan)[{GAP}]*)?({'|'.join(prefecture_names())})", re.IGNORECASE)


def read_prefecture(text: str) -> tuple[str | None, str]:
    """The prefecture at the start of the text, and the rest; None and the text itself when there is none."""
    if match := _prefecture_pattern().match(text):
        return match[1], without_name(match[1], text[match.end() :])
    return None, text


def short_prefecture(text: str) -> tuple[str, str] | None:
    """The prefecture without its last sign at the start of the text and the rest: 東京 港区; only before a city of it."""
    for length in (2, 3):
        name = _prefecture_aliases().get(text[:length])
        if name and not text[:length].isascii() and longest(meanings_of(name), text[length:].lstrip(GAP)):
            return name, text[length:]
    return None


def without_name(name: str, text: str) -> str:
    """The text behind a name that was given already and may be given again."""
    while (text := text.lstrip(GAP)).startswith(name):
        text = text[len(name) :]
    return text


# --- municipality -------------------------------------------------------------------------------------------------


_LIMIT = 14  # characters of the longest name of a municipality or of a town that alone decides
_GAP = re.compile(f"[{GAP}]")
_NO_GAP = str.maketrans("", "", GAP)


def longest(names: dict, text: str) -> tuple[object, int] | None:
    """The entry of the longest name at the start of the text and where it ends; separators inside do not count."""
    head = text[: _LIMIT + 4]
    key = fold_place(head.translate(_NO_GAP) if _GAP.search(head) else head)
    for length in range(min(_LIMIT, len(key)), 1, -1):
        if (found := names.get(key[:length])) is not None:
            return found, length if len(key) == len(head) else _end(head, length)
    return None


def _end(text: str, length: int) -> int:
    """The position behind the first `length` characters that are no separators."""
    for at, character in enumerate(text):
        length -= character not in GAP
        if not length:
            return at + 1
    return len(text)


class Head(NamedTuple):
    """Where an address is, the words put before its town by a merger, and the text behind the municipality."""

    prefecture: str | None
    place: Place | None
    prefix: str
    rest: str


def read_city(prefecture: str | None, text: str, code: str | None, town_length: TownLength) -> Head:
    """The municipality at the start of the text; `town_length(place, rest)` says how much of the rest is a town there.

    In this order: living and former municipalities of the prefecture by the longest name; a ward without its city; a
    former town that lives on in the names of towns (秋田県平鹿郡十文字町… -> 横手市十文字町…) or a town only one
    municipality of the prefecture has; a city of another prefecture (the more precise word wins). Several cities of one
    name are told apart by the postcode, then by the town, then by the postcode's first three digits.
    """
    text = text.lstrip(GAP)
    if named := longest(meanings_of(prefecture), text):
        meaning, end = named
        certain, prefix = meaning.certain, ""
        if meaning.former and not certain:
            certain, prefix = (meaning.former[0],), meaning.former[1]
        if place := _choose(certain, meaning.wards, text[end:], code, town_length):
            return Head(place.prefecture, place, prefix, text[end:])
    return _by_town(prefecture, text) or _elsewhere(prefecture, text) or Head(prefecture, None, "", text)


@lru_cache(maxsize=16384)
def plain_city(prefecture: str, field: str) -> Place | None:
    """The municipality whose whole name a field of its own is, where that can mean only one thing; None otherwise."""
    named = longest(meanings_of(prefecture), field)
    if named is None or named[1] != len(field) or len(named[0].certain) != 1 or named[0].wards:
        return None
    place = named[0].certain[0]
    return None if wards_of(place) else place


def _choose(
    certain: tuple[Place, ...], possible: tuple[Place, ...], rest: str, code: str | None, town_length: TownLength
) -> Place | None:
    """One of the places a name may mean; a city of wards becomes the ward; None when nothing decides.

    `certain` are so called, `possible` are wards so called of some city: 北区 is Tokyo's unless something decides.
    """
    if len(certain) == 1 and not possible and not wards_of(certain[0]):
        return certain[0]
    options = [inside for place in certain for inside in (wards_of(place) or (place,))] + list(possible)
    if len(options) == 1:
        return options[0]
    coded = {place for place, _ in gazetteer().of_code(code)} & set(options) if code else set()
    if len(coded) == 1:
        return coded.pop()
    lengths = {place: town_length(place, rest) for place in options}
    best = max(lengths.values())
    if best and sum(length == best for length in lengths.values()) == 1:
        return max(lengths, key=lengths.get)
    near = gazetteer().of_area(code) & set(options) if code else set()
    if len(near) == 1:
        return near.pop()
    if len(certain) == 1:
        return certain[0]
    names = {short_city(place.city) for place in certain}
    homes = {place.prefecture for place in certain}
    return Place(homes.pop() if len(homes) == 1 else None, names.pop()) if len(names) == 1 else None


_FORMER_COUNTY = re.compile(r"[^0-9 \n]{1,4}郡")


def _by_town(prefecture: str | None, text: str) -> Head | None:
    """The municipality by its town, where the prefecture is known and the text names none of its municipalities."""
    if prefecture is None:
        return None
    county = _FORMER_COUNTY.match(text)
    rest = text[county.end() :] if county else text
    found = longest(towns_of_prefecture(prefecture), rest)
    if found is None or found[0] is False or found[1] < 3:
        return None
    behind = rest[found[1] :].lstrip(GAP)[:1]
    if behind.isdigit() or not behind or (county and LOOSE.search(rest[: found[1]])):
        return Head(prefecture, found[0], "", rest)
    return None


def _elsewhere(prefecture: str | None, text: str) -> Head | None:
    named = longest(meanings_of(None), text) if prefecture else None
    if named and len(named[0].certain) == 1 and re.search("市(?:.+区)?$", named[0].certain[0].city):
        place = named[0].certain[0]
        return Head(place.prefecture, place, "", text[named[1] :])
    return None


def city_of(prefecture: str | None, field: str) -> Place | None:
    """The municipality that a field of its own names without its last sign (八王子, 札幌); None unless exactly one."""
    names = meanings_of(prefecture)
    places = [place for sign in "市区町村" for place in names.get(fold_place(field + sign), Meaning()).certain]
    return places[0] if len(places) == 1 else None


@cache
def _names(place: Place) -> tuple[tuple[str, ...], frozenset[str]]:
    """How a municipality may be named a second time, compared, and the signs such a text starts with."""
    county = place.city[: -len(short_city(place.city))]
    names = (place.prefecture, place.city, short_city(place.city), *(ward(place.city) or ()), county)
    keys = tuple(key_of(name) for name in names if name)
    return keys, frozenset(["大", *(key[0] for key in keys)])


def without_repetition(place: Place, text: str) -> str:
    """The text behind the municipality without a second naming of it; a town of that name is left alone."""
    names, initials = _names(place)
    while True:
        text = text.lstrip(GAP)
        if fold_place(text[:1]) not in initials:
            return text
        key = fold_place(text[:24])
        mark = 2 if key.startswith("大字") else 0
        again = next((name for name in names if key.startswith(name, mark)), None)
        if again is None or _is_town(place, key):
            return text
        text = text[mark + len(again) :]


def _is_town(place: Place, key: str) -> bool:
    towns = towns_of(place).exact
    return any(key[:length] in towns for length in range(min(8, len(key)), 2, -1))
