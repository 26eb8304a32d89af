"""The report's section on the voice of the customer: who complains, what is new, what is at stake; few are never told of."""

import re
from datetime import date

import pandas as pd
import pytest
import voice_texts

from customerbase import charts, i18n, report
from customerbase.report import voice as told_of_voice
from customerbase.satisfaction import voice

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    texts = voice_texts.frame(1, extra={0: {"refill": 40, "parcel": 60}})
    made = voice.voice(voice_texts.company(texts, cltv=12_000.0), as_of=AS_OF, recent=6).tables()
    return {name: made[name] for name in told_of_voice.TABLES}


def data(tables: dict[str, pd.DataFrame], k_min: int = 10) -> report.ReportData:
    return report.ReportData(
        title={"ja": "見本", "en": "Sample"}, pipeline="p", as_of=AS_OF, tables=tables, settings={"currency": "JPY", "k_min": k_min}
    )  # fmt: skip


def section(tables: dict[str, pd.DataFrame], language: str, k_min: int = 10) -> str:
    return report.section(report.contents(data(tables, k_min), language, charts), "voice")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_new_and_at_stake_stands_there(tables, language):
    shown = section(tables, language)
    topics, worth = tables["voice_topics"].set_index("topic"), tables["voice_complaints"].iloc[0]
    new = topics.loc[topics["status"] == voice.NEW, "label"]
    assert len(new) and all(label in shown for label in new)
    assert topics.loc[worth["topic"], "label"] in shown
    assert i18n.number(worth["value"], "money", language, currency="JPY") in shown
    assert i18n.word("voice.caution", language).replace("'", "&#39;") in shown
    assert "<svg" in shown


def test_examples_are_those_of_topics_of_many_and_escaped(tables):
    evil = tables["voice_quotes"].assign(quote="<b>x</b> & =1")
    shown = section(tables | {"voice_quotes": evil}, "en")
    assert "<b>x</b>" not in shown and "&lt;b&gt;x&lt;/b&gt;" in shown
    lines = told_of_voice.quotes(data(tables), "ja")
    assert 1 <= len(lines) <= told_of_voice.QUOTED


def test_no_number_of_few_people_stands_there(tables):
    """With a threshold above every topic nothing is told of any; below it no count under the threshold is."""
    shy = section(tables, "en", k_min=1_000)
    assert not any(label in shy for label in tables["voice_topics"]["label"]) and "<svg" not in shy
    said = [text for _, text in told_of_voice.lines(data(tables, 20), "en")]
    counts = [int(found) for text in said for found in re.findall(r"The (\d+) customers", text)]
    assert counts and min(counts) >= 20


def test_without_the_page_there_is_no_section_and_without_texts_it_says_so(tables):
    assert section({}, "en") == ""
    empty = {name: table.iloc[:0] for name, table in tables.items()}
    assert "Nobody wrote in the last 13 months." in section(empty, "en")
    assert told_of_voice.picture(data(empty), "en", charts) is None and told_of_voice.quotes(data(empty), "en") == []


def test_it_stands_between_the_customers_and_the_quality_of_data(tables):
    order = re.findall(r'<section id="(\w+)">', report.page(report.contents(data(tables), "en", charts)))
    assert order[order.index("voice") - 1 : order.index("voice") + 2] == ["attributes", "voice", "identity"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_label_stands_once(tables, language):
    labels = [label for label, _ in told_of_voice.lines(data(tables), language)]
    assert len(labels) == len(set(labels)) == 4
