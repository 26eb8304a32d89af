"""The guard: what it leaves whole, what it parts, its retelling in plain Python, and what it does for messy people."""

import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messy_people import COLUMNS, REGIMES, people, propose, quality, weigh
from test_identity_clusters import clique, grouped, labels

import customerbase.identity.guard as guards
from customerbase.identity.clusters import CUT_GUARD, KEPT, partition
from customerbase.identity.constraints import Constraints
from customerbase.identity.guard import Guard, contract


def test_size_alone_splits_nothing_and_small_stars_survive():
    random = np.random.default_rng(4)
    for share in (0.75, 0.5):
        dense = [link for link in clique(range(40)) if random.random() < share]
        assert set(labels(dense, 40)) == {0}
    assert labels([(0, leaf, 6) for leaf in range(1, 5)], 5) == [0] * 5


@pytest.mark.parametrize("size", [4, 5, 8, 20])
def test_two_dense_groups_joined_by_one_link_are_two(size):
    found = grouped([*clique(range(size)), *clique(range(size, 2 * size)), (0, size, 4)], 2 * size)
    assert found.label.tolist() == [0] * size + [1] * size
    assert found.edge_state[-1] == CUT_GUARD
    assert (found.edge_state[:-1] == KEPT).all()


def test_a_long_chain_does_not_hold():
    label = grouped([(at, at + 1, 5) for at in range(29)], 30).label
    assert np.bincount(label).max() <= 6


def test_the_weights_of_all_pairs_decide_when_they_can_be_asked_for():
    star, asked = [(0, leaf, 6) for leaf in range(1, 13)], []

    def score(value):
        def weights(a, b):
            asked.append(list(zip(a.tolist(), b.tolist(), strict=True)))
            return np.full(len(a), value)

        return weights

    good = grouped([*star, *clique((13, 14, 15))], 16, score_pairs=score(-0.5))
    assert asked == [list(combinations(range(1, 13), 2))]  # once; only pairs without a link, only where links are thin
    assert np.bincount(good.label).tolist() == [13, 3]
    bad = grouped(star, 13, score_pairs=score(-25.0)).label
    assert np.bincount(bad).max() == 2
    unknown = grouped(star, 13, score_pairs=score(np.nan)).label
    assert unknown.tolist() == labels(star, 13)
    assert grouped(star, 13, score_pairs=score(-0.5), guard=Guard(pairs=50)).label.tolist() == labels(star, 13)


def test_links_below_the_threshold_are_heard():
    chain = [(0, 1, 6), (1, 2, 6)]
    assert labels(chain, 3) == [0, 0, 0]
    assert labels([*chain, (0, 2, -25)], 3) == [0, 0, 1]


def test_what_people_joined_stays_together_and_conflicts_stay_apart_where_the_guard_looks():
    chain = [(at, at + 1, 5) for at in range(29)]
    must = [(0, 29), (10, 20)]
    label = grouped(chain, 30, must=must).label
    assert label[0] == label[29] and label[10] == label[20]
    links = [(0, 1, 6), (5, 6, 8), (5, 7, 6)]
    label = grouped(links, 8, must=[(0, 5)], constraints=Constraints(cannot=[(0, 6)])).label
    assert label[0] == label[5] != label[6]
    label = grouped(chain, 30, constraints=Constraints(cannot=[(0, 1)], differ=[np.arange(30) % 3])).label
    assert len(set(label.tolist())) == 30
    agreed = grouped(chain, 30, score_pairs=lambda a, b: np.full(len(a), 8.0), constraints=Constraints([(0, 1)])).label
    assert len(set(agreed.tolist())) == 2  # dense once all pairs are known, but the decision still holds


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 9), st.integers(0, 10**6), st.floats(0, 12))
def test_average_linkage_as_retold_and_the_same_for_many_and_for_one(size, seed, slack):
    random = np.random.default_rng(seed)
    weight = random.normal(-1, 6, (4, size, size))
    weight = weight + weight.transpose(0, 2, 1)
    found = contract(weight, slack)
    for one, first in zip(weight, found, strict=True):
        parts = [[at] for at in range(size)]
        while len(parts) > 1:
            score = {
                (p, q): np.mean([one[a, b] for a in parts[p] for b in parts[q]])
                + slack / np.sqrt(len(parts[p]) * len(parts[q]))
                for p, q in combinations(range(len(parts)), 2)
            }
            (p, q), best = max(score.items(), key=lambda item: item[1])
            if best < 0:
                break
            parts[p] += parts.pop(q)
        assert {tuple(sorted(part)) for part in parts} == {
            tuple(np.flatnonzero(first == at).tolist()) for at in set(first.tolist())
        }
        assert guards._contract_one(one, slack).tolist() == first.tolist()


