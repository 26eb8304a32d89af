"""What all dashboard pages share: month and language, prepared parts, choices, and tables that can be saved."""

import base64
import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards import show
from customerbase.dashboards.part import HTML, TABLE, Part, Table
from customerbase.engine import bind
from customerbase.errors import TableError
from customerbase.periods import month_label, parse_month
from customerbase.tables import store

PARTS, STYLE = "dashboard_parts", "style"
SAVED = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
LABELS = ("search", "sort", "found", "all", "less", "none", "svg", "png")  # of what page.js adds to tables and figures
_READ = """
select page, language, name, kind, content, choice, notebook from read_parquet($path)
where page in ($page, $style) and language = $language order by position
"""


class Page:
    """A page: controls on top, below it what `body` makes of the parts of the chosen month and language.

    A subclass sets `name`, the page in dashboard_parts, and may override `body`. pipeline: whose published months are
    offered. Raises TableError when nothing is published.
    """

    name = ""

    def __init__(self, pipeline: str, language: str = "ja"):
        self.pipeline = pipeline
        self.months = store.published_months(pipeline)
        if not self.months:
            raise TableError(f"nothing is published for pipeline {pipeline!r}. Run `make report PIPELINE={pipeline}`.")
        self.language_choice = widgets.ToggleButtons(
            options=[("日本語", "ja"), ("English", "en")], value=i18n.check_language(language)
        )
        self.month_choice = widgets.Dropdown()
        self._kept: dict[tuple[str, str, str], dict[tuple[str, str], Part]] = {}
        self._title, self._saver = widgets.HTML(), widgets.HTML().add_class("saver")
        self.page = widgets.VBox().add_class("page")
        self._naming = False
        name, question = (
            html.escape(i18n.word(f"dashboard.{key}.{self.name}", language)) for key in ("page", "question")
        )
        self._title.value = (
            f'<div class="report head" lang="{language}"><h1>{name}</h1><p class="asof">{question}</p></div>'
        )
        self._name_controls()
        for control in (self.month_choice, self.language_choice):
            control.observe(self._changed, names="value")

    @property
    def language(self) -> str:
        """The language chosen."""
        return self.language_choice.value

    @property
    def month(self) -> str:
        """The month chosen, as 2026-10."""
        return self.month_choice.value

    def show(self) -> widgets.VBox:
        """The whole page."""
        self.draw()
        controls = widgets.HBox([self.month_choice, self.language_choice]).add_class("controls")
        return widgets.VBox([self._title, controls, self.page, self._saver])

    def draw(self) -> None:
        """Fill the page for the chosen month and language; says so when the month cannot be read."""
        if self.month not in self.months or self.language not in i18n.LANGUAGES:  # a browser may send anything
            return
        try:
            parts = self.parts()
            style, own = self._split(parts)
            children = [*style, *self.body(own)] if own else [self.notice("dashboard.not_prepared")]
        except (OSError, TableError, duckdb.Error):  # published anew or taken back while this page stood open
            children = [self.notice("serving.failed")]
        self.page.children = children

    def parts(self, month: str = "") -> dict[tuple[str, str], Part]:
        """(name, choice) -> part of this page and its style in the chosen language, in reading order; {} without any.

        month: the chosen one unless another published one is given.
        """
        month = month or self.month
        key = (month, str(store.pointed(self.pipeline, month)), self.language)
        if key not in self._kept:
            path = store.published_tables(self.pipeline, month).get(PARTS)
            rows = _rows(path, self.name, self.language) if path else []
            self._kept[key] = {(part.name, part.choice): part for part in (Part(*row) for row in rows)}
        return self._kept[key]

    def _split(self, parts: dict[tuple[str, str], Part]) -> tuple[list[widgets.HTML], dict[tuple[str, str], Part]]:
        own = {key: part for key, part in parts.items() if part.page == self.name}
        style = [widgets.HTML(part.content) for part in parts.values() if part.page == STYLE]
        return style, own

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """The widgets below the controls; here all parts without a choice, one after the other."""
        return [self.place(part) for (_, choice), part in parts.items() if not choice]

    def place(self, part: Part) -> widgets.Widget:
        """A part as a widget: HTML as it is, a table with buttons that save it."""
        if part.kind == HTML:
            return self.html(part.content + self.hop(part.notebook))
        if part.kind == TABLE:
            return self.table(part.table(), f"{self.name}-{part.name}", part.notebook)
        raise ValueError(f"part {part.name!r} of page {part.page!r} is of kind {part.kind!r}, which no page can place")

    def html(self, content: str) -> widgets.HTML:
        """A piece of HTML in the language of the page; everything in it that comes from data is escaped already."""
        return widgets.HTML(self.filled(content))

    def filled(self, content: str) -> str:
        """The same as a value, for a widget whose content changes."""
        labels = "".join(
            f' data-{key}="{html.escape(i18n.word(f"dashboard.{key}", self.language), quote=True)}"' for key in LABELS
        )
        return f'<div class="report" lang="{self.language}"{labels}>{content}</div>'

    def notice(self, key: str) -> widgets.HTML:
        """A notice out of words.yaml."""
        return widgets.HTML(f"<p class='notice' role='status'>{html.escape(i18n.word(key, self.language))}</p>")

    def hop(self, notebook: str) -> str:
        """Where the numbers are made: the notebook behind a part."""
        if not notebook:
            return ""
        said = i18n.sentence("dashboard.notebook", self.language, name=f"notebooks/{notebook}.ipynb")
        return f'<p class="hop">{html.escape(said)}</p>'

    def table(self, table: Table, name: str, notebook: str = "") -> widgets.VBox:
        """A table to sort and search, with buttons that save it as CSV and as a workbook."""
        buttons = [
            self.button(f"dashboard.{kind}", partial(self.save, table, name, kind, self.month, self.language))
            for kind in SAVED
        ]
        shown = self.html(show.table_html(table, self.language) + self.hop(notebook))
        return widgets.VBox([shown, widgets.HBox(buttons).add_class("save")])

    def button(self, key: str, clicked: Callable[[], None]) -> widgets.Button:
        """A button with a word of words.yaml."""
        made = widgets.Button(description=i18n.word(key, self.language))
        made.on_click(lambda _: clicked())
        return made

    def choice(
        self, key: str, options: list[tuple[str, str]], chosen: Callable[[str], None], first: str = ""
    ) -> widgets.Dropdown:
        """A choice among (label, value); `chosen` gets a value of them and nothing else, whatever a browser sends.

        first: the value that stands there at the beginning; the first unless it is given.
        """
        about = {"value": first} if first else {}
        made = widgets.Dropdown(options=options, description=i18n.word(key, self.language), **about)
        values = [value for _, value in options]

        def changed(change: dict) -> None:
            if change["new"] in values:
                chosen(change["new"])

        made.observe(changed, names="value")
        return made

    def save(self, table: Table, name: str, kind: str, month: str, language: str) -> None:
        """Hand the browser a link that page.js follows at once; the file is made from what the kernel shows."""
        data = show.csv_bytes(table) if kind == "csv" else show.xlsx_bytes(table, language)
        link = f"data:{SAVED[kind]};base64,{base64.b64encode(data).decode('ascii')}"
        self._saver.value = ""
        self._saver.value = f'<a class="saved" download="{html.escape(name)}-{month}.{kind}" href="{link}">{kind}</a>'

    def _changed(self, change: dict) -> None:
        if self._naming:
            return
        if change["owner"] is self.language_choice:
            self._name_controls()
        self.draw()

    def _name_controls(self) -> None:
        if (language := self.language) not in i18n.LANGUAGES:
            return
        chosen = self.month if self.month in self.months else self.months[-1]
        labels = [(month_label(parse_month(month), language), month) for month in self.months[::-1]]
        self._naming = True  # new labels choose the first month for a moment
        self.month_choice.options = labels
        self.month_choice.value = chosen
        self.month_choice.description = i18n.word("dashboard.month", language)
        self._naming = False
        name, question = (
            html.escape(i18n.word(f"dashboard.{key}.{self.name}", language)) for key in ("page", "question")
        )
        self._title.value = (
            f'<div class="report head" lang="{language}"><h1>{name}</h1><p class="asof">{question}</p></div>'
        )


def _rows(path: Path, page: str, language: str) -> list[tuple]:
    # literals and not parameters: for those DuckDB imports pandas, 0.3 s and 30 MB in every kernel
    return duckdb.execute(
        bind(_READ, {"path": str(path), "page": page, "style": STYLE, "language": language})
    ).fetchall()
