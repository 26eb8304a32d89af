"""Training without labels on the very pairs that will be weighed: m, u, the prior and the commonness of relatives.

Expectation maximisation alone may settle on another truth, such as "from the same town" for "the same person". So the
clusters speak: whoever the guarded clustering holds to be one person is one in the next round (classification EM), which
brings in that sameness is transitive. A field's m counts only pairs that some block without that field proposes, so that
no pair speaks for the agreement by which it was found, and keeps to what is believed beforehand by half. Rarity is counted
in people, not in records. u comes from random pairs, each weighted by the probability that it is no match.
Sources: Fellegi and Sunter (1969); Celeux and Govaert (1992) for classification EM; Good (1953) for unseen values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

import customerbase.identity.generic.relatives as relatives
from customerbase.identity.clusters import Partition, partition
from customerbase.identity.constraints import components
from customerbase.identity.generic.fields import Field
from customerbase.identity.generic.pairs import Pairs
from customerbase.identity.guard import Guard, ScorePairs

ROUNDS = 5
THRESHOLD, LEARNING = 4.0, 3.0  # bits: 94 % sure to link two records; a little less to learn from them
GUARD = Guard(slack=6.0, pairs=1_000_000)  # relatives hold the weights closer together than those of plain models
# weight of what is believed of m beforehand: so many pairs, and this share of those found
BELIEF, BELIEF_SHARE = 20.0, 0.5
SAME, SAME_LOOSE = 0.75, 0.4  # share of matches that agree, believed: of what belongs to a person; of anything else
LEAST = 1e-7
# share of random pairs of people that have the same value, believed; it counts in short lists, where little can be seen
COMMON = {"name": 0.01, "date": 1e-4, "email": 1e-6, "phone": 1e-6, "code": 1e-4, "address": 1e-4, "postcode": 1e-3,
          "long": 1e-3, "text": 0.01, "other names": 0.01, "category": 0.3}  # fmt: skip
PAIRS_BELIEVED = 50.0  # weight of that belief
PEOPLE_LEAST = 200.0  # a value is as rare in a shorter list as in one of so many people
CHUNK = 1_000_000  # pairs weighed at a time
HOPELESS = -8.0  # bits: only pairs within groups that such links would make are looked at again while learning


@dataclass
class Model:
    """m and u per field (index = level), the shares of matches and of related pairs among all pairs, and rarity.

    codes: per field and record the number of its value, -1 for none; rarity: per field log2 of the share of each value.
    """

    fields: Sequence[Field]
    codes: Sequence[np.ndarray]
    m: list[np.ndarray]
    u: list[np.ndarray]
    prior: float
    common: np.ndarray
    rarity: list[np.ndarray] = field(default_factory=list)

    def weights(self, pairs: Pairs) -> np.ndarray:
        """The match weight of every pair, in bits: one person against everything else."""
        parts = [self._weigh(*self.bits(part)) for part in pairs.chunks(CHUNK)]
        return np.concatenate(parts) if parts else np.empty(0)

    def bits(self, pairs: Pairs, rare: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Bits of one person against strangers, per pair; and of each kind of relation against strangers."""
        person = np.zeros(len(pairs))
        related = np.zeros((len(relatives.KINDS), len(pairs)))
        share = relatives.shares([one.kin for one in self.fields])
        for place, one in enumerate(self.fields):
            gamma = pairs.gamma[:, place]
            field_bits = np.append(np.log2(self.m[place] / self.u[place]), 0.0)[gamma]
            if rare:
                same = np.flatnonzero(gamma == one.top)
                value = self.codes[place][pairs.a[same]]
                field_bits[same] += np.log2(self.u[place][-1]) - self.rarity[place][value]
            person += field_bits
            known = gamma >= 0
            for kind in range(len(related)):
                related[kind] += np.where(known, relatives.bits(share[kind, place], field_bits), 0.0)
        return person, related

    def _weigh(self, person: np.ndarray, related: np.ndarray) -> np.ndarray:
        others = 1 + (self.common[:, None] * np.exp2(related)).sum(axis=0)
        return np.log2(self.prior) + person - np.log2(others)


@dataclass(frozen=True)
class Random:
    """Patterns of levels among random pairs, and how often each came."""

    gamma: np.ndarray
    count: np.ndarray


def fit(fields: Sequence[Field], codes: Sequence[np.ndarray], pairs: Pairs, random: Random, records: int) -> Model:
    """The model of a list of `records` records, from its proposed pairs and random ones."""
    in_all = max(records * (records - 1) / 2, 1)
    u = [_shares(random.gamma[:, place], random.count, _strangers(one)) for place, one in enumerate(fields)]
    m = [falling(believed(one), u[place]) for place, one in enumerate(fields)]
    prior = min(0.1, records / 2 / in_all)
    model = Model(fields, codes, m, u, prior, np.full(len(relatives.KINDS), prior / 2))
    model.rarity = [_rarity(code, None) for code in codes]
    live = pairs
    for number in range(ROUNDS):
        _spread(model, pairs, in_all)
        weight = model.weights(live)
        label = clusters(records, live, weight, LEARNING).label
        if number == 0:
            live = live[_within(records, live, weight, HOPELESS)]
        _learn(model, live, random, label, in_all)
    _spread(model, pairs, in_all)
    return model


