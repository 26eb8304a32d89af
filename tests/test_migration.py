"""Movement between segments: by hand, as a sum that always comes out even, and beside the plain counts of page 04."""

import re
from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_tables import AS_OF, RANKS, SINCE, cells, company, memory, moved, shop, stationary

from customerbase import rfm, segments
from customerbase.intervals import wilson
from customerbase.periods import add_months, month_end
from customerbase.segments import movement
from customerbase.segments.movement import looks

# --- by hand ----------------------------------------------------------------------------------------------------------

THEN = {"stays": "loyal", "moves": "loyal", "cut": "loyal", "both": "loyal", "back": "loyal", "late": "champions"}
NOW = {"stays": "loyal", "moves": "at_risk", "cut": "champions", "both": "lost", "back": "loyal", "late": "champions",
       "fresh": "new"}  # fmt: skip
BETWEEN = {**NOW, "cut": "loyal", "both": "at_risk", "back": "champions"}  # October's purchases, September's cut points
PUBLISHED = {**THEN, "late": "loyal", "old_id": "lost"}


def by_hand() -> movement.Movement:
    return moved(
        *company(
            then=THEN, now=NOW, between=BETWEEN, published=PUBLISHED, aliases={"old_id": "stays"},
            cltv=dict.fromkeys(NOW, 100.0), cltv_before={**dict.fromkeys(THEN, 130.0), "old_id": 5.0},
        )
    )  # fmt: skip


def test_every_step_by_hand():
    span = by_hand().span(1)
    assert span.published and span.since == SINCE
    found = cells(span)[["customers", "real", "cut_points", "published", "late"]].astype(int)
    assert {pair: tuple(row) for pair, row in zip(found.index, found.to_numpy().tolist(), strict=True)} == {
        ("champions", "champions"): (1, 1, 0, 0, -1),
        ("loyal", "champions"): (1, 1, 0, 2, 1),  # who was loyal as published was a champion in truth
        ("loyal", "loyal"): (2, 2, 0, 2, 0),
        ("loyal", "at_risk"): (1, 2, -1, 1, 0),
        ("loyal", "lost"): (1, 0, 1, 1, 0),
        ("lost", "gone"): (0, 0, 0, 1, 1),  # an id that is another's today
        ("not_yet", "new"): (1, 1, 0, 1, 0),
    }
    causes = span.causes.set_index(["cause", "record"])["customers"].to_dict()
    assert causes == {
        ("stayed", "as_published"): 1, ("stayed", "corrected"): 1, ("cancelled", "as_published"): 1,
        ("arrived", "as_published"): 1, ("real", "as_published"): 1, ("cut_points", "as_published"): 1,
        ("both", "as_published"): 1, ("merged", "corrected"): 1,
    }  # fmt: skip


def test_who_moved_and_what_it_is_worth_by_hand():
    result = by_hand()
    movers = result.movers.order("customer_id").df().set_index("customer_id")
    assert movers["cause"].to_dict() == {"both": "both", "cut": "cut_points", "fresh": "arrived", "late": "stayed",
                                         "moves": "real", "old_id": "merged"}  # fmt: skip
    assert movers.loc["late", ["published_segment", "from_segment", "record"]].tolist() == [
        "loyal",
        "champions",
        "corrected",
    ]
    assert movers.loc["moves", ["cltv_before", "cltv_now"]].tolist() == [130.0, 100.0]
    found = cells(result.span(1))
    loyal = found.loc[("loyal", "loyal")]  # stays: 100 − (130 + 5 of the id merged into it); back: 100 − 130
    assert (loyal["valued"], loyal["cltv_change"]) == (2, -65.0)
    half = 1.959964 * np.sqrt(35**2 + 30**2)
    assert loyal[["cltv_change_low", "cltv_change_high"]].tolist() == pytest.approx([-65 - half, -65 + half])
    assert pd.isna(found.loc[("not_yet", "new"), "cltv_change"])  # nobody valued them before
    share = found.loc[("loyal", "at_risk")]
    assert share["share"] == 0.2 and [share["low"], share["high"]] == pytest.approx(
        [float(end) for end in wilson(1, 5)]
    )


def test_history_keeps_what_was_published_and_this_month():
    history = by_hand().history.df()
    assert history.groupby("month").size().to_dict() == {pd.Timestamp(SINCE): 7, pd.Timestamp(AS_OF): 7}
    assert history.set_index(["month", "customer_id"]).loc[(pd.Timestamp(SINCE), "old_id"), "cltv"] == 5.0


