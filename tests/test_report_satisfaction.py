"""The report's section on satisfaction: only what is clear is called so, few are not told of, everything in both languages."""

import re
from datetime import date

import numpy as np
import pytest
import satisfaction_world as world
from test_report import read

from customerbase import charts, i18n, report
from customerbase.charts.satisfied import Pictures
from customerbase.report import satisfaction as told_of
from customerbase.satisfaction import satisfaction

AS_OF = date(2026, 10, 31)
QUESTIONS = {
    "q": {"role": "nps"}, "all": {"role": "csat", "en": "Overall", "ja": "総合"},
    "ship": {"role": "item", "en": "<b>Delivery</b>", "ja": "配送"}, "site": {"role": "item", "en": "Site", "ja": "サイト"},
}  # fmt: skip


def study(people: int = 320, fall: float = 0.0, alike: bool = False, asked: bool = True):
    """Two waves; delivery moves satisfaction, buyers answer more often; `fall`: how much the second wave lies lower."""
    rng = np.random.default_rng(9)
    links, orders, answers, invited = [], [], [], []
    for number in range(people):
        name, bought = str(number), number % 3
        links.append((f"C{name}", "s", name))
        orders += [
            (f"C{name}", "web" if number % 2 else "store", f"2026-0{month}-03", 1, 1000)
            for month in range(1, 3 + bought)
        ]
        for wave, start in (("S1", "2026-04-05"), ("S2", "2026-09-05")):
            invited.append(("s", wave, name, start))
            if rng.random() < 0.25 + 0.2 * bought:
                ship = int(rng.random() < 0.6)
                mood = rng.normal(6.4 + 1.6 * ship - (fall if wave == "S2" else 0), 1.2)
                given = {
                    "q": ("nps", mood),
                    "all": ("five", mood / 2),
                    "ship": ("yes_no", ship),
                    "site": ("yes_no", rng.integers(2)),
                }
                for question, (scale, raw) in given.items():
                    low, high = {"nps": (0, 10), "five": (1, 5), "yes_no": (0, 1)}[scale]
                    value = high if alike and scale != "yes_no" else int(np.clip(np.round(raw), low, high))
                    answers.append(("s", f"{wave}-{name}", wave, name, question, start, start, scale, value, None))
    db = world.database(
        survey_answers=answers,
        identity_links=links,
        customer_orders=orders,
        survey_invitations=invited if asked else [],
        surveys=[("s", "S1", "2026-04-05", people), ("s", "S2", "2026-09-05", people)],
    )
    world.profiles(db)
    return satisfaction(db, as_of=AS_OF, questions=QUESTIONS)


STUDY = study()


def data(result=STUDY) -> report.ReportData:
    tables = result.tables() if result else {}
    return report.ReportData(
        title={"ja": "みのり屋", "en": "Minoriya"}, pipeline="sample", as_of=AS_OF, tables=tables,
        settings={"currency": "JPY", "k_min": 10, "survey_questions": QUESTIONS},
    )  # fmt: skip


def section(result, language: str) -> str:
    return report.section(report.contents(data(result), language, charts), "satisfaction")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_scores_months_response_and_drivers_stand_with_n_interval_and_as_of(language):
    lines = dict(told_of.lines(data(), language))
    assert len(lines) == 7 and all(lines.values())
    row = STUDY.scores[(STUDY.scores["dimension"] == "all") & (STUDY.scores["measure"] == "nps")].iloc[0]
    said = lines[i18n.word("satisfaction.score_label", language)]
    assert i18n.number(row["score"], "score", language) in said and f"{int(row['n']):,}" in said
    assert ("配送" if language == "ja" else "Delivery") in lines[i18n.word("satisfaction.driver_label", language)]
    part = section(STUDY, language)
    assert part.count("<figure") == part.count("<figcaption") == 2
    assert "<b>Delivery</b>" not in part  # names of questions come from outside
    assert re.search(r"satisfaction_drivers, customerbase/satisfaction/drivers\.py:\d+</figcaption>", part)
    assert not re.search(r"\bnan\b", "".join(read(part).text), flags=re.I)


def test_a_fall_is_called_one_and_asks_for_something_to_be_done_and_calm_does_not():
    fallen = dict(told_of.lines(data(study(fall=2.2)), "en"))
    assert "clearly below" in fallen["Month by month"] and "clearly fell" in fallen["What to do next"]
    calm = dict(told_of.lines(data(), "en"))
    assert "No clear change" in calm["Month by month"] and "fell" not in calm["What to do next"]


def test_who_was_asked_is_said_to_be_unknown_where_it_is():
    known, unknown = (dict(told_of.lines(data(one), "en"))["Who answered"] for one in (STUDY, study(asked=False)))
    assert re.search(r"Of 640 requests \d\d\.\d.% were answered", known) and "not on record" not in known
    assert "not on record" in unknown and "with weights" in unknown


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_company_without_page_09_has_no_section_and_one_with_a_handful_of_answers_hears_so(language):
    assert 'id="satisfaction"' not in report.build(data(None), language, charts)
    for people in (0, 8):
        few = study(people=people)
        part = section(few, language)
        assert i18n.word("satisfaction.empty_report", language) in part and "<figure" not in part
        look = Pictures(few, language, QUESTIONS)
        told = [*look.remarks(), *look.said(), *look.answered(), *look.after(), *look.matters()]
        assert told and not re.search(r"\bnan\b", " ".join(told), flags=re.I)
        assert all(isinstance(one, str) for one in (look.trend(), look.groups(), look.links(), look.drivers()))
        assert look.scores().empty


def test_answers_all_alike_are_told_of_with_their_width():
    alike = study(alike=True)
    row = alike.scores[(alike.scores["dimension"] == "all") & (alike.scores["measure"] == "nps")].iloc[0]
    assert row["score"] == row["high"] == 100 and row["low"] < 99
    assert "100" in dict(told_of.lines(data(alike), "en"))["Score"]
    look = Pictures(alike, "en", QUESTIONS)
    for figure in (look.trend(), look.groups(dimension="channel")):
        assert isinstance(figure, charts.Figure)


@pytest.mark.parametrize("width", [3.7, 7.0])
def test_pictures_say_their_finding_and_name_everything(width):
    look = Pictures(STUDY, "en", QUESTIONS)
    svg = charts.svg(look.drivers(width=width))
    assert "Delivery" in svg and "Site" in svg and "Shapley" in svg
    assert "Net Promoter Score" in charts.svg(look.trend(width=width))
    assert len(look.rates()) > 8 and len(look.drivers_listed()) >= 2
    assert list(look.rates()["Group"].drop_duplicates())[:2] == ["All", "Survey"]
