"""Columns of text, made by the million: Arrow arrays from numbers, lists and dates."""

import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_KANA = {
    "ア": "A", "イ": "I", "ウ": "U", "エ": "E", "オ": "O", "カ": "KA", "キ": "KI", "ク": "KU", "ケ": "KE", "コ": "KO",
    "サ": "SA", "シ": "SHI", "ス": "SU", "セ": "SE", "ソ": "SO", "タ": "TA", "チ": "CHI", "ツ": "TSU", "テ": "TE",
    "ト": "TO", "ナ": "NA", "ニ": "NI", "ヌ": "NU", "ネ": "NE", "ノ": "NO", "ハ": "HA", "ヒ": "HI", "フ": "FU",
    "ヘ": "HE", "ホ": "HO", "マ": "MA", "ミ": "MI", "ム": "MU", "メ": "ME", "モ": "MO", "ヤ": "YA", "ユ": "YU",
    "ヨ": "YO", "ラ": "RA", "リ": "RI", "ル": "RU", "レ": "RE", "ロ": "RO", "ワ": "WA", "ヲ": "O", "ン": "N",
    "ガ": "GA", "ギ": "GI", "グ": "GU", "ゲ": "GE", "ゴ": "GO", "ザ": "ZA", "ジ": "JI", "ズ": "ZU", "ゼ": "ZE",
    "ゾ": "ZO", "ダ": "DA", "ヂ": "JI", "ヅ": "ZU", "デ": "DE", "ド": "DO", "バ": "BA", "ビ": "BI", "ブ": "BU",
    "ベ": "BE", "ボ": "BO", "パ": "PA", "ピ": "PI", "プ": "PU", "ペ": "PE", "ポ": "PO",
}  # fmt: skip
_SMALL = {"ャ": "A", "ュ": "U", "ョ": "O"}
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")
_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}


def romaji(kana: str, long_vowels: bool = False) -> str:
    """Katakana in Hepburn capitals; サトウ is SATO, with `long_vowels` SATOU."""
    text = ""
    for sign in kana:
        if sign in _SMALL:
            stem = text[:-1]
            text = stem + ("" if stem.endswith(("SH", "CH", "J")) else "Y") + _SMALL[sign]
        else:
            text += "-" if sign == "ッ" else _KANA[sign]
    while "-" in text:  # ッ doubles the consonant that follows
        place = text.index("-")
        text = text[:place] + text[place + 1 : place + 2] + text[place + 1 :]
    return text if long_vowels else text.replace("OU", "O").replace("OO", "O").replace("UU", "U")


def half_kana(kana: str) -> str:
    """Katakana in half width: ガ becomes ｶﾞ."""
    parts = unicodedata.normalize("NFD", kana)
    return "".join({"\u3099": "ﾞ", "\u309a": "ﾟ"}.get(sign, _HALF.get(sign, sign)) for sign in parts)


def wide_digits(text: str) -> str:
    """Digits and hyphens in full width."""
    return text.translate(_WIDE)


def take(words: list, index: np.ndarray) -> pa.Array:
    """The words at `index`; a negative index gives null."""
    index = pa.array(index, mask=np.asarray(index) < 0)
    return pa.array(words, pa.string()).take(index)


def number(values: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Whole numbers as text, null where `missing`."""
    return pc.cast(pa.array(np.asarray(values).astype(np.int64), mask=missing), pa.string())


def pad(values: np.ndarray, width: int) -> pa.Array:
    """Whole numbers as text of at least `width` digits."""
    return pc.utf8_lpad(number(values), width=width, padding="0")


def glue(*parts: pa.Array | str) -> pa.Array:
    """The parts side by side; null where any part is null."""
    return pc.binary_join_element_wise(*[pa.scalar(part) if isinstance(part, str) else part for part in parts], "")


def choose(mask: np.ndarray, yes: pa.Array | str | None, no: pa.Array | str | None) -> pa.Array:
    """`yes` where `mask`, else `no` (texts, or None for null)."""
    parts = [pa.scalar(part, pa.string()) if part is None or isinstance(part, str) else part for part in (yes, no)]
    return pc.if_else(pa.array(mask), *parts)


class Dates:
    """Day numbers and minutes as text, by looking up each day's text once."""

    def __init__(self, world) -> None:
        self.days = world.all_days.astype(object)
        self.offset = -int((world.all_days[0] - np.datetime64(world.first_day)).astype(int))
        self.clock = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]
        self.first = np.datetime64(world.first_day, "s")

    def day(self, t: np.ndarray, form: str = "%Y/%m/%d") -> pa.Array:
        """Dates in the given form; null where t is NaN."""
        t = np.asarray(t, dtype=float)
        index = np.where(np.isnan(t), -1, np.floor(np.nan_to_num(t)) + self.offset).astype(np.int64)
        return take([day.strftime(form) for day in self.days], np.minimum(index, len(self.days) - 1))

    def moment(self, t: np.ndarray, form: str = "%Y/%m/%d", seconds: bool = False) -> pa.Array:
        """Dates and times of day to the minute (or with seconds drawn from t); null where t is NaN."""
        t = np.asarray(t, dtype=float)
        tick = np.minimum(np.nan_to_num(t - np.floor(t)) * 86400 + 0.01, 86399)  # 0.01: 10:00:00 is not 09:59:59
        text = glue(self.day(t, form), " ", take(self.clock, (tick // 60).astype(np.int64)))
        return glue(text, ":", pad(tick.astype(np.int64) % 60, 2)) if seconds else text

    def stamps(self, t: np.ndarray) -> pa.Array:
        """Timestamps (microseconds, no zone), to the second; null where t is NaN."""
        t = np.asarray(t, dtype=float)
        whole = np.floor(np.nan_to_num(t) * 86400 + 0.5).astype("timedelta64[s]")
        values = (self.first + whole).astype("datetime64[us]")
        return pa.array(values, pa.timestamp("us"), mask=np.isnan(t))
