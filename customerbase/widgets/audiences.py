"""Audiences (配信対象): who can be reached, which audiences are ready, and who is left out where."""

from customerbase.widgets.page import Page


class Audiences(Page):
    """The parts in their order: sentences, both pictures, the tables. Counts only; the page knows no person."""

    name = "audiences"
