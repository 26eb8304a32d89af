"""The report's section on who may leave: sentences agree with the numbers, few are never told of, no page 06 no section."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_report import AS_OF, EVIL, data, drawn, leaving, read

from customerbase import charts, i18n, report, segments
from customerbase.engine import Engine
from customerbase.intervals import wilson
from customerbase.prediction.reasons import topics
from customerbase.report import risk
from customerbase.report.data import ReportData
from customerbase.tables import schema

NB = "\u00a0"
MONEY = ("cltv", "value_at_risk", "value_at_risk_low", "value_at_risk_high")
LABELS = ("risk.expected", "risk.where", "risk.right", "report.next")


def told(language: str = "en", **tables: pd.DataFrame) -> list[str]:
    """The sentences of the section."""
    return [sentence for _, sentence in risk.lines(data(**tables), language)]


def groups(**columns: object) -> pd.DataFrame:
    return leaving()["churn_groups"].assign(**columns)


def outcomes(**columns: object) -> pd.DataFrame:
    return leaving()["churn_outcomes"].assign(**columns)


def profit(**columns: object) -> pd.DataFrame:
    return leaving()["churn_profit"].assign(**columns)


def bare() -> dict[str, pd.DataFrame]:
    """The tables where orders carry no amounts."""
    return {"churn_groups": groups(**dict.fromkeys(MONEY, np.nan)), "churn_profit": profit().head(0)}


def section(language: str, told_of: ReportData) -> str:
    page = report.build(told_of, language, charts)
    return re.search(r'<section id="risk">.*?</section>', page, flags=re.S)[0]


# --- sentences ------------------------------------------------------------------------------------------------------------


def test_the_sentences_in_words():
    assert told() == [
        f"Of the 500 customers who bought in the last year, 200 are expected to buy nothing in the next 90 days (80{' '}%"
        f" interval 180 to 220). ¥1.3M of value is at risk (80{' '}% interval ¥1.17M to ¥1.43M), 25.0{NB}% of their lifetime"
        " value.",
        f"“Champions” hold the largest part of the value at risk: ¥400K (80{' '}% interval ¥360K to ¥440K), 30.8{NB}% of it."
        " The most common reasons: a long silence since the last purchase, less bought lately and not their season.",
        f"Of the 400 customers on the list published as of 31 Jul 2026, 37.5{NB}% were predicted to buy nothing; 38.8{NB}%"
        f" bought nothing (95{' '}% interval 33.8{NB}% to 43.8{NB}%). The prediction was right.",
        "Contact the 120 with the highest expected profit (page 06): ¥52K is expected at the assumed costs and acceptance"
        f" (95{' '}% interval ¥32K to ¥72K).",
    ]
    assert told("ja") == [
        "直近1年に購入した500人のうち、200人は今後90日間に購入しない見込みです（80%区間 180人〜220人）。"
        "失うおそれのある価値は130万円（80%区間 117万円〜143万円）で、顧客生涯価値の25.0%にあたります。",
        "失うおそれのある価値が最も大きいのは「優良顧客」で、40万円（80%区間 36万円〜44万円）、全体の30.8%です。"
        "多い理由は、しばらく購入がないこと、最近の購入が減ったこと、購入の時期ではないことです。",
        "2026年7月31日に発行した一覧の400人では、購入しなかった人は予測37.5%に対し実績38.8%でした"
        "（95%区間 33.8%〜43.8%）。予測は当たっていました。",
        "見込み利益の高い順に120人へ連絡してください（06のページ）。想定した費用と引き留め率で、見込み利益は5.2万円です"
        "（95%区間 3.2万円〜7.2万円）。",
    ]  # fmt: skip
    for language in i18n.LANGUAGES:
        labels = [label for label, _ in risk.lines(data(), language)]
        assert labels == [i18n.word(key, language) for key in LABELS]


@pytest.mark.parametrize(
    ("predicted", "verdict"), [(0.30, "low"), (0.3376, "right"), (0.4374, "right"), (0.45, "high")]
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_list_was_right_where_what_it_said_lies_in_the_interval_of_what_happened(predicted, verdict, language):
    table = outcomes(predicted=predicted)
    assert told(language, churn_outcomes=table)[2].endswith(i18n.word(f"risk.verdict_{verdict}", language))
    title = risk.outcomes(data(churn_outcomes=table), language, charts).title
    day = {"ja": "2026年7月31日", "en": "31 Jul 2026"}[language]
    assert title == i18n.sentence(f"risk.title_{verdict}", language, day=day)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_backtest_is_called_one_and_without_a_past_window_nothing_is_claimed(language):
    found = told(language, churn_outcomes=outcomes(source="backtest"))[2]
    assert {"ja": "検証", "en": "backtest"}[language] in found and found != told(language)[2]
    assert {"ja": "検証", "en": "Backtest"}[language] in risk.outcomes(
        data(churn_outcomes=outcomes(source="backtest")), language, charts
    ).measure
    for table in (outcomes().head(0), None):
        assert told(language, churn_outcomes=table)[2] == i18n.word("risk.outcome_none", language)
        assert risk.outcomes(data(churn_outcomes=table), language, charts) is None


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (profit(profit=0.0), "next_nothing"),
        (profit(profit=-5.0), "next_nothing"),
        (profit(is_best=False), "next_nothing"),
        (profit().head(0), "next_amounts"),
        (None, "next_amounts"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_to_do_next_where_contacting_does_not_pay_or_cannot_be_judged(table, key, language):
    assert told(language, churn_profit=table)[3] == i18n.word(f"risk.{key}", language)


def test_a_list_of_few_to_contact_is_not_counted():
    assert "Contact the fewer than 10 with" in told(churn_profit=profit(contacted=9))[3]


def test_without_amounts_the_section_speaks_of_people():
    first, second, _, last = told(**bare())
    assert first.endswith("(80 % interval 180 to 220).") and last == i18n.word("risk.next_amounts", "en")
    # all segments are alike: the first by name
    assert second.startswith(
        f"Most of those expected to buy nothing are “At risk”: 20 (80 % interval 18 to 22), 10.0{NB}%"
    )
    for language in i18n.LANGUAGES:
        text = section(language, data(**bare()))
        assert "¥" not in text and "万円" not in text and "nan" not in text and "None" not in text
        assert i18n.word("risk.measure_leavers", language) in text


def test_every_reason_has_plain_words_in_both_languages():
    for topic in topics():
        table = groups(reason_1=topic.code, reason_2=None, reason_3=None)
        assert told(churn_groups=table)[1].endswith(
            f"The most common reasons: {i18n.word(f'risk.reason.{topic.code}', 'en')}."
        )
    said = {key for key in i18n.words() if key.startswith("risk.reason.")}
    assert said == {f"risk.reason.{topic.code}" for topic in topics()}


def test_without_reasons_and_without_segments_what_is_left_is_told():
    columns = dict.fromkeys(("reason_1", "reason_2", "reason_3"))
    assert told(churn_groups=groups(**columns))[1].endswith("of it.")
    everybody = groups()[groups()["dimension"] == "all"]
    assert told(churn_groups=everybody)[1].startswith("The most common reasons")
    assert len(told(churn_groups=everybody.assign(**columns))) == 3  # nothing to say of where and why
    assert risk.groups(data(churn_groups=everybody), "en", charts) is None


# --- buyers of page 07 ----------------------------------------------------------------------------------------------------


def buyers(**columns: object) -> pd.DataFrame:
    """A test window of the past, and the month ahead: 120 of 500 are expected to buy for 480,000 yen."""
    rows = [(False, 400, 90.0, 80.0, 100.0, 3e5), (True, 500, 120.4, 108.0, 133.0, 480_000.0)]
    table = pd.DataFrame(rows, columns=["is_ahead", "customers", "buyers", "buyers_low", "buyers_high", "spend"])
    ends = {"spend_low": table["spend"] * 0.8, "spend_high": table["spend"] * 1.2}
    return table.assign(horizon_days=30, as_of=AS_OF, **ends).assign(**columns)


def test_expected_buyers_are_told_where_page_07_says():
    said = dict(risk.lines(data(propensity_totals=buyers()), "en"))
    assert list(said) == ["Expected", "Where, and why", "How right before", "Expected buyers", "What to do next"]
    assert said["Expected buyers"] == (
        "Of 500 customers, 120 are expected to buy in the next 30 days (80 % interval 108 to 133)."
        " Together they are expected to spend ¥480K (80 % interval ¥384K to ¥576K)."
    )
    assert dict(risk.lines(data(propensity_totals=buyers()), "ja"))["購入の見込み"] == (
        "500人のうち、120人は今後30日間に購入する見込みです（80%区間 108人〜133人）。"
        "購入額は合わせて48万円の見込みです（80%区間 38.4万円〜57.6万円）。"
    )  # fmt: skip
    assert "propensity_totals" in risk.sources(data(propensity_totals=buyers()))


def test_buyers_of_few_customers_or_without_amounts():
    few = risk.lines(data(propensity_totals=buyers(customers=9)), "en")
    assert few == risk.lines(data(), "en") == risk.lines(data(propensity_totals=buyers().head(0)), "en")
    said = dict(risk.lines(data(propensity_totals=buyers(spend=np.nan)), "en"))["Expected buyers"]
    assert said.endswith("108 to 133).")
    assert risk.lines(data(propensity_totals=buyers(is_ahead=False)), "en") == risk.lines(data(), "en")
    assert set(buyers()) <= set(schema("propensity_totals").columns)


# --- figures --------------------------------------------------------------------------------------------------------------


def test_the_figure_of_value_at_risk_has_every_segment_with_its_interval_and_caption():
    wide, phone = drawn("bars", risk.groups, data())
    frame = wide["args"][0].set_index("value")
    assert set(frame.index) == set(segments.codes()) and phone["width"] < wide["width"]
    assert frame.loc["champions", [wide["args"][1], wide["low"], wide["high"]]].tolist() == [
        4e5,
        3.6e5,
        pytest.approx(4.4e5),
    ]
    picture = risk.groups(data(), "en", charts)
    assert picture.title == f"“Champions” hold 30.8{NB}% of the value at risk"
    definition, n, interval, when, origin = picture.caption.split(" · ")
    assert (n, interval, when) == (f"n{NB}={NB}500", f"80{NB}% interval", "as of 31 Oct 2026")
    assert definition == i18n.word("churn.risk", "en")
    assert re.fullmatch(r"churn_groups, customerbase/churn/looks\.py:\d+", origin)


def test_the_figure_of_outcomes_has_the_bands_in_their_order_with_n():
    wide, _ = drawn("calibration", risk.outcomes, data())
    frame = wide["args"][0]
    assert frame["name"].tolist() == ["全体", "高", "中", "低"] and wide["n"] == "customers"
    assert frame["actual"].tolist() == [0.3875, 0.75, 0.6, 0.1]
    caption = risk.outcomes(data(), "en", charts).caption
    assert (
        f"n{NB}={NB}400 · 95{NB}% interval · as of 31 Oct 2026 · churn_outcomes, customerbase/prediction/looks.py:"
        in caption
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_section_of_the_page_has_sentences_captions_and_definitions(language):
    page = report.build(data(), language, charts)
    text = section(language, data())
    assert text.count("<figure") == 2 and text.count("<svg") == 4
    words = "".join(read(text).text)
    assert all(sentence in words for sentence in told(language))
    assert "churn, churn_groups, churn_outcomes, churn_profit, customerbase/churn/looks.py:" in words
    assert i18n.word("risk.interval", language) in page and page.count(i18n.word("churn.risk", language)) >= 3


# --- what is not told -----------------------------------------------------------------------------------------------------


def without(*names: str) -> ReportData:
    whole = data()
    return ReportData(
        **{**vars(whole), "tables": {name: table for name, table in whole.tables.items() if name not in names}}
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_pipeline_without_page_06_has_a_report_without_the_section(language):
    for told_of in (without(*leaving()), without("churn"), without("churn_groups")):
        assert risk.lines(told_of, language) is None
        page = report.build(told_of, language, charts)
        assert 'id="risk"' not in page and i18n.word("risk.title", language) not in page
        assert i18n.word("risk.interval", language) not in page


@pytest.mark.parametrize("language", ["ja", "en"])
def test_too_few_customers_are_not_told_of(language):
    for table in (groups().head(0), groups(customers=9)):
        assert told(language, churn_groups=table) == []
        text = section(language, data(churn_groups=table))
        assert i18n.word("risk.empty", language) in text and "<figure" not in text and "¥" not in text


def test_a_small_segment_is_withheld_with_another_and_so_is_what_other_sections_withhold():
    table = groups()
    table.loc[table["value"] == "lost", "customers"] = 9
    table.loc[table["value"] == "loyal", "customers"] = 91
    shown = drawn("bars", risk.groups, data(churn_groups=table))[0]["args"][0]
    assert "lost" not in set(shown["value"]) and len(shown) == 8
    assert "left out" in risk.groups(data(churn_groups=table), "en", charts).measure
    summary = data().tables["segment_summary"].copy()
    summary.loc[summary["segment"] == "champions", "customers"] = 4
    hidden = data(segment_summary=summary).withheld_segments
    shown = drawn("bars", risk.groups, data(segment_summary=summary))[0]["args"][0]
    assert "champions" in hidden and not hidden & set(shown["value"])
    assert "Champions" not in section("en", data(segment_summary=summary))


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=10, max_size=10), st.integers(0, 30))
def test_no_small_segment_follows_from_the_total_and_what_is_shown(counts, others):
    table = groups()[groups()["dimension"] != "risk_band"].copy()
    table.loc[table["dimension"] == "segment", "customers"] = counts
    table.loc[table["dimension"] == "all", "customers"] = sum(counts) + others
    told_of = data(churn_groups=table[table["customers"] > 0])
    if sum(counts) + others < 10:
        assert risk.lines(told_of, "en") == []
        return
    shown = risk._segments(told_of)
    rest = sum(counts) + others - (int(shown["customers"].sum()) if len(shown) else 0)
    assert rest == 0 or rest >= 10
    assert not len(shown) or shown["customers"].min() >= 10


def list_of(*bands: tuple[str, int, int]) -> pd.DataFrame:
    """Outcomes from counts: band, how many bought nothing, how many bought."""
    bands = [("all", sum(left for _, left, _ in bands), sum(stayed for _, _, stayed in bands)), *bands]
    rows = []
    for band, left, stayed in bands:
        n = left + stayed
        ends = wilson(left, n) if n else (np.nan, np.nan)
        rows.append((band, n, 0.5 if n else np.nan, left / n if n else np.nan, *map(float, ends)))
    columns = ["band", "customers", "predicted", "actual", "actual_low", "actual_high"]
    return pd.DataFrame(rows, columns=columns).assign(cutoff="2026-08-01", source="published")


counts = st.integers(0, 45)


@settings(deadline=None, max_examples=300)
@given(st.tuples(counts, counts), st.tuples(counts, counts), st.tuples(counts, counts))
def test_no_few_who_left_or_stayed_follow_from_the_list_that_is_over(high, medium, low):
    table = list_of(("high", *high), ("medium", *medium), ("low", *low))
    told_of = data(churn_outcomes=table)
    shown = risk._outcomes(told_of)
    if not len(shown):
        assert risk._right(told_of, "en") == i18n.word("risk.outcome_few", "en")
        return
    left = (shown["actual"].astype(float) * shown["customers"]).round().to_numpy(dtype=int)
    cells = np.stack([left, shown["customers"].to_numpy(dtype=int) - left], axis=1)
    rest = cells[0] - cells[1:].sum(axis=0)  # of the bands that are not shown
    assert all(count == 0 or count >= 10 for count in (*cells.ravel(), *rest))


def test_bands_with_few_who_stayed_are_withheld_with_another():
    table = list_of(("high", 97, 3), ("medium", 50, 50), ("low", 20, 80))
    shown = risk._outcomes(data(churn_outcomes=table))["band"].tolist()
    assert shown[0] == "all" and "high" not in shown and len(shown) == 2
    assert "left out" in risk.outcomes(data(churn_outcomes=table), "en", charts).measure


def test_what_is_no_segment_is_text():
    table = groups().replace({"value": {"champions": EVIL}})
    page = report.build(data(churn_groups=table), "ja", charts)
    assert EVIL not in page and EVIL in "".join(read(page).text)


def test_the_large_table_is_summed_up_without_a_customer():
    db = Engine()
    db.query("select unnest([1, 2, 3]) as customer_id, 90 as horizon_days").create_view("churn")
    assert db.run("report_churn").df().to_dict("records") == [{"customers": 3, "horizon_days": 90}]
    db.execute("create or replace view churn as select 90 as horizon_days where false")
    nobody = {"churn": db.run("report_churn").df(), "churn_groups": groups().head(0)}
    assert nobody["churn"]["customers"].tolist() == [0] and told(**nobody) == []
