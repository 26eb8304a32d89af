"""Withheld cells: no small one is shown, none can be computed back from the totals, none is withheld without need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from customerbase.disclosure import determined, suppress, suppress_parts


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(2, 6), st.integers(2, 6)),
        elements=st.one_of(st.integers(0, 12), st.integers(0, 200)),
    )
)
def test_no_total_gives_a_small_cell_back(counts):
    hidden = suppress(counts, 10)
    assert hidden[(counts > 0) & (counts < 10)].all()
    filled = np.ix_(counts.any(axis=1), counts.any(axis=0))
    table, mask = counts[filled], hidden[filled]
    if min(table.shape, default=0) < 2 or not mask.any():
        return
    lines = [(table[i], mask[i]) for i in range(len(table))] + [
        (table[:, j], mask[:, j]) for j in range(table.shape[1])
    ]
    for values, withheld in lines:  # a line that still shows something withholds at least two cells and 10 people
        if withheld.any() and not withheld.all():
            assert withheld.sum() >= 2
            assert values[withheld].sum() >= 10
    for i, j in np.argwhere(mask & determined(mask)):  # fixed by the totals only where nothing is left to withhold
        assert mask[i].all() and mask[:, j].all()


def test_the_attack_on_a_chain_of_totals_is_seen():
    # every line holds two withheld cells, yet the cell that joins the two squares is fixed by the totals
    hidden = np.zeros((4, 4), dtype=bool)
    hidden[np.ix_([0, 1], [0, 1])] = hidden[np.ix_([2, 3], [2, 3])] = True
    assert not determined(hidden).any()
    hidden[1, 2] = True
    assert determined(hidden)[1, 2] and determined(hidden).sum() == 1


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_determined_cells_are_those_the_equations_fix(hidden):
    """Independent truth by linear algebra: a cell is fixed when it is 0 in every solution of "all totals are 0"."""
    cells = np.argwhere(hidden)
    equations = np.zeros((sum(hidden.shape), len(cells)))
    equations[cells[:, 0], range(len(cells))] = 1
    equations[hidden.shape[0] + cells[:, 1], range(len(cells))] = 1
    moves = 1 - np.diag(np.linalg.pinv(equations) @ equations) if len(cells) else np.zeros(0)
    assert (determined(hidden)[cells[:, 0], cells[:, 1]] == (moves < 1e-9)).all()
    assert not (determined(hidden) & ~hidden).any()


def test_nothing_is_withheld_without_need():
    counts = np.array([[50, 60], [70, 0]])
    assert not suppress(counts, 10).any()


def test_a_mask_is_its_askers_own():
    counts = np.array([[3, 40, 50], [30, 60, 70], [80, 90, 20]])
    first = suppress(counts, 10)
    kept = first.copy()
    first[:] = False
    assert kept[0, 0] and (suppress(counts, 10) == kept).all()
    assert not suppress(counts, 3).any() and suppress(counts, 60).sum() > kept.sum()


@pytest.mark.parametrize("seed", range(50))
def test_parts_of_a_known_total_leave_two_and_enough_people_unknown(seed):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 40, size=random.integers(1, 12))
    hidden = suppress_parts(counts, 10)
    small = (counts > 0) & (counts < 10)
    assert hidden[small].all()
    if not small.any():
        assert not hidden.any()
    elif (counts > 0).sum() > 1 and not hidden[counts > 0].all():
        assert hidden.sum() >= 2
        assert counts[hidden].sum() >= 10


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_withheld_for_another_reason_is_hidden_by_others_and_what_is_known_hides_nothing(seed):
    random = np.random.default_rng(seed)
    counts = random.integers(10, 60, (5, 5))
    also = random.random((5, 5)) < 0.1
    known = (random.random((5, 5)) < 0.2) & ~also
    hidden = suppress(counts, 10, also, known)
    assert hidden[also].all() and not (hidden & known).any()
    for i, j in np.argwhere(hidden & determined(hidden)):  # only where nothing is left to withhold
        assert (hidden | known)[i].all() or (hidden | known)[:, j].all()


def test_a_cell_withheld_for_another_reason_keeps_what_hides_it():
    counts = np.full((3, 3), 50)
    also = np.zeros((3, 3), dtype=bool)
    also[0, 0] = True
    hidden = suppress(counts, 10, also)
    assert hidden.sum() == 4 and not determined(hidden).any()
