"""Is this month's movement unusual? What the company's own past months let one expect of each cell, and who is out of it.

Customers of one segment are not a lottery: a season, a campaign or a late delivery moves many at once, so shares vary
from month to month by more than independent customers would (overdispersion). Each cell's share in past months is
therefore a random effect around its usual level, on the angular scale, where its variance does not depend on the level:
y = 2·asin(√((k + 3/8) / (n + 3/4))), var(y) = 1/(n + 1/2) + tau². tau² is estimated from the past months by moments and
moderated by that of the other cells of the row; the interval for a further month is a prediction interval.

Sources: Anscombe (1948), Biometrika 35, 246-254 (the scale); DerSimonian & Laird (1986), Controlled Clin. Trials 7,
177-188 (tau²); Higgins, Thompson & Spiegelhalter (2009), J. R. Stat. Soc. A 172, 137-159 (prediction interval); Smyth
(2004), Stat. Appl. Genet. Mol. Biol. 3, 3 (moderation); Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289-300
(alarms).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from customerbase.multiple import benjamini_hochberg

FEWEST, MOST = 6, 12  # past months below which nothing is called usual, and those that are looked at
LEAST = 10  # customers, counted or expected, from which on a cell is judged
LEVEL, FALSE_ALARMS = 0.95, 0.05
_PRIOR_MOST = 30.0  # degrees of freedom that the other cells may lend at most


@dataclass(frozen=True)
class Usual:
    """What past months let one expect of this one, per cell (rows: from, columns: to); NaN where that is unknown.

    share, low, high: the share of the row's customers and its prediction interval; p: chance of so unusual a share;
    unusual: True for alarms; tau: standard deviation of the share between months on the angular scale; past: months.
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    unusual: np.ndarray
    tau: np.ndarray
    past: int

    @property
    def known(self) -> bool:
        """Whether there were months enough to say."""
        return self.past >= FEWEST

    @property
    def judged(self) -> int:
        """How many cells had customers enough to be judged."""
        return int(np.isfinite(self.p).sum())


def usual(
    now: np.ndarray, past: Sequence[np.ndarray], *, level: float = LEVEL, false_alarms: float = FALSE_ALARMS
) -> Usual:
    """Hold one month's matrix of movements (from × to, counts) against those of the months before it, newest first.

    The newest MOST of them are used; below FEWEST nothing is known. Alarms keep the false discovery rate at
    `false_alarms` over all cells: in a month like the others the chance of any alarm is at most about that.
    """
    past = np.array(past[:MOST], dtype=float).reshape(-1, *now.shape)
    blank = np.full(now.shape, np.nan)
    if len(past) < FEWEST:
        return Usual(blank, blank, blank, blank, np.zeros(now.shape, dtype=bool), blank, len(past))
    people = np.broadcast_to(now.sum(axis=1, keepdims=True), now.shape).astype(float)
    from scipy.special import stdtr, stdtrit  # slow to load, and every page knows of segments

    level_of, spread, tau2, freedom = _history(past)
    total = np.sqrt(spread + tau2 + 1 / (people + 0.5))
    told = (people > 0) & np.isfinite(total)
    reach = stdtrit(freedom, (1 + level) / 2) * total
    low, high = (_share(np.clip(level_of + side * reach, 0, np.pi), people) for side in (-1, 1))
    share = _share(np.clip(level_of, 0, np.pi), np.inf)
    p = np.where(told, 2 * stdtr(freedom, -np.abs(_angle(now, people) - level_of) / total), np.nan)
    shown = [np.where(told, one, np.nan) for one in (share, low, high)]
    # a share below tau² comes and goes: in most months next to nobody, in some many; no scale makes that symmetric
    steady = (np.maximum(now, people * share) >= LEAST) & (share >= tau2)
    alarms = (benjamini_hochberg(p) <= false_alarms) & steady
    return Usual(*shown, p, alarms, np.sqrt(tau2), len(past))


