"""Topics of sentences: non-negative matrix factorisation of their words, fitted once and then kept from month to month.

A generation of topics is fitted on the sentences of its month and those before it. Later months only assign: a sentence goes to the topic
whose words are nearest (cosine), so that a topic is the same topic in every month. What no generation covers is looked at
each month, and where it holds topics of its own, they become the next generation.
Sources: Lee & Seung (1999), Nature 401, 788–791; number of topics by stability: Greene, O'Callaghan & Cunningham (2014),
How many topics? Stability analysis for topic models, ECML PKDD, 498–513.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # its parts load when they are used: every page imports the charts, and those this

from customerbase.satisfaction.voice.gathered import shared
from customerbase.satisfaction.voice.tokens import Tokens

NUMBERS = (4, 6, 8, 10, 12, 15, 18)  # of topics that are tried
CLOSE = 0.2  # cosine from which on a sentence belongs to a topic
STABLE = 0.05  # the smallest number of topics is taken whose stability is within this of the best
LEAST = 0.4  # stability below which what was left over holds no topics
SENTENCES = 30_000  # that a fit looks at, evenly spread, the same ones every time
TRIED = 2_000  # of them for choosing the number
WORDS = 2_000
FEWEST_WORDS = 3  # that people share, and sentences that hold them: below there are no topics
STEPS = 30  # of each factorisation while the number is chosen
TOO_COMMON = 0.3  # of the sentences: a word in more says nothing
OF_ONE = 20  # sentences of one person that count in full; of more, each counts less
SLIGHT = 0.1  # of a topic's greatest weight: what is below is no word of the topic
LABEL = 3
_SEED = 20_240


@dataclass(frozen=True)
class Generation:
    """Topics fitted together: words with their idf and form shown, and one row of weights (length 1) for each topic."""

    names: tuple[str, ...]
    words: tuple[str, ...]
    shown: tuple[str, ...]
    phrases: frozenset[str]
    idf: np.ndarray
    weights: np.ndarray

    @cached_property
    def places(self) -> dict[str, int]:
        """Word -> its column."""
        return {word: place for place, word in enumerate(self.words)}

    def assign(self, documents: Sequence[Tokens]) -> np.ndarray:
        """Place of the topic of each sentence, −1 for none. Depends on the sentence alone."""
        if not len(documents):
            return np.zeros(0, dtype=np.int64)
        near = _rows(documents, self.places, self.idf) @ self.weights.T
        best = near.argmax(axis=1)
        return np.where(near.max(axis=1) >= CLOSE, best, -1)

    def label(self, topic: int, most: int = LABEL) -> list[str]:
        """The words that weigh most in a topic, as they are mostly written."""
        row = self.weights[topic]
        order = [place for place in np.lexsort((self.words, -row)) if row[place] > 0]
        told: list[str] = []
        for place in order:
            if not any(self.shown[place] in one or one in self.shown[place] for one in told):
                told.append(self.shown[place])
        return told[:most]


@dataclass(frozen=True)
class Fitted:
    """A generation with how its number of topics was chosen: number -> stability (0 to 1)."""

    generation: Generation
    stability: dict[int, float]


def fit(
    documents: Sequence[Tokens],
    writers: Sequence[np.ndarray],
    fewest: int,
    *,
    first: int = 1,
    phrases: Sequence[str] = (),
    everyone: int = 0,
) -> Fitted | None:
    """Topics of sentences, named from topic number `first` on; None where too few words are shared by `fewest` people.

    writers: who wrote each sentence; it counts with the logarithm of their number, so that no text pasted often makes the topics,
    and the sentences of one person together count as OF_ONE at most.
    """
    words, shown = vocabulary(documents, writers, fewest, everyone)
    people = [len(one) for one in writers]
    if len(words) < FEWEST_WORDS:
        return None
    places = {word: place for place, word in enumerate(words)}
    weight = np.log1p(_voices(writers))
    used = scipy.sparse.csr_matrix(_counted(documents, places))
    idf = np.log((1 + weight.sum()) / (1 + used.T @ weight)) + 1
    rows = _rows(documents, places, idf)
    full = np.flatnonzero(rows.getnnz(axis=1))
    rows, weight, counts = rows[full], weight[full], np.asarray(people, dtype=np.int64)[full]
    if rows.shape[0] < FEWEST_WORDS:
        return None
    chosen, stability = choose(rows, counts)
    parts = _factorise(rows, weight, chosen)
    parts = parts[np.linalg.norm(parts, axis=1) > 0]
    names = tuple(f"t{first + place:03d}" for place in range(len(parts)))
    kept = frozenset(phrases) & set(words)
    return Fitted(Generation(names, words, shown, kept, idf, _unit(parts)), stability)


def vocabulary(
    documents: Sequence[Tokens], writers: Sequence[np.ndarray], fewest: int, everyone: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words that at least `fewest` people use and that are not in every third sentence; and the form they mostly have.

    writers: who wrote each sentence; everyone: people behind all sentences, where `documents` are only a part of them.
    """
    people = [len(one) for one in writers]
    common = shared([dict(tokens) for tokens in documents], writers, fewest)
    users: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    for tokens, number in zip(documents, people, strict=True):
        for word, form in dict(tokens).items():
            users[word] += number
            forms.setdefault(word, Counter())[form] += number
    everyone = max(everyone, sum(people))
    most = max(TOO_COMMON * everyone, fewest)
    often = {word for word in common if users[word] > most}  # in so many sentences; of so many people?
    often &= shared([often.intersection(dict(tokens)) for tokens in documents], writers, int(most) + 1)
    kept = list(common - often)
    kept = sorted(sorted(kept, key=lambda word: (-users[word], word))[:WORDS])
    return tuple(kept), tuple(min(forms[word].items(), key=lambda one: (-one[1], one[0]))[0] for word in kept)


