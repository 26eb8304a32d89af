"""Population stability: by hand, within its noise where nothing changed, found where something did."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from customerbase.errors import InputError
from customerbase.prediction import drift


def test_index_by_hand():
    before, now = [1] * 40 + [2] * 60, [1] * 60 + [2] * 40
    old, new = np.array([40.5, 60.5]) / 101, np.array([60.5, 40.5]) / 101
    expected = ((new - old) * np.log(new / old)).sum()
    assert drift.psi(before, now) == pytest.approx(expected)
    assert drift.psi(before, before) == 0
    assert drift.psi(now, before) == pytest.approx(drift.psi(before, now))
    table = drift.classes(before, now)
    assert table["label"].tolist() == ["≤ 1", "1 – 2"] and table["today"].tolist() == [0.6, 0.4]
    assert table["psi"].sum() == pytest.approx(expected)


@pytest.mark.parametrize("sizes", [(200, 150), (3000, 1000)])
def test_noise_of_two_samples_of_one_population(sizes):
    """The index over (1/n + 1/m) is chi-square with B − 1 degrees; its bound is passed as rarely as it says."""
    random = np.random.default_rng(0)
    found = np.array([drift.psi(*(random.gamma(2, 10, n) for n in sizes)) for _ in range(600)])
    scaled = found / (1 / sizes[0] + 1 / sizes[1])
    assert scaled.mean() == pytest.approx(9, rel=0.08)
    assert 0.02 < (found > drift.noise(10, *sizes)).mean() < 0.08
    assert drift.noise(10, *sizes) == pytest.approx(chi2.ppf(0.95, 9) * (1 / sizes[0] + 1 / sizes[1]))


def snapshot(random, n: int, moved: float = 0.0) -> pd.DataFrame:
    spend = random.gamma(2, 50, n)
    return pd.DataFrame(
        {
            "spend": spend * np.exp(moved),
            "orders": random.poisson(1.5, n),
            "returned": np.where(random.random(n) < 0.7, 0, random.poisson(2, n)),
            "app": random.random(n) < 0.3,
            "gap": np.where(random.random(n) < 0.4 + moved / 2, np.nan, random.exponential(30, n)),
            "channel": random.choice(["store", "web", "app"], n, p=[0.5, 0.3, 0.2]),
        }
    )


def test_small_samples_do_not_cry_wolf():
    """80 against 60 customers: some index passes 0.1 nearly always, yet almost no table names a change."""
    random = np.random.default_rng(1)
    tables = [drift.stability(snapshot(random, 80), snapshot(random, 60)) for _ in range(200)]
    assert np.mean([(table["psi"] > drift.SOME).any() for table in tables]) > 0.8
    assert np.mean([table["verdict"].isin(["some", "strong"]).any() for table in tables]) < 0.09
    assert any("unclear" in table["verdict"].tolist() for table in tables)


def test_a_planted_shift_is_found_and_stands_first():
    random = np.random.default_rng(2)
    table = drift.stability(snapshot(random, 3000), snapshot(random, 2000, moved=0.5))
    assert set(table["feature"][:2]) == {"spend", "gap"}
    verdicts = table.set_index("feature")["verdict"]
    assert verdicts["spend"] in ("some", "strong") and verdicts["gap"] in ("some", "strong")
    assert verdicts.drop(["spend", "gap"]).eq("stable").all()
    gap = table.set_index("feature").loc["gap"]
    assert gap["missing_reference"] == pytest.approx(0.4, abs=0.03) and gap["missing_today"] == pytest.approx(
        0.65, abs=0.03
    )
    assert (table["reference"] == 3000).all() and (table["today"] == 2000).all()
    assert table["psi"].is_monotonic_decreasing


def test_classes_of_numbers_truths_texts_and_missing_ones():
    many_zeros = [0] * 700 + list(range(1, 301))
    assert drift.classes(many_zeros, many_zeros)["label"].tolist() == ["≤ 0", "0 – 100", "100 – 200", "> 200"]
    truths = drift.classes([True] * 30 + [False] * 70, [True] * 50 + [False] * 50)
    assert truths["reference"].tolist() == [0.7, 0.3] and truths["today"].tolist() == [0.5, 0.5]
    gaps = drift.classes([1.0, np.nan] * 50, pd.array([1, None, 1, 1] * 25, dtype="Int64"))
    assert gaps["label"].tolist() == ["≤ 1", "missing"] and gaps["today"].tolist() == [0.75, 0.25]
    texts = drift.classes(["a"] * 50 + ["b"] * 30 + ["c"] * 20, ["a"] * 50 + ["d"] * 50, bins=3)
    assert texts["label"].tolist() == ["a", "b", "other"] and texts["today"].tolist() == [0.5, 0, 0.5]
    rare = drift.classes(["a"] * 50 + ["b"] * 4, ["a"] * 50 + ["b"] * 3)
    assert rare["label"].tolist() == ["a"] and rare["psi"].tolist() == [0]


def test_what_nobody_had_before_is_finite_and_found():
    assert 0.25 < drift.psi([1.0] * 500, [np.nan] * 250 + [1.0] * 250) < 10
    assert np.isfinite(drift.psi([1.0, 2.0] * 50, [3.0] * 100)) and np.isfinite(
        drift.psi([0.0, np.inf] * 50, [-np.inf] * 99)
    )


def test_verdicts_at_the_usual_bounds_and_within_noise():
    assert [drift.verdict(index, 0.05) for index in (0.09, 0.1, 0.25, np.nan)] == [
        "stable",
        "some",
        "strong",
        "unclear",
    ]
    assert drift.verdict(0.2, 0.3) == "unclear" and drift.verdict(0.09, 0.3) == "stable"


def test_nothing_to_compare_is_nan_and_other_columns_are_refused():
    assert np.isnan(drift.psi([], [1, 2])) and np.isnan(drift.psi([1, 2], [])) and np.isnan(drift.psi([], []))
    empty = drift.stability(pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": pd.Series(dtype=float)}))
    assert empty.loc[0, "verdict"] == "unclear" and np.isnan(empty.loc[0, "psi"]) and np.isnan(empty.loc[0, "bound"])
    nothing = drift.stability(pd.DataFrame({"a": [None] * 30}), pd.DataFrame({"a": [None] * 40}))
    assert nothing.loc[0, "psi"] == 0 and nothing.loc[0, "verdict"] == "stable"
    with pytest.raises(InputError, match=r"feature 'spend' is in only one.*Did you mean 'spends'"):
        drift.stability(pd.DataFrame({"spend": [1]}), pd.DataFrame({"spends": [1]}))
    with pytest.raises(InputError, match="bins is 1"):
        drift.psi([1], [2], bins=1)
