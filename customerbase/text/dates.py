"""Dates and times as people write them: calendar, Japanese eras, compact digits, spreadsheet serials. Nothing here raises."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from customerbase.text.plain import short

# first and last day of each era; Meiji starts where Japan took up the Gregorian calendar (earlier dates are lunar)
_ERAS = {
    "令和": (2019, date(2019, 5, 1), date.max),
    "平成": (1989, date(1989, 1, 8), date(2019, 4, 30)),
    "昭和": (1926, date(1926, 12, 25), date(1989, 1, 7)),
    "大正": (1912, date(1912, 7, 30), date(1926, 12, 25)),
    "明治": (1868, date(1873, 1, 1), date(1912, 7, 30)),
}
_LETTERS = {"R": "令和", "H": "平成", "S": "昭和", "T": "大正", "M": "明治"}
_TIME = (
    r"(?:\s*\([日月火水木金土]\))?"
    r"(?:[T\s]*(?P<half>午前|午後)?\s*(?P<hour>[0-9]{1,2})(?::|時)"
    r"(?:(?P<minute>[0-9]{1,2})分?(?::?(?P<second>[0-9]{1,2})(?:[.,](?P<fraction>[0-9]{1,9}))?秒?)?)?"
    r"\s*(?P<noon>[AP]M)?\s*(?:Z|UTC|GMT|JST|[-+][0-9]{2}:?[0-9]{2}|[-+][0-9]{2})?)?"
)
_CALENDAR = re.compile(
    rf"(?P<year>[0-9]{{4}})(?P<mark>[-/.]|年)\s*(?P<month>[0-9]{{1,2}})(?:(?P=mark)|月)\s*(?P<day>[0-9]{{1,2}})日?{_TIME}",
    re.IGNORECASE,
)
_ERA = re.compile(
    r"(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\s*(?P<year>[0-9]{1,2}|元)(?P<mark>[-/.]|年)"
    rf"\s*(?P<month>[0-9]{{1,2}})(?:(?P=mark)|月)\s*(?P<day>[0-9]{{1,2}})日?{_TIME}",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:[T ]?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?)?(?:\.0)?"
)
_COMPACT_TIME = re.compile(
    rf"(?P<year>[0-9]{{4}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})(?=[T ]){_TIME}", re.IGNORECASE
)
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_LAST_SERIAL = 73415  # 2100-12-31; the first five-digit serial, 10000, is 1927-05-18


def parse_timestamp(text: str | None, formats: Iterable[str] = ()) -> datetime | None:
    """The local date and time a person or a machine wrote (a date alone is its midnight), or None.

    `formats` (strptime) are tried first; day/month orders such as 10/3/2026 are read through them only. Then:
    year-month-day with - / . or 年月日, 20261003, 20261003101500, Japanese eras (令和8年10月3日, R8.10.3, 元年; a day
    outside its era is None), times as 10:05, 10:05:06.123, 10時5分, 午後3時, 3:05 PM, full-width digits, (土) after
    the date, and spreadsheet serials of 1927-05-18 .. 2100-12-31 (46298.5 is 2026-10-03 12:00). A zone at the end
    (Z, +09:00, JST) is dropped and the wall time kept: a shop's day is the day its clock showed. Digits beyond
    microseconds are cut.
    """
    plain = short(text)
    if not plain:
        return None
    found = _by_formats(plain, formats)
    if found:
        return found
    for pattern in (_CALENDAR, _COMPACT, _COMPACT_TIME, _ERA):
        if match := pattern.fullmatch(plain):
            return _timestamp(match.groupdict())
    return _serial(plain) if _SERIAL.fullmatch(plain) else None


def _by_formats(plain: str, formats: Iterable[str]) -> datetime | None:
    for form in formats:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=None)  # noqa: DTZ007 - dates are local
        except (ValueError, OverflowError, re.error):
            continue
    return None


def _timestamp(parts: dict[str, str | None]) -> datetime | None:
    """Year, month, … as matched -> datetime; None for a day or an hour that does not exist."""
    try:
        day = _day(parts)
        clock = (_hour(parts), int(parts.get("minute") or 0), int(parts.get("second") or 0))
        fraction = int((parts.get("fraction") or "").ljust(6, "0")[:6])
        return datetime(day.year, day.month, day.day, *clock, fraction) if day else None
    except (ValueError, OverflowError):
        return None


def _day(parts: dict[str, str | None]) -> date | None:
    era = parts.get("era")
    if not era:
        return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    start, first, last = _ERAS[_LETTERS.get(era.upper(), era)]
    year = 1 if parts["year"] == "元" else int(parts["year"])
    day = date(start + year - 1, int(parts["month"]), int(parts["day"]))
    return day if year and first <= day <= last else None


def _hour(parts: dict[str, str | None]) -> int:
    """The hour of 24; a half of the day (午後, PM) counts from 0 or 12 and makes hours beyond 12 invalid."""
    hour = int(parts.get("hour") or 0)
    half = parts.get("half") or (parts.get("noon") or "").upper()
    if not half:
        return hour
    if hour > 12 or (parts.get("half") and parts.get("noon")):
        raise ValueError(hour)
    return hour % 12 + (12 if half in {"午後", "PM"} else 0)


def _serial(plain: str) -> datetime | None:
    """A spreadsheet's day number (1900 system), to the millisecond: its floats carry no more."""
    days = Decimal(plain)
    if not 10000 <= days < _LAST_SERIAL + 1:
        return None
    return datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86_400_000))
