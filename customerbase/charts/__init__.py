"""Figures whose captions name their origin: bars, lines, heat maps and dots in one house style, for both languages.

Every function takes a small table and gives a matplotlib Figure; notebooks show it, reports embed svg(figure).
"""

from customerbase.charts.captions import caption, where
from customerbase.charts.draw import bars, dots, heatmap, line
from customerbase.charts.output import Figure, png, svg
from customerbase.charts.style import ACCENT, AGAINST, FONT_FAMILY, FONTS, GREY, INK, SEGMENT_COLORS, WIDTHS, setup
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
    "caption",
    "dots",
    "heatmap",
    "line",
    "png",
    "setup",
    "svg",
    "upset",
    "waterfall",
    "where",
]
