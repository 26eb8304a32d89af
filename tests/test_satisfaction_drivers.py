"""Links and key drivers: no look into the future, exact shares, and planted drivers that are found in their order."""

from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import satisfaction_world as world

from customerbase.features import answers
from customerbase.satisfaction import drivers, links, shares

AS_OF = date(2026, 10, 31)


# --- shares of explained variance -----------------------------------------------------------------------------------------


def r2(x: np.ndarray, y: np.ndarray) -> float:
    design = np.column_stack([np.ones(len(y)), x])
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - rest.var() / y.var()


@pytest.mark.parametrize("columns", [1, 3, 4])
def test_shares_are_the_mean_gain_over_all_sequences_of_drivers(columns):
    rng = np.random.default_rng(columns)
    x = rng.normal(size=(80, columns)) + rng.normal(size=(80, 1))
    y = x @ np.arange(1, columns + 1) + rng.normal(0, 3, 80)
    orders = list(permutations(range(columns)))
    told = np.zeros(columns)
    for order in orders:
        for place, driver in enumerate(order):
            told[driver] += r2(x[:, order[: place + 1]], y) - (r2(x[:, order[:place]], y) if place else 0)
    assert shares.shapley_r2(x, y) == pytest.approx(told / len(orders), abs=1e-6)
    assert shares.shapley_r2(x, y).sum() == pytest.approx(r2(x, y), abs=1e-6)


def test_weights_are_repeated_rows_and_what_does_not_vary_has_no_share():
    rng = np.random.default_rng(0)
    x, often = rng.normal(size=(40, 3)), rng.integers(0, 4, 40)
    x[:, 2] = 1.0
    y = x[:, 0] + rng.normal(size=40)
    repeated = shares.shapley_r2(np.repeat(x, often, axis=0), np.repeat(y, often))
    assert shares.shapley_r2(x, y, often) == pytest.approx(repeated, abs=1e-9)
    assert repeated[2] == 0
    twice = shares.shapley_r2(np.column_stack([x[:, 0], x[:, 0]]), y)  # a driver told twice shares with itself
    assert twice[0] == pytest.approx(twice[1]) and twice.sum() == pytest.approx(r2(x[:, :1], y), abs=1e-5)


def test_of_many_drivers_sequences_are_sampled_as_exactly_as_anybody_reads():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 12)) @ (np.eye(12) + 0.3 * rng.normal(size=(12, 12)))
    y = x[:, :4].sum(axis=1) + rng.normal(0, 2, 500)
    exact, near = shares.shapley_r2(x, y), shares._sampled(*shares._correlations(x, y, None))
    assert np.abs(exact - near).max() < 0.005 and near.sum() == pytest.approx(exact.sum(), abs=1e-8)
    many = np.column_stack([x, x[:, 0], np.full(500, 3.0), rng.normal(size=(500, 16))])  # repeated, constant, idle
    told = shares.shapley_r2(many, y)
    assert told[0] == pytest.approx(told[12], rel=0.1) and told[13] == pytest.approx(0, abs=1e-9)
    assert told.sum() == pytest.approx(r2(many[:, [*range(12), *range(14, 30)]], y), abs=1e-5)


# --- key drivers ----------------------------------------------------------------------------------------------------------

ITEMS = {"delivery": 1.0, "quality": 0.5, "price": 0.0, "site": 0.0}


