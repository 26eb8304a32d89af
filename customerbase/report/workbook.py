"""The report as a workbook: a summary, a sheet per table with numbers that can be calculated on, and the definitions.

A number is the one that the report prints, to its last digit and with its unit as a format; what is withheld there is
withheld here. Whatever else stands in a cell is written as text, so that no text is ever a formula.
"""

import io
import re
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import cache

from customerbase import i18n
from customerbase.report.blocks import Cell, Lines, Section, Table, caption_of, flat, sections

NAME_MOST, TEXT_MOST = 31, 32_767  # characters that a sheet's name and a cell can hold
WIDEST = 60  # half-width characters of a column
SAFE = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
GREY = "#5D636C"


@dataclass(frozen=True)
class Sheet:
    """A table with the name of its sheet and the caption that tells of it; columns with notes are followed by them."""

    name: str
    table: Table
    caption: str


def workbook(told: dict[str, object]) -> bytes:
    """What report.contents told as an xlsx file, created on the as-of date: the same contents, the same bytes."""
    import xlsxwriter  # only who makes a workbook waits for it

    language, shown = told["language"], sections(told)
    found, out = sheets(shown, language), io.BytesIO()
    with xlsxwriter.Workbook(out, SAFE | {"in_memory": True}) as book:
        title = f"{told['company']} · {i18n.word('report.title', language)} · {told['month']}"
        book.set_properties({"title": title, "created": datetime.combine(told["day"], time.min)})
        page = _Pages(book, title)
        _summary(page, told, found)
        for sheet in found:
            _table(page, sheet)
        _definitions(page, shown, found, language)
    return out.getvalue()


def sheets(shown: list[Section], language: str) -> list[Sheet]:
    """All tables of the report, each for a sheet of its own, in their order."""
    taken = {i18n.word(f"export.{name}", language).casefold() for name in ("summary", "definitions")}
    found = []
    for section in shown:
        for block in flat(section.blocks):
            if isinstance(block, Table):
                name = _free_name(block.title, taken)
                found.append(Sheet(name, noted(block, language), caption_of(section, block)))
    return found


