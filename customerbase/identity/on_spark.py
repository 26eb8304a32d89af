"""Pairs compared on Spark, for more records than one machine compares in a night; all else of linking stays on DuckDB."""

from collections.abc import Callable
from pathlib import Path

from customerbase.engine import Engine
from customerbase.identity.blocking import RULES
from customerbase.identity.linkage import score_all
from customerbase.identity.model import Model
from customerbase.identity.scoring import Scorer
from customerbase.spark import SparkEngine


def on_spark(spark: SparkEngine, folder: Path) -> Callable[[Engine, Model], Scorer]:
    """A way of scoring for link(score=…): the table scores as score_all makes it, its pairs compared on Spark.

    folder: an existing place that this machine and the Spark workers reach under one name. The linkage table, which
    holds contact data, stands there as Parquet while Spark reads it, and is removed; the scores stay.
    """

    def score(db: Engine, model: Model) -> Scorer:
        linkage, scores = folder / "linkage.parquet", folder / "scores.parquet"
        try:
            db.query("select * from linkage").write_parquet(str(linkage))
            spark.register("linkage", linkage)
            score_all(spark, model)
            spark.query("select * from scores").write.mode("overwrite").parquet(str(scores))
        finally:
            linkage.unlink(missing_ok=True)
        db.register("_scored", sorted(scores.glob("*.parquet")))
        db.execute("create or replace temp table scores as select * from _scored order by idx_l, idx_r")
        return Scorer(db, model, "linkage", list(RULES))  # for what the guard asks later, a few pairs

    return score
