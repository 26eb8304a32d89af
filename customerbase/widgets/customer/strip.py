"""A strip of months as SVG, drawn without a plotting library: bars of money above lanes of counted dots."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

from customerbase.periods import month_label
from customerbase.widgets.customer.terms import Terms

INK, GREY, RULE, ACCENT, AGAINST = "#1b1d21", "#5d636c", "#d5d8dd", "#0a56b0", "#a94400"
FACE = "BIZ UDPGothic, Hiragino Sans, Yu Gothic, sans-serif"
BARS, LANE, FOOT = 104, 34, 24  # heights: of the bars, of a lane, of the months


@dataclass(frozen=True)
class Size:
    """Width of the picture, room for the names of lanes (0: they stand above), size of text."""

    width: int
    left: int
    text: float


SIZES = {"wide": Size(1040, 120, 12), "phone": Size(358, 0, 11)}


@dataclass(frozen=True)
class Lane:
    """A kind of event: its name, and how many there were in each month."""

    name: str
    counts: Sequence[int]


def strip(
    months: Sequence[date], money: Sequence[float], lanes: Sequence[Lane], title: str, size: str, terms: Terms
) -> str:
    """The picture in one size; `title` is its accessible name."""
    form = SIZES[size]
    lane = LANE if form.left else LANE + 16
    step = (form.width - form.left - 8) / len(months)
    centre = [form.left + (place + 0.5) * step for place in range(len(months))]
    parts, top = _bars(money, centre, step, form, terms)
    for one in lanes:
        parts += _lane(one, centre, step, top + lane - LANE / 2, form)
        top += lane
    parts += _months(months, centre, top, form, terms)
    label = html.escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {form.width} {top + FOOT:g}" role="img" aria-label="{label}" font-family="{FACE}"'
        f' font-size="{form.text:g}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", fill: str = GREY, weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">'
        f"{html.escape(text)}</text>"
    )


def _line(x1: float, x2: float, y: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'


def _bars(
    money: Sequence[float], centre: Sequence[float], step: float, form: Size, terms: Terms
) -> tuple[list[str], float]:
    """Bars from zero, what was given back below it; the largest one carries its amount. Returns them and where they end."""
    high, low = max(*money, 0.0), min(*money, 0.0)
    head = 20 if form.left else 36
    scale = BARS / ((high - low) or 1.0)
    zero, name = head + high * scale, terms.word("lane.spend")
    made = [_text(0, zero - 4 if form.left else 12, name, fill=INK), _line(0, form.width - 8, zero, GREY)]
    wide = min(step * 0.62, 26)
    for x, value in zip(centre, money, strict=True):
        if value:
            y, colour = (zero - value * scale, ACCENT) if value > 0 else (zero, AGAINST)
            made.append(
                f'<rect x="{x - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{abs(value) * scale:.1f}" fill="{colour}"/>'
            )
    if high > 0:
        place = max(range(len(money)), key=lambda one: money[one])
        made.append(_inside(centre[place], head - 6, terms.money(money[place]), form))
    return made, head + (high - low) * scale + 8


def _inside(x: float, y: float, text: str, form: Size) -> str:
    """A label over a bar, kept within the picture."""
    half = sum(1.0 if ord(one) > 0x2E80 else 0.6 for one in text) * form.text / 2
    return _text(min(max(x, half), form.width - 8 - half), y, text, "middle", INK, 700)


def _lane(lane: Lane, centre: Sequence[float], step: float, y: float, form: Size) -> list[str]:
    """A line with a dot for each month in which something happened; its area grows with the number printed in it."""
    above = not form.left
    made = [
        _text(0, y - LANE / 2 - 2 if above else y + 4, lane.name, fill=INK),
        _line(form.left, form.width - 8, y, RULE),
    ]
    largest, most = max(lane.counts), min(step * 0.46, LANE * 0.44)
    least = min(8.5, most)
    for x, count in zip(centre, lane.counts, strict=True):
        if count:
            radius = max(least, most * sqrt(count / largest))
            made.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#fff" stroke="{GREY}" stroke-width="1.4"/>'
            )
            made.append(_text(x, y + form.text * 0.36, f"{count}" if count < 100 else "99+", "middle", INK))
    return made


def _months(months: Sequence[date], centre: Sequence[float], top: float, form: Size, terms: Terms) -> list[str]:
    """First and last month, and each January or July between them where it has room."""
    names = {0: "start", len(months) - 1: "end"}
    ends = {0: max(centre[0] - 12, form.left), len(months) - 1: form.width - 8}
    room = 84 if form.left else 76
    made = []
    for place, month in enumerate(months):
        clear = all(abs(centre[place] - ends[end]) > room * 1.5 for end in ends)
        if place in names:
            made.append(_text(ends[place], top + FOOT - 6, month_label(month, terms.language), names[place]))
        elif month.month in (1, 7) and clear:
            made.append(_text(centre[place], top + FOOT - 6, month_label(month, terms.language), "middle"))
    return made
