"""The large tables of a run, summed up to what a report shows of them."""

import pandas as pd

from customerbase.engine import Engine
from customerbase.features.snapshots import exists

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
# what is made only where the tables are that it is made from: pages that a pipeline may lack
WHERE_THERE = {
    "product_pairs": ("product_pairs", "products_sold"),
    "next_products": ("next_products", "products_sold"),
    "product_names": ("products_sold",),
    "offers": ("recommendations", "rfm", "products_sold"),
}


def summed_up(db: Engine) -> dict[str, pd.DataFrame]:
    """Counts and amounts without a customer: rows set aside by reason and by file, lines by type, documents by status,
    identity, customer lifetime value, risk of leaving and what a campaign against it asks of customers, ranks of RFM, worth
    and risk of segments; names of campaigns, subjects and categories. Of products the strongest pairs, what is bought next,
    and what is offered most by segment, where the pages were run that find them.

    Reads quarantine, line_types, orders, identity_links, profile, identity_review, id_changes, cltv, churn, rfm, campaigns and timeline.
    Everything is up to the as-of date, all months together; id_changes tells of the month alone.
    """
    there = [name for name, tables in WHERE_THERE.items() if all(exists(db, table) for table in tables)]
    return {name: db.run(f"report_{name}").df() for name in (*LARGE, *there)}
