"""Who is leaving, of one month: the probability of no purchase, what is at risk, why, and how right earlier lists were."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

import customerbase.prediction.tables as tables
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.features import monthly_cutoffs
from customerbase.periods import add_months
from customerbase.prediction import Campaign, Prospects, Study, design, scoring, study, windows
from customerbase.prediction import Options as Learning
from customerbase.prediction.notes import Note, distinct

BANDS = ("high", "medium", "low")
KEPT_MONTHS = 13  # of published predictions, so that each can be held against what happened
Z80 = 1.2815515655446004  # of the normal distribution: 80 % lie within
TODAY_ROWS = 50_000  # of today's customers, for drivers and drift


@dataclass(frozen=True)
class Options:
    """What counts as leaving, where the bands begin, and what a campaign to keep customers costs.

    churn_days: days without a purchase; high, medium: probabilities from which on the risk is called so; contact_cost and
    offer_cost: of one customer, in the currency of the pipeline; acceptance: share of those about to leave whom an offer
    keeps; explanation: see prediction.scoring.Scorer.
    """

    churn_days: int = 90
    tests: int = 4
    high: float = 0.7
    medium: float = 0.4
    contact_cost: float = 100.0
    offer_cost: float = 500.0
    acceptance: float = 0.1
    explanation: str = "logit"
    seed: int = 0

    def __post_init__(self):
        if not 0 < self.medium < self.high < 1:
            raise ConfigError(f"risk bands begin at {self.medium} and {self.high}; expected 0 < medium < high < 1.")

    def band(self, probability: np.ndarray) -> np.ndarray:
        """high, medium or low, one a probability."""
        return np.select([probability >= self.high, probability >= self.medium], BANDS[:2], BANDS[2]).astype(object)


@dataclass(frozen=True)
class Result:
    """Risk of leaving of one month: tables as in expectations/ (customers is churn), the study behind them, notes."""

    customers: pd.DataFrame
    reasons: pd.DataFrame
    models: pd.DataFrame
    curves: pd.DataFrame
    drivers: pd.DataFrame
    drift: pd.DataFrame
    groups: pd.DataFrame
    outcomes: pd.DataFrame
    profit: pd.DataFrame
    predictions: pd.DataFrame
    study: Study
    options: Options
    notes: tuple[Note, ...] = field(default_factory=tuple)

    def remarks(self, language: str) -> list[str]:
        """What to know about this month's scores, in words."""
        return [note.text(language) for note in self.notes]

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the names they have in expectations/."""
        small = ("reasons", "curves", "drivers", "drift", "groups", "outcomes", "profit", "predictions")
        made = {f"churn_{name}": getattr(self, name) for name in small}
        return {"churn": self.customers, "churn_model": self.models} | made

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        everybody = self.groups.iloc[0]
        kept = {"customers": len(self.customers), "model": self.study.chosen, "tests": len(self.study.tests)}
        kept |= {name: float(everybody[name]) for name in ("leavers", "leavers_low", "leavers_high")}
        if np.isfinite(everybody["value_at_risk"]):
            kept |= {
                name: float(everybody[name]) for name in ("value_at_risk", "value_at_risk_low", "value_at_risk_high")
            }
        chosen = self.models[self.models["is_chosen"]]
        kept |= {name: float(chosen[name].mean()) for name in ("auc", "brier", "ece") if len(chosen)}
        return kept


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
    predictions = _predictions(customers, found, cutoff, previous)
    customers["previous_probability"] = _previous(customers, predictions, cutoff, options.churn_days)
    x = _today(db, found, len(customers))
    outcomes, more = _outcomes(db, found, predictions, options, as_of)
    groups = _groups(customers, scored, found, segments, as_of)
    parts = {
        "customers": customers,
        "reasons": _reasons(scored, as_of),
        "models": tables.ladder(found),
        "curves": tables.curves(found),
        "drivers": tables.drivers(found, x),
        "drift": tables.drifted(found, x),
        "groups": groups,
        "outcomes": outcomes,
        "profit": _profit(customers, options),
        "predictions": predictions,
    }
    return Result(**parts, study=found, options=options, notes=distinct([*found.notes, *more]))


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


def _reasons(scored: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per customer and reason, the strongest first."""
    parts = []
    for k in range(1, scoring.REASONS + 1):
        part = scored[["customer_id"]].assign(as_of=as_of, rank=k)
        for name in ("reason", "contribution"):
            part[name] = scored[f"{name}_{k}"]
        for side in "ab":
            part[f"value_{side}"] = scored[f"value_{k}_{side}"]
        parts.append(part[part["reason"].notna()])
    return pd.concat(parts).sort_values(["customer_id", "rank"], ignore_index=True)


def _today(db: Engine, found: Study, customers: int) -> np.ndarray:
    """The matrix of today's customers, or of a share of them drawn as `windows.completed` draws: for drift and drivers."""
    query = """select * from snapshots where cutoff = $cutoff
        and substring(md5(concat(customer_id, cast(cutoff as varchar))), 1, 16) < $below order by customer_id"""
    below = windows.digest(TODAY_ROWS / customers)
    rows = db.query(query, cutoff=found.cutoff, below=below).to_arrow_table()
    return design.values(rows, found.rhythm, found.options.horizon_days)


