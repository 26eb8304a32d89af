"""What page 12b shows of goals: the report's own rows, sentences and pictures, as a notebook takes them."""

import base64
import html
from types import ModuleType

import pandas as pd

import customerbase.report.goals as goals
from customerbase import i18n, kpi
from customerbase.report.data import ReportData
from customerbase.report.goals import EVERY


def goal_frame(data: ReportData, language: str) -> pd.DataFrame:
    """The rows of the report's table of goals, as texts."""
    names = ("goal", "by", "actual", "forecast", "probability", "needed", "pace", "status", "owner")
    heads = {"name": i18n.word("report.column.figure", language)}
    for name in names:
        heads[name] = i18n.word(f"goals.column.{'forecast_interval' if name == 'forecast' else name}", language)
    rows = goals.goal_rows(data, language)
    for row in rows:
        for name in ("actual", "forecast"):
            row[name] += f" ({row[f'{name}_interval']})" if row[f"{name}_interval"] else ""
    return pd.DataFrame(rows, columns=list(heads)).rename(columns=heads)


def goal_sentences(data: ReportData, language: str) -> str:
    """The sentences of the report's section, as a list in HTML."""
    rows = (
        f"<dt><b>{html.escape(label)}</b></dt><dd>{html.escape(text)}</dd>"
        for label, text in goals.lines(data, language) or ()
    )
    return f"<dl>{''.join(rows)}</dl>"


def goal_pictures(data: ReportData, language: str, draw: ModuleType) -> str:
    """The way to every goal with a date, drawn one below the other, in HTML; or that there is none."""
    drawn = [base64.b64encode(draw.png(one)).decode() for one in goals.figures(data, language, draw)]
    shown = "".join(f"<div><img style='width:560px' src='data:image/png;base64,{one}'></div>" for one in drawn)
    return shown or html.escape(i18n.word("goals.no_dates", language))


def backtest_frame(data: ReportData, language: str) -> pd.DataFrame:
    """Backtests as texts for a notebook: all KPIs together, then those with a goal."""
    wanted = [EVERY, *data.goal_rows]
    rows = sorted(data.rows("goal_backtest"), key=lambda row: (row["kpi"] not in wanted, str(row["kpi"]) != EVERY))
    names = ("column.horizon", "column.held", "column.loss")
    heads = [
        i18n.word("report.column.figure", language),
        *(i18n.word(f"goals.{name}", language) for name in names),
        "n",
    ]
    texts = [
        (
            i18n.word("goals.every", language) if row["kpi"] == EVERY else kpi.name(row["kpi"], language),
            str(int(row["horizon"])),
            f"{goals.percent(row['share'], language)} ({i18n.span(*(goals.percent(row[end], language) for end in ('share_low', 'share_high')), language)})",
            f"{row['loss'] / row['naive_loss']:.2f}" if row["naive_loss"] else i18n.MISSING,
            f"{int(row['n']):,}",
        )
        for row in rows
        if row["kpi"] in wanted
    ]
    return pd.DataFrame(texts, columns=heads)
