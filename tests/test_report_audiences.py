"""Audiences as report and dashboard tell them: the same numbers, none small, foreign names escaped, in words where there is none."""

import json
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from audience_world import AS_OF, counts, known, shop, spec
from markupsafe import Markup, escape
from test_report import EVIL, data

from customerbase import charts, i18n, report
from customerbase.audiences import evaluating, reading, said
from customerbase.charts.audiences import Pictures, shares
from customerbase.dashboards import audiences as board
from customerbase.report import audiences as letter
from customerbase.report.blocks import sections
from customerbase.report.workbook import sheets

LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)


@cache
def made() -> evaluating.Made:
    """3,000 people, two of three with a known state of consent, and four audiences: large, small, overlapping and over."""
    random = np.random.default_rng(3)
    ids = [f"k{n:05d}" for n in range(3000)]
    people = pd.DataFrame(
        {
            "customer_id": ids,
            "orders": random.integers(0, 10, 3000),
            "segment": random.choice(["champions", "lost"], 3000),
            "net_spend": random.integers(1, 90, 3000) * 1000.0,
        }
    )
    chances = [["granted", "withdrawn", "granted"][random.integers(3)] for _ in ids]
    states = {
        who: {"email": state, "line": state} for who, state in zip(ids, chances, strict=True) if random.random() < 0.7
    }
    evil = {"en": f"Large {EVIL}", "ja": f"大 {EVIL}"}
    given = {
        "large": spec(title=evil, channels=["email", "line"], holdout=0.2, value="rfm.net_spend"),
        "other": spec(rule="orders >= 5", exclude=["champions"], cap={"most": 100, "by": "rfm.net_spend"}),
        "small": spec(rule="orders >= 9 and rfm.net_spend <= 2000", value="rfm.net_spend"),
        "over": spec(until="2026-09"),
    }
    read = reading.read_audiences(given, known(), {"global_control": 0.1})
    return evaluating.make(shop(people, states), read, as_of=AS_OF)


def tables(found: evaluating.Made | None = None) -> dict[str, pd.DataFrame]:
    one = found or made()
    return dict(zip(said.TABLES, (one.reach, one.sizes, one.drops, one.overlap), strict=True))


def of(language: str, **given: pd.DataFrame) -> dict:
    """What the section's template is given."""
    shared = {
        "language": language,
        "svg": Markup,
        "segment_colors": charts.SEGMENT_COLORS,
        "word": lambda key, **more: i18n.sentence(key, language, **more),
    }
    return shared | letter.told(data(**given), language, charts)


@cache
def told(language: str) -> dict:
    return of(language, **tables())


@LANGUAGES
def test_the_section_says_what_the_tables_hold_and_escapes_foreign_names(language):
    text = report.section(told(language), "audiences")
    found = counts(made(), "large")
    assert 300 < found["target"] < 2000 and f"{found['target']:,}" in text
    assert EVIL not in text and str(escape(EVIL)) in text
    small = counts(made(), "small")["target"]
    assert 0 < small < 10
    for label in ("reach", "ready", "lost", "overlap", "kept", "next_step"):
        assert i18n.word(f"audiences.report.{label}", language) in text
    assert re.search(r"10\s?%.*20\s?%", dict(told(language)["audiences"])[i18n.word("audiences.report.kept", language)])
    row = next(row for row in told(language)["audience_rows"] if "orders" not in row["name"] and row["target"] == "*")
    assert row["value"] == i18n.MISSING


@LANGUAGES
def test_no_small_number_is_shown_and_withheld_ones_are_starred(language):
    rows = told(language)["audience_rows"]
    assert len(rows) == 4  # large twice, other, small; what is over is not there
    cells = [row[step] for row in rows for step in row if step not in ("name", "value")]
    numbers = [int(cell.replace(",", "")) for cell in cells if cell != "*"]
    assert "*" in cells and all(n == 0 or n >= 10 for n in numbers)
    everything = json.dumps([part.content for part in board.parts(data(**tables()), told(language), language, charts)])
    assert "k00" not in everything  # nobody's id


@LANGUAGES
def test_report_and_dashboard_say_the_same(language):
    found = {part.name: part for part in board.parts(data(**tables()), told(language), language, charts)}
    assert list(found) == ["lines", "steps", "reach", "drops", "listing", "reached", "overlap"]
    drops = found["drops"].table()
    assert [f"{cell:,}" if isinstance(cell, int) else cell for cell in drops.rows[0][1:]] == [
        told(language)["audience_rows"][0][step] for step, _ in told(language)["audience_heads"][:-1]
    ]
    listing = found["listing"].table()
    assert listing.rows[-1][4] == i18n.word("audiences.valid.ended", language) and listing.rows[-1][5] is None
    assert [row[2] >= 10 for row in found["overlap"].table().rows] and "audience_overlap" in found[
        "overlap"
    ].table().caption
    text = found["lines"].content
    assert EVIL not in text and str(escape(EVIL)) in text


@LANGUAGES
def test_the_table_has_a_sheet_of_its_own(language):
    [section] = sections(told(language), ("audiences",))
    names = [sheet.name for sheet in sheets([section], language)]
    assert names == [i18n.word("audiences.title.drops", language)[:31]]


@LANGUAGES
def test_without_the_page_there_is_no_section_and_without_consents_a_sentence(language):
    assert report.section(of(language), "audiences") == ""
    empty = tables(evaluating.make(shop(_nobody(), {}), reading.read_audiences({}, known()), as_of=AS_OF))
    nothing = of(language, **empty)
    assert i18n.word("audiences.empty", language) in report.section(nothing, "audiences")
    [part] = board.parts(data(**empty), nothing, language, charts)
    assert i18n.word("audiences.empty", language) in part.content
    one = reading.read_audiences({"some": spec()}, known())
    alone = tables(evaluating.make(shop(_nobody(), {}), one, as_of=AS_OF))
    said_ = dict(said.lines(alone, language, 10))
    assert i18n.word("audiences.no_consents", language) in said_.values()
    assert i18n.word("audiences.report.kept_none", language) in said_.values()
    assert i18n.word("audiences.report.todo_holdout", language) in said_.values()


def _nobody() -> pd.DataFrame:
    people = {"customer_id": [f"k{n}" for n in range(40)], "orders": range(40), "segment": "lost", "net_spend": 1.0}
    return pd.DataFrame(people)


@LANGUAGES
def test_the_page_shows_the_same_in_pictures(language):
    look = Pictures(made(), language)
    assert look.lines() == [f"{label}: {text}" for label, text in told(language)["audiences"]]
    assert len(look.listing()) == 5 and len(look.drops()) == 4
    for figure in (look.reach(), look.steps()):
        assert not isinstance(figure, str)
    empty = Pictures(evaluating.make(shop(_nobody(), {}), reading.read_audiences({}, known()), as_of=AS_OF), language)
    assert empty.reach() == i18n.word("audiences.no_consents", language)
    assert empty.steps() == i18n.word("audiences.none", language)
    assert not len(empty.overlap()) and not len(empty.drops()) and not len(empty.listing())


def test_bars_are_shares_of_their_row():
    rows = [("a", {"target": 30, "no_consent": 70}), ("b", {"target": 10})]
    figure = shares(rows, {"target": "T", "no_consent": "N"}, title="", caption="", language="en")
    widths = [patch.get_width() for patch in figure.axes[0].patches]
    assert widths == pytest.approx([0.3, 0.7, 1.0, 0.0])
