"""Text for a terminal: hostile characters made visible, columns aligned whatever the script, words in two languages."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

WORDS = Path(__file__).with_name("guess_words.yaml")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@cache
def _words() -> dict[str, dict[str, str]]:
    return yaml.safe_load(WORDS.read_text(encoding="utf-8"))


def word(key: str, language: str, **values: object) -> str:
    """The text `key` of guess_words.yaml in ja or en, with its {names} filled in (the values are made safe)."""
    text = _words()[key][language]
    return _PLACEHOLDER.sub(lambda match: safe(str(values[match[1]])), text)


def safe(text: str, width: int | None = None) -> str:
    """Text that cannot steer a terminal: control, format, private and unassigned characters shown as escapes.

    width cuts to so many terminal cells, with an ellipsis.
    """
    shown = "".join(
        sign if unicodedata.category(sign)[0] != "C" and sign not in "\u2028\u2029" else _escape(sign) for sign in text
    )
    return shown if width is None or cells(shown) <= width else _cut(shown, width - 1) + "…"


def _escape(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}"


def _cut(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[:-1]
    return text


def cells(text: str) -> int:
    """Width on a terminal: East Asian wide and full-width characters take two cells, combining marks none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def pad(text: str, width: int, right: bool = False) -> str:
    """Text filled with spaces to `width` cells (right: aligned to the right)."""
    fill = " " * max(0, width - cells(text))
    return fill + text if right else text + fill


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], limits: Sequence[int], right: Sequence[int] = ()) -> str:
    """An aligned table with a rule below the heads; each column is as wide as needed, at most its limit."""
    shown = [[safe(cell, limit) for cell, limit in zip(row, limits, strict=True)] for row in [heads, *rows]]
    widths = [max(cells(row[place]) for row in shown) for place in range(len(heads))]
    lines = [
        "  ".join(pad(cell, widths[place], place in right) for place, cell in enumerate(row)).rstrip() for row in shown
    ]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])
