"""Who is like those who asked: purchase days with what was known by then, and nearest neighbours among customers who did not ask.

An index day is compared: for who asked, the day of the inquiry; for who did not, a day as long after a purchase as the
inquiry was. So both have been silent for the same number of days, and nothing later than the index day enters.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

FAR = 10**7  # a day that never comes
YEAR = 365
GAPS = (0, 4, 8, 15, 31, 61, 121, YEAR + 1)  # classes of days between purchase and inquiry
CLASSES = (1, 2, 3, 6)  # classes of purchase days in a year
CALENDAR = 45  # days by which the index days of two customers alike may lie apart
LOOK, PARTNERS = 96, 3  # neighbours looked at, and taken
LARGEST = 200_000  # rows of one pool of candidates; more say nothing more
TERMS = ("recency", "frequency", "spend", "tenure", "last_gap", "online", "calendar")


@dataclass(frozen=True)
class Purchases:
    """Purchase days sorted by customer and day, arrays of one length; customers are 0, 1, 2 …, days count from 1970.

    asked: the next inquiry of the customer on that day or later, asked_before: the last one
    before it.
    """

    customer: np.ndarray
    day: np.ndarray
    spend: np.ndarray
    online: np.ndarray
    asked: np.ndarray
    asked_before: np.ndarray
    key: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", keys(self.customer, self.day))

    @classmethod
    def of(cls, days: pd.DataFrame, inquiries: pd.DataFrame) -> "Purchases":
        """From frames: customer, day, spend, online (one row a customer and day) and customer, day of inquiries."""
        days = days.sort_values(["customer", "day"], ignore_index=True)
        customer, day = (days[name].to_numpy(dtype=np.int64) for name in ("customer", "day"))
        asked = np.unique(keys(*(inquiries[name].to_numpy(dtype=np.int64) for name in ("customer", "day"))))
        place = np.searchsorted(asked, keys(customer, day))
        after, before = (_of_customer(asked, where, customer) for where in (place, place - 1))
        spend, online = days["spend"].to_numpy(dtype=float), days["online"].to_numpy(dtype=float)
        return cls(customer, day, spend, online, np.where(after < 0, FAR, after), np.where(before < 0, -FAR, before))

    @property
    def following(self) -> np.ndarray:
        """Day of the customer's next purchase; FAR where there is none."""
        same = np.append(self.customer[1:] == self.customer[:-1], False)
        return np.where(same, np.append(self.day[1:], FAR), FAR)

    def at_or_before(self, customer: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Row of the customer's last purchase up to each day; −1 where there is none."""
        place = np.searchsorted(self.key, keys(customer, day), "right") - 1
        held = np.append(self.customer, -1)[place]
        return np.where((place >= 0) & (held == customer), place, -1)

    def since(self, rows: np.ndarray) -> np.ndarray:
        """Days from the customer's first purchase."""
        return self.day[rows] - self.day[np.searchsorted(self.customer, self.customer[rows])]

    def facts(self, rows: np.ndarray) -> np.ndarray:
        """frequency, spend, tenure, last gap and online of some rows, by what was known when that day was over.

        Purchase days and net spend are those of 365 days; logarithms, since few are many times as large as most.
        """
        start = np.searchsorted(self.key, keys(self.customer[rows], self.day[rows] - YEAR), "right")
        total = np.concatenate([[0.0], np.cumsum(self.spend)])
        spend = np.maximum(total[rows + 1] - total[start], 0)
        before = np.maximum(rows - 1, 0)
        gap = np.where(self.customer[before] == self.customer[rows], self.day[rows] - self.day[before], 0)
        logs = np.log1p(np.column_stack([rows + 1 - start, spend, self.since(rows), gap]))
        return np.column_stack([logs, self.online[rows]])

    def bought(self, rows: np.ndarray, after: np.ndarray, until: np.ndarray) -> np.ndarray:
        """1 where the customer of each row has a purchase day later than `after` and not later than `until`, else 0."""
        customer = self.customer[rows]
        one, two = (np.searchsorted(self.key, keys(customer, day), "right") for day in (after, until))
        return (two > one).astype(float)


@dataclass(frozen=True)
class Pairs:
    """Who asked (rows of Purchases, days from purchase to inquiry) and their partners: one entry a pair, each with a weight.

    one: place in `asked` of each pair; other: row of the partner; weight: 1 / partners of that inquiry.
    """

    asked: np.ndarray
    gap: np.ndarray
    one: np.ndarray
    other: np.ndarray
    weight: np.ndarray

    @property
    def matched(self) -> np.ndarray:
        """Mask of `asked`: who found a partner."""
        return np.bincount(self.one, minlength=len(self.asked)) > 0


def keys(customer: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Customer and day as one number that sorts like the two."""
    return customer.astype(np.int64) * (4 * FAR) + day.astype(np.int64) + 2 * FAR


def _of_customer(asked: np.ndarray, place: np.ndarray, customer: np.ndarray) -> np.ndarray:
    """Day of the inquiry at a place of the sorted keys, where it is of that customer; else −1."""
    if not len(asked):
        return np.full(len(place), -1)
    found = asked[np.clip(place, 0, len(asked) - 1)]
    mine = (place >= 0) & (place < len(asked)) & (found // (4 * FAR) == customer)
    return np.where(mine, found % (4 * FAR) - 2 * FAR, -1)


def match(bought: Purchases, asked: np.ndarray, gap: np.ndarray, *, quiet: int, last: int) -> Pairs:
    """Up to three partners for each inquiry: exact in silence, class of frequency and channel; nearest in the rest.

    asked: rows of the purchase before each inquiry; gap: days from there to it. A partner had bought nothing and asked nothing
    up to its index day, and had asked nothing in the `quiet` days before its purchase; index days lie at most 45 days apart,
    none after `last`. The same customer may be a partner of several. Source: Abadie & Imbens (2006), Econometrica 74, 235–267.
    """
    from scipy.spatial import cKDTree  # slow to load, and whoever only shows the desk needs none of it

    free = np.flatnonzero((bought.asked_before < bought.day - quiet) & (bought.day <= last))
    kinds, mine = (_kind(bought, rows) for rows in (free, asked))
    space = _space(bought, free, asked)
    following, found = bought.following, []
    for number in range(len(GAPS) - 1):
        still = np.minimum(following[free], bought.asked[free]) > bought.day[free] + GAPS[number]
        of_gap = (gap >= GAPS[number]) & (gap < GAPS[number + 1])
        for kind in np.unique(mine[of_gap]):
            pool, ask = np.flatnonzero(still & (kinds == kind)), np.flatnonzero(of_gap & (mine == kind))
            pool = pool[:: -(-len(pool) // LARGEST)] if len(pool) > LARGEST else pool
            if len(pool):
                near = cKDTree(space[0][pool]).query(space[1][ask], k=min(LOOK, len(pool)))[1]
                rows = free[pool[near.reshape(len(ask), -1)]]
                found.append(_fit(bought, following, asked[ask], gap[ask], ask, rows, last))
    one, other = (np.concatenate([part[side] for part in found] or [np.zeros(0, dtype=int)]) for side in (0, 1))
    order = np.lexsort([other, one])
    weight = 1 / np.bincount(one, minlength=len(asked))[one] if len(one) else np.zeros(0)
    return Pairs(asked, gap, one[order], other[order], weight[order])


def _kind(bought: Purchases, rows: np.ndarray) -> np.ndarray:
    facts = bought.facts(rows)
    return np.searchsorted(CLASSES, np.expm1(facts[:, 0]) + 0.5) * 2 + (facts[:, 4] > 0.5)


def _space(bought: Purchases, free: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both groups in units of the spread of those who asked; the calendar in months.

    A hair of chance (the same every time) parts customers who are all alike: else the same three would stand for all of them.
    """
    random = np.random.default_rng(0)
    one, two = bought.facts(free)[:, :4], bought.facts(asked)[:, :4]
    spread = two.std(axis=0) if len(two) else np.ones(4)
    spread = np.where(spread > 1e-9, spread, 1.0)
    return tuple(
        np.column_stack([part / spread, bought.day[rows] / 30]) + random.normal(0, 1e-6, (len(rows), 5))
        for part, rows in ((one, free), (two, asked))
    )  # type: ignore[return-value]


def _fit(bought, following, asked, gap, places, rows, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the neighbours (one line an inquiry, nearest first) the first three that may be partners, of different customers."""
    index = bought.day[rows] + gap[:, None]
    fits = (np.minimum(following[rows], bought.asked[rows]) > index) & (index <= last)
    fits &= bought.customer[rows] != bought.customer[asked][:, None]
    fits &= np.abs(bought.day[rows] - bought.day[asked][:, None]) <= CALENDAR
    who = bought.customer[rows]
    for place in range(1, rows.shape[1]):  # a customer's nearest day only
        fits[:, place] &= ~((who[:, :place] == who[:, [place]]) & fits[:, :place]).any(axis=1)
    fits &= np.cumsum(fits, axis=1) <= PARTNERS
    line, place = np.nonzero(fits)
    return places[line], rows[line, place]
