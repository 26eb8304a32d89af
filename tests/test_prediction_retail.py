"""Online Retail II out of time: the measures that were reached, as bars."""

from datetime import date

import numpy as np
import pytest
import retail_tables

from customerbase.prediction import Options, metrics, study
from customerbase.prediction.models import MEAN


def means(found, names=("auc", "brier", "ece", "lift")) -> dict:
    """Measures of the chosen rung, the mean over the windows from June to September 2011."""
    tests = [test for test in found.tests if date(2011, 6, 1) <= test.cutoff <= date(2011, 9, 1)]
    assert len(tests) == 4
    return {
        name: np.mean([getattr(metrics, name)(one.y, one.probability(found.chosen)) for one in tests]) for name in names
    }


@pytest.mark.slow
def test_who_leaves_online_retail_is_ranked_and_calibrated_as_measured():
    found = study(retail_tables.snapshots(), cutoff=date(2011, 12, 1), options=Options(horizon_days=90))
    got = means(found)
    assert got["auc"] >= 0.800 and got["brier"] <= 0.177 and got["ece"] <= 0.05 and got["lift"] >= 1.537, got
    assert found.chosen == MEAN and [note.code for note in found.notes] == ["better_than_rule"]


@pytest.mark.slow
def test_who_buys_in_online_retail_within_a_month():
    options = Options(horizon_days=30, leaving=False, tests=6)
    found = study(retail_tables.snapshots(), cutoff=date(2011, 12, 1), options=options)
    got = means(found)
    assert got["auc"] >= 0.8016 and got["brier"] <= 0.1239 and got["lift"] >= 3.40, got
    assert found.chosen == MEAN