def surveyed(rng: np.random.Generator, n: int = 500) -> pd.DataFrame:
    """Items from 1 to 5 that hang together, of which two move the overall answer from 0 to 10."""
    mood = rng.normal(0, 0.6, n)
    rated = {name: np.clip(np.round(3.4 + mood + rng.normal(0, 0.9, n)), 1, 5) for name in ITEMS}
    overall = 5 + sum(weight * (rated[name] - 3) for name, weight in ITEMS.items()) + rng.normal(0, 1.2, n)
    parts = [world.answers(list(enumerate(np.clip(np.round(overall + 1.5), 0, 10))))]
    parts += [
        world.answers(list(enumerate(one)), "item", "five").assign(question_id=name) for name, one in rated.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_planted_drivers_are_found_in_their_order_with_their_direction():
    rng = np.random.default_rng(3)
    none = pd.DataFrame()
    table = drivers.judge(drivers.study(surveyed(rng), none, none), as_of=AS_OF, draws=60).set_index("driver")
    assert list(table.index[:2]) == ["delivery", "quality"] and (table["kind"] == "items").all()
    assert table["share"].sum() == pytest.approx(1) and table.loc["delivery", "rank_kept"] > 0.9
    assert (table.loc[["delivery", "quality"], "direction"] == "up").all()
    assert (table.loc[["price", "site"], "odds_low"] < 1.1).all()
    assert table.loc["delivery", "odds_low"] > 1.5
    assert (table["share_low"] <= table["share"]).all() and (table["share"] <= table["share_high"]).all()
    assert table["performance"].between(0.55, 0.65).all()


def study_of(x: np.ndarray, overall: np.ndarray, satisfied: np.ndarray) -> drivers.Study:
    n, items = x.shape
    names = tuple(f"q{place}" for place in range(items))
    nobody = np.full(n, np.nan)
    ends = np.ones(items), np.full(items, 5.0)
    return drivers.Study(
        drivers.ITEMS, names, x.astype(float), overall, satisfied.astype(float), nobody, np.arange(n), *ends
    )


@pytest.mark.filterwarnings("error")
def test_items_that_repeat_each_other_never_vary_or_are_many_break_nothing():
    rng = np.random.default_rng(3)
    x = rng.integers(1, 6, size=(200, 2))
    overall, satisfied = x[:, 0] / 5, x.sum(axis=1) >= 7
    twice = drivers.judge(study_of(np.column_stack([x[:, 0], x[:, 0], x[:, 1]]), overall, satisfied), as_of=AS_OF)
    assert twice.set_index("driver").loc[["q0", "q1"], "rank"].tolist() == [1, 1]  # neither is surely before the other
    against = drivers.judge(study_of(np.column_stack([x[:, 0], 6 - x[:, 0]]), overall, satisfied), as_of=AS_OF)
    assert against["share"].tolist() == pytest.approx([0.5, 0.5], abs=1e-6)
    still = drivers.judge(study_of(np.full((200, 3), 4), overall, satisfied), as_of=AS_OF)
    assert (still["direction"] == drivers.UNCLEAR).all() and (still["share"] == 0).all()
    assert not len(drivers.judge(study_of(x, np.full(200, 0.5), np.ones(200)), as_of=AS_OF))  # everybody says the same
    assert len(drivers.judge(study_of(x[:, :1], overall, satisfied), as_of=AS_OF)) == 1
    many = rng.integers(1, 6, size=(400, 20))
    told = drivers.judge(study_of(many, many[:, 0] / 5, many[:, 0] >= 4), as_of=AS_OF, draws=20)
    assert len(told) == 20 and told["driver"].iloc[0] == "q0" and told["share"].sum() == pytest.approx(1)


def test_where_no_item_matters_hardly_any_is_said_to():
    rng, wrong = np.random.default_rng(8), 0
    for _ in range(40):
        frame = surveyed(rng, 120)
        own = frame["role"] == "nps"
        frame.loc[own, "answer"] = rng.integers(0, 11, own.sum()).astype(float)
        table = drivers.judge(drivers.study(frame, pd.DataFrame(), pd.DataFrame()), as_of=AS_OF, draws=2)
        wrong += (table["direction"] != "unclear").any()
    assert wrong / 40 <= 0.13


def test_odds_ratios_are_those_of_a_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 3)) * [1, 5, 0.2]
    y = (rng.random(400) < 1 / (1 + np.exp(-(x[:, 0] - 0.2 * x[:, 1])))).astype(float)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    other = np.exp(LogisticRegression(C=10.0, tol=1e-8).fit(z, y).coef_[0])
    told = drivers.logit_effects(x, y, np.arange(400))
    assert told["odds_ratio"] == pytest.approx(other, rel=1e-3)
    twice = drivers.logit_effects(np.repeat(x, 2, axis=0), np.repeat(y, 2), np.arange(400).repeat(2))
    wide, same = (np.log(one["odds_high"] / one["odds_low"]) for one in (told, twice))
    assert same == pytest.approx(wide, rel=0.1)  # each answer told twice by the same person adds nothing


