"""Topics from month to month: those of the month before are kept, what they do not cover is looked at for new ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

import customerbase.satisfaction.voice.topics as topics
from customerbase.engine import Engine
from customerbase.periods import add_months, parse_month
from customerbase.satisfaction.voice.gathered import Gathered
from customerbase.satisfaction.voice.phrases import phrases
from customerbase.satisfaction.voice.tokens import CORE, Tokens, tokenizer
from customerbase.satisfaction.voice.topics import LABEL, Generation

MOST_WORDS = 8  # of a topic that are told
SAME = 0.5  # cosine from which on a topic fitted anew is called the one of before
ROUNDS = 3  # of fitting what is left over
ALL = "all"  # stands for the topic in rows that tell of a generation's words
TERMS = ["generation", "fitted", "tokens", "topic", "term", "shown", "phrase", "weight", "idf", "since"]


@dataclass(frozen=True)
class Model:
    """Generations of topics, the oldest first, with the month each was fitted in and the topic of each distinct sentence."""

    way: str
    generations: tuple[Generation, ...]
    fitted: tuple[date, ...]
    since: dict[str, date]
    topic_of: tuple[str | None, ...]
    stability: dict[int, float]

    @property
    def labels(self) -> dict[str, str]:
        """Topic -> its three words; more of them, then its number, where an older topic has the same."""
        told: dict[str, str] = {}
        for one in self.generations:
            for at, name in enumerate(one.names):
                words = one.label(at, MOST_WORDS)
                tried = ["・".join(words[:n]) for n in range(LABEL, MOST_WORDS + 1)]
                told[name] = next((text for text in tried if text not in told.values()), f"{tried[-1]} ({name})")
        return told

    @property
    def words(self) -> dict[str, str]:
        """Topic -> up to eight words."""
        return {
            name: "・".join(one.label(at, MOST_WORDS)) for one in self.generations for at, name in enumerate(one.names)
        }

    def terms(self, as_of: date) -> pd.DataFrame:
        """The model as a table: what next month reads."""
        rows = []
        for number, (one, month) in enumerate(zip(self.generations, self.fitted, strict=True), start=1):
            for place, word in enumerate(one.words):
                base = (number, month, self.way)
                shown = (word, one.shown[place], word in one.phrases)
                rows.append((*base, ALL, *shown, None, float(one.idf[place]), None))
                for at in np.flatnonzero(one.weights[:, place]):
                    name = one.names[at]
                    rows.append((*base, name, *shown, float(one.weights[at, place]), None, self.since[name]))
        made = pd.DataFrame(rows, columns=TERMS).astype({"weight": float, "idf": float, "phrase": bool})
        made["fitted"], made["since"] = pd.to_datetime(made["fitted"]), pd.to_datetime(made["since"])
        return made.sort_values(["generation", "topic", "term"], ignore_index=True).assign(as_of=as_of)


def remembered(db: Engine, way: str) -> Model | None:
    """The topics of the month before, from previous_voice_terms; None without any, or of other tokens."""
    rows = db.query("select * from previous_voice_terms order by generation, topic, term").df()
    if not len(rows) or set(rows["tokens"]) != {way}:
        return None
    generations, fitted = [], []
    for _, part in rows.groupby("generation"):
        generations.append(_generation(part))
        fitted.append(pd.Timestamp(part["fitted"].iloc[0]).date())
    known = rows[rows["topic"] != ALL].drop_duplicates("topic")
    since = {row.topic: pd.Timestamp(row.since).date() for row in known.itertuples()}
    return Model(way, tuple(generations), tuple(fitted), since, (), {})


def _generation(rows: pd.DataFrame) -> Generation:
    base = rows[rows["topic"] == ALL]
    words = tuple(base["term"])
    place = {word: at for at, word in enumerate(words)}
    names = tuple(sorted(set(rows["topic"]) - {ALL}))
    weights = np.zeros((len(names), len(words)))
    of = rows[rows["topic"] != ALL]
    weights[of["topic"].map(names.index), of["term"].map(place)] = of["weight"]
    phrase = frozenset(base.loc[base["phrase"].astype(bool), "term"])
    return Generation(names, words, tuple(base["shown"]), phrase, base["idf"].to_numpy(dtype=float), weights)


def carry_on(found: Gathered, before: Model | None, *, as_of: date, way: str, keep_months: int, k_min: int) -> Model:
    """The month's topics: kept and added to; fitted anew where there are none or the oldest are keep_months months old.

    Topics fitted anew keep the name of the old topic whose words are most alike (cosine at least 0.5, one to one).
    What the topics do not cover is fitted again, up to three times, while it holds topics that are stable.
    """
    month = parse_month(as_of)
    old = before is not None and add_months(before.fitted[0], keep_months) <= month
    nothing = Model(way, (), (), {}, (None,) * len(found.sentences), {})
    model = nothing if before is None or old else _assigned(found, before)
    for _ in range(ROUNDS):
        left = [at for at, topic in enumerate(model.topic_of) if topic is None]
        used = [*model.since, *(before.since if before else ())]
        fitted = _fit(found, left, way, k_min, 1 + max((int(name[1:]) for name in used), default=0))
        if fitted is None or (model.generations and max(fitted.stability.values()) < topics.LEAST):
            break
        model = _assigned(found, _grown(model, fitted, month))
    if not old:
        return model
    return _renamed(model, before) if model.generations else _assigned(found, before)


def _grown(model: Model, fitted: topics.Fitted, month: date) -> Model:
    since = model.since | dict.fromkeys(fitted.generation.names, month)
    generations, months = (*model.generations, fitted.generation), (*model.fitted, month)
    return replace(
        model, generations=generations, fitted=months, since=since, stability=model.stability or fitted.stability
    )


def _fit(found: Gathered, places: Sequence[int], way: str, k_min: int, number: int) -> topics.Fitted | None:
    """Topics of some of the distinct sentences. Words must be shared by k_min people, so that none gives one away."""
    places = [places[at] for at in topics.spread(len(places), topics.SENTENCES)]
    sentences, people = [found.sentences[at] for at in places], [int(found.people[at]) for at in places]
    writers = [found.writers[at] for at in places]
    everyone = int(found.people.sum())
    known = phrases(sentences, people, k_min) if way == CORE else []
    for _ in range(2):  # phrases too rare or too common to be a word of the topics must not cut what remains
        documents = _read(tokenizer(way, known), sentences)
        words, _shown = topics.vocabulary(documents, writers, k_min, everyone)
        known, before = sorted(set(known) & set(words)), known
        if known == before:
            break
    documents = _read(tokenizer(way, known), sentences)
    return topics.fit(documents, writers, k_min, first=number, phrases=known, everyone=everyone)


def _read(tokens, sentences: Sequence[str]) -> list[Tokens]:
    return [tokens(sentence) for sentence in sentences]


def _assigned(found: Gathered, model: Model) -> Model:
    """The model with the topic of every distinct sentence: the first generation that has one for it decides."""
    topic_of: list[str | None] = [None] * len(found.sentences)
    for one in model.generations:
        left = [at for at, topic in enumerate(topic_of) if topic is None]
        documents = _read(tokenizer(model.way, one.phrases), [found.sentences[at] for at in left])
        for at, place in zip(left, one.assign(documents), strict=True):
            topic_of[at] = one.names[place] if place >= 0 else None
    return replace(model, topic_of=tuple(topic_of))


def _renamed(model: Model, before: Model) -> Model:
    """Topics fitted anew under the names of the old ones they are most alike, since when those are known."""
    (fresh, rows), (old, others) = _together(model, before)
    left, right, near = topics.alike(rows, others)
    names = {fresh[a]: old[b] for a, b, cosine in zip(left, right, near, strict=True) if cosine >= SAME}

    def called(name: str) -> str:
        return names.get(name, name)

    generations = tuple(replace(one, names=tuple(map(called, one.names))) for one in model.generations)
    since = {called(name): before.since.get(called(name), month) for name, month in model.since.items()}
    topic_of = tuple(name and called(name) for name in model.topic_of)
    return replace(model, generations=generations, since=since, topic_of=topic_of)


def _together(*models: Model) -> list[tuple[list[str], np.ndarray]]:
    """Names and weights of the topics of each model over one list of words."""
    words = sorted({word for model in models for one in model.generations for word in one.words})
    place = {word: at for at, word in enumerate(words)}
    made = []
    for model in models:
        names = [name for one in model.generations for name in one.names]
        rows = np.zeros((len(names), len(words)))
        start = 0
        for one in model.generations:
            rows[start : start + len(one.names), [place[word] for word in one.words]] = one.weights
            start += len(one.names)
        made.append((names, rows))
    return made
