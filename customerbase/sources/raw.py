"""The SQL over raw rows (bronze Parquet: every cell a text): which cells are wanted, which are doubtful, which stand twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customerbase.engine import identifier, literal
from customerbase.errors import InputError, near_miss
from customerbase.sources import casts

LINES = 1 << 40  # more lines than any file has: _row = file number * LINES + line


@dataclass(frozen=True)
class RawFile:
    """One raw file after reading: its number in the run (order of all files), its name below the data folder."""

    number: int
    file: str
    parquet: str
    columns: tuple[str, ...]


def slots(spec) -> dict[tuple[str, ...], str]:
    """Every list of alternative headings that a kind of file maps -> the name of its cell (r0, r1, …)."""
    wanted = [headings for item in spec.tables for headings in item.columns.values()]
    return {headings: f"r{i}" for i, headings in enumerate(dict.fromkeys(wanted))}


def raw_sql(spec, files: Sequence[RawFile]) -> str:
    """The mapped cells of all files of one kind: _row, _file, _line, _bad, r0, r1, …

    Raises InputError naming file, heading and near miss when a mapped heading is missing.
    """
    return " union all ".join(_raw_file(spec, file) for file in files)


def _raw_file(spec, file: RawFile) -> str:
    cells = []
    for headings, slot in slots(spec).items():
        found = _found(spec, headings, file)
        cells.append(f"{casts.cell(identifier(found)) if found else 'cast(null as varchar)'} as {slot}")
    return (
        f"select cast({file.number * LINES} as bigint) + _line as _row, {literal(file.file)} as _file, _line, _bad,"
        f" {', '.join(cells)} from read_parquet({literal(file.parquet)})"
    )


def _found(spec, headings: tuple[str, ...], file: RawFile) -> str | None:
    for heading in headings:
        if heading in file.columns:
            return heading
    users = [
        f"{item.table}.{column}"
        for item in spec.tables
        for column, wanted in item.columns.items()
        if wanted == headings and column not in item.optional
    ]
    if not users:
        return None
    raise InputError(
        f"{file.file}: no column {' or '.join(map(repr, headings))}, which {' and '.join(users)} needs."
        f"{near_miss(headings[0], file.columns)} The file has: {', '.join(file.columns)}."
    )


def unmapped(spec, file: RawFile) -> list[str]:
    """The headings of a file that its mapping neither uses nor ignores."""
    used = {heading for headings in slots(spec) for heading in headings} | set(spec.ignore) | {spec.overlap_by}
    return [column for column in file.columns if column not in used]


def doubtful(spec, types: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """(cell, kind) of every date and number to read -> SQL condition under which the fast path could not read it."""
    names, result = slots(spec), {}
    for item in spec.tables:
        for column, headings in item.columns.items():
            sql_type, slot = casts.type_of(types[item.table], column), names[headings]
            how = casts.kind(sql_type)
            if how in ("date", "amount", "integer") and column not in item.values and column not in item.patterns:
                missed = f"({slot} is not null and {casts.fast(slot, sql_type, spec.dates)} is null)"
                result[slot, how] = f"{result[slot, how]} or {missed}" if (slot, how) in result else missed
    return result


def overlap_sql(spec, files: Sequence[RawFile]) -> str:
    """_row of every record that also stands under a later value of spec.overlap_by (as a multiset).

    Records are compared over all raw columns but that one. Raises InputError when a file lacks the column.
    """
    selects = []
    for file in files:
        if spec.overlap_by != "_file" and spec.overlap_by not in file.columns:
            hint = near_miss(spec.overlap_by, file.columns)
            raise InputError(f"{file.file}: no column {spec.overlap_by!r}, named by overlap_by.{hint}")
        value = literal(file.file) if spec.overlap_by == "_file" else identifier(spec.overlap_by)
        cells = [f"coalesce({identifier(c)}, chr(30))" for c in file.columns if c != spec.overlap_by]
        selects.append(
            f"select cast({file.number * LINES} as bigint) + _line as _row, {value} as part,"
            f" md5(concat_ws(chr(31), {', '.join(cells)})) as content"
            f" from read_parquet({literal(file.parquet)}) where _bad is null"
        )
    return f"""
        with records as ({" union all ".join(selects)}),
        repeated as (select content from records group by content having count(distinct part) > 1),
        copies as (
            select _row, part, content, row_number() over (partition by content, part order by _row) as copy
            from records semi join repeated using (content)
        ),
        counts as (select content, part, count(*) as copies from copies group by content, part),
        later as (
            select content, part, max(copies) over (
                partition by content order by part rows between 1 following and unbounded following
            ) as later_copies
            from counts
        )
        select _row from copies inner join later using (content, part) where copy <= later_copies"""
