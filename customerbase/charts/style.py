"""The house style: one font for both scripts, ink on white, one accent, one fixed colour per segment."""

import unicodedata
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager

FONTS = Path(__file__).parent.parent / "fonts"
FONT_FAMILY = "BIZ UDPGothic"

INK = "#1B1D21"
GREY = "#666C75"  # secondary text and context lines: 5.2:1 on white
BAR_GREY = "#70767F"  # bars that are not the point: still 4.5:1 beside white
RULE = "#D5D8DD"  # hairlines, no text
ACCENT = "#0A56B0"
AGAINST = "#A94400"  # the one second colour: what stands against the accent
HEAT = ("#FFFFFF", "#DCE8F6", "#9FC1E8", "#4C88CC", "#0A4D9E")

# At least 4.5:1 on white each, and at least 12 apart (CIELAB) from each other
# for normal, red-blind and green-blind eyes.
SEGMENT_COLORS = {
    "champions": "#0B2F8A",
    "loyal": "#356FD3",
    "potential": "#0E7F86",
    "new": "#4D743E",
    "promising": "#623100",
    "needs_attention": "#6A7926",
    "at_risk": "#CB2100",
    "cant_lose": "#78002A",
    "hibernating": "#764B98",
    "lost": "#525554",
    "not_yet": "#70767F",
    "gone": "#70767F",
}

WIDTHS = {"phone": 3.7, "half": 5.6, "wide": 9.0}  # inches; at 72 points an inch
TITLE_SIZE, TEXT_SIZE, CAPTION_SIZE = 12.5, 9.5, 7.5

HOUSE = {
    "font.family": [FONT_FAMILY],
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "text.parse_math": False,  # a $ in a product's name is a dollar, not a formula
    "axes.unicode_minus": True,
    "axes.edgecolor": RULE,
    "axes.labelcolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.linewidth": 0.8,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.labelsize": TEXT_SIZE - 0.5,
    "ytick.labelsize": TEXT_SIZE - 0.5,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "text.hinting": "no_hinting",  # hinted, this font loses its _ and the feet of p and y in small print
    "svg.hashsalt": "customerbase",
}


@cache
def register_fonts() -> tuple[str, ...]:
    """Make BIZ UDPGothic, regular and bold, known to matplotlib; gives the files."""
    files = tuple(str(path) for path in sorted(FONTS.glob("*.ttf")))
    for file in files:
        font_manager.fontManager.addfont(file)
    return files


def setup() -> None:
    """Register the fonts and make the house style the default of every figure drawn from here on."""
    register_fonts()
    mpl.rcParams.update(HOUSE)


def wrap(text: str, ems: float) -> list[str]:
    """Lines of at most `ems` full-width characters; breaks at spaces, and between any two Japanese characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _ems(line + piece.rstrip()) > ems and piece[0] not in "、。」』）)%,.・":
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for character in text:
        joins = pieces and not _wide(character) and not _wide(pieces[-1][-1]) and not pieces[-1].endswith(" ")
        if joins:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _ems(text: str) -> float:
    return sum(1.0 if _wide(character) else 0.6 for character in text)