def test_a_history_of_its_own_goes_before_the_tables_of_the_month_before_and_ends_after_thirteen_months():
    db, rule = company(then=THEN, now=NOW, published=PUBLISHED)
    months = [month_end(add_months(AS_OF, -back)) for back in range(1, 16)]
    for month in months:
        db.execute("insert into previous_rfm_history values ('stays', $month, 1, 1, 1, 'lost', 7.0)", month=month)
    db.execute("insert into previous_rfm_history values ('later', date '2026-11-30', 1, 1, 1, 'lost', 7.0)")
    result = moved(db, rule)
    kept = result.history.df().groupby("month").size()
    assert [*kept.index.date] == sorted([AS_OF, *months[:12]]) and kept[pd.Timestamp(SINCE)] == 1
    assert cells(result.span(1)).loc[("lost", "loyal"), "published"] == 1  # by the history, not by previous_rfm


def test_where_nothing_was_published_what_came_in_late_is_unknown():
    span = moved(*company(then=THEN, now=NOW, between=BETWEEN)).span(1)
    assert not span.published and span.cells[["published", "late"]].isna().all(axis=None)
    assert set(span.causes["record"]) == {"unknown"}
    assert span.cells["customers"].sum() == len(NOW)


def test_two_ids_that_became_one_are_one_customer_and_the_other_is_gone():
    """The published row of the id that lives on stays; a person whose own id had not bought takes over the alias's."""
    db, rule = company(
        then={"a": "loyal", "c": "lost"}, now={"a": "loyal", "c": "lost"},
        published={"a": "loyal", "b": "champions", "d": "lost"}, aliases={"b": "a", "d": "c"},
    )  # fmt: skip
    found = cells(moved(db, rule).span(1))
    assert found.loc[("champions", "gone"), "published"] == 1 and ("lost", "gone") not in found.index
    assert found.loc[("lost", "lost"), ["published", "late"]].tolist() == [1, 0]


def test_in_the_first_month_there_is_no_span_but_a_history():
    result = moved(*company(then={}, now={"a": "new"}))
    assert result.spans == () and result.movers is None and result.tables()["migration"] is None
    assert len(result.history.fetchall()) == 1
    assert set(result.records().values()) == {0}


# --- the sum comes out even, whatever happens -------------------------------------------------------------------------

CODES = [*RANKS]
PEOPLE = st.lists(
    st.tuples(*[st.sampled_from([None, *CODES[:4]])] * 2, *[st.sampled_from(CODES[:4])] * 3), min_size=1, max_size=25
)


@settings(max_examples=30, deadline=None)
@given(PEOPLE)
def test_published_is_real_plus_cut_points_plus_late_in_every_cell(people):
    """Independent truth: counts of tuples. (published, then, between, now, reversed) of each customer."""
    rows = {f"c{place:02}": row for place, row in enumerate(people)}
    then = {name: row[1] for name, row in rows.items() if row[1]}
    published = {name: row[0] for name, row in rows.items() if row[0]}
    if not then or not published:
        return
    db, rule = company(
        then=then, published=published, between={name: row[2] for name, row in rows.items()},
        now={name: row[3] for name, row in rows.items()}, reversed_={name: row[4] for name, row in rows.items() if row[1]},
    )  # fmt: skip
    result = moved(db, rule)
    found = cells(result.span(1))
    assert (found["customers"] == found["real"] + found["cut_points"]).all()
    assert (found["published"] == found["customers"] + found["late"]).all()
    ways = [(row[0] or "not_yet", row[1] or "not_yet", row[2], row[3]) for row in people]
    truth = {
        "customers": Counter((t, n) for _, t, _, n in ways), "real": Counter((t, b) for _, t, b, _ in ways),
        "published": Counter((p, n) for p, _, _, n in ways),
    }  # fmt: skip
    for column, counts in truth.items():
        assert {pair: int(n) for pair, n in found[column].items() if n} == counts
    causes = result.span(1).causes
    assert causes["customers"].sum() == causes["customers_in_other_order"].sum() == len(people)
    corrected = causes.loc[causes["record"] == "corrected", "customers"].sum()
    assert corrected == sum(p != t for p, t, _, _ in ways)
    moves = causes.set_index("cause").groupby(level=0)[["customers", "customers_in_other_order"]].sum()
    known = [name for name in movement.MOVED if name in moves.index]
    assert (moves.loc[known].sum() == sum(t != n and t != "not_yet" for _, t, _, n in ways)).all()  # in either order
    assert len(result.movers.fetchall()) == sum(n not in {p} & {t} for p, t, _, n in ways)


