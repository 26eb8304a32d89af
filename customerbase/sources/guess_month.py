"""Which months a file's orders cover: the days of its order dates, counted over the whole file."""

import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb

from customerbase.engine import identifier, literal
from customerbase.periods import add_months, month_end, parse_month
from customerbase.sources import readers
from customerbase.sources.guess_dates import day_of

_EARLIEST, _LATEST = date(1970, 1, 1), date(2100, 1, 1)
_CLOCK = r"[T ]+[0-9]{1,2}(:[0-9]{2}){1,2}([.][0-9]+)?.*$"
_SLACK = 2  # a month whose last two days are missing counts as whole: shops close
_STRAY = 0.01  # of the rows: fewer, after a gap of a year, are typing errors and not the newest month


def order_days(diagnosis) -> Counter[date]:
    """Rows per day of the column taken for the order date, over the whole file; unreadable dates are left out."""
    column = diagnosis.column("orders.order_at")
    if column is None:
        return Counter()
    formats = list(dict.fromkeys(form.split(" %H")[0].split(" %I")[0] for form in diagnosis.dates))
    if len(diagnosis.frame) + diagnosis.bad == diagnosis.rows:
        counts = diagnosis.frame[column.name].str.replace(_CLOCK, "", regex=True).value_counts().items()
    else:
        counts = _counted(diagnosis, column.name)
    days: Counter[date] = Counter()
    for text, rows in counts:
        day = day_of(text, formats)
        if day and _EARLIEST <= day < _LATEST:
            days[day] += int(rows)
    return days


def _counted(diagnosis, name: str) -> list[tuple[str, int]]:
    """(date text without its time, rows) of one column, read from the whole file."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        source = diagnosis.path
        if diagnosis.format != "parquet":
            source = Path(folder) / "bronze.parquet"
            readers.read_bronze(
                diagnosis.path,
                source,
                format=diagnosis.format,
                encoding=diagnosis.encoding or "auto",
                delimiter=diagnosis.delimiter,
                header=diagnosis.header,
                file=diagnosis.path.name,
            )
        return connection.sql(
            f"select regexp_replace(cast({identifier(name)} as varchar), {literal(_CLOCK)}, '') as day, count(*) "
            f"from read_parquet({literal(str(source))}) where {identifier(name)} is not null group by all order by all"
        ).fetchall()


def newest_month(days: Counter[date]) -> tuple[date, str, date]:
    """The month to analyse, why, and the last day with data.

    The newest month when its data reach its last three days ("month_complete"), else the one before with data
    ("month_previous"), else the newest all the same ("month_only"). A few rows a year or more after all others are
    typing errors and are not looked at.
    """
    months = sorted({parse_month(day) for day in days})
    while (
        len(months) > 1 and months[-1] > add_months(months[-2], 12) and _rows(days, months[-1]) < _STRAY * days.total()
    ):
        months.pop()
    newest = months[-1]
    last = max(day for day in days if parse_month(day) == newest)
    if (month_end(newest) - last).days <= _SLACK:
        return newest, "month_complete", last
    return (months[-2], "month_previous", last) if len(months) > 1 else (newest, "month_only", last)


def _rows(days: Counter[date], month: date) -> int:
    return sum(rows for day, rows in days.items() if parse_month(day) == month)
