"""Parts of a model's JSON, checked as they are read: a file cut short or written by hand is refused in words."""

from collections.abc import Mapping

import numpy as np

from customerbase.cltv.notes import Note
from customerbase.errors import InputError


def positive(value: object) -> bool:
    """Whether a value is a finite number above 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < np.inf


def part(content: Mapping, name: str, kind: type) -> object:
    """A part of a model file. Raises InputError for one that is missing or of another kind."""
    found = content.get(name) if isinstance(content, Mapping) else None
    if not isinstance(found, kind):
        raise InputError(f"model file: {name} is {found!r:.60}; expected what to_json wrote.")
    return found


def numbers(content: Mapping, name: str, width: int) -> np.ndarray:
    """Rows of finite numbers in a model file."""
    try:
        found = np.array(part(content, name, list), dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"model file: {name} holds what is no number; expected what to_json wrote.") from error
    if found.ndim != 2 or found.shape[1] != width or not len(found) or not np.isfinite(found).all():
        raise InputError(f"model file: {name} has the shape {found.shape}; expected rows of {width} finite numbers.")
    return found


def notes_from(content: Mapping) -> tuple[Note, ...]:
    """The notes of a model file. Raises InputError for what are none."""
    given = part({"notes": [], **content}, "notes", list)
    return tuple(Note(part(one, "code", str), part(one, "values", dict)) for one in given)
