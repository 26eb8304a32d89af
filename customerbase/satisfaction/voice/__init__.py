"""Voice of the customer (顧客の声): what people write about, whether they complain, what is new, and what those who complain are worth.

Survey comments, reviews and inquiries in Japanese and English. Everything is masked before it is read (voice.masking), and no
raw text leaves this package.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

import customerbase.satisfaction.voice.checking as checking
import customerbase.satisfaction.voice.counting as counting
import customerbase.satisfaction.voice.gathered as gathered
import customerbase.satisfaction.voice.months as months
import customerbase.satisfaction.voice.quotes as quotes
from customerbase import intervals
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.periods import add_months, parse_month
from customerbase.satisfaction.voice.counting import FEW, GROWING, NEW, SHRINKING, STATUS, STEADY
from customerbase.satisfaction.voice.gathered import Gathered, gather
from customerbase.satisfaction.voice.masking import MASK, mask, plain, quote
from customerbase.satisfaction.voice.polarity import LABELS, NEGATIVE, NEUTRAL, POSITIVE, lexicon
from customerbase.satisfaction.voice.tokens import CORE, JA, WAYS, tokenizer

__all__ = [
    "CORE", "FEW", "GROWING", "JA", "LABELS", "MASK", "NEGATIVE", "NEUTRAL", "NEW", "POSITIVE", "SHRINKING", "STATUS", "STEADY",
    "WAYS", "Gathered", "Voice", "checking", "gather", "judge", "lexicon", "mask", "plain", "quote", "tokenizer", "voice",
]  # fmt: skip


@dataclass(frozen=True)
class Voice:
    """One month of voices in tables, and what they rest on.

    recent: months whose texts count for sizes and complaints; people: who wrote in them; texts: all texts read;
    stability: number of topics -> stability, where topics were fitted this month.
    """

    as_of: date
    recent: int
    people: int
    texts: int
    stability: dict[int, float]
    topics: pd.DataFrame
    terms: pd.DataFrame
    sentences: pd.DataFrame
    quotes: pd.DataFrame
    months: pd.DataFrame
    check: pd.DataFrame
    complaints: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name -> content."""
        return {
            "voice_topics": self.topics, "voice_terms": self.terms, "voice_texts": self.sentences, "voice_quotes": self.quotes,
            "voice_months": self.months, "voice_polarity_check": self.check, "voice_complaints": self.complaints,
        }  # fmt: skip

    def records(self) -> dict[str, int | float]:
        """What stays with the run."""
        named = {f"topics_{one}": int((self.topics["status"] == one).sum()) for one in (NEW, GROWING, SHRINKING)}
        covered = float(self.sentences["topic"].notna().mean()) if len(self.sentences) else 0.0
        return {
            "voice_texts_read": self.texts,
            "voice_people": self.people,
            "topics": len(self.topics),
            **named,
            "sentences_covered": covered,
        }


def voice(
    db: Engine,
    *,
    as_of: date,
    tokens: str = CORE,
    recent: int = 3,
    keep_months: int = 12,
    false_alarms: float = 0.05,
    k_min: int = 10,
    lexicon_file: str = "",
) -> Voice:
    """Topics, polarity and complaints of what customers wrote in the 13 months up to as_of.

    Reads survey_answers, reviews, inquiries, products, identity_links, cltv; previous_voice_terms and
    previous_voice_topics, whose topics are kept for keep_months months. tokens: core or ja (voice.tokens). Raises
    InputError for windows that make no sense, ConfigError for tokens or a lexicon that do not exist.
    """
    if not 1 <= recent <= 12 or keep_months < 1:
        raise InputError(f"recent is {recent!r}, keep_months {keep_months!r}; expected 1 to 12 and at least 1 months.")
    words = lexicon(lexicon_file)
    found = gather(db, words, as_of=as_of)
    before = months.remembered(db, tokens)
    cltv = db.query("select customer_id, cast(cltv as double) as cltv from cltv").df()
    model = months.carry_on(found, before, as_of=as_of, way=tokens, keep_months=keep_months, k_min=k_min)
    made = judge(found, model, cltv, as_of=as_of, recent=recent, false_alarms=false_alarms, k_min=k_min)
    return Voice(as_of=as_of, recent=recent, check=checking.check(words, found).assign(as_of=as_of), **made)


def judge(
    found: Gathered,
    model: "months.Model",
    cltv: pd.DataFrame,
    *,
    as_of: date,
    recent: int,
    false_alarms: float,
    k_min: int,
) -> dict:
    """The counts of given texts under given topics: the parts of a Voice but for its check."""
    month = pd.Timestamp(parse_month(as_of))
    since, before = (pd.Timestamp(add_months(month.date(), back)) for back in (1 - recent, -1))
    said = _sentences(found, model)
    names = [name for one in model.generations for name in one.names]
    told = counting.sizes(said, names, since).merge(
        counting.changes(said, names, month, before, k_min=k_min, false_alarms=false_alarms), on="topic"
    )
    told = told.assign(
        as_of=as_of, label=told["topic"].map(model.labels).fillna(""), words=told["topic"].map(model.words).fillna(""),
        since=pd.to_datetime(told["topic"].map(model.since)),
    ).sort_values(["people", "topic"], ascending=[False, True], ignore_index=True)  # fmt: skip
    monthly = gathered.by_month(found, intervals.wilson).assign(as_of=as_of)
    return {
        "people": int(said.loc[said["month"] >= since, "writer"].nunique()), "texts": len(found), "stability": model.stability,
        "topics": told, "terms": model.terms(as_of), "sentences": _kept(said, as_of),
        "quotes": quotes.choose(said, found, model, told, since=since, k_min=k_min).assign(as_of=as_of),
        "months": monthly, "complaints": counting.complaints(said, cltv, names, since, k_min).assign(as_of=as_of),
    }  # fmt: skip


def _sentences(found: Gathered, model: "months.Model") -> pd.DataFrame:
    """One row a sentence: text, sentence, distinct, what its text carries, topic (None: none), polarity and words."""
    said = found.said.reset_index(drop=True)
    texts = found.texts.reset_index(drop=True)
    carried = texts.loc[said["text"], ["source", "source_system", "record_id", "customer_id", "writer", "month"]]
    said = pd.concat([said, carried.reset_index(drop=True)], axis=1)
    place = said["distinct"].to_numpy(dtype=np.int64)
    topics = np.array([*(model.topic_of), None], dtype=object)[:-1]
    labels = np.array([*(one.label for one in found.scored), ""], dtype=object)
    scores = np.array([*(one.score for one in found.scored), 0.0])
    return said.assign(
        topic=topics[place], polarity=labels[place], score=scores[place], negative=labels[place] == NEGATIVE
    )


def _kept(said: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """What is stored of each sentence: no word of it."""
    columns = ["source", "source_system", "record_id", "sentence", "customer_id", "month", "topic", "polarity", "score"]
    return said[columns].assign(as_of=as_of)


# what charts.caption prints under Japanese figures
voice.definition_ja = "お客様が書いた文章の話題・好意度・不満（同じ人は何度書いても1人と数える）"
