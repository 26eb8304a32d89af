"""Value and risk (価値と離脱): lifetime value, value at risk, a campaign's profit by sliders, predictions, due calendar."""

import ipywidgets as widgets

from customerbase.dashboards.part import NUMBERS, Part
from customerbase.widgets.campaign import Campaign
from customerbase.widgets.page import Page

GROUPS = {"worth_groups": "worth", "risk_groups": "risk"}  # table -> its entry in the part `choices`
ORDER = ("finding", "campaign", "worth", "worth_groups", "risk", "risk_groups",
         "outcomes", "outcome_bands", "due", "due_weeks", "due_things")  # fmt: skip


class Value(Page):
    """What the month says of value and risk, whom it pays to contact at costs that the reader sets, and the parts behind it."""

    name = "value"

    def body(self, parts: dict[tuple[str, str], Part]) -> list[widgets.Widget]:
        """Sentences and the sliders first, then value, risk, outcomes and calendar."""
        choices = parts["choices", ""].numbers()
        made = []
        for name in ORDER:
            if name in GROUPS:
                made += self._groups(parts, name, choices[GROUPS[name]])
            elif (name, "") in parts:
                made.append(self._placed(parts[name, ""]).add_class(f"part-{name}"))
        return made

    def _placed(self, part: Part) -> widgets.Widget:
        return Campaign(self, part).show() if part.kind == NUMBERS else self.place(part)

    def _groups(self, parts: dict[tuple[str, str], Part], name: str, options: list) -> list[widgets.Widget]:
        """A table by the groups that a dropdown chooses; nothing without any."""
        if not options:
            return []
        shown = widgets.VBox()

        def draw(value: str) -> None:
            shown.children = [self.place(parts[name, value])]

        draw(options[0][1])
        chooser = self.choice("board_value.by", [tuple(one) for one in options], draw).add_class("chooser")
        return [widgets.VBox([chooser, shown]).add_class("chosen")]
