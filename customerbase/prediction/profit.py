"""What contacting customers brings: profit by how many of the ranked are contacted, the best cut-off, and how sure it is.

Profit of one contacted customer, p the chance of the event (leaving; of a sales campaign: buying), v the value kept by
it, c and d the costs of contact and offer, g the acceptance, o the share of the others who take the offer:

    p·g·(v − d) − (1 − p)·o·d − c

Source: Neslin et al. (2006), J. Marketing Res. 43, 204-211; Verbraken, Verbeke & Baesens (2013), IEEE Trans. Knowl. Data
Eng. 25, 961-973, the value of each customer instead of their mean as in Óskarsdóttir et al. (2018), Big Data 6, 53-65,
doi 10.1089/big.2018.0015.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

import customerbase.prediction.bootstrap as bootstrap
from customerbase.errors import InputError, near_miss
from customerbase.intervals import Z
from customerbase.prediction.inputs import finite, outcomes, probabilities
from customerbase.prediction.metrics import SHARES
from customerbase.prediction.ranked import Ranked

Ranking = Literal["profit", "probability", "random"]
RANKINGS: tuple[Ranking, ...] = ("profit", "probability", "random")


@dataclass(frozen=True)
class Campaign:
    """What a campaign costs and how customers answer; costs in the currency of the values.

    acceptance: share of those who would leave that accept the offer and stay (of a sales campaign: 1).
    others: share of all the others who take the offer too, without need (of a sales campaign: 0).
    asked: customers that the acceptance was seen on; it is then a Beta(acceptance·asked, (1 − acceptance)·asked), 20 and
    0.3 giving the Beta(6, 14) of Verbraken et al. Infinite: known.
    """

    contact_cost: float
    offer_cost: float = 0.0
    acceptance: float = 0.3
    others: float = 1.0
    asked: float = float("inf")

    def __post_init__(self) -> None:
        for name, most in (("contact_cost", np.inf), ("offer_cost", np.inf), ("acceptance", 1), ("others", 1)):
            value = getattr(self, name)
            if not 0 <= value <= most or np.isinf(value):
                expected = "0 or more" if np.isinf(most) else "0 to 1"
                raise InputError(f"{name} of a campaign is {value!r}; expected {expected}.")
        if not self.asked > 0:
            raise InputError(f"asked of a campaign is {self.asked!r}; expected more than 0 customers, or infinity.")

    @property
    def acceptance_variance(self) -> float:
        """Variance of the acceptance as a Beta; 0 where it is known."""
        return self.acceptance * (1 - self.acceptance) / (self.asked + 1)

    def profit(self, happens: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Expected profit of contacting each customer, of whom the event happens with the chance `happens` (0 or 1: seen)."""
        kept = happens * self.acceptance * (value - self.offer_cost)
        return kept - (1 - happens) * self.others * self.offer_cost - self.contact_cost

    def variance(self, happens: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Variance of each customer's profit by chance, at the acceptance as given."""
        accepts, takes = happens * self.acceptance, (1 - happens) * self.others
        square = accepts * (value - self.offer_cost) ** 2 + takes * self.offer_cost**2
        return square - (self.profit(happens, value) + self.contact_cost) ** 2


@dataclass(frozen=True)
class Curve:
    """Profit when the first 0, 1, 2, … n of the ranked customers are contacted; arrays of n + 1.

    low and high: the 95 % range in which the profit of just this campaign falls, by chance and by an uncertain
    acceptance; None where the outcomes are known. rows: customers in their order (of the table given to Prospects).
    """

    profit: np.ndarray
    rows: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    @property
    def best(self) -> int:
        """How many to contact: the fewest that bring the most; 0 where nobody is worth it."""
        return int(np.argmax(self.profit))

    def at(self, share: ArrayLike) -> np.ndarray:
        """Profit when this share of the customers is contacted."""
        return np.interp(np.asarray(share) * (len(self.profit) - 1), np.arange(len(self.profit)), self.profit)

    def frame(self, points: int = 200) -> pd.DataFrame:
        """The curve at `points` + 1 even places and at the best: contacted, share, profit and, where known, low and high."""
        n = len(self.profit) - 1
        places = np.unique(np.append(np.linspace(0, n, min(points, n) + 1).round().astype(int), self.best))
        found = {"contacted": places, "share": places / max(n, 1), "profit": self.profit[places]}
        if self.low is not None and self.high is not None:
            found |= {"low": self.low[places], "high": self.high[places]}
        return pd.DataFrame(found)


@dataclass(frozen=True)
class Cut:
    """The best cut-off of a curve: whom to contact, and what that is expected to bring.

    minimum_probability and minimum_at_stake: the least probability, and probability times value, among the contacted;
    NaN where nobody is. low and high: range of the profit; NaN where outcomes are known.
    """

    contacted: int
    share: float
    profit: float
    low: float
    high: float
    minimum_probability: float
    minimum_at_stake: float


@dataclass(frozen=True)
class Prospects:
    """Customers who may be contacted, ranked once, so that any campaign is answered at once.

    probability: calibrated chance of the event; value: what is kept by keeping the customer; happened: 0 or 1 where the
    window is over, else None; customer: who each row is, for intervals.
    """

    probability: np.ndarray
    value: np.ndarray
    happened: np.ndarray | None = None
    customer: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        probability: ArrayLike,
        value: ArrayLike,
        happened: ArrayLike | None = None,
        customer: ArrayLike | None = None,
    ) -> "Prospects":
        """From one value each, or one value for all. Raises InputError for anything missing or out of its range."""
        p = probabilities(probability)
        v = finite(np.broadcast_to(value, p.shape) if np.ndim(value) == 0 else value, "value", len(p))
        seen = None if happened is None else outcomes(happened, "happened", len(p))
        return cls(p, v, seen, None if customer is None else np.asarray(customer))

    def expected(self, campaign: Campaign, ranking: Ranking = "profit") -> Curve:
        """What the campaign is expected to bring, from the probabilities."""
        ranked = self._ranked(campaign, ranking)
        p, v = self.probability[ranked.order], self.value[ranked.order]
        profit = _curve(ranked, campaign.profit(p, v))
        spread = np.maximum(_curve(ranked, campaign.variance(p, v)), 0)
        if campaign.acceptance_variance:
            spread = spread + _curve(ranked, p * (v - campaign.offer_cost)) ** 2 * campaign.acceptance_variance
        half = Z * np.sqrt(spread)
        return Curve(profit, ranked.order, profit - half, profit + half)

    def realised(self, campaign: Campaign, ranking: Ranking = "profit") -> Curve:
        """What the campaign would have brought to those to whom it is known what happened; acceptance stays assumed."""
        ranked = self._ranked(campaign, ranking)
        return Curve(_curve(ranked, self._seen(campaign)[ranked.order]), ranked.order)

    def cut(self, campaign: Campaign, ranking: Ranking = "profit") -> Cut:
        """The cut-off with the highest expected profit."""
        curve = self.expected(campaign, ranking)
        k, n = curve.best, len(curve.rows)
        chosen = curve.rows[:k]
        p = self.probability[chosen]
        least = (p.min(), (p * self.value[chosen]).min()) if k else (np.nan, np.nan)
        ends = (curve.low[k], curve.high[k]) if curve.low is not None and curve.high is not None else (np.nan, np.nan)
        return Cut(k, k / n if n else 0.0, *map(float, (curve.profit[k], *ends, *least)))

    def judged(self, campaign: Campaign, *, draws: int = 200, seed: int = 0) -> pd.DataFrame:
        """The cut-off that each ranking would have chosen beforehand, and what it would have brought: a row a ranking.

        Columns contacted, share, expected, realised with low and high (95 %, customers drawn again), and gain: realised
        profit above that of the ranking by probability, with gain_low and gain_high. Random contacts as many as profit.
        """
        cuts = {ranking: self.cut(campaign, ranking) for ranking in RANKINGS[:2]}
        shares = {ranking: cuts.get(ranking, cuts["profit"]).share for ranking in RANKINGS}
        at = {ranking: self._at(campaign, ranking, np.array([share])) for ranking, share in shares.items()}
        value, drawn = bootstrap.resample(at, len(self.value), customer=self.customer, draws=draws, seed=seed)
        rows = []
        for ranking in RANKINGS:
            expected = float(self.expected(campaign, ranking).at(shares[ranking]))
            gain = drawn[ranking] - drawn["probability"]
            ends = [
                *bootstrap.percentile(drawn[ranking]),
                value[ranking] - value["probability"],
                *bootstrap.percentile(gain),
            ]
            contacted = round(shares[ranking] * len(self.value))
            rows.append([contacted, shares[ranking], expected, *np.ravel([value[ranking], *ends])])
        columns = ["contacted", "share", "expected", "realised", "low", "high", "gain", "gain_low", "gain_high"]
        return pd.DataFrame(rows, index=pd.Index(RANKINGS, name="ranking"), columns=columns)

    def band(self, campaign: Campaign, ranking: Ranking = "profit", *, draws: int = 200, seed: int = 0) -> pd.DataFrame:
        """Realised profit at each percent of customers with its 95 % interval: share, profit, low, high."""
        at = self._at(campaign, ranking, SHARES)
        found = bootstrap.band(at, len(self.value), customer=self.customer, draws=draws, seed=seed)
        return found.rename(columns={"value": "profit"}).assign(share=SHARES)[["share", "profit", "low", "high"]]

    @cached_property
    def _by_probability(self) -> Ranked:
        return Ranked.by(self.probability)

    def _ranked(self, campaign: Campaign, ranking: Ranking) -> Ranked:
        """Customers in order; those that a ranking cannot tell apart are contacted in a fair share each."""
        if ranking not in RANKINGS:
            raise InputError(
                f"ranking is {ranking!r}; expected one of {', '.join(RANKINGS)}.{near_miss(ranking, RANKINGS)}"
            )
        if ranking == "probability":
            return self._by_probability
        score = campaign.profit(self.probability, self.value) if ranking == "profit" else np.zeros(len(self.value))
        return Ranked.by(score)

    def _seen(self, campaign: Campaign) -> np.ndarray:
        if self.happened is None:
            raise InputError(
                "what happened to these customers is not known; give `happened` to judge a campaign by it."
            )
        return campaign.profit(self.happened, self.value)

    def _at(self, campaign: Campaign, ranking: Ranking, share: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Realised profit at shares of the customers, of weights alone, of a campaign as large as this one."""
        ranked, n = self._ranked(campaign, ranking), len(self.value)
        seen = self._seen(campaign)[ranked.order]

        def profit(w: np.ndarray) -> np.ndarray:
            total, brought = (np.append(0.0, part) for part in ranked.cumulated(w, seen))
            return np.interp(share * total[-1], total, brought) * (n / total[-1] if total[-1] else np.nan)

        return profit


def _curve(ranked: Ranked, each: np.ndarray) -> np.ndarray:
    """Sum over the first 0, 1, … n customers in order; within a group of equal ones in proportion."""
    if ranked.untied:
        return np.append(0.0, np.cumsum(each))
    ends = np.append(ranked.starts, len(each))
    return np.interp(np.arange(len(each) + 1), ends, np.append(0.0, np.cumsum(each))[ends])
