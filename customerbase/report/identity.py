"""The unified customer base (名寄せ): three lines on records, customers and ids, and how the systems overlap."""

from types import ModuleType

import numpy as np

from customerbase import i18n, profile
from customerbase.disclosure import suppress_parts
from customerbase.identity.stability import Stability
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

NEW, MERGED, SPLIT = "new", "merged", "split"


def lines(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Label and sentence: records and customers, customers who looked like several, what waits and what changed; and a
    warning where more customers have another id than last month than may.

    Counts of fewer than k_min customers or pairs are not told. Where no system delivers customer records there is one
    sentence, that the ids stand as they are; [] where the ids were not brought together at all.
    """
    links = next(iter(data.rows("identity_links")), None)
    if links is None or not links["records"]:
        return []
    told = {"records": _records(data, links, language)}
    if links["known"]:
        told |= {"several": _several(data, language), "open": _open(data, language), "alarm": _alarm(data, language)}
    return [(i18n.word(f"unified.{name}", language), text) for name, text in told.items() if text]


def overlap(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Customers by the combination of systems they stand in, small ones left out; None with fewer than two systems."""
    table = data.tables.get("channel_overlap")
    if table is None or table["systems"].str.split(";").explode().nunique() < 2:
        return None
    shown, sizes = profile.shown_overlap(table, data.k_min)
    if shown.empty:
        return None
    caption = draw.caption(
        profile.channel_overlap,
        "channel_overlap",
        data.as_of,
        int(table["customers"].sum()),
        language,
        definition=i18n.word("unified.overlap", language),
    )
    look = {"title": "", "caption": "", "language": language, "sizes": sizes, "fmt": "{:,.0f}"}
    pictures = [
        draw.svg(draw.upset(shown, "systems", "customers", width=draw.WIDTHS[size], **look))
        for size in ("half", "phone")
    ]
    measure = i18n.word("unified.measure", language)
    if len(shown) < len(table):
        measure += i18n.sentence("unified.left_out", language, k=data.k_min)
    return Picture(profile.overlap_title(table, data.k_min, language), measure, caption, *pictures)


def customers(data: ReportData) -> int | None:
    """How many customers the records belong to; None where that is not known."""
    return next((int(row["customers"]) for row in data.rows("identity_links")), None)


def _records(data: ReportData, links: dict, language: str) -> str:
    counts = {name: f"{int(links[name]):,}" for name in ("records", "customers")}
    systems = i18n.word("unified.one_system", language)
    if links["systems"] > 1:
        systems = i18n.sentence("unified.systems", language, n=links["systems"])
    if not links["known"]:
        return i18n.sentence("unified.ids_alone", language, records=counts["records"], systems=systems)
    if links["records"] == links["customers"]:
        return i18n.sentence("unified.records_none", language, records=counts["records"], systems=systems)
    if _hidden(data) or _doubles_hidden(data):  # more records than customers or systems tell how few were doubled
        return i18n.sentence("unified.records_few", language, customers=counts["customers"], systems=systems)
    return i18n.sentence("unified.records_told", language, systems=systems, **counts)


def _people(data: ReportData) -> dict:
    return next(iter(data.rows("profile")), {"customers": 0, "several": 0})


def _hidden(data: ReportData) -> bool:
    """Whether so few customers have several records, or so few have one only, that neither number may be told."""
    people = _people(data)
    parts = [int(people["several"]), int(people["customers"] - people["several"])]
    return bool(suppress_parts(np.array(parts), data.k_min).any())


def _in_several_systems(data: ReportData) -> dict:
    """Customers who stand in two or more systems, with their net spend."""
    rows = [row for row in data.rows("channel_overlap") if row["system_count"] > 1]
    sums = {"several": "customers", "several_net_spend": "net_spend"}
    return {name: sum(row[column] for row in rows) for name, column in sums.items()}


def _doubles_hidden(data: ReportData) -> bool:
    """Whether those with several records in one system only are so few that the difference to the figure must not show."""
    few = _people(data)["several"] - _in_several_systems(data)["several"]
    return bool(data.rows("channel_overlap")) and 0 < few < data.k_min


def _several(data: ReportData, language: str) -> str:
    people = _people(data)
    if not people["customers"]:
        return ""
    if not people["several"]:
        return i18n.word("unified.several_none", language)
    if _hidden(data):
        return i18n.sentence("unified.several_few", language, k=data.k_min)
    key = "unified.several_told"
    if _doubles_hidden(data):
        people, key = people | _in_several_systems(data), "unified.several_systems"
        if people["several"] < data.k_min:
            return i18n.sentence("unified.several_few", language, k=data.k_min)
    told = {
        "several": i18n.number(people["several"], "people", language),
        "share": i18n.number(people["several"] / people["customers"], "rate", language),
    }
    said = i18n.sentence(key, language, **told)
    if people["net_spend"] <= 0:
        return said
    spend = i18n.number(float(people["several_net_spend"]) / float(people["net_spend"]), "rate", language)
    return i18n.run_on([said, i18n.sentence("unified.spend", language, spend=spend)], language)


def _open(data: ReportData, language: str) -> str:
    pairs = sum(int(row["pairs"]) for row in data.rows("identity_review"))
    key = "unified.waiting" if pairs else "unified.waiting_none"
    said = i18n.sentence(key, language, **({"pairs": _count(pairs, data.k_min)} if pairs else {}))
    return i18n.run_on([said, _changes(data, language)], language)


def _changes(data: ReportData, language: str) -> str:
    """New, merged and split customers since last month; in the first month that there is no month before."""
    changes = {row["change"]: int(row["customers"]) for row in data.rows("id_changes")}
    if not set(changes) - {NEW}:
        return i18n.word("unified.first_month", language) if changes else ""
    counts = {name: _count(changes.get(name, 0), data.k_min) for name in (NEW, MERGED, SPLIT)}
    return i18n.sentence("unified.changes", language, **counts)


def _alarm(data: ReportData, language: str) -> str:
    """That more ids changed than may; "" where not, and in the first month."""
    found = next((Stability(**row) for row in data.rows("id_stability")), None)
    if found is None or not found.alarm:
        return ""
    limit = i18n.number(found.most_changed, "rate", language)
    if min(found.changed, found.customers_before - found.changed) < data.k_min:
        return i18n.sentence("unified.alarm_few", language, limit=limit)
    share = i18n.number(found.share, "rate", language)
    return i18n.sentence("unified.alarm_told", language, share=share, limit=limit)


def _count(value: int, k_min: int) -> str:
    return f"<{k_min}" if 0 < value < k_min else f"{value:,}"
