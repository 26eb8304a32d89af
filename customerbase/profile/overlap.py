"""What bringing accounts together shows: who stands in which systems, and how much a single system would miss."""

import duckdb
import numpy as np
import pandas as pd

from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine


def channel_overlap(db: Engine) -> duckdb.DuckDBPyRelation:
    """Customers by the combination of source systems they stand in, joined by semicolons; the largest first.

    With buyers and net spend. After profile(); lazy.
    """
    return db.run("profile_overlap")


def shown_overlap(overlap: pd.DataFrame, k_min: int) -> tuple[pd.DataFrame, dict[str, int | None]]:
    """The combinations that may be shown beside the number of all customers, and each system's own number.

    Combinations of fewer than k_min customers are left out, with as many others as it takes that no total gives them
    back. A system's own number is None where a combination with it is left out: several such numbers together could
    give one away.
    """
    hidden = suppress_parts(overlap["customers"].to_numpy(), k_min)
    parts = [set(names.split(";")) for names in overlap["systems"]]
    sizes: dict[str, int | None] = {}
    for system in sorted(set().union(*parts)):
        own = np.array([system in part for part in parts])
        sizes[system] = None if (own & hidden).any() else int(overlap["customers"][own].sum())
    return overlap[~hidden], sizes


def merging(db: Engine) -> pd.DataFrame:
    """Buyers, their repeat rate, orders and net spend a head: counted by account, and by customer.

    counted_by: account (what each system alone would see) or customer; repeat_rate: share of buyers with two orders
    or more; None where there is no buyer. After profile().
    """
    found = db.run("profile_merging").df().set_index("counted_by").reindex(["account", "customer"])
    found = found.astype("float64").fillna({"buyers": 0, "repeat_buyers": 0, "orders": 0, "net_spend": 0})
    heads = found["buyers"].where(found["buyers"] > 0)
    found["repeat_rate"] = found["repeat_buyers"] / heads
    found["orders_per_buyer"] = found["orders"] / heads
    found["net_spend_per_buyer"] = found["net_spend"] / heads
    whole = dict.fromkeys(("buyers", "repeat_buyers", "orders"), "int64")
    return found.astype(whole).reset_index()


def merged(db: Engine) -> pd.DataFrame:
    """Customers by how many accounts they have (1, 2, 3+), with their orders and net spend.

    After profile().
    """
    found = db.run("profile_merged").df().astype({"net_spend": "float64"})
    found["accounts"] = found["accounts"].map({1: "1", 2: "2"}).fillna("3+")
    return found.groupby("accounts", as_index=False)[["customers", "buyers", "orders", "net_spend"]].sum()


channel_overlap.definition_ja = "登録のある取引システムの組み合わせごとの顧客数"
merged.definition_ja = "登録（アカウント）の数ごとの顧客数と、純購入額の割合"
merging.definition_ja = "登録ごと・人ごとに数えた購入者、2回以上買った人の割合、1人あたりの注文と純購入額"
