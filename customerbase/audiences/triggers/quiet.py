"""Quiet hours: when nobody is contacted, and the next time at which they may be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from customerbase.errors import ConfigError, near_miss

DAYS_OFF = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday")
_DAY, _MONDAY = 24 * 60, np.datetime64("1970-01-05")
_STEPS = 200  # two a day: more days off in a row than any calendar has


@dataclass(frozen=True)
class Quiet:
    """Quiet from `since` until `until`, minutes after midnight, over midnight where since is later; equal: never.

    off: days without contacts, of the week (monday …) or holiday (calendar_jp).
    """

    since: int = 21 * 60
    until: int = 9 * 60
    off: tuple[str, ...] = ()

    def silent(self, times: np.ndarray, holidays: Iterable[date] = ()) -> np.ndarray:
        """Whether each time, datetime64, lies in quiet hours or on a day off."""
        return self._in_hours(times) | self._is_off(times.astype("datetime64[D]"), holidays)

    def next_allowed(self, times: np.ndarray, holidays: Iterable[date] = ()) -> np.ndarray:
        """The same times, those that may not be moved to the next one that may: datetime64[s]."""
        made, holidays = times.astype("datetime64[s]"), list(holidays)
        for _ in range(_STEPS):
            days = made.astype("datetime64[D]")
            off, quiet = self._is_off(days, holidays), self._in_hours(made)
            if not (off | quiet).any():
                break
            later = off | (quiet & (_minutes(made) >= self.since) & (self.since > self.until))
            midnight = (days + later.astype("timedelta64[D]")).astype("datetime64[s]")
            opened = midnight + np.timedelta64(self.until * 60, "s")
            made = np.where(later, midnight, np.where(quiet, opened, made))
        return made

    def _in_hours(self, times: np.ndarray) -> np.ndarray:
        minutes = _minutes(times)
        if self.since <= self.until:
            return (minutes >= self.since) & (minutes < self.until)
        return (minutes >= self.since) | (minutes < self.until)

    def _is_off(self, days: np.ndarray, holidays: Iterable[date]) -> np.ndarray:
        named = [DAYS_OFF.index(one) for one in self.off if one != "holiday"]
        off = np.isin((days - _MONDAY).astype("int64") % 7, named)
        if "holiday" in self.off:
            off |= np.isin(days, np.array(list(holidays), dtype="datetime64[D]"))
        return off


def _minutes(times: np.ndarray) -> np.ndarray:
    since_midnight = times.astype("datetime64[s]") - times.astype("datetime64[D]").astype("datetime64[s]")
    return since_midnight.astype("int64") // 60


def read_quiet(given: object, place: str) -> Quiet:
    """`quiet:` of a pipeline file: {from, to, days_off}. Raises ConfigError for what cannot be."""
    if given is None:
        return Quiet()
    if not isinstance(given, dict):
        raise ConfigError(
            f'{place} is {given!r}; expected {{from: "21:00", to: "09:00", days_off: [sunday, holiday]}}.'
        )
    for key in given:
        if key not in ("from", "to", "days_off"):
            near = near_miss(str(key), ("from", "to", "days_off"))
            raise ConfigError(f"{place} has the unknown key {key!r}; expected from, to, days_off.{near}")
    off = given.get("days_off") or []
    if not isinstance(off, list):
        raise ConfigError(f"{place}.days_off is {off!r}; expected a list of {', '.join(DAYS_OFF)}.")
    for one in off:
        if one not in DAYS_OFF:
            near = near_miss(str(one), DAYS_OFF)
            raise ConfigError(f"{place}.days_off has {one!r}; expected of {', '.join(DAYS_OFF)}.{near}")
    if set(DAYS_OFF[:7]) <= set(off):
        raise ConfigError(f"{place}.days_off names every day of the week: nobody could ever be contacted.")
    hours = {key: _time(given[key], f"{place}.{key}") for key in ("from", "to") if key in given}
    return Quiet(hours.get("from", Quiet.since), hours.get("to", Quiet.until), tuple(off))


def _time(given: object, place: str) -> int:
    """Minutes after midnight; YAML reads a bare 21:00 as the number of them."""
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < _DAY:
        return given
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", given) if isinstance(given, str) else None
    if not found:
        raise ConfigError(f'{place} is {given!r}; expected a time of day such as "21:00".')
    return int(found[1]) * 60 + int(found[2])
