"""Words exist in both languages; numbers, changes and sentences read as the house style says."""

import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase import i18n
from customerbase.errors import ConfigError

NB = "\u00a0"


def test_every_word_stands_in_both_languages_and_is_not_empty():
    odd = {key: entry for key, entry in i18n.words().items() if set(entry) != {"ja", "en"}}
    assert odd == {}
    assert all(text.strip() for key, entry in i18n.words().items() for text in entry.values())


def test_japanese_words_are_japanese_and_english_words_are_not():
    japanese = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    mixed = [key for key, entry in i18n.words().items() if japanese.search(entry["en"])]
    assert mixed == ["report.other_language"]  # the link to the sister page is written in the other language


def test_both_templates_of_a_sentence_use_the_same_values():
    names = re.compile(r"\{([a-z_]+)\}")
    different = [
        key for key, entry in i18n.words().items() if set(names.findall(entry["ja"])) != set(names.findall(entry["en"]))
    ]
    assert different == []


def test_an_unknown_word_names_the_near_miss():
    with pytest.raises(ConfigError, match=r"no word 'report\.titel'.*Did you mean 'report\.title'"):
        i18n.word("report.titel", "ja")


def test_an_unknown_language_is_refused():
    with pytest.raises(ConfigError, match="language is 'fr'; expected one of ja, en"):
        i18n.word("report.title", "fr")


def test_a_sentence_refuses_missing_and_unknown_values():
    with pytest.raises(ConfigError, match=r"needs 'date'"):
        i18n.sentence("report.as_of", "en")
    with pytest.raises(ConfigError, match=r"has no place for 'dat'.*Did you mean 'date'"):
        i18n.sentence("report.as_of", "en", date="31 Oct 2026", dat="x")


def test_values_of_a_sentence_are_not_read_as_templates():
    assert i18n.sentence("report.as_of", "en", date="{date} $1 \\1") == "Data as of {date} $1 \\1"


@pytest.mark.parametrize(
    ("value", "unit", "ja", "en"),
    [
        (12_340_000, "money", "1,234万円", "¥12.3M"),
        (1_234_000_000, "money", "12.3億円", "¥1.23B"),
        (5_000_000, "money", "500万円", "¥5M"),
        (99_996_000, "money", "1億円", "¥100M"),
        (1_230_000_000_000, "money", "1.23兆円", "¥1.23T"),
        (98_765, "money", "9.88万円", "¥98.8K"),
        (6_543, "money", "6,543円", "¥6,543"),
        (0, "money", "0円", "¥0"),
        (-5_000_000, "money", "−500万円", "−¥5M"),
        (0.123, "rate", "12.3%", f"12.3{NB}%"),
        (1, "rate", "100%", f"100{NB}%"),
        (0.9994, "rate", "99.9%", f"99.9{NB}%"),
        (1_234, "people", "1,234人", "1,234"),
        (12_345, "people", "1.23万人", "12,300"),
        (1_234_567, "people", "123万人", "1.23M"),
        (1.418, "times", "1.42回", "1.42"),
        (3, "number", "3", "3"),
        (2.345, "number", "2.35", "2.35"),
        (None, "money", "–", "–"),
        (math.nan, "rate", "–", "–"),
        (math.inf, "money", "–", "–"),
    ],
)
def test_numbers_in_prose(value, unit, ja, en):
    assert i18n.number(value, unit, "ja") == ja
    assert i18n.number(value, unit, "en") == en


def test_every_kind_of_nothing_is_missing():
    assert all(i18n.missing(one) for one in (None, math.nan, pd.NA, pd.NaT))
    assert not any(i18n.missing(one) for one in (0, "", False, "NA"))


def test_numbers_in_tables_are_exact_and_other_currencies_keep_their_pence():
    assert i18n.number(12_345_678, "money", "ja", exact=True) == "12,345,678円"
    assert i18n.number(1_161_817.384, "money", "en", currency="GBP", exact=True) == "£1,161,817.38"
    assert i18n.number(1_161_817.384, "money", "ja", currency="GBP") == "116万ポンド"
    assert i18n.number(16.5, "money", "en", currency="USD") == "$16.50"
    assert i18n.number(5, "money", "en", currency="CHF", exact=True) == f"CHF{NB}5.00"
    assert i18n.number(12_345, "people", "ja", exact=True) == "12,345人"


