"""Overview (概況): the month in numbers."""

from customerbase.widgets.page import Page


class Overview(Page):
    """What happened, the tiles, the revenue tree, the goals and every KPI, for a month and a language."""

    name = "overview"
