"""Figures whose captions name their origin: bars, lines, heat maps, dots and more in one house style, for both languages.

Every function takes a small table and gives a matplotlib Figure; notebooks show it, reports embed svg(figure).
"""

from customerbase.charts.calibration import calibration
from customerbase.charts.captions import caption, where
from customerbase.charts.draw import bars, dots, heatmap, line
from customerbase.charts.histogram import histogram
from customerbase.charts.lorenz import lorenz
from customerbase.charts.output import Figure, png, svg
from customerbase.charts.priority import gains
from customerbase.charts.style import ACCENT, AGAINST, FONT_FAMILY, FONTS, GREY, INK, SEGMENT_COLORS, WIDTHS, setup
from customerbase.charts.tracking import tracking
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
    "bars",
    "calibration",
    "caption",
    "dots",
    "gains",
    "heatmap",
    "histogram",
    "line",
    "lorenz",
    "png",
    "setup",
    "svg",
    "tracking",
    "upset",
    "waterfall",
    "where",
]
