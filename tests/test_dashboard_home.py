"""Home: what each page answers, which months are published with the state of their data, and the glossary."""

import json
import re

import board_tables as base
import pandas as pd
import pytest
import serving_base
from conftest import ROOT
from test_widgets import text, walk

from customerbase import charts, i18n, kpi, report
from customerbase.dashboards import home as maker
from customerbase.dashboards.part import records
from customerbase.segments import SEGMENTS
from customerbase.serving import audiences, folder
from customerbase.tables import store
from customerbase.widgets import home as pages
from customerbase.widgets.home import Home

LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)


def glossary(language: str):
    data = base.month()
    return maker.glossary(data, report.contents(data, language, charts), language, charts)


@LANGUAGES
def test_the_glossary_has_every_kpi_with_definition_formula_and_the_line_of_its_function(language):
    rows = {row[0]: row for row in glossary(language).rows}
    for one in kpi.KPIS.values():
        row = rows[kpi.name(one.id, language)]
        assert row[2] == (one.definition_ja if language == "ja" else one.definition_en)
        assert row[3] == one.formula.text() and row[5] == kpi.owner(one.id, language)
        file, line = row[6].split(":")
        assert f"def {one.id}(" in (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


@LANGUAGES
def test_the_glossary_explains_segments_intervals_suppression_and_the_light(language):
    table = glossary(language)
    terms = [row[0] for row in table.rows]
    said = " ".join(str(row[2]) for row in table.rows)
    assert len(terms) == len(set(terms)) and str(len(terms)) in table.title
    assert len([row for row in table.rows if row[1] == i18n.word("report.column.segment", language)]) == len(SEGMENTS)
    assert i18n.sentence("definition.suppressed", language, k=10) in said
    for state in ("sound", "care", "not_yet"):
        assert i18n.word(f"board_quality.light.{state}", language) in terms
    assert re.search(r"5\s?%", said) and re.search(r"20\s?%", said) and "{" not in said


def test_a_companys_own_owner_is_named():
    data = base.month(settings={"k_min": 10, "kpi_owners": {"revenue": "the board"}})
    table = maker.glossary(data, report.contents(data, "en", charts), "en", charts)
    assert {row[0]: row[5] for row in table.rows}["Revenue"] == "the board"


# the page


def publish(home, month: str, run: str = "run1", finished: str | None = "2026-11-02T03:04:05+0000", parts=True):
    serving_base.publish(home, month, run)
    place = home / "data/runs/sample" / month / run
    about = json.loads((place / "manifest.json").read_text()) | ({"finished_at": finished} if finished else {})
    (place / "manifest.json").write_text(json.dumps(about))
    if parts:
        data = base.month()
        made = [
            part
            for language in i18n.LANGUAGES
            for part in maker.parts(data, report.contents(data, language, charts), language, charts)
        ]
        pd.DataFrame(records(made, base.AS_OF)).to_parquet(place / "tables/dashboard_parts.parquet")


@pytest.fixture
def page(home, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv(pages.PAGES, "overview quality home no_such_page ../../etc")
    publish(home, "2026-09", finished=None, parts=False)  # by an older version
    publish(home, "2026-10")
    made = Home("sample", language="en")
    made.show()
    return made


def test_every_page_of_the_audience_is_linked_with_its_question_and_no_other(page):
    shown = text(page)
    assert re.findall(r'<a href="([^"]+)"', shown) == ["overview", "quality"]
    assert "Can the numbers be trusted, and what would make them better?" in shown


def test_every_published_month_has_its_state_date_time_and_run(page):
    rows = page._months().rows
    assert [row[0] for row in rows] == ["2026-10-01", "2026-09-01"]
    state, reason, as_of, published, run = rows[0][1:]
    assert state == "● can be trusted" and "98.5" in reason and as_of == "2026-10-28" and run == "run1"
    assert re.fullmatch(r"2 Nov 2026, \d\d:\d\d", published)
    assert rows[1][1:3] == ("–", None) and rows[1][4] is None


def test_the_page_follows_the_language_and_a_new_run(page, home):
    page.language_choice.value = "ja"
    assert "用語集" in text(page) and "○ 信頼できる" in text(page)
    publish(home, "2026-10", run="run2")
    page.month_choice.value = "2026-09"
    page.month_choice.value = "2026-10"
    assert "run2" in text(page)


def test_a_month_taken_back_while_the_page_stood_open_is_no_error(page, home, monkeypatch):
    (home / "data/runs/sample/2026-09/current.json").unlink()
    page.draw()
    assert "● can be trusted" in text(page) and "2026-09" not in text(page).replace("2026-09-", "")
    monkeypatch.setattr(store, "published_months", lambda _: ["2026-08", "2026-10"])  # gone between two looks
    page.draw()
    assert "● can be trusted" in text(page)


def test_months_and_glossary_can_be_saved(page):
    for button in [one for one in walk(page.page) if getattr(one, "description", "") == "Save the table for Excel"]:
        button.click()
        assert re.search(r'download="home-(months|glossary)-2026-10.xlsx"', page._saver.value)


def test_the_audiences_folder_tells_when_a_month_was_published_and_not_what_went_in(home):
    publish(home, "2026-10")
    with folder.opened("sample", audiences.find("managers")) as place:
        [manifest] = place.glob("home/data/runs/sample/2026-10/*/manifest.json")
        about = json.loads(manifest.read_text())
    assert about["finished_at"] == "2026-11-02T03:04:05+0000" and "inputs" not in about


@LANGUAGES
def test_every_page_that_an_audience_may_have_says_what_it_answers(language):
    for audience in audiences.audiences().values():
        for name in audience.pages:
            assert i18n.word(f"board_quality.page.{name}", language)
