"""Overview (概況): the month in numbers."""

import html

import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards.part import Part
from customerbase.widgets.page import Page

VIEWS = ("month", "segment", "channel", "store", "cohort")


class Overview(Page):
    """State of the data, what happened, the tiles, the revenue tree, the goals, every KPI, and one of them closely."""

    name = "overview"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """All parts without a choice in reading order, then one KPI closely."""
        names = list(dict.fromkeys(choice.split(":")[0] for name, choice in parts if name == "closely"))
        return super().body(parts) + ([self.closely(parts, names)] if names else [])

    def closely(self, parts: dict[tuple[str, str], Part], names: list[str]) -> widgets.VBox:
        """A KPI and a way to divide it of choice; what is chosen redraws its picture and table alone."""
        said = {name: parts[("closely", f"{name}:month")].table().columns[1].head for name in names}
        chosen = {"kpi": "revenue" if "revenue" in names else names[0], "view": VIEWS[0]}
        box = widgets.VBox()

        def show(key: str, value: str) -> None:
            chosen[key] = value
            box.children = self._chosen(parts, **chosen)

        figures = self.choice(
            "board_quality.overview.kpi", [(said[name], name) for name in names], lambda value: show("kpi", value)
        )
        views = [(i18n.word(f"board_quality.overview.{view}", self.language), view) for view in VIEWS]
        ways = self.choice("board_quality.overview.view", views, lambda value: show("view", value))
        figures.value = chosen["kpi"]
        show("view", VIEWS[0])
        title = self.html(f"<h2>{html.escape(i18n.word('board_quality.overview.closely', self.language))}</h2>")
        return widgets.VBox([title, widgets.HBox([figures, ways]).add_class("controls"), box])

    def _chosen(self, parts: dict[tuple[str, str], Part], kpi: str, view: str) -> list[widgets.Widget]:
        picture, table = parts.get(("curve", kpi)), parts.get(("closely", f"{kpi}:{view}"))
        made = [self.place(picture)] if picture and view == VIEWS[0] else []
        if table is None:
            return [*made, self.notice("board_quality.overview.nothing")]
        return [*made, self.table(table.table(), f"overview-{kpi}-{view}", table.notebook)]
