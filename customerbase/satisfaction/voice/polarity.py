"""Polarity by a lexicon that anyone can read and edit (polarity.yaml): a score for a sentence and the words that decided it.

Rules, in this order: the longest entry that fits counts; a negator turns it round; a word of degree before it strengthens or
weakens; in a sentence of two halves (が, けど, but) the first half counts half. No model, nothing learnt.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from customerbase.errors import ConfigError
from customerbase.satisfaction.voice.lexicon_file import read_lexicon
from customerbase.text.plain import HAN

SHIPPED = Path(__file__).with_name("polarity.yaml")
POSITIVE, NEGATIVE, NEUTRAL = "positive", "negative", "neutral"
LABELS = (POSITIVE, NEUTRAL, NEGATIVE)
CLEAR = 0.4  # a score from here on is called positive or negative
VALUES = {
    "strong_positive": 2.0, "positive": 1.0, "strong_negative": -2.0, "negative": -1.0, "wanted": 0.0, "wish": -0.5,
    "neutral": 0.0, "set_positive": 1.0, "set_negative": -1.0,
}  # fmt: skip
HELPERS = ("negators", "intensifiers", "diminishers", "contrasts", "emoji_positive", "emoji_negative")
REACH, REACH_EN, REACH_DEGREE = 12, 3, 8  # characters behind a word, words before a word, characters before a word
FIRST_HALF = 0.5
SET = ("wish", "neutral", "set_positive", "set_negative")  # nothing that follows turns these round

_JAPANESE = re.compile(f"[{HAN}ぁ-ゖァ-ヺー]")
_WORD = re.compile(r"[a-z][a-z'’-]{0,40}")
_CLAUSE_EN = re.compile(r"[,;]| - ")
_ONLY = re.compile("しか$|しか(?:言|思|あり)?え?$")  # 満足しかない: nothing but
_DOUBLED = re.compile("な(?:い|く|かった)(?:わけ|とは|こと|でも|も)[^、]{0,3}な")  # 不満がないわけではない
LONGEST_ENTRY = 4  # English words of one entry
_CONDITION = ("とき", "場合", "より", "かも", "でしょうか", "ますか", "ですか")


@dataclass(frozen=True)
class Scored:
    """A score, about −3 to 3, and what decided it: word and value, in the order of the text."""

    score: float
    words: tuple[tuple[str, float], ...]

    @property
    def label(self) -> str:
        """positive, negative or neutral."""
        return POSITIVE if self.score >= CLEAR else NEGATIVE if self.score <= -CLEAR else NEUTRAL


@dataclass(frozen=True)
class Lexicon:
    """Words by first character (ja) and by word or beginning (en), each with its kind; and the helping words."""

    ja: dict[str, tuple[tuple[str, str], ...]]
    en: dict[str, str]
    beginnings: dict[str, str]
    helpers: dict[str, dict[str, tuple[str, ...]]]
    patterns: dict[str, re.Pattern]

    def score(self, sentence: str) -> Scored:
        """Score of one plain sentence in either language."""
        if _JAPANESE.search(sentence):
            return self._japanese(sentence)
        return self._english(sentence.lower())

    def _japanese(self, text: str) -> Scored:
        found = []
        halves = [half for half in self.patterns["contrasts"].split(text) if half.strip()]
        for place, half in enumerate(halves):
            share = FIRST_HALF if place < len(halves) - 1 else 1.0
            found += [(word, value * share) for word, value in self._half(half) if value]
        return _sum([*found, *self._emoji(text)])

    def _half(self, text: str) -> Iterable[tuple[str, float]]:
        place = 0
        for start in self.patterns["first"].finditer(text):
            if start.start() < place:
                continue
            place = start.start()
            entry = next((one for one in self.ja[text[place]] if text.startswith(one[0], place)), None)
            if entry is None:
                continue
            word, kind = entry
            value = self._turned(VALUES[kind], kind, text, place + len(word))
            if value and kind != "wish":
                value *= self._degree(text[max(0, place - REACH_DEGREE) : place], "ja")
            yield word, value
            place += len(word)

    def _turned(self, value: float, kind: str, text: str, end: int) -> float:
        """The value after what follows the word: negated, or a question that says nothing yet."""
        if kind in SET:
            return value
        behind = re.split("[、,。!?！？]", text[end : end + REACH], maxsplit=1)[0]
        negated = self.patterns["negators"].search(behind)
        if negated and (_ONLY.search(behind[: negated.start()]) or _DOUBLED.search(behind)):
            negated = None
        if kind == "wanted":
            return -1.0 if negated and not text.rstrip().endswith(("か", "?")) else 0.0
        if negated:
            return -0.75 * value
        return 0.0 if value > 0 and any(one in behind for one in _CONDITION) else value

    def _english(self, text: str) -> Scored:
        found = []
        halves = [half for half in self.patterns["contrasts_en"].split(text) if half.strip()]
        for place, half in enumerate(halves):
            share = FIRST_HALF if place < len(halves) - 1 else 1.0
            for clause in _CLAUSE_EN.split(half):
                found += [(word, value * share) for word, value in self._clause(clause) if value]
        return _sum([*found, *self._emoji(text)])

    def _clause(self, text: str) -> Iterable[tuple[str, float]]:
        words = _pairs(_WORD.findall(text.replace("’", "'")), self.en)
        for place, word in enumerate(words):
            kind = self.en.get(word) or next(
                (k for start, k in self.beginnings.items() if word.startswith(start)), None
            )
            if kind is None:
                continue
            before = words[max(0, place - REACH_EN) : place]
            negated = any(one in self.helpers["en"]["negators"] for one in before)
            value = VALUES[kind]
            if kind == "wanted":
                value = -1.0 if negated else 0.0
            elif kind not in SET:
                value = (-0.75 if negated else 1.0) * value * self._degree(" ".join(before), "en")
            yield word, value

    def _degree(self, before: str, language: str) -> float:
        words = before.split() if language == "en" else None
        if any(one in (words or before) for one in self.helpers[language]["intensifiers"]):
            return 1.5
        return 0.5 if any(one in (words or before) for one in self.helpers[language]["diminishers"]) else 1.0

    def _emoji(self, text: str) -> list[tuple[str, float]]:
        helpers = self.helpers["ja"]
        signs = [(one, 1.0) for one in helpers["emoji_positive"]] + [(one, -1.0) for one in helpers["emoji_negative"]]
        return [(one, value) for one, value in signs if one in text] if not text.isascii() or "(" in text else []


def _pairs(words: list[str], known: dict[str, str]) -> list[str]:
    """Words with those in a row joined (nothing like -> nothing-like) that have an entry of their own, the longest first."""
    joined: list[str] = []
    place = 0
    while place < len(words):
        tried = [("-".join(words[place : place + size]), size) for size in range(LONGEST_ENTRY, 1, -1)]
        entry, size = next((one for one in tried if one[0] in known), (words[place], 1))
        joined.append(entry)
        place += size
    return joined


def _sum(found: list[tuple[str, float]]) -> Scored:
    total = sum(value for _, value in found)
    return Scored(round(max(-3.0, min(3.0, total)), 4), tuple((word, round(value, 4)) for word, value in found))


@cache
def lexicon(path: str = "") -> Lexicon:
    """The lexicon of a file, or the shipped one. Raises ConfigError for a file that is none (lexicon_file.read_lexicon)."""
    place = Path(path) if path else SHIPPED
    if not place.is_file():
        raise ConfigError(f"lexicon is {path!r}; expected a file such as {SHIPPED.name}.")
    content = read_lexicon(place, VALUES, HELPERS)
    kinds = {language: _kinds(part) for language, part in content.items()}
    helpers = {language: {name: part.get(name, ()) for name in HELPERS} for language, part in content.items()}
    ja: dict[str, list[tuple[str, str]]] = {}
    for word, kind in kinds["ja"].items():
        ja.setdefault(word[0], []).append((word, kind))
    whole = {word: kind for word, kind in kinds["en"].items() if not word.endswith("*")}
    begins = {word[:-1]: kind for word, kind in kinds["en"].items() if word.endswith("*")}
    return Lexicon(
        {first: tuple(sorted(words, key=lambda one: (-len(one[0]), one[0]))) for first, words in ja.items()},
        whole,
        begins,
        helpers,
        _patterns(ja, helpers),
    )


def _kinds(part: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Word -> kind of one language."""
    return {word: kind for kind in VALUES for word in part.get(kind, ())}


def _patterns(ja: dict, helpers: dict) -> dict[str, re.Pattern]:
    def any_of(words: Iterable[str]) -> str:
        return "|".join(re.escape(one) for one in sorted(words, key=lambda one: (-len(one), one))) or "(?!)"

    return {
        "first": re.compile("[" + "".join(map(re.escape, sorted(ja))) + "]" if ja else "(?!)"),
        "negators": re.compile(any_of(helpers["ja"]["negators"])),
        "contrasts": re.compile(f"(?<=[{HAN}ぁ-ゖァ-ヺー])(?:{any_of(helpers['ja']['contrasts'])})"),
        "contrasts_en": re.compile(rf"\b(?:{any_of(helpers['en']['contrasts'])})\b"),
    }
