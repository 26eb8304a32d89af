"""The report's section on groups of customers: its words agree with the tables, small groups are left out, no page 07c no section."""

import re
from datetime import date

import pandas as pd
import pytest
from group_bases import engine, kinds
from test_report import EVIL, data, read

from customerbase import charts, i18n, report
from customerbase.report import groups
from customerbase.segments import clusters


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    columns, _ = kinds(1, {"web": 200, "shop": 300, "bargain": 150})
    options = clusters.Options(bootstraps=4, draws=4)
    made = clusters.group(engine(columns), as_of=date(2026, 10, 31), options=options).tables()
    return {name: made[name] for name in groups.TABLES}


def section(language: str, told_of) -> str:
    return re.search(r'<section id="groups">.*?</section>', report.build(told_of, language, charts), flags=re.S)[0]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_cards_are_those_of_the_tables(tables, language):
    told = data(**tables)
    summary = tables["group_summary"].sort_values("customers", ascending=False)
    rows = groups.rows(told, language)
    assert [row["customers"] for row in rows] == [f"{n:,}" for n in summary["customers"]]
    assert [row["name"] for row in rows] == [
        f"{g} {label}" for g, label in zip(summary["group_id"], summary[f"label_{language}"], strict=True)
    ]
    page = section(language, told)
    text = "".join(read(page).text)
    for row in rows:
        assert all(row[name] in text for name in ("name", "share", "revenue", "above", "below"))
    assert groups.lines(told, language)[0] in text and i18n.word("groups.title", language) in text
    assert i18n.sentence("chart.n", language, n=f"{summary['customers'].sum():,}") in text


def test_the_sentences_in_words(tables):
    choice = tables["group_choice"]
    row = choice[choice["is_chosen"]].iloc[0]
    index = f"{row['ari_mean']:.2f}, {row['ari_low']:.2f} to {row['ari_high']:.2f}"
    assert groups.lines(data(**tables), "en") == [
        "There are 3 clear groups of customers.",
        f"The 3 stand apart by {row['excess']:.2f} more than customers without groups would, and samples drawn again agree"
        f" with them (mean adjusted Rand index {index}).",
        groups.lines(data(**tables), "en")[2],
        "The groups are numbered from this month on.",
    ]
    divisions = choice.assign(verdict="continuum", reason="division")
    assert groups.lines(data(**tables | {"group_choice": divisions}), "ja")[0] == (
        "はっきりしたグループはありません。顧客は連続的に分布しています。"
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_above_has_a_larger_value_than_the_base(tables, language):
    cards = tables["group_cards"]
    ranked = cards[cards["rank"].notna()]
    assert len(ranked) and (ranked["effect"].abs() >= 0.147).all()
    continuous = ranked[ranked["statistic"] == "median"]
    assert ((continuous["value"] > continuous["base"]) == (continuous["effect"] > 0)).mean() > 0.9


def test_small_groups_are_left_out_and_it_is_said(tables):
    small = tables["group_summary"].assign(customers=[4, 340, 306])
    told = data(**tables | {"group_summary": small})
    assert len(groups.rows(told, "en")) == 1 and groups.left_out(told, "en")
    assert groups.left_out(data(**tables), "en") == ""
    text = "".join(read(section("en", told)).text)
    assert groups.left_out(told, "en") in text and "306" not in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_without_groups_the_section_says_so_and_without_the_page_there_is_none(tables, language):
    empty = data(**{name: table.head(0) for name, table in tables.items()})
    assert groups.lines(empty, language) == [] and groups.terms(empty, language) == []
    assert i18n.word("groups.report.empty", language) in section(language, empty)
    assert groups.lines(data(), language) is None
    assert 'id="groups"' not in report.build(data(), language, charts)


def test_what_stands_in_a_table_is_text(tables):
    spoilt = tables["group_summary"].assign(label_en=EVIL, label_ja=EVIL)
    assert EVIL not in section("en", data(**tables | {"group_summary": spoilt}))
