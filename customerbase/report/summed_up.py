"""The large tables of a run, summed up to what a report shows of them."""

import pandas as pd

from customerbase.engine import Engine

LARGE = (
    "quarantine",
    "quarantine_files",
    "line_types",
    "documents",
    "identity_links",
    "profile",
    "identity_review",
    "id_changes",
    "cltv",
    "cltv_classes",
    "churn",
    "prospects",
    "rfm",
    "names",
    "segment_worth",
)


def summed_up(db: Engine) -> dict[str, pd.DataFrame]:
    """Counts and amounts without a customer: rows set aside by reason and by file, lines by type, documents by status,
    identity, customer lifetime value, risk of leaving and what a campaign against it asks of customers, ranks of RFM, worth
    and risk of segments; names of campaigns, subjects and categories.

    Reads quarantine, line_types, orders, identity_links, profile, identity_review, id_changes, cltv, churn, rfm, campaigns and timeline.
    Everything is up to the as-of date, all months together; id_changes tells of the month alone.
    """
    return {name: db.run(f"report_{name}").df() for name in LARGE}
