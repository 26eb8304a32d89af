"""The report's section on what customers are worth: sentences agree with the numbers, and few are never told of."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_report import EVIL, data, drawn, pattern, read, worth

from customerbase import charts, i18n, report, segments
from customerbase.engine import Engine
from customerbase.report import value

NB = "\u00a0"
AMOUNTS = ("spend", "cltv", "cltv_low", "cltv_high", "at_stake")


def told(language: str = "en", **tables: pd.DataFrame) -> list[str]:
    """The sentences of the section."""
    return [sentence for _, sentence in value.lines(data(**tables), language)]


def groups(**columns: object) -> pd.DataFrame:
    return worth()["cltv_groups"].assign(**columns)


def only(*dimensions: str) -> pd.DataFrame:
    frame = worth()["cltv_groups"]
    return frame[frame["dimension"].isin(("all", *dimensions))]


def row(**columns: object) -> pd.DataFrame:
    return worth()["cltv"].assign(**columns)


def bare() -> dict[str, pd.DataFrame]:
    """The tables where orders carry no amounts."""
    return {
        "cltv": row(value=None, previous_value=None, known_before=0, halved=0, lost=None),
        "cltv_groups": groups(**dict.fromkeys(AMOUNTS, np.nan)),
        "cltv_concentration": worth()["cltv_concentration"].head(0),
    }


def test_three_sentences_in_words():
    assert told() == [
        f"The 1,000 customers are expected to be worth ¥13M together over the next 12 months (80{' '}% interval ¥12.4M to"
        f" ¥13.7M). The top 10{NB}% of them hold 41{NB}% of the value.",
        f"“Champions” are 10.0{NB}% of the customers and hold 30.8{NB}% of the whole. There is no clear change in value on"
        f" the month before (+0.8{NB}%). 40 customers lost more than half of theirs (¥400K together).",
        "¥1.1M of value is at stake: what they would be worth more, were all still customers. Of that, “At risk” hold"
        f" 18.2{NB}%. Win back with what they used to buy.",
    ]
    assert told("ja") == [
        "顧客1,000人の生涯価値は、これから12か月で合わせて1,300万円の見込みです（80%区間 1,235万円〜1,365万円）。"
        "上位10%の顧客が価値の41%を占めます。",
        "「優良顧客」は顧客の10.0%で、全体の30.8%を占めます。価値に、前回からはっきりした変化はありません（+0.8%）。"
        "40人の価値は半分未満に減りました（合わせて40万円）。",
        "110万円の価値が失われつつあります（全員がまだ顧客であれば増えるはずの価値）。その18.2%は「離脱の恐れ」です。"
        "以前よく買った商品で呼び戻します。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "key"),
    [(12.3e6, "up"), (12.36e6, "no_clear_change"), (13.6e6, "no_clear_change"), (13.7e6, "down"), (None, "first")],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_change_inside_the_80_per_cent_interval_is_no_clear_change(before, key, language):
    held = told(language, cltv=row(previous_value=before))[1]
    assert re.search(pattern(f"worth.{key}", language), held)
    others = {"up", "down", "no_clear_change", "first"} - {key}
    assert not any(re.search(pattern(f"worth.{other}", language), held) for other in others)


def test_the_first_month_has_nothing_to_compare_with():
    held = told(cltv=row(known_before=0, previous_value=None, halved=0, lost=None))[1]
    assert held.endswith(i18n.word("worth.first", "en")) and "half" not in held
    assert i18n.word("worth.first", "en") in told(cltv=row(known_before=9))[1]  # nine people's value is not told
    assert i18n.word("worth.first", "en") in told(cltv=None)[1] and "over the horizon (" in told(cltv=None)[0]


@pytest.mark.parametrize(("months", "purchases"), [(3, 750.0), (6, 1500.0), (24, 6000.0), (None, 1234.0)])
def test_the_horizon_is_that_whose_purchases_are_the_groups(months, purchases):
    frame = groups()
    frame.loc[frame["dimension"] == "all", "purchases"] = purchases
    assert (f"over the next {months} months" if months else "over the horizon") in told(cltv_groups=frame)[0]


def test_without_amounts_the_section_speaks_of_purchases():
    first, second, third = told(**bare())
    assert (
        first
        == f"The 1,000 customers are expected to buy 3,000 times over the next 12 months (80{' '}% interval 2,850 to 3,150)."
    )
    assert second == f"“At risk” are 10.0{NB}% of the customers and hold 10.0{NB}% of the whole."
    assert third.startswith(f"P(alive) is 60.0{NB}% on average: about 600 still are customers.")
    page = report.build(data(**bare()), "en", charts)
    section = re.search(r'<section id="value">.*?</section>', page, flags=re.S)[0]
    assert "¥" not in section and "nan" not in section and "None" not in section
    assert "Repeat purchases by month" in section and "Purchases expected within the horizon" in section


@pytest.mark.parametrize("language", ["ja", "en"])
def test_where_nobody_leaves_nothing_is_at_stake(language):
    for columns in ({"p_alive": np.nan, "at_stake": np.nan}, {"at_stake": 0.0}):
        assert told(language, cltv_groups=groups(**columns))[2] == i18n.word("worth.next_nothing", language)


def test_without_segments_channels_are_told_and_without_either_the_whole():
    held = told(cltv_groups=only("channel"))
    assert held[1].startswith(f"“{EVIL}” are 60.0{NB}% of the customers and hold 61.5{NB}% of the whole.")
    assert held[2].endswith(i18n.word("worth.next_page", "en"))
    assert told(cltv_groups=only())[1].startswith("There is no clear change")
    assert value.groups(data(cltv_groups=only()), "en", charts) is None


@pytest.mark.parametrize("language", ["ja", "en"])
def test_without_tables_or_customers_enough_the_section_says_so(language):
    small = groups(customers=3)
    for frame in (None, groups().head(0), small):
        tables = {"cltv_groups": frame}
        assert told(language, **tables) == []
        page = report.build(data(**tables), language, charts)
        section = re.search(r'<section id="value">.*?</section>', page, flags=re.S)[0]
        assert i18n.word("report.empty.value", language) in section and "<figure" not in section


def test_the_figure_has_every_segment_with_its_interval_and_caption():
    wide, _ = drawn("bars", value.groups, data())
    frame = wide["args"][0].set_index("value")
    assert set(frame.index) == set(segments.codes())
    assert frame.loc["champions", ["cltv", "cltv_low", "cltv_high"]].tolist() == pytest.approx([4e6, 3.8e6, 4.2e6])
    assert (wide["low"], wide["high"]) == ("cltv_low", "cltv_high")
    picture = value.groups(data(), "en", charts)
    assert picture.title == f"“Champions” are 10.0{NB}% of customers and hold 30.8{NB}% of the value"
    definition, n, interval, when, origin = picture.caption.split(" · ")
    assert (n, interval, when) == (f"n{NB}={NB}1,000", f"80{NB}% interval", "as of 31 Oct 2026")
    assert definition == i18n.word("definition.value", "en")
    assert re.fullmatch(r"cltv_groups, customerbase/cltv/worth\.py:\d+", origin)


def test_a_small_segment_is_withheld_with_another_and_nothing_gives_it_back():
    frame = groups()
    frame.loc[frame["value"] == "lost", "customers"] = 9
    frame.loc[frame["value"] == "loyal", "customers"] = 191
    wide, _ = drawn("bars", value.groups, data(cltv_groups=frame))
    shown = set(wide["args"][0]["value"])
    assert "lost" not in shown and len(shown) == 8
    assert "left out" in value.groups(data(cltv_groups=frame), "en", charts).measure


def test_what_the_section_of_segments_withholds_is_withheld_here_too():
    table = data().tables["segment_summary"].copy()
    table.loc[table["segment"] == "champions", "customers"] = 4
    hidden = data(segment_summary=table).withheld_segments
    wide, _ = drawn("bars", value.groups, data(segment_summary=table))
    assert "champions" in hidden and not hidden & set(wide["args"][0]["value"])
    assert "Champions" not in told(segment_summary=table)[1]


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=10, max_size=10), st.integers(0, 30))
def test_no_small_segment_follows_from_the_total_and_what_is_shown(counts, others):
    frame = only("segment").copy()
    frame.loc[frame["dimension"] == "segment", "customers"] = counts
    frame.loc[frame["dimension"] == "all", "customers"] = sum(counts) + others
    told_of = data(cltv_groups=frame[frame["customers"] > 0])
    if sum(counts) + others < 10:
        assert value.lines(told_of, "en") == []
        return
    _, shown = value._groups(told_of)
    rest = sum(counts) + others - (int(shown["customers"].sum()) if len(shown) else 0)
    assert rest == 0 or rest >= 10
    assert not len(shown) or shown["customers"].min() >= 10


@pytest.mark.parametrize(
    ("halved", "known", "said"), [(9, 900, False), (10, 900, True), (0, 900, False), (895, 900, False)]
)
def test_few_who_lost_half_or_few_who_did_not_are_not_told(halved, known, said):
    assert ("lost more than half" in told(cltv=row(halved=halved, known_before=known))[1]) == said


def test_what_customers_wrote_is_text_in_the_section():
    frame = only("channel")
    evil = only("segment").replace({"value": {"champions": EVIL}})
    for table in (frame, evil):
        page = report.build(data(cltv_groups=table), "ja", charts)
        assert EVIL not in page and "".join(read(page).text).count(EVIL) >= 2


def test_the_large_table_is_summed_up_without_a_customer():
    db = Engine()
    rows = "(1, 100.0, 300.0), (2, 50.5, 50.0), (3, 20.0, null), (4, null, null), (5, 25.0, 50.0)"
    horizons = ", ".join(f"cast(id * {months} as double) as purchases_{months}m" for months in (3, 6, 12, 24))
    db.query(f"select *, {horizons} from (values {rows}) t(id, cltv, previous_cltv)").create_view("cltv")
    [found] = db.run("report_cltv").df().astype(float).to_dict("records")
    assert found == {
        "customers": 5,
        "known_before": 3,
        "valued": 4,
        "value": 195.5,
        "median_value": 37.75,
        "previous_value": 400.0,
        "halved": 1,  # 25 of 50 is half, not less
        "lost": 200.0,
        **{f"purchases_{months}m": 15.0 * months for months in (3, 6, 12, 24)},
    }
    db.execute("create or replace view cltv as select * from (select 1 as id, 1.0 as cltv, 1.0 as previous_cltv,"
               " 1.0 as purchases_3m, 1.0 as purchases_6m, 1.0 as purchases_12m, 1.0 as purchases_24m) where false")  # fmt: skip
    empty = db.run("report_cltv").df()
    assert empty["customers"].tolist() == [0]
    assert told(cltv=empty)[1].endswith(i18n.word("worth.first", "en"))


def test_tracking_takes_the_place_of_the_curve_where_there_is_none():
    picture = value.second(data(), "en", charts)
    assert picture.title == f"The top 10{NB}% of customers hold 41{NB}% of the value"
    other = value.second(data(cltv_concentration=None), "en", charts)
    assert other.title.startswith("No clear difference between purchases and model: 10 of the last 10 months")
    assert f"80{NB}% interval · as of 31 Oct 2026 · cltv_tracking" in other.caption
    assert value.second(data(cltv_concentration=None, cltv_tracking=None), "en", charts) is None
