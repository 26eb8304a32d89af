"""The movement of one span as a grid, drawn as SVG without a plotting library: there are too many spans to plot each."""

import html

import pandas as pd

import customerbase.segments.movement.grids as grids
import customerbase.segments.movement.looks as looks

ROW, HEAD = 30, 104  # heights in pixels
STAYED, MOVED = "#70767F", "#0A56B0"  # the grey and the accent of charts


def drawn(cells: pd.DataFrame, k_min: int, language: str, label: str) -> tuple[str, str]:
    """The grid for a desk and for a phone: rows then, columns now, customers printed, shaded by their share of the row.

    Cells that must not be shown read “*”. label: what a screen reader says.
    """
    return _svg(cells, k_min, language, label, 150, 58, 13), _svg(cells, k_min, language, label, 76, 27, 9.5)


def _svg(cells: pd.DataFrame, k_min: int, language: str, label: str, left: int, column: int, size: float) -> str:
    counts, hidden = grids.grid(cells), grids.withheld(cells, k_min).to_numpy()
    numbers, people = counts.to_numpy(), counts.sum(axis=1).to_numpy()
    width, height = left + column * counts.shape[1] + 4, HEAD + ROW * len(counts) + 4
    heads = "".join(
        f'<text transform="translate({left + column * (place + 0.5) + size / 3:.1f},{HEAD - 6}) rotate(-60)">{_name(code, language)}</text>'
        for place, code in enumerate(counts.columns)
    )
    rows = "".join(
        f'<text x="{left - 6}" y="{_middle(place, size):.1f}" text-anchor="end">{_name(code, language)}</text>'
        + "".join(
            _cell(numbers[place, across], hidden[place, across], people[place], code == other,
                  (left + column * across, HEAD + ROW * place, column, _middle(place, size)))
            for across, other in enumerate(counts.columns)
        )
        for place, code in enumerate(counts.index)
    )  # fmt: skip
    about = f'viewBox="0 0 {width} {height}" style="max-width:{width}px" font-size="{size}"'
    return f'<svg class="movegrid" {about} role="img" aria-label="{html.escape(label, quote=True)}">{heads}{rows}</svg>'


def _middle(row: int, size: float) -> float:
    return HEAD + ROW * (row + 0.5) + size * 0.36


def _name(code: str, language: str) -> str:
    return html.escape(looks.named(code, language))


def _cell(count: int, hide: bool, people: int, stayed: bool, place: tuple) -> str:
    """One cell; how dark it is tells the share of those shown, to the nearest tenth."""
    x, y, width, middle = place
    tone = 0 if hide else round(count / max(people, 1), 1)
    colour, ink = STAYED if stayed else MOVED, "#FFF" if tone >= 0.7 else "#1B1D21"
    box = (
        f'<rect x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{ROW - 2}" fill="{colour}" fill-opacity="{tone}"/>'
    )
    said = "*" if hide else f"{count:,}" if count else ""
    text = f'<text x="{x + width / 2:.1f}" y="{middle:.1f}" text-anchor="middle" fill="{ink}">{said}</text>'
    return box + text if said else ""
