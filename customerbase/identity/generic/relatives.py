"""Who else agrees: two records that are not one person need not be two strangers.

Relatives of one household share the last name, the address, often the telephone; people of one town share the place.
Between strangers such agreement would be overwhelming; between neighbours it says nothing. So a pair is weighed against
three explanations: one person, relatives, neighbours or strangers. How common each is, the data say.
"""

import numpy as np

# probability that the two agree because of what they are to each other, by what a field is (`kin`); believed, not trained
HOUSEHOLD = {
    "family": 0.9,
    "place": 0.9,
    "contact": 0.5,
    "other": 0.2,
    "given": 0.1,
    "birth": 0.1,
    "list": 0.1,
    "personal": 0.05,
}
TOWN = {"family": 0.05, "place": 0.95, "other": 0.02, "contact": 0.02, "list": 0.02}
KINDS = (HOUSEHOLD, TOWN)
AT_MOST = 0.3  # of all pairs


def shares(kins: list[str]) -> np.ndarray:
    """Per kind of relation and field the probability of agreeing because of it."""
    return np.array([[kind.get(kin, 0.0) for kin in kins] for kind in KINDS])


def bits(share: float, field: np.ndarray) -> np.ndarray:
    """What a field's bits (of one person against strangers) are for related people against strangers."""
    return np.log2(share * np.exp2(field) + 1 - share)


def how_common(
    prior: float, person: np.ndarray, related: np.ndarray, common: np.ndarray, pairs_in_all: float
) -> np.ndarray:
    """The share of each kind of relation among all pairs, by a few rounds of expectation maximisation.

    person: bits of one person against strangers, per pair; related: the same per kind; common: the shares to start from.
    """
    one, kinds = prior * np.exp2(person), np.exp2(related)
    for _ in range(10):
        each = common[:, None] * kinds
        every = one + each.sum(axis=0) + 1
        common = np.minimum((each / every).sum(axis=1) / pairs_in_all, AT_MOST)
    return common
