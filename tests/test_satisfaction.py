"""Scores of surveys: the right scale, the right interval, months and groups that differ by more than chance and no others."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import satisfaction_world as world

from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.features import answers, scales
from customerbase.satisfaction import groups, scores, trend

AS_OF = date(2026, 10, 31)


# --- questions and scales -------------------------------------------------------------------------------------------------


def asked(*pairs: tuple[str, str], settings: dict | None = None) -> dict[str, str]:
    frame = pd.DataFrame(pairs, columns=["question_id", "scale"])
    return {one.question_id: one.role for one in scales.questions(frame, settings)}


def test_roles_follow_the_scale_and_what_the_company_says():
    assert asked(("q1", "nps"), ("satisfaction", "five"), ("delivery", "five"), ("q9", "seven"), ("ease", "seven")) == {
        "q1": "nps", "satisfaction": "csat", "delivery": "item", "q9": "item", "ease": "ces",
    }  # fmt: skip
    assert asked(("a", "five")) == {"a": "csat"}  # the only one from 1 to 5
    assert asked(("a", "five"), ("b", "five")) == {"a": "item", "b": "item"}  # none of two is guessed
    said = {"b": {"role": "csat", "en": "Overall"}, "unknown": {"role": "item"}}
    assert asked(("a", "five"), ("b", "five"), settings=said) == {"a": "item", "b": "csat"}
    given = scales.questions(pd.DataFrame([("b", "five")], columns=["question_id", "scale"]), said)[0]
    assert (given.role, given.given, given.name("en"), given.name("ja")) == ("csat", True, "Overall", "b")


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"q": {"role": "npss"}}, r"'npss'.*Did you mean 'nps'"),
        ({"q": {"role": "nps"}}, r"'q' has the role nps.*'five'.*0 to 10"),
        ({"q": "nps"}, "expected a mapping"),
    ],
)
def test_impossible_settings_are_refused(settings, match):
    with pytest.raises(ConfigError, match=match):
        asked(("q", "five"), settings=settings)


def test_what_an_answer_adds_on_each_scale():
    assert scales.scored(np.arange(11), "nps", "nps").tolist() == [-100] * 7 + [0, 0, 100, 100]
    assert scales.scored(np.arange(1, 6), "csat", "five").tolist() == [0, 0, 0, 1, 1]
    assert scales.scored(np.arange(1, 8), "csat", "seven").tolist() == [0] * 5 + [1, 1]
    assert scales.scored(np.arange(1, 8), "ces", "seven").tolist() == [0] * 4 + [1, 1, 1]
    assert scales.on_scale(np.array([0, 0, 11, 8]), np.array(["nps", "five", "nps", "seven"])).tolist() == [
        True,
        False,
        False,
        False,
    ]


# --- which answers count --------------------------------------------------------------------------------------------------


def test_one_answer_a_person_and_wave_counts_and_what_is_off_the_scale_is_told():
    db = world.database(
        survey_answers=[
            ("s", "r1", "S1", "a", "q", "2026-09-01", "2026-09-02", "nps", 3, None),
            ("s", "r2", "S1", "a2", "q", "2026-09-01", "2026-09-05", "nps", 9, None),  # the same person, later
            ("s", "r3", "S1", "b", "q", "2026-10-01", "2026-10-02", "nps", 12, None),
            ("s", "r4", "S1", None, "q", "2026-10-01", "2026-10-02", "nps", 10, None),
            ("s", "r5", "S1", "b", "q", "2026-10-01", "2026-11-02", "nps", 10, None),  # after the month
            ("s", "r6", "S1", "b", "t", "2026-10-01", "2026-10-02", "text", None, None),
            ("s", "r7", "S1", "b", "q", "2026-10-01", "2026-10-03", "nps", 8, 0),  # of no weight
        ],
        identity_links=[("A", "s", "a"), ("A", "s", "a2"), ("B", "s", "b")],
        quarantine=[("survey_answers", "answer_out_of_scale"), ("orders", "answer_out_of_scale")],
    )
    found = answers.gather(db, as_of=AS_OF)
    assert found.frame[["customer_id", "answer", "known"]].to_numpy().tolist() == [["A", 9.0, 1], ["s:r4", 10.0, 0]]
    assert found.left_out == {"off_scale": 2, "repeated": 1}
    assert found.frame["wave"].tolist() == ["s:S1 2026-09-01", "s:S1 2026-10-01"]
    assert found.frame["month"].dt.month.tolist() == [9, 10]


def test_an_answer_that_does_not_say_when_it_was_asked_belongs_to_the_wave_of_its_invitation():
    rows = [
        ("s", "r1", "S", "a", "q", None, "2026-10-02", "nps", 9, None),
        ("s", "r2", "S", "b", "q", None, "2026-10-02", "nps", 9, None),
    ]
    asked = [
        ("s", "S", "a", "2026-09-28"),
        ("s", "S", "b", "2026-10-20"),
    ]  # the second after its answer: of another time
    links = [("A", "s", "a"), ("B", "s", "b")]
    found = answers.gather(
        world.database(survey_answers=rows, survey_invitations=asked, identity_links=links), as_of=AS_OF
    )
    assert dict(zip(found.frame["customer_id"], found.frame["asked_month"].dt.month, strict=True)) == {"A": 9, "B": 10}
    assert found.frame["month"].dt.month.tolist() == [10, 10]


def test_a_company_without_surveys_has_no_answers():
    db = Engine()
    db.execute("create table identity_links (customer_id varchar, source_system varchar, source_customer_id varchar)")
    found = answers.gather(db, as_of=AS_OF)
    assert found.frame.empty and found.questions == []
    assert trend.trend(found.frame, as_of=AS_OF).empty
    assert groups.by_group(found.frame, {}, as_of=AS_OF).empty


def spread(people: dict[int, int], answer: dict[int, float] | None = None, role: str = "nps", scale: str = "nps"):
    """Answers of so many people in each month of 2026."""
    parts = [
        world.answers([(f"{month}-{place}", (answer or {}).get(month, 9)) for place in range(n)], role, scale).assign(
            month=pd.Timestamp(2026, month, 1)
        )
        for month, n in people.items()
    ]
    return answers.Answers(pd.concat(parts, ignore_index=True), [], {})


@pytest.mark.parametrize(
    ("people", "counted"),
    [
        ({3: 77, 4: 1, 9: 94}, {3, 9}),  # all less March and September would be the answer of one person
        ({3: 77, 4: 9, 5: 9, 9: 94}, {3, 4, 5, 9}),  # two months of few, 18 people: neither follows
        ({3: 77, 4: 4, 5: 4}, {3}),  # eight people together are few, too
        ({3: 5, 4: 5, 5: 5}, {3, 4, 5}),  # no month is told of: nothing to take away
        ({3: 40, 4: 40}, {3, 4}),
    ],
)
def test_a_sum_of_months_gives_no_month_of_few_back(people, counted):
    made = answers.window(spread(people).frame, as_of=AS_OF, k_min=10)
    assert set(made["month"].dt.month) == counted


def test_few_on_one_side_of_a_share_are_few():
    given = spread({3: 40, 4: 40}, role="csat", scale="five")
    given.frame["answer"] = [5.0] * 20 + [2.0] * 20 + [5.0] * 37 + [1.0] * 3
    assert set(answers.window(given.frame, as_of=AS_OF, k_min=10)["month"].dt.month) == {3}


# --- scores ---------------------------------------------------------------------------------------------------------------


def test_scores_by_hand_and_scales_never_mixed():
    frame = world.answers([("a", 10), ("b", 9), ("c", 7), ("d", 0)])
    told = scores.estimate(scores.of(frame, "nps", "nps")["y"], "nps", "nps", frame["customer_id"])
    assert (told["value"], told["n"], told["people"], told["share_top"], told["share_bottom"]) == (25, 4, 4, 0.5, 0.25)
    mixed = pd.concat(
        [frame, frame.assign(role="csat", scale="five", answer=4.0), frame.assign(role="csat", scale="nps")]
    )
    assert scores.series(mixed) == [
        ("nps", "nps"),
        ("csat", "five"),
        ("csat_mean", "five"),
        ("csat", "nps"),
        ("csat_mean", "nps"),
    ]
    assert len(scores.of(mixed, "csat", "five")) == 4


def test_a_handful_of_answers_and_answers_all_alike_have_wide_intervals():
    for count in (1, 5, 30):
        frame = world.answers([(f"c{place}", 10) for place in range(count)])
        for measure in ("nps", "csat_mean"):
            told = scores.estimate(scales.scored(frame["answer"], measure, "nps"), measure, "nps", frame["customer_id"])
            assert told["low"] < told["value"] == told["high"]
    assert told["high"] - told["low"] > 0.2
    nothing = scores.estimate(np.array([]), "nps", "nps", np.array([]))
    assert nothing["n"] == 0 and np.isnan(nothing["value"]) and np.isnan(nothing["low"])


def test_answers_of_one_person_hang_together():
    rng, inside = np.random.default_rng(3), 0
    for _ in range(250):
        mood = rng.normal(7.3, 1.8, 60).repeat(4)
        answer = np.clip(np.round(mood + rng.normal(0, 0.6, 240)), 0, 10)
        frame = world.answers(list(zip(np.arange(60).repeat(4), answer, strict=True)))
        told = scores.estimate(scores.of(frame, "nps", "nps")["y"], "nps", "nps", frame["customer_id"])
        assert told["effective_n"] < 150
        inside += told["low"] <= TRUTH <= told["high"]
    assert inside / 250 >= 0.93  # 0.94, and what 250 draws may stray


def _truth() -> float:
    rng = np.random.default_rng(0)
    answer = np.clip(np.round(rng.normal(7.3, 1.8, 1_000_000) + rng.normal(0, 0.6, 1_000_000)), 0, 10)
    return float(scales.scored(answer, "nps", "nps").mean())


TRUTH = _truth()


# --- months ---------------------------------------------------------------------------------------------------------------


def months(rng: np.random.Generator, shift: dict[int, float] | None = None, n: int = 60) -> pd.DataFrame:
    """Answers of 18 months; shift: month -> how much its answers lie above the others."""
    parts = []
    for month in range(18):
        answer = np.clip(np.round(rng.normal(7 + (shift or {}).get(month, 0.0), 2, n)), 0, 10)
        one = world.answers([(f"{month}-{place}", value) for place, value in enumerate(answer)])
        parts.append(one.assign(month=pd.Timestamp("2025-05-01") + pd.DateOffset(months=month)))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("n", [6, 60])
def test_where_nothing_changes_hardly_any_month_is_called_a_change(n):
    rng = np.random.default_rng(n)
    alarms = [trend.trend(months(rng, n=n), as_of=AS_OF)["verdict"].str.startswith("clear").any() for _ in range(60)]
    assert np.mean(alarms) <= 0.05 + 0.05  # the level, and what 60 draws may stray


def test_the_month_that_changed_is_found_and_named():
    rng, hits = np.random.default_rng(5), 0
    for _ in range(20):
        table = trend.trend(months(rng, {15: -1.6}), as_of=AS_OF).set_index("month")
        hits += table.loc["2026-08-01", "verdict"] == "clear_down"
        row = table.loc["2026-08-01"]
        assert (
            row["change"] == pytest.approx(row["value"] - row["before"])
            and row["change_low"] < row["change"] < row["change_high"]
        )
    assert hits >= 18
    assert table["verdict"].iloc[0] == "first" and table["before_n"].iloc[13] == 12 * 60


def test_the_months_before_count_no_month_of_few():
    """The score of the months before, less the months that are shown, would be that of the few."""
    table = trend.trend(spread({3: 77, 4: 1, 9: 94}, {4: 0}).frame, as_of=AS_OF, k_min=10).set_index("month")
    assert table.loc["2026-09-01", ["before", "before_n"]].tolist() == [100, 77]
    assert (
        trend.trend(spread({3: 77, 4: 1, 9: 94}, {4: 0}).frame, as_of=AS_OF)
        .set_index("month")
        .loc["2026-09-01", "before_n"]
        == 78
    )


# --- groups ---------------------------------------------------------------------------------------------------------------


def test_groups_that_differ_are_found_small_ones_withheld_with_what_would_give_them_away():
    rng = np.random.default_rng(1)
    of = np.repeat(["a", "b", "c", "d"], [300, 300, 60, 4])
    answer = np.clip(np.round(rng.normal(np.where(of == "a", 8.2, 7.0), 1.8)), 0, 10)
    frame = world.answers([(f"{place}", value) for place, value in enumerate(answer)])
    told = groups.by_group(frame, {"store": pd.Series(of)}, as_of=AS_OF).set_index("value")
    assert told.loc["a", "verdict"] == "clear_up" and told.loc["b", "verdict"] == "clear_down"
    assert told.loc["d", "verdict"] == told.loc["c", "verdict"] == "few"  # d alone would follow from the total
    assert told.loc[["c", "d"], ["score", "n", "people", "others"]].isna().all(axis=None)
    assert told.loc["all", "n"] == 664
    y = scores.of(frame, "nps", "nps")["y"].to_numpy()
    assert told.loc["a", "others"] == pytest.approx(y[of != "a"].mean())


def test_where_no_group_differs_hardly_any_is_named():
    rng, found = np.random.default_rng(2), 0
    for _ in range(60):
        frame = world.answers([(f"{place}", value) for place, value in enumerate(rng.integers(0, 11, 400))])
        of = {
            "store": pd.Series(rng.integers(0, 12, 400).astype(str)),
            "channel": pd.Series(rng.choice(["w", "s"], 400)),
        }
        found += groups.by_group(frame, of, as_of=AS_OF)["verdict"].str.startswith("clear").any()
    assert found / 60 <= 0.1
