"""The tables of the page Satisfaction on surveys: exact values with interval and n; what tells of few people, or gives them away, reads `*`."""

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

import pandas as pd

import customerbase.satisfaction.drivers as drivers_of
import customerbase.satisfaction.groups as groups_of
import customerbase.satisfaction.links as links_of
import customerbase.satisfaction.looks as looks
import customerbase.satisfaction.month as study
import customerbase.satisfaction.names as names
from customerbase import i18n, segments
from customerbase.dashboards.part import Column, Table
from customerbase.features.scales import MEASURES
from customerbase.report import ReportData
from customerbase.report.satisfaction import DRIVERS, LINKS, SCORES, TREND
from customerbase.satisfaction.products import CATEGORY, PRODUCT

WITHHELD = "*"
MOST = 200  # groups in one table
ARROWS = {"clear_up": "↑", "clear_down": "↓"}


def choice_name(block: str, choice: str, language: str) -> str:
    """What a dropdown calls a choice: a measure, a way to divide those who answered, or those who asked."""
    if block == "months":
        return names.measure(*choice.split(":"), language)
    return i18n.word(f"{'inquiries' if block == 'desk' else 'satisfaction'}.dimension.{choice}", language)


def scores(data: ReportData, language: str, draw: ModuleType) -> Table:
    """All scores of the window, as answered and weighted."""
    table = data.tables[SCORES]
    own = table[table["dimension"].isin([groups_of.ALL, "response"])]
    own = own[(own["dimension"] != "response") | (own["method"] != groups_of.RAW)]
    rows = [row for row in own.to_dict("records") if names.shown(row, data.k_min)]
    rows = sorted(rows, key=lambda row: (MEASURES.index(row["measure"]), row["scale"], row["method"]))
    heads = {"measure": "text", "method": "text", "value": "own", "interval": "figure", "answers": "count",
             "people": "count", "effective": "count"}  # fmt: skip
    columns = tuple(Column(key, i18n.word(f"satisfaction.column.{key}", language), unit) for key, unit in heads.items())
    cells = tuple(
        (
            names.measure(row["measure"], row["scale"], language),
            i18n.word(f"satisfaction.method.{row['method']}", language),
            float(row["score"]),
            names.interval(row["measure"], row, language),
            int(row["n"]),
            int(row["people"]),
            round(float(row["effective_n"])),
        )
        for row in rows
    )
    title = i18n.sentence("board_satisfaction.scores_title", language, months=_months(data))
    units = tuple(_unit(row["measure"]) for row in rows)
    caption = caption_of(data, study.satisfaction, SCORES, _most(rows), title, language, draw)
    return Table(title, columns, cells, caption, units=units)


def months(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table]:
    """Measure and scale -> its months, the newest first; measures without a month that may be shown are left out."""
    table, made = data.tables[TREND], {}
    pairs = sorted(set(zip(table["measure"], table["scale"], strict=True)), key=lambda one: MEASURES.index(one[0]))
    for code, scale in pairs:
        own = table[(table["measure"] == code) & (table["scale"] == scale)].sort_values("month", ascending=False)
        rows = [(row, names.shown(row, data.k_min, "value")) for row in own.to_dict("records")]
        if not any(known for _, known in rows):
            continue
        called = names.measure(code, scale, language)
        columns = (
            Column("month", i18n.word("dashboard.month", language), "month"),
            Column("value", called, _unit(code)),
            Column("interval", i18n.word("satisfaction.column.interval", language), "figure"),
            Column("answers", i18n.word("satisfaction.column.answers", language), "count"),
            Column("before", i18n.word("board_satisfaction.before", language), _unit(code)),
            Column("verdict", i18n.word("board_satisfaction.verdict", language)),
        )
        cells = tuple(_month(row, known, code, language) for row, known in rows)
        caption = trend_caption(data, code, scale, language, draw)
        caption += withheld_note(data, language) if not all(known for _, known in rows) else ""
        title = i18n.sentence("board_satisfaction.months_title", language, measure=called)
        made[f"{code}:{scale}"] = Table(title, columns, cells, caption, sort="-month")
    return made


def _month(row: Mapping, known: bool, code: str, language: str) -> tuple:
    month = pd.Timestamp(row["month"]).date().isoformat()
    if not known:
        return month, WITHHELD, i18n.MISSING, None, None, i18n.MISSING
    before = None if i18n.missing(row["before"]) else float(row["before"])
    verdict = i18n.word(f"satisfaction.verdict.{row['verdict']}", language)
    return month, float(row["value"]), names.interval(code, row, language), int(row["n"]), before, verdict


