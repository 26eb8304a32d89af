"""A published month made anew: which of the figures that its reports print are others than in an earlier version."""

from customerbase import i18n, kpi
from customerbase.report import between_months as between
from customerbase.report.data import ReportData


def changed(before: ReportData, after: ReportData, language: str) -> list[dict[str, str]]:
    """name, before, after and change (text) of the KPIs that the two versions print differently, in the report's order.

    Nothing is said of chance: both are counts of the same month, of which the later version knows more. What a report
    withholds is an en dash here as well, and so is a change that cannot be told.
    """
    return [
        {
            "name": kpi.name(kpi_id, language),
            "before": then,
            "after": now,
            "change": between.change(before, after, kpi_id, language)["text"],
        }
        for _, kpi_id in between.figures([before, after])
        if (then := between.shown(before, kpi_id, language)[0]) != (now := between.shown(after, kpi_id, language)[0])
    ]


def sentences(before: ReportData, after: ReportData, language: str) -> list[str]:
    """How many of the figures differ, then each of them with its values; one sentence where none does."""
    rows, all_figures = changed(before, after, language), len(between.figures([before, after]))
    if not rows:
        return [i18n.sentence("index.restated.none", language, all=all_figures)]
    first = i18n.sentence("index.restated.some", language, n=len(rows), all=all_figures)
    return [first, *(i18n.sentence("index.restated.row", language, **row) for row in rows)]
