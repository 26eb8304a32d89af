"""Japanese and English: words, numbers, changes and sentences; every text a reader sees is written in words.yaml.

Numbers follow one form everywhere: 1,234万円, 12.3億円, 12.3% in Japanese; ¥12.3M, 12.3 % in English; a true minus
sign; changes of money and counts in percent, changes of rates in points.
"""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from customerbase.errors import ConfigError, near_miss
from customerbase.yaml_files import read_yaml

LANGUAGES = ("ja", "en")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MISSING = "–"
MINUS = "−"
WORDS_FILE = Path(__file__).parent / "words.yaml"
UNITS = ("money", "rate", "people", "orders", "rows", "times", "days", "items", "score", "number")

_CURRENCY_SIGNS = {"JPY": "¥", "GBP": "£", "USD": "$", "EUR": "€"}
_CURRENCY_WORDS_JA = {"JPY": "円", "GBP": "ポンド", "USD": "ドル", "EUR": "ユーロ"}
# from which amount on a larger unit is used, its size, its letter
_LARGE = {
    "ja": ((10**12, 10**12, "兆"), (10**8, 10**8, "億"), (10**4, 10**4, "万")),
    "en": ((10**12, 10**12, "T"), (10**9, 10**9, "B"), (10**6, 10**6, "M"), (10**4, 10**3, "K")),
}
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")


@cache
def words() -> dict[str, dict[str, str]]:
    """All entries of words.yaml: key -> {ja, en}; nested keys are joined with a dot (segment.champions)."""
    return dict(_flatten(read_yaml(WORDS_FILE), ""))


def _flatten(node: dict, prefix: str) -> Iterable[tuple[str, dict[str, str]]]:
    for key, value in node.items():
        if isinstance(value, dict) and not set(value) & set(LANGUAGES):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check_language(language: str) -> str:
    """The language itself. Raises ConfigError unless it is ja or en."""
    if language not in LANGUAGES:
        raise ConfigError(f"language is {language!r}; expected one of {', '.join(LANGUAGES)}.")
    return language


def word(key: str, language: str) -> str:
    """The text for `key` (segment.champions) in one language. Raises ConfigError with the near miss when unknown."""
    check_language(language)
    if key not in words():
        raise ConfigError(f"no word {key!r} in customerbase/words.yaml.{near_miss(key, words())}")
    return words()[key][language]


def word_or(key: str, language: str, fallback: str) -> str:
    """The text for `key`, or `fallback` for codes that come from data and have no translation yet."""
    return word(key, language) if key in words() else fallback


def sentence(template_key: str, language: str, **values: object) -> str:
    """A template of words.yaml with its {names} filled in.

    Raises ConfigError when a value is missing or one was given that the template does not use.
    """
    text = word(template_key, language)
    names = set(_PLACEHOLDER.findall(text))
    for name in sorted(names - values.keys()):
        raise ConfigError(f"sentence {template_key!r} needs {name!r}, which was not given.{near_miss(name, values)}")
    for name in sorted(values.keys() - _names_in_any_language(template_key)):
        raise ConfigError(f"sentence {template_key!r} has no place for {name!r}.{near_miss(name, names)}")
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)


def fill(template: str, values: Sequence[str]) -> str:
    """A template with {0} and {1} filled in: a part in [brackets] is left out where a value in it is empty; elsewhere – stands for it."""

    def keep(part: re.Match) -> str:
        return part[1] if all(values[int(place)] for place in re.findall(r"\{(\d)\}", part[1])) else ""

    return re.sub(r"\{(\d)\}", lambda place: values[int(place[1])] or MISSING, _OPTIONAL.sub(keep, template))


def _names_in_any_language(key: str) -> set[str]:
    return {name for text in words()[key].values() for name in _PLACEHOLDER.findall(text)}


def missing(value: object) -> bool:
    """True for None, NaN, NaT and pandas' NA."""
    return value is None or str(value) in ("<NA>", "NaT") or value != value  # asking NA itself raises


def number(
    value: object, unit: str, language: str, *, currency: str = "JPY", exact: bool = False, signed: bool = False
) -> str:
    """A number as people write it, with its unit.

    unit: money, rate (0.123 -> 12.3%), people, orders, rows, times, days, items, score (of NPS), number. In prose at most three significant
    digits (integers below 10,000, and what no larger unit of the language shortens, stay whole: 1,234万円); `exact`
    is for tables. `signed` puts + or − before it. None and NaN give an en dash. Raises ConfigError for unknown units.
    """
    check_language(language)
    if unit not in UNITS:
        raise ConfigError(f"unit is {unit!r}; expected one of {', '.join(UNITS)}.{near_miss(unit, UNITS)}")
    if missing(value) or not math.isfinite(float(value)):
        return MISSING
    amount = Decimal(str(value))
    digits, suffix = _digits(abs(amount), unit, language, currency, exact)
    return _sign(amount, digits, signed) + _with_unit(digits + suffix, unit, language, currency, exact)


def measured(value: object, kind: str, language: str, *, currency: str = "JPY") -> str:
    """A number inside a sentence about one customer: of kind money, share, score, else whole; an empty text where there is none."""
    if missing(value) or not math.isfinite(float(value)):
        return ""
    if kind in ("money", "share"):
        return number(value, "rate" if kind == "share" else kind, language, currency=currency)
    return f"{float(value):,.1f}" if kind == "score" else f"{float(value):,.0f}"


