"""What differs between two versions of a file of pipelines/, as verify tells it."""

import pytest

from customerbase.pipeline import causes


@pytest.mark.parametrize(
    ("then", "now", "lines"),
    [
        ("a: 1", "a: 1", []),
        ("a: 1", "a: 1  # comment", ["p.yaml: its comments or layout changed since"]),
        ("a: 1\nb: 2", "b: 2\na: 1", ["p.yaml: the order of its entries changed since"]),
        ("a: {b: [1, 2]}", "a: {b: [1, 3, 4]}", ["p.yaml: a.b[1]: 2 -> 3", "p.yaml: a.b[2]: (none) -> 4"]),
        ("a: 1", "b: 1", ["p.yaml: a: 1 -> (none)", "p.yaml: b: (none) -> 1"]),
        ("a: x", f"a: {'y' * 99}", [f"p.yaml: a: x -> {'y' * 59}…"]),
        ("a: x", "a: [", ["p.yaml changed since, and cannot be read as YAML"]),
    ],
)
def test_what_differs_between_two_settings(then, now, lines):
    given = [text.encode() for text in (then, now)]
    assert causes.changes("p.yaml", *given) == ([] if given[0] == given[1] else lines)


def test_files_of_people_are_counted_and_not_quoted():
    assert causes.changes("pipelines/decisions/t.csv", b"a\n", "a\n山田\n".encode()) == [
        "pipelines/decisions/t.csv changed since (1 -> 2 lines)"
    ]
