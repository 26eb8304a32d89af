"""A curve drawn by hand as SVG, for pages that redraw it at each change of a control: no drawing library, a millisecond."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

INK, GREY, RULE, ACCENT, AGAINST = "#1B1D21", "#666C75", "#D5D8DD", "#0A56B0", "#A94400"  # those of charts.style
LEFT, RIGHT, TOP, BOTTOM = 66, 16, 58, 46  # of the drawing, around the plot
ROW = 17  # between two labels above the plot
SIZE = 12.5
WIDE = 0x2E80  # from this character on letters are as wide as high


@dataclass(frozen=True)
class Mark:
    """A place across with its words above the plot; y: the height of a dot there, None for a line through the whole plot."""

    x: float
    text: str
    y: float | None = None


@dataclass(frozen=True)
class Words:
    """What stands at the axes, how their numbers are written, and what the drawing is called for those who cannot see it."""

    x: str
    y: str
    name: str
    at_x: Callable[[float], str]
    at_y: Callable[[float], str]


def curve(
    points: Sequence[tuple[float, float, float, float]],
    marks: Sequence[Mark],
    words: Words,
    width: float = 640,
    height: float = 340,
) -> str:
    """An SVG of points (x, y, low, high) in the order of x, from 0 to the last: line, band, zero, and marks with labels.

    The first mark is in the accent and bold, with a dot; others stand against it. All words are escaped.
    """
    top = max(*(point[3] for point in points), 0.0)
    bottom = min(*(point[2] for point in points), 0.0)
    ticks = steps(bottom, top)
    bottom, top = min(bottom, ticks[0]), max(top, ticks[-1])
    last = points[-1][0] or 1.0

    def across(x: float) -> float:
        return LEFT + x / last * (width - LEFT - RIGHT)

    def up(y: float) -> float:
        return TOP + (top - y) / (top - bottom or 1.0) * (height - TOP - BOTTOM)

    parts = [_grid(ticks, words, up, width), _feet(steps(0.0, last), words, across, height)]
    band = [(x, high) for x, _, _, high in points] + [(x, low) for x, _, low, _ in reversed(points)]
    parts.append(f'<path d="{_path(band, across, up)}Z" fill="{ACCENT}" fill-opacity="0.16"/>')
    line = _path([point[:2] for point in points], across, up)
    parts.append(f'<path d="{line}" fill="none" stroke="{ACCENT}" stroke-width="2.4" stroke-linejoin="round"/>')
    for row, mark in enumerate(marks):  # two words grow away from each other
        left = mark.x <= marks[1 - row].x if len(marks) == 2 else mark.x > last / 2
        left = left if row == 0 or mark.x != marks[0].x else False
        parts.append(_mark(mark, row, _side(mark, left, across(mark.x), width), across, up, width, height))
    name = html.escape(words.name, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{name}"'
        f' font-size="{SIZE}" style="font-family:inherit;font-variant-numeric:tabular-nums">{"".join(parts)}</svg>'
    )


def steps(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from below `low` (0 stays 0) to the last one not above `high`, `most` at most between them."""
    rough = max((high - low) / most, 1e-9)
    decade = 10.0 ** floor(log10(rough))
    step = next(decade * one for one in (1, 2, 5, 10) if decade * one >= rough * 0.999)
    first, last = floor(low / step + 1e-9), floor(high / step + 1e-9)
    return [step * place for place in range(first, last + 1)]


def _grid(ticks: Sequence[float], words: Words, up: Callable, width: float) -> str:
    """Lines across at round heights, zero the darkest, each with its number; above them what they count."""
    made = [
        _text(LEFT - 8, TOP - 8, words.y, GREY, "end") if len(words.y) < 6 else _text(2, 13, words.y, GREY, "start")
    ]
    for tick in ticks:
        y, color = up(tick), GREY if abs(tick) < 1e-9 else RULE
        made.append(f'<line x1="{LEFT}" x2="{width - RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}" stroke="{color}"/>')
        made.append(_text(LEFT - 8, y + 4, words.at_y(tick), GREY, "end"))
    return "".join(made)


def _feet(ticks: Sequence[float], words: Words, across: Callable, height: float) -> str:
    """Numbers below the plot, and what they count."""
    made = [_text(across(tick), height - BOTTOM + 17, words.at_x(tick), GREY, "middle") for tick in ticks]
    return "".join([*made, _text(across(ticks[-1]), height - 6, words.x, GREY, "end")])


def _side(mark: Mark, left: bool, x: float, width: float) -> str:
    """Which way the words of a mark grow from its line: to the left if so wished, unless there is only room elsewhere."""
    room = {"end": x, "start": width - x, "middle": 2 * min(x, width - x)}
    long = sum(SIZE if ord(one) > WIDE else 0.58 * SIZE for one in mark.text)
    wished = ("end", "start", "middle") if left else ("start", "end", "middle")
    return next((side for side in wished if room[side] >= long), max(room, key=lambda side: room[side]))


def _mark(mark: Mark, row: int, side: str, across: Callable, up: Callable, width: float, height: float) -> str:
    """A vertical line from its words down: dotted to a dot in the accent, dashed against it."""
    x, words, color = across(mark.x), TOP - 8 - ROW * (1 - row), AGAINST if row else ACCENT
    place = max(min(x, width - RIGHT), LEFT)
    dashes = "5 3" if row else "1.5 3"
    made = (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{words + 4:g}" y2="{height - BOTTOM:g}" stroke="{color}"'
        f' stroke-width="1.3" stroke-dasharray="{dashes}"/>'
    )
    if mark.y is not None:
        made += f'<circle cx="{x:.1f}" cy="{up(mark.y):.1f}" r="5" fill="{color}" stroke="#fff" stroke-width="1.5"/>'
    return made + _text(place, words, mark.text, color, side, bold=not row)


def _path(points: Sequence[tuple[float, float]], across: Callable, up: Callable) -> str:
    return "M" + "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in points)


def _text(x: float, y: float, text: str, color: str, anchor: str, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    # a white edge keeps letters readable where they cross a line
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}"{weight}'
        f' paint-order="stroke" stroke="#fff" stroke-width="3">{html.escape(text)}</text>'
    )
