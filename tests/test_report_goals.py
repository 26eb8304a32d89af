"""The report's goals and actions: sentences agree with the tables, free text stays text, nothing fails when empty."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from test_report import AS_OF, EVIL, Reader, data, kpis

from customerbase import charts, i18n, kpi, report
from customerbase.kpi.ledger import Entry
from customerbase.kpi.pdca import pdca
from customerbase.periods import add_months, month_range
from customerbase.report import actions, goals, headline, sections

JUNE, OCTOBER = "aaaaaaaaaaa6", "aaaaaaaaaa10"
RUNS = {JUNE: "2026-06", OCTOBER: "2026-10"}
BY = date(2027, 3, 1)
COLUMNS = ["as_of", "kpi", "owner", "base_month", "base", "goal", "by", "actual", "low", "high", "forecast"]
COLUMNS += [
    "forecast_low",
    "forecast_high",
    "probability",
    "needed_per_month",
    "pace_now",
    "months_left",
    "months_known",
]
COLUMNS += ["status", "fault"]


def goal(kpi_id: str = "repeat_rate", **changes: object) -> dict:
    """A goal of 70 % by March 2027, now at 50 %, forecast at 55 %, with a chance of 12 %."""
    row = dict.fromkeys(COLUMNS) | {"as_of": AS_OF, "kpi": kpi_id, "owner": "CRM", "goal": 0.7, "by": BY}
    row |= {"actual": 0.5, "low": 0.45, "high": 0.55, "forecast": 0.55, "forecast_low": 0.4, "forecast_high": 0.68}
    row |= {"probability": 0.12, "needed_per_month": 0.04, "pace_now": -0.01, "months_left": 5, "months_known": 24}
    return row | {"status": "unlikely", "fault": ""} | changes


def action(number: int, **changes: object) -> Entry:
    text = {"id": f"A{number}", "hypothesis": f"h {EVIL}", "action": f"do {EVIL}", "owner": "CRM", "kpi": "repeat_rate"}
    text |= {"start": date(2026, 7, 1), "status": "doing", "decided_in": JUNE, "decided_on": date(2026, 7, 3)}
    return Entry(**text | changes)


def tables(*rows: dict, entries: tuple[Entry, ...] = (), known: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    months = month_range(add_months(AS_OF, 1), BY)
    ahead = [(row["kpi"], month, 0.55, 0.4, 0.68, 0.6) for row in rows if row["by"] for month in months]
    told = [("all", 1, 100, 82, 0.82, 0.7, 0.9, 0.8, 1.0), ("all", 6, 40, 30, 0.75, 0.5, 0.9, 0.9, 1.0)]
    names = ["kpi", "horizon", "n", "covered", "share", "share_low", "share_high", "loss", "naive_loss"]
    return {
        "goals": pd.DataFrame(list(rows), columns=COLUMNS),
        "goal_paths": pd.DataFrame(ahead, columns=["kpi", "month", "forecast", "low", "high", "needed"]),
        "goal_backtest": pd.DataFrame(told, columns=names),
        "pdca": pdca(entries, pd.DataFrame(columns=["kpi", "month"]) if known is None else known, RUNS, as_of=AS_OF),
    }


def told(language: str, *rows: dict, **options: object) -> dict[str, str]:
    return dict(goals.lines(data(**tables(*rows, **options)), language))


@pytest.fixture(params=["ja", "en"])
def language(request) -> str:
    return request.param


def test_without_page_12b_there_is_no_section(language):
    assert goals.lines(data(), language) is None
    assert 'id="goals"' not in report.build(data(), language, charts)


def test_the_section_follows_the_table_of_kpis(language):
    page = report.build(data(**tables(goal(), entries=(action(1),))), language, charts)
    assert re.findall(r'<section id="(\w+)"', page)[3:6] == ["kpi", "goals", "segments"]


def test_what_people_wrote_stays_text_and_links_lead_to_the_runs_report(language):
    entries = (action(1), action(2, status="done", result=EVIL, decision=EVIL, checked_in=OCTOBER))
    page = report.build(data(**tables(goal(), entries=entries)), language, charts)
    reader = Reader()
    reader.feed(page)
    assert "script" not in reader.tags and EVIL in "".join(reader.text)
    links = {address for address in reader.addresses if address.startswith("../../")}
    assert links == {f"../../2026-06/{JUNE}/report.{language}.html", f"../../2026-10/{OCTOBER}/report.{language}.html"}


def test_goals_are_counted_by_state():
    rows = goal(), goal("retention_rate", status="on_track"), goal("revenue", status="on_track", goal=5e6)
    assert told("en", *rows)["Goals"] == "Of 3 goals: 2 on track and 1 unlikely."
    assert told("ja", *rows)["目標"] == "3個の目標のうち、「順調」が2個、「達成は困難」が1個です。"
    assert told("en", goal())["Goals"] == "One goal is set: unlikely."
    assert "No goals are set yet" in told("en")["Goals"]


def test_a_faulty_goal_says_what_is_wrong(language):
    for fault in ("impossible", "already", "no_base"):
        said = next(iter(told(language, goal(status="faulty", fault=fault, probability=None, forecast=None)).values()))
        assert i18n.sentence(f"goals.fault.{fault}", language, kpi=kpi.name("repeat_rate", language)) in said


def test_coverage_is_told_with_its_number():
    assert told("en", goal())["How right before"].endswith(
        "82\u00a0% at one month ahead (n = 100) and 75\u00a0% at 6 months ahead (n = 40)."
    )
    empty = tables(goal()) | {"goal_backtest": tables()["goal_backtest"].head(0)}
    assert dict(goals.lines(data(**empty), "en"))["How right before"] == "No past forecast has an outcome yet."
    undated = goal(by=None, status="open", probability=None, forecast=None, months_left=0)
    assert "How right before" not in told("en", undated)  # without a forecast there is nothing to be right about


@pytest.mark.parametrize(
    ("probability", "ja", "en"),
    [(0.0001, "1%未満", "under 1 %"), (0.994, "99%超", "over 99 %"), (0.666, "67%", "67\u00a0%"), (None, "–", "–")],
)
def test_a_chance_is_never_none_nor_certain(probability, ja, en):
    assert (goals.chance(probability, "ja"), goals.chance(probability, "en")) == (ja, en)


def test_what_to_do_next_in_its_order():
    late, plain = action(1, due=date(2026, 9, 30)), action(2, due=date(2026, 12, 31))
    assert told("en", goal(), entries=(late, plain))["What to do next"] == "Decide on what is overdue: A1."
    assert "get on (A2)" in told("en", goal(), entries=(plain,))["What to do next"]
    assert "no open action aims at it" in told("en", goal(), entries=(action(3, kpi="revenue"),))["What to do next"]
    fine = goal(status="on_track", probability=0.9)
    assert told("en", fine, entries=(plain,))["What to do next"] == "Nothing needs doing."


def test_actions_are_counted_and_last_months_followed_up():
    done = action(2, status="done", result="r", checked_in=OCTOBER)
    new = action(3, decided_in=OCTOBER, decided_on=date(2026, 11, 4), start=date(2026, 11, 10), status="planned")
    said = told("en", goal(), entries=(action(1, due=date(2026, 10, 31)), done, new))["Actions"]
    assert said == "2 actions are open. 1 of them overdue. Of the 2 open last month: 1 under way and 1 done."
    empty = told("en", goal())["Actions"]
    assert empty.startswith("No actions are recorded yet") and "pipelines/ledger/sample.csv" in empty
    assert "pipelines/ledger/sample.csv" in told("ja", goal())["施策"]
    frame = report.action_frame(data(**tables(goal(), entries=(done, new))), "en")
    assert list(frame["id"]) == ["A3", "A2"] and list(frame["Checked on"]) == ["–", OCTOBER]


def test_the_change_of_an_actions_kpi_is_told_with_its_interval(monkeypatch):
    frame = pd.DataFrame(
        [("repeat_rate", date(2026, m, 1), v, v - 0.02, v + 0.02) for m, v in ((6, 0.4), (10, 0.5))],
        columns=["kpi", "month", "value", "low", "high"],
    )
    shown = data(**tables(goal(), entries=(action(1),), known=frame))
    [row] = shown.rows("pdca")
    half = (0.02**2 + 0.02**2) ** 0.5 * 100  # both ends of both months, at right angles
    expected = f"Repeat rate +10.0\u00a0pt (+{10 - half:.1f}\u00a0pt to +{10 + half:.1f}\u00a0pt): better"
    assert actions.effect(shown, row, "en") == expected
    monkeypatch.setitem(kpi.KPIS, "repeat_rate", replace(kpi.KPIS["repeat_rate"], higher_is_better=False))
    assert actions.effect(shown, row, "en").endswith(": worse")
    assert actions.effect(shown, row | {"verdict": "no_clear_change"}, "en").endswith(": no clear change")
    assert actions.effect(shown, row | {"change": None}, "en") == "Repeat rate (nothing to compare yet)"
    assert actions.effect(shown, row | {"kpi": ""}, "en") == "–"
    assert "not proof that the action did it" in report.build(shown, "en", charts)


def test_the_picture_says_its_finding(language):
    drawn = goals.pictures(
        data(**tables(goal(), goal("retention_rate", probability=0.6, status="at_risk"))), language, charts
    )
    assert [one.title for one in drawn] == [
        i18n.sentence(
            "goals.finding", language, kpi=kpi.name(kpi_id, language), by="2027年3月" if language == "ja" else "Mar 2027",
            goal=i18n.number(0.7, "rate", language), chance=i18n.number(share, "rate", language).replace(".0", ""),
        )
        for kpi_id, share in (("repeat_rate", 0.12), ("retention_rate", 0.6))
    ]  # fmt: skip
    assert all(i18n.word("goals.column.goal", language) in one.wide for one in drawn)
    early = data(**tables(goal(status="too_early")))
    assert i18n.number(0.12, "rate", language) not in goals.pictures(early, language, charts)[0].title
    assert goals.goal_rows(early, language)[0]["probability"] == "–"


def test_at_its_goal_already_needs_nothing(language):
    [row] = goals.goal_rows(data(**tables(goal(actual=0.72, status="on_track", needed_per_month=-0.004))), language)
    assert row["needed"] == i18n.word("goals.there", language)
    [row] = goals.goal_rows(data(**tables(goal())), language)
    assert row["needed"].startswith("+4.0") and row["pace"].startswith("−1.0")


# --- the other places that speak of goals ----------------------------------------------------------------------------


def spoken(*rows: dict, goals_given: dict, language: str = "en") -> str:
    quiet = {"segment_summary": data().tables["segment_summary"].head(0), "quarantine": pd.DataFrame()}
    shown = data(**quiet, kpi=kpis(before={}, last_year={}), **tables(*rows))
    return headline._about_goals(replace(shown, goals=goals_given), language)


def test_the_headline_speaks_of_the_chance_of_a_goal_with_a_date():
    given = {"repeat_rate": {"base": "2026-06", "goal": "+20 %", "by": "2027-03"}}
    said = spoken(goal(), goals_given=given)
    assert said.startswith("Repeat rate has a chance of 12\u00a0% of reaching its goal of 70.0\u00a0% in Mar 2027")
    assert "確率は12%" in spoken(goal(), goals_given=given, language="ja")
    assert spoken(goal(status="on_track", probability=0.8), goals_given=given) == ""
    assert spoken(goal(status="too_early"), goals_given=given) == ""
    assert spoken(goal(status="faulty", fault="already", probability=None), goals_given=given) == ""


def test_the_headline_speaks_of_the_gap_of_a_goal_without_one():
    open_goal = goal(by=None, status="open", probability=None, forecast=None, goal=0.99)
    assert "short of its goal of 99.0" in spoken(open_goal, goals_given={"repeat_rate": 0.99})


def test_tiles_name_the_value_of_the_goal():
    shown = replace(data(**tables(goal(goal=0.01))), goals={"repeat_rate": {"goal": "+2 points"}})
    tile = next(one for one in sections.tiles(shown, "en") if one["name"] == "Repeat rate")
    assert tile["goal"] == "Goal 1.0\u00a0%: reached"
    without = replace(data(), goals={"repeat_rate": {"goal": "+2 points"}})
    assert next(one for one in sections.tiles(without, "en") if one["name"] == "Repeat rate")["goal"] == ""


def test_what_the_page_shows(language):
    shown = data(**tables(goal(), entries=(action(1),)))
    assert report.goal_frame(shown, language).iloc[0, 0] == kpi.name("repeat_rate", language)
    assert "<img" in report.goal_pictures(shown, language, charts) and "<dl>" in report.goal_sentences(shown, language)
    assert len(report.backtest_frame(shown, language)) == 2
    nothing = data(**tables())
    assert i18n.word("goals.no_dates", language) in report.goal_pictures(nothing, language, charts)
    assert report.goal_frame(nothing, language).empty and report.action_frame(nothing, language).empty
