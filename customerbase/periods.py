"""Months and their ends: the only calendar arithmetic in the house; nothing here reads the clock."""

import re
from datetime import date, timedelta

from customerbase.errors import ConfigError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_month(text: str | date) -> date:
    """First day of the month written as YYYY-MM.

    Raises ConfigError for any other form ("2026/10", "2026-13").
    """
    if isinstance(text, date):
        return text.replace(day=1)
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", str(text))
    if not match:
        raise ConfigError(f"month is {text!r}; expected YYYY-MM, for example 2026-10.")
    return date(int(match[1]), int(match[2]), 1)


def add_months(day: date, months: int) -> date:
    """First day of the month that lies `months` months after the month of `day` (negative: before)."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_end(month: str | date) -> date:
    """Last day of a month: the as-of date of its run."""
    return add_months(parse_month(month), 1) - timedelta(days=1)


def month_range(first: date, last: date) -> list[date]:
    """First days of all months from `first` to `last`, both included; empty when `first` is later."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [add_months(first, step) for step in range(count)]


def month_text(day: date) -> str:
    """A month as YYYY-MM."""
    return f"{day:%Y-%m}"


def month_label(day: date, language: str = "en") -> str:
    """A month as people write it: 2026年10月 or Oct 2026."""
    return f"{day.year}年{day.month}月" if language == "ja" else f"{_MONTHS[day.month - 1]} {day.year}"
