"""Who is leaving, of one month: the probability of no purchase, what is at risk, why, and how right earlier lists were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import duckdb
import numpy as np
import pandas as pd

import customerbase.prediction.lists as lists
from customerbase.engine import Engine
from customerbase.features import monthly_cutoffs
from customerbase.prediction import Campaign, Prospects, Study, scoring, study
from customerbase.prediction import Options as Learning
from customerbase.prediction.lists import BANDS
from customerbase.prediction.notes import distinct

ASSUMED = ("contact_cost", "offer_cost", "acceptance", "budget")  # of the options: what a profit is expected under
Z80 = 1.2815515655446004  # of the normal distribution: 80 % lie within


@dataclass(frozen=True)
class Options(lists.Bands):
    """What counts as leaving, where the bands begin, and what a campaign to keep customers costs.

    churn_days: days without a purchase; high, medium: probabilities from which on the risk is called so; contact_cost and
    offer_cost: of one customer, in the currency of the pipeline; acceptance: share of those about to leave whom an offer
    keeps; budget: most that contacts and offers may cost; explanation: see prediction.scoring.Scorer.
    """

    said: ClassVar[str] = "risk bands"

    high: float = 0.7
    medium: float = 0.4
    churn_days: int = 90
    tests: int = 4
    contact_cost: float = 100.0
    offer_cost: float = 500.0
    acceptance: float = 0.1
    budget: float = 100_000.0
    explanation: str = "logit"
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Result(lists.Listing):
    """Risk of leaving of one month: tables as in expectations/ (customers is churn), the study behind them, notes."""

    topic: ClassVar[str] = "churn"
    small: ClassVar[tuple[str, ...]] = (*lists.Listing.small, "groups", "profit")

    groups: pd.DataFrame
    profit: pd.DataFrame
    options: Options

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        everybody = self.groups.iloc[0]
        names = ["leavers", "leavers_low", "leavers_high"]
        if np.isfinite(everybody["value_at_risk"]):
            names += ["value_at_risk", "value_at_risk_low", "value_at_risk_high"]
        return super().records() | {name: float(everybody[name]) for name in names}


def risk(
    db: Engine,
    *,
    as_of: date,
    options: Options | None = None,
    value: duckdb.DuckDBPyRelation | None = None,
    segments: duckdb.DuckDBPyRelation | None = None,
    previous: duckdb.DuckDBPyRelation | None = None,
) -> Result:
    """Risk of leaving of every customer active at the end of as_of.

    Reads snapshots and snapshot_labels (features.monthly_snapshots). value: relation with customer_id, cltv, cltv_low,
    cltv_high; segments: customer_id, segment; previous: last month's churn_predictions. Raises InputError when nobody is
    active.
    """
    options = options or Options()
    [cutoff] = monthly_cutoffs(as_of, 1)
    learning = Learning(horizon_days=options.churn_days, leaving=True, tests=options.tests, seed=options.seed)
    found = study(db, cutoff=cutoff, options=learning)
    scored = scoring.scores(db, found, options.explanation).to_pandas()
    customers = _customers(scored, found, options, as_of, value)
    predictions = lists.published(customers, cutoff, previous)
    customers["previous_probability"] = lists.month_before(customers, predictions, cutoff)
    parts, more = lists.judged(db, found, scored, customers, predictions, options, as_of)
    parts |= {"customers": customers, "groups": _groups(customers, scored, found, segments, as_of)}
    notes = distinct([*found.notes, *more])
    return Result(**parts, profit=_profit(customers, options), study=found, options=options, notes=notes)


# --- customers ------------------------------------------------------------------------------------------------------------


def _customers(scored: pd.DataFrame, found: Study, options: Options, as_of: date, value) -> pd.DataFrame:
    p = scored["probability"].to_numpy()
    made = pd.DataFrame({"customer_id": scored["customer_id"], "as_of": as_of, "horizon_days": options.churn_days})
    made["model"], made["probability"], made["risk_band"] = found.chosen, p, options.band(p)
    known = pd.DataFrame(columns=["customer_id", "cltv", "cltv_low", "cltv_high"])
    if value is not None:
        known = value.project("customer_id, cltv, cltv_low, cltv_high").df()
    worth = made[["customer_id"]].merge(known, on="customer_id", how="left")
    for end in ("", "_low", "_high"):
        made[f"cltv{end}"] = worth[f"cltv{end}"].astype(float)
    for end in ("", "_low", "_high"):
        made[f"value_at_risk{end}"] = made[f"cltv{end}"] * p
    return made


# --- groups and money ---------------------------------------------------------------------------------------------------------


def _groups(customers: pd.DataFrame, scored: pd.DataFrame, found: Study, segments, as_of: date) -> pd.DataFrame:
    """Expected leavers and value at risk of everybody and of each segment, with 80 % intervals, and the common reasons."""
    label = pd.Series(None, index=customers.index, dtype=object)
    if segments is not None:
        members = segments.project("customer_id, segment").df().set_index("customer_id")["segment"]
        label = customers["customer_id"].map(members)
    parts = {("all", "all"): np.ones(len(customers), dtype=bool)}
    parts |= {("segment", name): (label == name).to_numpy() for name in sorted(label.dropna().unique())}
    parts |= {("risk_band", name): (customers["risk_band"] == name).to_numpy() for name in BANDS}
    rows = [
        {"dimension": dimension, "value": name, "as_of": as_of}
        | _group(customers[here], found.strays(0.8))
        | _common(scored[here])
        for (dimension, name), here in parts.items()
        if here.any()
    ]
    return pd.DataFrame(rows)


def _group(rows: pd.DataFrame, strays: float) -> Mapping[str, float]:
    """Sums with 80 % intervals: chance, each customer's own value, and a base rate that may stray as in the tests.

    strays: half of the 80 % interval of the log odds' common shift.
    """
    p = rows["probability"].to_numpy()
    v, low, high = (rows[name].to_numpy(dtype=float) for name in ("cltv", "cltv_low", "cltv_high"))
    moved = p * (1 - p) * strays  # how far each probability goes with the base rate
    half = float(np.sqrt(Z80**2 * (p * (1 - p)).sum() + moved.sum() ** 2))
    leavers = float(p.sum())
    made = {"customers": len(rows), "probability": leavers / len(rows), "leavers": leavers}
    made |= {"leavers_low": max(leavers - half, 0.0), "leavers_high": min(leavers + half, float(len(rows)))}
    known = np.isfinite(v)
    if not known.any():
        return made | dict.fromkeys(("cltv", "value_at_risk", "value_at_risk_low", "value_at_risk_high"), np.nan)
    p, v, moved, spread = p[known], v[known], moved[known], np.nan_to_num(high - low)[known] / (2 * Z80)
    most = float(np.fmax(high[known], v).sum())
    at_risk = float((p * v).sum())
    variance = (p * (1 - p) * v**2).sum() + (p**2 * spread**2).sum()
    half = float(np.sqrt(Z80**2 * variance + (moved * v).sum() ** 2))
    ends = {"value_at_risk_low": max(at_risk - half, 0.0), "value_at_risk_high": min(at_risk + half, most)}
    return made | {"cltv": float(v.sum()), "value_at_risk": at_risk} | ends


def _common(scored: pd.DataFrame) -> dict[str, str | None]:
    """The three commonest first reasons."""
    found = scored["reason_1"].value_counts()
    order = sorted(found.index, key=lambda code: (-found[code], code))[: scoring.REASONS]
    return {f"reason_{k + 1}": order[k] if k < len(order) else None for k in range(scoring.REASONS)}


def campaign(options: Options) -> Campaign:
    """The campaign that the options assume."""
    return Campaign(options.contact_cost, options.offer_cost, options.acceptance)


@dataclass(frozen=True)
class Affordable:
    """The first customers by expected profit that a budget reaches, what they cost, and what they are expected to bring."""

    contacted: int
    cost: float
    profit: float


def within(customers: pd.DataFrame, options: Options, budget: float) -> Affordable:
    """Whom to contact within a budget: the most profitable customers first, as long as they pay and contacts and offers fit.

    An offer costs when it is taken: by those who would leave and accept, and by those of the others who take it anyway.
    """
    prospects, assumed = _prospects(customers), campaign(options)
    if prospects is None:
        return Affordable(0, 0.0, 0.0)
    curve, p = prospects.expected(assumed), prospects.probability
    taken = p * assumed.acceptance + (1 - p) * assumed.others
    cost = np.cumsum((assumed.contact_cost + taken * assumed.offer_cost)[curve.rows])
    n = min(curve.best, int(np.searchsorted(cost, budget, side="right")))
    return Affordable(n, float(cost[n - 1]) if n else 0.0, float(curve.profit[n]))


def _prospects(customers: pd.DataFrame) -> Prospects | None:
    """The customers whose value is known, in the order of the list; None without one."""
    known = customers[customers["cltv"].notna()]
    return Prospects.of(known["probability"].to_numpy(), known["cltv"].to_numpy(float)) if len(known) else None


def _profit(customers: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Expected profit of contacting the first customers of the list, by how many; empty where no value is known."""
    columns = ["ranking", "contacted", "share", "profit", "low", "high", "is_best", *ASSUMED]
    prospects = _prospects(customers)
    if prospects is None:
        return pd.DataFrame(columns=columns)
    made = []
    for ranking in ("profit", "probability", "random"):
        curve = prospects.expected(campaign(options), ranking)
        part = curve.frame(100).assign(ranking=ranking)
        made.append(part.assign(is_best=part["contacted"] == curve.best))
    return pd.concat(made, ignore_index=True).assign(**{name: getattr(options, name) for name in ASSUMED})[columns]
