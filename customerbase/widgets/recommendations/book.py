"""What the published month offers one customer, read by customer id alone."""

from typing import ClassVar

import customerbase.widgets.customer.book as customers


class Book(customers.Book):
    """The tables of Customer 360 and those of recommendations and related products."""

    tables: ClassVar[tuple[str, ...]] = (
        *customers.TABLES,
        *("recommendations", "last_products", "product_pairs", "next_products", "products_sold"),
    )

    def offered(self, customer: str) -> list[dict]:
        """The products of both lists, by list and rank."""
        return self._of(customer, "board_offered")

    def bought_last(self, customer: str) -> list[dict]:
        """The products bought last, the newest first."""
        return self._of(customer, "board_bought_last")

    def goes_with(self, customer: str) -> list[dict]:
        """What goes with them."""
        return self._of(customer, "board_goes_with")
