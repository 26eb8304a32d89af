"""Clusters: each rule by hand, the constraints retold record by record, and promises about order."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.errors import InputError
from customerbase.identity.clusters import BELOW, CUT_CONFLICT, CUT_DECISION, KEPT, partition
from customerbase.identity.constraints import Constraints, Unions
from customerbase.identity.guard import Guard


def grouped(links, count, threshold=3.0, **options):
    """links: (a, b, weight)."""
    a, b, weight = np.array(links, dtype=float).reshape(-1, 3).T
    return partition(count, a.astype(int), b.astype(int), weight, threshold=threshold, **options)


def labels(links, count, **options) -> list[int]:
    return grouped(links, count, **options).label.tolist()


def clique(members, weight=6.0):
    return [(a, b, weight) for a, b in combinations(members, 2)]


def linked(label, at):
    return set(np.flatnonzero(label == label[at]).tolist())


# --- groups, states, numbering ---------------------------------------------------------------------------------------


def test_links_join_and_weak_ones_do_not():
    found = grouped([(4, 2, 5), (0, 3, 3), (1, 3, 2.9)], 5)
    assert found.label.tolist() == [0, 1, 2, 0, 2]  # numbered by smallest member
    assert found.edge_state.tolist() == [KEPT, KEPT, BELOW]
    assert found.label.dtype == np.int64
    assert found.edge_state.dtype == np.int8


def test_no_records_no_links_and_infinite_weights():
    assert labels([], 0) == []
    assert labels([], 3) == [0, 1, 2]
    assert labels([(0, 1, np.inf), (1, 2, -np.inf)], 3) == [0, 0, 1]


def test_of_two_links_between_two_records_the_stronger_counts():
    found = grouped([(0, 1, 2), (1, 0, 5)], 2)
    assert found.label.tolist() == [0, 0]
    assert found.edge_state.tolist() == [BELOW, KEPT]


@pytest.mark.parametrize(
    ("links", "options", "said"),
    [
        ([(0, 9, 5)], {}, "record 9; expected 0 to 2"),
        ([(1, 1, 5)], {}, "record 1 with itself"),
        ([(0, 1, np.nan)], {}, "records 0 and 1 has no weight"),
        ([], {"must": [(0, 7)]}, "must: record 7"),
        ([], {"must": [0, 1]}, "expected pairs"),
        ([], {"constraints": Constraints(differ=[[1, 2]])}, r"differ: an array of shape \(2,\)"),
        ([(0, 1, 5), (1, 2, 5)], {"score_pairs": lambda a, b: [1.0, 2.0]}, "expected one per pair"),
    ],
)
def test_malformed_input_says_what_was_wrong(links, options, said):
    with pytest.raises(InputError, match=said):
        grouped(links, 3, **options)


# --- constraints -----------------------------------------------------------------------------------------------------

SQUARE = [(0, 1, 9), (1, 2, 5), (2, 3, 7), (0, 2, 4), (1, 3, 4), (0, 3, 4)]


@pytest.mark.parametrize(
    ("constraints", "state"),
    [
        (Constraints(cannot=[(3, 0)]), CUT_DECISION),
        (Constraints(differ=[[7, -1, -1, 8]]), CUT_CONFLICT),
        (Constraints(differ=[[7 * 10**15, -1, -1, 8 * 10**15]]), CUT_CONFLICT),
        (Constraints(differ_both=[([1, 1, -1, 2], [1, -1, 2, 2])]), CUT_CONFLICT),
        (Constraints(at_most_one=[[5, -1, -1, 5]]), CUT_CONFLICT),
    ],
)
@pytest.mark.parametrize("guard", [None, Guard()])
def test_the_weakest_link_between_two_who_conflict_gives_way(constraints, state, guard):
    found = grouped(SQUARE, 4, constraints=constraints, guard=guard)
    assert found.label.tolist() == [0, 0, 1, 1]
    assert found.edge_state.tolist() == [KEPT, state, KEPT, state, state, state]


def test_what_does_not_conflict():
    same = [0, 0, 0, 0]
    assert labels(SQUARE, 4, constraints=Constraints(differ=[[7, -1, -1, 7]])) == same
    assert labels(SQUARE, 4, constraints=Constraints(differ_both=[([1, 2, 1, 1], [4, 4, -1, 4])])) == same
    assert labels(SQUARE, 4, constraints=Constraints(at_most_one=[[5, 6, -1, -1], [-1, -1, 5, -1]])) == same


@pytest.mark.parametrize("guard", [None, Guard()])
def test_equal_links_give_way_by_record_number(guard):
    assert labels([(1, 2, 5), (0, 1, 5)], 3, constraints=Constraints(differ=[[1, -1, 2]]), guard=guard) == [0, 0, 1]
    assert labels([(0, 2, 5), (0, 1, 5)], 3, constraints=Constraints(differ=[[-1, 1, 2]]), guard=guard) == [0, 0, 1]


def test_values_may_be_any_numbers():
    links = [(a + 4, b + 4, weight) for a, b, weight in SQUARE]
    once = Constraints(at_most_one=[[4 * 10**18, -1, -1, -1, 5 * 10**18, -1, -1, 5 * 10**18]])
    assert labels(links, 8, constraints=once) == [0, 1, 2, 3, 4, 4, 5, 5]


@pytest.mark.parametrize("guard", [None, Guard()])
def test_people_overrule_rules_and_teach_that_two_values_are_one_persons(guard):
    def found(extra, must=((0, 3),), **rules):
        links = [*clique((0, 1)), *clique((2, 3)), (1, 2, 4), *clique((4, 5)), *extra]
        return labels(links, 6, constraints=Constraints(**rules), must=must, guard=guard)

    values = [[7, 7, 8, 8, 7, 8]]
    assert found([], must=(), differ=values) == [0, 0, 1, 1, 2, 3]
    assert found([], differ=values) == [0, 0, 0, 0, 1, 2]  # elsewhere 7 and 8 still differ
    assert found([(3, 4, 6)], differ=[[7, 7, 8, 8, 9, -1]]) == [0, 0, 0, 0, 1, 1]
    assert found([(3, 4, 6)], at_most_one=[[1, -1, -1, 1, 1, -1]]) == [0, 0, 0, 0, 1, 1]
    assert found([], differ_both=[([1, 1, 2, 2, 1, 2], [4, 4, 5, 5, 4, 5])]) == [0, 0, 0, 0, 1, 2]
    # 0 and 3 differ in one of two only: that teaches nothing
    assert found([(3, 4, 6)], differ_both=[([1, 1, 2, 2, 1, -1], [4, 4, 4, 4, 5, -1])])[4] == 1
    # 0 and 2 are joined by way of 1, which has no value
    bridge = ((0, 1), (1, 2))
    assert found([(2, 4, 6)], must=bridge, differ=[[7, -1, 8, 7, 8, -1]]) == [0] * 6


def test_decisions_that_contradict_each_other_are_an_error_naming_both():
    names = ["shop:a", "web:b", "pos:c", "app:d"]
    with pytest.raises(InputError, match=r"shop:a and pos:c are declared not the same, .* shop:a = app:d = pos:c"):
        grouped([], 4, must=[(0, 3), (3, 2)], constraints=Constraints(cannot=[(0, 2)]), names=names)
    with pytest.raises(InputError, match="record 1 and record 1"):
        grouped([], 4, constraints=Constraints(cannot=[(1, 1)]))


def test_must_links_join_without_any_link():
    found = grouped([(2, 3, 5)], 5, must=[(0, 2), (4, 4)])
    assert found.label.tolist() == [0, 1, 0, 0, 2]


INTS = st.integers(-1, 2)


@st.composite
def worlds(draw):
    count = draw(st.integers(2, 9))
    pairs = list(combinations(range(count), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20))
    links = [(a, b, float(draw(st.integers(0, 9)))) for a, b in chosen]
    values = st.lists(INTS, min_size=count, max_size=count)
    cannot = draw(st.lists(st.sampled_from(pairs), max_size=2))
    both = [(draw(values), draw(values))]
    return count, links, Constraints(cannot, [draw(values)], both, [draw(values)])


def conflict(constraints, a, b) -> bool:
    return (
        (a, b) in constraints.cannot
        or (b, a) in constraints.cannot
        or any(min(v[a], v[b]) >= 0 and v[a] != v[b] for v in constraints.differ)
        or any(min(x[a], x[b], y[a], y[b]) >= 0 and x[a] != x[b] and y[a] != y[b] for x, y in constraints.differ_both)
        or any(v[a] == v[b] >= 0 for v in constraints.at_most_one)
    )


def retold(count, links, constraints, threshold):
    """Strongest link first, each refused that would bring two who conflict together; groups of records."""
    of = {at: {at} for at in range(count)}
    for a, b, weight in sorted(links, key=lambda link: (-link[2], link[:2])):
        left, right = of[a], of[b]
        if (
            weight >= threshold
            and left is not right
            and not any(conflict(constraints, p, q) for p in left for q in right)
        ):
            for at in right:
                of[at] = left
            left |= right
    return [of[at] for at in range(count)]


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_constraints_as_retold_record_by_record(world):
    count, links, constraints = world
    found = grouped(links, count, constraints=constraints, guard=None)
    groups = retold(count, links, constraints, 3.0)
    assert [linked(found.label, at) for at in range(count)] == groups
    for (a, b, weight), state in zip(links, found.edge_state, strict=True):
        expected = KEPT if b in groups[a] else CUT_CONFLICT
        if expected == CUT_CONFLICT and any(
            sorted(map(id, (groups[p], groups[q]))) == sorted(map(id, (groups[a], groups[b])))
            for p, q in constraints.cannot
        ):
            expected = CUT_DECISION
        assert state == (BELOW if weight < 3 else expected)


@settings(max_examples=100, deadline=None)
@given(worlds(), st.randoms(use_true_random=False), st.sampled_from([None, Guard(), Guard(slack=2.0, largest=4)]))
def test_order_and_direction_of_links_do_not_matter_and_no_group_breaks_a_rule(world, random, guard):
    count, links, constraints = world
    found = grouped(links, count, constraints=constraints, guard=guard)
    order = random.sample(range(len(links)), len(links))
    turned = [(links[at][1], links[at][0], links[at][2]) if random.random() < 0.5 else links[at] for at in order]
    again = grouped(turned, count, constraints=constraints, guard=guard)
    assert again.label.tolist() == found.label.tolist()
    assert again.edge_state.tolist() == found.edge_state[order].tolist()
    assert not any(
        found.label[a] == found.label[b] and conflict(constraints, a, b) for a, b in combinations(range(count), 2)
    )
    plain = grouped(links, count, guard=None).label
    assert all(
        len(set(plain[found.label == one].tolist())) == 1 for one in set(found.label.tolist())
    )  # only ever finer


@settings(max_examples=60, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_other_record_numbers_give_the_same_groups_when_no_two_links_weigh_the_same(world, random):
    count, links, constraints = world
    links = [(a, b, weight + at / 100) for at, (a, b, weight) in enumerate(links)]
    new = random.sample(range(count), count)
    old = np.argsort(new)
    moved = Constraints(
        [(new[a], new[b]) for a, b in constraints.cannot],
        [np.array(one)[old] for one in constraints.differ],
        [(np.array(x)[old], np.array(y)[old]) for x, y in constraints.differ_both],
        [np.array(one)[old] for one in constraints.at_most_one],
    )
    found = grouped(links, count, constraints=constraints, guard=None)
    again = grouped([(new[a], new[b], weight) for a, b, weight in links], count, constraints=moved, guard=None)
    assert [{new[other] for other in linked(found.label, at)} for at in range(count)] == [
        linked(again.label, new[at]) for at in range(count)
    ]


def test_unions_refuse_and_say_so():
    unions = Unions(Constraints(cannot=[(0, 2)]).checked(3), np.arange(3))
    assert unions.join(0, 1) and unions.join(1, 0) and not unions.join(2, 1)
    assert unions.join(2, 1, force=True) and unions.find(2) == unions.find(0)
