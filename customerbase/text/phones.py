"""Telephone numbers as E.164 (+819012345678) and what kind of line they are."""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers

from customerbase.text.plain import DASHES, clean

LONGEST = 100


class Phone(NamedTuple):
    """A telephone number: E.164 or None; ok, fixed, unparsed or None (nothing given); mobile, fixed, other or None."""

    value: str | None
    status: str | None
    kind: str | None


_EMPTY = Phone(None, None, None)
_UNPARSED = Phone(None, "unparsed", None)

# --- what is written ----------------------------------------------------------------------------------------------

_LABEL = re.compile(
    r"^(?:(?:tel|phone|fax|mobile|cell|home|work|t|m|電話(?:番号)?|携帯(?:電話)?(?:番号)?|自宅|勤務先|固定|連絡先|[☎☏📞📱])[\s:.)]*)+(?=[+(0-9])",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"(?<=[0-9)])[\s,;(]*(?:内線|extension|ext|x|#)[\s.:=#]*[0-9]{1,7}\)?$", re.IGNORECASE)
_NOTE = re.compile(r"(?<=[0-9])\s*\([^()0-9+]*\)$|(?<=[0-9])[\s(]*(?:代表|代|直通|自宅|携帯|勤務先|呼出)\)?$")
_SEVERAL = re.compile(r"(?<=[0-9])\s*(?:[,;/、]|または|又は|or)\s*(?=[+(0-9])")
_SEPARATORS = re.compile(rf"[\s{DASHES}ーｰ一~〜・.·/_()\[\]]+")
_DIGITS = re.compile(r"\+?[0-9]{3,20}")
_PLAIN = re.compile(r"\+?[0-9 ()-]+")
_PLAIN_SEPARATORS = str.maketrans("", "", " ()-")


def _digits(text: str) -> str:
    """The first number in a text without labels, notes and separators; digits with or without + if it is one."""
    plain = clean(text)
    first, *others = _SEVERAL.split(plain)
    if others and sum(map(str.isdigit, first)) >= 9:
        plain = first
    plain = _NOTE.sub("", _EXTENSION.sub("", _NOTE.sub("", _LABEL.sub("", plain))))
    return _SEPARATORS.sub("", plain)


# --- numbers of Japan ---------------------------------------------------------------------------------------------

# behind the 0; length and first digits decide, not whether the number is assigned (090-0…, 03-0… are kept);
# read by SQL too, for numbers written plainly
MOBILE = "(?:[679]0[0-9]|80[1-9])[0-9]{7}"
SERVICE = "(?:120|170|180|570|990)[0-9]{6}|60[0-9]{7}|(?:800|50[0-9]|20[0-9])[0-9]{7}"
FIXED = "(?:[1-9][1-9]|[34]0)[0-9]{7}"
_MOBILE, _SERVICE, _FIXED = map(re.compile, (MOBILE, SERVICE, FIXED))


def _national(digits: str) -> str | None:
    """The number behind the 0 or +81, as people write it in Japan; None for a number abroad."""
    for prefix in ("+81", "0081"):
        if digits.startswith(prefix):
            return digits[len(prefix) :].removeprefix("0")
    if digits.startswith(("+", "010", "00")):
        return None
    if digits.startswith("81") and len(digits) in (11, 12):
        return digits[2:]
    return digits.removeprefix("0")  # without 0 too: a spreadsheet took it


def _kind(national: str) -> str | None:
    """mobile, fixed or other for the number behind the 0; None when no such number can be."""
    if _MOBILE.fullmatch(national):
        return "mobile"
    if _SERVICE.fullmatch(national):
        return "other"
    return "fixed" if _FIXED.fullmatch(national) else None


# --- any number ---------------------------------------------------------------------------------------------------

_COUNTRIES = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
_KINDS = {phonenumbers.PhoneNumberType.MOBILE: "mobile", phonenumbers.PhoneNumberType.FIXED_LINE: "fixed"}


def standard_phone(text: str | None, region: str | None = "JP") -> Phone:
    """A telephone number in E.164 with its kind, read as a number of `region` (ISO 3166) unless it begins with + or 00.

    Any dash, bracket, full-width digit; +81 (0)90…, 0081…, 8190…, 010-1…; labels (TEL, 携帯), notes (代表), extensions
    dropped; of several numbers the first; a first 0 that a spreadsheet took is given back. A Japanese number counts
    when length and first digits fit, assigned or not; a foreign one when its length is possible there. `kind` of a
    number that may be either, as in North America, is other.
    """
    if not text:
        return _EMPTY
    if len(text) > LONGEST:
        return _UNPARSED
    digits = text.translate(_PLAIN_SEPARATORS) if _PLAIN.fullmatch(text) else _digits(text)
    if not _DIGITS.fullmatch(digits):
        return _UNPARSED if clean(text) else _EMPTY
    region = (region or "JP").upper()
    national = _national(digits) if region == "JP" or digits.startswith("+81") else None
    kind = _kind(national) if national else None
    value = f"+81{national}" if kind else None
    if not kind:
        value, kind = _abroad(digits, region)
    return Phone(value, "ok" if value == text else "fixed", kind) if value else _UNPARSED


def _abroad(digits: str, region: str) -> tuple[str | None, str | None]:
    """E.164 and kind by the rules of every country; a Japanese number must be a valid one to come through here."""
    candidates = [digits]
    if digits.startswith("00") and not digits.startswith("0081"):
        candidates.append("+" + digits[2:])
    for candidate in candidates:
        if not (number := _parsed(candidate, region)):
            continue
        kind = phonenumbers.number_type(number)
        if kind != phonenumbers.PhoneNumberType.UNKNOWN or (number.country_code != 81 and _stable(number)):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), _KINDS.get(kind, "other")
    return None, None


def _parsed(digits: str, region: str) -> phonenumbers.PhoneNumber | None:
    """What phonenumbers.parse gives, None where it refuses; several times faster for most numbers that begin with +."""
    code = next((int(digits[1:end]) for end in (2, 3, 4) if int(digits[1:end] or 0) in _COUNTRIES), 0)
    national = digits[1 + len(str(code)) :]
    if digits[0] == "+" and code and 4 <= len(national) <= 14 and not _before_national(code).match(national):
        return phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None


@cache
def _before_national(code: int) -> re.Pattern[str]:
    """What phonenumbers takes off before the national number of a country: its trunk prefix; here also any first 0."""
    region = phonenumbers.region_code_for_country_code(code)
    country = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    prefix = country.national_prefix_for_parsing if country else None
    return re.compile(f"0|(?:{prefix})" if prefix else "0")


def _stable(number: phonenumbers.PhoneNumber) -> bool:
    """Whether a number that is not valid is possible all the same and reads back from its E.164 form."""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return False
    return _parsed(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "ZZ") == number
