"""Named segments of the customer base: one table of rules over the ranks r, f, m; sizes, movements, attributes."""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from customerbase.disclosure import suppress
from customerbase.engine import Engine, literal
from customerbase.errors import ConfigError, near_miss
from customerbase.intervals import wilson

ABSENT_BEFORE, ABSENT_NOW = "not_yet", "gone"


@dataclass(frozen=True)
class Segment:
    """A named group of customers: ranges of the ranks r, f, m (both ends included), names, and what to do."""

    code: str
    en: str
    ja: str
    r: tuple[int, int]
    f: tuple[int, int]
    m: tuple[int, int]
    todo_en: str
    todo_ja: str


ANY = (1, 5)
# The first rule that fits names the customer; together they cover every combination of ranks (a test counts all 125).
SEGMENTS = (
    Segment(
        "champions",
        "Champions",
        "優良顧客",
        (5, 5),
        (4, 5),
        ANY,
        "Thank them first: early access, no discounts needed.",
        "先行案内などで感謝を伝えます。値引きは不要です。",
    ),
    Segment(
        "loyal",
        "Loyal",
        "ロイヤル顧客",
        (3, 4),
        (4, 5),
        ANY,
        "Keep the rhythm: suggest what goes with past purchases.",
        "購入の習慣を保つため、関連商品を案内します。",
    ),
    Segment(
        "potential",
        "Potential",
        "有望顧客",
        (4, 5),
        (2, 3),
        ANY,
        "Lead to the next purchase within their usual interval.",
        "いつもの購入間隔のうちに次の購入へつなげます。",
    ),
    Segment(
        "new",
        "New",
        "新規顧客",
        (5, 5),
        (1, 1),
        ANY,
        "Welcome them and help with the first purchase.",
        "お礼と使い方の案内で、2回目の購入につなげます。",
    ),
    Segment(
        "promising",
        "Promising",
        "見込み顧客",
        (4, 4),
        (1, 1),
        ANY,
        "Give a reason for the second purchase.",
        "2回目を買う理由を示します。",
    ),
    Segment(
        "needs_attention",
        "Needs attention",
        "要注意顧客",
        (3, 3),
        (1, 3),
        ANY,
        "Remind them before they are used to being away.",
        "離れることに慣れる前に、思い出してもらいます。",
    ),
    Segment(
        "cant_lose",
        "Can't lose",
        "引き留めたい顧客",
        (1, 2),
        (4, 5),
        (4, 5),
        "Contact them in person: find out what went wrong.",
        "個別に連絡し、離れた理由を聞きます。",
    ),
    Segment(
        "at_risk",
        "At risk",
        "離脱の恐れ",
        (1, 2),
        (3, 5),
        ANY,
        "Win back with what they used to buy.",
        "以前よく買った商品で呼び戻します。",
    ),
    Segment(
        "hibernating",
        "Hibernating",
        "休眠顧客",
        (2, 2),
        (1, 2),
        ANY,
        "One seasonal reminder; spend little.",
        "季節の案内を1回送ります。費用は抑えます。",
    ),
    Segment(
        "lost",
        "Lost",
        "離脱顧客",
        (1, 1),
        (1, 2),
        ANY,
        "Leave in peace, or ask once why they left.",
        "追いかけません。理由を一度だけ尋ねます。",
    ),
)
ATTRIBUTES = {
    "channel": ("Main channel", "主な購入チャネル"),
    "gender": ("Gender", "性別"),
    "age_band": ("Age band", "年代"),
    "prefecture": ("Prefecture", "都道府県"),
}


def codes() -> list[str]:
    """The codes of all segments, from best to worst: the order in which they are shown everywhere."""
    return [segment.code for segment in SEGMENTS]


def find(code: str) -> Segment:
    """The segment with this code. Raises ConfigError with the near miss."""
    for segment in SEGMENTS:
        if segment.code == code:
            return segment
    raise ConfigError(f"there is no segment {code!r}; expected one of {', '.join(codes())}.{near_miss(code, codes())}")


def name(code: str, language: str = "en") -> str:
    """What people call a segment, in English or Japanese; absence on one side of a movement has a name too."""
    absent = {ABSENT_BEFORE: ("Not yet a customer", "未購入（前月末）"), ABSENT_NOW: ("Out of window", "対象外へ")}
    en, ja = absent[code] if code in absent else (find(code).en, find(code).ja)
    return ja if language == "ja" else en


def segment_of(r: int, f: int, m: int) -> str:
    """The code of the first segment whose ranges hold the three ranks; each rank from 1 to 5."""
    ranks = {"r": r, "f": f, "m": m}
    for segment in SEGMENTS:
        if all(getattr(segment, key)[0] <= rank <= getattr(segment, key)[1] for key, rank in ranks.items()):
            return segment.code
    raise ConfigError(f"no segment holds the ranks {ranks}; expected ranks from 1 to 5.")


def rule_sql() -> str:
    """The table of rules as one SQL expression over the columns r, f and m."""
    cases = [f"when {_condition(segment)} then {literal(segment.code)}" for segment in SEGMENTS]
    return f"case {' '.join(cases)} end"


def _condition(segment: Segment) -> str:
    ranges = {"r": segment.r, "f": segment.f, "m": segment.m}
    return " and ".join(f"{key} between {low} and {high}" for key, (low, high) in ranges.items() if (low, high) != ANY)


def assign(ranks: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The table of ranks with one column more, `segment`: the code of the first rule that fits."""
    return ranks.project(f"*, {rule_sql()} as segment")


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


def glossary() -> list[str]:
    """The rows of docs/glossary.md that name the segments: term, 日本語, definition."""
    return [f"| {s.en} (`{s.code}`) | {s.ja} | Segment with {_words(s)}. {s.todo_en} {s.todo_ja} |" for s in SEGMENTS]


def _words(segment: Segment) -> str:
    ranges = {"r": segment.r, "f": segment.f, "m": segment.m}
    told = {key: both for key, both in ranges.items() if both != ANY}
    return ", ".join(f"{key} {low}" + (f"–{high}" if high > low else "") for key, (low, high) in told.items())
