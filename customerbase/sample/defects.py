"""Planted defects: what is spoilt, where, and what a careful intake must make of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.sample.strings import wide_digits
from customerbase.sample.writers import BAD_BYTES, NEWLINE

RATE = 0.0006  # share of rows spoilt by each recipe


@dataclass(frozen=True)
class Recipe:
    """One kind of defect.

    column and edit spoil a cell; line spoils the rendered line (line, eol) -> text. outcome: `fixed` (read as if it
    were well-formed), `kept` (accepted as it is), `warn:<reason>` (accepted and listed), `block:<reason>`
    (quarantined). where: name of a mask of the rows it may hit. fits: refuses cells it makes no sense for.
    """

    kind: str
    outcome: str
    column: str | None = None
    edit: Callable[[str], object] | None = None
    line: Callable[[str, str], str] | None = None
    where: str | None = None
    rate: float = RATE


@dataclass(frozen=True)
class Plant:
    """One defect put into one row."""

    row: int
    kind: str
    outcome: str
    column: str | None
    before: str | None = None
    after: str | None = None
    line: Callable[[str, str], str] | None = field(default=None, compare=False)


def plant(
    table: pa.Table, recipes: Sequence[Recipe], rng: np.random.Generator, masks: dict, least: int
) -> tuple[pa.Table, list[Plant]]:
    """Spoil a few rows, each at most once; every recipe hits at least `least` rows where it can."""
    free = np.ones(table.num_rows, dtype=bool)
    plants: list[Plant] = []
    for recipe in recipes:
        rows = np.flatnonzero(free & masks[recipe.where] if recipe.where else free)
        if recipe.column and len(rows):
            rows = rows[pc.is_valid(table.column(recipe.column)).to_numpy()[rows]]
        count = min(max(int(len(rows) * recipe.rate + rng.random()), least), len(rows))
        if not count:
            continue
        hit = np.sort(rng.choice(rows, count, replace=False))
        free[hit] = False
        table, made = _spoil(table, recipe, hit)
        plants += made
    return table, sorted(plants, key=lambda one: one.row)


def _spoil(table: pa.Table, recipe: Recipe, hit: np.ndarray) -> tuple[pa.Table, list[Plant]]:
    if recipe.column is None:
        return table, [Plant(int(row), recipe.kind, recipe.outcome, None, line=recipe.line) for row in hit]
    place = table.column_names.index(recipe.column)
    column = table.column(place).combine_chunks()
    before = column.take(pa.array(hit)).to_pylist()
    after = [recipe.edit(value) for value in before]
    mask = np.zeros(table.num_rows, dtype=bool)
    mask[hit] = True
    column = pc.replace_with_mask(column, pa.array(mask), pa.array(after, column.type))
    plants = [
        Plant(int(row), recipe.kind, recipe.outcome, recipe.column, str(old), _shown(new))
        for row, old, new in zip(hit, before, after, strict=True)
    ]
    return table.set_column(place, recipe.column, column), plants


def _shown(value: object) -> str | None:
    return None if value is None else str(value).replace(NEWLINE, "\n")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("/", "-"))


def _wareki(text: str) -> str:
    moment = _moment(text)
    return f"令和{moment.year - 2018}年{moment.month}月{moment.day}日"


def _serial(text: str) -> str:
    days = (_moment(text) - datetime(1899, 12, 30)) / timedelta(days=1)
    return f"{days:.4f}".rstrip("0").rstrip(".")


def dates(column: str, where: str | None = None) -> list[Recipe]:
    """Days that do not exist (blocked) and honest days in other spellings (fixed; to the day or the second)."""
    return [
        Recipe("impossible_date", "block:invalid_date", column, lambda _: "2026/13/45", where=where),
        Recipe("wareki_date", "fixed", column, _wareki, where=where),
        Recipe("compact_date", "fixed", column, lambda text: f"{_moment(text):%Y%m%d}", where=where),
        Recipe("excel_serial", "fixed", column, _serial, where=where),
        Recipe("wide_date", "fixed", column, lambda text: wide_digits(text.replace("-", "/")), where=where),
    ]


def future(column: str, form: str, where: str | None = None) -> list[Recipe]:
    """A date typed years too late, by five years or past all sense: after the month of any report."""
    return [
        Recipe("future_date", "block:after_month", column, lambda t: f"{_later(t, 5):{form}}", where=where),
        Recipe(
            "year_2206", "block:after_month", column, lambda t: f"{_later(t, 180):{form}}", where=where, rate=RATE / 2
        ),
    ]


def _later(text: str, years: int) -> datetime:
    moment = _moment(text)
    return moment.replace(year=moment.year + years, day=min(moment.day, 28))


def amounts(column: str, where: str | None = None, yen: str = "¥") -> list[Recipe]:
    """Money as people type it (fixed) and what is no money (blocked); cp932 has only the wide yen sign ￥."""
    return [
        Recipe("yen_sign", "fixed", column, lambda text: f"{yen}{int(text):,}", where=where),
        Recipe("yen_word", "fixed", column, lambda text: f"{int(text):,}円", where=where),
        Recipe("wide_digits", "fixed", column, wide_digits, where=where),
        Recipe("amount_1e400", "block:invalid_amount", column, lambda _: "1e400", where=where, rate=RATE / 2),
        Recipe("amount_nan", "block:invalid_amount", column, lambda _: "NaN", where=where, rate=RATE / 2),
        Recipe("amount_word", "block:invalid_amount", column, lambda _: "未定", where=where, rate=RATE / 2),
    ]


def brackets(column: str, where: str) -> list[Recipe]:
    """A negative amount in brackets, as spreadsheets print it."""
    return [Recipe("brackets", "fixed", column, lambda text: f"({abs(int(text))})", where=where, rate=20 * RATE)]


def lines(duplicates: bool = True) -> list[Recipe]:
    """Whole lines gone wrong."""
    made = [
        Recipe("ragged_long", "block:wrong_field_count", line=lambda line, eol: f'{line},"余り"{eol}'),
        Recipe("ragged_short", "block:wrong_field_count", line=lambda line, eol: line.rsplit(",", 2)[0] + eol),
        Recipe("blank_line", "kept", line=lambda line, eol: eol + line + eol),
        Recipe("other_line_end", "kept", line=lambda line, eol: line + "\n"),
    ]
    if duplicates:
        made.append(Recipe("duplicate_key", "block:duplicate_key", line=lambda line, eol: line + eol + line + eol))
    return made


def broken_bytes(column: str) -> list[Recipe]:
    """Bytes that are no characters of the file's encoding."""
    return [Recipe("broken_bytes", "block:undecodable", column, lambda text: text[:1] + BAD_BYTES + text[1:])]


def hostile(column: str) -> list[Recipe]:
    """Texts that a browser or a spreadsheet would run: kept, and made harmless wherever they are written out."""
    return [
        Recipe("script_tag", "kept", column, lambda _: "<script>alert(1)</script>"),
        Recipe("formula", "kept", column, lambda _: "=cmd|' /C calc'!A0"),
    ]


def newline(column: str) -> list[Recipe]:
    """A line end inside a quoted cell."""
    return [Recipe("newline_in_cell", "kept", column, lambda text: f"{text}{NEWLINE}（続き）")]


def unknown_customer(column: str, value: str, outcome: str = "warn:unknown_customer", where=None) -> list[Recipe]:
    """An id that stands in no customer file."""
    return [Recipe("unknown_customer", outcome, column, lambda _: value, where=where)]