def clusters(
    records: int, pairs: Pairs, weight: np.ndarray, threshold: float, score_pairs: ScorePairs | None = None
) -> Partition:
    """The guarded clusters; pairs between components that no link of `threshold` joins are left out beforehand."""
    inside = _within(records, pairs, weight, threshold)
    return partition(
        records,
        pairs.a[inside],
        pairs.b[inside],
        weight[inside],
        threshold=threshold,
        guard=GUARD,
        score_pairs=score_pairs,
    )


def _within(records: int, pairs: Pairs, weight: np.ndarray, threshold: float) -> np.ndarray:
    """Whether a pair stands in one of the groups that the links of `threshold` make."""
    strong = weight >= threshold
    component = components(records, pairs.a[strong], pairs.b[strong])
    return component[pairs.a] == component[pairs.b]


def _spread(model: Model, pairs: Pairs, in_all: float) -> None:
    """How common relatives are, by what the model says of the pairs; of very many, of every so many."""
    some = pairs.every(1 + len(pairs) // (2 * CHUNK))
    share = len(some) / max(len(pairs), 1)
    model.common = relatives.how_common(model.prior, *model.bits(some), model.common, in_all * max(share, 1e-9))


def _learn(model: Model, pairs: Pairs, random: Random, label: np.ndarray, in_all: float) -> None:
    """New parameters from the clusters."""
    together = label[pairs.a] == label[pairs.b]
    strangers = Pairs(
        np.zeros(len(random.gamma), int),
        np.zeros(len(random.gamma), int),
        np.zeros(len(random.gamma), int),
        random.gamma,
    )
    chance = 1 / (1 + np.exp2(-model._weigh(*model.bits(strangers, rare=False))))
    model.prior = max(int(together.sum()), 1) / in_all
    for place, one in enumerate(model.fields):
        model.u[place] = _shares(random.gamma[:, place], random.count * (1 - chance), _strangers(one))
        found = together & ((pairs.mask >> place) & 1 == 0)
        believe = (BELIEF + BELIEF_SHARE * found.sum()) * believed(one)
        model.m[place] = falling(_shares(pairs.gamma[found, place], None, believe), model.u[place])
    model.rarity = [_rarity(code, label) for code in model.codes]


def believed(one: Field) -> np.ndarray:
    """m before anything was seen: most matches agree on what belongs to a person; the others spread evenly."""
    same = SAME_LOOSE if one.kind in ("long", "category") or one.kin == "other" else SAME
    if one.kind == "other names":
        same = SAME_LOOSE
    shares = np.full(one.top + 1, (1 - same) / max(one.top, 1))
    shares[-1] = same
    return shares / shares.sum()


def falling(m: np.ndarray, u: np.ndarray) -> np.ndarray:
    """m with log2(m/u) never falling from a worse level to a better: neighbours that break it are pooled."""
    groups: list[list[int]] = []
    for place in range(len(m)):
        groups.append([place])
        while len(groups) > 1 and _ratio(m, u, groups[-2]) > _ratio(m, u, groups[-1]):
            last = groups.pop()
            groups[-1] = groups[-1] + last
    made = m.copy()
    for group in groups:
        made[group] = _ratio(m, u, group) * u[group]
    return made / made.sum()


def _ratio(m: np.ndarray, u: np.ndarray, group: list[int]) -> float:
    return m[group].sum() / u[group].sum()


def _shares(gamma: np.ndarray, weight: np.ndarray | None, believe: np.ndarray) -> np.ndarray:
    known = gamma >= 0
    counts = np.bincount(gamma[known], None if weight is None else weight[known], minlength=len(believe)) + believe
    return np.maximum(counts / counts.sum(), LEAST)


def _strangers(one: Field) -> np.ndarray:
    """u before anything was seen, as counts of pairs: the same by COMMON, in between twice that, else different."""
    same = COMMON[one.kind]
    shares = np.full(one.top + 1, 2 * same / max(one.top - 1, 1))
    shares[-1], shares[0] = same, 0.0
    shares[0] = 1 - shares.sum()
    return PAIRS_BELIEVED * shares


def _rarity(code: np.ndarray, label: np.ndarray | None) -> np.ndarray:
    """log2 of the share of each value: among records, or among other people, where `label` says who is who.

    A value that only one person has is one that others may have, too: as often as values of one person turn out to be
    of two (Good and Turing).
    """
    known = code >= 0
    values = int(code.max(initial=-1)) + 1
    if label is None:
        count = np.bincount(code[known], minlength=values).astype(float)
        return np.log2(np.maximum(count, 1) / max(count.sum(), PEOPLE_LEAST))
    people = int(label.max(initial=0)) + 1
    pairs = np.unique(code[known].astype(np.int64) * people + label[known])
    count = np.bincount(pairs // people, minlength=values).astype(float)
    unseen = np.clip(2 * (count == 2).sum() / max((count == 1).sum(), 1), 0.05, 1.0)
    return np.log2(np.maximum(count - 1, unseen) / max(count.sum(), PEOPLE_LEAST))
