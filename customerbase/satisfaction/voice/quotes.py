"""Examples of what people wrote on a topic, fit to be shown: masked, cut, and none where few people speak of it.

Masking by pattern (voice.masking) knows what looks like a secret; here a word goes because hardly anybody uses it, whatever it
looks like: a name that no pattern knows, a place, a number.
"""

import re
from functools import cache

import pandas as pd

from customerbase.satisfaction.voice.gathered import Gathered, shared
from customerbase.satisfaction.voice.masking import MASK, SHOWN, quote, word_lists
from customerbase.satisfaction.voice.months import Model
from customerbase.satisfaction.voice.polarity import lexicon
from customerbase.text.plain import HAN

MOST = 3
SHORTEST = 6  # characters that are not masked
COLUMNS = ["topic", "place", "quote", "polarity"]
_INFLECTED = "[いうえきくけしすせちつりるれぎぐげみむめびぶべねわん]|った|って[いしもくは]"  # 届く, 困って: no name is written so
_LATIN = rf"[^\W\d_{HAN}ぁ-ゖァ-ヺー]"
_WORDS = re.compile(rf"[{HAN}]{{2,}}|[{HAN}](?!{_INFLECTED})|[ァ-ヺー]+|{_LATIN}(?:'?{_LATIN})*|\d{{3,}}")
_JOINED = re.compile(f"{MASK}(?: ?{MASK})+")


def choose(
    said: pd.DataFrame, found: Gathered, model: Model, topics: pd.DataFrame, *, since: pd.Timestamp, k_min: int
) -> pd.DataFrame:
    """Up to three sentences for each topic that at least k_min people speak of since a month; shape (topic, place).

    First what has nothing masked, then what most people wrote word for word, then what is of the words of the topics, then
    what is short: rather the usual than the striking, which might tell who wrote it.
    """
    enough = set(topics.loc[topics["people"] >= k_min, "topic"])
    recent = said[(said["month"] >= since) & said["topic"].isin(enough)]
    known = {word for one in model.generations for word in one.shown}
    common = usual(found, k_min) if len(recent) else frozenset()
    rows = []
    for topic, part in recent.groupby("topic"):
        people = part.drop_duplicates(["distinct", "writer"]).groupby("distinct").size()
        texts = {at: hide(found.sentences[at], common) for at in people.index}
        ranked = sorted(people.index, key=lambda at: _rank(texts[at], int(people[at]), known))
        shown: list[str] = []
        told: set[frozenset[str]] = set()
        for at in ranked:
            text = quote(texts[at])
            words = frozenset(word for word in known if word in text)
            if len(text.replace(MASK, "")) >= SHORTEST and words not in told:
                shown.append(text)
                told.add(words)
                rows.append((topic, len(shown), text, found.scored[at].label))
            if len(shown) == MOST:
                break
    return pd.DataFrame(rows, columns=COLUMNS)


def usual(found: Gathered, k_min: int) -> frozenset[str]:
    """Words (runs of one kind of characters, and pairs of Han characters in a row) that at least k_min people used, or of the
    lists that are shipped: 店員, 最高 and *the* tell of nobody, however few write them.
    """
    words = [
        {part for word in _WORDS.findall(text) for part in (word.lower(), *_pairs(word))} for text in found.sentences
    ]
    return shared(words, found.writers, k_min) | _everyday()


@cache
def _everyday() -> frozenset[str]:
    lists, polarity = word_lists(), lexicon()
    entries = {entry for entries in polarity.ja.values() for entry, _ in entries} | set(polarity.en)
    words = {*lists["not_names"], *lists["stop_ja"], *lists["stop_en"], *entries}
    return frozenset(word for word in words if len(word) > 1 and _WORDS.fullmatch(word))


def hide(sentence: str, common: frozenset[str]) -> str:
    """A sentence with every word masked that is not common: neither as it stands nor in all its pairs of Han characters."""

    def kept(found: re.Match[str]) -> str:
        word, pairs = found[0], _pairs(found[0])
        return word if word.lower() in common or (pairs and common.issuperset(pairs)) else MASK

    return _JOINED.sub(MASK, _WORDS.sub(kept, sentence))


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)] if len(word) > 2 and re.match(f"[{HAN}]", word) else []


def _rank(sentence: str, people: int, known: set[str]) -> tuple:
    usual = sum(word in sentence for word in known)
    return sentence.count(MASK), -people, len(sentence) > SHOWN, -min(usual, 3), len(sentence), sentence
