"""The page: a customer by id, as Customer 360 looks one up; both lists with reasons, and what goes with the last purchases."""

import html
from typing import ClassVar

import ipywidgets as widgets

import customerbase.widgets.recommendations.lists as lists
from customerbase.dashboards.part import Table
from customerbase.widgets.customer.page import Customer
from customerbase.widgets.customer.terms import Terms
from customerbase.widgets.page import Page
from customerbase.widgets.recommendations.book import Book


class Recommendations(Customer):
    """A field for an id, what to offer that customer and why, and lists of people worth a look; for analysts alone."""

    name = "recommendations"
    opens: ClassVar[type[Book]] = Book

    def _parts_of(self, customer: str, book: Book, terms: Terms) -> list[widgets.Widget]:
        """Head, both lists, what goes with the last purchases."""
        rows = book.offered(customer)
        head = self.html(_head(customer, lists.sentences(book.bought_last(customer), rows, terms), terms))
        told = [(name, lists.offered(rows, name, terms), "no_list", "lists") for name in lists.LISTS]
        told.append(("goes", lists.goes_with(book.goes_with(customer), terms), "goes_none", "goes"))
        return [head.add_class("karte"), *(self._listed(customer, *one, terms) for one in told)]

    def _listed(
        self, customer: str, name: str, table: Table | None, none: str, made: str, terms: Terms
    ) -> widgets.Widget:
        """A table with its buttons, or why there is none."""
        if table is None:
            title = html.escape(lists.word("goes" if name == "goes" else f"list.{name}", terms))
            return self.html(f'<h2>{title}</h2><p class="empty">{html.escape(lists.word(none, terms))}</p>')
        # as on any page: a product that is called like a customer's id opens nobody
        return Page.table(self, table, f"customer-{customer}-{name}", lists.NOTEBOOKS[made])


def _head(customer: str, told: list[tuple[str, str]], terms: Terms) -> str:
    title = html.escape(terms.say("customer", customer=customer))
    said = "".join(f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd></div>" for label, text in told)
    caption = html.escape(terms.caption("", None, "last"))
    return (
        f'<section><h2 tabindex="-1">{title}</h2><dl class="sentences">{said}</dl></section>'
        f'<p class="caption">{caption}</p>'
    )
