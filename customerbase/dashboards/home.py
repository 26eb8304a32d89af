"""Home (はじめに): the state of the month's data for the list of months, and the glossary."""

import json
from types import ModuleType

from customerbase import i18n, kpi, segments
from customerbase.dashboards.part import NUMBERS, TABLE, Column, Part, Table
from customerbase.report import ReportData, trust

PAGE = "home"


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The state of the month's data, which the page lists for every published month, and the glossary."""
    light = {key: told["light"][key] for key in ("state", "reasons")}
    table = glossary(data, told, language, draw)
    return [
        Part(PAGE, language, "light", NUMBERS, json.dumps(light, ensure_ascii=False), notebook="01_quality"),
        Part(PAGE, language, "glossary", TABLE, table.write()),
    ]


def glossary(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> Table:
    """Every KPI, segment and term: what it is, its formula, which way is better, who answers for it, and its function."""
    columns = tuple(Column(key, i18n.word(f"board_quality.glossary.{key}", language)) for key in _COLUMNS)
    rows = (*_kpis(data, language, draw), *_terms(data, told, language, draw), *_segments(language, draw))
    title = i18n.sentence("board_quality.glossary.title", language, n=len(rows))
    caption = draw.caption(kpi.find, "docs/glossary.md", data.as_of, None, language, definition=title)
    return Table(title, columns, tuple(rows), caption)


_COLUMNS = ("term", "kind", "definition", "formula", "better", "owner", "function")


def _kpis(data: ReportData, language: str, draw: ModuleType) -> list[tuple]:
    return [
        (
            kpi.name(one.id, language),
            i18n.word(f"kpi_words.group.{one.group}", language),
            one.definition_ja if language == "ja" else one.definition_en,
            one.formula.text(),
            i18n.word(f"kpi_words.{'up' if one.higher_is_better else 'down'}", language),
            kpi.owner(one.id, language, data.settings),
            draw.where(one.function),
        )
        for one in kpi.KPIS.values()
    ]


def _terms(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[tuple]:
    """The words of the report that name no KPI, those of this page's siblings, and the states of the data."""
    kind, known = i18n.word("board_quality.glossary.word", language), {kpi.name(one, language) for one in kpi.KPIS}
    listed = [(term, text, None) for term, text in told["definitions"] if term not in known]
    listed += [
        (i18n.word(f"board_quality.light.{state}", language), _state(state, language), draw.where(trust.state))
        for state in trust.STATES
    ]
    listed += [
        (
            i18n.word(f"board_quality.severity.{code}", language),
            i18n.word(f"board_quality.about.{code}", language),
            None,
        )
        for code in ("block", "warn")
    ]
    return [(str(term), kind, str(text), None, None, None, where) for term, text, where in listed]


def _state(state: str, language: str) -> str:
    limits = {"alarm": trust.QUARANTINE_ALARM, "limit": trust.QUARANTINE_LIMIT}
    values = {name: i18n.number(share, "rate", language).replace(".0", "") for name, share in limits.items()}
    used = {trust.SOUND: ("alarm",), trust.CARE: ("alarm",), trust.NOT_YET: ("limit",)}[state]
    days = {"days": trust.DAYS_MISSING} if state == trust.CARE else {}
    return i18n.sentence(f"board_quality.about.{state}", language, **{name: values[name] for name in used}, **days)


def _segments(language: str, draw: ModuleType) -> list[tuple]:
    kind = i18n.word("report.column.segment", language)
    return [
        (segments.name(one.code, language), kind, _ranks(one, language), None, None, None, draw.where(segments.find))
        for one in segments.SEGMENTS
    ]


def _ranks(one: segments.Segment, language: str) -> str:
    """The ranks that make a segment, in words: days since last order 4–5, order count 1–2."""
    said = [
        i18n.sentence(
            "board_quality.glossary.rank",
            language,
            figure=i18n.word(f"board_quality.glossary.{name}", language),
            low=low,
            high=high,
        )
        for name, (low, high) in (("r", one.r), ("f", one.f), ("m", one.m))
        if (low, high) != (1, 5)
    ]
    ranks = i18n.join(said, language)
    todo = one.todo_ja if language == "ja" else one.todo_en
    return i18n.run_on([ranks + ("。" if language == "ja" else "."), todo], language)
