"""Actions of the ledger (施策): what is being done, what is overdue, what became of last month's, and on which KPI."""

from datetime import date

import pandas as pd

from customerbase import i18n, kpi
from customerbase.periods import month_label
from customerbase.report.data import ReportData

OPEN = ("planned", "doing")


def open_rows(data: ReportData, language: str) -> list[dict]:
    """Actions that are planned or under way, the overdue ones first."""
    rows = [row for row in data.rows("pdca") if row["state"] in OPEN]
    return [_action(data, row, language) for row in sorted(rows, key=lambda row: not row["overdue"])]


def past_rows(data: ReportData, language: str) -> list[dict]:
    """What became of the actions that were open last month and are so no more."""
    return [_action(data, row, language) for row in data.rows("pdca") if row["was_open"] and row["state"] not in OPEN]


def action_frame(data: ReportData, language: str) -> pd.DataFrame:
    """All actions known by the month, as texts for a notebook; those that are open first."""
    rows = sorted(data.rows("pdca"), key=lambda row: row["state"] not in OPEN)
    told = [_action(data, row, language) for row in rows]
    runs = [{name: row[name]["run"] if row[name] else i18n.MISSING for name in ("decided", "checked")} for row in told]
    names = {"run": "decided", "checked": "checked"}
    shown = ("action", "owner", "state", "due", "effect", "result")
    heads = {"id": "id"} | {name: i18n.word(f"goals.column.{name}", language) for name in shown}
    heads |= {name: i18n.word(f"goals.column.{key}", language) for key, name in names.items()}
    texts = [row | run for row, run in zip(told, runs, strict=True)]
    return pd.DataFrame(texts, columns=list(heads)).rename(columns=heads)


def summary(data: ReportData, language: str) -> str:
    """How many actions are open and overdue, and what became of last month's; or how to write the first."""
    rows = data.rows("pdca")
    if not rows:
        return i18n.sentence("goals.no_actions", language, pipeline=data.pipeline)
    still = [row for row in rows if row["state"] in OPEN]
    late = sum(bool(row["overdue"]) for row in still)
    key = "none_open" if not still else "open_action" if len(still) == 1 else "open_actions"
    said = [i18n.sentence(f"goals.{key}", language, n=len(still))]
    if late:
        said.append(i18n.sentence("goals.overdue_some", language, n=late))
    before = [row["state"] for row in rows if row["was_open"]]
    if not before:
        return i18n.run_on([*said, i18n.word("goals.before_none", language)], language)
    parts = [
        i18n.sentence("goals.before_state", language, n=before.count(s), state=i18n.word(f"goals.state.{s}", language))
        for s in dict.fromkeys(before)
    ]
    told = {"n": len(before), "states": i18n.join(parts, language)}
    return i18n.run_on([*said, i18n.sentence("goals.before", language, **told)], language)


def _action(data: ReportData, row: dict, language: str) -> dict:
    return {
        "id": row["id"],
        "action": row["action"],
        "hypothesis": row["hypothesis"],
        "owner": row["owner"],
        "due": i18n.day(_date(row["due"]), language) if row["due"] is not None else i18n.MISSING,
        "overdue": bool(row["overdue"]),
        "state": i18n.word(f"goals.state.{row['state']}", language),
        "effect": effect(data, row, language),
        "result": " → ".join(text for text in (row["result"], row["decision"]) if text) or i18n.MISSING,
        "decided": _link(row["decided_in"], row["decided_month"], language),
        "checked": _link(row["checked_in"], row["checked_month"], language),
    }


def effect(data: ReportData, row: dict, language: str) -> str:
    """The change of an action's KPI with its interval and what can be said of it."""
    if not row["kpi"]:
        return i18n.MISSING
    name = kpi.name(row["kpi"], language)
    if row["change"] is None:
        return i18n.sentence("goals.not_yet", language, kpi=name)
    change = difference(data, row["kpi"], row["change"], language)
    if row["change_low"] is None:
        return i18n.sentence("goals.changed_bare", language, kpi=name, change=change)
    ends = [difference(data, row["kpi"], row[end], language) for end in ("change_low", "change_high")]
    clear = row["verdict"] in (kpi.CLEAR_UP, kpi.CLEAR_DOWN)
    better = (row["verdict"] == kpi.CLEAR_UP) == kpi.find(row["kpi"]).higher_is_better
    verdict = i18n.word(
        f"goals.verdict.{('better' if better else 'worse') if clear else kpi.NO_CLEAR_CHANGE}", language
    )
    told = {
        "kpi": name,
        "change": change,
        "interval": i18n.span(*ends, language),
        "verdict": verdict,
    }
    return i18n.sentence("goals.changed", language, **told)


def difference(data: ReportData, kpi_id: str, amount: float | None, language: str) -> str:
    """A change of a KPI with its sign: points for rates, else in its own unit."""
    if kpi.unit(kpi_id) == "rate":
        return i18n.points(amount, language)
    return i18n.number(amount, kpi.unit(kpi_id), language, currency=data.currency, exact=True, signed=True)


def _link(run: str | None, month: object, language: str) -> dict | None:
    """The run that an entry leads to: its month, and the report of that run beside this one."""
    if not run or month is None:
        return None
    return {
        "text": month_label(_date(month), language),
        "run": run,
        "href": f"../../{_date(month):%Y-%m}/{run}/report.{language}.html",
    }


def _date(value: object) -> date:
    return pd.Timestamp(value).date()
