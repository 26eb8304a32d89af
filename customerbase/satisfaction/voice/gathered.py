"""What customers wrote, cut into masked sentences; every distinct text is read once, and every person counts once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.periods import add_months, parse_month
from customerbase.satisfaction.voice.masking import mask, plain
from customerbase.satisfaction.voice.polarity import LABELS, Lexicon, Scored
from customerbase.satisfaction.voice.tokens import sentences

TEXTS = ["source", "source_system", "record_id", "customer_id", "author", "month", "said", "stars"]


@dataclass(frozen=True)
class Gathered:
    """Texts, their sentences, and what is known of each distinct sentence.

    texts: as voice_texts.sql, without what was said, with writer (number of the person), score and label.
    said: one row a sentence: text (row of texts), sentence (from 1), distinct (place in `sentences`).
    sentences: distinct masked sentences; people: how many wrote each; scored: polarity of each.
    """

    texts: pd.DataFrame
    said: pd.DataFrame
    sentences: list[str]
    people: np.ndarray
    scored: list[Scored]

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def writers(self) -> list[np.ndarray]:
        """The people (numbers) who wrote each distinct sentence."""
        who = self.texts["writer"].to_numpy()[self.said["text"]]
        pairs = pd.DataFrame({"distinct": self.said["distinct"].to_numpy(), "writer": who}).drop_duplicates()
        pairs = pairs.sort_values("distinct", kind="stable")
        ends = np.cumsum(np.bincount(pairs["distinct"], minlength=len(self.sentences)))
        return np.split(pairs["writer"].to_numpy(), ends[:-1]) if len(self.sentences) else []


def shared(words: Sequence[Collection[str]], writers: Sequence[np.ndarray], fewest: int) -> frozenset[str]:
    """The words that at least `fewest` different people use: who writes a word in a hundred sentences is one of them.

    words, writers: of each sentence, each word once.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for at, found in enumerate(words):
        for word in found:
            places[word].append(at)
    sizes = [len(one) for one in writers]
    return frozenset(word for word, found in places.items() if _enough(found, writers, sizes, fewest))


def _enough(places: list[int], writers: Sequence[np.ndarray], sizes: list[int], fewest: int) -> bool:
    """Whether sentences have that many writers together; the union is made only where the sizes leave it open."""
    if sum(sizes[at] for at in places) < fewest or any(sizes[at] >= fewest for at in places):
        return any(sizes[at] >= fewest for at in places)
    people: set[int] = set()
    for at in places:
        people.update(writers[at].tolist())
        if len(people) >= fewest:
            return True
    return False


def gather(db: Engine, lexicon: Lexicon, *, as_of: date, months: int = 13) -> Gathered:
    """Texts of the last `months` calendar months up to as_of. Reads survey_answers, reviews, inquiries, products,
    identity_links.
    """
    since = add_months(parse_month(as_of), 1 - months)
    frame = db.run("voice_texts", since=since, until=as_of + timedelta(days=1)).df()
    return read(frame, lexicon)


def read(frame: pd.DataFrame, lexicon: Lexicon) -> Gathered:
    """Given texts (columns TEXTS), read.

    An anonymous text counts as one person's, however often the same words come in; of the same person the same sentence counts once.
    """
    raw, text_of = _distinct(frame["said"].tolist())
    plains = [mask(plain(text)) for text in raw]
    cut = [sentences(text) for text in plains]
    known, place_of = _distinct([one for pieces in cut for one in pieces])
    ends = np.cumsum([0, *map(len, cut)])
    lengths = np.diff(ends)[text_of] if len(frame) else np.zeros(0, dtype=np.int64)
    text = np.repeat(np.arange(len(frame)), lengths)
    number = np.arange(len(text)) - np.repeat(np.cumsum(lengths) - lengths, lengths) if len(text) else text
    distinct = place_of[ends[text_of[text]] + number] if len(text) else text
    said = pd.DataFrame({"text": text, "sentence": number + 1, "distinct": distinct})
    scored = [lexicon.score(sentence) for sentence in known]
    texts = frame.drop(columns="said").assign(
        writer=_writers(frame, plains, text_of), month=pd.to_datetime(frame["month"])
    )
    score = np.array([one.score for one in scored] or [0.0])
    totals = np.bincount(text, weights=score[distinct] if len(text) else None, minlength=len(frame))
    totals = np.round(np.clip(totals, -3, 3), 4)
    texts = texts.assign(score=totals, label=[Scored(total, ()).label for total in totals])
    return Gathered(texts, said, known, _people(said, texts["writer"].to_numpy(), len(known)), scored)


def _distinct(values: list[str]) -> tuple[list[str], np.ndarray]:
    """Distinct values in the order of their first coming, and the place of each value among them."""
    places: dict[str, int] = {}
    found = np.fromiter((places.setdefault(one, len(places)) for one in values), dtype=np.int64, count=len(values))
    return list(places), found


def _writers(frame: pd.DataFrame, plains: list[str], text_of: np.ndarray) -> np.ndarray:
    """A number for each person; nameless texts of one source in the same words have one writer."""
    named = frame["author"].tolist()
    keys = [
        author if isinstance(author, str) else f"x/{source}/{plains[place]}"
        for author, source, place in zip(named, frame["source"], text_of, strict=True)
    ]
    return _distinct(keys)[1]


def _people(said: pd.DataFrame, writer: np.ndarray, size: int) -> np.ndarray:
    pairs = pd.DataFrame({"distinct": said["distinct"], "writer": writer[said["text"]]}).drop_duplicates()
    return np.bincount(pairs["distinct"], minlength=size)


def language_of(sentence: str) -> str:
    """ja, en or other, by the characters it holds."""
    if any("\u3041" <= one <= "\u30ff" or "\u4e00" <= one <= "\u9fff" for one in sentence):
        return "ja"
    return "en" if any("a" <= one <= "z" for one in sentence.lower()) else "other"


def by_month(found: Gathered, wilson: Callable) -> pd.DataFrame:
    """Per month and source, and of all sources together (all): texts, people, and the share of those who complained."""
    texts = found.texts
    both = pd.concat([texts, texts.assign(source="all")], ignore_index=True)
    if not len(both):
        return pd.DataFrame(columns=["month", "source", "texts", "people", *LABELS, "share", "low", "high"])
    groups = both.groupby(["month", "source"], observed=True)
    made = groups.agg(texts=("record_id", "size"), people=("writer", "nunique")).reset_index()
    for label in LABELS:
        of = both[both["label"] == label].groupby(["month", "source"])["writer"].nunique().rename(label)
        made = made.merge(of.reset_index(), how="left", on=["month", "source"])
        made[label] = made[label].fillna(0).astype("int64")
    low, high = wilson(made["negative"], made["people"])
    made = made.assign(share=made["negative"] / made["people"], low=low, high=high)
    return made.sort_values(["month", "source"]).reset_index(drop=True)
