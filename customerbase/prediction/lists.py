"""Lists of scored customers: why each stands there, what was published before, and how right the newest ended list was."""

from collections.abc import Callable
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

import customerbase.prediction.tables as tables
from customerbase.engine import Engine
from customerbase.periods import add_months
from customerbase.prediction import design, scoring, windows
from customerbase.prediction.notes import Note
from customerbase.prediction.study import Study

BANDS = ("high", "medium", "low")
KEPT_MONTHS = 13  # of published predictions, so that each can be held against what happened
TODAY_ROWS = 200_000
COLUMNS = ["customer_id", "cutoff", "horizon_days", "model", "probability"]


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
    query = """select * from snapshots where cutoff = $cutoff
        and substring(md5(concat(customer_id, cast(cutoff as varchar))), 1, 16) < $below order by customer_id"""
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
