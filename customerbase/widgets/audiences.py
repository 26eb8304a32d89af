"""Audiences (配信対象): who can be reached, which audiences are ready, who is left out where; triggers, offers and loyalty ranks."""

from customerbase.widgets.page import Page


class Audiences(Page):
    """The parts in their order: sentences, pictures, the tables. Counts only; the page knows no person."""

    name = "audiences"