def trend_caption(data: ReportData, code: str, scale: str, language: str, draw: ModuleType) -> str:
    """Definition, n of the months shown, interval and as-of date of a measure by month."""
    table = data.tables[TREND]
    own = table[(table["measure"] == code) & (table["scale"] == scale)].to_dict("records")
    n = sum(int(row["n"]) for row in own if names.shown(row, data.k_min, "value"))
    words = names.trend_definition(code, scale, language)
    return draw.caption(study.satisfaction, TREND, data.as_of, n, language, 0.95, definition=words)


def groups(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table]:
    """Dimension -> its groups with each main measure, those with most answers first, all of them together on top."""
    called = {code: segments.name(code, language) for code in segments.codes()}
    table, made = names.by_name(data.tables[SCORES], called), {}
    table = table[table["method"] == groups_of.RAW]
    whole = looks.overall(table, data.k_min)
    for dimension in study.DIMENSIONS:
        own = table[table["dimension"] == dimension]
        found = {(row["measure"], row["scale"], row["value"]): row for row in own.to_dict("records")}
        if not own["score"].notna().any():
            continue
        known = set(zip(own["measure"], own["scale"], strict=True))
        of_all = [row for row in whole if (row["measure"], row["scale"]) in known]
        measures = [(row["measure"], row["scale"]) for row in of_all]
        ranked, many = _ranked(own, found, measures)
        rows = [_group(names.value(dimension, one, language), [found.get((*pair, one)) for pair in measures], data, language)
                for one in ranked]  # fmt: skip
        rows.insert(0, _group(i18n.word("satisfaction.value.all", language), of_all, data, language))
        title = i18n.sentence("board_satisfaction.by_title", language, by=_within(dimension, language))
        words = _definition(dimension, table, language)
        caption = caption_of(data, study.satisfaction, SCORES, _most(of_all), words, language, draw)
        caption += withheld_note(data, language) if any(WITHHELD in row for row in rows) else ""
        if len(ranked) < many:
            told = {"n": f"{len(ranked):,}", "all": f"{many:,}"}
            caption += f" · {i18n.sentence('satisfaction.products_shown', language, **told)}"
        columns = (
            Column("group", i18n.word(f"satisfaction.dimension.{dimension}", language)),
            *(column for pair in measures for column in _columns(*pair, language)),
        )
        made[dimension] = _without_empty(Table(title, columns, tuple(rows), caption))
    return made


def _definition(dimension: str, scores: pd.DataFrame, language: str) -> str:
    told = {"months": int(scores["months"].iloc[0])}
    if dimension not in (PRODUCT, CATEGORY):
        return i18n.sentence("board_satisfaction.by_definition", language, **told)
    told["days"] = int(scores["product_days"].iloc[0])
    return i18n.sentence("board_satisfaction.by_product_definition", language, **told)


def _ranked(own: pd.DataFrame, found: Mapping, measures: list[tuple[str, str]]) -> tuple[list[str], int]:
    """The groups with most answers first, of very many those that clearly differ and the largest; and how many there are."""
    ranked = sorted(dict.fromkeys(own["value"]), key=lambda one: (-_answers(found, measures, one), one))
    clear = set(own.loc[own["verdict"].isin(ARROWS), "value"])
    largest = set([one for one in ranked if one not in clear][: max(MOST - len(clear), 0)])
    return [one for one in ranked if one in clear | largest], len(ranked)


def _without_empty(table: Table) -> Table:
    """The table without those of its columns on differences in which no group differs."""
    told = [
        place
        for place, column in enumerate(table.columns)
        if not column.key.endswith("_apart") or any(row[place] in ARROWS.values() for row in table.rows)
    ]
    columns, rows = (
        tuple(table.columns[place] for place in told),
        tuple(tuple(row[place] for place in told) for row in table.rows),
    )
    return replace(table, columns=columns, rows=rows)


def _columns(code: str, scale: str, language: str) -> tuple[Column, ...]:
    """Value, interval, answers and whether it differs, of one measure."""
    short = i18n.word(f"board_satisfaction.short.{code}", language)
    apart = i18n.word("board_satisfaction.apart_definition", language)
    return (
        Column(code, short, _unit(code), names.measure(code, scale, language)),
        Column(f"{code}_interval", i18n.sentence("board_satisfaction.of_interval", language, measure=short), "figure"),
        Column(f"{code}_n", i18n.sentence("board_satisfaction.of_n", language, measure=short), "count"),
        Column(f"{code}_apart", i18n.sentence("board_satisfaction.of_apart", language, measure=short), "text", apart),
    )


def _group(name: str, rows: list[Mapping | None], data: ReportData, language: str) -> tuple:
    cells: list = [name]
    for row in rows:
        if row is None:
            cells += [None, i18n.MISSING, None, i18n.MISSING]
        elif not names.shown(row, data.k_min):
            cells += [WITHHELD, i18n.MISSING, None, i18n.MISSING]
        else:
            cells += [float(row["score"]), names.interval(row["measure"], row, language), int(row["n"])]
            cells.append(ARROWS.get(row["verdict"], i18n.MISSING))
    return tuple(cells)


