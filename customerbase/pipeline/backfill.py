"""Which months a command is about: one, a row of them, or those that were missed."""

from datetime import date

from customerbase.errors import ConfigError
from customerbase.periods import add_months, month_range, month_text, parse_month
from customerbase.tables import store


def row(first: str, last: str | None, newest: date) -> list[str]:
    """The months from the first to the last (the newest whole one where none is said), as YYYY-MM.

    Raises ConfigError for months that are none, that lie the wrong way round, or that have not ended.
    """
    start, end = parse_month(first), parse_month(last) if last else newest
    if start > end:
        raise ConfigError(f"--from {month_text(start)} is later than --to {month_text(end)}.")
    if end > newest:
        raise ConfigError(f"month {month_text(end)} has not ended yet; the newest whole month is {month_text(newest)}.")
    return [month_text(day) for day in month_range(start, end)]


def missed(pipeline: str, newest: date) -> list[str]:
    """The months since the first published one, up to the newest whole one, that are not published.

    Raises ConfigError when nothing is published yet: where to begin is not known.
    """
    published = store.published_months(pipeline)
    if not published:
        raise ConfigError(f"pipeline {pipeline!r}: nothing is published yet; say where to begin: --from YYYY-MM.")
    return [
        month for month in row(published[0], None, max(newest, parse_month(published[0]))) if month not in published
    ]


def later_published(pipeline: str, month: str) -> list[str]:
    """Published months after a month: they were made without it, and stay as they are."""
    return [one for one in store.published_months(pipeline) if one > month]


def before(month: str) -> str:
    """The month before."""
    return month_text(add_months(parse_month(month), -1))
