"""Overview (概況): can the data be trusted, what happened, the tiles, why revenue changed, the goals, and every KPI."""

from types import ModuleType

from customerbase import i18n, kpi
from customerbase.dashboards.closely import WITHHELD, closely, withheld_note
from customerbase.dashboards.part import HTML, TABLE, Column, Part, Table
from customerbase.periods import month_label
from customerbase.report import ReportData, section
from customerbase.report.sections import ARROWS

PAGE = "overview"
SECTIONS = {
    "light": "01_quality",
    "summary": "13_monthly_report",
    "tiles": "12_kpi",
    "trend": "12_kpi",
    "goals": "12b_goals",
}


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; `told` is what the report says (report.contents)."""
    told = told | {"incomplete": ""}  # the state of the data above the headline says it
    shown = [
        Part(PAGE, language, name, HTML, content, notebook=notebook)
        for name, notebook in SECTIONS.items()
        if (content := section(told, name))
    ]
    table = kpis(data, language, str(told["kpi_caption"]))
    return [
        *shown,
        Part(PAGE, language, "kpis", TABLE, table.write(), notebook="12_kpi"),
        *closely(data, told, language, draw),
    ]


def kpis(data: ReportData, language: str, caption: str) -> Table:
    """Every KPI that has a value, group by group: this month, the month before and a year before, interval and n.

    A figure that would tell of a few people reads `*`; the definition of each stands with its name.
    """
    word = {key: i18n.word(f"report.column.{key}", language) for key in ("figure", "last_month", "last_year")}
    columns = (
        Column("figure", word["figure"]),
        Column("group", i18n.word("board_quality.overview.group", language)),
        Column("value", month_label(data.month, language), "own"),
        Column("last_month", word["last_month"], "own"),
        Column("vs_last_month", i18n.word("report.vs_last_month", language), "figure"),
        Column("last_year", word["last_year"], "own"),
        Column("vs_last_year", i18n.word("report.vs_last_year", language), "figure"),
        Column("interval", i18n.word("report.column.interval", language), "figure"),
        Column("n", "n", "count"),
    )
    known = [one for one in grouped() if _shown(data, one) is not None]
    rows, units = tuple(_kpi(data, one, language) for one in known), tuple(map(kpi.unit, known))
    hidden = any(WITHHELD in row for row in rows)
    return Table(
        i18n.word("dashboard.all_kpis", language),
        columns,
        rows,
        withheld_note(caption, data, language) if hidden else caption,
        currency=data.currency,
        units=units,
        about=tuple(definition(one, language) for one in known),
    )


def grouped() -> list[str]:
    """All KPIs, the groups of the registry one after the other."""
    return sorted(kpi.KPIS, key=lambda one: kpi.GROUPS.index(kpi.find(one).group))


def definition(kpi_id: str, language: str) -> str:
    """What a KPI is, in one sentence."""
    entry = kpi.find(kpi_id)
    return entry.definition_ja if language == "ja" else entry.definition_en


def _shown(data: ReportData, kpi_id: str) -> float | str | None:
    """This month's value; `*` where it is withheld."""
    if (kpi_id, data.month) in data.withheld:
        return WITHHELD
    return _exact(data.value(kpi_id))


def _kpi(data: ReportData, kpi_id: str, language: str) -> tuple:
    month, year = data.changes[(kpi_id, "last_month")], data.changes[(kpi_id, "last_year")]
    return (
        kpi.name(kpi_id, language),
        i18n.word(f"kpi_words.group.{kpi.find(kpi_id).group}", language),
        _shown(data, kpi_id),
        _exact(month["previous"]),
        _change(month, kpi_id, language),
        _exact(year["previous"]),
        _change(year, kpi_id, language),
        i18n.interval(month["low"], month["high"], kpi.unit(kpi_id), language, currency=data.currency),
        data.n(kpi_id),
    )


def _change(row: dict, kpi_id: str, language: str) -> str:
    """The change with an arrow where it is clear."""
    text = i18n.change(row["value"], row["previous"], kpi.unit(kpi_id), language)
    return text if text == i18n.MISSING else f"{ARROWS[row['verdict']]} {text}".strip()


def _exact(value: object) -> float | None:
    return None if i18n.missing(value) else float(value)
