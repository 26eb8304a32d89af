"""Why a score is as it is, in words: contributions to the log odds, added up by topic (reasons.yaml)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

import customerbase.prediction.design as design
from customerbase import i18n
from customerbase.errors import ConfigError, InputError, near_miss
from customerbase.features import features

FILE = Path(__file__).with_name("reasons.yaml")
LEAVING, BUYING = "leaving", "buying"
LEAST = 0.1  # log odds: a topic that moves them by less is no reason


@dataclass(frozen=True)
class Topic:
    """Features that mean one thing to a reader, the values that the sentences print, and the sentences."""

    code: str
    features: tuple[str, ...]
    values: tuple[str, ...]
    sentences: dict[str, dict[str, str]]


@cache
def topics(file: Path = FILE) -> tuple[Topic, ...]:
    """All topics in the order of the file. Raises ConfigError unless every column of the matrix stands in exactly one."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    made = tuple(
        Topic(code, tuple(one["features"]), tuple(one["values"]), {side: one[side] for side in (LEAVING, BUYING)})
        for code, one in raw.items()
    )
    told = [name for one in made for name in one.features]
    for name in sorted(set(told) - set(design.names())):
        raise ConfigError(f"{file.name}: {name!r} is no feature.{near_miss(name, design.names())}")
    for name in design.names():
        if told.count(name) != 1:
            raise ConfigError(
                f"{file.name}: feature {name!r} stands in {told.count(name)} topics; expected exactly one."
            )
    return made


def by_topic(contributions: np.ndarray) -> np.ndarray:
    """Contributions of features added up by topic; shape (rows, topics)."""
    names = {name: place for place, name in enumerate(design.names())}
    return np.stack(
        [contributions[:, [names[one] for one in topic.features]].sum(axis=1) for topic in topics()], axis=1
    )


def strongest(totals: np.ndarray, most: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """The topics that speak most for the event, the strongest first: their numbers (-1: none) and contributions.

    totals: shape (rows, topics), in log odds. Both results have the shape (rows, most).
    """
    order = np.argsort(-totals, axis=1, kind="stable")[:, :most]
    found = np.take_along_axis(totals, order, axis=1)
    return np.where(found >= LEAST, order, -1), np.where(found >= LEAST, found, np.nan)


def sentence(code: str, side: str, values: tuple[float, ...], language: str, currency: str = "JPY") -> str:
    """The topic in words, with the customer's own values (NaN or none: not defined); `side`: LEAVING or BUYING.

    Raises InputError for an unknown code.
    """
    known = {one.code: one for one in topics()}
    if code not in known:
        raise InputError(f"reason is {code!r}; expected one of {', '.join(known)}.{near_miss(code, known)}")
    topic = known[code]
    given = (*values, None, None)
    told = [
        i18n.measured(value, kind, language, currency=currency)
        for kind, value in zip(kinds(topic), given, strict=False)
    ]
    return i18n.fill(topic.sentences[side][language], told)


def kinds(topic: Topic) -> list[str]:
    """What each number of a topic's sentences is (i18n.measured): money, share, score or anything else."""
    return [features()[name].kind.name if name in features() else "" for name in topic.values]


def title(code: str, language: str) -> str:
    """The topic by name."""
    return i18n.word(f"prediction.topic.{code}", language)
