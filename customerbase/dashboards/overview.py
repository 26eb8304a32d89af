"""Overview (概況): what happened, the tiles, why revenue changed, the goals, every KPI, and whether the data hold."""

from types import ModuleType

from customerbase import i18n, kpi
from customerbase.dashboards.part import HTML, TABLE, Column, Part, Table
from customerbase.periods import month_label
from customerbase.report import ReportData, section

PAGE = "overview"
SECTIONS = {"summary": "13_monthly_report", "tiles": "12_kpi", "trend": "12_kpi", "goals": "12b_goals"}


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; `told` is what the report says (report.contents)."""
    shown = [
        Part(PAGE, language, name, HTML, content, notebook=notebook)
        for name, notebook in SECTIONS.items()
        if (content := section(told, name))
    ]
    table = kpis(data, language, str(told["kpi_caption"]))
    return [*shown, Part(PAGE, language, "kpis", TABLE, table.write(), notebook="12_kpi")]


def kpis(data: ReportData, language: str, caption: str) -> Table:
    """Every KPI that has a value, this month, the month before and a year before, with interval and n."""
    word = {key: i18n.word(f"report.column.{key}", language) for key in ("figure", "last_month", "last_year")}
    columns = (
        Column("figure", word["figure"]),
        Column("value", month_label(data.month, language), "own"),
        Column("last_month", word["last_month"], "own"),
        Column("vs_last_month", i18n.word("report.vs_last_month", language), "figure"),
        Column("last_year", word["last_year"], "own"),
        Column("vs_last_year", i18n.word("report.vs_last_year", language), "figure"),
        Column("interval", i18n.word("report.column.interval", language), "figure"),
        Column("n", "n", "count"),
        Column("definition", i18n.word("dashboard.definition", language)),
    )
    known = [one for one in kpi.KPIS if data.changes[(one, "last_month")]["value"] is not None]
    rows, units = tuple(_kpi(data, one, language) for one in known), tuple(map(kpi.unit, known))
    title = i18n.word("dashboard.all_kpis", language)
    return Table(title, columns, rows, caption, currency=data.currency, units=units)


def _kpi(data: ReportData, kpi_id: str, language: str) -> tuple:
    month, year, entry = data.changes[(kpi_id, "last_month")], data.changes[(kpi_id, "last_year")], kpi.find(kpi_id)
    unit = kpi.unit(kpi_id)
    return (
        kpi.name(kpi_id, language),
        _exact(month["value"]),
        _exact(month["previous"]),
        i18n.change(month["value"], month["previous"], unit, language),
        _exact(year["previous"]),
        i18n.change(year["value"], year["previous"], unit, language),
        i18n.interval(month["low"], month["high"], unit, language, currency=data.currency),
        data.n(kpi_id),
        entry.definition_ja if language == "ja" else entry.definition_en,
    )


def _exact(value: object) -> float | None:
    return None if i18n.missing(value) else float(value)
