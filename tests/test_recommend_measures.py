"""Recall, NDCG and hits: hand-made lists, and a second implementation written plainly, with loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from customerbase.recommend import of_all, per_customer, top
from customerbase.recommend.measures import best_of


def matrix(rows: list[list[int]], columns: int) -> sparse.csr_matrix:
    made = np.zeros((len(rows), columns))
    for row, bought in enumerate(rows):
        made[row, bought] = 1
    return sparse.csr_matrix(made)


def test_hand_made_lists():
    lists = np.array([[3, 1, 0], [2, -1, -1], [4, 5, 6], [0, 1, 2]])
    truth = matrix([[1, 9], [2], [0], []], 10)
    found = per_customer(lists, truth)
    assert found["recall"][:3] == pytest.approx([0.5, 1.0, 0.0])
    best_of_two = 1 + 1 / math.log2(3)
    assert found["ndcg"][:3] == pytest.approx([(1 / math.log2(3)) / best_of_two, 1.0, 0.0])
    assert list(found["hit"][:3]) == [1, 1, 0]
    assert all(np.isnan(found[name][3]) for name in found)


def test_recall_is_of_the_whole_truth_and_ndcg_of_the_best_list():
    found = per_customer(np.array([[0, 1]]), matrix([[0, 1, 2, 3]], 5))
    assert found["recall"][0] == 0.5 and found["ndcg"][0] == 1.0


def plainly(listed: list[int], bought: set[int], k: int) -> tuple[float, float, float]:
    gain = sum(1 / math.log2(place + 2) for place, item in enumerate(listed) if item in bought)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(bought))))
    hits = len(bought & set(listed))
    return hits / len(bought), gain / best, float(hits > 0)


def test_as_a_plain_implementation_says():
    random = np.random.default_rng(0)
    scores = random.integers(0, 6, (200, 30)).astype(float)  # many ties
    scores[random.random(scores.shape) < 0.3] = -np.inf
    truth = [sorted(random.choice(30, random.integers(1, 9), replace=False).tolist()) for _ in range(200)]
    lists, found = top(scores, 10), per_customer(top(scores, 10), matrix(truth, 30))
    for row in range(200):
        order = [int(one) for one in sorted(range(30), key=lambda item: (-scores[row, item], item))]
        expected = [item for item in order if scores[row, item] > -np.inf][:10]
        assert [int(one) for one in lists[row] if one >= 0] == expected
        told = plainly(expected, set(truth[row]), 10)
        assert [found[name][row] for name in ("recall", "ndcg", "hit")] == pytest.approx(told)


def test_a_list_longer_than_the_items_ends_early():
    assert top(np.array([[1.0, 2.0]]), 4).tolist() == [[1, 0, -1, -1]]
    assert top(np.empty((2, 0)), 3).tolist() == [[-1] * 3] * 2


def test_coverage_novelty_and_popular_share():
    buyers = np.array([8.0, 4, 2, 1, 0, 0, 0, 0, 0, 0])
    found = of_all(np.array([[0, 1], [0, -1]]), buyers, 16)
    assert found["coverage"] == 0.2
    assert found["novelty"] == pytest.approx((1 + 2 + 1) / 3)  # a half, a quarter, a half of customers bought them
    assert found["popular_share"] == pytest.approx(2 / 3)
    assert np.isnan(of_all(np.full((2, 2), -1), buyers, 16)["coverage"])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=120), st.integers(1, 6))
def test_the_best_of_each_row_are_those_of_sorting_all(cells, most):
    """However long the rows and however many values are equal."""
    cells = sorted(cells)
    row = np.array([one for one, _ in cells], dtype=np.int64)
    item = np.arange(len(cells))
    key = np.array([value % 7 for _, value in cells], dtype=float)
    plain = [sorted(np.flatnonzero(row == one), key=lambda at: (-key[at], item[at]))[:most] for one in np.unique(row)]
    places, ranks = best_of(row, item, key, most)
    assert places.tolist() == [int(at) for one in plain for at in one]
    assert ranks.tolist() == [place + 1 for one in plain for place in range(len(one))]
