"""The parts of the page Customer 360 that are drawn or worded without a table: strip of months, since when, how sure."""

import re
from datetime import date
from xml.etree import ElementTree

import customer_tables as month
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from customerbase.periods import month_range
from customerbase.widgets.customer import merges
from customerbase.widgets.customer.book import ID, asked_for
from customerbase.widgets.customer.card import Card, since
from customerbase.widgets.customer.strip import SIZES, Lane, strip
from customerbase.widgets.customer.terms import Terms

TERMS = Terms(
    next(one for one in month.parts() if one.name == "terms" and one.language == "en").numbers(), month.AS_OF, "en"
)
MONTHS = month_range(date(2025, 11, 1), date(2026, 10, 1))


def drawn(money: list[float], lanes: list[Lane], size: str = "wide") -> ElementTree.Element:
    return ElementTree.fromstring(strip(MONTHS, money, lanes, "A & B", size, TERMS))


@settings(deadline=None)  # the first draws load the words
@given(some.lists(some.floats(-1e7, 1e7), min_size=12, max_size=12), some.sampled_from(sorted(SIZES)))
def test_bars_stand_on_zero_and_are_as_high_as_their_money(money, size):
    money = [value if abs(value) > 1 else 0.0 for value in money]
    picture = drawn(money, [], size)
    bars = [one.attrib for one in picture if one.tag == "rect"]
    shown = [value for value in money if value]
    assert len(bars) == len(shown)
    span = max(*money, 0.0) - min(*money, 0.0)
    [zero] = {float(one.get("y1")) for one in picture.findall("line") if one.get("stroke") == "#5d636c"}
    for bar, value in zip(bars, shown, strict=True):
        assert float(bar["height"]) == pytest.approx(abs(value) / span * 104, abs=0.06)
        foot = float(bar["y"]) + (float(bar["height"]) if value > 0 else 0.0)
        assert foot == pytest.approx(zero, abs=0.11)
    width, height = map(float, picture.get("viewBox").split()[2:])
    assert width == SIZES[size].width and all(0 <= float(bar["y"]) <= height for bar in bars)


def test_dots_print_their_number_and_grow_with_it():
    picture = drawn([0.0] * 12, [Lane("Mail <b>", [0, 1, 16, 120, *[0] * 8])])
    radii = [float(one.get("r")) for one in picture.findall("circle")]
    assert radii == sorted(radii) and len(radii) == 3
    told = [one.text for one in picture.findall("text")]
    assert {"1", "16", "99+", "Mail <b>"} <= set(told) and picture.get("aria-label") == "A & B"


@pytest.mark.parametrize(
    ("months", "said"),
    [
        ([(8, "loyal"), (9, "loyal"), (10, "loyal")], "since Aug 2026 or earlier"),
        ([(8, "at_risk"), (9, "loyal"), (10, "loyal")], "since Sep 2026"),
        ([(7, "loyal"), (8, "loyal"), (10, "loyal")], "since Oct 2026"),  # September was not published
        ([(10, "at_risk")], "since Oct 2026"),
        ([], "since Oct 2026"),
    ],
)
def test_since_when_a_customer_is_in_a_segment(months, said):
    rows = [{"month": date(2026, number, 1), "segment": segment} for number, segment in months]
    assert since(Card({"segment": "loyal"}, rows, [], {}, {}, [], [], False), TERMS) == said


@given(some.floats(0, 1))
def test_two_accounts_are_never_said_to_be_one_person_for_certain(chance):
    for language in ("ja", "en"):
        told = merges.chance(chance, language)
        assert not told.startswith("100") and re.match(r"\d+\.\d", told)


@given(some.text(max_size=80))
def test_a_text_is_an_id_in_its_whole_form_or_nothing(text):
    found = asked_for(text)
    assert found == "" or ID.fullmatch(found)


@given(some.from_regex(ID, fullmatch=True))
def test_an_id_is_understood_in_lower_case_full_width_and_with_blanks(customer):
    wide = "".join(chr(ord(one) + 0xFEE0) for one in customer)
    assert {asked_for(one) for one in (customer, customer.lower(), wide, f"\t{customer[:9]} {customer[9:]}\n")} == {
        customer
    }
