"""The timeline: everything that happened between a customer and the company, over all sources."""

from datetime import date, timedelta

import duckdb

from customerbase.engine import Engine


def timeline(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """One row per event of a customer up to as_of, with its kind, its source row and a reference; ids and codes only.

    Reads identity_links, customers_std, orders, refunds, inquiries, web_events, campaign_contacts, survey_answers,
    reviews, loyalty_points and consents. Events without a time are left out. The amounts of a customer add up to
    their net spend in the profile. Lazy.
    """
    return db.run("profile_timeline", until=as_of + timedelta(days=1))
