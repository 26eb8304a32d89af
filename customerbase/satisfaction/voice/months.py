"""Topics from month to month: those of the month before are kept, what they do not cover is looked at for new ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.periods import add_months, parse_month
from customerbase.satisfaction.voice import topics
from customerbase.satisfaction.voice.gathered import Gathered
from customerbase.satisfaction.voice.phrases import phrases
from customerbase.satisfaction.voice.tokens import CORE, Tokens, tokenizer
from customerbase.satisfaction.voice.topics import Generation

SAME = 0.5  # cosine from which on a topic fitted anew is called the one of before
ALL = "all"  # stands for the topic in rows that tell of a generation's words
TERMS = ["generation", "tokens", "topic", "term", "shown", "phrase", "weight", "idf", "since"]


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
        """Topic -> its three words."""
        return {name: "・".join(one.label(at)) for one in self.generations for at, name in enumerate(one.names)}

    @property
    def words(self) -> dict[str, str]:
        """Topic -> up to eight words."""
        return {name: "・".join(one.label(at, 8)) for one in self.generations for at, name in enumerate(one.names)}

    def terms(self, as_of: date) -> pd.DataFrame:
        """The model as a table: what next month reads."""
        rows = []
        for one, month in zip(self.generations, self.fitted, strict=True):
            for place, word in enumerate(one.words):
                base = (month, self.way)
                shown = (word, one.shown[place], word in one.phrases)
                rows.append((*base, ALL, *shown, None, float(one.idf[place]), None))
                for at in np.flatnonzero(one.weights[:, place]):
                    name = one.names[at]
                    rows.append((*base, name, *shown, float(one.weights[at, place]), None, self.since[name]))
        made = pd.DataFrame(rows, columns=TERMS).astype({"weight": float, "idf": float, "phrase": bool})
        made["generation"], made["since"] = pd.to_datetime(made["generation"]), pd.to_datetime(made["since"])
        return made.sort_values(["generation", "topic", "term"], ignore_index=True).assign(as_of=as_of)


def remembered(db: Engine, way: str) -> Model | None:
    """The topics of the month before, from previous_voice_terms; None without any, or of other tokens."""
    rows = db.query("select * from previous_voice_terms order by generation, topic, term").df()
    if not len(rows) or set(rows["tokens"]) != {way}:
        return None
    generations, fitted = [], []
    for month, part in rows.groupby("generation"):
        generations.append(_generation(part))
        fitted.append(pd.Timestamp(month).date())
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
    """
    month = parse_month(as_of)
    old = before is not None and add_months(before.fitted[0], keep_months) <= month
    if before is None or old:
        fitted = _fit(found, range(len(found.sentences)), way, k_min, 1)
        if fitted is None:
            return (before and _assigned(found, before)) or Model(way, (), (), {}, (None,) * len(found.sentences), {})
        generation = _renamed(fitted.generation, before) if before else fitted.generation
        since = {name: before.since.get(name, month) if before else month for name in generation.names}
        return _assigned(found, Model(way, (generation,), (month,), since, (), fitted.stability))
    model = _assigned(found, before)
    left = [at for at, topic in enumerate(model.topic_of) if topic is None]
    number = 1 + max(int(name[1:]) for name in model.since)
    fitted = _fit(found, left, way, k_min, number) if month not in model.fitted else None
    stable = fitted and max(fitted.stability.values()) >= topics.LEAST
    if not stable:
        return model
    since = model.since | dict.fromkeys(fitted.generation.names, month)
    grown = replace(
        model, generations=(*model.generations, fitted.generation), fitted=(*model.fitted, month), since=since, stability=fitted.stability
    )  # fmt: skip
    return _assigned(found, grown)


def _fit(found: Gathered, places: Sequence[int], way: str, k_min: int, number: int) -> topics.Fitted | None:
    """Topics of some of the distinct sentences. Words must be shared by k_min people, so that none gives one away."""
    sentences, people = [found.sentences[at] for at in places], [int(found.people[at]) for at in places]
    known = phrases(sentences, people, k_min) if way == CORE else []
    for _ in range(2):  # phrases too rare or too common to be a word of the topics must not cut what remains
        documents = _read(tokenizer(way, known), sentences)
        words, _shown = topics.vocabulary(documents, people, k_min)
        known, before = sorted(set(known) & set(words)), known
        if known == before:
            break
    return topics.fit(_read(tokenizer(way, known), sentences), people, k_min, number, known)


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


def _renamed(fresh: Generation, before: Model) -> Generation:
    """Topics fitted anew under the names of the old ones they are most alike; the others under names never used."""
    old = [(name, one, at) for one in before.generations for at, name in enumerate(one.names)]
    width = len(fresh.words)
    rows = np.zeros((len(old), width))
    for place, (_, one, at) in enumerate(old):
        for word, weight in zip(one.words, one.weights[at], strict=True):
            if word in fresh.places:
                rows[place, fresh.places[word]] = weight
    left, right, near = topics.alike(fresh.weights, rows)
    names = {int(a): old[int(b)][0] for a, b, cosine in zip(left, right, near, strict=True) if cosine >= SAME}
    free = 1 + max(int(name[1:]) for name in before.since)
    for at in range(len(fresh.names)):
        if at not in names:
            names[at] = f"t{free:03d}"
            free += 1
    order = sorted(range(len(fresh.names)), key=names.__getitem__)
    return replace(fresh, names=tuple(names[at] for at in order), weights=fresh.weights[order])
