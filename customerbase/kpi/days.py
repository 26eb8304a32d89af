"""Kinds of days: the seven weekdays, public holidays of a country, and the turn of the year."""

from collections.abc import Iterable
from datetime import date, timedelta

from customerbase.errors import ConfigError, near_miss
from customerbase.periods import add_months

KINDS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday", "year_end")
YEAR_END = ((12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3))  # 年末年始: six days of every year, of their own


def public_holidays(country: str | None, years: Iterable[int]) -> dict[date, str]:
    """Public holidays by day with their names, substitutes (振替休日) and days between holidays included.

    country: ISO 3166 (JP, GB) or with its part (GB-ENG, US-CA), as the library `holidays` knows them; None: no public
    holidays. Raises ConfigError with the near miss for a country that it does not know.
    """
    if country is None:
        return {}
    import holidays  # 0.1 s and 8 MB that only a page which compares months needs

    code, _, part = str(country).upper().partition("-")
    known = holidays.list_supported_countries()
    if code not in known:
        raise ConfigError(
            f"settings: country is {country!r}; expected a code such as JP, GB or GB-ENG, or null for a calendar without"
            f" public holidays.{near_miss(code, known)}"
        )
    if part and part not in known[code]:
        raise ConfigError(
            f"settings: country is {country!r}; {code} has the parts {', '.join(known[code]) or '(none)'}."
            f"{near_miss(part, known[code])}"
        )
    found = holidays.country_holidays(code, subdiv=part or None, years=list(years))
    return {day: found[day] for day in sorted(found)}


def kind(day: date, free: dict[date, str]) -> str:
    """The kind of a day, one of KINDS: the turn of the year before a public holiday before the weekday."""
    if (day.month, day.day) in YEAR_END:
        return "year_end"
    return "holiday" if day in free else KINDS[day.weekday()]


def days_of(month: date) -> list[date]:
    """All days of the month that begins with `month`."""
    length = (add_months(month, 1) - month).days
    return [month + timedelta(days=place) for place in range(length)]


def composition(month: date, free: dict[date, str]) -> dict[str, int]:
    """How many days of each kind a month has."""
    kinds = [kind(day, free) for day in days_of(month)]
    return {one: kinds.count(one) for one in KINDS}
