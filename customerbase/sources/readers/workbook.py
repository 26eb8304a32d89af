"""Spreadsheets and foreign Parquet files into bronze Parquet: every cell as text."""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, WorksheetNotFound

from customerbase.engine import Engine, identifier, literal
from customerbase.errors import InputError, near_miss
from customerbase.sources.readers.output import BAD, LINE, RAW, Writer, bronze_table, column_names

_ROWS = 20_000  # turned into one table at a time


def cell_text(value: object) -> str:
    """A cell as text: 5.0 -> '5', dates and times ISO (midnight is a date), TRUE/FALSE; '' if empty or an error."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def read_excel(
    path: Path, part: Path, sheet: str | int | None, header: bool | list[str]
) -> tuple[list[str], int, list[str]]:
    """One sheet (name, or index from 0; default the first) into `part`: columns, number of rows, notes.

    The heading is the first row with content; empty rows are no records. Formulas are read as their last values.
    Raises InputError for a file that is no workbook, an unknown sheet, an empty one.
    """
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            table = _sheet(path, book, sheet)
            numbered = ((line, row) for line, row in enumerate(map(_texts, table.iter_rows()), start=1) if any(row))
            columns, rows = _excel_rows(path, table.name, numbered, header)
            writer, count = Writer(part), 0
            while chunk := list(islice(rows, _ROWS)):
                writer.write(bronze_table(columns, chunk))
                count += len(chunk)
            writer.close(columns)
            others = [name for name in book.sheet_names if name != table.name]
    except (CalamineError, OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{path} cannot be read as a workbook ({error}); expected xlsx, xls or ods without a password."
        ) from error
    return columns, count, [f"sheet {table.name!r}; not read: {', '.join(map(repr, others))}"] if others else []


def _texts(row: list[object]) -> list[str]:
    return [cell_text(value) for value in row]


def _sheet(path: Path, book: CalamineWorkbook, sheet: str | int | None) -> CalamineSheet:
    names = book.sheet_names
    try:
        if isinstance(sheet, str):
            return book.get_sheet_by_name(sheet)
        return book.get_sheet_by_index(sheet or 0)
    except (WorksheetNotFound, OverflowError) as error:
        near = near_miss(sheet, names) if isinstance(sheet, str) else ""
        raise InputError(f"{path} has no sheet {sheet!r}; expected one of {names} or an index from 0.{near}") from error


def _excel_rows(path: Path, name: str, numbered: Iterator[tuple[int, list[str]]], header: bool | list[str]):
    """The columns, and the rows below them as (values, line, bad, raw); a row with content right of a list is bad."""
    first = next(numbered, None)
    if first is None:
        raise InputError(f"{path}: sheet {name!r} is empty; expected a heading row and records.")
    if header is True:
        return column_names(first[1]), ((row, line, None, None) for line, row in numbered)
    rows = (row for source in ([first], numbered) for row in source)
    columns = column_names(header or [""] * len(first[1]))
    return columns, (_fitted(row, line, len(columns)) for line, row in rows)


def _fitted(row: list[str], line: int, width: int):
    if any(row[width:]):
        return None, line, "wrong_field_count", "\t".join(row)
    return row[:width] + [""] * (width - len(row)), line, None, None


def read_parquet(path: Path, part: Path) -> tuple[list[str], int]:
    """A Parquet file with every column as text into `part`: columns, number of rows.

    Floats that are whole numbers lose their `.0` (ids that passed through pandas); NULL stays NULL. Raises InputError
    for a broken file.
    """
    engine = Engine()
    source = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        fields = engine.query(f"describe select * exclude (file_row_number) from {source}").fetchall()
        columns = column_names(field[0] for field in fields)
        texts = (_as_text(field[0], field[1]) for field in fields)
        chosen = [f"{text} as {identifier(name)}" for text, name in zip(texts, columns, strict=True)]
        chosen += [f"file_row_number + 1 as {LINE}", f"null::varchar as {BAD}", f"null::varchar as {RAW}"]
        target = f"{literal(str(part))} (format parquet, compression zstd)"
        engine.execute(f"copy (select {', '.join(chosen)} from {source}) to {target}")
        return columns, engine.query(f"select count(*) from read_parquet({literal(str(part))})").fetchall()[0][0]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} cannot be read as Parquet ({reason}); expected a complete Parquet file.") from error


def _as_text(name: str, kind: str) -> str:
    text = f"cast({identifier(name)} as varchar)"
    return f"regexp_replace({text}, '\\.0$', '')" if kind in {"FLOAT", "DOUBLE"} else text
