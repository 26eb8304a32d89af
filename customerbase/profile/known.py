"""How much of the base is known: which fields are filled, by which system, for how many customers."""

import math

import pandas as pd

from customerbase.engine import Engine
from customerbase.i18n import MISSING
from customerbase.profile.rules import fields
from customerbase.profile.survivorship import candidate_steps, query, select

TOGETHER = ""  # all source systems together


def known(db: Engine) -> pd.DataFrame:
    """Customers for whom a field is known, by source system and over all of them.

    Columns: field, source_system ("" for all together), customers (with a usable value), of (customers with an account
    there; together: all customers), share (None where there are none). After profile().
    """
    found = pd.concat([_together(db), _by_system(db)], ignore_index=True)
    found["share"] = found["customers"] / found["of"].where(found["of"] > 0)
    return found


def _together(db: Engine) -> pd.DataFrame:
    names = list(fields())
    columns = ", ".join(f"count({name}_account)" for name in names)
    counts = db.query(f"select {columns} from profile_winners").fetchall()[0]
    total = db.query("select count(*) from profile").fetchall()[0][0]
    return pd.DataFrame({"field": names, "source_system": TOGETHER, "customers": counts, "of": total})


def _by_system(db: Engine) -> pd.DataFrame:
    chosen = list(fields().values())
    has = [f"max(case when {field.name}_filled then 1 else 0 end) as {field.name}" for field in chosen]
    sums = [f"cast(coalesce(sum({field.name}), 0) as bigint) as {field.name}" for field in chosen]
    steps = candidate_steps(chosen)
    steps["people"] = select(["customer_id", "source_system", *has], "candidates group by customer_id, source_system")
    steps["final"] = select(["source_system", "count(*) as people", *sums], "people group by source_system")
    counts = db.query(f"{query(**steps)} order by source_system").df().rename(columns={"people": "of"})
    return counts.melt(["source_system", "of"], var_name="field", value_name="customers")


def cells(found: pd.DataFrame, k_min: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares known, and how they are written: fields down, all systems together and then each across, best known first.

    A cell that would tell of 1 to k_min − 1 customers with a value, or without one, gives the bound instead ("<8%",
    ">92%"); systems of fewer than k_min customers are left out.
    """
    found = found[(found["of"] >= k_min) | (found["source_system"] == TOGETHER)]
    told = [_cell(int(has), int(of), k_min) for has, of in zip(found["customers"], found["of"], strict=True)]
    found = found.assign(share=[share for share, _ in told], text=[text for _, text in told])
    shares, texts = (found.pivot(index="field", columns="source_system", values=name) for name in ("share", "text"))
    order = shares[TOGETHER].sort_values(ascending=False, kind="stable").index
    return shares.loc[order], texts.loc[order]


def _cell(customers: int, of: int, k_min: int) -> tuple[float, str]:
    if of < k_min:
        return float("nan"), MISSING
    if 0 < customers < k_min:
        return k_min / of, f"<{math.ceil(100 * k_min / of)}%"
    if 0 < of - customers < k_min:
        return 1 - k_min / of, f">{math.floor(100 - 100 * k_min / of)}%"
    return customers / of, f"{customers / of:.0%}"


known.definition_ja = "その項目に使える値のある顧客の割合（全体と、取引システムごとの登録者）"
