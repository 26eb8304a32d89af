"""Triggers, offers under a budget and loyalty ranks, for the page Audiences: the report's sentences and pictures, its tables to sort.

Counts only. The report's tables are withheld as they stand there; what the limits' use would give back is withheld here.
"""

import html
from types import ModuleType

import numpy as np
import pandas as pd

import customerbase.audiences.budget.said as said
import customerbase.dashboards.texts as texts
from customerbase import i18n
from customerbase.audiences.budget import plan
from customerbase.dashboards.part import HTML, TABLE, Part, Table
from customerbase.dashboards.pieces import empty, figure, heading, sentences
from customerbase.disclosure import suppress_parts
from customerbase.report import ReportData

PAGE, TRIGGERS, BUDGET = "audiences", "10b_triggers", "10c_budget"


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The parts below those of the audiences; of a page that was not run there are none."""
    return [*_triggers(data, told, language), *_budget(data, told, language, draw)]


def _triggers(data: ReportData, told: dict, language: str) -> list[Part]:
    if told.get("triggers") is None:
        return []
    head = heading("triggers.heading", language)
    if not told["triggers"]:
        return [_html("triggers", head + empty("triggers.none", language), language, TRIGGERS)]
    caption = str(told["triggers_caption"])
    text = head + sentences(told["triggers"]) + _caption(caption)
    text += figure(told["trigger_picture"], "triggers") if told["trigger_picture"] else ""
    note = i18n.sentence("audiences.withheld", language, k=data.k_min)
    title = i18n.word("board_audiences.triggers", language)
    table = texts.listed(told["trigger_rows"], title, f"{caption} · {note}", data.currency)
    return [_html("triggers", text, language, TRIGGERS), _table("trigger_table", table, language, TRIGGERS)]


def _budget(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    if told.get("budget") is None:
        return []
    head = heading("budget.heading", language)
    if not told["budget"]:
        return [_html("budget", head + empty("budget.empty", language), language, BUDGET)]
    offers, programme = str(told["budget_caption"]), str(told["budget_ranks_caption"])
    pictures = "".join(figure(one, "budget") for one in told["budget_pictures"])
    text = head + sentences(told["budget"]) + _caption(offers or programme) + pictures
    made = [_html("budget", text, language, BUDGET)]
    note = i18n.sentence("audiences.withheld", language, k=data.k_min)
    listed = {"offers": (told["budget_rows"], f"{offers} · {note}"), "ranks": (told["budget_ranks"], programme)}
    tables = {
        name: texts.listed(rows, i18n.word(f"budget.heading_{name}", language), caption, data.currency)
        for name, (rows, caption) in listed.items()
        if rows
    }
    for name, table in tables.items():
        made.append(_table(name, table, language, BUDGET))
        made += _limits(data, note, language, draw) if name == "offers" else []
    return made


def _limits(data: ReportData, note: str, language: str, draw: ModuleType) -> list[Part]:
    """Money and capacity: what there is, what the plan uses, and what one more would add."""
    limits = data.tables[said.LIMITS]
    if not len(limits):
        return []
    shown = limits.assign(
        used=limits["used"].astype(float).mask(_given_away(data.tables[said.OFFERS], limits, data.k_min))
    )
    frame = said.limit_table(shown, language, lambda amount: data.money(amount, language))
    definition = i18n.word("board_audiences.definition_limits", language)
    caption = draw.caption(plan, said.LIMITS, data.as_of, None, language, definition=definition)
    title = i18n.word("board_audiences.limits", language)
    return [_table("limits", texts.table(frame, title, f"{caption} · {note}", data.currency), language, BUDGET)]


def _given_away(offers: pd.DataFrame, limits: pd.DataFrame, k_min: int) -> np.ndarray:
    """Limits of channels with an offer whose contacts are withheld, and all those of persons: their use tells how many."""
    hidden = suppress_parts(offers["contacts"].to_numpy(), k_min)
    channels = set(offers.loc[hidden, "channel"])
    own = limits["person"].notna() & (limits["used"].astype(float) > 0)
    return ((limits["kind"] != "money") & (limits["channel"].isin(channels) | own)).to_numpy()


def _caption(text: str) -> str:
    return f'<p class="caption">{html.escape(text)}</p>' if text else ""


def _html(name: str, content: str, language: str, notebook: str) -> Part:
    return Part(PAGE, language, name, HTML, content, notebook=notebook)


def _table(name: str, table: Table, language: str, notebook: str) -> Part:
    return Part(PAGE, language, name, TABLE, table.write(), notebook=notebook)
