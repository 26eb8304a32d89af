"""How the models of categories did in each test window, and what to know about them in words."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pandas as pd

import customerbase.prediction.notes as notes_of_predictions
from customerbase.engine import Engine
from customerbase.prediction import Study, bootstrap, metrics
from customerbase.prediction import Test as Judged
from customerbase.prediction.models import LADDER, RULE
from customerbase.propensity.by_category.design import BOUGHT, place

MEASURES = ("auc", "average_precision", "lift", "brier", "log_loss", "ece")
MODEL_COLUMNS = [
    *("model", "cutoff", "scope", "category", "horizon_days", "is_chosen", "customers", "pairs", "rate", "predicted"),
    *MEASURES, "auc_low", "auc_high",
]  # fmt: skip
SCOPES = ("all", "bought_before", "new")  # and "category"
MANY_UNKNOWN = 0.05  # share of goods lines without a category from which on it is said


class Note(notes_of_predictions.Note):
    """One remark; its sentences stand under category.note."""

    words: ClassVar[str] = "category.note"
    models: ClassVar[str] = "category.model"


def models(study: Study, names: tuple[str, ...]) -> pd.DataFrame:
    """One row per rung, test window and scope (all rows, bought before, new); of the chosen one and the rule each category too.

    predicted: mean probability; auc_low, auc_high: 95 %, customers drawn again, of the chosen rung and the rule.
    """
    rows = []
    for test in study.tests:
        for rung in (one for one in LADDER if one in test.log_odds):
            sure = rung in (study.chosen, RULE)
            for scope, category, here in _parts(test, names, every=sure):
                row = {"model": rung, "cutoff": test.cutoff, "scope": scope, "category": category}
                row |= {"horizon_days": study.options.horizon_days, "is_chosen": rung == study.chosen}
                rows.append(row | _measured(test, rung, here, study, sure and category == "all"))
    return pd.DataFrame(rows).reindex(columns=MODEL_COLUMNS)


def _parts(test: Judged, names: tuple[str, ...], *, every: bool) -> Iterator[tuple[str, str, np.ndarray]]:
    """Scope, category and which rows, where there are any."""
    before, where = test.window.x[:, place(BOUGHT)] > 0, test.window.x[:, place("place")]
    for scope, here in zip(SCOPES, (np.ones(len(before), dtype=bool), before, ~before), strict=True):
        if here.any():
            yield scope, "all", here
    for number, name in enumerate(names if every else ()):
        if (here := where == number).any():
            yield "category", name, here


def _measured(test: Judged, rung: str, here: np.ndarray, study: Study, sure: bool) -> dict[str, float]:
    y, p, who = test.y[here], test.probability(rung)[here], test.window.who[here]
    made = {"customers": len(np.unique(who.astype(str))), "pairs": len(y), "rate": float(y.mean())}
    made |= {"predicted": float(p.mean())} | {name: getattr(metrics, name)(y, p) for name in MEASURES}
    if sure:
        draws = {"draws": study.options.draws, "seed": study.options.seed}
        found = bootstrap.intervals(y, p, ("auc",), customer=who, **draws)
        made |= {f"auc_{end}": found.loc["auc", end] for end in ("low", "high")}
    return made


def notes(db: Engine, found: pd.DataFrame, most: int) -> tuple[Note, ...]:
    """What is not predicted. found: how the categories sold, the most bought first; reads the view seen_lines."""
    if not len(found):
        return (Note("no_category"),)
    made = []
    if len(found) == 1:
        made.append(Note("one_category", {"category": found["category"].iloc[0]}))
    if len(found) > most:
        days = found["purchase_days_365"].astype(float)
        share = f"{days[most:].sum() / max(days.sum(), 1) * 100:.0f}"
        made.append(Note("left_out", {"kept": most, "n": len(found) - most, "share": share}))
    lines, known = db.query("select count(*), count(category) from seen_lines where age <= 365").fetchall()[0]
    if lines and 1 - known / lines >= MANY_UNKNOWN:
        made.append(Note("unknown", {"share": f"{(1 - known / lines) * 100:.0f}"}))
    return tuple(made)