def test_an_oversized_component_ends_small_and_suspicious_in_bounded_time():
    random = np.random.default_rng(5)
    count, begun = 100_000, time.process_time()
    a, b = random.integers(0, count, (2, 400_000))
    a, b = a[a != b], b[a != b]
    found = partition(count, a, b, random.normal(8, 4, len(a)), threshold=3)
    assert time.process_time() - begun < 20
    assert np.bincount(found.label).max() <= 30
    assert len(found.suspicious) and (np.bincount(found.label)[found.suspicious] > 1).all()
    equal = partition(count, a, b, np.full(len(a), 40.0), threshold=3)
    assert np.bincount(equal.label).max() <= 30
    held = partition(5000, [0], [1], [9.0], threshold=3, must=[(at, at + 1) for at in range(4999)], guard=Guard())
    assert set(held.label.tolist()) == {0} and held.suspicious.tolist() == [0]


def test_an_oversized_component_is_cut_no_further_than_it_needs():
    links = [*clique(range(5), 9), *clique(range(5, 10), 9), (0, 5, 4), (10, 11, 4)]
    found = grouped(links, 12, guard=Guard(largest=8, density=0))
    assert found.label.tolist() == [0] * 5 + [1] * 5 + [2, 2]
    assert found.suspicious.tolist() == [0, 1]


def test_one_very_strong_link_does_not_outvote_many_pairs():
    links = [*clique(range(4), 12), (3, 4, 40), *[(at, 4, -12) for at in range(3)]]
    assert labels(links, 5, guard=Guard(density=0.8)) == [0, 0, 0, 0, 1]


def test_groups_that_are_large_or_thin_are_suspicious():
    random = np.random.default_rng(6)
    large = [link for link in clique(range(120)) if random.random() < 0.9]
    thin = [(120, 121, 3), (121, 122, 3), (122, 123, 3), (121, 123, -9)]
    found = grouped([*large, *thin, *clique((130, 131, 132))], 140, guard=Guard(slack=20))
    assert found.suspicious.tolist() == [0, 1]
    assert not len(grouped(clique(range(40)), 40).suspicious)
    assert not len(grouped([(0, 3, 3)], 4, must=[(0, 1), (1, 2)]).suspicious)  # people looked at these


# --- messy people ----------------------------------------------------------------------------------------------------


def test_messy_people_are_seeded_and_messy():
    records, truth = people("historical", 60, seed=3)
    again, _ = people("historical", 60, seed=3)
    other, _ = people("historical", 60, seed=4)
    assert records.equals(again) and not records.equals(other)
    assert tuple(records.columns) == COLUMNS and records["unique_id"].is_unique
    assert np.bincount(truth).min() >= 1 and np.bincount(truth).max() <= 20
    assert records["email"].isna().all() and 0.2 < records["occupation"].isna().mean() < 0.6
    first = truth == truth[0]
    assert records[first]["full_name"].nunique() > 1 or first.sum() < 3


@pytest.mark.parametrize(
    ("regime", "gain"),
    [("historical", 0.02), ("one_town", 0.08), ("families", 0.08), ("placeholders", 0.06), ("clean", 0)],
)
def test_the_guard_lifts_messy_people_and_leaves_clean_ones(regime, gain):
    """Pairwise F1 of links weighed by a plain model; the mean of three seeds."""
    plain, guarded, asked = [], [], []
    for seed in (1, 2, 3):
        records, truth = people(REGIMES[regime], 300, seed)
        a, b = propose(records)
        weight = weigh(records, a, b)
        call = {"count": len(records), "a": a, "b": b, "weight": weight, "threshold": 0.0}
        plain.append(quality(partition(**call, guard=None).label, truth))
        guarded.append(quality(partition(**call).label, truth))
        made = partition(**call, score_pairs=lambda a, b, records=records: weigh(records, a, b))
        asked.append(quality(made.label, truth))
    f1, precision, _ = np.mean(plain, axis=0)
    for better in (guarded, asked):
        assert np.mean(better, axis=0)[0] >= f1 + gain - 1e-9
        assert np.mean(better, axis=0)[1] >= precision


@pytest.mark.slow
def test_a_million_records_take_seconds():
    random = np.random.default_rng(7)
    person = np.sort(random.integers(0, 450_000, 1_000_000))
    at, parts = np.arange(len(person)), []
    for apart in (1, 2, 3):
        parts.append(np.column_stack([at[:-apart], at[apart:]])[person[:-apart] == person[apart:]])
    a, b = np.concatenate([*parts, random.integers(0, len(at), (50_000, 2))]).T
    a, b = a[a != b], b[a != b]
    begun = time.process_time()
    found = partition(len(at), a, b, random.normal(14, 6, len(a)), threshold=5)
    assert time.process_time() - begun < 6
    assert np.bincount(found.label).max() < 40
