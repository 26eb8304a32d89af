"""Groups of customers (顧客グループ): whether there are any, and a card of each in a small table."""

import customerbase.segments.clusters.looks as looks
from customerbase import i18n
from customerbase.report.data import ReportData
from customerbase.segments.clusters.choice import choose

TABLES = ("group_summary", "group_cards", "group_choice")
MOST = 6  # cards; a manager keeps no more in mind
SIDES = 2  # features told on either side
EVENT = 0.95
origin = choose  # what a caption names


def lines(data: ReportData, language: str) -> list[str] | None:
    """Whether there are groups and why so many, and what became of last month's.

    [] where nobody is grouped or all groups are too small; None in a pipeline without page 07c, whose report has no
    such section.
    """
    if not set(TABLES) <= set(data.tables):
        return None
    if not rows(data, language):
        return []
    summary = data.tables["group_summary"]
    return [*looks.structure(data.tables["group_choice"], language), *looks.months(summary, data.k_min, language)]


def rows(data: ReportData, language: str) -> list[dict]:
    """A card a group, largest first: name, customers, shares, what is above and below the base, chance to leave."""
    if not data.rows("group_summary"):
        return []
    shown = looks.shown(data.tables["group_summary"], data.k_min, language).head(MOST)
    return [_card(data, row, language) for _, row in shown.iterrows()]


def _card(data: ReportData, row, language: str) -> dict:
    cards, group = data.tables["group_cards"], int(row["group_id"])
    sides = {side: looks.said(cards, group, side, language, data.currency, SIDES) for side in ("above", "below")}
    return sides | {
        "name": row["name"],
        "customers": f"{int(row['customers']):,}",
        "share": i18n.number(row["share"], "rate", language, exact=True),
        "interval": i18n.interval(row["share_low"], row["share_high"], "rate", language),
        "revenue": i18n.number(row["revenue_share"], "rate", language, exact=True),
        "leaving": looks.leaving(row, data.k_min, language),
    }


def left_out(data: ReportData, language: str) -> str:
    """A note where groups are not in the table; "" where all are."""
    told = data.rows("group_summary")
    live = sum(row["customers"] > 0 for row in told)
    if live <= len(rows(data, language)):
        return ""
    return i18n.sentence("groups.report.left_out", language, k=data.k_min, most=MOST)


def customers(data: ReportData) -> int | None:
    """How many customers are grouped; None without them."""
    return sum(int(row["customers"]) for row in data.rows("group_summary")) or None


def definition(data: ReportData, language: str) -> str:
    """What a group is; "" where nobody is grouped."""
    row = looks.chosen(data.tables["group_choice"]) if data.rows("group_choice") else None
    if row is None:
        return ""
    way = i18n.word(f"groups.algorithm.{row['algorithm']}", language)
    return i18n.sentence("groups.definition", language, algorithm=way)


def terms(data: ReportData, language: str) -> list[tuple[str, str]]:
    """The term of the section with its definition; [] without the section."""
    told = definition(data, language) if lines(data, language) else ""
    return [(i18n.word("groups.title", language), told)] if told else []
