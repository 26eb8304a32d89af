"""Lists of scored customers: why each stands there, what was published before, and how right the newest ended list was."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

import duckdb
import numpy as np
import pandas as pd

import customerbase.prediction.design as design
import customerbase.prediction.scoring as scoring
import customerbase.prediction.tables as tables
import customerbase.prediction.windows as windows
from customerbase.cltv.notes import Note as AnyNote
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.periods import add_months
from customerbase.prediction.notes import Note
from customerbase.prediction.study import Study

BANDS = ("high", "medium", "low")
KEPT_MONTHS = 13  # of published predictions, so that each can be held against what happened
TODAY_ROWS = 200_000
COLUMNS = ["customer_id", "cutoff", "horizon_days", "model", "probability"]


@dataclass(frozen=True)
class Bands:
    """Where bands of probability begin: high and medium; what lies below is low."""

    said: ClassVar[str] = "bands"  # what an error calls them

    high: float = 0.5
    medium: float = 0.2

    def __post_init__(self):
        if not 0 < self.medium < self.high < 1:
            raise ConfigError(f"{self.said} begin at {self.medium} and {self.high}; expected 0 < medium < high < 1.")

    def band(self, probability: np.ndarray) -> np.ndarray:
        """high, medium or low, one a probability."""
        return np.select([probability >= self.high, probability >= self.medium], BANDS[:2], BANDS[2]).astype(object)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A month's list of scored customers: tables as in expectations/, named <topic>_<field>, the study behind them, notes."""

    topic: ClassVar[str]
    small: ClassVar[tuple[str, ...]] = ("reasons", "curves", "drivers", "drift", "outcomes", "predictions")

    customers: pd.DataFrame
    reasons: pd.DataFrame
    models: pd.DataFrame
    curves: pd.DataFrame
    drivers: pd.DataFrame
    drift: pd.DataFrame
    outcomes: pd.DataFrame
    predictions: pd.DataFrame
    study: Study
    notes: tuple[AnyNote, ...] = field(default_factory=tuple)

    def remarks(self, language: str) -> list[str]:
        """What to know about this month's scores, in words."""
        return [note.text(language) for note in self.notes]

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the names they have in expectations/."""
        made = {f"{self.topic}_{name}": getattr(self, name) for name in self.small}
        return {self.topic: self.customers, f"{self.topic}_model": self.models} | made

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        kept = {"customers": len(self.customers), "model": self.study.chosen, "tests": len(self.study.tests)}
        chosen = self.models[self.models["is_chosen"]]
        return kept | {name: float(chosen[name].mean()) for name in ("auc", "brier", "ece") if len(chosen)}


def judged(
    db: Engine,
    found: Study,
    scored: pd.DataFrame,
    customers: pd.DataFrame,
    predictions: pd.DataFrame,
    bands: Bands,
    as_of: date,
) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """What every Listing says of its scores, by its fields, and what to know of it; predictions: as of `published`."""
    x = today(db, found, len(customers))
    made, more = outcomes(db, found, predictions, bands.band, as_of)
    parts = {
        "reasons": reasons(scored, as_of),
        "models": tables.ladder(found),
        "curves": tables.curves(found),
        "drivers": tables.drivers(found, x),
        "drift": tables.drifted(found, x),
        "outcomes": made,
        "predictions": predictions,
    }
    return parts, more


def reasons(scored: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per customer and reason, the strongest first; scored: as of scoring.SCHEMA."""
    parts = []
    for k in range(1, scoring.REASONS + 1):
        part = scored[["customer_id"]].assign(as_of=as_of, rank=k)
        for name in ("reason", "contribution"):
            part[name] = scored[f"{name}_{k}"]
        for side in "ab":
            part[f"value_{side}"] = scored[f"value_{k}_{side}"]
        parts.append(part[part["reason"].notna()])
    return pd.concat(parts).sort_values(["customer_id", "rank"], ignore_index=True)


def today(db: Engine, found: Study, customers: int) -> np.ndarray:
    """The matrix of today's customers, or of a share of them drawn as `windows.completed` draws: for drift and drivers."""
    query = f"""select * from snapshots where cutoff = $cutoff
        and {windows.DIGEST} < $below order by customer_id"""
    below = windows.digest(TODAY_ROWS / customers)
    rows = db.query(query, cutoff=found.cutoff, below=below).to_arrow_table()
    return design.values(rows, found.rhythm, found.options.horizon_days)


def published(customers: pd.DataFrame, cutoff: date, previous: duckdb.DuckDBPyRelation | None) -> pd.DataFrame:
    """Probabilities as they were published: this month's, and those of earlier months while they are of the newest KEPT_MONTHS.

    customers: rows of COLUMNS but the cutoff; previous: the table of the month before.
    """
    now = customers[[name for name in COLUMNS if name != "cutoff"]].assign(cutoff=cutoff)
    if previous is None:
        return now[COLUMNS]
    old = previous.project(", ".join(COLUMNS)).df()
    old["cutoff"] = pd.to_datetime(old["cutoff"]).dt.date
    old = old[(old["cutoff"] < cutoff) & (old["cutoff"] > add_months(cutoff, -KEPT_MONTHS))]
    both = pd.concat([old, now], ignore_index=True) if len(old) else now
    return both[COLUMNS].sort_values(["cutoff", "customer_id"], ignore_index=True)


def month_before(customers: pd.DataFrame, predictions: pd.DataFrame, cutoff: date) -> pd.Series:
    """What was published of these customers a month ago, of the same horizon."""
    days = int(customers["horizon_days"].iloc[0])
    before = predictions[(predictions["cutoff"] == add_months(cutoff, -1)) & (predictions["horizon_days"] == days)]
    return customers["customer_id"].map(before.set_index("customer_id")["probability"]).astype(float)


def outcomes(
    db: Engine, found: Study, predictions: pd.DataFrame, band: Callable[[np.ndarray], np.ndarray], as_of: date
) -> tuple[pd.DataFrame, list[Note]]:
    """The newest published list whose window is over, held against what happened; without one, the newest test.

    Reads snapshot_labels. band: of each probability one of BANDS.
    """
    days = found.options.horizon_days
    same = predictions[predictions["horizon_days"] == days]
    ended = same[same["cutoff"] + timedelta(days=days) <= as_of + timedelta(days=1)]
    for cutoff in sorted(ended["cutoff"].unique(), reverse=True):
        query = "select customer_id, bought from snapshot_labels where cutoff = $cutoff and horizon_days = $days"
        labels = db.query(query, cutoff=cutoff, days=days).df()
        seen = ended[ended["cutoff"] == cutoff].merge(labels, on="customer_id")
        if len(seen):
            p, bought = seen["probability"].to_numpy(), seen["bought"].to_numpy(dtype=float)
            happened = 1.0 - bought if found.options.leaving else bought
            told = {"cutoff": cutoff, "source": "published", "bands": BANDS}
            return tables.outcomes(p, happened, band(p), **told), []
    if (test := tables.newest_test(found)) is None:
        return pd.DataFrame(columns=tables.OUTCOME_COLUMNS), [Note("no_outcome")]
    p = test.probability(found.chosen)
    told = {"cutoff": test.cutoff, "source": "backtest", "bands": BANDS}
    return tables.outcomes(p, test.y, band(p), **told), [Note("backtest")]
