"""Who is held out: a keyed hash of the person's id decides, alike in every month, on every machine and in SQL.

A person's digest is the first 16 hex digits of SHA-256(key ":" customer_id); whoever has one below bound(share) is held
out. Another key draws independently of the first; a greater share keeps all that a smaller one held out. In SQL:
`substring(sha256(concat($key, ':', customer_id)), 1, 16) < $until_digest`.
"""

import hashlib
import math
from collections.abc import Iterable

import numpy as np

from customerbase.errors import ConfigError

_DIGITS = 16
EVERYBODY = "g"  # above every digit


def bound(share: float) -> str:
    """The digest that a share of all people lies below, as 16 hex digits; share from 0 to 1, else ConfigError."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ConfigError(f"a share held out is {share!r}; expected a number from 0 to 1, such as 0.1.")
    steps = math.floor(share * 16**_DIGITS)
    return f"{steps:0{_DIGITS}x}" if steps < 16**_DIGITS else EVERYBODY


def digests(ids: Iterable[str], key: str) -> list[str]:
    """Each person's digest under a key, 16 hex digits."""
    start = hashlib.sha256(f"{key}:".encode())

    def one(customer_id: str) -> str:
        whole = start.copy()
        whole.update(customer_id.encode())
        return whole.hexdigest()[:_DIGITS]

    return [one(customer_id) for customer_id in ids]


def held_out(ids: Iterable[str], share: float, key: str) -> np.ndarray:
    """Whether each person is held out, (n,) bool: about this share of them, the same ones for the same key."""
    below = bound(share)
    return np.fromiter((digest < below for digest in digests(ids, key)), dtype=bool)
