"""The report's own fonts: exactly the characters on the page, regular and bold, inside the page itself."""

import base64
import io
from functools import cache, lru_cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent.parent / "fonts"
FAMILY = "BIZ UDPGothic"
WEIGHTS = {400: "BIZUDPGothic-Regular.ttf", 700: "BIZUDPGothic-Bold.ttf"}


def css(text: str) -> str:
    """@font-face rules with a WOFF subset of both weights that holds every character of `text`."""
    characters = "".join(sorted(set(text) | set("0123456789 /")))
    return "\n".join(
        f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};font-display:block;"
        f"src:url(data:font/woff;base64,{base64.b64encode(woff(file, characters)).decode()}) format('woff')}}"
        for weight, file in WEIGHTS.items()
    )


@lru_cache(maxsize=8)
def woff(file: str, characters: str) -> bytes:
    """A WOFF of the font file with these characters only; the same characters give the same bytes.

    Characters the font lacks are left out: the browser then takes them from the reader's own fonts.
    """
    options = subset.Options(
        flavor="woff", layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 13, 14]
    )
    options.drop_tables = [*options.drop_tables, "meta", "vhea", "vmtx"]  # only horizontal, plain text
    font = subset.load_font(str(FOLDER / file), options, dontLoadGlyphNames=True)
    del font["GSUB"]  # before it is read, which takes longer than all else
    _tabular_one(font)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    out = io.BytesIO()
    font.flavor = "woff"
    font.save(out)
    return out.getvalue()


@cache
def tabular(file: str) -> bytes:
    """The whole font file with digits of one width, for a renderer that takes what it needs of it by itself."""
    font, out = TTFont(FOLDER / file, recalcTimestamp=False, recalcBBoxes=False), io.BytesIO()
    _tabular_one(font)
    font.save(out, reorderTables=None)
    return out.getvalue()


@cache
def characters() -> frozenset[int]:
    """Code points that both weights have."""
    return frozenset.intersection(*(frozenset(TTFont(FOLDER / file).getBestCmap()) for file in WEIGHTS.values()))


def _tabular_one(font: TTFont) -> None:
    """Give the digit 1 the width of the other digits, so that numbers stand in columns (the font has no tnum)."""
    font.setGlyphOrder([str(glyph) for glyph in range(font["maxp"].numGlyphs)])  # names are not written: any will do
    names = font.getBestCmap()
    one, width = names[ord("1")], font["hmtx"][names[ord("0")]][0]
    advance, bearing = font["hmtx"][one]
    shift = (width - advance) // 2
    glyph = font["glyf"][one]
    glyph.coordinates.translate((shift, 0))
    glyph.recalcBounds(font["glyf"])
    font["hmtx"][one] = (width, bearing + shift)
