"""How large the named segments are, who moved between them, and who is in them by attribute."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd

from customerbase.disclosure import suppress
from customerbase.engine import Engine
from customerbase.intervals import wilson
from customerbase.segments.named import ABSENT_BEFORE, ABSENT_NOW, codes, name

ATTRIBUTES = {
    "channel": ("Main channel", "主な購入チャネル"),
    "gender": ("Gender", "性別"),
    "age_band": ("Age band", "年代"),
    "prefecture": ("Prefecture", "都道府県"),
}


def summary(
    db: Engine, members: duckdb.DuckDBPyRelation, before: duckdb.DuckDBPyRelation | None = None, *, as_of: date
) -> pd.DataFrame:
    """Customers by RFM segment: number, share, net spend, orders and median days since the last order.

    Shares have a 95 % interval (Wilson). members, before: tables of `assign` at this and the previous month's end.
    One row per segment, best first, empty ones included. Currency: that of the orders.
    median_days_since_last_order is None for an empty segment.
    """
    found = _grouped(db, members)
    then = _grouped(db, before)["customers"] if before is not None else pd.Series(dtype="int64")
    total = int(found["customers"].sum())
    low, high = wilson(found["customers"], total)
    return pd.DataFrame(
        {
            "as_of": as_of,
            "segment": codes(),
            "customers": found["customers"].to_numpy(),
            "share": found["customers"].to_numpy() / max(total, 1),
            "share_low": low,
            "share_high": high,
            "net_spend": found["net_spend"].to_numpy(),
            "orders": found["orders"].to_numpy(),
            "median_days_since_last_order": found["median_days_since_last_order"].to_numpy(),
            "previous_customers": then.reindex(codes(), fill_value=0).to_numpy() if before is not None else None,
        }
    )


def _grouped(db: Engine, members: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    db.register("segment_members", members)
    found = db.run("segment_summary").df().set_index("segment").reindex(codes())
    return found.fillna({"customers": 0, "net_spend": 0, "orders": 0}).astype({"customers": "int64", "orders": "int64"})


def migration(
    db: Engine, before: duckdb.DuckDBPyRelation, members: duckdb.DuckDBPyRelation, *, as_of: date
) -> pd.DataFrame:
    """Customers by segment at the previous month's end and now.

    Columns: as_of, from_segment, to_segment, customers; pairs without customers have no row. from_segment is `not_yet` for who had not ordered by then; to_segment is
    `gone` for who is no longer in the data. Both margins are the sizes of the segments then and now.
    """
    db.register("segment_members_before", before)
    db.register("segment_members", members)
    moves = db.run("segment_migration", absent_before=ABSENT_BEFORE, absent_now=ABSENT_NOW).df()
    order = {code: place for place, code in enumerate([*codes(), ABSENT_BEFORE, ABSENT_NOW])}
    moves = moves.sort_values(["from_segment", "to_segment"], key=lambda column: column.map(order), ignore_index=True)
    moves.insert(0, "as_of", as_of)
    return moves


def flow(moves: pd.DataFrame, *, k_min: int = 10, language: str = "en") -> pd.DataFrame:
    """Movements as a matrix, before (rows) × now (columns), named for people; withheld cells and zeros are None.

    A cell of fewer than k_min customers is withheld, with as many more as keep the sizes of the segments from giving
    it back. Only segments that somebody came from or went to.
    """
    order = [*codes(), ABSENT_BEFORE, ABSENT_NOW]
    matrix = moves.pivot(index="from_segment", columns="to_segment", values="customers").fillna(0).astype("int64")
    matrix = matrix.reindex(
        index=[code for code in order if code in matrix.index],
        columns=[code for code in order if code in matrix.columns],
    )
    shown = matrix.mask(suppress(matrix.to_numpy(), k_min) | (matrix == 0)).astype(float)
    return shown.rename(index=lambda code: name(code, language), columns=lambda code: name(code, language))


def attributes(db: Engine, members: duckdb.DuckDBPyRelation, *, as_of: date, k_min: int = 10) -> pd.DataFrame:
    """Share of the customers with an attribute's value who are in a segment; small cells withheld.

    Columns: as_of, attribute, value, segment, customers, share, share_low, share_high (95 %, Wilson). Reads
    `customer_attributes`. An attribute with one value for everybody is left out. Cells of 1 to k_min − 1 customers are
    None, and as many more as it takes that no total gives one back; shares are None with their cell.
    """
    db.register("segment_members", members)
    counts = db.run("segment_attributes").df()
    tables = [_breakdown(counts, attribute, k_min) for attribute in ATTRIBUTES]
    columns = ["attribute", "value", "segment", "customers", "share", "share_low", "share_high"]
    result = pd.concat([table for table in tables if table is not None] or [pd.DataFrame(columns=columns)])
    result.insert(0, "as_of", as_of)
    return result.reset_index(drop=True)


def _breakdown(counts: pd.DataFrame, attribute: str, k_min: int) -> pd.DataFrame | None:
    mine = counts[counts["attribute"] == attribute]
    if mine["value"].nunique() < 2:
        return None
    matrix = mine.pivot(index="value", columns="segment", values="customers")
    matrix = matrix.reindex(columns=codes()).fillna(0).sort_index()
    hidden = suppress(matrix.to_numpy(dtype="int64"), k_min)
    totals = np.broadcast_to(matrix.sum(axis=1).to_numpy()[:, None], matrix.shape)
    low, high = wilson(matrix.to_numpy(), totals)
    cells = {"customers": matrix.to_numpy(), "share": matrix.to_numpy() / totals, "share_low": low, "share_high": high}
    frame = pd.DataFrame({key: np.where(hidden, np.nan, cell).ravel() for key, cell in cells.items()})
    frame["customers"] = frame["customers"].astype("Int64")
    frame.insert(0, "attribute", attribute)
    frame.insert(1, "value", np.repeat(matrix.index.to_numpy(dtype=object), matrix.shape[1]))
    frame.insert(2, "segment", np.tile(matrix.columns.to_numpy(dtype=object), matrix.shape[0]))
    return frame


# what charts.caption prints under Japanese figures
summary.definition_ja = "RFMによるセグメントごとの顧客数、構成比、購入額、注文数、最終購入からの日数の中央値"
migration.definition_ja = "前月末から今月末までに、セグメントの間を移動した顧客数"
attributes.definition_ja = "属性の値ごとに見た、各セグメントの顧客数と割合（少人数は非表示）"
