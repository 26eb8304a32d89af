"""Bootstrap intervals cover what they promise, by simulation with known truth; customers are drawn with all their rows."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from customerbase.errors import InputError
from customerbase.prediction import bootstrap, metrics

RATES = {"draws": 150}


def hits(simulate, truth: float, rounds: int) -> float:
    random = np.random.default_rng(11)
    ends = [simulate(random) for _ in range(rounds)]
    return float(np.mean([low <= truth <= high for low, high in ends]))


def two_groups(random, n: int, apart: float) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of an even coin and normal scores `apart` from each other: the AUC is known."""
    y = random.integers(0, 2, n)
    return y, random.normal(size=n) + apart * y


def ends(table, name: str) -> tuple[float, float]:
    return tuple(table.loc[name, ["low", "high"]])


def test_interval_of_an_auc_covers_what_it_promises():
    truth = norm.cdf(1 / np.sqrt(2))
    inside = hits(
        lambda random: ends(bootstrap.intervals(*two_groups(random, 300, 1.0), ["auc"], **RATES), "auc"), truth, 300
    )
    assert 0.91 < inside < 0.98


def test_interval_of_a_brier_score_covers_what_it_promises():
    def one(random):
        p = random.random(300)
        return ends(bootstrap.intervals(random.random(300) < p, p, ["brier"], **RATES), "brier")

    assert 0.91 < hits(one, 1 / 6, 300) < 0.98  # E p(1 − p)


def test_rows_of_one_customer_are_no_independent_draws():
    """Each customer six times with the same score and outcome: only drawing customers covers."""
    truth = norm.cdf(1 / np.sqrt(2))

    def one(random, by_customer: bool):
        y, s = two_groups(random, 80, 1.0)
        who = np.repeat(np.arange(80), 6)
        table = bootstrap.intervals(y[who], s[who], ["auc"], customer=who if by_customer else None, **RATES)
        return ends(table, "auc")

    assert 0.89 < hits(lambda random: one(random, True), truth, 200) < 0.99
    assert hits(lambda random: one(random, False), truth, 100) < 0.75


def test_difference_of_two_scores_covers_and_says_which_is_better():
    """Score b is a with noise: AUCs of 1/sqrt(2) and 1/sqrt(2·1.5) standard deviations apart."""
    truth = norm.cdf(1 / np.sqrt(2)) - norm.cdf(1 / np.sqrt(3))

    def one(random):
        y, a = two_groups(random, 300, 1.0)
        return ends(bootstrap.differences(y, a, a + random.normal(0, np.sqrt(0.5), 300), ["auc"], **RATES), "auc")

    assert 0.91 < hits(one, truth, 250) < 0.985


def test_a_paired_difference_is_surer_than_two_intervals_and_names_its_verdict():
    random = np.random.default_rng(0)
    p = expit(random.normal(size=2000))
    y = (random.random(2000) < p).astype(int)
    near = np.clip(p + random.normal(0, 0.12, 2000), 0.001, 0.999)
    names = ["auc", "brier", "log_loss"]
    table = bootstrap.differences(y, p, near, names)
    alone = bootstrap.intervals(y, p, ["auc"]).loc["auc"]
    assert table.loc["auc", "high"] - table.loc["auc", "low"] < 0.6 * (alone["high"] - alone["low"])
    assert table["verdict"].tolist() == ["better"] * 3
    assert bootstrap.differences(y, near, p, names)["verdict"].tolist() == ["worse"] * 3
    assert bootstrap.differences(y, p, p, names)["verdict"].tolist() == ["unclear"] * 3
    assert table.loc["auc", "value"] == metrics.auc(y, p) and table.loc["brier", "other"] == metrics.brier(y, near)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_interval_of_a_calibration_error_holds_the_truth_also_where_it_is_0(slope):
    def world(random, n):
        x = random.normal(size=n)
        return expit(x), expit(x * (1 + slope) - slope)

    p, q = world(np.random.default_rng(1), 400_000)
    order = np.argsort(p)
    truth = np.mean([abs(p[c].mean() - q[c].mean()) for c in np.array_split(order, 10)])

    def one(random):
        p, q = world(random, 1000)
        return ends(bootstrap.intervals(random.random(1000) < q, p, ["ece"], **RATES), "ece")

    assert hits(one, truth, 150) > 0.87  # a reflected interval is a little short


def test_the_same_seed_gives_the_same_interval_and_a_weight_counts():
    y, s = two_groups(np.random.default_rng(5), 200, 1.0)
    one = bootstrap.intervals(y, expit(s), seed=3)
    assert one.equals(bootstrap.intervals(y, expit(s), seed=3))
    assert not one.equals(bootstrap.intervals(y, expit(s), seed=4))
    assert list(one.index) == list(metrics.MEASURES)
    assert (one["low"] <= one["value"]).all() and (one["value"] <= one["high"]).all()
    heavy = np.where(y == 1, 3.0, 0.5)
    assert bootstrap.intervals(y, s, ["auc"], weight=heavy).loc["auc", "value"] == metrics.auc(y, s, heavy)


def test_any_measure_of_weights_can_be_compared_and_curves_get_a_band():
    random = np.random.default_rng(2)
    time, seen = random.integers(1, 90, 400), random.integers(0, 2, 400)
    good, bad = -time + random.normal(0, 20, 400), random.normal(size=400)
    one, two = ({"c_index": metrics.order_in_time(time, seen, score)} for score in (good, bad))
    table = bootstrap.compare(one, two, 400)
    assert table.loc["c_index", "value"] == metrics.c_index(time, seen, good)
    assert table.loc["c_index", "verdict"] == "better"
    alone = bootstrap.summary(one, 400).loc["c_index"]
    assert alone["low"] < alone["value"] == metrics.c_index(time, seen, good) < alone["high"]
    band = bootstrap.band(metrics.gain_curve(seen, good), 400)
    assert len(band) == 101 and band.iloc[0].tolist() == [0, 0, 0] and band.iloc[-1].tolist() == [1, 1, 1]
    assert ((band["low"] <= band["value"] + 0.02) & (band["value"] <= band["high"] + 0.02)).all()


def test_customers_are_drawn_whole_and_as_many_as_there_are():
    who = np.array(["a", "b", "b", "c", "c", "c"])
    _, drawn = bootstrap.resample({"w": lambda w: w.copy()}, 6, customer=who, draws=50)
    times = drawn["w"]
    assert (times[:, 1] == times[:, 2]).all() and (times[:, 3] == times[:, 5]).all()
    assert (times[:, [0, 1, 3]].sum(axis=1) == 3).all() and times[:, 0].max() >= 2


def test_nothing_to_say_is_nan_and_bad_input_is_refused():
    table = bootstrap.intervals([1, 1, 1], [0.2, 0.9, 0.4], ["auc", "brier"])
    assert table.loc["auc"].isna().all() and table.loc["brier"].notna().all()
    assert bootstrap.intervals([], []).isna().all().all()
    assert bootstrap.intervals([0, 1], [0.2, 0.9], weight=[0, 0]).isna().all().all()
    assert bootstrap.differences([1, 1], [0.2, 0.9], [1, 2])["verdict"].iloc[0] == "unclear"
    with pytest.raises(InputError, match="customer has 2 values, 1 missing; expected one in each of 2"):
        bootstrap.intervals([0, 1], [0.2, 0.9], customer=["a", None])
    with pytest.raises(InputError, match="draws is 1"):
        bootstrap.intervals([0, 1], [0.2, 0.9], draws=1)
