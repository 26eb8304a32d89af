"""The tables of identity: links, edges, review queue, thresholds, from the two groupings and the stable ids."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

import customerbase.identity.ids as ids
from customerbase.engine import Engine, sql_text
from customerbase.identity.clusters import CUT_CONFLICT, CUT_DECISION, CUT_GUARD, Partition
from customerbase.identity.guard import ScorePairs
from customerbase.identity.resolve import Pairs, Thresholds, group
from customerbase.intervals import wilson

# every table in which a customer of a source system may stand; an id that stands only there is a person of its own
TABLES_OF_IDS = (
    "customers_src", "orders", "inquiries", "web_events", "survey_answers", "reviews", "loyalty_points",
    "campaign_contacts", "consents", "deals", "subscriptions",
)  # fmt: skip
# mean value a customer, of: person, day, whether something was ordered, net amount (one entry a day of an id)
Value = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float | None]
STATES = {CUT_GUARD: "cut_guard", CUT_CONFLICT: "cut_conflict", CUT_DECISION: "cut_decision"}


def all_ids(db: Engine, tables: Iterable[str] = TABLES_OF_IDS) -> None:
    """Make the table _all_ids: every (source_system, source_customer_id) that stands in any of the tables."""
    union = " union ".join(
        f"select source_system, source_customer_id from {table} where source_customer_id is not null"
        for table in tables
    )
    db.execute(f"create or replace temp table _all_ids as {union}")


def identify(
    db: Engine,
    pairs: Pairs,
    thresholds: Thresholds,
    *,
    month: date,
    key: bytes,
    score_pairs: ScorePairs | None = None,
) -> ids.Assignment:
    """Make identity_links, identity_edges, identity_review and merge_evidence; returns the ids with their history.

    Reads linkage, pairs, the source tables and previous_id_history (empty in the first month).
    """
    strict = group(pairs, thresholds.strict, score_pairs=score_pairs)
    loose = group(pairs, thresholds.loose, within=strict.label, score_pairs=score_pairs)
    _keep_groups(db, pairs, strict, loose)
    all_ids(db)
    db.execute("create or replace temp table _clusters as " + sql_text("identity_clusters"))
    assigned = ids.assign(db, "_clusters", "previous_id_history", month=month, key=key)
    assigned.ids.create_view("_ids", replace=True)
    db.execute("create or replace temp table identity_edges as " + sql_text("identity_edges"))
    db.execute("create or replace temp table identity_links as " + sql_text("identity_links"))
    db.execute(
        "create or replace temp table identity_review as " + sql_text("identity_review"), weight=thresholds.review
    )
    assigned.id_history.create_view("id_history", replace=True)
    db.execute("create or replace temp table merge_evidence as " + sql_text("merge_evidence"))
    return assigned


def _keep_groups(db: Engine, pairs: Pairs, strict: Partition, loose: Partition) -> None:
    """The groupings as tables: _groups (idx, strict, loose, suspicious) and _edge_states (idx_l, idx_r, state)."""
    suspicious = np.isin(strict.label, np.asarray(strict.suspicious, dtype=np.int64))
    groups = {"idx": np.arange(pairs.count), "strict": strict.label, "loose": loose.label, "suspicious": suspicious}
    inside = {name: made.label[pairs.a] == made.label[pairs.b] for name, made in (("strict", strict), ("loose", loose))}
    state = np.where(inside["strict"], "kept", np.where(inside["loose"], "loose", "review")).astype(object)
    for code, word in STATES.items():
        state[~inside["strict"] & (strict.edge_state == code)] = word
    _register(db, "_groups", groups)
    _register(db, "_edge_states", {"idx_l": pairs.a, "idx_r": pairs.b, "state": state})


def _register(db: Engine, name: str, columns: dict) -> None:
    db.connection.register(f"{name}_made", pa.table({key: pa.array(values) for key, values in columns.items()}))
    db.execute(f"create or replace temp table {name} as select * from {name}_made")
    db.connection.unregister(f"{name}_made")


def threshold_effect(
    db: Engine, pairs: Pairs, thresholds: Thresholds, at: Sequence[float], *, value: Value | None = None
) -> list[dict]:
    """What the threshold does to the figures: people, repeat rate and spend per person at each match weight.

    Rows for `at` and for the two thresholds in use (chosen: strict, loose). Customers are people with a completed
    order; repeat_rate is the share of them with two or more (Wilson interval, 95 %).
    Reads customer_orders' rules through the table _record_orders (record_id, orders, net_amount).
    """
    orders = db.query(sql_text("identity_orders_by_record")).fetchnumpy()
    days = db.query(sql_text("identity_order_days")).fetchnumpy() if value else None
    chosen = {thresholds.strict: "strict", thresholds.loose: "loose"}
    rows = []
    for threshold in sorted({*at, *chosen}):
        label = group(pairs, threshold).label
        person = _person(label, orders)
        worth = (
            value(person[days["position"]], days["order_day"], days["ordered"], days["net_amount"]) if value else None
        )
        row = {"threshold": threshold, "chosen": chosen.get(threshold)} | _figures(label, person, orders, threshold)
        rows.append(row | {"cltv_per_customer": worth})
    return rows


def _person(label: np.ndarray, orders: dict[str, np.ndarray]) -> np.ndarray:
    """Whose each id is in one grouping; ids without a customer record are people of their own."""
    known = orders["idx"] >= 0
    found = np.append(label, -1)[np.where(known, orders["idx"], -1)]
    return np.where(known, found, label.max(initial=-1) + 1 + np.arange(len(known)))


def _figures(label: np.ndarray, person: np.ndarray, orders: dict[str, np.ndarray], threshold: float) -> dict:
    """Figures of one grouping."""
    people, place = np.unique(person, return_inverse=True)
    bought = np.bincount(place, weights=orders["orders"], minlength=len(people))
    spent = np.bincount(place, weights=orders["net_amount"].astype(float), minlength=len(people))
    customers, repeaters = int((bought > 0).sum()), int((bought > 1).sum())
    low, high = wilson(repeaters, customers)
    sizes = np.bincount(label)
    return {
        "probability": 1 / (1 + 2.0**-threshold),
        "customers": customers,
        "merged_customers": int((sizes > 1).sum()),
        "orders": int(bought.sum()),
        "repeat_rate": repeaters / customers if customers else None,
        "repeat_low": float(low) if customers else None,
        "repeat_high": float(high) if customers else None,
        "spend_per_customer": float(spent[bought > 0].sum()) / customers if customers else None,
    }
