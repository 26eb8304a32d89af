"""Customer 360 (顧客カルテ): one customer by id, or from a list of people worth a look."""

import html
import re
from collections.abc import Callable
from datetime import date
from typing import ClassVar

import duckdb
import ipywidgets as widgets

import customerbase.widgets.customer.events as events
import customerbase.widgets.customer.merges as merges
import customerbase.widgets.customer.people as people
import customerbase.widgets.customer.scores as scores
from customerbase import i18n
from customerbase.dashboards.part import Part, Table
from customerbase.errors import TableError
from customerbase.periods import month_label, parse_month
from customerbase.tables import store
from customerbase.widgets.customer.book import ID, LISTS, Book, Found, asked_for
from customerbase.widgets.customer.card import Card, sentences
from customerbase.widgets.customer.terms import Terms
from customerbase.widgets.page import Page

ALL = ""
_MISTYPED = re.compile(r"[Cc](?=.*[0-9])[0-9A-Za-z]{0,20}")  # what may stay in the field: an id with a slip in it
_ID_CELL = re.compile(rf'(<th scope="row"[^>]*>)({ID.pattern})(</th>)')


class Customer(Page):
    """A field for an id, the record of that customer, and lists of people worth a look; for analysts alone.

    What is typed counts only as an id in its known form. It is kept nowhere but in the field itself, which is emptied of
    anything that does not look like an id with a slip in it: a name or an address typed by mistake does not stay.
    """

    name = "customer"
    opens: ClassVar[type[Book]] = Book

    def __init__(self, pipeline: str, language: str = "ja"):
        self._entry = widgets.Text(continuous_update=False).add_class("ask")
        self._open = widgets.Button().add_class("open")
        self._said = widgets.HTML()
        self._record, self._list, self._happened = (widgets.VBox() for _ in range(3))
        self._asked, self._typed = "", False  # an id in the known form; whether anything was typed at all
        self._settling = False
        self._by = LISTS[0]
        self._books: dict[tuple[str, str], Book] = {}
        super().__init__(pipeline, language)
        self._entry.observe(lambda _: self._look_up(), names="value")  # the button sends the field (customer.js)

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """The field, what it found, the customer's record, the list."""
        book = self._book()
        terms = self._terms(parts["terms", ""], book)
        self._entry.description, self._open.description = terms.word("ask"), terms.word("open")
        self._entry.placeholder = "C0123456789ABCDEF"
        self._draw_record(book, terms)
        field = widgets.HBox([self._entry, self._open]).add_class("lookup")
        chooser = self.choice("board_customer.list.by", self._lists(terms), lambda by: self._guarded(self._choose, by))
        chooser.value = self._by
        self._draw_list(book, terms)
        head = self.html(f"<h2>{html.escape(terms.word('list.title'))}</h2>")
        listed = widgets.VBox([head, chooser.add_class("chooser"), self._list]).add_class("people")
        return [field, self._said, self._record, listed]

    def _terms(self, part: Part, book: Book) -> Terms:
        return Terms(part.numbers(), book.as_of, self.language)

    def _book(self) -> Book:
        """The tables of the chosen month, opened once for a run."""
        key = (self.month, str(store.pointed(self.pipeline, self.month)))
        if key not in self._books:
            about = store.current(self.pipeline, self.month) or {}
            tables = store.published_tables(self.pipeline, self.month)
            self._books = {key: self.opens(tables, date.fromisoformat(about["as_of"]))}
        return self._books[key]

    def _now(self) -> tuple[Book, Terms]:
        book = self._book()
        return book, self._terms(self.parts()["terms", ""], book)

    def _guarded(self, draw: Callable, *arguments: object) -> None:
        """Draw a part of the page; says so when the month was published anew or taken back while it stood open."""
        try:
            draw(*arguments)
        except (OSError, TableError, KeyError, duckdb.Error):
            self.page.children = [self.notice("serving.failed")]

    def _look_up(self) -> None:
        """Show whom the field names, or why it names nobody."""
        if self._settling:  # what stands in the field was set here
            return
        text = self._entry.value
        self._asked, self._typed = asked_for(text), bool(text.strip())
        self._settling, self._entry.value = True, self._asked or (text if _MISTYPED.fullmatch(text) else "")
        self._settling = False
        self._guarded(lambda: self._draw_record(*self._now()))

    def _status(self, key: str, **told: str) -> str:
        said = html.escape(i18n.sentence(f"board_customer.{key}", self.language, **told))
        kind = "" if key in ("choose", "found") else " notice"
        form = html.escape(i18n.word("board_customer.form", self.language))
        told = f'<p class="help">{form}</p><p class="said{kind}" role="status">{said}</p>'
        return f'<div lang="{self.language}">{told}</div>'

    def _draw_record(self, book: Book, terms: Terms) -> None:
        found = book.find(self._asked) if self._typed else None
        self._said.value = self._answer(found, terms)
        self._record.children = self._parts_of(found.customer, book, terms) if found and found.customer else []

    def _answer(self, found: Found | None, terms: Terms) -> str:
        match found and found.state:
            case "found":
                return self._status("found", customer=found.customer)
            case "merged":
                since = month_label(found.since, terms.language)
                return self._status("merged", id=found.asked, customer=found.customer, since=since)
            case "unknown":
                month = month_label(parse_month(self.month), terms.language)
                return self._status("unknown", id=found.asked, month=month)
        return self._status("malformed" if found else "choose")

    def _parts_of(self, customer: str, book: Book, terms: Terms) -> list[widgets.Widget]:
        """The record: head, scores, what happened, consents, evidence of the merge."""
        card = Card(
            book.head(customer),
            book.segments(customer),
            book.rules(customer),
            book.reasons(customer),
            book.alike(),
            book.likely(customer),
            book.consents(customer),
            bool(book.people("priority")),
        )
        head = self.html(_head(customer, card, terms)).add_class("karte")
        table = self.table(scores.table(card, terms), f"customer-{customer}-scores").add_class("scores")
        return [head, table, *self._history(customer, book, terms), *self._consents(customer, card, terms),
                self._merge(customer, card, book, terms)]  # fmt: skip

    def _history(self, customer: str, book: Book, terms: Terms) -> list[widgets.Widget]:
        """The picture of all months, and the events of the month chosen."""
        rows = book.months(customer)
        head = f"<h2>{html.escape(terms.word('timeline.history'))}</h2>"
        shown = self.html(head + events.picture(rows, terms) + self.hop("03_profile"))

        def draw(choice: str) -> None:
            month = date.fromisoformat(choice) if choice else None
            known = events.counted(rows, month)
            if not known:
                self._happened.children = [
                    self.html(f'<p class="empty">{html.escape(terms.word("timeline.none"))}</p>')
                ]
                return
            table = events.table(book.events(customer, month), known, terms)
            self._happened.children = [self.table(table, f"customer-{customer}-events", "03_profile")]

        options = [(terms.word("timeline.all"), ALL)]
        options += [(month_label(month, terms.language), month.isoformat()) for month in events.months(rows)]
        chooser = self.choice("board_customer.timeline.month", options, lambda month: self._guarded(draw, month))
        draw(ALL)
        return [shown, chooser.add_class("chooser"), self._happened]

    def _consents(self, customer: str, card: Card, terms: Terms) -> list[widgets.Widget]:
        head = self.html(f"<h2>{html.escape(terms.word('consent.title'))}</h2>")
        if not card.consents:
            return [head, self.html(f'<p class="empty">{html.escape(terms.word("consent.none"))}</p>')]
        table = merges.consents(card.consents, int(card["accounts"]), terms)
        return [head, self.table(table, f"customer-{customer}-consents", "03_profile")]

    def _merge(self, customer: str, card: Card, book: Book, terms: Terms) -> widgets.VBox:
        links, accounts = book.links(customer), int(card["accounts"])
        told = merges.told(links, book.former(customer), accounts, terms)
        head = self.html(f"<h2>{html.escape(terms.word('merge.title'))}</h2><p>{html.escape(told)}</p>")
        if not links:
            return widgets.VBox([head])
        table = self.table(merges.table(links, accounts, terms), f"customer-{customer}-merge", "02_identity")
        return widgets.VBox([head, table])

    def _lists(self, terms: Terms) -> list[tuple[str, str]]:
        return [(terms.word(f"list.{by}"), by) for by in LISTS]

    def _choose(self, by: str) -> None:
        self._by = by
        self._draw_list(*self._now())

    def _draw_list(self, book: Book, terms: Terms) -> None:
        table = people.table(self._by, book.people(self._by), terms)
        if table is None:
            self._list.children = [self.html(f'<p class="empty">{html.escape(terms.word("list.none"))}</p>')]
            return
        self._list.children = [self.table(table, f"customer-list-{self._by}", people.NOTEBOOKS[self._by])]

    def table(self, table: Table, name: str, notebook: str = "") -> widgets.VBox:
        """A table as on every page; an id at the head of a row is a button that opens the customer (customer.js)."""
        made = super().table(table, name, notebook)
        made.children[0].value = _ID_CELL.sub(
            r'\1<button type="button" class="person">\2</button>\3', made.children[0].value
        )
        return made


def _head(customer: str, card: Card, terms: Terms) -> str:
    title = html.escape(terms.say("customer", customer=customer))
    told = "".join(
        f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd></div>"
        for label, text in sentences(card, terms)
    )
    caption = html.escape(terms.caption("", None, "head"))
    return (
        f'<section><h2 tabindex="-1">{title}</h2><dl class="sentences">{told}</dl></section>{scores.tiles(card, terms)}'
        f'<p class="caption">{caption}</p>'
    )