def test_signs_are_true_signs_and_nothing_has_no_direction():
    assert i18n.number(0.0123, "rate", "ja", signed=True) == "+1.2%"
    assert i18n.number(-0.0123, "rate", "ja", signed=True) == "−1.2%"
    assert i18n.number(-0.0001, "rate", "ja", signed=True) == "±0.0%"
    assert i18n.number(-0.0001, "rate", "ja") == "0.0%"


@pytest.mark.parametrize(
    ("new", "old", "unit", "ja", "en"),
    [
        (110, 100, "money", "+10.0%", f"+10.0{NB}%"),
        (90, 100, "people", "−10.0%", f"−10.0{NB}%"),
        (0.382, 0.4, "rate", "−1.8ポイント", f"−1.8{NB}pt"),
        (0.4, 0.4, "rate", "±0.0ポイント", f"±0.0{NB}pt"),
        (5, 0, "money", "–", "–"),
        (5, -3, "money", "–", "–"),
        (None, 100, "money", "–", "–"),
        (100, math.nan, "money", "–", "–"),
    ],
)
def test_changes_of_rates_are_points_all_others_percent(new, old, unit, ja, en):
    assert i18n.change(new, old, unit, "ja") == ja
    assert i18n.change(new, old, unit, "en") == en


def test_intervals_count_whole_people():
    assert i18n.interval(368.4, 447.5, "people", "ja") == "368人〜448人"
    assert i18n.interval(0.1, 0.25, "rate", "en") == f"10.0{NB}% to 25.0{NB}%"
    assert i18n.interval(None, 0.25, "rate", "en") == "–"


def test_an_unknown_unit_names_the_near_miss():
    with pytest.raises(ConfigError, match=r"unit is 'mony'.*Did you mean 'money'"):
        i18n.number(1, "mony", "ja")


@given(st.floats(min_value=-1e15, max_value=1e15), st.sampled_from(["ja", "en"]))
def test_a_shown_sign_is_the_numbers_sign_and_no_hyphen_stands_for_minus(value, language):
    shown = i18n.number(value, "money", language, signed=True)
    assert "-" not in shown
    assert ("−" in shown) <= (value < 0)
    assert ("+" in shown) <= (value > 0)


@given(st.integers(min_value=10_000, max_value=10**15))
def test_prose_is_within_half_a_percent_of_the_number(value):
    shown = i18n.number(value, "money", "en").removeprefix("¥")
    size = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}[shown[-1]]
    assert float(shown[:-1].replace(",", "")) * size == pytest.approx(value, rel=0.005)


def test_every_quarantine_reason_has_words_in_both_languages():
    from customerbase.report.quality import reason_text
    from customerbase.tables import schemas

    codes = {rule.reason for one in schemas().values() if one.kind == "source" for rule in one.expectations}
    codes |= {"after_month", "overlap", "duplicate_key", "undecodable", "wrong_field_count", "line_too_long"}
    codes |= {
        "unclosed_quote",
        "invalid_date",
        "invalid_amount",
        "invalid_integer",
        "unknown_value",
        "order_quarantined",
    }
    for language in ("ja", "en"):
        assert sorted(code for code in codes if reason_text(code, language) == code) == []


def test_a_sentence_about_one_customer_leaves_out_what_is_unknown():
    template = "{0} days[, usually every {1}]"
    assert i18n.fill(template, ["29", "180"]) == "29 days, usually every 180"
    assert i18n.fill(template, ["29", ""]) == "29 days"
    assert i18n.fill(template, ["", "{0}"]) == f"{i18n.MISSING} days, usually every {{0}}"  # a value is no template


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [(11500, "money", "¥11.5K"), (0.25, "share", "25.0\u00a0%"), (2.345, "score", "2.3"), (1234.4, "", "1,234"),
     (None, "money", ""), (float("nan"), "", ""), (float("inf"), "score", "")],
)  # fmt: skip
def test_a_number_inside_a_sentence_about_one_customer(value, kind, told):
    assert i18n.measured(value, kind, "en") == told
