"""Scores of today's customers: record batch in, record batch out, so that one scorer runs over DuckDB and in Spark's mapInArrow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

import customerbase.prediction.design as design
import customerbase.prediction.reasons as reasons
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.prediction.models import BOOSTING, MEAN, RULE, WIDE, Boosting, Logit
from customerbase.prediction.study import Study

BATCH_ROWS = 200_000
REASONS = 3
EXPLANATIONS = ("logit", "shap", "none")
SCHEMA = pa.schema(  # of every batch of scores, known before the first
    [("customer_id", pa.string()), ("probability", pa.float64())]
    + [
        (name.format(k), pa.string() if name == "reason_{}" else pa.float64())
        for k in range(1, REASONS + 1)
        for name in ("reason_{}", "contribution_{}", "value_{}_a", "value_{}_b")
    ]
)


@dataclass(frozen=True)
class Scorer:
    """A study as a function of record batches of snapshot rows.

    explanation: logit, the exact contributions of the wide logit (of the rule where that was chosen); shap, those of the
    trees by TreeSHAP, averaged with the logit's where the chosen rung is their mean (extra `explain`); none.
    """

    study: Study
    explanation: str = "logit"

    def __post_init__(self) -> None:
        if self.explanation not in EXPLANATIONS:
            raise ConfigError(f"explanation is {self.explanation!r}; expected one of {', '.join(EXPLANATIONS)}.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of SCHEMA: customer_id, probability, three times reason, contribution and two values (null: no further)."""
        study = self.study
        x = design.values(batch, study.rhythm, study.options.horizon_days)
        made = {"customer_id": batch.column("customer_id"), "probability": pa.array(study.probability(x))}
        made = dict.fromkeys(SCHEMA.names, pa.nulls(len(x))) | made | self._reasons(x)
        return pa.RecordBatch.from_arrays([made[one.name].cast(one.type) for one in SCHEMA], schema=SCHEMA)

    def _reasons(self, x: np.ndarray) -> dict[str, pa.Array]:
        contributions = self.contributions(x)
        if contributions is None:
            return {}
        found, size = reasons.strongest(reasons.by_topic(contributions), REASONS)
        place = {name: number for number, name in enumerate(design.names())}
        codes = pa.array([topic.code for topic in reasons.topics()] + [None], pa.string())
        shown = np.full((len(codes), 2), -1)
        for row, topic in enumerate(reasons.topics()):
            shown[row, : len(topic.values)] = [place[name] for name in topic.values]
        made = {}
        for k in range(REASONS):
            made[f"reason_{k + 1}"] = codes.take(pa.array(found[:, k] % len(codes)))
            made[f"contribution_{k + 1}"] = _nullable(size[:, k])
            for side, name in enumerate("ab"):
                which = shown[found[:, k], side]
                values = np.where(which >= 0, x[np.arange(len(x)), np.maximum(which, 0)], np.nan)
                made[f"value_{k + 1}_{name}"] = _nullable(values)
        return made

    def contributions(self, x: np.ndarray) -> np.ndarray | None:
        """What each column adds to the log odds, shape of x; None where no model with contributions was learnt."""
        models, chosen = self.study.models, self.study.chosen
        if self.explanation == "none" or RULE not in models:
            return None
        logit = models[RULE if chosen == RULE else WIDE]
        assert isinstance(logit, Logit)
        if self.explanation == "logit" or chosen not in (BOOSTING, MEAN):
            return logit.contributions(x)
        from customerbase.prediction.shapley import contributions

        trees = models[BOOSTING]
        assert isinstance(trees, Boosting)
        by_trees = contributions(trees, x)
        return by_trees if chosen == BOOSTING else (by_trees + logit.contributions(x)) / 2


def _nullable(values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def batches(
    db: Engine, study: Study, score: Callable[[pa.RecordBatch], pa.RecordBatch], rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Scores of the snapshot at the study's cutoff, batch by batch in the order of customer_id: memory stays flat."""
    found = db.query("select * from snapshots where cutoff = $cutoff order by customer_id", cutoff=study.cutoff)
    for batch in found.to_arrow_reader(rows):
        yield score(batch)


def scores(db: Engine, study: Study, explanation: str = "logit") -> pa.Table:
    """All of them as one table."""
    return pa.Table.from_batches(batches(db, study, Scorer(study, explanation)), schema=SCHEMA)
