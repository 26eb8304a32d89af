"""The profile itself: one row per customer, of what survived of their accounts and what they did up to as_of."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import duckdb

from customerbase import features
from customerbase.engine import Engine, sql_text
from customerbase.profile.rules import fields
from customerbase.profile.survivorship import survivors_sql, winners

# of the contact fields only what the profile is derived from; the values themselves stay in the contact tables
DERIVED_FROM = ("prefecture", "town", "birth_date")


def profile(
    db: Engine,
    *,
    as_of: date,
    source_priority: Iterable[str] = (),
    rules: Mapping[str, Sequence[str]] | None = None,
) -> duckdb.DuckDBPyRelation:
    """One row per customer: attributes by survivorship with their source rows, behaviour up to as_of.

    Reads customers_std, identity_links, orders, refunds, order_lines, products, web_events, campaign_contacts,
    inquiries, reviews, survey_answers and loyalty_points; any of them may be empty. What counts as an order and as
    revenue: customerbase.features. source_priority: source systems, the most trusted first; rules: for single fields
    other rules than survivorship.yaml's. No contact column; money in the currency of the orders.
    The result is held as `profile`, for the other functions of this package. Raises ConfigError for unknown rules.
    """
    winners(db, source_priority=source_priority, rules=rules)
    _survivors(db)
    _behaviour(db, as_of)
    features.keep(db, "profile", sql_text("profile_rows"), as_of=as_of)
    return db.query("select * from profile")


def _survivors(db: Engine) -> None:
    chosen = fields().values()
    carry = [column for field in chosen if not field.contact for column in field.columns]
    features.keep(db, "profile_survivors", survivors_sql(chosen, [*carry, *DERIVED_FROM]))


def _behaviour(db: Engine, as_of: date) -> None:
    features.customer_orders(db, as_of=as_of)
    features.keep(db, "profile_order_groups", sql_text("profile_order_groups"))
    features.keep(db, "profile_orders", sql_text("profile_orders"))
    features.keep(db, "profile_categories", sql_text("profile_categories"))
    until = as_of + timedelta(days=1)
    features.keep(db, "profile_engagement", sql_text("profile_engagement"), until=until)