def test_without_items_behaviour_stands_in_and_few_answers_give_no_study():
    rng = np.random.default_rng(5)
    frame = world.biased(rng, 400).rename(columns={"answer": "told"})
    given = world.answers(list(zip(frame["customer_id"], frame["told"], strict=True)))
    after = frame.assign(bought=(rng.random(400) < 0.5).astype(float))
    found = drivers.study(given, frame, after)
    table = drivers.judge(found, as_of=AS_OF, draws=10)
    assert set(table["outcome"]) == {"overall", "repurchase"} and set(table["driver"]) == set(drivers.FACTS)
    assert table["performance"].isna().all()
    assert table[table["outcome"] == "overall"].iloc[0]["driver"] in (
        "orders_365",
        "days_since_last_order",
        "spend_365",
    )
    assert drivers.study(given.head(20), frame, after) is None
    assert drivers.judge(None, as_of=AS_OF).empty


# --- what came after ------------------------------------------------------------------------------------------------------


def after(*orders: tuple[str, str], answered: str = "2026-06-10") -> pd.DataFrame:
    people = ["A", "B", "C"]
    db = world.database(
        identity_links=[(one, "s", one) for one in people],
        customer_orders=[
            *((one, "web", "2026-05-01", 1, 10) for one in "AB"),
            *((one, "web", day, 1, 10) for one, day in orders),
        ],
        survey_answers=[("s", one, "S", one, "q", answered, answered, "nps", 10, None) for one in people],
    )
    return links.gather(db, answers.gather(db, as_of=AS_OF), as_of=AS_OF).set_index("customer_id")["bought"]


def test_only_orders_of_the_days_after_the_answer_count_and_only_of_customers():
    assert after().to_dict() == {"A": 0, "B": 0}  # C had not ordered before: cannot come back
    assert after(("A", "2026-06-11"), ("B", "2026-06-10")).to_dict() == {"A": 1, "B": 0}  # not on the day itself
    assert after(("A", "2026-09-08"), ("B", "2026-09-09")).to_dict() == {"A": 1, "B": 0}  # 90 days, not 91
    assert after(answered="2026-08-02").to_dict() == {"A": 0, "B": 0}
    assert after(answered="2026-08-03").empty  # its 90 days are not over on 31 October


def found(rng: np.random.Generator, rates: dict[str, float], n: int = 400) -> pd.DataFrame:
    answer = rng.choice([3, 7, 10], n)
    frame = world.answers(list(enumerate(answer)))
    chance = np.array([rates[one] for one in links.bands(answer, "nps", "nps")])
    return frame.assign(bought=(rng.random(n) < chance).astype(float))


def test_bands_that_come_back_more_are_told_apart_and_others_are_not():
    rng = np.random.default_rng(7)
    table = links.table(found(rng, {"low": 0.2, "middle": 0.22, "high": 0.5}), as_of=AS_OF).set_index("band")
    assert list(table.index) == ["low", "middle", "high"] and table["verdict"].tolist() == [
        "first",
        "no_clear_change",
        "clear_up",
    ]
    assert (table["repeat_rate"] + table["churn_rate"]).tolist() == pytest.approx([1, 1, 1])
    assert table.loc["high", "difference_low"] > 0.1 and table.loc["low", "low"] < 0.2 < table.loc["low", "high"]
    wrong = 0
    for _ in range(150):
        flat = links.table(found(rng, dict.fromkeys(links.BANDS, 0.3), 150), as_of=AS_OF)
        wrong += flat["verdict"].isin(["clear_up", "clear_down"]).any()
    assert wrong / 150 <= 0.08


def test_bands_of_which_few_bought_or_did_not_are_withheld():
    rng = np.random.default_rng(1)
    table = links.table(found(rng, {"low": 0.0, "middle": 0.5, "high": 0.5}, 200), as_of=AS_OF).set_index("band")
    assert table.loc["low", "verdict"] == "few" and np.isnan(table.loc["low", "repeat_rate"])
    assert table.loc[["middle", "high"], "difference"].isna().all()  # with the rate it would give the hidden one away
    assert table.loc["high", "repeat_rate"] > 0
    assert links.bands([1, 2, 3, 4, 5], "csat", "five").tolist() == ["low", "low", "middle", "high", "high"]
    assert links.bands([1, 3, 4, 5, 6, 7], "ces", "seven").tolist() == ["low", "low", "middle", "high", "high", "high"]
