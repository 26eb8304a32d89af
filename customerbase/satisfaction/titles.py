"""Titles of the pictures of satisfaction: each is its finding."""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n
from customerbase.satisfaction.drivers import UNCLEAR
from customerbase.satisfaction.looks import clear_bands
from customerbase.satisfaction.names import band, driver, measure, number


def trend_title(row: Mapping, language: str) -> str:
    """The newest month of a measure, and whether it changed."""
    told = {
        "measure": measure(row["measure"], row["scale"], language),
        "value": number(row["measure"], row["value"], language),
    }
    verdict = i18n.word(f"satisfaction.verdict.{row['verdict']}", language)
    return i18n.sentence("satisfaction.picture_trend", language, **told, verdict=verdict)


def group_title(dimension: str, clear: str, called: str, language: str) -> str:
    """Which group of a dimension differs most surely (its name), or that none does."""
    finding = i18n.word("satisfaction.picture_none", language)
    if clear:
        finding = i18n.sentence("satisfaction.picture_clear", language, value=clear)
    by = i18n.word(f"satisfaction.dimension.{dimension}", language)
    told = {"dimension": by.lower() if language == "en" else by, "finding": finding}
    return i18n.sentence("satisfaction.picture_groups", language, measure=called, **told)


def link_title(own: pd.DataFrame, language: str) -> str:
    """Which band came back more, or that there is no clear difference."""
    clear = clear_bands(own)
    if not clear:
        return i18n.word("satisfaction.picture_links", language)
    key = "picture_links_clear" if clear[0]["difference"] > 0 else "picture_links_less"
    return i18n.sentence(f"satisfaction.{key}", language, band=band(clear[0]["band"], clear[0]["role"], language))


def driver_title(own: pd.DataFrame, language: str, questions: Mapping | None = None) -> str:
    """The driver with the largest share where it is clear, or that none is."""
    first = own.sort_values("rank").iloc[0]
    outcome = i18n.word(f"satisfaction.outcome.{first['outcome']}", language)
    if first["direction"] == UNCLEAR:
        return i18n.sentence(
            "satisfaction.picture_drivers_none", language, outcome=outcome.lower() if language == "en" else outcome
        )
    name = driver(first["driver"], language, questions)
    return i18n.sentence("satisfaction.picture_drivers", language, outcome=outcome, driver=name)
