"""One thread for sums that must come out alike everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenMP and linear algebra in one thread while a block runs: the same bits on any machine, and no waiting threads.

    Waiting threads spin: beside one busy process two were 20 times slower than one.
    """
    import sklearn  # noqa: F401  a limit holds only for libraries that are loaded, and this one brings OpenMP

    with threadpool_limits(1):
        yield
