"""Amounts as people write them, in Japanese and international spellings. Nothing here raises."""

import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from customerbase.text.plain import short

_CURRENCY = r"(?:[¥\\$€£]|JPY|USD|EUR|GBP)?"
_SIGN = r"[-+△▲]?"
_AMOUNT = re.compile(
    rf"(?P<sign>{_SIGN})\s*{_CURRENCY}\s*(?P<sign2>{_SIGN})\s*"
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?P<power>e[-+]?[0-9]{1,3})?"
    r"\s*(?:円|JPY|USD|EUR|GBP)?",
    re.IGNORECASE,
)
_MINUS = str.maketrans({"−": "-", "‐": "-", "–": "-", "—": "-"})
_DIGITS = 16  # before the point: what DECIMAL(18,2) holds
_PLACES = Decimal("1e-12")  # after the point: enough for rates, and float noise such as 1.4e-14 becomes 0


def parse_amount(text: str | None) -> Decimal | None:
    """The number a person wrote, or None when it is not plainly one.

    Read: `1,234.50`, `１２３４`, `¥1,234` (also the backslash that Japanese fonts show as ¥), `1234円`, `JPY 500`,
    `1.2e3`; negatives as `-¥500`, `¥-500`, `(500)`, `△500`, `▲1,000`. Comma groups thousands, point is the decimal
    mark, always. Refused (None): `1.234,56`, `1,23` and other groupings (ambiguous: which mark is the decimal one),
    `500-` (minus for some, end mark for others), NaN, infinities, 10**16 and beyond. Rounded half-even to 12 places.
    """
    plain = short(text).translate(_MINUS)
    bracketed = re.fullmatch(r"(.*?)\(\s*(.+?)\s*\)(.*)", plain)
    match = _AMOUNT.fullmatch("".join(bracketed.groups()) if bracketed else plain)
    if not match:
        return None
    signs = match["sign"] + match["sign2"] + ("-" if bracketed else "")
    if len(signs) > 1:
        return None
    value = Decimal(match["number"].replace(",", "") + (match["power"] or ""))
    return _bounded(value.copy_negate() if signs in {"-", "△", "▲"} else value)


def _bounded(value: Decimal) -> Decimal | None:
    """The value rounded, without exponent or negative zero; None when it has more digits than an amount may have."""
    if value and value.adjusted() >= _DIGITS:
        return None
    with localcontext() as context:
        context.prec = 60
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent < _PLACES.as_tuple().exponent:
            value = value.quantize(_PLACES, rounding=ROUND_HALF_EVEN)
        value = Decimal(format(value, "f")) if value else Decimal(0)
    return value if abs(value) < 10**_DIGITS else None
