"""Campaigns (施策の効果): results of twelve months, one campaign closely, looks, the next test, the global control, uplift, worth.

Aggregates only; what tells of few people, or gives it back, is taken out by campaigns.disclosed before anything is made.
"""

import html
import json
from dataclasses import replace
from types import ModuleType

import pandas as pd

import customerbase.campaigns.ahead as ahead
import customerbase.campaigns.control as controls
import customerbase.campaigns.disclosed as disclosed
import customerbase.campaigns.listing as listing
import customerbase.campaigns.looks as looks
import customerbase.campaigns.peeking as peeking
import customerbase.dashboards.campaigns_closely as closely
import customerbase.dashboards.campaigns_worth as worth
import customerbase.dashboards.texts as texts
import customerbase.report.campaigns as letter
from customerbase import i18n
from customerbase.dashboards.part import HTML, NUMBERS, TABLE, Part, Table
from customerbase.dashboards.pieces import empty, figure, heading, sentences
from customerbase.report import ReportData
from customerbase.report.figures import Picture

PAGE, NOTEBOOK = "campaigns", "11_campaigns"


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; what there is nothing of is said in words."""
    data = replace(data, tables=disclosed.shown(data.tables, data.k_min))
    choices: list[tuple[str, str]] = []
    if not told["campaigns"]:
        key = "board_campaigns.not_run" if told["campaigns"] is None else "effects.none"
        made = [part("lines", HTML, empty(key, language), language)]
    else:
        made = _results(data, told, language, draw)
        found, choices = closely.parts(data, language, draw)
        made += [*found, *_looks(data, language, draw), *_plan(data, language, draw), *_control(data, language, draw)]
    made += worth.parts(data, told, language, draw)
    return [*made, part("choices", NUMBERS, json.dumps({"campaign": choices}, ensure_ascii=False), language, "")]


def part(name: str, kind: str, content: str, language: str, notebook: str = NOTEBOOK, choice: str = "") -> Part:
    """A part of this page."""
    return Part(PAGE, language, name, kind, content, choice, notebook)


def year(data: ReportData) -> pd.DataFrame:
    """Campaigns that came to a result in the last twelve months, the newest first."""
    return looks.ended(data.tables["campaign_results"], data.as_of, looks.YEAR)


def _results(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    words, mine = letter.words(data, language), year(data)
    function, _, _, level, definition = letter.caption(data, language)
    people = mine[["n_treated", "n_control"]].sum(axis=1)
    n = int(people.sum()) or None
    caption = draw.caption(function, "campaign_results", data.as_of, n, language, level, definition=definition)
    text = sentences(told["campaigns"]) + f'<p class="caption">{html.escape(caption)}</p>'
    made = [part("lines", HTML, text, language)]
    if not len(mine):
        return [*made, part("effects", HTML, empty("board_campaigns.no_year", language), language)]
    if picture := letter.drawn(data, mine, language, draw):
        made.append(part("effects", HTML, figure(picture, "effects"), language))
    table = listing.campaigns(mine, words, most=len(mine))
    return [*made, _table("campaigns", table, "year", caption, data, language)]


def _looks(data: ReportData, language: str, draw: ModuleType) -> list[Part]:
    found = data.tables["campaign_looks"]
    if not len(found):
        return []
    table = listing.looks(found, data.tables["campaign_results"], letter.words(data, language))
    caption = _caption(peeking.looks, "campaign_looks", "looks", data, language, draw)
    return [_table("looks", table, "looks", caption, data, language)]


def _plan(data: ReportData, language: str, draw: ModuleType) -> list[Part]:
    words = letter.words(data, language)
    plans, trials = listing.plans(data.tables["campaign_plans"], words), data.tables["campaign_trials"]
    head = heading("board_campaigns.plan", language)
    head += "" if len(plans) else empty("board_campaigns.plans_none", language)
    made = [part("plan", HTML, head, language)]
    if len(plans):
        caption = _caption(ahead.plans, "campaign_plans", "plans", data, language, draw)
        made.append(_table("plans", plans, "plans", caption, data, language))
    if len(trials):
        n = int(trials["people"].max())
        caption = _caption(ahead.trials, "campaign_trials", "trials", data, language, draw, n)
        made.append(_table("trials", listing.trials(trials, words), "trials", caption, data, language))
    return made


def _control(data: ReportData, language: str, draw: ModuleType) -> list[Part]:
    table = data.tables["global_control"]
    head = heading("board_campaigns.control", language)
    if not len(table):
        return [part("control", HTML, head + empty("effects.control_none", language), language)]
    picture = control_picture(data, language, draw)
    drawn = figure(picture, "control") if picture else ""
    n = table["n_others"].iloc[-1] + table["n_control"].iloc[-1]
    n = None if i18n.missing(n) else int(n)
    caption = _caption(controls.control, "global_control", "quarters", data, language, draw, n, 0.95)
    rows = listing.control(table, letter.words(data, language))
    return [
        part("control", HTML, head + drawn, language),
        _table("quarters", rows, "quarters", caption, data, language),
    ]


def control_picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Revenue of all campaigns together, cumulated by quarter; None with fewer than two quarters, or a group that is not the one drawn."""
    table = data.tables["global_control"]
    rows = table[table["cumulated"].notna()]
    if len(rows) < 2 or controls.broken(table):
        return None
    look = {"title": "", "caption": "", "language": language, "currency": data.currency}
    drawn = [draw.svg(draw.cumulated(rows, width=draw.WIDTHS[one], **look)) for one in ("wide", "phone")]
    [said] = looks.control(table, letter.words(data, language))
    caption = draw.control_caption(rows, data.as_of, language)
    return Picture(said.rstrip("。."), i18n.word("effects.title_control", language), caption, *drawn)


def _caption(function, table: str, key: str, data: ReportData, language: str, draw, n=None, level=None) -> str:
    words = i18n.word(f"board_campaigns.definition_{key}", language).replace("{k}", str(data.k_min))
    return draw.caption(function, table, data.as_of, n, language, level, definition=words)


def _table(name: str, frame: pd.DataFrame, key: str, caption: str, data: ReportData, language: str) -> Part:
    title = i18n.word(f"board_campaigns.{key}", language)
    made: Table = texts.table(frame, title, caption, data.currency)
    return part(name, TABLE, made.write(), language)
