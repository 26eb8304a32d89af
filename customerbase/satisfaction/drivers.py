"""What satisfaction and the next purchase go with most: key drivers, how sure their order is, and how they stand.

Drivers are the items of the survey (delivery, quality, price …) of the same response; where a company asks none, facts
of behaviour from before the answer. An association, not a cause.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

import customerbase.satisfaction.scores as scores
import customerbase.satisfaction.shares as shares
from customerbase.features.scales import ITEM, SCALES
from customerbase.intervals import Z, bounded_mean, two_sided
from customerbase.multiple import holm
from customerbase.prediction import bootstrap

ITEMS, BEHAVIOUR = "items", "behaviour"
OVERALL, REPURCHASE = "overall", "repurchase"
OUTCOMES = (OVERALL, REPURCHASE)
FEWEST = 40  # answers behind a study
EVENTS = 2  # of the rarer outcome a driver: fewer say nothing of any
DRAWS = 200
FACTS = ("orders_365", "spend_365", "days_since_last_order", "returns_365", "inquiries_365")
UP, DOWN, UNCLEAR = "up", "down", "unclear"
DRIVERS = [
    *("as_of", "outcome", "kind", "driver", "n", "share", "share_low", "share_high", "rank", "rank_low", "rank_high"),
    *("rank_kept", "odds_ratio", "odds_low", "odds_high", "p_value", "adjusted_p", "direction", "performance"),
    *("performance_low", "performance_high", "r2"),
]


@dataclass(frozen=True)
class Study:
    """Responses with their drivers: x (rows, drivers), overall (the answer, 0 to 1), satisfied (top box), bought (may be NaN).

    kind: ITEMS or BEHAVIOUR; low, high: ends of each driver's scale, NaN for facts.
    """

    kind: str
    names: tuple[str, ...]
    x: np.ndarray
    overall: np.ndarray
    satisfied: np.ndarray
    bought: np.ndarray
    customer: np.ndarray
    low: np.ndarray
    high: np.ndarray


def study(answers: pd.DataFrame, known: pd.DataFrame, after: pd.DataFrame) -> Study | None:
    """The study that the answers allow; None where they are too few.

    known: facts of customer and wave (satisfaction_known); after: bought of customer and wave (links.gather). Overall
    satisfaction: the answer to CSAT where there are more of those, else to NPS. Items: those that at least half of the
    responses rated.
    """
    overall = _overall(answers)
    if overall is None or len(overall) < FEWEST:
        return None
    bought = after.groupby(["wave", "customer_id"])["bought"].first() if len(after) else pd.Series(dtype=float)
    items = answers[answers["role"] == ITEM]
    wide = items.pivot_table(index=["wave", "customer_id"], columns="question_id", values="answer", aggfunc="last")
    wide = wide.reindex(overall.index)
    wide = wide[[name for name in wide if wide[name].notna().mean() >= 0.5]]
    whole = wide.dropna()
    if whole.shape[1] >= 2 and len(whole) >= FEWEST:
        scale = items.groupby("question_id")["scale"].first()
        ends = np.array([SCALES[scale[name]] for name in whole], dtype=float)
        return _study(ITEMS, whole, overall, bought, ends)
    facts = known.set_index(["wave", "customer_id"])[list(FACTS)] if len(known) else pd.DataFrame(columns=list(FACTS))
    facts = facts.reindex(overall.index).dropna()
    facts = np.log1p(facts.clip(lower=0).astype(float))
    if len(facts) < FEWEST:
        return None
    return _study(BEHAVIOUR, facts, overall, bought, np.full((len(FACTS), 2), np.nan))


def _overall(answers: pd.DataFrame) -> pd.DataFrame | None:
    """Overall satisfaction per response: the answer as a share of the way, and whether it is of the top."""
    counted = [(len(scores.of(answers, m, s)), m, s) for m, s in scores.series(answers) if m in ("csat", "nps")]
    if not counted:
        return None
    _, measure, scale = max(counted, key=lambda one: (one[0], one[1] == "csat"))
    chosen = scores.of(answers, measure, scale)
    bottom, top = SCALES[scale]
    made = chosen.assign(
        overall=(chosen["answer"] - bottom) / (top - bottom), satisfied=(chosen["y"] > 0).astype(float)
    )
    return made.groupby(["wave", "customer_id"])[["overall", "satisfied"]].last()


def _study(kind: str, x: pd.DataFrame, overall: pd.DataFrame, bought: pd.Series, ends: np.ndarray) -> Study:
    y = overall.loc[x.index]
    return Study(
        kind, tuple(map(str, x.columns)), x.to_numpy(dtype=float), y["overall"].to_numpy(dtype=float),
        y["satisfied"].to_numpy(dtype=float), bought.reindex(x.index).to_numpy(dtype=float),
        x.index.get_level_values("customer_id").to_numpy(), ends[:, 0], ends[:, 1],
    )  # fmt: skip


def judge(found: Study | None, *, as_of: date, seed: int = 0, draws: int = DRAWS) -> pd.DataFrame:
    """One row per outcome and driver (columns DRIVERS), the largest share first.

    share: of the explained variance (shares.shapley_r2 over R²); rank_kept: of the bootstrap draws of customers, in how
    many the driver keeps its rank; odds_ratio: of being satisfied (buying again) for one standard deviation more, all
    other drivers alike (logistic regression, intervals by linearisation over customers); direction by Holm over drivers.
    """
    if found is None:
        return pd.DataFrame(columns=DRIVERS)
    parts = []
    for outcome in OUTCOMES:
        linear, binary = (found.overall, found.satisfied) if outcome == OVERALL else (found.bought, found.bought)
        rows = np.isfinite(binary)
        few = min(binary[rows].sum(), (1 - binary[rows]).sum()) < EVENTS * len(found.names)
        if rows.sum() >= FEWEST and not few:
            parts.append(_of(found, outcome, linear, binary, rows, seed, draws))
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=DRIVERS)
    return made.assign(as_of=as_of)[DRIVERS]


def _of(found: Study, outcome: str, linear, binary, rows: np.ndarray, seed: int, draws: int) -> pd.DataFrame:
    x, y, who = found.x[rows], linear[rows], found.customer[rows]
    value, drawn = bootstrap.resample(
        {"shares": lambda w: shares.shapley_r2(x, y, w)}, len(y), customer=who, draws=draws, seed=seed
    )
    r2 = value["shares"].sum()
    parts, many = value["shares"] / max(r2, 1e-12), drawn["shares"]
    many = many / np.maximum(many.sum(axis=1, keepdims=True), 1e-12)
    low, high = bootstrap.percentile(many)
    rank, ranks = _ranks(parts[None])[0], _ranks(many)
    rank_low, rank_high = (np.quantile(ranks, q, axis=0, method="nearest").astype(int) for q in (0.025, 0.975))
    effect = logit_effects(x, binary[rows], who)
    adjusted = holm(effect["p_value"])
    stands = _performance(found, x)
    made = pd.DataFrame({
        "outcome": outcome, "kind": found.kind, "driver": found.names, "n": int(rows.sum()), "share": parts,
        "share_low": np.minimum(low, parts), "share_high": np.maximum(high, parts), "rank": rank, "rank_low": rank_low,
        "rank_high": rank_high, "rank_kept": (ranks == rank).mean(axis=0), **effect, "adjusted_p": adjusted,
        "direction": np.where(adjusted >= 0.05, UNCLEAR, np.where(effect["odds_ratio"] > 1, UP, DOWN)), **stands, "r2": r2,
    })  # fmt: skip
    return made.sort_values(["rank", "driver"]).reset_index(drop=True)


def _ranks(parts: np.ndarray) -> np.ndarray:
    """Rank of each column in each row, 1 for the largest; equals have the same, as two items that say the same do."""
    told = np.round(parts, 6)
    return 1 + (told[:, None, :] > told[:, :, None]).sum(axis=2)


def _performance(found: Study, x: np.ndarray) -> dict[str, np.ndarray]:
    """How each item stands: its mean as a share of the way from the worst to the best answer; NaN for facts."""
    width = found.high - found.low
    mean = (x.mean(axis=0) - found.low) / width
    low, high = bounded_mean(mean, x.var(axis=0) / width**2, np.where(np.isfinite(width), len(x), np.nan))
    return {"performance": mean, "performance_low": low, "performance_high": high}


def logit_effects(x: np.ndarray, y: np.ndarray, customer: np.ndarray) -> dict[str, np.ndarray]:
    """Odds ratios per standard deviation of each column, all in one logistic regression, with intervals and p-values.

    A little ridge (prior variance 10 of a coefficient) keeps them finite where a column parts the outcomes. Intervals by
    the sandwich over customers. Source: White (1982), Econometrica 50, 1-25; Liang & Zeger (1986), Biometrika 73, 13-22.
    """
    spread = x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)])
    ridge = np.diag([0.0, *[0.1] * x.shape[1]])
    beta = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ beta))
        bread = (z * (p * (1 - p))[:, None]).T @ z + ridge + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(bread, z.T @ (y - p) - ridge @ beta)
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    codes, names = pd.factorize(customer)
    score = np.zeros((len(names), z.shape[1]))
    np.add.at(score, codes, z * (y - p)[:, None])
    inverse = np.linalg.inv(bread)
    factor = len(names) / max(len(names) - z.shape[1], 1)
    sandwich = inverse @ (score.T @ score) @ inverse * factor
    # of few answers the sandwich says too little: no effect is surer than the model alone would have it
    error = np.sqrt(np.maximum(np.diag(sandwich), np.diag(inverse)))[1:]
    beta = beta[1:]
    return {
        "odds_ratio": np.exp(beta), "odds_low": np.exp(beta - Z * error), "odds_high": np.exp(beta + Z * error),
        "p_value": two_sided(beta / error),
    }  # fmt: skip
