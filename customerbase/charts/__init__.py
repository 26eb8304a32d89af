"""Figures whose captions name their origin: bars, lines, heat maps, dots and more in one house style, for both languages.

Every function takes a small table and gives a matplotlib Figure; notebooks show it, reports embed svg(figure).
"""

from customerbase.charts.calibration import calibration
from customerbase.charts.captions import caption, where
from customerbase.charts.draw import bars, dots, heatmap, line
from customerbase.charts.gains import gains, profit
from customerbase.charts.histogram import histogram
from customerbase.charts.lorenz import lorenz
from customerbase.charts.output import Figure, png, svg
from customerbase.charts.overlapping import overlapping
from customerbase.charts.priority import priorities
from customerbase.charts.scores import deciles, reliability
from customerbase.charts.stability import bands, drift, snapshots
from customerbase.charts.style import ACCENT, AGAINST, FONT_FAMILY, FONTS, GREY, INK, SEGMENT_COLORS, WIDTHS, setup
from customerbase.charts.tracking import tracking
from customerbase.charts.tree import tree
from customerbase.charts.upset import upset
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
    "bands",
    "bars",
    "calibration",
    "caption",
    "deciles",
    "dots",
    "drift",
    "gains",
    "heatmap",
    "histogram",
    "line",
    "lorenz",
    "overlapping",
    "png",
    "priorities",
    "profit",
    "reliability",
    "setup",
    "snapshots",
    "svg",
    "tracking",
    "tree",
    "upset",
    "waterfall",
    "where",
]
