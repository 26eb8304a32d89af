"""Kana in Latin letters and back: Hepburn, passport and written spellings out; those, Kunrei and Nihon spellings in.

The romaji of a name is read the way Japanese people write their own: Ohno, Ōno, Oono; Satoh, Satou, Satō; Shimbashi;
Jun'ichi, Jun-ichi; Tsuda, Tuda; Chiba, Tiba. An apostrophe that to_romaji writes keeps the way back open: n'a is ンア,
t'i is ティ where Kunrei's ti is チ.
"""

import re
import unicodedata

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サシスセソ", "z": "ザジズゼゾ", "t": "タチツテト",
    "d": "ダヂヅデド", "n": "ナニヌネノ", "h": "ハヒフヘホ", "b": "バビブベボ", "p": "パピプペポ", "m": "マミムメモ",
    "r": "ラリルレロ",
}  # fmt: skip
_HEPBURN = {"si": "shi", "zi": "ji", "ti": "chi", "tu": "tsu", "di": "ji", "du": "zu", "hu": "fu"}
_STEMS = {"キ": "ky", "ギ": "gy", "シ": "sh", "ジ": "j", "チ": "ch", "ヂ": "j", "ニ": "ny", "ヒ": "hy", "ビ": "by", "ピ": "py",
          "ミ": "my", "リ": "ry"}  # fmt: skip
_FOREIGN = {
    "ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヲ": "o", "ヰ": "i", "ヱ": "e", "ヴ": "vu", "イェ": "ye",
    "ウィ": "wi", "ウェ": "we", "ウォ": "w'o", "ファ": "fa", "フィ": "fi", "フェ": "fe", "フォ": "fo", "フュ": "fyu",
    "ヴァ": "va", "ヴィ": "vi", "ヴェ": "ve", "ヴォ": "vo", "ヴュ": "vyu", "ツァ": "tsa", "ツィ": "tsi", "ツェ": "tse", "ツォ": "tso",
    "ティ": "t'i", "トゥ": "t'u", "テュ": "t'yu", "ディ": "d'i", "ドゥ": "d'u", "デュ": "d'yu", "スィ": "s'i", "ズィ": "z'i",
    "クァ": "kwa", "クィ": "kwi", "クェ": "kwe", "クォ": "kwo", "グァ": "gwa", "グィ": "gwi", "グェ": "gwe", "グォ": "gwo",
}  # fmt: skip
SMALL = str.maketrans(
    "ァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
    "アイウエオツヤユヨワカケクシストヌハヒフヘホムラリルレロ",
)
WHOLE = str.maketrans({"ヷ": "ヴァ", "ヸ": "ヴィ", "ヹ": "ヴェ", "ヺ": "ヴォ"})
_MACRON = "\u0304"


def _outward() -> dict[str, str]:
    """Syllable of one or two kana -> Hepburn."""
    table = dict(_FOREIGN)
    for consonant, row in _ROWS.items():
        table |= {
            kana: _HEPBURN.get(consonant + vowel, consonant + vowel) for kana, vowel in zip(row, "aiueo", strict=True)
        }
    for kana, stem in _STEMS.items():
        table |= {kana + small: stem + vowel for small, vowel in zip("ャュョェ", "auoe", strict=True)}
    return table


def _inward() -> dict[str, str]:
    """Latin syllable -> kana, for every system read; ヂ, ヅ and ヲ only where a system names them."""
    table = {latin: kana for kana, latin in _outward().items() if kana[0] not in "ヂヅヲヰヱ"}
    for consonant, row in _ROWS.items():
        table |= {consonant + vowel: kana for kana, vowel in zip(row, "aiueo", strict=True)}
    for kana, stem in zip("シジチヂチジ", ("sy", "zy", "ty", "dy", "cy", "jy"), strict=True):
        table |= {stem + vowel: kana + small for small, vowel in zip("ャュョェ", "auoe", strict=True)}
    return table | {"wo": "ヲ", "dzu": "ヅ"}


_OUT = _outward()
_IN = _inward()
_SYLLABLE = re.compile("|".join(sorted(_OUT, key=len, reverse=True)) + "|[ンッー]|.", re.DOTALL)
_LATIN = "|".join(sorted(_IN, key=len, reverse=True))
_TOKEN = re.compile(
    r"(?P<double>([kgszdbphfjrv])(?=\2)|t(?=t|ch)|c(?=ch))"
    r"|(?P<nasal>n['-]|n(?=[^aiueoy'-]|$)|m(?=[bpm]))"
    rf"|(?P<syllable>{_LATIN})(?P<long>:|(?<=[ou])h(?=[bcdfgjkmnprstvwyz][a-z]|$))?"
    r"|(?P<mark>['-])"
)
_JOINED = re.compile(
    r"(?<=[aiueo:])n(?=ichi(?:$|r[o:]{1,2}))|(?<=[aiueo:])n(?=ya$)"
)  # Shinichi, Junya: never ニチ, ニャ
_WORD = re.compile(r"[a-z:'-]+")
_APOSTROPHES = str.maketrans(dict.fromkeys("´`‘’ʼ′", "'"))


