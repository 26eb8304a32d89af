"""The page Audiences on triggers, offers and ranks: what the report says, and no number of few people by any way round."""

import pandas as pd
import pytest
from budget_world import offer
from test_report_budget import RANKS, SCHEMES, month
from test_report_triggers import MANY, counts
from test_report_triggers import data as triggered

from customerbase import charts, i18n
from customerbase.audiences.budget import said
from customerbase.dashboards import occasions as board
from customerbase.dashboards import texts
from customerbase.dashboards.part import TABLE
from customerbase.report import budget, triggers

LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)


def parts(data, language: str) -> dict:
    told = triggers.contents(data, language, charts) | budget.told(data, language, charts)
    return {part.name: part for part in board.parts(data, told, language, charts)}


@LANGUAGES
def test_triggers_are_told_as_in_the_report(language):
    data = triggered(MANY)
    found, told = parts(data, language), triggers.contents(data, language, charts)
    assert list(found) == ["triggers", "trigger_table"]
    assert told["triggers"][0][1] in found["triggers"].content and "<svg" in found["triggers"].content
    table = found["trigger_table"].table()
    assert [list(row) for row in table.rows] == told["trigger_rows"][1:]
    assert "trigger_counts" in table.caption and "2026" in table.caption
    assert [column.unit for column in table.columns[:3]] == ["text", "figure", "figure"]
    few = parts(triggered(counts({"queued": 4, "no_consent": 30}, {"queued": 60, "no_consent": 50})), language)
    row = few["trigger_table"].table().rows[0]
    assert row[1] == "34" and not {"4", "30"} & set(row)


@LANGUAGES
def test_offers_limits_and_ranks_are_told_as_in_the_report(language):
    data = month({"total": 40, "offers": {"mail": offer()}}, {"ranks": RANKS, "schemes": SCHEMES})
    found, told = parts(data, language), budget.told(data, language, charts)
    assert list(found) == ["budget", "offers", "limits", "ranks"]
    assert found["budget"].content.count("<figure") == 3
    assert [list(row) for row in found["offers"].table().rows] == told["budget_rows"][1:]
    assert [list(row) for row in found["ranks"].table().rows] == told["budget_ranks"][1:]
    for part in found.values():
        if part.kind == TABLE:
            assert part.table().caption.count("customerbase/") == 1
    assert found["limits"].table().rows[0][0] == i18n.word("budget.kind.money", language)


def test_the_use_of_a_limit_does_not_tell_how_few_get_an_offer():
    offers = pd.DataFrame({"contacts": [4, 30, 80], "channel": ["post", "email", "push"]})
    kinds = [("money", None, None, 900.0), ("hours", "post", None, 0.8), ("contacts", "email", None, 30.0),
             ("contacts", "push", None, 80.0), ("hours", "phone", "Sato", 2.0)]  # fmt: skip
    limits = pd.DataFrame(kinds, columns=["kind", "channel", "person", "used"]).assign(room=1000.0, price=0.0)
    data = triggered(None)
    data.tables.update({said.LIMITS: limits, said.OFFERS: offers})
    [part] = board._limits(data, "", "en", charts)
    # the least other offer is withheld with the few: its use of e-mail would give the few back from all contacts
    assert [row[2] for row in part.table().rows] == ["¥900", "*", "*", "80", "*"]


@LANGUAGES
def test_without_the_pages_nothing_and_without_offers_or_triggers_a_sentence(language):
    assert parts(triggered(None), language) == {}
    found = parts(triggered(MANY.iloc[:0]), language)
    assert list(found) == ["triggers"] and i18n.word("triggers.none", language) in found["triggers"].content
    found = parts(month({}, None), language)
    assert list(found) == ["budget"] and i18n.word("budget.empty", language) in found["budget"].content


def test_numbers_stand_right_and_words_left():
    frame = pd.DataFrame({"name": ["2 for 1", "b"], "money": ["+¥1.3K", i18n.MISSING], "arms": ["12 / 30", f"{i18n.MISSING} / {i18n.MISSING}"],
                          "all": [i18n.MISSING] * 2, "word": ["not proven", i18n.MISSING], "none": ["", ""], "few": ["<10", "*"]})  # fmt: skip
    made = texts.table(frame, "t", "c")
    assert [one.unit for one in made.columns] == ["text", "figure", "figure", "figure", "text", "text", "figure"]
    assert made.rows[1][:2] == ("b", i18n.MISSING)
    indexed = texts.table(frame.set_index("name"), "t", "c")
    assert indexed.rows == made.rows and indexed.columns[0].head == "name"
