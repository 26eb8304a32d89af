"""How well a ranking of customers follows the effect of a campaign on them: Qini and uplift curves, against an exact random line.

The people of a randomised campaign are sorted by score, highest first. People with the same score come in together: between
the ends of their block the curve is a straight line, so the order of rows says nothing, and a score that is the same for all
is the random line itself. Weights are how often each person was drawn, so that sorting happens once.

After the first people, N_t and N_c of the two arms with Y_t and Y_c responses among them:
Qini curve    Y_t − Y_c · N_t / N_c            (Radcliffe 2007, Direct Marketing Analytics Journal, 14–21)
uplift curve  (Y_t / N_t − Y_c / N_c) · (N_t + N_c)   (Jaskowski & Jaroszewicz 2012, ICML workshop)
An arm without anybody yet counts as 0. The random line runs straight from 0 to the curve's end: no draw of random scores.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from customerbase.errors import InputError
from customerbase.prediction.inputs import finite, outcomes

_AT_ONCE = 2_000_000  # cells of weights held at a time


@dataclass(frozen=True)
class Sums:
    """People and responses of both arms among the first people, at the ends of the blocks of equal scores; (draws, blocks + 1)."""

    treated: np.ndarray
    control: np.ndarray
    treated_yes: np.ndarray
    control_yes: np.ndarray

    @property
    def people(self) -> np.ndarray:
        """People of both arms."""
        return self.treated + self.control

    def qini_curve(self) -> np.ndarray:
        """Responses gained among the treated."""
        return self.treated_yes - self.control_yes * _over(self.treated, self.control)

    def uplift_curve(self) -> np.ndarray:
        """Difference of the arms' shares, times the people."""
        return (_over(self.treated_yes, self.treated) - _over(self.control_yes, self.control)) * self.people

    def qini(self) -> np.ndarray:
        """Qini coefficient of each draw: area between the Qini curve and the random line, over that of the perfect order.

        The perfect order: treated who responded first, control who responded last. 1 at most, 0 on average for random
        scores, below 0 where the least moved come first; NaN where an arm is empty. Responders of the control arm are
        counted as lost by the campaign (Radcliffe's Q with negative effects), so it is far below 1 even for the best score.
        """
        return _over(_area(self.people, self.qini_curve()), _perfect_qini(*self._ends()), np.nan)

    def auuc(self) -> np.ndarray:
        """Area under the uplift curve above the random line, over that of the perfect order; as `qini` otherwise.

        The perfect order: treated who responded, control who did not, then of the other two kinds the commoner first. This
        order and this normalisation are those of the scikit-uplift library.
        """
        return _over(_area(self.people, self.uplift_curve()), _perfect_uplift(*self._ends()), np.nan)

    def gain(self) -> np.ndarray:
        """Responses gained over random contact, per person of the campaign, on average over all shares contacted.

        The area between the Qini curve and the random line, over people and treated: not normalised by any perfect order.
        """
        return _over(_area(self.people, self.qini_curve()), self.people[:, -1] * self.treated[:, -1], np.nan)

    def uplift_at(self, share: float) -> np.ndarray:
        """Difference of the arms' shares among the first `share` of the people, blocks of equal scores cut in proportion."""
        if not 0 < share <= 1:
            raise InputError(f"share is {share!r}; expected above 0, at most 1.")
        cut = share * self.people[:, -1]
        at = [_at(cut, self.people, one) for one in (self.treated, self.control, self.treated_yes, self.control_yes)]
        return _over(at[2], at[0], np.nan) - _over(at[3], at[1], np.nan)

    def curve(self, shares: ArrayLike) -> np.ndarray:
        """The Qini curve per treated person at shares of the people contacted, shape (draws, shares).

        At 1 it is the average effect; the random line is share · average effect.
        """
        height = _over(self.qini_curve(), self.treated[:, -1:], np.nan)
        across = np.asarray(shares, dtype=float)
        return np.array([np.interp(across * x[-1], x, y) for x, y in zip(self.people, height, strict=True)])

    def _ends(self) -> list[np.ndarray]:
        return [one[:, -1] for one in (self.treated, self.control, self.treated_yes, self.control_yes)]


