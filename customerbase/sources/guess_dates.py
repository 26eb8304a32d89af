"""How the dates of a column are written: the form, its strptime formats, day or month first."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from customerbase.text import parse_timestamp

_TIME = r"(?:[T\s]*(?P<time>\d{1,2}(?::\d{2}){1,2}(?:\.\d+)?\s*(?:[AaPp]\.?[Mm]\.?)?|\d{1,2}時(?:\d{1,2}分)?(?:\d{1,2}秒)?)\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|JST|UTC)?)?"
_WEEKDAY = r"(?:\s*\((?:[月火水木金土日]|[A-Za-z]{3})\))?"
_FORMS = {
    "ymd": re.compile(rf"(?P<a>\d{{4}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<c>\d{{1,2}}){_WEEKDAY}{_TIME}"),
    "dmy": re.compile(
        rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<c>\d{{4}}|\d{{2}}){_WEEKDAY}{_TIME}"
    ),
    "compact": re.compile(r"(?P<a>(?:19|20)\d{2})(?P<b>0[1-9]|1[0-2])(?P<c>[0-2]\d|3[01])(?P<time>\d{4}|\d{6})?"),
    "kanji": re.compile(rf"\d{{4}}年\s*\d{{1,2}}月\s*\d{{1,2}}日{_WEEKDAY}{_TIME}"),
    "wareki": re.compile(
        rf"(?:令和|平成|昭和|大正|明治|[RHSTM])\.?\s*(?:\d{{1,2}}|元)\s*[年./-]\s*\d{{1,2}}\s*[月./-]\s*\d{{1,2}}日?{_WEEKDAY}{_TIME}"
    ),
    "words": re.compile(
        rf"(?:\d{{1,2}}(?:st|nd|rd|th)?[-\s]?[A-Za-z]{{3,9}}\.?[-\s,]*\d{{2,4}}|[A-Za-z]{{3,9}}\.?\s\d{{1,2}},?\s\d{{4}}){_TIME}"
    ),
}
_WORD_DATES = (
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d%b%Y",
    "%d %B %Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%d %b %y",
)
_LABELS = {"compact": "YYYYMMDD", "kanji": "YYYY年M月D日", "wareki": "和暦 (令和N年M月D日)", "words": "D Mon YYYY"}


@dataclass(frozen=True)
class DateForm:
    """How the dates of a column are written: a label for people, strptime formats for the mapping (may be none)."""

    label: str
    formats: tuple[str, ...] = ()
    ambiguous: bool = False


def date_form(values: Sequence[str]) -> tuple[DateForm | None, float]:
    """The commonest date form among the values and the share of values that are dates in any known form."""
    found = [(name, match) for text in values for name, rule in _FORMS.items() if (match := rule.fullmatch(text))]
    if not found:
        return None, 0.0
    counts = Counter(name for name, _ in found)
    name = max(sorted(counts), key=counts.__getitem__)
    matches = [match for other, match in found if other == name]
    if name == "dmy":
        form, share = _day_or_month_first(matches)
        return form, share * len(found) / len(values)
    clock = any(match.groupdict().get("time") for match in matches)
    clocks = sorted({_clock(match.groupdict().get("time")) for match in matches})
    formats = [form + time for form in _WORD_DATES for time in clocks] if name == "words" else []
    formats = [form for form in formats if any(day_of(match[0], [form]) for match in matches[:200])]
    readable = sum(day_of(match[0], formats) is not None for match in matches[:200]) / len(matches[:200])
    label = _LABELS.get(name) or "YYYY{0}MM{0}DD".format(matches[0]["sep"])
    return DateForm(label + (" HH:MM" if clock else ""), tuple(formats)), readable * len(found) / len(values)


def _day_or_month_first(matches: Sequence[re.Match]) -> tuple[DateForm, float]:
    """Day or month first: decided by parts above 12, else by which reading keeps the file in order of time."""
    parts = [(int(match["a"]), int(match["b"]), int(match["c"])) for match in matches]
    day_first = sum(1 <= b <= 12 and 1 <= a <= 31 for a, b, _ in parts) / len(parts)
    month_first = sum(1 <= a <= 12 and 1 <= b <= 31 for a, b, _ in parts) / len(parts)
    ambiguous = day_first == month_first
    if ambiguous:
        rising = [_rising([(c, b, a) for a, b, c in parts]), _rising([(c, a, b) for a, b, c in parts])]
        is_day_first = rising[0] >= rising[1] if rising[0] != rising[1] else matches[0]["sep"] == "."
        ambiguous = abs(rising[0] - rising[1]) < 0.05 * len(parts)
    else:
        is_day_first = day_first > month_first
    sep, year = matches[0]["sep"], "%Y" if len(matches[0]["c"]) == 4 else "%y"
    order = ("%d", "%m", year) if is_day_first else ("%m", "%d", year)
    times = sorted({_clock(match["time"]) for match in matches})
    formats = tuple(sep.join(order) + clock for clock in times)
    label = sep.join({"%d": "DD", "%m": "MM", "%Y": "YYYY", "%y": "YY"}[part] for part in order)
    return DateForm(label + (" HH:MM" if any(times) else ""), formats, ambiguous), max(day_first, month_first)


def _rising(days: Sequence[tuple]) -> int:
    return sum(earlier <= later for earlier, later in pairwise(days))


def _clock(time: str | None) -> str:
    if not time:
        return ""
    half = bool(re.search(r"[AaPp]\.?[Mm]", time))
    clock = (
        ("%I" if half else "%H")
        + ":%M"
        + (":%S" if time.count(":") == 2 else "")
        + (".%f" if re.search(r":\d+\.\d", time) else "")
    )
    return " " + clock + ((" %p" if re.search(r"\d\s+[AaPp]", time) else "%p") if half else "")


def day_of(text: str, formats: Sequence[str] = ()) -> date | None:
    """The day of a raw date value read with `formats` first, or None."""
    try:
        moment = parse_timestamp(text, formats)
    except Exception:  # as above
        return None
    return moment.date() if isinstance(moment, datetime) else moment
