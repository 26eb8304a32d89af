"""Behaviour of customers up to a day, and what came after: months, features, snapshots, labels.

Functions read tables by name from `db` (an Engine); a result that others read is registered there under its own name.
"""

from customerbase.features.behaviour import (
    HISTORY,
    customer_attributes,
    customer_features,
    customer_months,
    customer_orders,
    keep,
    require_orders,
)
from customerbase.features.matrix import matrix
from customerbase.features.members import members_hashes
from customerbase.features.monthly import HORIZONS, LeakTest, Monthly, leak_test, monthly_snapshots
from customerbase.features.months import Months, additive_months, customer_sales, sales_months
from customerbase.features.names import Feature, blocks, features
from customerbase.features.snapshots import (
    ELIGIBLE_DAYS,
    category_features,
    category_labels,
    category_popularity,
    labels,
    monthly_cutoffs,
    see,
    snapshot,
    training_cutoffs,
)

__all__ = [
    "ELIGIBLE_DAYS",
    "HISTORY",
    "HORIZONS",
    "Feature",
    "LeakTest",
    "Monthly",
    "Months",
    "additive_months",
    "blocks",
    "category_features",
    "category_labels",
    "category_popularity",
    "customer_attributes",
    "customer_features",
    "customer_months",
    "customer_orders",
    "customer_sales",
    "features",
    "keep",
    "labels",
    "leak_test",
    "matrix",
    "members_hashes",
    "monthly_cutoffs",
    "monthly_snapshots",
    "require_orders",
    "sales_months",
    "see",
    "snapshot",
    "training_cutoffs",
]
