"""Telephone numbers: spellings by hand, agreement with the phonenumbers library, any text."""

import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from customerbase.text import standard_phone
from customerbase.text.phones import _parsed

MOBILE = ("+819012345678", "fixed", "mobile")
TOKYO = ("+81312345678", "fixed", "fixed")
NUMBERS = {
    "+819012345678": ("+819012345678", "ok", "mobile"),
    "090-1234-5678": MOBILE,
    "09012345678": MOBILE,
    "090 1234 5678": MOBILE,
    "０９０－１２３４－５６７８": MOBILE,
    "090ー1234ー5678": MOBILE,
    "090\u22121234\u22125678": MOBILE,
    "090\u20101234\u20135678": MOBILE,
    "090一1234一5678": MOBILE,
    "090.1234.5678": MOBILE,
    "+81 90-1234-5678": MOBILE,
    "+81 (0)90-1234-5678": MOBILE,
    "＋８１−９０−１２３４−５６７８": MOBILE,
    "+8109012345678": MOBILE,
    "0081 90 1234 5678": MOBILE,
    "819012345678": MOBILE,
    "9012345678": MOBILE,
    "携帯:090-1234-5678": MOBILE,
    "090-1234-5678（自宅）": MOBILE,
    "(03) 1234-5678": TOKYO,
    "03(1234)5678": TOKYO,
    "03/1234/5678": TOKYO,
    "TEL 03-1234-5678": TOKYO,
    "℡03-1234-5678": TOKYO,
    "☎ 03-1234-5678": TOKYO,
    "03-1234-5678 内線123": TOKYO,
    "03-1234-5678 ext. 12": TOKYO,
    "03-1234-5678(代表)": TOKYO,
    "03-1234-5678 / 090-1111-2222": TOKYO,
    "312345678": TOKYO,
    "090-0000-0000": ("+819000000000", "fixed", "mobile"),
    "03-0000-0000": ("+81300000000", "fixed", "fixed"),
    "0120-123-456": ("+81120123456", "fixed", "other"),
    "0800-123-4567": ("+818001234567", "fixed", "other"),
    "050-1234-5678": ("+815012345678", "fixed", "other"),
    "+1 212-555-1234": ("+12125551234", "fixed", "other"),
    "010-1-212-555-1234": ("+12125551234", "fixed", "other"),
    "+44 (0)20 7946 0958": ("+442079460958", "fixed", "fixed"),
    "0044 20 7946 0958": ("+442079460958", "fixed", "fixed"),
    "+82 10-1234-5678": ("+821012345678", "fixed", "mobile"),
    "+39 06 698 12345": ("+390669812345", "fixed", "fixed"),
    "+86 138 0013 8000": ("+8613800138000", "fixed", "mobile"),
    None: (None, None, None),
    "": (None, None, None),
    "　": (None, None, None),
    "-": (None, "unparsed", None),
    "なし": (None, "unparsed", None),
    "110": (None, "unparsed", None),
    "090-1234-567": (None, "unparsed", None),
    "090-1234-56789": (None, "unparsed", None),
    "03-1234-567": (None, "unparsed", None),
    "000-0000-0000": (None, "unparsed", None),
    "+999 1234 5678": (None, "unparsed", None),
    "1-800-FLOWERS": (None, "unparsed", None),
    "taro@example.jp": (None, "unparsed", None),
    "9" * 50: (None, "unparsed", None),
    "٠٩٠١٢٣٤٥٦٧٨": (None, "unparsed", None),
    "\ud800": (None, None, None),
}


@pytest.mark.parametrize(("text", "expected"), NUMBERS.items())
def test_numbers_as_people_write_them(text, expected):
    assert standard_phone(text) == expected


def test_a_region_reads_its_own_domestic_numbers():
    assert standard_phone("(212) 555-1234", "US").value == "+12125551234"
    assert standard_phone("020 7946 0958", "GB") == ("+442079460958", "fixed", "fixed")
    assert standard_phone("+81 3-1234-5678", "US") == TOKYO
    assert standard_phone("03-1234-5678", None) == TOKYO
    assert standard_phone("03-1234-5678", "??").status == "unparsed"


# --- against the library ------------------------------------------------------------------------------------------

KINDS = {phonenumbers.PhoneNumberType.MOBILE: "mobile", phonenumbers.PhoneNumberType.FIXED_LINE: "fixed"}
FIRST = ["3", "6", "45", "52", "11", "75", "92", "98", "90", "80", "70", "60", "50", "20", "120", "800", "570", "990"]
nationals = st.builds(
    lambda first, rest, length: (first + rest)[:length],
    st.sampled_from(FIRST) | st.integers(1, 99).map(str),
    st.text("0123456789", min_size=9, max_size=9),
    st.sampled_from([9, 10]),
)
spellings = st.sampled_from(["0{}", "+81{}", "+81 (0){}", "{}", "0081{}"])


@settings(max_examples=400)
@given(nationals, spellings, st.sampled_from(["", "-", " ", "−", "ー"]), st.integers(1, 5), st.integers(5, 8))
def test_valid_domestic_numbers_are_what_the_library_says(national, spelling, dash, first, second):
    number = phonenumbers.parse("+81" + national)
    assume(phonenumbers.is_valid_number(number))
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    written = spelling.format(dash.join([national[:first], national[first:second], national[second:]]))
    kind = KINDS.get(phonenumbers.number_type(number), "other")
    assert standard_phone(written) == (expected, "ok" if written == expected else "fixed", kind)


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)), st.text("0123456789", min_size=2, max_size=15)
)
def test_the_quick_reading_of_plus_numbers_is_the_library_s(code, national):
    digits = f"+{code}{national}"
    try:
        expected = phonenumbers.parse(digits, "JP")
    except phonenumbers.NumberParseException:
        expected = None
    assert _parsed(digits, "JP") == expected


def test_example_numbers_of_every_country_stand_as_they_are():
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    examples = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in kinds
    ]
    written = sorted({phonenumbers.format_number(n, phonenumbers.PhoneNumberFormat.E164) for n in examples if n})
    assert len(written) > 400
    assert [text for text in written if standard_phone(text)[:2] != (text, "ok")] == []


# --- any text -----------------------------------------------------------------------------------------------------


@given(
    st.text(st.characters(), max_size=30) | st.text("0123456789０１+＋-−ー()（） ./,;x#内線TEL", max_size=20),
    st.sampled_from(["JP", "US", "DE", "", "??"]),
)
@example("0" * 10_000, "JP")
@example("+" * 99, "JP")
@example("\ud800090-1234-5678", "JP")
def test_any_text_is_read_or_refused_and_standard_numbers_stay(text, region):
    found = standard_phone(text, region)
    assert (found.value is None) == (found.kind is None) == (found.status in {None, "unparsed"})
    if found.value is not None:
        assert standard_phone(found.value) == (found.value, "ok", found.kind)
        assert phonenumbers.is_possible_number(phonenumbers.parse(found.value))
