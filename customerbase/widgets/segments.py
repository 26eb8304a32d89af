"""Segments (セグメント): who the customers are, who moved, and the profile of one segment."""

import html

import duckdb
import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards.part import Part
from customerbase.errors import TableError
from customerbase.periods import add_months, month_label, month_text, parse_month
from customerbase.widgets.page import Page

# choice -> word of its label, word of its heading, parts that follow it
CHOICES = {
    "attribute": ("board_segments.attribute", "board_segments.attributes", ("attribute", "breakdown", "mix")),
    "segment": (
        "board_segments.segment",
        "board_segments.profile",
        ("profile", "kpis", "traits", "differences", "came_went", "reasons"),
    ),
}


MOVEMENT = ("movement", "cells")  # parts of the movement from an earlier month to the end of another


class Segments(Page):
    """RFM map, named segments, movement between two chosen months, attributes, and a drill into one segment."""

    name = "segments"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """The fixed parts, then one block for each choice."""
        always = [
            self.place(parts[name, ""]).add_class(f"part-{name}")
            for name in ("finding", "map", "named", "worth")
            if (name, "") in parts
        ]
        choices = parts["choices", ""].numbers()
        return [*always, self._movement(), *(self._block(parts, choice, choices[choice]) for choice in CHOICES)]

    def _movement(self) -> widgets.VBox:
        """From any earlier month to the end of any published one: the parts of a movement are those of the month it ends with."""
        shown, earlier, since = widgets.VBox(), widgets.HBox(), [""]

        def end(month: str) -> None:
            try:
                parts = self.parts(month)
                options = [tuple(one) for one in parts["choices", ""].numbers()["span"]]
            except (OSError, TableError, duckdb.Error, KeyError):  # taken back, or published without this page
                earlier.children, shown.children = [], [self.notice("serving.failed")]
                return

            def begin(span: str) -> None:
                since[0] = _before(month, span)
                shown.children = [self.place(parts[name, span]) for name in MOVEMENT if (name, span) in parts]

            if not options:
                earlier.children = []
                return begin("")
            chosen = next((span for _, span in options if _before(month, span) == since[0]), options[0][1])
            earlier.children = [self.choice("board_segments.earlier", options, begin, chosen).add_class("chooser")]
            begin(chosen)

        ends = [(i18n.sentence("board_segments.end_of", self.language, month=month_label(parse_month(month), self.language)), month)
                for month in reversed(self.months)]  # fmt: skip
        later = self.choice("board_segments.later", ends, end, self.month).add_class("chooser")
        end(self.month)
        return widgets.VBox(
            [self._heading("board_segments.movement"), widgets.HBox([earlier, later]).add_class("choosers"), shown]
        )

    def _heading(self, key: str) -> widgets.HTML:
        return self.html(f"<h2>{html.escape(i18n.word(key, self.language))}</h2>")

    def _block(self, parts: dict[tuple[str, str], Part], choice: str, options: list) -> widgets.VBox:
        """A heading, a dropdown, and the parts of what it chooses; without anything to choose the part that says why."""
        label, head, names = CHOICES[choice]
        heading = self._heading(head)
        shown = widgets.VBox()

        def draw(value: str) -> None:
            shown.children = [self.place(parts[name, value]) for name in names if (name, value) in parts]

        if not options:
            draw("")
            return widgets.VBox([heading, shown])
        draw(options[0][1])
        chooser = self.choice(label, [tuple(one) for one in options], draw).add_class("chooser")
        return widgets.VBox([heading, chooser, shown])


def _before(month: str, span: str) -> str:
    """The month so many months before; "" without a number."""
    return month_text(add_months(parse_month(month), -int(span))) if span else ""