def to_romaji(kana: str, style: str = "hepburn") -> str:
    """The katakana in lower-case Latin letters, word by word; characters that are not kana stay.

    `style`: `hepburn` (satō, jun'ichi, shinbashi), `passport` (sato, junichi, shimbashi: ー and long o and u are not written)
    or `written` (satou, oono: every kana as typed). オウ and オオ are long except where a word's parts meet (イノウエ
    inoue, ヨコオ yokoo). Source of the passport rules: Ministry of Foreign Affairs, Hepburn table for passports.
    """
    kana = re.sub("ー+", "ー", kana.translate(WHOLE))
    words = " ".join(_word_out(word, style) for word in kana.split(" "))
    return unicodedata.normalize("NFC", words.replace("'", "") if style == "passport" else words)


def _word_out(word: str, style: str) -> str:
    syllables = [one if one in _OUT or one == "ッ" else one.translate(SMALL) for one in _SYLLABLE.findall(word)]
    parts: list[str] = []
    for place, kana in enumerate(syllables):
        parts.append(_syllable_out(kana, syllables, place, "".join(parts[-2:]), style))
    return "".join(parts)


def _syllable_out(kana: str, syllables: list[str], place: int, before: str, style: str) -> str:
    """The Latin letters that one syllable adds to `before`, the last letters written."""
    following = _OUT.get(syllables[place + 1], "") if place + 1 < len(syllables) else ""
    if kana == "ー" or (style != "written" and _lengthens(kana, before, syllables, place)):
        return _long(before, style)
    if kana == "ン":
        return _nasal(following, style)
    if kana == "ッ":
        return _double(following)
    latin = _OUT.get(kana, kana)
    return "'" + latin if latin.startswith("hy") and before[-1:] in {"o", "u"} else latin


def _lengthens(kana: str, before: str, syllables: list[str], place: int) -> bool:
    """Whether ウ or オ only makes the vowel before it long: not in ノ+ウエ, ツ+ウラ, nor in a third or later final オ."""
    vowel, following = before.rstrip(_MACRON)[-1:], "".join(syllables[place + 1 : place + 2])
    if kana in {"オ", "ヲ"}:
        return vowel == "o" and not (place >= 2 and following == "")
    if kana != "ウ" or vowel not in {"o", "u"}:
        return False
    return syllables[place - 1] + kana + following not in {"ノウエ", "ツウラ"}


def _long(before: str, style: str) -> str:
    """The mark of a long vowel: a combining macron, the vowel again, or nothing where the style leaves it out."""
    vowel = before[-1:]
    if vowel not in {"a", "i", "u", "e", "o"}:
        return ""
    if style == "hepburn":
        return _MACRON
    return "" if style == "passport" else "i" if vowel == "e" else vowel


def _nasal(following: str, style: str) -> str:
    if style == "passport":
        return "m" if following[:1] in {"b", "m", "p"} else "n"
    return "n'" if following[:1] in {"a", "i", "u", "e", "o", "y"} else "n"


def _double(following: str) -> str:
    """The consonant that ッ doubles; ッ before a vowel, y, w, n, m or nothing is read as ツ."""
    if following.startswith("ch"):
        return "t"
    return following[0] if following[:1] in set("kgsztdhbpfjrv") else "tsu"


def from_romaji(text: str | None) -> str | None:
    """Katakana of a name written in romaji, word by word; None when any word is not plainly Japanese romaji.

    Hepburn, Kunrei, Nihon and passport spellings in any case; long vowels as ō, ô, oh (before a consonant or at the
    end), ou, oo; m before b, m, p. A long o is オオ at a word's beginning and …ウ elsewhere, as names mostly are.
    -nichi and -nya at the end are ンイチ and ンヤ. Smith, John and Kim are None; Emma and Anna read as romaji.
    """
    if text is None or len(text) > 200:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()
    if not plain.isascii():
        plain = re.sub(r"[\u0302\u0304]", ":", unicodedata.normalize("NFD", plain))
    words = plain.replace(",", " ").split()
    kana = [_word_in(word) for word in words]
    return " ".join(word for word in kana if word) if kana and all(kana) else None


def _word_in(word: str) -> str | None:
    if not _WORD.fullmatch(word):
        return None
    word, parts, place = _JOINED.sub("n'", word), [], 0
    while place < len(word):
        match = _TOKEN.match(word, place)
        if not match:
            return None
        parts.append(_token_in(match))
        place = match.end()
    return "".join(parts)


def _token_in(match: re.Match[str]) -> str:
    kind, syllable = match.lastgroup, match["syllable"]
    if not syllable:
        return {"double": "ッ", "nasal": "ン", "mark": ""}[kind or "mark"]
    if not match["long"]:
        return _IN[syllable]
    vowel = syllable[-1]
    if vowel == "o" and syllable == "o" and match.start() == 0:
        return "オオ"
    return _IN[syllable] + ("ウ" if vowel in "ou" else "ー")
