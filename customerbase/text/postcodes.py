"""Postcodes: the seven digits of Japan; codes of other countries in capitals."""

import re

from customerbase.text.plain import DASHES, EMPTY, UNPARSED, Standard, clean, settle, standard

_JAPAN = frozenset(["", "JP", "JPN", "JAPAN", "日本", "日本国"])
_SEVEN = re.compile("[0-9]{7}")
_MARK = re.compile(rf"^[〒〶テ\s:{DASHES}]+|^郵便番号[\s:]*|[\s{DASHES}ー一]+$")
_JAPANESE = re.compile(rf"([0-9]{{2,3}}) ?[{DASHES}ーｰ一~〜_. ] ?([0-9]{{4}})|([0-9]{{6,7}})")
_ABROAD = re.compile("(?=.*[0-9])[A-Z0-9](?:[A-Z0-9]|[ -](?=[A-Z0-9])){1,11}")
_PLAINLY_ABROAD = re.compile("(?=.*[A-Z]).*|[0-9]{5}-[0-9]{4}")  # also where no country is told


def standard_postcode(text: str | None, country: str | None = "JP") -> Standard:
    """A postcode: seven digits for Japan (〒100－0001 -> 1000001), capitals for another country (sw1a 1aa -> SW1A 1AA).

    Six digits are a code whose first 0 a spreadsheet took (60-0001 -> 0600001). Without a country, codes with letters
    and ZIP+4 pass as foreign; anything else that is not seven digits (also the three- and five-digit codes of before
    1998) is unparsed.
    """
    if not text:
        return EMPTY
    japan = (country or "").strip().upper() in _JAPAN
    if japan and _SEVEN.fullmatch(text) and text.isascii():
        return Standard(text, "ok")
    plain = clean(text) if len(text) <= 64 else "?"
    if not plain:
        return EMPTY
    plain = settle(lambda code: re.sub(rf" ?[{DASHES}] ?", "-", _MARK.sub("", code)), plain).upper()
    if japan and (match := _JAPANESE.fullmatch(plain)):
        return standard(text, ((match[1] or "") + (match[2] or "") + (match[3] or "")).zfill(7))
    abroad = _ABROAD.fullmatch(plain) and (not japan or _PLAINLY_ABROAD.fullmatch(plain))
    return standard(text, plain) if abroad else UNPARSED
