"""Rows as dictionaries, in from a query and out to a relation of exact types."""

from collections.abc import Iterable, Mapping
from math import inf

import duckdb
import pandas as pd
import pyarrow as pa

from customerbase.engine import Engine


def rows_of(relation: duckdb.DuckDBPyRelation) -> list[dict]:
    """The rows of a query by column name, values as the engine gives them (decimals exact)."""
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def relation_of(
    db: Engine, rows: Iterable[Mapping] | pd.DataFrame, columns: Mapping[str, pa.DataType]
) -> duckdb.DuckDBPyRelation:
    """The rows with exactly these columns and types, NaN and infinity as null, as a relation that no later computation can change."""
    rows = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    arrays = [_array([row[name] for row in rows], kind) for name, kind in columns.items()]
    return db.connection.from_arrow(pa.Table.from_arrays(arrays, names=list(columns)))


def _array(values: list, kind: pa.DataType) -> pa.Array:
    plain = [None if pd.isna(value) or value in (inf, -inf) else value for value in values]
    if pa.types.is_decimal(kind):  # of a float only the digits that the column has
        texts = [f"{value:.{kind.scale}f}" if isinstance(value, float) else value for value in plain]
        return pa.array([None if one is None else str(one) for one in texts]).cast(kind)
    return pa.array(plain, type=kind)