class Ranking:
    """People of a randomised campaign in the order of a score, counted for given weights.

    score, outcome (0 or 1), treated (0 or 1): one a person. Raises InputError for a missing value or an arm without people.
    """

    def __init__(self, score: ArrayLike, outcome: ArrayLike, treated: ArrayLike):
        n = np.size(score)
        score = finite(score, "score", n)
        outcome, treated = outcomes(outcome, "outcome", n), outcomes(treated, "treated", n)
        if not 0 < treated.sum() < n:
            raise InputError(f"{int(treated.sum())} of {n} people are treated; expected people in both arms.")
        levels, block = np.unique(-score, return_inverse=True)
        self.n, self.blocks = n, len(levels)
        self._cell = (block * 4 + 2 * treated + outcome).astype(np.intp)  # block, arm and outcome of each person

    def sums(self, weight: ArrayLike | None = None) -> Sums:
        """Running sums for weights of shape (n,) or (draws, n); all 1 by default."""
        rows = np.ones((1, self.n)) if weight is None else np.atleast_2d(np.asarray(weight, dtype=float))
        counts = np.array([np.bincount(self._cell, weights=w, minlength=4 * self.blocks) for w in rows])
        running = np.zeros((len(rows), self.blocks + 1, 4))
        np.cumsum(counts.reshape(len(rows), self.blocks, 4), axis=1, out=running[:, 1:])
        idle, lost, waste, gained = (running[:, :, cell] for cell in range(4))
        return Sums(waste + gained, idle + lost, gained, lost)


def stratified(treated: ArrayLike, draws: int, seed: int) -> Iterator[np.ndarray]:
    """How often each person is in each bootstrap draw, arms drawn apart so that each keeps its size; blocks of rows (·, n)."""
    arms = [np.flatnonzero(np.asarray(treated) == arm) for arm in (0, 1)]
    random, n = np.random.default_rng(seed), np.size(treated)
    step = max(1, _AT_ONCE // max(n, 1))
    for start in range(0, draws, step):
        made = np.zeros((min(step, draws - start), n))
        for row in made:
            for who in arms:
                row[who] = np.bincount(random.integers(0, len(who), len(who)), minlength=len(who))
        yield made


def _area(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Area between a curve and the straight line from 0 to its end."""
    under = ((x[:, 1:] - x[:, :-1]) * (y[:, 1:] + y[:, :-1])).sum(axis=1) / 2
    return under - x[:, -1] * y[:, -1] / 2


def _perfect_qini(treated: np.ndarray, control: np.ndarray, gained: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Area of the order treated who responded, who did not respond, control who responded; three straight lines."""
    end, people = gained - lost * _over(treated, control), treated + control
    under = gained * gained / 2 + (people - lost - gained) * gained + lost * (gained + end) / 2
    return under - people * end / 2


def _perfect_uplift(treated: np.ndarray, control: np.ndarray, gained: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Area of the order treated who responded, control who did not, then the commoner of control who responded and treated who did not."""
    nobody = np.zeros_like(treated)
    idle = treated - gained
    control_first = lost > idle
    sums = Sums(
        np.stack([nobody, gained, gained, np.where(control_first, gained, treated), treated], axis=1),
        np.stack([nobody, nobody, control - lost, np.where(control_first, control, control - lost), control], axis=1),
        np.stack([nobody, gained, gained, gained, gained], axis=1),
        np.stack([nobody, nobody, nobody, np.where(control_first, lost, nobody), lost], axis=1),
    )
    return _area(sums.people, sums.uplift_curve())


def _at(cut: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([np.interp(one, across, up) for one, across, up in zip(cut, x, y, strict=True)])


def _over(top: np.ndarray, bottom: np.ndarray, empty: float = 0.0) -> np.ndarray:
    """top / bottom, `empty` where the bottom is 0."""
    return np.divide(top, bottom, out=np.full(np.broadcast_shapes(top.shape, bottom.shape), empty), where=bottom != 0)