@pytest.mark.parametrize("method", ["quintiles", "frozen"])
def test_a_real_rule_gives_the_counts_of_page_04_for_every_span(method):
    db = shop(stationary(1, customers=250))
    rule = rfm.rule(db, as_of=AS_OF, method=method)
    memory(db, segments.assign(rule.ranks(db, AS_OF)))
    result = movement.movement(db, rule, as_of=AS_OF)
    assert [span.months for span in result.spans] == [1, 3, 6, 12]
    for span in result.spans:
        before = segments.assign(rule.ranks(db, month_end(add_months(AS_OF, -span.months))))
        plain = segments.migration(db, before, db.query("select * from rfm"), as_of=AS_OF)
        plain = plain.set_index(["from_segment", "to_segment"])["customers"].to_dict()
        assert {pair: n for pair, n in cells(span)["customers"].items() if n} == plain
        cut = span.cells["cut_points"].abs().sum()
        same_year = span.since >= date(2025, 12, 31) and method == "frozen"
        assert (cut == 0) == same_year or (method == "frozen" and span.since.year == 2025 and cut >= 0)
    assert {int(one.cells["past_spans"].iloc[0]) for one in result.spans} == {12, 7, 3, 1}
    assert result.span(6).cells["usual"].isna().all() and result.span(1).cells["usual"].notna().any()


def test_the_interval_of_value_is_that_of_a_bootstrap_over_all_customers():
    rng = np.random.default_rng(5)
    gains = rng.lognormal(8, 1, 300) * rng.choice([-1, 1], 300, p=[0.6, 0.4]) // 1
    names = [f"c{place:03}" for place in range(1500)]
    then = dict.fromkeys(names, "loyal")
    now = {name: "at_risk" if place < 300 else "loyal" for place, name in enumerate(names)}
    before = dict.fromkeys(names, 500_000.0)
    after = {name: before[name] + (gains[place] if place < 300 else 0) for place, name in enumerate(names)}
    db, rule = company(then=then, now=now, published=then, cltv=after, cltv_before=before)
    row = cells(moved(db, rule).span(1)).loc[("loyal", "at_risk")]
    assert row["cltv_change"] == pytest.approx(gains.sum())
    changes = np.append(gains, np.zeros(1200))
    sums = [changes[rng.integers(0, 1500, 1500)].sum() for _ in range(4000)]
    spread = np.quantile(sums, [0.025, 0.975])
    assert row["cltv_change_high"] - row["cltv_change_low"] == pytest.approx(spread[1] - spread[0], rel=0.05)
    assert row["cltv_change_low"] == pytest.approx(spread[0], abs=0.05 * (spread[1] - spread[0]))


# --- in words ---------------------------------------------------------------------------------------------------------


def told(span: movement.Span, language: str, k_min: int = 10) -> list[str]:
    unit = "円" if language == "ja" else " yen"

    def money(amount: float, signed: bool) -> str:
        return (f"{amount:+,.0f}" if signed else f"{amount:,.0f}") + unit

    return [text for _, text in looks.lines(span.cells, span.causes, language=language, money=money, k_min=k_min)]


def many(**groups: tuple) -> movement.Span:
    """groups: name -> (customers, published, then, between, now, value then, value now)."""
    people = {f"{name}{place:03}": spec[1:] for name, spec in groups.items() for place in range(spec[0])}
    column = lambda place: {name: row[place] for name, row in people.items() if row[place] is not None}  # noqa: E731
    db, rule = company(
        published=column(0), then=column(1), between=column(2), now=column(3), cltv_before=column(4), cltv=column(5)
    )
    return moved(db, rule).span(1)


