"""Non-response: who answers, and weighted scores that are nearer to the truth than those of whoever answered."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import satisfaction_world as world

from customerbase.features import answers, scales
from customerbase.satisfaction import month, response, scores, weighting

AS_OF = date(2026, 10, 31)


def estimates(frame: pd.DataFrame, measure: str, target: str) -> tuple[float, dict, dict]:
    """The truth of all who were asked, the raw and the weighted estimate."""
    told = response.weigh(response._classes(frame), target)
    y = scales.scored(told["answer"].to_numpy(), measure, "nps")
    own = told["answered"].to_numpy() == 1
    who, w = told["customer_id"].to_numpy()[own], told["weight"].to_numpy()[own]
    raw, weighted = (scores.estimate(y[own], measure, "nps", who, one) for one in (None, w))
    return y.mean(), raw, weighted


@pytest.mark.parametrize(
    ("measure", "target"), [("nps", response.ASKED), ("csat_mean", response.ASKED), ("nps", response.BASE)]
)
def test_where_the_satisfied_answer_more_the_weighted_score_is_nearer_and_its_interval_holds_the_truth(measure, target):
    rng, nearer, inside, wrong = np.random.default_rng(11), 0, 0, 0
    cases = 30
    errors = []
    for _ in range(cases):
        truth, raw, weighted = estimates(world.biased(rng, 2000), measure, target)
        nearer += abs(weighted["value"] - truth) < abs(raw["value"] - truth)
        inside += weighted["low"] <= truth <= weighted["high"]
        wrong += raw["low"] <= truth <= raw["high"]
        errors.append((abs(raw["value"] - truth), abs(weighted["value"] - truth)))
        assert weighted["effective_n"] < raw["n"]
    raw_error, weighted_error = np.mean(errors, axis=0)
    assert weighted_error < raw_error / 3
    assert nearer / cases >= 0.95 and inside / cases >= 0.93 and wrong / cases <= 0.3


def test_where_everybody_answers_alike_the_weights_do_no_harm():
    rng = np.random.default_rng(4)
    frame = world.biased(rng, 2000)
    frame["answered"] = (rng.random(2000) < 0.3).astype(int)
    truth, raw, weighted = estimates(frame, "nps", response.ASKED)
    assert weighted["effective_n"] > 0.8 * raw["n"]
    assert weighted["low"] <= truth <= weighted["high"] and abs(weighted["value"] - raw["value"]) < 5


def test_raked_weights_are_spread_as_the_population_and_trimmed():
    rng = np.random.default_rng(0)
    population = pd.DataFrame({"a": rng.choice(["x", "y"], 4000, p=[0.7, 0.3]), "b": rng.choice(list("pqr"), 4000)})
    sample = population[rng.random(4000) < np.where(population["a"] == "x", 0.05, 0.3)]
    w = weighting.rake(np.ones(len(sample)), sample, population)
    for name in ("a", "b"):
        have = pd.Series(w).groupby(sample[name].to_numpy()).sum() / w.sum()
        assert have.to_dict() == pytest.approx(population[name].value_counts(normalize=True).to_dict(), abs=1e-4)
    assert w.mean() == pytest.approx(1) and w.max() <= weighting.TRIM + 1e-9
    # a class that nobody of the sample is in is brought together with the smallest other, and no weight is lost
    rare = population.assign(b=np.where(np.arange(4000) < 40, "z", population["b"]))
    assert np.isfinite(weighting.rake(np.ones(len(sample)), sample, rare)).all()
    assert weighting.trim(np.array([1.0] * 9 + [100.0])).max() == pytest.approx(weighting.TRIM)
    assert weighting.kish(np.array([3.0, 1, 3, 1])) == pytest.approx(64 / 20)


def test_the_response_model_finds_the_probabilities_that_were_planted():
    rng = np.random.default_rng(6)
    frame = world.biased(rng, 8000)
    design = response._design(response._classes(frame))
    found = weighting.probabilities(design, frame["answered"].to_numpy())
    ready = (
        -2.6
        + 0.8 * np.log(frame["orders_365"])
        - 0.004 * frame["days_since_last_order"]
        + 0.8 * (frame["channel"] == "app")
    )
    assert np.corrcoef(found, 1 / (1 + np.exp(-ready)))[0, 1] > 0.97
    assert found.mean() == pytest.approx(frame["answered"].mean(), abs=1e-3)


# --- from the tables ------------------------------------------------------------------------------------------------------

LINKS = [(f"P{number}", "s", str(number)) for number in range(6)]
SALES = [(f"P{number}", "web", f"2026-0{number + 1}-10", 1, 100) for number in range(5)]


def company(invited: list[int], late: str = "2026-10-20") -> response.Response:
    db = world.database(
        identity_links=LINKS,
        customer_orders=[*SALES, ("P0", "store", late, 1, 900), ("P1", "web", "2026-03-01", 0, -40)],
        survey_answers=[
            ("s", f"r{one}", "S", str(one), "q", "2026-10-05", "2026-10-06", "nps", 9, None) for one in (0, 1, 5)
        ],
        survey_invitations=[("s", "S", str(one), "2026-10-05") for one in invited],
        surveys=[("s", "S", "2026-10-05", 40)],
        inquiries=[("s", "1", "2026-09-01"), ("s", "1", "2026-10-05")],
    )
    found = answers.gather(db, as_of=AS_OF)
    return response.gather(db, found, as_of=AS_OF)


def test_those_asked_with_what_was_known_before_the_wave_and_no_later():
    told = company([0, 1, 2, 5])
    assert told.target == response.ASKED and told.outside == 0
    frame = told.frame.set_index("customer_id")
    assert sorted(frame.index) == ["P0", "P1", "P2", "P5"]
    assert frame["answered"].to_dict() == {"P0": 1, "P1": 1, "P2": 0, "P5": 1}
    assert frame.loc["P0", ["orders_365", "spend_365", "days_since_last_order", "channel"]].tolist() == [
        1,
        100,
        268,
        "web",
    ]
    assert frame.loc["P1", ["returns_365", "inquiries_365", "spend_365"]].tolist() == [1, 1, 60]
    assert frame.loc["P5", ["orders_365", "channel", "recency"]].tolist() == [0, "none", "366+"]  # asked, never ordered
    # what came later changes nothing
    assert company([0, 1, 2, 5], late="2026-10-05").frame.equals(told.frame)


def test_the_weighted_score_gives_no_answer_back_that_the_plain_one_leaves_out():
    """One person answers two months late, alone in that month: the scores of the window, one by one, must not tell how."""
    db = world.company()
    db.execute("""update survey_answers set answered_at = timestamp '2026-06-20' where response_id =
        (select min(response_id) from survey_answers where survey_id = 'S1')""")
    made = month.satisfaction(db, as_of=AS_OF, questions={"q": {"role": "nps"}, "all": {"role": "csat"}})
    assert made.trend.loc[made.trend["measure"] == "nps", "people"].min() == 1  # withheld wherever it is shown
    scores = made.scores[(made.scores["method"] == "raw") & made.scores["dimension"].isin(["all", "response"])]
    for _, both in scores.groupby("measure"):
        assert len(both) == 2 and both["n"].nunique() == 1
        assert np.ptp(both["score"] * both["n"]) == pytest.approx(0, abs=1e-9)


def test_without_a_list_of_invitations_the_base_stands_in_and_the_companys_count_is_told():
    told = company([])
    assert told.target == response.BASE and told.outside == 1  # P5 has no order
    assert sorted(told.frame["customer_id"]) == [f"P{number}" for number in range(5)]
    assert told.invited[["survey", "invited", "answered"]].to_numpy().tolist() == [["s:S", 40, 3]]
    table = response.table(told, pd.DataFrame(index=told.frame.index), as_of=AS_OF, k_min=1).set_index(
        ["dimension", "value"]
    )
    assert table.loc[("all", "all"), ["asked", "answered", "rate"]].tolist() == [5, 2, 0.4]
    assert table.loc[("invited", "s:S"), ["asked", "answered", "rate"]].tolist() == [40, 3, 3 / 40]
    few = response.table(told, pd.DataFrame(index=told.frame.index), as_of=AS_OF, k_min=10)
    assert few[["answered", "rate", "low", "mean_weight"]].isna().all(axis=None)
    assert not told.weighted  # two answers carry no weights
