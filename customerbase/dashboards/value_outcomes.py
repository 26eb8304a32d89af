"""Predictions whose window is over against what happened, of leaving and of buying; small bands are left out."""

from datetime import timedelta
from types import ModuleType

import pandas as pd

import customerbase.prediction.looks as judged
from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.report import ReportData
from customerbase.report.figures import Picture

OBSERVED = 0.95
LISTS = {"churn": "churn_outcomes", "propensity": "propensity_outcomes"}  # topic -> its table
BANDS = {"churn": "churn.band", "propensity": "buying.band"}  # topic -> words of its bands


def shown(data: ReportData, topic: str) -> pd.DataFrame:
    """What may be told of the newest list of a topic whose window is over: the row of all first; no row without one."""
    table = data.tables.get(LISTS[topic])
    return pd.DataFrame() if table is None or not len(table) else judged.outcomes(table, data.k_min)


def bought(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Predicted and actual share of buyers by band; None before a window is over, or where few would show."""
    rows = shown(data, "propensity")
    if not len(rows):
        return None
    rows = rows.assign(name=[i18n.word(f"{BANDS['propensity']}.{code}", language) for code in rows["band"]])
    look = {"title": "", "caption": "", "language": language, "n": "customers", "fmt": "rate"}
    look["xlabel"] = i18n.word("board_value.bought_share", language)
    columns = ("name", "actual", "actual_low", "actual_high", "predicted")
    drawn = [draw.svg(draw.calibration(rows, *columns, width=width, **look)) for width in (4.8, draw.WIDTHS["phone"])]
    whole = rows.iloc[0]
    day = i18n.day(_listed(whole), language)
    title = i18n.sentence(f"board_value.bought_{judged.verdict(whole)}", language, day=day)
    text = i18n.word(f"board_value.bought_{whole['source']}", language)
    if len(rows) < (data.tables[LISTS["propensity"]]["customers"] > 0).sum():
        text += i18n.sentence("worth.left_out", language, k=data.k_min)
    return Picture(title, text, _caption(data, ("propensity",), language, draw), *drawn)


def bought_said(data: ReportData, language: str) -> list[tuple[str, str]]:
    """The same in a sentence, under its label; that there is nothing to compare yet. [] in a pipeline without page 07."""
    table, rows = data.tables.get(LISTS["propensity"]), shown(data, "propensity")
    if table is None:
        return []
    label = i18n.word("board_value.right_buying", language)
    if not len(rows):
        return [(label, i18n.word(f"board_value.bought_{'few' if len(table) else 'none'}", language))]
    row = rows.iloc[0]
    shares = {name: i18n.number(row[name], "rate", language) for name in ("predicted", "actual")}
    ends = i18n.span(*(i18n.number(row[f"actual_{end}"], "rate", language) for end in ("low", "high")), language)
    told = {"n": i18n.number(int(row["customers"]), "people", language), "day": i18n.day(_listed(row), language)}
    said = i18n.sentence(f"board_value.bought_said_{row['source']}", language, interval=ends, **told, **shares)
    return [(label, i18n.run_on([said, i18n.word(f"risk.verdict_{judged.verdict(row)}", language)], language))]


def table(data: ReportData, language: str, draw: ModuleType) -> Table | None:
    """Both lists by band: customers, predicted and actual share with 95 % interval, and the verdict; None without one."""
    found = [(topic, row) for topic in LISTS for _, row in shown(data, topic).iterrows()]
    if not found:
        return None
    word = {
        key: i18n.word(f"board_value.{key}", language)
        for key in ("list", "listed", "source", "band", "predicted", "actual", "interval_95", "verdict")
    }
    columns = (
        Column("list", word["list"]),
        Column("listed", word["listed"], "day"),
        Column("source", word["source"]),
        Column("band", word["band"]),
        Column("customers", i18n.word("churn.column.customers", language), "count"),
        Column("predicted", word["predicted"], "rate", i18n.word("board_value.predicted_definition", language)),
        Column("actual", word["actual"], "rate", i18n.word("board_value.actual_definition", language)),
        Column("interval", word["interval_95"], "figure"),
        Column("verdict", word["verdict"]),
    )
    rows = tuple(
        (
            i18n.word(f"board_value.list_{topic}", language),
            _listed(row).isoformat(),
            i18n.word(f"board_value.source_{row['source']}", language),
            i18n.word(f"{BANDS[topic]}.{row['band']}", language),
            int(row["customers"]),
            float(row["predicted"]),
            float(row["actual"]),
            i18n.interval(row["actual_low"], row["actual_high"], "rate", language),
            i18n.word(f"board_value.verdict_{judged.verdict(row)}", language),
        )
        for topic, row in found
    )
    topics = tuple(dict.fromkeys(topic for topic, _ in found))
    title = i18n.word("board_value.outcome_table", language)
    return Table(title, columns, rows, _caption(data, topics, language, draw))


def _caption(data: ReportData, topics: tuple[str, ...], language: str, draw: ModuleType) -> str:
    n = int(shown(data, topics[0])["customers"].iloc[0]) if len(topics) == 1 else None
    words = i18n.word("board_value.outcome_definition", language)
    tables = ", ".join(LISTS[topic] for topic in topics)
    return draw.caption(judged.outcomes, tables, data.as_of, n, language, OBSERVED, definition=words)


def _listed(row: pd.Series):
    """The as-of date of a list: the day before its window began."""
    return pd.Timestamp(row["cutoff"]).date() - timedelta(days=1)
