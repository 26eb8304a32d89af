"""Goals as people write them, what cannot be, and where a KPI stands, by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from customerbase import kpi
from customerbase.errors import ConfigError
from customerbase.kpi import registry
from customerbase.kpi.goals import GOAL_COLUMNS
from customerbase.kpi.targets import read_targets
from customerbase.periods import add_months, month_range
from customerbase.stage import company

AS_OF, NOW = date(2026, 10, 31), date(2026, 10, 1)
BASE = {"base": "2026-06", "by": "2027-03"}


def one(kpi_id: str, given: object) -> kpi.Target:
    return read_targets({kpi_id: given}, "shop.yaml")[kpi_id]


def table(**series: list[float | None]) -> pd.DataFrame:
    """A kpi table whose series end in October 2026, with intervals of 5 % to both sides."""
    rows = []
    for kpi_id, values in series.items():
        for month, value in zip(month_range(add_months(NOW, 1 - len(values)), NOW), values, strict=True):
            value = np.nan if value is None else value
            rows.append((kpi_id, month, value, 400, value * 0.95, value * 1.05))
    return pd.DataFrame(rows, columns=["kpi", "month", "value", "n", "low", "high"])


def judged(frame: pd.DataFrame, goals: dict, as_of: date = AS_OF) -> dict[str, dict]:
    found, _ = kpi.goals(frame, read_targets(goals), as_of=as_of)
    return {row["kpi"]: row for row in found.astype(object).where(found.notna(), None).to_dict("records")}


@pytest.mark.parametrize(
    ("written", "kind", "amount"),
    [
        (0.5, "absolute", 0.5),
        ("45 %", "absolute", 0.45),
        ("0.45", "absolute", 0.45),
        ("+20 %", "ratio", 0.2),
        ("+20%", "ratio", 0.2),
        ("＋２０％", "ratio", 0.2),
        ("+2 points", "points", 0.02),
        ("+1.5 pt", "points", 0.015),
        ("+2ポイント", "points", 0.02),
    ],
)
def test_goals_as_people_write_them(written, kind, amount):
    target = one("repeat_rate", {"goal": written, **BASE})
    assert (target.kind, target.amount) == (kind, pytest.approx(amount))
    assert (target.base, target.by) == (date(2026, 6, 1), date(2027, 3, 1))


def test_a_plain_number_is_a_goal_without_a_date():
    assert one("average_order_value", 5200) == kpi.Target("average_order_value", "absolute", 5200.0)
    assert one("revenue", "1,200,000").amount == 1_200_000


def test_a_day_counts_as_its_month():
    assert one("revenue", {"goal": 5, "by": "2027-03-31"}).by == date(2027, 3, 1)
    assert one("revenue", {"goal": 5, "by": date(2027, 3, 31)}).by == date(2027, 3, 1)


@pytest.mark.parametrize(
    ("kpi_id", "given", "said"),
    [
        ("repeat_rat", 0.5, "there is no KPI 'repeat_rat'; .*Did you mean 'repeat_rate'"),
        ("repeat_rate", {"gaol": 0.5}, "unknown key 'gaol'.* Did you mean 'goal'"),
        ("repeat_rate", {"by": "2027-03"}, "no goal; expected a number"),
        ("repeat_rate", "much more", "goal is 'much more'; expected a number"),
        ("repeat_rate", True, "goal is True; expected a number"),
        ("repeat_rate", 45, r"goal is 45; expected a share from 0 to 1. Did you mean 45 %"),
        ("repeat_rate", {"goal": "-5 %", **BASE}, "goes the wrong way; of Repeat rate, higher is better"),
        ("repeat_rate", "145 %", "goal is '145 %'; expected a share from 0 to 1"),
        ("repeat_rate", {"goal": "+5 %", "by": "2027-03"}, "is a change; expected also the month it is from"),
        ("repeat_rate", {"goal": 0.5, "by": "March"}, r"by: month is 'March'; expected YYYY-MM"),
        ("repeat_rate", {"goal": 0.5, "base": "2027-03", "by": "2026-06"}, "by 2026-06 is not after base 2027-03"),
        ("repeat_rate", {"goal": 0.5, "owner": 7}, "owner is 7; expected a name"),
        ("revenue", {"goal": "+2 points", **BASE}, "points want a sign, and a KPI that is a share"),
        ("revenue", "45 %", "Revenue is no share; expected a number"),
    ],
)
def test_what_cannot_be_is_one_clear_error(kpi_id, given, said):
    with pytest.raises(ConfigError, match=f"shop.yaml: goals.{kpi_id}.*{said}"):
        one(kpi_id, given)


def test_a_pipeline_file_with_a_goal_that_cannot_be_is_refused(home):
    text = "title: {en: T, ja: T}\naim: {en: A, ja: A}\ndata: d\nsources: [cdnow]\ngoals: {repeat_rte: 0.5}\n"
    (home / "pipelines").mkdir()
    (home / "pipelines" / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine.yaml: goals.repeat_rte: .*Did you mean 'repeat_rate'"):
        company.load("mine")


def test_where_lower_is_better_goals_go_down(monkeypatch):
    entry = replace(registry.KPIS["purchase_frequency"], higher_is_better=False)
    monkeypatch.setitem(registry.KPIS, "purchase_frequency", entry)
    with pytest.raises(ConfigError, match="lower is better"):
        one("purchase_frequency", {"goal": "+5 %", **BASE})
    frame = table(purchase_frequency=list(np.linspace(2.0, 1.5, 24)))
    down = judged(frame, {"purchase_frequency": {"goal": "-30 %", **BASE}})["purchase_frequency"]
    up = judged(frame, {"purchase_frequency": {"goal": 1.6}})["purchase_frequency"]
    assert up["status"] == "reached" and down["needed_per_month"] < 0
    easy = judged(frame, {"purchase_frequency": {"goal": 1.55, "by": "2027-03"}})["purchase_frequency"]
    hard = judged(frame, {"purchase_frequency": {"goal": 0.5, "by": "2027-03"}})["purchase_frequency"]
    assert easy["probability"] > 0.9 and hard["probability"] < 0.1


def test_base_goal_and_pace_by_hand():
    values = [0.40] * 19 + [0.40, 0.41, 0.42, 0.43, 0.44]  # 0.40 in June 2026, 0.44 in October
    row = judged(table(repeat_rate=values), {"repeat_rate": {"goal": "+20 %", "owner": " CRM  team ", **BASE}})[
        "repeat_rate"
    ]
    assert row["base"] == pytest.approx(0.40) and row["goal"] == pytest.approx(0.48)
    assert (row["actual"], row["months_left"], row["months_known"]) == (pytest.approx(0.44), 5, 24)
    assert row["pace_now"] == pytest.approx(0.04 / 4) and row["needed_per_month"] == pytest.approx(0.04 / 5)
    assert row["owner"] == "CRM team" and row["forecast_low"] < row["forecast"] < row["forecast_high"]


def test_the_goal_of_something_counted_is_a_whole_number():
    row = judged(table(active_customers=[43.0] * 24), {"active_customers": {"goal": "+10 %", **BASE}})
    assert row["active_customers"]["goal"] == 48  # 47.3 customers cannot be
    exact = judged(table(active_customers=[100.0] * 24), {"active_customers": {"goal": "+10 %", **BASE}})
    assert exact["active_customers"]["goal"] == 110


def test_a_goal_without_a_date_is_reached_or_open_and_has_no_forecast():
    frame = table(revenue=[100.0] * 24)
    assert judged(frame, {"revenue": 90})["revenue"]["status"] == "reached"
    row = judged(frame, {"revenue": 110})["revenue"]
    assert (row["status"], row["probability"], row["needed_per_month"], row["by"]) == ("open", None, None, None)


def test_a_goal_whose_month_is_over_is_judged_in_that_month():
    frame = table(revenue=[100.0] * 20 + [150.0, 100.0, 100.0, 100.0])  # 150 in July 2026
    assert judged(frame, {"revenue": {"goal": 140, "by": "2026-07"}})["revenue"]["status"] == "reached"
    row = judged(frame, {"revenue": {"goal": 140, "by": "2026-08"}})["revenue"]
    assert (row["status"], row["actual"], row["months_left"], row["probability"]) == ("missed", 100.0, 0, None)
    assert judged(frame, {"revenue": {"goal": 100, "by": "2026-10"}})["revenue"]["status"] == "reached"


@pytest.mark.parametrize(
    ("goal", "fault"),
    [
        ({"goal": "+20 %", "base": "2026-06", "by": "2027-03"}, "impossible"),  # 120 % of 0.9
        ({"goal": 0.5, "base": "2026-06", "by": "2027-03"}, "already"),
        ({"goal": "+2 %", "base": "2020-06", "by": "2027-03"}, "no_base"),
    ],
)
def test_what_only_the_history_shows_to_be_wrong_is_told_and_costs_no_report(goal, fault):
    row = judged(table(repeat_rate=[0.9] * 24), {"repeat_rate": goal})["repeat_rate"]
    assert (row["status"], row["fault"], row["probability"]) == ("faulty", fault, None)


def test_before_its_base_month_a_goal_is_too_early():
    row = judged(table(repeat_rate=[0.4] * 24), {"repeat_rate": {"goal": "+5 %", **BASE}}, as_of=date(2026, 3, 31))
    assert row["repeat_rate"]["goal"] is None and row["repeat_rate"]["status"] == "too_early"


@pytest.mark.parametrize("months", [1, 6, 11])
def test_a_short_history_is_too_early_to_say(months):
    row = judged(table(revenue=[100.0] * months), {"revenue": {"goal": 120, "by": "2027-03"}})["revenue"]
    assert row["status"] == "too_early" and row["needed_per_month"] == pytest.approx(4.0)


def test_goals_without_any_history():
    empty = table()
    found, paths = kpi.goals(empty, read_targets({"revenue": 5, "repeat_rate": {"goal": "+5 %", **BASE}}), as_of=AS_OF)
    assert list(found["status"]) == ["too_early", "too_early"] and list(found.columns) == list(GOAL_COLUMNS)
    assert paths.empty and kpi.goal_backtest(empty, as_of=AS_OF).empty


def test_states_follow_the_chance():
    rng = np.random.default_rng(3)
    frame = table(revenue=list(100 * np.exp(rng.normal(0, 0.1, 36))))
    states = {}
    for goal in (60, 95, 100, 105, 160):
        row = judged(frame, {"revenue": {"goal": goal, "by": "2027-03"}})["revenue"]
        chance = row["probability"]
        states[goal] = row["status"]
        assert row["status"] == ("on_track" if chance >= 2 / 3 else "at_risk" if chance >= 1 / 3 else "unlikely")
    assert (states[60], states[100], states[160]) == ("on_track", "at_risk", "unlikely")


def test_months_after_as_of_change_nothing():
    rng = np.random.default_rng(4)
    frame = table(revenue=list(rng.uniform(80, 120, 36)))
    goals, then = {"revenue": {"goal": 110, "by": "2026-10"}}, date(2026, 4, 30)
    spoilt = frame.copy()
    later = pd.to_datetime(spoilt["month"]) > pd.Timestamp(then)
    spoilt.loc[later, ["value", "low", "high"]] *= 50
    assert judged(frame, goals, then) == judged(spoilt, goals, then)
    pd.testing.assert_frame_equal(kpi.goal_backtest(frame, as_of=then), kpi.goal_backtest(spoilt, as_of=then))


def test_paths_lead_from_now_to_the_goal():
    _, paths = kpi.goals(
        table(revenue=[100.0] * 24), read_targets({"revenue": {"goal": 150, "by": "2027-03"}}), as_of=AS_OF
    )
    assert list(paths["month"]) == month_range(date(2026, 11, 1), date(2027, 3, 1))
    assert list(paths["needed"]) == pytest.approx([110, 120, 130, 140, 150])
