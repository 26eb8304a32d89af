"""Customer 360 (顧客カルテ): one customer by id, read from the analysts' tables; no contact data."""

from customerbase.widgets.customer.page import Customer

__all__ = ["Customer"]
