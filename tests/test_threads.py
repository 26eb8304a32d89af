"""Work in parts: the order of the parts is kept whatever the number of threads, and an error is not lost."""

import threading

import pytest

from customerbase.threads import in_order


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_stand_in_the_order_of_the_parts(workers):
    late = threading.Event()

    def work(part: int) -> int:
        if part == 0 and workers > 1:
            late.wait(10)  # the first part ends after the last
        if part == 19:
            late.set()
        return part * part

    assert list(in_order(work, range(20), workers)) == [part * part for part in range(20)]


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_error_is_raised_in_its_place(workers):
    def work(part: int) -> int:
        if part in (3, 5):
            raise ValueError(f"part {part}")
        return part

    made = []
    with pytest.raises(ValueError, match="part 3"):
        for one in in_order(work, range(100), workers):
            made.append(one)
    assert made == [0, 1, 2]


def test_no_parts():
    assert list(in_order(str, [])) == []
