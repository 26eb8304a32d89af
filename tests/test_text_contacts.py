"""E-mail addresses and postcodes: spellings by hand, any text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customerbase.text import standard_email, standard_postcode

EMAILS = {
    "taro@example.co.jp": ("taro@example.co.jp", "ok"),
    "Taro.Yamada+Shop@Example.COM": ("taro.yamada+shop@example.com", "fixed"),
    "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ": ("taro@example.co.jp", "fixed"),
    " taro@example.jp\n": ("taro@example.jp", "fixed"),
    "taro @ example.jp": ("taro@example.jp", "fixed"),
    "\u200btaro@example.jp\ufeff": ("taro@example.jp", "fixed"),
    "mailto:taro@example.jp": ("taro@example.jp", "fixed"),
    "mailto:taro@example.jp?subject=hello": ("taro@example.jp", "fixed"),
    "E-mail: taro@example.jp": ("taro@example.jp", "fixed"),
    "山田太郎 <taro@example.jp>": ("taro@example.jp", "fixed"),
    "<taro@example.jp>": ("taro@example.jp", "fixed"),
    "taro@example.jp.": ("taro@example.jp", "fixed"),
    "taro@example.jp,": ("taro@example.jp", "fixed"),
    "taro@example.jp、": ("taro@example.jp", "fixed"),
    "taro@example。jp": ("taro@example.jp", "fixed"),
    "taro@gmail,com": ("taro@gmail.com", "fixed"),
    "taro@example.jp, hanako@example.jp": ("taro@example.jp", "fixed"),
    "taro@example.jp;hanako@example.jp": ("taro@example.jp", "fixed"),
    "a..b.@docomo.ne.jp": ("a..b.@docomo.ne.jp", "ok"),
    ".taro@ezweb.ne.jp": (".taro@ezweb.ne.jp", "ok"),
    '"a..b."@docomo.ne.jp': ("a..b.@docomo.ne.jp", "fixed"),
    "o'brien@example.ie": ("o'brien@example.ie", "ok"),
    "taro@日本語.jp": ("taro@xn--wgv71a119e.jp", "fixed"),
    "taro@bücher.de": ("taro@xn--bcher-kva.de", "fixed"),
    "用户@例子.广告": ("用户@xn--fsqu00a.xn--4rr70v", "fixed"),
    None: (None, None),
    "": (None, None),
    "　": (None, None),
    "なし": (None, "unparsed"),
    "taro": (None, "unparsed"),
    "@example.jp": (None, "unparsed"),
    "taro@": (None, "unparsed"),
    "taro@example": (None, "unparsed"),
    "taro@example.j": (None, "unparsed"),
    "taro@@example.jp": (None, "unparsed"),
    "taro yamada@example.jp": (None, "unparsed"),
    "taro@-example.jp": (None, "unparsed"),
    "taro@192.168.0.1": (None, "unparsed"),
    "x" * 65 + "@example.jp": (None, "unparsed"),
    "taro@" + "x" * 64 + ".jp": (None, "unparsed"),
    "taro@" + "x." * 130 + "jp": (None, "unparsed"),
}
POSTCODES = {
    "1000001": ("1000001", "ok"),
    "100-0001": ("1000001", "fixed"),
    "〒100-0001": ("1000001", "fixed"),
    "〒 １００－０００１": ("1000001", "fixed"),
    "100\u22120001": ("1000001", "fixed"),
    "100ー0001": ("1000001", "fixed"),
    "100 0001": ("1000001", "fixed"),
    "郵便番号:100-0001": ("1000001", "fixed"),
    "60-0001": ("0600001", "fixed"),
    "600001": ("0600001", "fixed"),
    "0000000": ("0000000", "ok"),
    "sw1a 1aa": ("SW1A 1AA", "fixed"),
    "SW1A 1AA": ("SW1A 1AA", "ok"),
    "94105-1234": ("94105-1234", "ok"),
    None: (None, None),
    "": (None, None),
    "〒": (None, "unparsed"),
    "100-01": (None, "unparsed"),
    "100": (None, "unparsed"),
    "94105": (None, "unparsed"),
    "10000011": (None, "unparsed"),
    "東京都": (None, "unparsed"),
    "-": (None, "unparsed"),
}


@pytest.mark.parametrize(("text", "expected"), EMAILS.items())
def test_addresses_as_people_write_them(text, expected):
    assert standard_email(text) == expected


@pytest.mark.parametrize(("text", "expected"), POSTCODES.items())
def test_postcodes_as_people_write_them(text, expected):
    assert standard_postcode(text) == expected


@pytest.mark.parametrize("country", ["JP", "jpn", "日本", "", None])
def test_japan_has_many_names(country):
    assert standard_postcode("100-0001", country).value == "1000001"


def test_codes_of_other_countries_pass_in_capitals():
    assert standard_postcode("94105", "US") == ("94105", "ok")
    assert standard_postcode("100-0001", "KR").value == "100-0001"
    assert standard_postcode(" d02 af30 ", "IE") == ("D02 AF30", "fixed")
    assert standard_postcode("中央", "CN").status == "unparsed"


@given(
    st.text(st.characters(), max_size=40)
    | st.text("abcXYZ09@＠.。,;:<>\"'? \u3000mailto-_+éß日Kİ\u200b\ud800", max_size=16)
    | st.text("0123456789０-−ー〒 ABテ:", max_size=12)
)
@example("@" * 10_000)
@example("a@" + "b." * 5_000 + "jp")
@example("9" * 10_000)
@example("<" * 1_200 + "@>")
def test_any_text_is_read_or_refused_and_standard_values_stay(text):
    for standardise in (standard_email, standard_postcode, lambda code: standard_postcode(code, "US")):
        found = standardise(text)
        assert (found.value is None) == (found.status in {None, "unparsed"})
        if found.value is not None:
            assert standardise(found.value) == (found.value, "ok")
            assert (found.value == text) == (found.status == "ok")
