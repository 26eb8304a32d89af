"""Segments (セグメント): who the customers are, who moved, and the profile of one segment."""

import html

import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards.part import Part
from customerbase.widgets.page import Page

# choice -> word of its label, word of its heading, parts that follow it
CHOICES = {
    "span": ("board_segments.earlier", "board_segments.movement", ("movement", "cells")),
    "attribute": ("board_segments.attribute", "board_segments.attributes", ("attribute", "breakdown")),
    "segment": (
        "board_segments.segment",
        "board_segments.profile",
        ("profile", "kpis", "differences", "came_went", "reasons"),
    ),
}


class Segments(Page):
    """RFM map, named segments, movement between two chosen months, attributes, and a drill into one segment."""

    name = "segments"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """The fixed parts, then one block for each choice."""
        always = [
            self.place(parts[name, ""]).add_class(f"part-{name}")
            for name in ("finding", "map", "named")
            if (name, "") in parts
        ]
        choices = parts["choices", ""].numbers()
        return [*always, *(self._block(parts, choice, choices[choice]) for choice in CHOICES)]

    def _block(self, parts: dict[tuple[str, str], Part], choice: str, options: list) -> widgets.VBox:
        """A heading, a dropdown, and the parts of what it chooses; without anything to choose the part that says why."""
        label, head, names = CHOICES[choice]
        heading = self.html(f"<h2>{html.escape(i18n.word(head, self.language))}</h2>")
        shown = widgets.VBox()

        def draw(value: str) -> None:
            shown.children = [self.place(parts[name, value]) for name in names if (name, value) in parts]

        if not options:
            draw("")
            return widgets.VBox([heading, shown])
        draw(options[0][1])
        chooser = self.choice(label, [tuple(one) for one in options], draw).add_class("chooser")
        return widgets.VBox([heading, chooser, shown])
