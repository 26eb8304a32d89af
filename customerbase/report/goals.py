"""Goals (目標): where each stands, how likely it is, how right past forecasts were, what to do next."""

from types import ModuleType

import pandas as pd

import customerbase.report.actions as actions
import customerbase.report.evidence as evidence
from customerbase import i18n, kpi
from customerbase.periods import month_label
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = ("goals", "goal_paths", "goal_backtest", "pdca")  # without these there is no section
RANGE = 0.8  # of what may happen lies within the intervals of forecasts: 10 % to 90 %
BAD = (kpi.UNLIKELY, kpi.AT_RISK)
STATES = ("reached", "on_track", "at_risk", "unlikely", "missed", "open", "too_early", "faulty")
PICTURES = 2  # of goals with a date, the least likely first
EVERY = "all"


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: how the goals stand, how right past forecasts were, what is being done, what to do next.

    None in a pipeline without page 12b, whose report has no such section.
    """
    if not set(TABLES) <= set(data.tables):
        return None
    told = {
        "goals.summary": _summary(data, language),
        "goals.held": coverage_sentence(data, language) if data.rows("goal_paths") else "",
        "goals.actions": actions.summary(data, language),
        "evidence.label": evidence.summary(data, language),
        "report.next": _next(data, language),
    }
    return [(i18n.word(key, language), text) for key, text in told.items() if text]


def goal_rows(data: ReportData, language: str) -> list[dict]:
    """Each goal with its month, this month, the forecast, the chance, and the pace needed beside that so far."""
    return [_goal_row(data, row, language) for row in data.rows("goals")]


def pictures(data: ReportData, language: str, draw: ModuleType, count: int = PICTURES) -> list[Picture]:
    """The way to each goal with a date, the least likely first; [] without such goals."""
    return [_picture(data, row, language, draw) for row in ranked(data)[:count]]


def figures(data: ReportData, language: str, draw: ModuleType) -> list:
    """The way to every goal with a date as a figure of its own, with finding and caption."""
    return [
        figure(
            data, row, language, draw, draw.WIDTHS["half"] + 1.4, title=finding(data, row, language),
            caption=f"{measure(row, language)} · {_caption(data, row, language, draw)}",
        )
        for row in ranked(data)
    ]  # fmt: skip


# --- sentences ------------------------------------------------------------------------------------------------------------


def finding(data: ReportData, row: dict, language: str) -> str:
    """The title of a goal's picture: how likely it is, or that the history is too short to say."""
    told = {
        "kpi": kpi.name(row["kpi"], language),
        "by": _month(row["by"], language),
        "goal": _goal(data, row, language),
    }
    if row["status"] == "too_early":
        return i18n.sentence("goals.finding_early", language, **told)
    return i18n.sentence("goals.finding", language, chance=chance(row["probability"], language), **told)


def chance_sentence(data: ReportData, row: dict, language: str) -> str:
    """What to do about a goal that is at risk, with its chance: for the top of the report."""
    told = {
        "kpi": kpi.name(row["kpi"], language),
        "by": _month(row["by"], language),
        "goal": _goal(data, row, language),
    }
    return i18n.sentence("goals.next_goal", language, chance=chance(row["probability"], language), **told)


def chance(probability: float | None, language: str) -> str:
    """A probability in whole percent, never 0 or 100."""
    if probability is None:
        return i18n.MISSING
    if not 0.01 <= probability <= 0.99:
        return i18n.word(f"goals.chance_{'under' if probability < 0.5 else 'over'}", language)
    return percent(probability, language)


def coverage_sentence(data: ReportData, language: str) -> str:
    """How often the 80 % intervals of past forecasts held, over all KPIs."""
    rows = [row for row in data.rows("goal_backtest") if row["kpi"] == EVERY]
    if not rows:
        return i18n.word("goals.coverage_none", language)
    parts = []
    for row in sorted(rows, key=lambda row: row["horizon"]):
        told = {"share": percent(row["share"], language), "n": f"{int(row['n']):,}"}
        if row["horizon"] == 1:
            parts.append(i18n.sentence("goals.coverage_part_one", language, **told))
        else:
            parts.append(i18n.sentence("goals.coverage_part", language, horizon=int(row["horizon"]), **told))
    return i18n.sentence("goals.coverage", language, parts=i18n.join(parts, language))


def _summary(data: ReportData, language: str) -> str:
    rows = data.rows("goals")
    if not rows:
        return i18n.word("goals.no_goals", language)
    counts = {state: sum(row["status"] == state for row in rows) for state in STATES}
    named = {state: i18n.word(f"goals.status.{state}", language) for state, count in counts.items() if count}
    if len(rows) == 1:
        said = [i18n.sentence("goals.one", language, state=next(iter(named.values())))]
    else:
        parts = [i18n.sentence("goals.count", language, n=counts[state], state=name) for state, name in named.items()]
        said = [i18n.sentence("goals.counts", language, n=len(rows), states=i18n.join(parts, language))]
    for row in rows:
        if row["fault"]:
            said.append(i18n.sentence(f"goals.fault.{row['fault']}", language, kpi=kpi.name(row["kpi"], language)))
    return i18n.run_on(said, language)