def change(new: object, old: object, unit: str, language: str) -> str:
    """The change from `old` to `new` with its sign: points for rates and scores, otherwise percent of `old`.

    An en dash where one side is missing or where `old` is not positive (a percentage of nothing means nothing).
    """
    check_language(language)
    if missing(new) or missing(old):
        return MISSING
    if unit == "rate":
        return points(Decimal(str(new)) - Decimal(str(old)), language)
    if unit == "score":
        return points((Decimal(str(new)) - Decimal(str(old))) / 100, language)
    if Decimal(str(old)) <= 0:
        return MISSING
    return number(Decimal(str(new)) / Decimal(str(old)) - 1, "rate", language, signed=True)


def points(difference: object, language: str, *, signed: bool = True) -> str:
    """A difference of two rates in percentage points: +1.8ポイント, −0.4 pt."""
    if missing(difference):
        return MISSING
    amount = Decimal(str(difference)) * 100
    digits = _fixed(abs(amount), 1)
    return _sign(amount, digits, signed) + digits + ("ポイント" if language == "ja" else "\u00a0pt")


def interval(low: object, high: object, unit: str, language: str, *, currency: str = "JPY") -> str:
    """An interval from low to high: 12.3%–14.5%; an en dash where there is none."""
    if missing(low) or missing(high):
        return MISSING
    whole = unit in ("people", "orders", "rows")  # nobody counts tenths of customers
    bounds = [Decimal(str(end)).quantize(Decimal(1)) if whole else end for end in (low, high)]
    return span(*(number(end, unit, language, currency=currency, exact=True) for end in bounds), language)


def span(low: str, high: str, language: str) -> str:
    """From one text to another: 12.3%〜14.5% or 12.3 % to 14.5 %."""
    return f"{low}〜{high}" if language == "ja" else f"{low} to {high}"


def aside(text: str, more: str, language: str) -> str:
    """A text with another in brackets behind it: 12.3%（10.1%〜14.5%） or 12.3 % (10.1 % to 14.5 %)."""
    return f"{text}（{more}）" if language == "ja" else f"{text} ({more})"


def day(when: date, language: str) -> str:
    """A day as people write it: 2026年10月31日 or 31 Oct 2026."""
    if language == "ja":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def run_on(sentences: Iterable[str], language: str) -> str:
    """Sentences one after the other, a space between them in English; empty ones are left out."""
    return ("" if language == "ja" else " ").join(one for one in sentences if one)


def join(items: Iterable[str], language: str) -> str:
    """A list in running text: A、B、C or A, B and C."""
    names = list(items)
    if language == "ja" or len(names) < 2:
        return "、".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def half_widths(text: str) -> int:
    """How many half-width characters wide a text stands: a Japanese character takes two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _digits(amount: Decimal, unit: str, language: str, currency: str, exact: bool) -> tuple[str, str]:
    if unit == "rate":
        return _fixed(amount * 100, 1 if exact or amount < Decimal("0.9995") else 0), ""
    if exact or amount < 10_000:
        return _fixed(amount, _decimals(amount, unit, currency, exact)), ""
    for start, size, letter in _LARGE[language]:
        # "12.3K customers" is nobody's English: counts stay written out until a million
        if _round_to(amount, 4) >= start and (unit == "money" or letter != "K"):
            return _short(amount / size), letter
    return _fixed(_round_to(amount, 3), 0), ""


def _decimals(amount: Decimal, unit: str, currency: str, exact: bool) -> int:
    if unit == "money":
        whole = amount >= 100 or amount == amount.to_integral_value()
        return 0 if currency == "JPY" or (whole and not exact) else 2
    if unit == "score":
        return 1
    if unit in ("times", "items") or (unit == "number" and exact):
        return 2 if exact or amount < 10 else 1
    return 0 if amount == amount.to_integral_value() else 2 if unit == "number" and amount < 10 else 1


def _short(amount: Decimal) -> str:
    digits = _fixed(amount, 0 if amount >= 100 else 1 if amount >= 10 else 2)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _round_to(amount: Decimal, digits: int) -> Decimal:
    step = Decimal(10) ** (amount.adjusted() - digits + 1)
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def _fixed(amount: Decimal, decimals: int) -> str:
    return f"{amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):,}"


def _sign(amount: Decimal, digits: str, signed: bool) -> str:
    # a number that is shown as zero has no direction, whatever stands behind the decimals
    if not any(character in "123456789" for character in digits):
        return "±" if signed else ""
    return MINUS if amount < 0 else "+" if signed else ""


def _with_unit(digits: str, unit: str, language: str, currency: str, exact: bool) -> str:
    if unit == "money":
        if language == "ja" and currency in _CURRENCY_WORDS_JA and (currency == "JPY" or not exact):
            return f"{digits}{_CURRENCY_WORDS_JA[currency]}"
        sign = _CURRENCY_SIGNS.get(currency)
        return f"{sign}{digits}" if sign else f"{currency}\u00a0{digits}"
    if unit == "rate":
        return f"{digits}%" if language == "ja" else f"{digits}\u00a0%"
    return f"{digits}{word(f'unit.{unit}', 'ja')}" if language == "ja" and unit != "number" else digits
