"""What multiplying the odds of something does to its probability."""

import numpy as np


def probability_gain(probability: np.ndarray, effect: float | np.ndarray) -> np.ndarray:
    """By how much a contact that multiplies the odds by 1 + effect raises a probability: p(1 − p)e / (1 + pe).

    Nothing where the purchase is certain or impossible, most for those in between. Odds, since a real campaign raised
    frequent visits and rare purchases by about the same factor of them, but not by the same points (Hillstrom's e-mail
    test: odds times 1.50 and 1.55 for one mail, 1.88 and 2.20 for the other; tests/test_propensity_priority.py).
    """
    p = np.asarray(probability, dtype=float)
    return p * (1 - p) * effect / (1 + p * effect)
