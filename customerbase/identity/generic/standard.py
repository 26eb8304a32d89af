"""The columns of one field, standardised: each distinct value once, then joined back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

import customerbase.identity.generic.values as values
from customerbase.engine import Engine, identifier
from customerbase.identity.generic.roles import Use
from customerbase.text import split_name, standard_kana

WORDS = pa.list_(pa.string())
SUFFIXES = {
    "given": ("", "_a", "x", "x_w"),
    "family": ("", "_a"),
    "full_name": ("l", "l_a", "g", "g_a", "x", "x_w"),
    "other_names": ("", "_w"),
    "email": ("", "_local"),
    "postcode": ("", "_area"),
    "address": ("", "_building", "_town", "_city", "_pref"),
    "text": ("", "_w"),
    "long": ("", "_w"),
}


@dataclass(frozen=True)
class Standards:
    """A lookup table made for one use: its name, the join to the raw table `t`, its columns, which of them are ASCII."""

    table: str
    join: str
    columns: tuple[str, ...]
    ascii_only: frozenset[str]


def standards(db: Engine, table: str, number: int, use: Use) -> Standards:
    """Standardise the distinct values of a use's columns; its columns' names begin with f<number>."""
    raw = [f"r{place}" for place in range(len(use.columns))]
    cells = [f"t.{identifier(column)}" if column else "cast(null as varchar)" for column in use.columns]
    selected = ", ".join(f"{cell} as {name}" for cell, name in zip(cells, raw, strict=True))
    found = db.query(f"select distinct {selected} from {identifier(table)} as t order by all").fetchall()
    names = [f"f{number}{suffix}" for suffix in SUFFIXES.get(use.kind, ("",))]
    function = _function(use)
    results = [function(*row) for row in found]
    made = _columns(raw, found) | _columns(names, results)
    made |= _letters(use.kind, made, names)
    types = {name: WORDS if name.endswith("_w") else pa.string() for name in made}
    db.connection.register("_found", pa.table({name: pa.array(column, types[name]) for name, column in made.items()}))
    db.execute(f"create or replace temp table _use{number} as select * from _found")
    db.connection.unregister("_found")
    equal = [f"{cell} is not distinct from _use{number}.{name}" for cell, name in zip(cells, raw, strict=True)]
    columns = tuple(name for name in made if name not in raw)
    return Standards(
        f"_use{number}", f"left join _use{number} on {' and '.join(equal)}", columns,
        frozenset(name for name in columns if types[name] != WORDS and _ascii(made[name])),
    )  # fmt: skip


def _columns(names: Sequence[str], rows: Sequence[tuple]) -> dict[str, list]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _letters(kind: str, made: dict[str, list], names: Sequence[str]) -> dict[str, list]:
    """One byte a letter: for words a column of their own; for names of other scripts where no reading gave it."""
    if kind == "text":
        return {f"{names[0]}_a": values.one_byte(made[names[0]])}
    filled = {}
    for name in [name for name in names if f"{name}_a" in names]:
        pairs = list(zip(made[name], made[f"{name}_a"], strict=True))
        silent = [text if text and not letters and not values.has_han(text) else None for text, letters in pairs]
        other = values.one_byte(silent)
        filled[f"{name}_a"] = [letters or coded for (_, letters), coded in zip(pairs, other, strict=True)]
    return filled


def _ascii(column: Sequence[str | None]) -> bool:
    return all(value is None or value.isascii() for value in column)


def _function(use: Use) -> Callable[..., tuple]:
    """The function that standardises a use's values."""
    match use.kind:
        case "given" | "family":
            function, place = (values.family, 0) if use.kind == "family" else (values.given, 1)
            if use.whole_reading:
                return lambda raw, kana: function(raw, split_name(standard_kana(kana).value)[place], use.romaji)
            return lambda raw, kana=None: function(raw, kana, use.romaji)
        case "full_name":
            return lambda raw, kana=None: values.full(raw, kana, use.romaji)
        case "date":
            return lambda raw: values.day(raw, use.formats)
        case _:
            return _FUNCTIONS[use.kind]


_FUNCTIONS = {
    "other_names": values.others,
    "email": values.email,
    "phone": values.phone,
    "postcode": values.postcode,
    "gender": values.gender,
    "address": values.address,
    "text": values.words,
    "long": values.words,
    "code": values.code,
    "category": values.code,
}
