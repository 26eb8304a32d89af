"""The letter to managers: one self-contained page per month and language, every sentence made from the numbers."""

from customerbase.report.actions import action_frame
from customerbase.report.data import ReportData
from customerbase.report.goal_looks import backtest_frame, goal_frame, goal_pictures, goal_sentences
from customerbase.report.headline import happened
from customerbase.report.page import build, frame
from customerbase.report.sections import kpi_frame
from customerbase.report.summed_up import summed_up

__all__ = [
    "ReportData",
    "action_frame",
    "backtest_frame",
    "build",
    "frame",
    "goal_frame",
    "goal_pictures",
    "goal_sentences",
    "happened",
    "kpi_frame",
    "summed_up",
]
