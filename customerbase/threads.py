"""One thread for sums that must come out alike everywhere, and several for work that falls into independent parts."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

MOST = 8  # threads that share the work
_Part, _Made = TypeVar("_Part"), TypeVar("_Made")


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenMP and linear algebra in one thread while a block runs: the same bits on any machine, and no waiting threads.

    Waiting threads spin: beside one busy process two were 20 times slower than one.
    """
    import sklearn  # noqa: F401  a limit holds only for libraries that are loaded, and this one brings OpenMP

    with threadpool_limits(1):
        yield


def in_order(work: Callable[[_Part], _Made], parts: Iterable[_Part], workers: int | None = None) -> Iterator[_Made]:
    """work(part) of each part, in the order of the parts whatever the number of workers: as many as cores, MOST at most.

    For numpy, scipy and DuckDB, which let other threads run meanwhile. The first error is raised, later parts are left undone.
    """
    workers = workers or min(os.cpu_count() or 1, MOST)
    if workers == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(work, parts)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
