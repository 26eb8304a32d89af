"""The page: a customer by id, as Customer 360 looks one up; both lists with reasons, and what goes with the last purchases."""

import html
from typing import ClassVar

import ipywidgets as widgets

from customerbase.widgets.customer.page import Customer
from customerbase.widgets.customer.terms import Terms
from customerbase.widgets.recommendations import lists
from customerbase.widgets.recommendations.book import Book


class Recommendations(Customer):
    """A field for an id, what to offer that customer and why, and lists of people worth a look; for analysts alone."""

    name = "recommendations"
    opens: ClassVar[type[Book]] = Book

    def _parts_of(self, customer: str, book: Book, terms: Terms) -> list[widgets.Widget]:
        """Head, both lists, what goes with the last purchases."""
        rows = book.offered(customer)
        made = [self.html(_head(customer, lists.sentences(book.bought_last(customer), rows, terms), terms))]
        made[0].add_class("karte")
        for name in lists.LISTS:
            table = lists.offered(rows, name, terms)
            empty = self._empty(lists.word(f"list.{name}", terms), lists.word("no_list", terms))
            saved = f"customer-{customer}-{name}"
            made.append(self.table(table, saved, lists.NOTEBOOKS["lists"]).add_class("offers") if table else empty)
        table = lists.goes_with(book.goes_with(customer), terms)
        empty = self._empty(lists.word("goes", terms), lists.word("goes_none", terms))
        saved = f"customer-{customer}-goes"
        made.append(self.table(table, saved, lists.NOTEBOOKS["goes"]).add_class("offers") if table else empty)
        return made

    def _empty(self, title: str, said: str) -> widgets.HTML:
        return self.html(f'<h2>{html.escape(title)}</h2><p class="empty">{html.escape(said)}</p>')


def _head(customer: str, told: list[tuple[str, str]], terms: Terms) -> str:
    title = html.escape(terms.say("customer", customer=customer))
    said = "".join(f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd></div>" for label, text in told)
    caption = html.escape(terms.caption("", None, "last"))
    return (
        f'<section><h2 tabindex="-1">{title}</h2><dl class="sentences">{said}</dl></section>'
        f'<p class="caption">{caption}</p>'
    )
