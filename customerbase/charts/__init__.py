"""Figures whose captions name their origin: bars, lines, heat maps, dots and more in one house style, for both languages.

Every function takes a small table and gives a matplotlib Figure; notebooks show it, reports embed svg(figure).
"""

from customerbase.charts.alluvial import alluvial
from customerbase.charts.audiences import reached, shares, stepped
from customerbase.charts.best_days import best_days
from customerbase.charts.budget import budget_curve, scheme_dots, way_dots
from customerbase.charts.calibration import calibration
from customerbase.charts.captions import caption, where
from customerbase.charts.cohorts import cohort_curves, cohort_triangle
from customerbase.charts.desk import desk_months
from customerbase.charts.draw import bars, dots, heatmap, line
from customerbase.charts.drivers import drivers
from customerbase.charts.effects import campaign_effects, control_caption, cumulated
from customerbase.charts.gains import gains, profit
from customerbase.charts.goal import goal
from customerbase.charts.groups import group_cards, group_numbers
from customerbase.charts.histogram import histogram
from customerbase.charts.lorenz import lorenz
from customerbase.charts.mix import shifts
from customerbase.charts.output import Figure, png, svg
from customerbase.charts.overlapping import overlapping
from customerbase.charts.parts import kpi_parts
from customerbase.charts.priority import priorities
from customerbase.charts.related import crossing, together
from customerbase.charts.rfm_map import rfm_map
from customerbase.charts.satisfied import importance, months
from customerbase.charts.scores import deciles, reliability
from customerbase.charts.stability import bands, drift, snapshots
from customerbase.charts.style import ACCENT, AGAINST, FONT_FAMILY, FONTS, GREY, INK, SEGMENT_COLORS, WIDTHS, setup
from customerbase.charts.tracking import tracking
from customerbase.charts.tree import tree
from customerbase.charts.triggers import occasions
from customerbase.charts.uplift import payback, qini
from customerbase.charts.upset import upset
from customerbase.charts.voices import voices
from customerbase.charts.waterfall import waterfall

__all__ = [
    "ACCENT",
    "AGAINST",
    "FONTS",
    "FONT_FAMILY",
    "GREY",
    "INK",
    "SEGMENT_COLORS",
    "WIDTHS",
    "Figure",
    "alluvial",
    "bands",
    "bars",
    "best_days",
    "budget_curve",
    "calibration",
    "campaign_effects",
    "caption",
    "cohort_curves",
    "cohort_triangle",
    "control_caption",
    "crossing",
    "cumulated",
    "deciles",
    "desk_months",
    "dots",
    "drift",
    "drivers",
    "gains",
    "goal",
    "group_cards",
    "group_numbers",
    "heatmap",
    "histogram",
    "importance",
    "kpi_parts",
    "line",
    "lorenz",
    "months",
    "occasions",
    "overlapping",
    "payback",
    "png",
    "priorities",
    "profit",
    "qini",
    "reached",
    "reliability",
    "rfm_map",
    "scheme_dots",
    "setup",
    "shares",
    "shifts",
    "snapshots",
    "stepped",
    "svg",
    "together",
    "tracking",
    "tree",
    "upset",
    "voices",
    "waterfall",
    "way_dots",
    "where",
]