# --- what earlier lists were worth ------------------------------------------------------------------------------------------


def _predictions(customers: pd.DataFrame, found: Study, cutoff: date, previous) -> pd.DataFrame:
    """Probabilities as they were published: this month's, and those of earlier months while they are of the newest KEPT_MONTHS."""
    now = customers[["customer_id", "probability", "model", "horizon_days"]].assign(cutoff=cutoff)
    columns = ["customer_id", "cutoff", "horizon_days", "model", "probability"]
    if previous is None:
        return now[columns]
    old = previous.project(", ".join(columns)).df()
    old["cutoff"] = pd.to_datetime(old["cutoff"]).dt.date
    old = old[(old["cutoff"] < cutoff) & (old["cutoff"] > add_months(cutoff, -KEPT_MONTHS))]
    both = pd.concat([old, now], ignore_index=True) if len(old) else now
    return both[columns].sort_values(["cutoff", "customer_id"], ignore_index=True)


def _previous(customers: pd.DataFrame, predictions: pd.DataFrame, cutoff: date, days: int) -> pd.Series:
    """What was published of them a month ago, of the same horizon."""
    before = predictions[(predictions["cutoff"] == add_months(cutoff, -1)) & (predictions["horizon_days"] == days)]
    return customers["customer_id"].map(before.set_index("customer_id")["probability"]).astype(float)


def _outcomes(
    db: Engine, found: Study, predictions: pd.DataFrame, options: Options, as_of: date
) -> tuple[pd.DataFrame, list[Note]]:
    """The newest published list whose window is over, held against what happened; without one, the newest test."""
    ended = predictions[
        (predictions["horizon_days"] == options.churn_days)
        & (predictions["cutoff"] + timedelta(days=options.churn_days) <= as_of + timedelta(days=1))
    ]
    for cutoff in sorted(ended["cutoff"].unique(), reverse=True):
        query = "select customer_id, bought from snapshot_labels where cutoff = $cutoff and horizon_days = $days"
        labels = db.query(query, cutoff=cutoff, days=options.churn_days).df()
        seen = ended[ended["cutoff"] == cutoff].merge(labels, on="customer_id")
        if len(seen):
            p = seen["probability"].to_numpy()
            happened = 1.0 - seen["bought"].to_numpy(dtype=float)
            told = {"cutoff": cutoff, "source": "published", "bands": BANDS}
            return tables.outcomes(p, happened, options.band(p), **told), []
    if (test := tables.newest_test(found)) is None:
        return pd.DataFrame(columns=tables.OUTCOME_COLUMNS), [Note("no_outcome")]
    p = test.probability(found.chosen)
    told = {"cutoff": test.cutoff, "source": "backtest", "bands": BANDS}
    return tables.outcomes(p, test.y, options.band(p), **told), [Note("backtest")]


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
        | _group(customers[here], found.level_error)
        | _common(scored[here])
        for (dimension, name), here in parts.items()
        if here.any()
    ]
    return pd.DataFrame(rows)


def _group(rows: pd.DataFrame, level_error: float) -> Mapping[str, float]:
    """Sums with 80 % intervals: chance, each customer's own value, and a base rate that may stray as in the tests."""
    p = rows["probability"].to_numpy()
    v, low, high = (rows[name].to_numpy(dtype=float) for name in ("cltv", "cltv_low", "cltv_high"))
    moved = p * (1 - p) * level_error  # how far each probability goes with the base rate
    half = Z80 * np.sqrt((p * (1 - p)).sum() + moved.sum() ** 2)
    leavers = float(p.sum())
    made = {"customers": len(rows), "probability": leavers / len(rows), "leavers": leavers}
    made |= {"leavers_low": max(leavers - half, 0.0), "leavers_high": min(leavers + half, float(len(rows)))}
    known = np.isfinite(v)
    if not known.any():
        return made | dict.fromkeys(("cltv", "value_at_risk", "value_at_risk_low", "value_at_risk_high"), np.nan)
    p, v, moved, spread = p[known], v[known], moved[known], np.nan_to_num(high - low)[known] / (2 * Z80)
    most = float(np.fmax(high[known], v).sum())
    at_risk = float((p * v).sum())
    variance = (p * (1 - p) * v**2).sum() + (p**2 * spread**2).sum() + (moved * v).sum() ** 2
    half = Z80 * float(np.sqrt(variance))
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


def _profit(customers: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Expected profit of contacting the first customers of the list, by how many; empty where no value is known."""
    columns = ["ranking", "contacted", "share", "profit", "low", "high", "is_best"]
    known = customers[customers["cltv"].notna()]
    if not len(known):
        return pd.DataFrame(columns=columns)
    prospects = Prospects.of(known["probability"].to_numpy(), known["cltv"].to_numpy())
    made = []
    for ranking in ("profit", "probability", "random"):
        curve = prospects.expected(campaign(options), ranking)
        part = curve.frame(100).assign(ranking=ranking)
        made.append(part.assign(is_best=part["contacted"] == curve.best))
    return pd.concat(made, ignore_index=True)[columns]