def _answers(found: Mapping, measures: list[tuple[str, str]], value: str) -> int:
    counts = [row["n"] for pair in measures if (row := found.get((*pair, value))) and not i18n.missing(row["n"])]
    return int(max(counts, default=0))


def drivers(data: ReportData, language: str, draw: ModuleType) -> Table | None:
    """All drivers of both outcomes: share of what is explained, rank, odds ratio, how the item stands."""
    table = data.tables[DRIVERS]
    if not len(table):
        return None
    given = dict(data.settings.get("survey_questions") or {})
    units = {"outcome": "text", "driver": "text", "share": "rate", "share_interval": "figure", "rank": "count",
             "rank_interval": "figure", "odds": "figure", "odds_interval": "figure", "performance": "rate"}  # fmt: skip
    columns = tuple(
        Column(key, i18n.word(f"board_satisfaction.driver.{key}", language), unit) for key, unit in units.items()
    )
    cells = tuple(_driver(row, given, language) for row in table.sort_values(["outcome", "rank"]).to_dict("records"))
    title, n = i18n.word("board_satisfaction.drivers", language), int(table["n"].max())
    words = i18n.word("satisfaction.definition_drivers", language)
    return Table(title, columns, cells, caption_of(data, drivers_of.judge, DRIVERS, n, words, language, draw))


def _driver(row: Mapping, given: Mapping, language: str) -> tuple:
    return (
        i18n.word(f"satisfaction.outcome.{row['outcome']}", language),
        names.driver(row["driver"], language, given),
        float(row["share"]),
        i18n.interval(row["share_low"], row["share_high"], "rate", language),
        int(row["rank"]),
        i18n.span(str(row["rank_low"]), str(row["rank_high"]), language),
        f"{row['odds_ratio']:.2f}",
        i18n.span(f"{row['odds_low']:.2f}", f"{row['odds_high']:.2f}", language),
        None if i18n.missing(row["performance"]) else float(row["performance"]),
    )


def links(data: ReportData, language: str, draw: ModuleType) -> Table | None:
    """Who bought again after the answer and who did not, by band of each question; None without a band that may be shown."""
    table = data.tables[LINKS]
    rows = table.assign(order=table["band"].map(links_of.BANDS.index)).sort_values(["role", "scale", "order"])
    if not rows["repeat_rate"].notna().any():
        return None
    units = {"band": "text", "answers": "count", "repeat": "rate", "repeat_interval": "figure", "churn": "rate",
             "churn_interval": "figure"}  # fmt: skip
    columns = tuple(
        Column(key, i18n.word(f"board_satisfaction.link.{key}", language), unit) for key, unit in units.items()
    )
    cells = tuple(_link(row, language) for row in rows.to_dict("records"))
    days = int(rows["days"].iloc[0])
    title = i18n.sentence("board_satisfaction.links_title", language, days=days)
    words = i18n.sentence("satisfaction.definition_links", language, days=days)
    n = int(rows.loc[rows["repeat_rate"].notna()].groupby(["role", "scale"])["n"].sum().max())
    caption = caption_of(data, links_of.table, LINKS, n, words, language, draw)
    caption += withheld_note(data, language) if rows["repeat_rate"].isna().any() else ""
    return Table(title, columns, cells, caption)


def _link(row: Mapping, language: str) -> tuple:
    role = i18n.word(f"satisfaction.role.{row['role']}", language)
    name = i18n.aside(role, names.band(row["band"], row["role"], language), language)
    if i18n.missing(row["repeat_rate"]):
        return name, None, WITHHELD, i18n.MISSING, WITHHELD, i18n.MISSING
    ends = [i18n.interval(row[f"{one}low"], row[f"{one}high"], "rate", language) for one in ("", "churn_")]
    return name, int(row["n"]), float(row["repeat_rate"]), ends[0], float(row["churn_rate"]), ends[1]


def _unit(code: str) -> str:
    return "score" if code == "nps" else "number" if code.endswith("_mean") else "rate"


def _within(dimension: str, language: str) -> str:
    word = i18n.word(f"satisfaction.dimension.{dimension}", language)
    return word[:1].lower() + word[1:]


def _months(data: ReportData) -> int:
    return int(data.tables[SCORES]["months"].iloc[0])


def _most(rows: list[Mapping]) -> int:
    return max((int(row["n"]) for row in rows), default=0)


def caption_of(data: ReportData, function, table: str, n: int, words: str, language: str, draw: ModuleType) -> str:
    """Definition, n, interval, as-of date, table and function of a table of the page."""
    return draw.caption(function, table, data.as_of, n, language, 0.95, definition=words.rstrip(".。"))


def withheld_note(data: ReportData, language: str) -> str:
    """What `*` stands for, at the end of a caption."""
    return f" · {i18n.sentence('board_quality.overview.withheld', language, k=data.k_min)}"