def alarms_before(matrices: Sequence[np.ndarray], *, false_alarms: float = FALSE_ALARMS) -> tuple[int, int]:
    """Backtest on the company's own past: months judged by those before them, and those with any alarm.

    matrices: newest first, this month's left out.
    """
    found = [usual(one, matrices[place + 1 :], false_alarms=false_alarms) for place, one in enumerate(matrices[:MOST])]
    known = [one for one in found if one.known and one.judged]
    return len(known), sum(bool(one.unusual.any()) for one in known)


def _history(past: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Usual level, its variance, tau² and degrees of freedom of every cell; months without customers in a row are left out."""
    people = np.broadcast_to(past.sum(axis=2, keepdims=True), past.shape)
    weight = np.where(people > 0, people + 0.5, 0.0)
    angles = np.where(people > 0, _angle(past, np.maximum(people, 1)), 0.0)
    months, total = (people > 0).sum(axis=0), np.maximum(weight.sum(axis=0), 1e-9)
    first = (weight * angles).sum(axis=0) / total
    scatter = (weight * (angles - first) ** 2).sum(axis=0)
    scale = total - (weight**2).sum(axis=0) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(months >= FEWEST, (scatter - (months - 1)) / scale, np.nan)
        # sampling variance of that estimate, were the row's typical spread the truth of each of its cells
        noise = 2 * (months - 1) * (1 + np.maximum(_typical(own, past), 0) * scale / (months - 1)) ** 2 / scale**2
    tau2, freedom = _moderated(own, noise, months - 1.0, past)
    random = np.where(weight > 0, 1 / (1 / np.maximum(weight, 1e-9) + np.nan_to_num(tau2)), 0.0)
    sure = np.maximum(random.sum(axis=0), 1e-9)
    level_of = (random * angles).sum(axis=0) / sure
    return np.where(np.isfinite(tau2), level_of, np.nan), 1 / sure, tau2, freedom


def _typical(own: np.ndarray, past: np.ndarray) -> np.ndarray:
    """Mean of the row's estimates over the cells that have customers enough for it; the row's shape, once per cell."""
    enough = (past.mean(axis=0) >= LEAST) & np.isfinite(own)
    number = enough.sum(axis=1, keepdims=True)
    mean = np.where(enough, own, 0.0).sum(axis=1, keepdims=True) / np.maximum(number, 1)
    return np.where(number > 0, mean, own)


def _moderated(
    own: np.ndarray, noise: np.ndarray, freedom: np.ndarray, past: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each cell's tau² drawn towards its row's, the more the less the cells differ beyond noise; and what that is worth."""
    typical = _typical(own, past)
    enough = (past.mean(axis=0) >= LEAST) & np.isfinite(own)
    number = np.maximum(enough.sum(axis=1, keepdims=True), 1)
    differ = np.where(enough, (own - typical) ** 2, 0.0).sum(axis=1, keepdims=True) / np.maximum(number - 1, 1)
    beyond = np.maximum(differ - noise, 0.0)
    trust = np.where(enough, beyond / (beyond + noise), 0.0)
    trust = np.maximum(trust, freedom / (freedom + np.minimum(_PRIOR_MOST, freedom * np.maximum(number - 1, 1) / 2)))
    return np.maximum(trust * own + (1 - trust) * typical, 0.0), freedom / trust


def _angle(counts: np.ndarray, people: np.ndarray) -> np.ndarray:
    return 2 * np.arcsin(np.sqrt((counts + 0.375) / (people + 0.75)))


def _share(angle: np.ndarray, people: np.ndarray | float) -> np.ndarray:
    """The share at an angle; of finitely many people the exact inverse of _angle, within [0, 1]."""
    plain = np.sin(angle / 2) ** 2
    if np.isscalar(people):
        return plain
    return np.clip((plain * (people + 0.75) - 0.375) / np.maximum(people, 1), 0.0, 1.0)
