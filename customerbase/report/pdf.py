"""The report on A4: a page for those in a hurry, then the sections, then the appendix; set by typst from the same blocks.

Nothing is asked of the system or the network: the fonts are the house's own, and typst is a wheel. Texts reach typst as
JSON and are set as text, so that a customer's "#import" is seven letters.
"""

import json
import re
import tempfile
from dataclasses import asdict, is_dataclass
from pathlib import Path

import customerbase.report.fonts as fonts
from customerbase import i18n
from customerbase.report.blocks import Beside, Block, Figure, Section, Table, sections
from customerbase.report.page import TEMPLATES

FIRST_PAGE = ("summary", "tiles")  # told on the first page, beside the picture of the first section
APPENDIX = ("quality", "definitions", "made")
STANDARDS = ["a-2a", "ua-1"]  # kept for years (PDF/A), read aloud in order (PDF/UA)
PAPER, GAP = 493.0, 16.0  # points: the width of the text, and between what stands side by side
SCALE = 0.88  # of figures at most, so that their 9.5 points are 8.4 on paper; those as wide as a page become 7.2
LETTER, CELL_GAP = 4.3, 8.0  # points that a half-width character of a table takes, and between columns
WORDY, TALKATIVE = (
    36,
    60,
)  # half-width characters: longer texts may break and share what room there is; beside talkative columns sooner
WHOLE = 14  # tables of up to so many rows stand on one page
MISSING_GLYPH = "〓"  # what Japanese printers set where a character is not at hand


def pdf(told: dict[str, object]) -> bytes:
    """What report.contents told as PDF/A-2a and PDF/UA-1, A4; dated by the as-of date: the same contents, the same bytes."""
    import typst  # only who makes a PDF waits for it

    drawings: dict[str, str] = {}
    document = _printable(_document(told, drawings))
    files = {"main.typ": (TEMPLATES / "report.typ").read_bytes(), "report.json": json.dumps(document).encode()}
    files |= {name: drawing.encode() for name, drawing in _printable(drawings).items()}
    with tempfile.TemporaryDirectory(prefix="customerbase-fonts-") as folder:
        for file in fonts.WEIGHTS.values():
            (Path(folder) / file).write_bytes(fonts.tabular(file))
        known = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
        return typst.compile(files, format="pdf", font_paths=known, timestamp=0, pdf_standards=STANDARDS)


def _printable(value: object) -> object:
    """All texts of a value with characters that the house font lacks as 〓 and control characters as nothing."""
    if isinstance(value, dict):
        return {name: _printable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(one) for one in value]
    if not isinstance(value, str):
        return value
    lacking = {one for one in set(value) if ord(one) not in fonts.characters() and one != "\n"}
    return value.translate({ord(one): MISSING_GLYPH if one.isprintable() else "" for one in lacking})


def _document(told: dict[str, object], drawings: dict[str, str]) -> dict:
    """Everything the template sets, as plain values; drawings are put aside under their file names."""
    language, shown = told["language"], sections(told)
    words = ("appendix", "contents", "sure", "interval_of")
    return {
        "language": language,
        "company": told["company"],
        "title": i18n.word("report.title", language),
        "month": told["month"],
        "as_of": i18n.sentence("report.as_of", language, date=told["as_of"]),
        "date": {name: getattr(told["day"], name) for name in ("year", "month", "day")},
        "words": {name: i18n.word(f"export.{name}", language) for name in words},
        "incomplete": told["incomplete"],
        "sentences": told["sentences"],
        "light": told["light"],
        "tiles": told["tiles"],
        "tiles_note": " ".join([i18n.word("report.clear_key", language), *told["gaps"]]),
        "tiles_caption": told["kpi_caption"],
        **_sections([one for one in shown if one.name not in FIRST_PAGE], drawings),
        "appendix": APPENDIX,
    }


def _sections(shown: list[Section], drawings: dict[str, str]) -> dict:
    """The sections; where a figure opens the first of them, it stands under its heading on the first page."""
    first, *others = [_section(one, drawings) for one in shown]
    if not (first["blocks"] and first["blocks"][0]["kind"] == "figure"):
        return {"opening": None, "sections": [first, *others]}
    opening = {"title": first["title"], "picture": first["blocks"].pop(0)}
    rest = [first | {"title": ""}] if first["blocks"] else []
    return {"opening": opening, "sections": [*rest, *others]}


def _section(section: Section, drawings: dict[str, str]) -> dict:
    blocks = [_block(block, drawings) for block in section.blocks]
    return {"name": section.name, "title": section.title, "blocks": blocks}


def _block(block: Block, drawings: dict[str, str]) -> dict:
    """A block with its kind; tables with the widths of their columns, figures with file and width in points."""
    made = {"kind": type(block).__name__.lower()} | (asdict(block) if is_dataclass(block) else {})
    if isinstance(block, Table):
        return made | {"shares": _shares(block), "whole": len(block.rows) <= WHOLE}
    if isinstance(block, Figure):
        for name in ("wide", "narrow"):
            drawing = getattr(block, name)
            file = f"figure-{len(drawings)}.svg"
            drawings[file] = drawing
            made[name] = {"file": file, "width": _drawn(drawing)}
        return made
    if isinstance(block, Beside):
        columns = [[_block(one, drawings) for one in column] for column in block.columns]
        return made | {"columns": columns, "way": _way(block)}
    return made


def _drawn(svg: str) -> float:
    """How wide a figure is on paper, in points."""
    return min(float(re.search(r'viewBox="0 0 ([\d.]+) ', svg)[1]) * SCALE, PAPER)


def _way(beside: Beside) -> str:
    """natural: side by side as wide as they are; halves: two and two, drawn narrow; below: one under the other."""
    if any(isinstance(one, Table) and len(one.rows) > WHOLE for column in beside.columns for one in column):
        return "below"  # it has to go over pages
    widths = [max(map(_wide, column)) for column in beside.columns]
    if sum(widths) + GAP * (len(widths) - 1) <= PAPER:
        return "natural"
    return "halves" if all(isinstance(one, Figure) for column in beside.columns for one in column) else "below"


def _wide(block: Block) -> float:
    if isinstance(block, Figure):
        return _drawn(block.wide)
    return sum(_longest(block)) * LETTER + CELL_GAP * len(block.heads) if isinstance(block, Table) else 0.0


def _longest(table: Table) -> list[int]:
    """The longest text of each column, in half-width characters; heads may break, and so may words beyond WORDY."""
    rows = [row.cells for row in table.rows if row.kind != "group"]
    found = []
    for place, head in enumerate(table.heads):
        texts = [max(i18n.half_widths(row[place].text), i18n.half_widths(row[place].aside) * 2 // 3) for row in rows]
        found.append(max([i18n.half_widths(head.text) // 2, *texts]))
    return found


def _shares(table: Table) -> list[float]:
    """The share of the remaining room for columns of many words, 0 for those that take what they need."""
    longest = _longest(table)
    limit = WORDY // 2 if max(longest) > TALKATIVE else WORDY
    return [
        0.0 if head.number or most <= limit else min(most, 2 * TALKATIVE) ** 0.7
        for head, most in zip(table.heads, longest, strict=True)
    ]