def _next(data: ReportData, language: str) -> str:
    """What is overdue; else the least likely goal and the actions that aim at it; or nothing."""
    rows = [row for row in data.rows("pdca") if row["state"] in actions.OPEN]
    if late := [row["id"] for row in rows if row["overdue"]]:
        return i18n.sentence("goals.next_overdue", language, ids=i18n.join(late, language))
    bad = [row for row in data.rows("goals") if row["status"] in BAD]
    if not bad:
        return i18n.word("goals.next_nothing", language)
    worst = min(bad, key=lambda row: (row["probability"], row["kpi"]))
    told = {"kpi": kpi.name(worst["kpi"], language), "state": i18n.word(f"goals.status.{worst['status']}", language)}
    if aimed := [row["id"] for row in rows if row["kpi"] == worst["kpi"]]:
        return i18n.sentence("goals.next_watch", language, ids=i18n.join(aimed, language), **told)
    return i18n.sentence("goals.next_action", language, **told)


# --- rows and pictures ----------------------------------------------------------------------------------------------------


def _goal_row(data: ReportData, row: dict, language: str) -> dict:
    def number(name: str) -> str:
        return data.number(row["kpi"], row[name], language, exact=True)

    def span(low: str, high: str) -> str:
        ends = i18n.interval(row[low], row[high], kpi.unit(row["kpi"]), language, currency=data.currency)
        return "" if ends == i18n.MISSING else ends

    return {
        "name": kpi.name(row["kpi"], language),
        "goal": number("goal"),
        "by": _month(row["by"], language) if row["by"] is not None else i18n.MISSING,
        "actual": number("actual"),
        "actual_interval": span("low", "high"),
        "forecast": number("forecast"),
        "forecast_interval": span("forecast_low", "forecast_high"),
        "probability": i18n.MISSING if row["status"] == "too_early" else chance(row["probability"], language),
        "needed": i18n.word("goals.there", language)
        if _is_there(row)
        else _pace(data, row["kpi"], row["needed_per_month"], language),
        "pace": _pace(data, row["kpi"], row["pace_now"], language),
        "status": i18n.word(f"goals.status.{row['status']}", language),
        "owner": row["owner"] or i18n.MISSING,
        "bad": row["status"] in (*BAD, "missed", "faulty"),
    }


def _picture(data: ReportData, row: dict, language: str, draw: ModuleType) -> Picture:
    drawn = [draw.svg(figure(data, row, language, draw, width)) for width in (4.8, draw.WIDTHS["phone"])]
    return Picture(finding(data, row, language), measure(row, language), _caption(data, row, language, draw), *drawn)


def figure(data: ReportData, row: dict, language: str, draw: ModuleType, width: float, **words: str):
    """The way to one goal, from its row of the goals table; words: title and caption, where the figure stands alone."""
    known, path = kpi.history(data.kpis, row["kpi"]), data.tables["goal_paths"]
    path = path[path["kpi"] == row["kpi"]]
    path = path.assign(month=[_date(month) for month in path["month"]])
    look = {"title": "", "caption": "", "language": language, "fmt": lambda v: data.number(row["kpi"], v, language)}
    drawn = path.drop(columns="needed") if _is_there(row) else path
    return draw.goal(known, drawn, row["goal"], width=width, **look | words)


def measure(row: dict, language: str) -> str:
    """What a goal's picture shows."""
    key = "goals.measure_there" if _is_there(row) else "goals.measure"
    return i18n.sentence(key, language, kpi=kpi.name(row["kpi"], language))


def ranked(data: ReportData) -> list[dict]:
    """The goals with a forecast, the least likely first."""
    found = [row for row in data.rows("goals") if row["forecast"] is not None]
    return sorted(found, key=lambda row: (row["probability"], row["kpi"]))


def _caption(data: ReportData, row: dict, language: str, draw: ModuleType) -> str:
    words = i18n.word("goals.definition", language)
    return draw.caption(
        kpi.goals, "goals, goal_paths", data.as_of, data.n(row["kpi"]), language, RANGE, definition=words
    )


def _is_there(row: dict) -> bool:
    """Whether the KPI is at its goal this month, before the month of the goal has come."""
    known = None not in (row["actual"], row["goal"]) and bool(row["months_left"])
    return known and kpi.better(row["actual"], row["goal"], kpi.find(row["kpi"])) >= 0


def _goal(data: ReportData, row: dict, language: str) -> str:
    return data.number(row["kpi"], row["goal"], language)


def _pace(data: ReportData, kpi_id: str, amount: float | None, language: str) -> str:
    if amount is None:
        return i18n.MISSING
    return actions.difference(data, kpi_id, amount, language)


def _date(value: object):
    return pd.Timestamp(value).date()


def _month(value: object, language: str) -> str:
    return month_label(_date(value), language)


def percent(share: float, language: str) -> str:
    """A share in whole percent."""
    return i18n.number(round(float(share), 2), "rate", language).replace(".0", "")
