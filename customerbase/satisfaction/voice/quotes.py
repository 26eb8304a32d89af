"""Examples of what people wrote on a topic, fit to be shown: masked, cut, and none where few people speak of it."""

import pandas as pd

from customerbase.satisfaction.voice.gathered import Gathered
from customerbase.satisfaction.voice.masking import MASK, SHOWN, quote
from customerbase.satisfaction.voice.months import Model

MOST = 3
SHORTEST = 6  # characters
COLUMNS = ["topic", "place", "quote", "polarity"]


def choose(
    said: pd.DataFrame, found: Gathered, model: Model, topics: pd.DataFrame, *, since: pd.Timestamp, k_min: int
) -> pd.DataFrame:
    """Up to three sentences for each topic that at least k_min people speak of since a month; shape (topic, place).

    First what most people wrote word for word, then what has nothing masked and nothing but words of the topics, then
    what is short: rather the usual than the striking, which might tell who wrote it.
    """
    enough = set(topics.loc[topics["people"] >= k_min, "topic"])
    recent = said[(said["month"] >= since) & said["topic"].isin(enough)]
    known = {word for one in model.generations for word in one.shown}
    rows = []
    for topic, part in recent.groupby("topic"):
        people = part.drop_duplicates(["distinct", "writer"]).groupby("distinct").size()
        ranked = sorted(people.index, key=lambda at: _rank(found.sentences[at], int(people[at]), known))
        shown: list[str] = []
        told: set[frozenset[str]] = set()
        for at in ranked:
            text = quote(found.sentences[at])
            words = frozenset(word for word in known if word in text)
            if len(text) >= SHORTEST and words not in told:
                shown.append(text)
                told.add(words)
                rows.append((topic, len(shown), text, found.scored[at].label))
            if len(shown) == MOST:
                break
    return pd.DataFrame(rows, columns=COLUMNS)


def _rank(sentence: str, people: int, known: set[str]) -> tuple:
    usual = sum(word in sentence for word in known)
    return -people, sentence.count(MASK), len(sentence) > SHOWN, -min(usual, 3), len(sentence), sentence
