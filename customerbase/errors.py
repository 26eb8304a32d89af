"""One family of errors: everything a user may see says what was wrong, what was expected, where, and the remedy.

CustomerbaseError
├── ConfigError      a file in pipelines/ or expectations/ says something that cannot be
├── ContractError    a notebook's parameters or Stage(...) do not fit the house
├── InputError       a raw file cannot be read as what it is declared to be
├── TableError       an unknown table, or a table that breaks its expectations
└── RunError         a run cannot start, or one of its stages failed
    └── BusyError    another run of this pipeline is under way
"""

import difflib
from collections.abc import Iterable


class CustomerbaseError(Exception):
    """Base of every error that is shown to a user without a traceback."""


class ConfigError(CustomerbaseError):
    """A pipeline, source or expectations file says something that cannot be."""


class ContractError(CustomerbaseError):
    """A notebook's parameters or its Stage(...) cell do not fit the house."""


class InputError(CustomerbaseError):
    """A raw file cannot be read as what it is declared to be."""


class TableError(CustomerbaseError):
    """A table is unknown, missing, or breaks its expectations."""


class RunError(CustomerbaseError):
    """A run cannot start, or one of its stages failed."""


class BusyError(RunError):
    """Another run of this pipeline is under way."""


def near_miss(word: str, options: Iterable[str]) -> str:
    """The sentence naming the known word closest to `word`: " Did you mean 'x'?", or "" when none is close."""
    close = difflib.get_close_matches(str(word), [str(option) for option in options], n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def check_whole(name: str, given: object, low: int, high: int) -> None:
    """Raise ConfigError unless a setting is a whole number within its bounds; True and False are none."""
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        raise ConfigError(f"{name} is {given!r}; expected a whole number from {low:,} to {high:,}.")
