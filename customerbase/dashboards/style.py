"""How the parts look: the report's own style sheet, kept with the month whose parts it fits."""

from types import ModuleType

from customerbase.dashboards.part import HTML, Part
from customerbase.report import ReportData, styles

PAGE = "style"  # not a page of its own: every page takes it


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The style sheet, for everything inside an element of the class `report`."""
    return [Part(PAGE, language, PAGE, HTML, f"<style>.report{{{styles(told)}}}</style>")]