def _voices(writers: Sequence[np.ndarray]) -> np.ndarray:
    """How many people each sentence counts as: those who wrote it, of whom who wrote more than OF_ONE counts less."""
    lengths = [len(one) for one in writers]
    _, place = np.unique(np.concatenate([*writers, np.zeros(0, dtype=np.int64)]), return_inverse=True)
    each = np.minimum(1.0, OF_ONE / np.bincount(place)[place]) if len(place) else np.zeros(0)
    return np.bincount(np.repeat(np.arange(len(lengths)), lengths), each, len(lengths))


def choose(rows: "scipy.sparse.csr_matrix", people: np.ndarray) -> tuple[int, dict[int, float]]:
    """The number of topics, and the stability of each number tried: how alike the topics of two halves of the people are."""
    picked = spread(rows.shape[0], TRIED)
    rows, people = rows[picked], people[picked]
    most = min(rows.shape[0] // 4, rows.shape[1] // 2)
    tried = [number for number in NUMBERS if number <= most] or [max(1, most)]
    stability = {number: _stability(rows, people, number) for number in tried}
    best = max(stability.values())
    return min(number for number, value in stability.items() if value >= best - STABLE), stability


def _stability(rows: "scipy.sparse.csr_matrix", people: np.ndarray, number: int, halvings: int = 6) -> float:
    """Mean cosine of matched topics between the halves when people are halved at random, several times."""
    random = np.random.default_rng(_SEED)
    found = []
    for _ in range(halvings):
        half = random.binomial(people, 0.5)
        one, other = (_of_some(rows, counts, number) for counts in (half, people - half))
        found.append(alike(one, other)[2].mean())
    return float(np.mean(found))


def _of_some(rows: "scipy.sparse.csr_matrix", counts: np.ndarray, number: int) -> np.ndarray:
    """Topics of the sentences that a part of the people wrote."""
    some = np.flatnonzero(counts)
    if len(some) < number:
        return np.zeros((number, rows.shape[1]))
    return _unit(_factorise(rows[some], np.log1p(counts[some].astype(float)), number, STEPS))


def alike(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of topics that belong together, and their cosines: (places, places, cosines) of the best matching."""
    from scipy.optimize import linear_sum_assignment  # slow to import, and every page imports the charts

    near = one @ other.T
    left, right = linear_sum_assignment(-near)
    return left, right, near[left, right]


def _factorise(rows: "scipy.sparse.csr_matrix", weight: np.ndarray, number: int, steps: int = 200) -> np.ndarray:
    from sklearn.decomposition import NMF  # half a second of imports that only fitting waits for
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(number, init="nndsvda", random_state=_SEED, max_iter=steps, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits of a weight matter to no label
        warnings.simplefilter("ignore", RuntimeWarning)  # the root of an error that rounding made slightly negative
        model.fit(scipy.sparse.diags_array(weight) @ rows)
    parts = model.components_
    return np.round(np.where(parts >= SLIGHT * parts.max(axis=1, keepdims=True), parts, 0.0), 6)


def _counted(documents: Sequence[Tokens], places: dict[str, int]) -> "scipy.sparse.csr_matrix":
    found = [sorted({places[word] for word, _ in tokens if word in places}) for tokens in documents]
    ends = np.cumsum([0, *map(len, found)])
    columns = np.fromiter((place for one in found for place in one), dtype=np.int64, count=ends[-1])
    return scipy.sparse.csr_matrix((np.ones(ends[-1]), columns, ends), shape=(len(documents), len(places)))


def _rows(documents: Sequence[Tokens], places: dict[str, int], idf: np.ndarray) -> "scipy.sparse.csr_matrix":
    """One row of length 1 for each sentence: its words with their idf."""
    rows = scipy.sparse.csr_matrix(_counted(documents, places) @ scipy.sparse.diags_array(idf))
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return scipy.sparse.csr_matrix(scipy.sparse.diags_array(1 / np.where(length > 0, length, 1)) @ rows)


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def spread(size: int, most: int) -> np.ndarray:
    """Places of at most `most` of `size` things, evenly spread."""
    return np.arange(size) if size <= most else np.unique(np.linspace(0, size - 1, most).astype(np.int64))
