"""Figures as bytes: the same figure gives the same bytes; SVG keeps text as text (crisp, small, searchable)."""

import hashlib
import io
import re
from functools import cache

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure as _Figure

from customerbase.charts.style import HOUSE, register_fonts


class Figure(_Figure):
    """A matplotlib figure that notebooks show without pyplot, so that none stays open behind the page."""

    def __init__(self, *args, **kwargs):
        register_fonts()
        super().__init__(*args, **kwargs)
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        return png(self)


class _Rule(FigureCanvasAgg):
    """A canvas to measure with: matplotlib remembers how wide a text is per renderer, so all figures share one."""

    def get_renderer(self) -> RendererAgg:
        return _measuring(self.figure.dpi)


@cache
def _measuring(dpi: float) -> RendererAgg:
    return RendererAgg(1, 1, dpi)  # nothing is drawn on it


def _settle(figure: _Figure) -> None:
    """Lay the figure out once: a second layout, at another resolution, would move things by a hair.

    Without an engine (not even an empty one) savefig draws once, not a second time only to lay out.
    """
    if (engine := figure.get_layout_engine()) is not None:
        if figure.axes:
            canvas = figure.canvas
            _Rule(figure)
            engine.execute(figure)
            figure.set_canvas(canvas)
        figure.set_layout_engine(None)


def png(figure: _Figure, dpi: int = 160) -> bytes:
    """The figure as PNG bytes."""
    out = io.BytesIO()
    with mpl.rc_context(HOUSE):
        _settle(figure)
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()


def svg(figure: _Figure) -> str:
    """The figure as one <svg> element without prolog: text stays text, labels are escaped, ids are unique per figure.

    It names BIZ UDPGothic as its font; the page that embeds it has to bring the font.
    """
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context(HOUSE):
        _settle(figure)
        figure.savefig(out, format="svg", metadata=nothing)
    return _tidy(out.getvalue())


def _tidy(text: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*pt"', r"\1", text, count=1)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    text = re.sub(r'(\sid=")([^"]+)"', lambda m: f'{m[1]}{mark}-{m[2]}"' if m[2] in used else "", text)
    text = re.sub(r'(url\(#|href="#)([^")]+)', rf"\g<1>{mark}-\g<2>", text)
    return re.sub(r"\n\s*", "\n", text).strip()
