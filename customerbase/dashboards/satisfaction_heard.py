"""The tables of the page Satisfaction on what customers write and ask."""

from collections.abc import Mapping
from types import ModuleType

import customerbase.satisfaction.inquiries as desk_of
import customerbase.satisfaction.inquiries.forms as forms
import customerbase.satisfaction.inquiries.listing as listing
import customerbase.satisfaction.voice as heard
import customerbase.satisfaction.voice.looks as voices
from customerbase import i18n, segments
from customerbase.dashboards.part import Column, Table
from customerbase.dashboards.satisfaction_tables import caption_of, withheld_note
from customerbase.report import ReportData

DESK = ("category", "channel", "agent_group", "segment")


def topics(data: ReportData, language: str, draw: ModuleType) -> Table | None:
    """What people write about: how many, how many of them complain, what those are worth; None without a topic of enough people."""
    found = voices.shown(data.tables["voice_topics"], data.k_min)
    if not len(found):
        return None
    at_stake = {row["topic"]: row for row in voices.worth(data.tables, data.k_min).to_dict("records")}
    units = {"topic": "text", "people": "count", "share": "rate", "share_interval": "figure", "complaint": "rate",
             "customers": "count", "value": "money", "value_interval": "figure", "status": "text"}  # fmt: skip
    columns = tuple(
        Column(key, i18n.word(f"board_satisfaction.topic.{key}", language), unit) for key, unit in units.items()
    )
    rows = found.to_dict("records")
    cells = tuple(_topic(row, at_stake.get(row["topic"], {}), data, language) for row in rows)
    title = i18n.word("board_satisfaction.topics_title", language)
    words, n = i18n.word("board_satisfaction.topics_definition", language), int(found["everyone"].max())
    caption = caption_of(data, heard.voice, "voice_topics, voice_complaints", n, words, language, draw)
    return Table(title, columns, cells, caption, "-people", data.currency, about=tuple(row["words"] for row in rows))


def _topic(row: Mapping, stake: Mapping, data: ReportData, language: str) -> tuple:
    few = f"<{data.k_min}"
    worth = None if i18n.missing(stake.get("value")) else float(stake["value"])
    ends = (stake.get("low"), stake.get("high"))
    return (
        row["label"],
        int(row["people"]),
        float(row["share"]),
        i18n.interval(row["share_low"], row["share_high"], "rate", language),
        few if i18n.missing(row["complaint"]) else float(row["complaint"]),
        int(stake["customers"]) if stake else 0 if row["complaint"] == 0 else few,
        worth,
        i18n.MISSING if worth is None else i18n.interval(*ends, "money", language, currency=data.currency),
        i18n.word(f"voice.status.{row['status']}", language),
    )


def desk(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table]:
    """Dimension -> volume and waits of the support desk by its groups; those without a group that may be shown are left out."""
    table, made = data.tables["inquiry_groups"], {}
    table = forms.with_names(table, lambda code: segments.name(code, language))
    for dimension in DESK:
        found = listing.group_table(table, dimension, language, data.k_min)
        if not len(found):
            continue
        head = i18n.word(f"inquiries.dimension.{dimension}", language)
        columns = (Column("group", head), *(Column(f"m{n}", str(one), "figure") for n, one in enumerate(found.columns)))
        cells = tuple((str(name), *map(str, row)) for name, row in zip(found.index, found.to_numpy(), strict=True))
        title = i18n.sentence("board_satisfaction.desk_title", language, by=head if language == "ja" else head.lower())
        shown = forms.shown(table, data.k_min)
        own = shown[(shown["dimension"] == dimension) & (shown["measure"] == "opened")]
        words = i18n.word("inquiries.definition", language)
        caption = caption_of(data, desk_of.inquiries, "inquiry_groups", int(own["n"].sum()), words, language, draw)
        made[dimension] = Table(title, columns, cells, caption + withheld_note(data, language))
    return made
