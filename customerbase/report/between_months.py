"""Two published months side by side: what each report shows of the company's KPIs, and whether it changed clearly."""

from collections.abc import Sequence

from customerbase import i18n, kpi
from customerbase.periods import add_months
from customerbase.report.data import ReportData
from customerbase.report.sections import REPORTED, change_words, reported


def figures(months: Sequence[ReportData]) -> list[tuple[str, str]]:
    """Group and id of the KPIs that any of the months' reports prints, in the order of the report."""
    found = {kpi_id for data in months for _, kpi_id in reported(data)}
    return [(group, kpi_id) for group, ids in REPORTED.items() for kpi_id in ids if kpi_id in found]


def shown(data: ReportData, kpi_id: str, language: str) -> tuple[str, str]:
    """Value and interval of a KPI as the month's report prints them: an en dash for what it withholds."""
    row = data.changes[(kpi_id, "last_month")]
    value = data.number(kpi_id, row["value"], language, exact=True)
    return value, i18n.interval(row["low"], row["high"], kpi.unit(kpi_id), language, currency=data.currency)


def change(before: ReportData, after: ReportData, kpi_id: str, language: str) -> dict:
    """The change from one published month to a later one, as reports print changes: text, arrow, certain.

    Computed of what both reports show, by the rule of kpi.compare; the later report's own verdict where it compares
    with the same value of the same month. Amounts of two currencies have no change.
    """
    now, then = after.changes[(kpi_id, "last_month")], before.changes[(kpi_id, "last_month")]
    if kpi.unit(kpi_id) == "money" and before.currency != after.currency:
        then = dict.fromkeys(then)
    row = {"value": now["value"]} | kpi.between(now, then)
    for against, step in (("last_month", -1), ("last_year", -12)):
        own = after.changes[(kpi_id, against)]
        if add_months(after.month, step) == before.month and own["previous"] == row["previous"]:
            row["verdict"] = own["verdict"]
    return change_words(kpi_id, row, language)


def unit(kpi_id: str, language: str) -> str:
    """What a KPI is counted in, to stand beside its name where neither it nor the numbers say so: "times"; else ""."""
    kind = kpi.unit(kpi_id)
    written = language == "ja" or kind in ("money", "rate")
    word = "" if written else i18n.word_or(f"unit.{kind}", language, "")
    return "" if word in kpi.name(kpi_id, language).lower() else word
