"""The letter to managers: per month and language a web page, a PDF and a workbook, every sentence made from the numbers."""

from customerbase.report.actions import action_frame
from customerbase.report.data import ReportData
from customerbase.report.evidence import evidence_frame
from customerbase.report.fonts import css as font_faces
from customerbase.report.goal_looks import backtest_frame, goal_frame, goal_pictures, goal_sentences
from customerbase.report.headline import happened
from customerbase.report.page import build, contents, frame, page, section, styles, visible_text
from customerbase.report.pdf import pdf
from customerbase.report.sections import kpi_frame
from customerbase.report.summed_up import summed_up
from customerbase.report.tree import lines as tree_lines
from customerbase.report.tree import mover_frame, moving, season, season_figure, sentence, tree_figure
from customerbase.report.workbook import workbook

__all__ = [
    "ReportData",
    "action_frame",
    "backtest_frame",
    "build",
    "contents",
    "evidence_frame",
    "font_faces",
    "frame",
    "goal_frame",
    "goal_pictures",
    "goal_sentences",
    "happened",
    "kpi_frame",
    "mover_frame",
    "moving",
    "page",
    "pdf",
    "season",
    "season_figure",
    "section",
    "sentence",
    "styles",
    "summed_up",
    "tree_figure",
    "tree_lines",
    "visible_text",
    "workbook",
]
