"""Scored pairs: the match weight, in bits, of every pair that the blocks propose, with the level reached on each field."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.splink_dataframe import SplinkDataFrame

from customerbase.engine import Engine, identifier, literal, translate
from customerbase.errors import RunError
from customerbase.identity.model import Model
from customerbase.spark import SparkEngine

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Scorer:
    """The model over one linkage table (one row per record: idx, the compared columns, block_<rule>).

    A thin hand on Splink's Linker, on DuckDB or, for a SparkEngine, on Spark: the same settings give the same weights.
    What it returns is lazy, a relation or a Spark DataFrame. Raises RunError when the Spark session lacks Splink's
    edit distances.
    """

    def __init__(self, db: Engine | SparkEngine, model: Model, table: str, rules: Sequence[str]):
        self.db, self.model, self.table = db, model, table
        on_spark = isinstance(db, SparkEngine)
        self.api = _spark_api(db) if on_spark else DuckDBAPI(db.connection)
        settings = (_for_spark(model.settings) if on_spark else dict(model.settings)) | {
            "link_type": "dedupe_only",
            "unique_id_column_name": "idx",
            "probability_two_random_records_match": model.probability,
            "retain_matching_columns": True,  # Splink gives the levels reached only together with the values
            "retain_intermediate_calculation_columns": True,
            "blocking_rules_to_generate_predictions": [block_on(f"block_{rule}") for rule in rules],
        }
        self.records = self._known(table)
        self.linker = Linker(self.records, SettingsCreator(**settings), log_level=None)
        for column in model.frequency_columns():
            self._register_frequency(column)

    def within(self, keep: float) -> "duckdb.DuckDBPyRelation | DataFrame":
        """Every proposed pair of weight >= keep."""
        return self._pairs(self.linker.inference.predict_within(self.records, threshold_match_weight=keep))

    def changed(self, keep: float, new: str) -> "duckdb.DuckDBPyRelation | DataFrame":
        """The pairs of weight >= keep that touch a record whose column `new` is true: within the new, new to old."""
        self.db.execute(f"create or replace temp view _old_records as select * from {self.table} where not {new}")
        self.db.execute(f"create or replace temp view _new_records as select * from {self.table} where {new}")
        old, fresh = self._known("_old_records"), self._known("_new_records")
        inside = self._pairs(self.linker.inference.predict_within(fresh, threshold_match_weight=keep))
        between = self._pairs(self.linker.inference.predict_between(old, fresh, threshold_match_weight=keep))
        return inside.union(between)

    def pairs(self, pairs: str) -> "duckdb.DuckDBPyRelation | DataFrame":
        """The given pairs scored whether or not a block proposes them: `pairs` has idx_l, idx_r."""
        self.db.execute(
            f"create or replace temp table _given_pairs as"
            f" select idx_l as join_key_l, idx_r as join_key_r, '0' as match_key from {pairs}"
        )
        self.linker.table_management.register_blocked_pairs_for_predict(self._known("_given_pairs"))
        return self._pairs(self.linker.inference.predict())

    def _known(self, table: str) -> SplinkDataFrame:
        return self.api.register(table)

    def _pairs(self, found: SplinkDataFrame) -> "duckdb.DuckDBPyRelation | DataFrame":
        """idx_l < idx_r, match_weight, match_probability, gamma_<field>, and bits_<field> (with the name's rarity)."""
        bits = []
        columns = self.db.query(f"select * from {identifier(found.physical_name)}").columns
        for name in self.model.names:
            extra = f" + mw_tf_adj_{name}" if f"mw_tf_adj_{name}" in columns else ""
            bits.append(f"mw_{name}{extra} as bits_{name}")
        gammas = ", ".join(f"gamma_{name}" for name in self.model.names)
        return self.db.query(
            f"select least(idx_l, idx_r) as idx_l, greatest(idx_l, idx_r) as idx_r, match_weight, match_probability,"
            f" {gammas}, {', '.join(bits)} from {identifier(found.physical_name)}"
        )

    def _register_frequency(self, column: str) -> None:
        """How frequent each value of a column is: as the model remembers it, else as counted in the table."""
        name, quoted = f"_frequency_{column}", identifier(column)
        values = f"select {quoted} as value, count(*) as n from {self.table} where {quoted} is not null group by 1"
        known = self.model.frequencies.get(column)
        if known is None:
            query = f"select value, n / sum(n) over ()::double as share from ({values})"
        else:
            self.db.register("_known_shares", _arrow(known))
            query = (
                f"select v.value, coalesce(k.share, {literal(float(self.model.rare[column]))}) as share"
                f" from ({values}) as v left join _known_shares as k on v.value = k.value"
            )
        self.db.execute(
            f"create or replace temp table {name} as select value as {quoted}, share as {identifier('tf_' + column)}"
            f" from ({query})"
        )
        self.linker.table_management.register_term_frequency_lookup(self._known(name), column)


def _spark_api(db: SparkEngine):
    """Splink on the engine's session. What it computes on the way is held in memory and Spark's own scratch files,
    unless the session has a checkpoint folder: Splink writes the compared records there as Parquet, and leaves them.
    """
    from splink.backends.spark import SparkAPI, similarity_jar_location

    kept = db.session.sparkContext.getCheckpointDir()
    api = SparkAPI(spark_session=db.session, break_lineage_method="parquet" if kept else "persist")
    if not db.session.catalog.functionExists("damerau_levenshtein"):
        raise RunError(
            "this Spark session does not know damerau_levenshtein; expected Splink's Java archive in `spark.jars` when"
            f" it is started: {similarity_jar_location()}"
        )
    return api


def _for_spark(settings: dict) -> dict:
    """The settings with their conditions in Spark's SQL; Splink's own translation lacks lists of characters."""

    def level(one: dict) -> dict:
        if one.get("base_dialect_str") != "duckdb":
            return one
        return one | {"sql_condition": translate(one["sql_condition"]), "base_dialect_str": "spark"}

    compared = [
        one | {"comparison_levels": [level(each) for each in one["comparison_levels"]]}
        for one in settings["comparisons"]
    ]
    return settings | {"comparisons": compared}


def _arrow(shares: dict[str, float]):
    import pyarrow as pa

    return pa.table({"value": pa.array(shares.keys(), pa.string()), "share": pa.array(shares.values(), pa.float64())})
