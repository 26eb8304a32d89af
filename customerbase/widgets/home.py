"""Home (はじめに): what each page answers, which months are published and when, and the glossary."""

import html
import os
from datetime import date, datetime

import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards.part import TABLE, Column, Part, Table
from customerbase.periods import parse_month
from customerbase.tables import store
from customerbase.widgets import months
from customerbase.widgets.page import Page

PAGES = "CUSTOMERBASE_PAGES"  # the pages of the audience, named by the server


class Home(Page):
    """The pages with the question that each answers, the published months with the state of their data, the glossary."""

    name = "home"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """What is here, which months there are, then the glossary of the chosen month."""
        glossary = [self.place(part).add_class("glossary") for part in parts.values() if part.kind == TABLE]
        months_table = self.table(self._months(), "home-months").add_class("months")
        return [self.html(self._pages()), months_table, *glossary]

    def _pages(self) -> str:
        """Every page of the audience with its question, each a link beside this one."""
        known = [name for name in os.environ.get(PAGES, "").split() if f"board_quality.page.{name}" in i18n.words()]
        items = "".join(
            f'<li><a href="{name}">{html.escape(i18n.word(f"dashboard.page.{name}", self.language))}</a> '
            f"<span>{html.escape(i18n.word(f'board_quality.page.{name}', self.language))}</span></li>"
            for name in known
            if name != self.name
        )
        title = html.escape(i18n.word("board_quality.home.pages", self.language))
        said = html.escape(i18n.word("board_quality.home.about", self.language))
        return f'<section><h2>{title}</h2><p>{said}</p><ul class="pages">{items}</ul></section>'

    def _months(self) -> Table:
        """The published months, the newest first: state of the data, as-of date, when it was published, run."""
        lights = months.numbers(self.pipeline, self.name, "light", self.language)
        rows = tuple(self._month(month, lights.get(month, {})) for month in sorted(lights, reverse=True))
        units = {
            "month": "month",
            "state": "text",
            "reason": "text",
            "as_of": "day",
            "published": "text",
            "run": "text",
        }
        columns = tuple(
            Column(key, i18n.word(f"board_quality.home.{key}", self.language), unit) for key, unit in units.items()
        )
        title = i18n.word("board_quality.home.months", self.language)
        return Table(title, columns, rows, i18n.word("board_quality.home.months_caption", self.language))

    def _month(self, month: str, light: dict) -> tuple:
        about = store.current(self.pipeline, month) or {}
        state = i18n.word(f"board_quality.light.short_{light.get('state', 'unknown')}", self.language)
        reason = i18n.run_on(light.get("reasons", ()), self.language)
        return (
            parse_month(month).isoformat(),
            state,
            reason or None,
            about.get("as_of"),
            self._published(about.get("finished_at")),
            about.get("run_id"),
        )

    def _published(self, moment: str | None) -> str | None:
        """When a run was done, in the time of this machine: 2026年11月27日 13:54 or 27 Nov 2026, 13:54."""
        if not moment:
            return None
        when = datetime.fromisoformat(moment).astimezone()
        day = i18n.day(date(when.year, when.month, when.day), self.language)
        return f"{day}{'' if self.language == 'ja' else ','} {when:%H:%M}"
