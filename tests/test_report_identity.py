"""The report's section on the unified customer base: it says what identity found, and withholds what is small."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_report import data, drawn, pattern, people

from customerbase import charts, i18n, report
from customerbase.engine import Engine
from customerbase.report import identity


def told(language: str = "en", **tables: pd.DataFrame) -> dict[str, str]:
    """Label -> sentence of the section."""
    return dict(identity.lines(data(**tables), language))


def links(records: int, customers: int, *, known: int | None = None, systems: int = 2) -> pd.DataFrame:
    known = records if known is None else known
    return pd.DataFrame([{"records": records, "known": known, "systems": systems, "customers": customers}])


def profile(customers: int, several: int, spend: float = 10e6, several_spend: float = 3e6) -> pd.DataFrame:
    counts = {"customers": customers, "several": several, "net_spend": spend, "several_net_spend": several_spend}
    return pd.DataFrame([counts])


def overlap(one: int, other: int, both: int) -> pd.DataFrame:
    rows = [("pos", 1, one, 1e6), ("web", 1, other, 1e6), ("pos;web", 2, both, 1e6)]
    return pd.DataFrame(rows, columns=["systems", "system_count", "customers", "net_spend"])


def test_three_lines_in_words():
    assert list(told().values()) == [
        "1,100 records of 2 systems turned out to be 1,000 customers.",
        "100 customers (10.0\u00a0%) looked like several people. They bring 30.0\u00a0% of net spend.",
        "17 pairs of records wait for somebody to decide (page 02). Since last month 97 customers are new, 30 were merged"
        " into others and <10 split off.",
    ]
    assert list(told("ja").values()) == [
        "2つのシステムの1,100件の登録は、1,000人の顧客でした。",
        "100人（10.0%）は、これまで別々の人に見えていました。購入額の30.0%を占めます。",
        "17組の登録が人の確認を待っています（02のページ）。前月からの変化は、新規97人、統合30人、分離<10人です。",
    ]


def test_one_system_and_nobody_brought_together():
    alone = {"identity_links": links(500, 500, systems=1), "profile": profile(500, 0), "channel_overlap": None}
    first, second, _ = told(**alone).values()
    assert first == "The 500 records of one system are as many customers: no two belong to one person."
    assert second == i18n.word("unified.several_none", "en")
    assert identity.overlap(data(channel_overlap=overlap(500, 0, 0)[:1]), "en", charts) is None


@pytest.mark.parametrize("language", ["ja", "en"])
def test_ids_without_customer_records_stand_as_they_are(language):
    """As where only orders with ids are known: CDNOW."""
    tables = people() | {"identity_links": links(2357, 2357, known=0, systems=1), "channel_overlap": None}
    said = told(language, **tables)
    assert len(said) == 1 and "2,357" in next(iter(said.values()))
    assert re.fullmatch(pattern("unified.ids_alone", language), next(iter(said.values())))
    page = report.build(data(**tables), language, charts)
    assert next(iter(said.values())) in page and "None" not in page


def test_the_first_month_has_nothing_to_compare_with():
    first = told(id_changes=pd.DataFrame({"change": ["new"], "customers": [1000]}))["Open; changed"]
    assert first.endswith(i18n.word("unified.first_month", "en"))
    calm = {"id_changes": pd.DataFrame({"change": ["kept"], "customers": [1000]}), "identity_review": pd.DataFrame()}
    said = "No pair of records waits for a decision. Since last month 0 customers are new, 0 were merged into others"
    assert told(**calm)["Open; changed"] == f"{said} and 0 split off."


def test_without_the_profile_its_line_is_left_out():
    assert list(told(profile=None)) == ["Records", "Open; changed"]


def test_spend_that_is_not_positive_has_no_shares():
    assert "spend" not in told(profile=profile(1000, 100, 0.0, 0.0))["Several records"]


@pytest.mark.parametrize(("several", "withheld"), [(9, True), (10, False), (990, False), (991, True)])
def test_few_who_looked_like_several_or_few_who_did_not_are_withheld(several, withheld):
    tables = {"profile": profile(1000, several), "channel_overlap": None, "identity_links": links(1000 + several, 1000)}
    first, second, _ = told(**tables).values()
    assert ("Their number is withheld" in second) == withheld
    assert (f"{several}" in second) != withheld
    assert (f"{1000 + several:,}" in first) != withheld


def test_few_with_two_records_in_one_system_cannot_be_computed_from_the_figure():
    # 105 have several records, the figure shows 100 in both systems: the 5 others must not follow
    tables = {"profile": profile(1000, 105), "channel_overlap": overlap(500, 400, 100)}
    tables["identity_links"] = links(1105, 1000)
    first, second, _ = told(**tables).values()
    assert "105" not in first + second and "1,105" not in first
    assert second.startswith("100 customers (10.0\u00a0%) looked like several people in two or more systems.")


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=5, max_size=5))
def test_no_small_group_follows_from_what_the_section_shows(counts):
    """Singles of two systems, people in both, and people with two records in one system: sums of what is told."""
    one, other, both, twice_one, twice_other = counts
    customers = sum(counts)
    if not customers:
        return
    table = overlap(one + twice_one, other + twice_other, both)
    table = table[table["customers"] > 0]
    doubles = twice_one + twice_other
    tables = {
        "profile": profile(customers, both + doubles),
        "channel_overlap": table,
        "identity_links": links(customers + both + doubles, customers),
        "identity_review": None,  # its counts, which are of other things, might be the same numbers
        "id_changes": None,
    }
    said = " ".join(told(**tables).values())
    shown = {int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d(?![\d.])", said.split(" pairs ")[0])}
    several = both + doubles
    if 0 < several < 10 or 0 < customers - several < 10:
        assert several not in shown - {customers, 10, 2} and customers + several not in shown - {customers, 10, 2}
    calls = drawn("upset", identity.overlap, data(**tables))
    drawn_both = calls and any(calls[0]["args"][0]["systems"] == "pos;web")
    if drawn_both and 0 < doubles < 10 and several >= 10:
        assert "looked like several people in two" in said or "withheld" in said
        assert customers + several not in shown - {customers, 10, 2, both}


def test_small_combinations_are_left_out_of_the_figure_with_another():
    [call, _] = drawn("upset", identity.overlap, data(channel_overlap=overlap(500, 400, 9)))
    assert call["args"][0]["systems"].tolist() == ["pos"]
    assert call["sizes"] == {"pos": None, "web": None}
    picture = identity.overlap(data(channel_overlap=overlap(500, 400, 9)), "en", charts)
    assert (
        "left out" in picture.measure
        and "409" not in picture.wide
        and picture.title == i18n.word("profile.overlap_plain", "en")
    )


def test_the_figure_says_definition_n_date_and_function():
    picture = identity.overlap(data(), "en", charts)
    assert picture.title == "10.0\u00a0% of customers (100) stand in two or more systems"
    definition = i18n.word("unified.overlap", "en")
    assert picture.caption.startswith(f"{definition} · n\u00a0=\u00a01,000 · as of 31 Oct 2026 · channel_overlap, ")
    assert re.search(r"customerbase/profile/overlap\.py:\d+$", picture.caption)


def test_large_tables_are_summed_up_without_a_customer():
    db = Engine()
    rows = "(values ('a', 'C1', true), ('a', 'C2', true), ('b', 'C1', false))"
    db.query(f"select * from {rows} t(source_system, customer_id, in_customers_src)").create_view("identity_links")
    people = "(values (2, 30.5, '茶', '東京都', null), (1, 9.5, null, '東京都', null))"
    db.query(f"select * from {people} t(accounts, net_spend, favourite_category, prefecture, member_rank)").create_view(
        "profile"
    )
    db.query("select 'grey_zone' as reason from range(3)").create_view("identity_review")
    db.query("select 'new' as change from range(2) union all select 'merged'").create_view("id_changes")
    for name, columns in {
        "quarantine": "'' as reason, '' as severity, '' as source_system, '' as file, 1 as line, '' as table_name,"
        " '' as column_name",
        "line_types": "'' as line_type, 1 as lines, 1 as amount, 0 as anonymous_lines",
        "orders": "'' as status, 1 as total, '' as source_customer_id",
        "cltv": "'' as customer_id, 1.0 as cltv, 1.0 as previous_cltv, 1.0 as purchases_3m, 1.0 as purchases_6m, 1.0 as purchases_12m,"
        " 1.0 as purchases_24m",
        "churn": "'' as customer_id, 90 as horizon_days, 0.5 as probability, 1.0 as cltv, '' as risk_band",
        "rfm": "1 as r, 1 as f, '' as segment, '' as customer_id",
        "campaigns": "'' as name",
        "timeline": "'' as kind, '' as detail",
    }.items():
        db.query(f"select {columns} where false").create_view(name)
    found = report.summed_up(db)
    assert found["identity_links"].iloc[0].to_dict() == {"records": 3, "known": 2, "systems": 2, "customers": 2}
    several = found["profile"].astype(float).iloc[0].to_dict()
    assert several == {"customers": 2, "several": 1, "net_spend": 40.0, "several_net_spend": 30.5}
    assert found["identity_review"].to_dict("list") == {"reason": ["grey_zone"], "pairs": [3]}
    assert found["names"]["name"].tolist() == ["東京都", "茶"]
    assert found["id_changes"].to_dict("list") == {"change": ["merged", "new"], "customers": [1, 2]}


def test_the_section_stands_in_the_page_with_its_caption():
    page = report.build(replace(data(), title={"ja": "店", "en": "Shop"}), "en", charts)
    section = re.search(r'<section id="identity">.*?</section>', page, flags=re.S)[0]
    assert section.count("<dt>") == 3 and section.count("<figure") == 1
    assert "identity_links, profile, identity_review, id_changes, customerbase/" in section