def _free_name(title: str, taken: set[str]) -> str:
    """A name that a sheet may have and no other has; adds it to those taken."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", title).strip(" '") or "–"
    if len(plain) > NAME_MOST:
        plain = re.split("[,、（(]", plain)[0].strip() or plain
    names = (plain[: NAME_MOST - len(end)] + end for end in ("", *(f" {count}" for count in range(2, 1000))))
    name = next(one for one in names if one.casefold() not in taken)
    taken.add(name.casefold())
    return name


def noted(table: Table, language: str) -> Table:
    """The table with what stands small in cells in a column of its own behind theirs."""
    places = [
        place
        for place in range(len(table.heads))
        if any(len(row.cells) > place and row.cells[place].aside for row in table.rows)
    ]

    def widened(cells: tuple[Cell, ...], note) -> tuple[Cell, ...]:
        if len(cells) < len(table.heads):  # the head of a group
            return cells
        return tuple(one for place, cell in enumerate(cells) for one in (cell, note(cell))[: 1 + (place in places)])

    def head(cell: Cell) -> Cell:
        key = "export.interval" if cell.number else "export.note"
        return Cell(i18n.sentence(key, language, head=cell.text))

    heads = widened(table.heads, head)
    rows = [type(row)(widened(row.cells, lambda cell: Cell(cell.aside)), row.kind) for row in table.rows]
    return Table(table.title, heads, tuple(rows), table.caption)


# --- numbers -------------------------------------------------------------------------------------------------------------


@cache
def _printed() -> re.Pattern:
    """Exact numbers as i18n.number and i18n.change write them: with arrow, sign, currency or unit."""
    units = sorted({i18n.word(f"unit.{unit}", "ja") for unit in ("people", "orders", "rows", "times", "days", "items")})
    after = "|".join(("%", "\u00a0%", "ポイント", "\u00a0pt", "円", *units))
    return re.compile(
        rf"(?P<arrow>[↑↓→] )?(?P<sign>[+{i18n.MINUS}±])?(?P<before>[¥£$€]|[A-Z]{{3}}\u00a0)?"
        rf"(?P<whole>\d{{1,3}}(?:,\d{{3}})*)(?P<decimals>\.\d+)?(?P<after>{after})?"
    )


def number(text: str) -> tuple[float, str] | None:
    """The number that a text is, and the format that shows it as it was printed; None for any other text."""
    found = _printed().fullmatch(text)
    if found is None:
        return None
    decimals, after = found["decimals"] or "", found["after"] or ""
    value = Decimal(found["whole"].replace(",", "") + decimals) * (-1 if found["sign"] == i18n.MINUS else 1)
    form = "#,##0" + re.sub(r"\d", "0", decimals)
    if after.endswith("%"):
        value, form = value / 100, form + after.replace("\u00a0", '"\u00a0"')
    elif after:
        form += f'"{after}"'
    signs = ("+", i18n.MINUS, "±") if found["sign"] else ("", i18n.MINUS, "")
    fronts = [f"{found['arrow'] or ''}{sign}{found['before'] or ''}" for sign in signs]
    return float(value), ";".join(f'"{front}"{form}' if front else form for front in fronts)


# --- sheets --------------------------------------------------------------------------------------------------------------


class _Pages:
    """Sheets of one book in one look: A4 across, as wide as the page, with running title and page numbers."""

    def __init__(self, book, title: str):
        self.book, self.title, self._formats = book, title, {}

    def add(self, name: str):
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        sheet.set_header("&L&8" + self.title.replace("&", "&&")[:200])
        sheet.set_footer("&R&8&P / &N")
        return sheet

    def look(self, **options):
        """The format with these properties, made once."""
        key = tuple(sorted(options.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"font_name": "BIZ UDPGothic", "valign": "top", **options})
        return self._formats[key]

    def write(self, sheet, line: int, place: int, text: str, **options) -> None:
        sheet.write_string(line, place, text[:TEXT_MOST], self.look(**options))

    def cell(self, sheet, line: int, place: int, cell: Cell, *, right: bool, **options) -> None:
        """A cell of a table: a number in a column of numbers, else text."""
        options |= {"bold": options.get("bold", False) or (cell.strong and not cell.head)}
        options |= {"align": "right" if right else "left", "text_wrap": not right}
        known = number(cell.text) if right else None
        if known is None:
            self.write(sheet, line, place, cell.text, **options)
        else:
            sheet.write_number(line, place, known[0], self.look(num_format=known[1], **options))


def _table(page: _Pages, sheet: Sheet) -> None:
    made, table = page.add(sheet.name), sheet.table
    page.write(made, 0, 0, table.title, bold=True, font_size=13)
    _rows(page, made, table, 2)
    page.write(made, len(table.rows) + 4, 0, sheet.caption, font_color=GREY)
    made.freeze_panes(3, 1)
    made.repeat_rows(2)


def _rows(page: _Pages, made, table: Table, first: int) -> None:
    """Heads and rows of a table from a line on, columns as wide as what they hold."""
    right = [head.number for head in table.heads]
    for place, head in enumerate(table.heads):
        look = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}
        page.write(made, first, place, head.text, align="right" if right[place] else "left", **look)
    for line, row in enumerate(table.rows, first + 1):
        look = {"group": {"bold": True}, "total": {"bold": True, "top": 1}}.get(row.kind, {})
        for place, cell in enumerate(row.cells):
            page.cell(made, line, place, cell, right=right[place] and row.kind != "group", **look)
    for place, head in enumerate(table.heads):
        texts = [row.cells[place].text for row in table.rows if place < len(row.cells)]
        longest = max(map(i18n.half_widths, [*texts, head.text[:12]]))
        made.set_column(place, place, min(longest + 3, WIDEST))


def _summary(page: _Pages, told: dict[str, object], found: list[Sheet]) -> None:
    """What happened, why, what to do next and how sure that is; then which sheets there are."""
    language, light = told["language"], told["light"]
    made = page.add(i18n.word("export.summary", language))
    page.write(made, 0, 0, page.title, bold=True, font_size=13)
    page.write(made, 1, 0, i18n.sentence("report.as_of", language, date=told["as_of"]), font_color=GREY)
    reasons = [part for pair in zip(light["reasons"], light["todos"], strict=True) for part in pair]
    sure = i18n.aside(light["word"], i18n.run_on(reasons, language), language)
    lines = [*told["sentences"], (i18n.word("export.sure", language), sure)]
    lines += [("", told["incomplete"])] if told["incomplete"] else []
    names = [*(sheet.name for sheet in found), i18n.word("export.definitions", language)]
    line = _pairs(page, made, 3, lines) + 1
    page.write(made, line, 0, i18n.word("export.sheets", language), bold=True)
    for offset, name in enumerate(names, 1):
        page.write(made, line + offset, 0, name)


def _definitions(page: _Pages, shown: list[Section], found: list[Sheet], language: str) -> None:
    """Every term, where each table comes from, and how the report was made."""
    made = page.add(i18n.word("export.definitions", language))
    told = {section.name: section for section in shown}
    line = 0
    for name in ("definitions", "sources", "made"):
        if name == "sources":
            title, pairs = i18n.word("export.sources", language), [(sheet.name, sheet.caption) for sheet in found]
        else:
            title = told[name].title
            pairs = [pair for block in told[name].blocks if isinstance(block, Lines) for pair in block.lines]
        page.write(made, line, 0, title, bold=True, font_size=13)
        line = _pairs(page, made, line + 1, pairs) + 1


def _pairs(page: _Pages, made, line: int, pairs: list[tuple[str, str]]) -> int:
    """Labels with their texts from a line on; gives the line behind them."""
    made.set_column(0, 0, 34)
    made.set_column(1, 1, 100)
    for label, text in pairs:
        page.write(made, line, 0, label, font_color=GREY, text_wrap=True)
        page.write(made, line, 1, text, text_wrap=True)
        line += 1
    return line
