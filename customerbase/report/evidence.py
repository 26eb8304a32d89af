"""What measured campaigns say of the ledger's actions (施策の実測): expected, measured and decided side by side."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce

import pandas as pd

import customerbase.report.actions as actions
from customerbase import i18n, kpi
from customerbase.campaigns.wording import UNITS, Words
from customerbase.intervals import difference
from customerbase.kpi.evidence import AWAITED, DIFFERS, MISSING
from customerbase.periods import month_end, month_label
from customerbase.report.data import ReportData

TABLE = "pdca_campaigns"
VERDICTS = ("worked", "harmful", "not_proven")
SHARED = ("revenue", "orders")  # KPIs that a campaign's total is told in as well
COLUMNS = ("campaign", "people", "audience", "expected", "verdict", "orders", "margin", "decision")


def summary(data: ReportData, language: str) -> str:
    """How the actions' campaigns came out, which names lead nowhere, and what they did to the KPIs aimed at."""
    rows, entries = data.rows(TABLE), data.rows("pdca")
    if not rows:
        return i18n.word("evidence.none", language) if entries and TABLE in data.tables else ""
    counts = {one: sum(row["verdict"] == one for row in rows) for one in VERDICTS}
    there = [row for row in rows if row["state"] != MISSING]
    told = {"n": len(there), "waiting": len(there) - sum(counts.values()), **counts}
    said = [i18n.sentence("evidence.counted", language, **told)] if there else []
    said += [
        i18n.sentence("evidence.missing", language, id=row["id"], campaign=row["campaign"])
        for row in rows
        if row["state"] == MISSING
    ]
    return i18n.run_on([*said, *_moved(data, entries, rows, language)], language)


def rows(data: ReportData, language: str) -> list[dict]:
    """Each campaign of an action as texts, in the order of the ledger; [] where no action names one."""
    entries = {row["id"]: row for row in data.rows("pdca")}
    words = Words(language, data.currency, int(data.settings.get("k_min", 10)))
    return [_row(entries[row["id"]], row, words) for row in data.rows(TABLE) if row["id"] in entries]


def evidence_frame(data: ReportData, language: str) -> pd.DataFrame:
    """The same for a notebook."""
    told = [{name: row[name] for name in ("id", *COLUMNS)} for row in rows(data, language)]
    heads = {name: i18n.word(f"evidence.column.{name}", language) for name in COLUMNS}
    return pd.DataFrame(told, columns=["id", *COLUMNS]).rename(columns=heads)


def _row(entry: dict, row: dict, words: Words) -> dict:
    return {
        "id": row["id"],
        "action": entry["action"],
        "hypothesis": entry["hypothesis"],
        "hash": row["members_hash"] or "",
        "campaign": words.name({"name": row["name"], "campaign_id": row["campaign"]}),
        "people": i18n.MISSING if row["n_treated"] is None else f"{words.count(row['n_treated'])} / {words.count(row['n_control'])}",
        "audience": _audience(row, words),
        "expected": entry["expected"] or i18n.MISSING,
        "verdict": _verdict(row, words),
        **{name: _amount(row, name, words) for name in ("orders", "margin")},
        "decision": entry["decision"] or i18n.MISSING,
    }  # fmt: skip


def _verdict(row: dict, words: Words) -> str:
    if row["state"] in (AWAITED, MISSING):
        return i18n.word(f"evidence.state.{row['state']}", words.language)
    told = words.word(f"state.{row['state']}" if row["verdict"] is None else f"verdict.{row['verdict']}")
    if row["method"] not in (None, "randomised"):
        return i18n.aside(told, words.word("weak"), words.language)
    return told


def _amount(row: dict, name: str, words: Words) -> str:
    """A total with its interval."""
    ends = [row[f"{name}{end}"] for end in ("", "_low", "_high")]
    if any(one is None for one in ends):
        return i18n.MISSING
    value, low, high = (
        i18n.number(one, UNITS[name], words.language, currency=words.currency, signed=True) for one in ends
    )
    return i18n.aside(value, i18n.span(low, high, words.language), words.language)


def _audience(row: dict, words: Words) -> str:
    if row["audience"] is None:
        return i18n.MISSING
    match, more = row["audience_match"], {}
    if match == DIFFERS:
        counts = {name: int(row[name]) for name in ("audience_only", "campaign_only")}
        if any(0 < one < words.k_min for one in counts.values()):
            match = "differs_few"  # either number, beside the sizes, would tell the other
        else:
            more = {name: words.count(one) for name, one in counts.items()}
    return i18n.sentence(f"evidence.audience.{match}", words.language, audience=row["audience"], **more)


# --- the KPI aimed at ------------------------------------------------------------------------------------------------------


def _moved(data: ReportData, entries: list[dict], rows: list[dict], language: str) -> Iterable[str]:
    """Of actions whose KPI can be compared: its change, and what their measured campaigns brought of it."""
    for entry in entries:
        mine = [
            row for row in rows if row["id"] == entry["id"] and row["method"] == "randomised" and _is_then(row, entry)
        ]
        if entry["change"] is None or not mine:
            continue
        name = kpi.name(entry["kpi"], language)
        if entry["kpi"] not in SHARED:
            yield i18n.sentence("evidence.other_unit", language, id=entry["id"], kpi=name)
            continue
        mine = [row for row in mine if row[f"{entry['kpi']}_low"] is not None]
        if mine:
            yield _explained(data, entry, mine, name, language)


def _is_then(row: dict, entry: dict) -> bool:
    """Whether the campaign's days reach into the month that is compared."""
    if row["first_at"] is None or entry["now_month"] is None:
        return False
    first, last = _day(entry["now_month"]), month_end(_day(entry["now_month"]))
    return _day(row["first_at"]) <= last and _day(row["ends_at"]) >= first


def _explained(data: ReportData, entry: dict, mine: list[dict], name: str, language: str) -> str:
    amounts = [actions.difference(data, entry["kpi"], one, language) for one in _sum(mine, entry["kpi"])]
    told = {
        "id": entry["id"],
        "kpi": name,
        "before": month_label(_day(entry["before_month"]), language),
        "now": month_label(_day(entry["now_month"]), language),
        "change": actions.difference(data, entry["kpi"], entry["change"], language),
        "first": i18n.day(min(_day(row["first_at"]) for row in mine), language),
        "last": i18n.day(max(_day(row["ends_at"]) for row in mine) - timedelta(days=1), language),
    }
    return i18n.sentence(
        "evidence.moved", language, amount=amounts[0], interval=i18n.span(*amounts[1:], language), **told
    )


def _sum(mine: list[dict], name: str) -> tuple[float, float, float]:
    """The total of campaigns drawn each on its own, with its interval: value − (−value of the next)."""

    def plus(one: tuple, two: tuple) -> tuple:
        return one[0] + two[0], *map(float, difference(*one, -two[0], -two[2], -two[1]))

    return reduce(plus, [tuple(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")) for row in mine])


def _day(value: object) -> date:
    return pd.Timestamp(value).date()
