"""Satisfaction in the report (満足度): scores, whether they moved, who answers, what goes with them, what to do; two pictures."""

from types import ModuleType

import customerbase.satisfaction.drivers as drivers_of
import customerbase.satisfaction.looks as looks
import customerbase.satisfaction.month as study
import customerbase.satisfaction.names as names
import customerbase.satisfaction.titles as titles
from customerbase import i18n, segments
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

SCORES, TREND, RATES, LINKS, DRIVERS = (
    f"satisfaction_{name}" for name in ("scores", "trend", "response", "links", "drivers")
)  # without the first there is no section
ALL_TABLES = (SCORES, TREND, RATES, LINKS, DRIVERS)


def told(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section says and shows, by the names that its template uses."""
    return {
        "satisfaction": lines(data, language),
        "satisfaction_caption": caption(data, language, draw),
        "satisfaction_trend": trend(data, language, draw),
        "satisfaction_drivers": drivers(data, language, draw),
    }


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence, what to do last; [] without answers to show, None without page 09."""
    if any(name not in data.tables for name in ALL_TABLES):
        return None
    called = {code: segments.name(code, language) for code in segments.codes()}
    scores, rates = (names.by_name(data.tables[name], called) for name in (SCORES, RATES))
    if not looks.overall(scores, data.k_min):
        return []
    trend, links, drivers = (data.tables[name] for name in (TREND, LINKS, DRIVERS))
    given = _questions(data)
    said = {
        "score": looks.score_lines(scores, language, data.k_min),
        "trend": looks.trend_lines(trend, language, data.k_min),
        "group": looks.group_lines(scores, language),
        "product": looks.product_lines(scores, language),
        "response": looks.response_lines(rates, scores, language, data.k_min),
        "link": looks.link_lines(links, language),
        "driver": looks.driver_lines(drivers, language, given),
        "todo": [looks.todo(scores, trend, drivers, language, data.k_min, given)],
    }
    return [
        (i18n.word(f"satisfaction.{name}_label", language), i18n.run_on(texts, language))
        for name, texts in said.items()
        if texts
    ]


def trend(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Each month's score with its interval; None without answers to show."""
    if not lines(data, language):
        return None
    table = data.tables[TREND]
    row = next((found for one in looks.MAIN if (found := looks.newest(table, one, data.k_min))), None)
    if row is None:
        return None
    drawn = [
        draw.svg(draw.satisfied.trend(table, data.k_min, language, row["measure"], width, bare=True))
        for width in _widths(draw)
    ]
    words = names.trend_definition(row["measure"], row["scale"], language)
    own = table[(table["measure"] == row["measure"]) & (table["scale"] == row["scale"])]
    caption = draw.caption(study.satisfaction, TREND, data.as_of, int(own["n"].sum()), language, 0.95, definition=words)
    return Picture(
        titles.trend_title(row, language), i18n.word("satisfaction.measure_trend", language), caption, *drawn
    )


def drivers(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """What satisfaction goes with: impact and performance of the items; None without a study."""
    if not lines(data, language):
        return None
    table = data.tables[DRIVERS]
    own = table[table["outcome"] == drivers_of.OVERALL]
    if not len(own):
        return None
    given = _questions(data)
    drawn = [
        draw.svg(draw.satisfied.drivers(table, language, drivers_of.OVERALL, given, width, bare=True))
        for width in _widths(draw)
    ]
    words, n = i18n.word("satisfaction.definition_drivers", language), int(own["n"].iloc[0])
    caption = draw.caption(drivers_of.judge, DRIVERS, data.as_of, n, language, 0.95, definition=words)
    measure = i18n.word("satisfaction.measure_drivers", language)
    return Picture(titles.driver_title(own, language, given), measure, caption, *drawn)


def caption(data: ReportData, language: str, draw: ModuleType) -> str:
    """Definition, n, interval and as-of date of the scores in the sentences; "" without any."""
    if not lines(data, language):
        return ""
    row = looks.overall(data.tables[SCORES], data.k_min)[0]
    called = names.measure(row["measure"], row["scale"], language)
    words = i18n.sentence("satisfaction.definition_groups", language, measure=called, months=int(row["months"]))
    return draw.caption(study.satisfaction, SCORES, data.as_of, int(row["n"]), language, 0.95, definition=words)


def _questions(data: ReportData) -> dict:
    return dict(data.settings.get("survey_questions") or {})


def _widths(draw: ModuleType) -> tuple[float, float]:
    return draw.WIDTHS["half"], draw.WIDTHS["phone"]
