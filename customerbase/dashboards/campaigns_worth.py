"""Whom campaigns move, and what the workbook costs and brings, for the page Campaigns."""

import html
from types import ModuleType

import pandas as pd

import customerbase.campaigns.uplift.looks as looks
import customerbase.campaigns.worth as worth
import customerbase.campaigns.worth.looks as costs
import customerbase.dashboards.texts as texts
import customerbase.report.uplift as letter
from customerbase import i18n, segments
from customerbase.campaigns.uplift.people import READY
from customerbase.campaigns.uplift.study import study
from customerbase.dashboards.part import HTML, TABLE, Part
from customerbase.dashboards.pieces import empty, figure, heading, sentences
from customerbase.report import ReportData

PAGE, NOTEBOOK = "campaigns", "11b_uplift"
PAID = ("cost", "benefit", "payback")  # lines of the report's section that tell of the workbook itself


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The parts on whom campaigns move, then on costs and payback. data: disclosed tables."""
    if told["uplift"] is None:
        return [_html("moved", empty("board_campaigns.no_worth", language), language)]
    own = {i18n.word(f"uplift.line.{key}", language) for key in PAID}
    moved, paid = ([line for line in told["uplift"] if (line[0] in own) == of_costs] for of_costs in (False, True))
    drawn = _drawn(data, told)
    caption = f'<p class="caption">{html.escape(str(told["uplift_caption"]))}</p>'
    made = [
        _html(
            "moved", heading("board_campaigns.moved", language) + sentences(moved) + caption + drawn["curve"], language
        )
    ]
    made += _uplift(data, language, draw)
    made.append(
        _html("worth", heading("board_campaigns.worth", language) + sentences(paid) + drawn["payback"], language)
    )
    return made + _items(data, language, draw)


def _drawn(data: ReportData, told: dict[str, object]) -> dict[str, str]:
    """The report's pictures: of the campaign studied, if one was, and of payback, if it is known."""
    found = list(told["uplift_pictures"])
    studied = (data.tables[letter.CAMPAIGNS]["state"] == READY).any()
    curve = figure(found.pop(0), "curve") if studied else ""
    return {"curve": curve, "payback": figure(found[0], "payback") if found else ""}


def _uplift(data: ReportData, language: str, draw: ModuleType) -> list[Part]:
    campaigns = looks.newest_first(data.tables[letter.CAMPAIGNS])
    made = []
    if len(campaigns):
        frame = looks.campaign_table(campaigns, language, data.k_min)
        definition = i18n.word("board_campaigns.definition_studied", language)
        caption = draw.caption(study, letter.CAMPAIGNS, data.as_of, None, language, 0.95, definition=definition)
        made.append(_table("studied", frame, i18n.word("board_campaigns.studied", language), caption, data, language))
    ready = campaigns[campaigns["state"] == READY] if len(campaigns) else campaigns
    if not len(ready):
        return made
    row = ready.iloc[0]
    for name, (frame, table, definition) in _tables(row, data, language).items():
        caption = draw.caption(study, table, data.as_of, int(row["people"]), language, 0.95, definition=definition)
        title = i18n.sentence(f"board_campaigns.{name}", language, name=row["name"])
        made += [_table(name, frame, title, caption, data, language)] if len(frame) else []
    return made


def _tables(row: pd.Series, data: ReportData, language: str) -> dict[str, tuple[pd.DataFrame, str, str]]:
    """Rankings, rules of contact and groups of the newest campaign studied."""
    own = {name: looks.own(data.tables[f"uplift_{name}"], row) for name in ("models", "policy", "groups")}
    usual, grouped = (i18n.word(key, language) for key in ("uplift.definition", "board_campaigns.definition_groups"))

    def called(code: str) -> str:
        return segments.name(code, language)

    def money(amount: float) -> str:
        return data.money(round(float(amount)), language)

    return {
        "models": (looks.model_table(own["models"], language), "uplift_models", usual),
        "policy": (looks.policy_table(own["policy"], language, money), "uplift_policy", usual),
        "groups": (looks.group_table(own["groups"], language, called), "uplift_groups", grouped),
    }


def _items(data: ReportData, language: str, draw: ModuleType) -> list[Part]:
    items = data.tables[letter.ITEMS]
    if not len(items):
        return []
    frame = costs.item_table(items, language, lambda amount: data.money(round(float(amount)), language))
    definition = i18n.word("board_campaigns.definition_items", language)
    caption = draw.caption(worth.payback, letter.ITEMS, data.as_of, None, language, definition=definition)
    return [_table("items", frame, i18n.word("board_campaigns.items", language), caption, data, language)]


def _html(name: str, content: str, language: str) -> Part:
    return Part(PAGE, language, name, HTML, content, notebook=NOTEBOOK)


def _table(name: str, frame: pd.DataFrame, title: str, caption: str, data: ReportData, language: str) -> Part:
    return Part(
        PAGE, language, name, TABLE, texts.table(frame, title, caption, data.currency).write(), notebook=NOTEBOOK
    )
