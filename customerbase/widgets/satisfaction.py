"""Satisfaction (満足度): scores and months, groups, drivers, what came after, topics and the support desk."""

import ipywidgets as widgets

from customerbase.dashboards.part import Part
from customerbase.widgets.page import Page

CHOSEN = {"months": "board_satisfaction.choose_measure", "groups": "board_value.by", "desk": "board_value.by"}
TABLES = {"months": "months", "groups": "by", "desk": "desk"}  # a choice -> the tables that it chooses among
AFTER = {"trend": "months", "groups": "groups", "inquiries": "desk"}  # a part -> the choice that stands below it


class Satisfaction(Page):
    """What surveys, texts and inquiries say, each with the table of the group or measure that the reader chooses."""

    name = "satisfaction"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """The parts in reading order, choices below the part that they belong to."""
        choices = parts["choices", ""].numbers()
        made = []
        for (name, choice), part in parts.items():
            if choice or name == "choices":
                continue
            made.append(self.place(part).add_class(f"part-{name}"))
            made += self._chosen(parts, AFTER.get(name, ""), choices)
        return made

    def _chosen(self, parts: dict[tuple[str, str], Part], block: str, choices: dict) -> list[widgets.Widget]:
        """A table that a dropdown chooses; nothing without any."""
        options = choices.get(block)
        if not options:
            return []
        shown = widgets.VBox()

        def draw(value: str) -> None:
            shown.children = [self.place(parts[TABLES[block], value])]

        draw(options[0][1])
        chooser = self.choice(CHOSEN[block], [tuple(one) for one in options], draw).add_class("chooser")
        return [widgets.VBox([chooser, shown]).add_class("chosen")]
