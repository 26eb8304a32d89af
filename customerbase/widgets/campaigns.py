"""Campaigns (施策の効果): results of twelve months, one campaign closely by choice, the next test, uplift and worth."""

import ipywidgets as widgets

from customerbase.dashboards.part import Part
from customerbase.widgets.page import Page

DETAIL, CHOICES = "detail", "choices"


class Campaigns(Page):
    """The parts in reading order; below the heading of details those of the campaign that the reader chooses."""

    name = "campaigns"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """All parts that belong to no campaign, and the chooser with those of one."""
        made = []
        for (name, choice), part in parts.items():
            if choice or name == CHOICES:
                continue
            made.append(self.place(part).add_class(f"part-{name}"))
            if name == DETAIL:
                made.append(self._closely(parts))
        return made

    def _closely(self, parts: dict[tuple[str, str], Part]) -> widgets.VBox:
        """The parts of one campaign, chosen among those that the month has."""
        options = [tuple(one) for one in parts[CHOICES, ""].numbers()["campaign"]]
        shown = widgets.VBox()

        def draw(code: str) -> None:
            shown.children = [self.place(part) for (_, choice), part in parts.items() if choice == code]

        draw(options[0][1])
        chooser = self.choice("board_campaigns.choose", options, draw).add_class("chooser")
        return widgets.VBox([chooser, shown]).add_class("chosen")
