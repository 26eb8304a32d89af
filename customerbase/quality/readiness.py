"""Readiness: which groups of records a company holds, how full they are, and which analyses that makes possible."""

from dataclasses import dataclass

import pandas as pd

from customerbase.engine import Engine, identifier


@dataclass(frozen=True)
class Group:
    """One table of a record group and the columns that make it useful."""

    name: str
    requirement: str
    table: str
    columns: tuple[str, ...]

    @property
    def id(self) -> str:
        """How NEEDS names it."""
        return f"{self.name}.{self.table}"


GROUPS = (
    Group(
        "basic", "required", "customers_src", ("last_name", "first_name", "postal_code", "address1", "email", "phone")
    ),
    Group("purchase", "required", "orders", ("source_customer_id", "order_at", "total")),
    Group("purchase", "required", "order_lines", ("product_id", "qty", "amount")),
    Group("satisfaction", "required", "inquiries", ("source_customer_id", "opened_at", "category", "closed_at")),
    Group("satisfaction", "required", "survey_answers", ("source_customer_id", "answered_at", "answer_num")),
    Group("attributes", "required", "customers_src", ("gender", "birth_date", "occupation", "interests", "pref")),
    Group("communication", "optional", "campaign_contacts", ("source_customer_id", "campaign_id", "sent_at")),
    Group("communication", "optional", "consents", ("source_customer_id", "channel", "state")),
    Group("loyalty", "optional", "loyalty_points", ("source_customer_id", "txn_at", "delta")),
    Group("voice", "optional", "reviews", ("product_id", "posted_at", "stars", "text")),
)

# Stage -> sets of groups, any one of which is enough.
NEEDS: dict[str, tuple[frozenset[str], ...]] = {
    "identity": (frozenset({"basic.customers_src"}),),
    "profile": (frozenset({"basic.customers_src", "purchase.orders"}),),
    "segments": (frozenset({"purchase.orders"}),),
    "cltv": (frozenset({"purchase.orders"}),),
    "churn": (frozenset({"purchase.orders"}),),
    "propensity": (frozenset({"purchase.orders", "purchase.order_lines"}),),
    "recommend": (frozenset({"purchase.orders", "purchase.order_lines"}),),
    "satisfaction": tuple(
        frozenset({group}) for group in ("satisfaction.inquiries", "satisfaction.survey_answers", "voice.reviews")
    ),
    "audiences": (frozenset({"basic.customers_src", "purchase.orders"}),),
    "campaigns": (frozenset({"communication.campaign_contacts", "purchase.orders"}),),
    "kpi": (frozenset({"purchase.orders"}),),
    "monthly_report": (frozenset({"purchase.orders"}),),
}


def readiness(db: Engine) -> pd.DataFrame:
    """One row per group and table: requirement, present, rows, fill_rate (share of the group's cells filled), unlocks.

    present: the table has rows and the group's columns are not all empty. unlocks: for a present group the stages it
    makes possible, for an absent one those that it alone would add (with the other groups as they are).
    """
    measured = [(group, *_measure(db, group)) for group in GROUPS]
    there = {group.id for group, rows, filled in measured if rows and filled}
    return pd.DataFrame(
        [
            {
                "group_name": group.name,
                "requirement": group.requirement,
                "table_name": group.table,
                "present": group.id in there,
                "rows": rows,
                "fill_rate": filled / (rows * len(group.columns)) if rows else None,
                "unlocks": ",".join(_stages(group.id, there)),
            }
            for group, rows, filled in measured
        ]
    ).astype({"fill_rate": "Float64"})


def _measure(db: Engine, group: Group) -> tuple[int, int]:
    filled = " + ".join(f"count({identifier(column)})" for column in group.columns)
    return db.connection.execute(f"select count(*), {filled} from {identifier(group.table)}").fetchall()[0]


def _stages(group: str, there: set[str]) -> list[str]:
    """Stages that need the group and lack nothing else."""
    return [stage for stage, sets in NEEDS.items() if any(group in need and need - {group} <= there for need in sets)]


def unlocked(table: pd.DataFrame) -> list[str]:
    """The stages that the groups present in a readiness table make possible, in the order of the notebooks."""
    there = {f"{row.group_name}.{row.table_name}" for row in table.itertuples() if row.present}
    return [stage for stage, sets in NEEDS.items() if any(need <= there for need in sets)]


def locked(table: pd.DataFrame) -> dict[str, list[str]]:
    """Stage that is not possible yet -> the smallest set of missing groups that would make it so."""
    there = {f"{row.group_name}.{row.table_name}" for row in table.itertuples() if row.present}
    missing = {stage: [sorted(need - there) for need in sets] for stage, sets in NEEDS.items()}
    return {
        stage: min(sets, key=lambda groups: (len(groups), groups)) for stage, sets in missing.items() if [] not in sets
    }
