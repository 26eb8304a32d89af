"""Small curves over the published months, drawn as SVG without a plotting library: a page's kernel stays light."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from customerbase import i18n
from customerbase.periods import month_label

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 92, 8, 8, 8, 20


@dataclass(frozen=True)
class Curve:
    """One figure over time: its name, definition, unit, and (month, value, low, high, n) oldest month first."""

    name: str
    definition: str
    unit: str
    points: tuple[tuple[date, float, float | None, float | None, int], ...]


def multiples(curves: Sequence[Curve], title: str, measure: str, caption: str, language: str) -> str:
    """Small multiples as one HTML figure: each curve with its interval as a band, its newest value and n printed."""
    drawn = "".join(_curve(curve, language) for curve in curves)
    return (
        f'<figure class="small-multiples"><h3>{html.escape(title)}</h3><p class="measure">{html.escape(measure)}</p>'
        f'<div class="curves">{drawn}</div><figcaption>{html.escape(caption)}</figcaption></figure>'
    )


def _curve(curve: Curve, language: str) -> str:
    _, value, low, high, n = curve.points[-1]
    shown = html.escape(i18n.number(value, curve.unit, language, exact=True))
    interval = html.escape(i18n.interval(low, high, curve.unit, language))
    name, about = html.escape(curve.name), html.escape(curve.definition, quote=True)
    return (
        f'<div class="curve"><h4 title="{about}">{name}</h4><p class="newest"><b>{shown}</b> '
        f"<span>{interval} · n = {n:,}</span></p>{_svg(curve, language)}</div>"
    )


def _svg(curve: Curve, language: str) -> str:
    months = [month for month, *_ in curve.points]
    across = [LEFT + place * (WIDTH - LEFT - RIGHT) / max(len(months) - 1, 1) for place in _places(months)]
    lows = [value if low is None else low for _, value, low, _, _ in curve.points]
    highs = [value if high is None else high for _, value, _, high, _ in curve.points]
    up = _scale(min(lows), max(highs))
    band = " ".join(
        f"{x:.1f},{up(y):.1f}"
        for x, y in [*zip(across, highs, strict=True), *list(zip(across, lows, strict=True))[::-1]]
    )
    line = " ".join(f"{x:.1f},{up(value):.1f}" for x, (_, value, *_) in zip(across, curve.points, strict=True))
    last = curve.points[-1][1]
    first_label, last_label = (html.escape(month_label(month, language)) for month in (months[0], months[-1]))
    label = html.escape(f"{curve.name}: {first_label} – {last_label}", quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" class="axis"/>'
        f'<polygon points="{band}" class="band"/><polyline points="{line}" class="line"/>'
        f'<circle cx="{across[-1]:.1f}" cy="{up(last):.1f}" r="3.2" class="dot"/>'
        f'<text x="{LEFT}" y="{HEIGHT - 5}">{first_label}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 5}" text-anchor="end">{last_label}</text></svg>'
    )


def _places(months: Sequence[date]) -> list[float]:
    """Places of the months from 0 to their number less one: a month that was not published leaves its gap."""
    numbers = [month.year * 12 + month.month for month in months]
    span = max(numbers[-1] - numbers[0], 1)
    return [(number - numbers[0]) * (len(months) - 1) / span for number in numbers]


def _scale(low: float, high: float):
    """Value -> height; a twentieth of the value is the least span, so that a quiet year looks quiet."""
    span = max(high - low, abs(high) / 20) or 1.0
    middle = (low + high) / 2
    return lambda value: TOP + (0.5 - (value - middle) / span) * (HEIGHT - TOP - BOTTOM - 4)