def test_sentences_in_words():
    span = many(
        up=(40, "loyal", "loyal", "champions", "champions", 1000.0, 1500.0),
        down=(60, "loyal", "loyal", "lost", "lost", 1000.0, 100.0),
        cuts=(20, "lost", "lost", "lost", "hibernating", 100.0, 100.0),
        late=(12, "new", "loyal", "loyal", "loyal", 500.0, 500.0),
        stay=(268, "loyal", "loyal", "loyal", "loyal", 500.0, 500.0),
    )
    nb, half = "\u00a0", 1.959964 * np.sqrt(40 * 500**2 + 60 * 900**2)
    low, high = wilson(120, 400)
    assert told(span, "en") == [
        f"Since last month 120 of 400 customers changed segment (30.0{nb}%, 95 % interval {low * 100:.1f}{nb}% to"
        f" {high * 100:.1f}{nb}%). 100 of them moved by their own purchases, 20 with the help of moved cut points.",
        f"Of the segments published for the end of Sep 2026, 12 (3.0{nb}%) are known to be others today, by data that came"
        " in late or people identified since.",
        f"Those who moved are worth 34,000 yen less than then (95 % interval {-34_000 - half:+,.0f} yen to"
        f" {-34_000 + half:+,.0f} yen). Most was lost from “Loyal” to “Lost” (-54,000 yen). Most was won from “Loyal” to"
        " “Champions” (+20,000 yen).",
        "Fewer than six spans of that length lie before this one (0), so what is usual cannot be said yet.",
    ]
    assert told(span, "ja")[0].startswith("先月から、顧客400人のうち120人のセグメントが変わりました（30.0%、95%区間")
    assert "区切り値の動きが関わるものが20人です" in told(span, "ja")[0]
    assert looks.finding(span.cells, language="en")[0] == "Most moved from “Loyal” to “Lost” (60)"
    assert looks.finding(span.cells, language="ja") == (
        "最も多い移動は「ロイヤル顧客」から「離脱顧客」へ（60人）",
        [("loyal", "lost")],
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_few_are_never_told(language):
    """Nine by cut points, nine corrected, nine merged: none of these numbers appears."""
    span = many(
        down=(60, "loyal", "loyal", "lost", "lost", 1000.0, 100.0),
        cuts=(9, "lost", "lost", "lost", "hibernating", 100.0, 100.0),
        late=(9, "new", "loyal", "loyal", "loyal", 500.0, 500.0),
        stay=(100, "loyal", "loyal", "loyal", "loyal", 500.0, 500.0),
    )
    text = " ".join(told(span, language))
    assert not re.search(r"(?<![\d.,])9(?![\d.,月])", text)
    assert not (looks.flows(span.cells, 10)["customers"] < 10).any()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(CODES[:4]), st.sampled_from(CODES[:4]), st.integers(1, 30)), min_size=1, max_size=8
    )
)
def test_no_sum_in_words_gives_back_what_the_picture_withholds(groups):
    people = {f"c{at}_{place}": group for at, group in enumerate(groups) for place in range(group[2])}
    then, now = ({name: group[side] for name, group in people.items()} for side in (0, 1))
    span = moved(*company(then=then, now=now, published=then)).span(1)
    seen = int(looks.flows(span.cells, 10)["customers"].sum())
    number = re.match(r"Since last month (\d+) of", told(span, "en")[0])
    assert number is None or int(number[1]) - seen == 0 or int(number[1]) - seen >= 10


def test_tables_for_people_hold_only_what_may_be_shown():
    span = many(
        down=(60, "loyal", "loyal", "lost", "lost", 1000.0, 100.0),
        few=(5, "lost", "lost", "hibernating", "hibernating", 10.0, 9.0),
        up=(30, "lost", "lost", "loyal", "loyal", None, 9.0),
        keep=(90, "loyal", "loyal", "loyal", "loyal", 500.0, 500.0),
        rest=(80, "lost", "lost", "lost", "lost", 500.0, 500.0),
    )
    table = looks.table(span.cells, language="en", money=lambda amount, signed: f"{amount:,.0f}")
    assert set(table["Customers"]) <= {"60", "30"}
    lost = table[table["To"] == "Lost"].iloc[0] if (table["To"] == "Lost").any() else None
    if lost is not None:
        assert (lost["Share"], lost["Verdict"], lost["Change of lifetime value"]) == (
            "40.0\u00a0%",
            "not known yet",
            "-54,000",
        )
    exact = looks.split(span.cells, language="en")
    assert (
        exact["As published then"] == exact["Own movement"] + exact["Moved cut points"] + exact["Came in late"]
    ).all()
    assert looks.by_cause(span.causes, language="en")["Customers"].sum() == 265
