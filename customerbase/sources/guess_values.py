"""What the values of one raw column look like: dates, amounts, ids, contact data; judged without their heading."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from customerbase.sources.guess_dates import DateForm, date_form
from customerbase.text import nfkc, parse_amount

KINDS = (
    *("date", "amount", "count", "rate", "id", "category", "text"),
    *("email", "phone", "postal", "pref", "gender", "kana", "flag"),
)
_PREFECTURES = frozenset(  # without 都府県
    [
        "北海道",
        "青森",
        "岩手",
        "宮城",
        "秋田",
        "山形",
        "福島",
        "茨城",
        "栃木",
        "群馬",
        "埼玉",
        "千葉",
        "東京",
        "神奈川",
        "新潟",
        "富山",
        "石川",
        "福井",
        "山梨",
        "長野",
        "岐阜",
        "静岡",
        "愛知",
        "三重",
        "滋賀",
        "京都",
        "大阪",
        "兵庫",
        "奈良",
        "和歌山",
        "鳥取",
        "島根",
        "岡山",
        "広島",
        "山口",
        "徳島",
        "香川",
        "愛媛",
        "高知",
        "福岡",
        "佐賀",
        "長崎",
        "熊本",
        "大分",
        "宮崎",
        "鹿児島",
        "沖縄",
    ]
)
_TESTS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}"),
    "phone": re.compile(r"(?=(?:\D*\d){10,12}\D*$)(?:\+\d|\(?0)[\d\-() .]+|[1-9]\d{9}"),
    "postal": re.compile(r"〒?\d{3}-\d{4}|\d{5}-\d{4}"),
    "gender": re.compile(r"男性?|女性?|m|f|male|female|man|woman|その他|不明|other|unknown", re.IGNORECASE),
    "flag": re.compile(r"yes|no|y|n|true|false|0|1|はい|いいえ|有|無|○|×|on|off", re.IGNORECASE),
    "kana": re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\u30fb\s]+"),
    "id": re.compile(r"[#A-Za-z]{0,8}[-_]?\d[\w\-/.]*|[A-Z0-9]{2,}(?:-[A-Z0-9]+)*|[\w\-.]*\d[\w\-.]*"),
}
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?")
_CURRENCIES = (
    *(("JPY", r"[¥￥]|円|\bJPY\b|\bYEN\b"), ("GBP", r"£|\bGBP\b"), ("EUR", r"€|\bEUR\b")),
    *(("USD", r"\$|\bUSD\b|\bdollars?\b"),),
)


@dataclass(frozen=True)
class Profile:
    """What the sampled values of one column are: shares are of the filled cells, 0 to 1.

    kind is the single best word of KINDS ("empty" when nothing is filled); fits holds the share of values that can
    be read as each kind; smallest and largest are of the numbers; serial: all can be Excel day numbers (1954 to 2091).
    """

    kind: str
    fits: dict[str, float] = field(default_factory=dict)
    filled: float = 0.0
    distinct: int = 0
    unique: bool = False
    form: DateForm | None = None
    decimals: bool = False
    decimal_comma: bool = False
    currency: str | None = None
    smallest: float | None = None
    largest: float | None = None
    serial: bool = False
    sample: tuple[str, ...] = ()


def profile(values: Sequence[str], limit: int = 1500) -> Profile:
    """The profile of one column's raw text values; at most `limit` of the distinct ones are looked at, evenly."""
    filled = [text for value in values if value is not None and (text := nfkc(str(value)[:200]).strip())]
    if not filled:
        return Profile("empty")
    different = list(dict.fromkeys(filled))
    seen = different[:: max(1, len(different) // limit)][:limit]
    fits = {kind: sum(bool(test.fullmatch(text)) for text in seen) / len(seen) for kind, test in _TESTS.items()}
    fits["pref"] = sum(text.rstrip("都府県") in _PREFECTURES or text in _PREFECTURES for text in seen) / len(seen)
    form, fits["date"] = date_form(seen)
    comma = decimal_comma(seen)
    numbers = [number for text in seen if (number := number_of(text, comma)) is not None]
    whole = sum(number == int(number) for number in numbers)
    fits["amount"] = len(numbers) / len(seen)
    fits["count"] = whole / len(seen)
    fits["rate"] = sum(0 <= number <= 100 for number in numbers) / len(seen)
    return Profile(
        kind=_best(fits, seen, len(filled), len(different), whole < len(numbers)),
        fits=fits,
        filled=len(filled) / len(values),
        distinct=len(different),
        unique=len(different) == len(filled),
        form=form,
        decimals=whole < len(numbers),
        decimal_comma=comma,
        currency=currency_of(" ".join(seen[:50])) if fits["amount"] > 0.9 else None,
        smallest=min(numbers, default=None),
        largest=max(numbers, default=None),
        serial=all(_SERIAL.fullmatch(text) for text in seen),
        sample=tuple(different[:3]),
    )


def _best(fits: dict[str, float], seen: Sequence[str], filled: int, different: int, decimals: bool) -> str:
    for kind in ("email", "date", "postal", "phone", "pref", "gender"):
        if fits[kind] >= 0.9:
            return kind
    if fits["flag"] >= 0.99 and different <= 2:
        return "flag"
    padded = sum(len(text) > 1 and text[0] == "0" and text.isdigit() for text in seen) / len(seen)
    if fits["amount"] >= 0.95 and padded < 0.05:
        return (
            "amount"
            if decimals or fits["count"] < 0.95 or any(not re.fullmatch(r"-?\d+", text) for text in seen)
            else "count"
        )
    if fits["id"] >= 0.9:
        return "id"
    if fits["kana"] >= 0.9:
        return "kana"
    return "category" if different <= 20 and different < filled / 2 else "text"


def decimal_comma(values: Sequence[str]) -> bool:
    """Whether the numbers use a comma before the decimals (1.234,50)."""
    comma = sum(
        bool(re.fullmatch(r"\D{0,4}\d{1,3}(?:[.\s]\d{3})*,\d{1,2}\D{0,4}|\D{0,4}\d+,\d{1,2}\D{0,4}", text))
        for text in values
    )
    point = sum(bool(re.search(r"\d\.\d{1,2}\D{0,4}$", text)) for text in values)
    return comma > 0 and comma > 4 * point


def number_of(text: str, comma: bool = False) -> float | None:
    """The number written in `text` (None when it is none); `comma` reads 1.234,50 as 1234.5."""
    if not any(sign.isdigit() for sign in text) or len(text) > 40:
        return None
    try:
        value = parse_amount(text.replace(".", "").replace(",", ".") if comma else text)
        return None if value is None else float(value)
    except Exception:  # as above: one odd cell never stops the diagnosis
        return None


def currency_of(text: str) -> str | None:
    """The ISO code of a currency named or signed in `text`, or None."""
    return next((code for code, rule in _CURRENCIES if re.search(rule, text, re.IGNORECASE)), None)


def shape(text: str, kind: str = "text", width: int = 16) -> str:
    """The outline of a value that must not be shown: xxx@xxx.xx, 0X0-XXXX-XXXX, 漢漢, X99999."""
    text = nfkc(text)
    if kind == "email" or "@" in text:
        return "xxx@xxx.xx"
    if kind in ("phone", "postal"):
        start = re.match(r"0\d0|0|", text)[0]
        return (re.sub(r"[1-9]", "X", start) + re.sub(r"\d", "X", text[len(start) :]))[:width]
    outline = "".join(map(_outline, text))
    return re.sub(r"(.)\1{5,}", r"\1\1\1\1\1…", outline)[:width]


def _outline(sign: str) -> str:
    if sign.isdigit():
        return "9"
    if "\u3041" <= sign <= "\u309f":
        return "あ"
    if "\u30a0" <= sign <= "\u30ff":
        return "ア"
    if sign.isalpha():
        return "漢" if ord(sign) > 0x2E7F else "X" if sign.isupper() else "x"
    return sign if sign in "-_/.:,#()+ " else "*"
