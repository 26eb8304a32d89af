"""Did campaigns work (施策の効果): results, money, what runs, faults, weaker evidence, the next test; a picture and a table."""

from types import ModuleType

import pandas as pd

import customerbase.campaigns as campaigns
import customerbase.campaigns.disclosed as disclosed
import customerbase.campaigns.listing as listing
import customerbase.campaigns.looks as looks
from customerbase import i18n
from customerbase.campaigns.wording import Words
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = (
    "campaign_results", "campaign_faults", "campaign_unheld", "campaign_looks", "campaign_plans", "campaign_trials", "global_control",
)  # fmt: skip
SHOWN = 6  # campaigns of the table


def contents(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section's template reads, by name."""
    return {
        "campaigns": lines(data, language),
        "campaign_rows": rows(data, language),
        "campaign_picture": picture(data, language, draw),
    }


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentences; [] without a campaign, None without page 11."""
    if any(data.tables.get(name) is None for name in TABLES):
        return None
    return looks.lines(disclosed.shown(data.tables, data.k_min), words(data, language), as_of=data.as_of)


def rows(data: ReportData, language: str) -> list[list[str]]:
    """The newest campaigns as texts: heads first; [] without a campaign."""
    if not lines(data, language):
        return []
    results = disclosed.shown(data.tables, data.k_min)["campaign_results"]
    table = listing.campaigns(results, words(data, language), most=SHOWN)
    return [list(table.columns), *table.to_numpy().tolist()]


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """The newest campaigns by their effect; None where no interval can be told."""
    if not lines(data, language):
        return None
    return drawn(data, disclosed.shown(data.tables, data.k_min)["campaign_results"], language, draw)


def drawn(data: ReportData, results: pd.DataFrame, language: str, draw: ModuleType) -> Picture | None:
    """The newest of these campaigns (rows of campaign_results that may be told) by their effect; None without an interval."""
    told = words(data, language)
    shown = looks.picture_rows(results, told)
    if not len(shown):
        return None
    look = {"title": "", "caption": "", "language": language, "currency": data.currency}
    figures = [draw.svg(draw.campaign_effects(shown, width=draw.WIDTHS[width], **look)) for width in ("half", "phone")]
    measure = told.say("measure", outcome=told.word(f"outcome.{shown['outcome'].iloc[0]}"))
    said = draw.caption(
        campaigns.campaigns, "campaign_results", data.as_of, int(shown["people"].sum()), language, 0.95,
        definition=told.definition(shown),
    )  # fmt: skip
    return Picture(looks.title(results, told, as_of=data.as_of), measure, said, *figures)


def caption(data: ReportData, language: str) -> tuple:
    """Function, tables, n, interval and definition of the sentences and the table."""
    table = data.tables.get("campaign_results")
    n = None if table is None or not len(table) else int((table["n_treated"] + table["n_control"]).sum())
    return campaigns.campaigns, ", ".join(TABLES), n, 0.95, i18n.word("effects.told_of", language)


def words(data: ReportData, language: str) -> Words:
    """How this month's numbers are said."""
    return Words(language, data.currency, data.k_min)
