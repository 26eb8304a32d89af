"""Life tables and Kaplan-Meier curves against a published example and hand-made cases."""

import numpy as np
import pytest

from customerbase.errors import InputError
from customerbase.prediction import LifeTable

# Remission of leukaemia under 6-MP in weeks (Freireich et al. 1963), the standard example; censored ones apart
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def remission() -> LifeTable:
    return LifeTable.of(RELAPSED + CENSORED, [True] * len(RELAPSED) + [False] * len(CENSORED))


def test_published_curve_with_greenwoods_errors():
    table = remission()
    here = table.events > 0
    assert table.time[here].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert table.at_risk[here].tolist() == [21, 17, 15, 12, 11, 7, 6]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]  # Kalbfleisch & Prentice; R survival prints the same
    assert table.survival[here] == pytest.approx(published, abs=5e-4)
    low, high = table.survival_interval()
    # R: survfit(Surv(weeks, status) ~ 1, conf.type = "log-log")
    assert low[here] == pytest.approx([0.620, 0.563, 0.503, 0.432, 0.368, 0.268, 0.188], abs=1.5e-3)
    assert high[here] == pytest.approx([0.952, 0.923, 0.889, 0.849, 0.805, 0.747, 0.680], abs=1.5e-3)
    assert table.quantile(0.5) == 23


def test_curve_is_a_step_function_and_a_quantile_may_not_be_reached():
    table = remission()
    assert table.at([0, 5.9, 6, 6.5, 40]).tolist() == pytest.approx([1, 1, 18 / 21, 18 / 21, table.survival[-1]])
    assert np.isnan(table.quantile(0.9))


def test_a_weight_counts_like_so_many_rows():
    rng = np.random.default_rng(0)
    time, seen, weight = rng.integers(0, 9, 200), rng.random(200) < 0.6, rng.integers(1, 4, 200)
    heavy = LifeTable.of(time, seen, weight)
    long = LifeTable.of(np.repeat(time, weight), np.repeat(seen, weight))
    assert heavy.frame().to_dict("list") == long.frame().to_dict("list")


def test_exact_share_without_censoring_and_bad_times_are_refused():
    table = LifeTable.of([1, 2, 2, 4], [True] * 4)
    assert table.survival.tolist() == [0.75, 0.25, 0.0]
    assert [ends.tolist()[-1] for ends in table.survival_interval()] == [0, 0]
    with pytest.raises(InputError, match=r"a time is -1\.0"):
        LifeTable.of([3, -1], [True, True])
