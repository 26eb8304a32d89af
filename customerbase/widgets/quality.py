"""Data quality (データ品質): whether the data can be trusted, what was set aside, and where to fix it."""

import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards.multiples import Curve, multiples
from customerbase.dashboards.part import Column, Part, Table
from customerbase.periods import parse_month
from customerbase.widgets import months
from customerbase.widgets.page import Page

VIEWS = ("reason", "system", "month", "file")


class Quality(Page):
    """The light, four sentences, the rows set aside in a view of choice, the trend, readiness, scores and checks."""

    name = "quality"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """The parts in reading order: the views of the rows set aside behind a choice, the trend behind them."""
        views = {choice: part for (name, choice), part in parts.items() if name == "quarantine"}
        made: list[widgets.Widget] = []
        for (name, _), part in parts.items():
            if name == "trend":
                continue
            if name != "quarantine":
                made.append(self.place(part).add_class(f"quality-{name}"))
            elif part is next(iter(views.values())):
                made.append(self.views(views))
            if name == "lines":
                made += self.trend(parts)
        return made

    def views(self, found: dict[str, Part]) -> widgets.VBox:
        """The table of rows set aside, by reason, system, month or file; a choice redraws it alone."""
        box = widgets.VBox()

        def show(choice: str) -> None:
            box.children = [self.place_as(found[choice], f"quality-{choice}")]

        options = [(i18n.word(f"board_quality.by.{name}", self.language), name) for name in VIEWS if name in found]
        choice = self.choice("board_quality.view", options, show)
        show(options[0][1])
        return widgets.VBox([widgets.HBox([choice]).add_class("controls"), box])

    def place_as(self, part: Part, name: str) -> widgets.VBox:
        """A table saved under a name of its own."""
        return self.table(part.table(), name, part.notebook)

    def trend(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """Small curves of the KPIs of the data over the published months up to the one chosen, and their table."""
        if ("trend", "") not in parts:
            return []
        known = {
            month: found
            for month, found in months.numbers(self.pipeline, self.name, "trend", self.language).items()
            if month <= self.month and found
        }
        title = i18n.word("board_quality.trend", self.language)
        if len(known) < 2:
            said = i18n.word("board_quality.trend_one", self.language)
            return [self.html(f"<h3>{title}</h3><p class='empty'>{said}</p>")]
        newest, notebook = known[max(known)], parts[("trend", "")].notebook
        curves = [self._curve(key, known, about) for key, about in newest.items()]
        measure, caption = i18n.word("board_quality.trend_measure", self.language), newest_caption(newest)
        picture = multiples(curves, title, measure, caption, self.language)
        table = self._table(curves, title, caption)
        return [self.html(picture + self.hop(notebook)), self.table(table, "quality-trend", notebook)]

    def _curve(self, key: str, known: dict[str, dict], about: dict) -> Curve:
        points = tuple(
            (parse_month(month), *(found[key]["values"])) for month, found in sorted(known.items()) if key in found
        )
        return Curve(about["name"], about["definition"], "rate", points)

    def _table(self, curves: list[Curve], title: str, caption: str) -> Table:
        rows = tuple(
            (month.isoformat(), curve.name, value, i18n.interval(low, high, curve.unit, self.language), n)
            for curve in curves
            for month, value, low, high, n in reversed(curve.points)
        )
        columns = (
            Column("month", i18n.word("dashboard.month", self.language), "month"),
            Column("figure", i18n.word("report.column.figure", self.language)),
            Column("value", i18n.word("report.column.value", self.language), "rate"),
            Column("interval", i18n.word("report.column.interval", self.language)),
            Column("n", "n", "count"),
        )
        return Table(title, columns, rows, caption)


def newest_caption(newest: dict[str, dict]) -> str:
    """The caption of the newest month's figures."""
    return next(iter(newest.values()))["caption"]
