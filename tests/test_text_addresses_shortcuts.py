"""What addresses are read by when most are alike: the short ways give what the long ones give."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

import customerbase.text.blocks as blocks
import customerbase.text.towns as towns
from customerbase.text.gazetteer import Place, gazetteer, towns_of

NEVER = re.compile("(?!)")
SIGNS = st.sampled_from(list("0123456789-1-2 \nのノF階号番条町コサLA荘甲一二"))
PLACES = [
    Place("北海道", "札幌市中央区"), Place("北海道", "旭川市"), Place("京都府", "京都市中京区"), Place("東京都", "千代田区"),
    Place("岩手県", "盛岡市"), Place("愛知県", "名古屋市中区"), Place("長野県", "長野市"), Place("千葉県", "市川市"),
]  # fmt: skip
PIECES = st.sampled_from(
    ["1", "2", "12", "一", "十二", "条", "西", "丁目", "番", "町", "字", "大字", "ケ", "の", "-", " ", "\n", "コーポ"]
)


def by_the_long_way(text: str) -> tuple:
    plain, blocks._PLAIN_BLOCK = blocks._PLAIN_BLOCK, NEVER
    try:
        return blocks.read_block(text)
    finally:
        blocks._PLAIN_BLOCK = plain


@settings(max_examples=1500, deadline=None)
@given(st.from_regex(r"[0-9]{1,6}(-[0-9]{1,6}){0,4}", fullmatch=True), st.lists(SIGNS, max_size=5).map("".join))
def test_a_plain_block_is_read_as_any_block(number, behind):
    assert blocks.read_block(number + behind) == by_the_long_way(number + behind)


def test_the_short_way_is_taken_where_it_may_be():
    for text in ("3-25-7 コーポ見本603", "1-2-3", "01-2\nサンハイツ", "12"):
        assert blocks._PLAIN_BLOCK.match(text), text
    for text in ("1-2-3-405", "3 ノ 5", "1-2 3号", "6F", "5丁目", "1-2-3階"):
        assert not blocks._PLAIN_BLOCK.match(text), text


def test_towns_with_numbers_in_their_names_are_not_decided_before_them():
    place = Place("北海道", "札幌市中央区")
    assert towns._before_number(place, "北1") == (False, None)
    assert towns.find_town(place, "北1条西2丁目") == towns._find_town(place, "北1条西2丁目")
    assert towns._before_number(Place("東京都", "千代田区"), "霞が関1") == (True, ("霞が関", 3, True))


def test_every_town_before_a_block_is_found_as_by_the_long_way():
    for place in PLACES:
        for form in towns_of(place).exact:
            for behind in ("1-2-3", "12番地", "字中1", "町3-4", " 一1", "", "2条3"):
                assert towns.find_town(place, form + behind) == towns._find_town(place, form + behind), form + behind


@settings(max_examples=800, deadline=None)
@given(st.data())
def test_towns_in_any_text(data):
    place = data.draw(st.sampled_from(PLACES))
    town = data.draw(st.sampled_from(gazetteer().names(place)))
    cut = data.draw(st.integers(0, len(town)))
    text = town[:cut] + "".join(data.draw(st.lists(PIECES, max_size=6)))
    assert towns.find_town(place, text) == towns._find_town(place, text)
