"""Stable ids over months of any clusters: the rules retold in Python agree, and what must hold holds."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from identity_months import (
    NAMES,
    Retold,
    aliases_of,
    assigned,
    changes_of,
    coarser,
    groups,
    ids_of,
    members,
    months,
    run,
)

EXAMPLES = settings(max_examples=20, deadline=None, derandomize=True)


@EXAMPLES
@given(months())
def test_the_rules_retold_record_by_record_give_the_same_tables(sequence):
    retold = Retold()
    for partition, result in zip(sequence, run(sequence), strict=True):
        retold.month(partition)
        assert ids_of(result) == retold.held[-1]
        assert aliases_of(result) == retold.aliases
        assert changes_of(result) == retold.changes


@EXAMPLES
@given(months())
def test_what_holds_for_any_months(sequence):
    owners: dict[str, set[str]] = defaultdict(set)  # id -> all records that ever held it
    before: dict[str, str] = {}
    for partition, result in zip(sequence, run(sequence), strict=True):
        now = ids_of(result)
        assert now.keys() == partition.keys()
        assert members(now) == members(partition)  # records share an id exactly when they share a cluster
        unchanged = members(partition) & members(before)
        assert all(now[name] == before[name] for group in unchanged for name in group)
        for group in members(partition):
            one = now[min(group)]
            assert not owners[one] or owners[one] & group, "an id for people none of whom ever held it"
        for name, one in now.items():
            owners[one].add(name)
        aliases, living = aliases_of(result), set(now.values())
        assert set(aliases.values()) <= living and not aliases.keys() & living
        assert all(aliases.get(one, one) in living for name, one in before.items() if name in now)
        open_rows = [row for row in result["id_history"].to_pylist() if row["valid_to"] is None]
        assert {row["source_customer_id"]: row["customer_id"] for row in open_rows} == now
        assert len(open_rows) == len(now)
        before = now


@EXAMPLES
@given(months(1, 3), st.data())
def test_clusters_that_merge_and_part_again_get_their_ids_back(sequence, data):
    atoms = sequence[-1]
    merged = [data.draw(coarser(atoms)) for _ in range(data.draw(st.integers(1, 3)))]
    results = run([*sequence, *merged, atoms])
    assert results[-1]["ids"].equals(results[len(sequence) - 1]["ids"])


@EXAMPLES
@given(months(3, 4), st.permutations(NAMES), st.permutations(range(6)))
def test_neither_the_order_of_rows_nor_the_numbers_of_clusters_matter(sequence, order, numbers):
    other = [{name: numbers[label] for name, label in partition.items()} for partition in sequence]
    for one, two in zip(run(sequence), run(other, order=lambda p: sorted(p, key=order.index)), strict=True):
        assert all(one[name].equals(two[name]) for name in one)


def test_shuffled_history_gives_the_same_months():
    history = run([groups("ab cd ef"), groups("abcd e f")])[-1]["id_history"]
    back = history.take(list(reversed(range(len(history)))))
    one, two = (assigned(groups("ab cd fe"), each, 2) for each in (history, back))
    assert all(one[name].equals(two[name]) for name in one)
