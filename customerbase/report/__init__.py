"""The letter to managers: one self-contained page per month and language, every sentence made from the numbers."""

from customerbase.report.data import ReportData
from customerbase.report.headline import happened
from customerbase.report.page import build, frame
from customerbase.report.sections import kpi_frame
from customerbase.report.summed_up import summed_up

__all__ = ["ReportData", "build", "frame", "happened", "kpi_frame", "summed_up"]
