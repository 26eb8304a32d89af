"""A table of a dashboard as HTML for the page, and as CSV and workbook for those who calculate on."""

import csv
import html
import io
import re
from datetime import date, datetime

from customerbase import i18n
from customerbase.dashboards.part import Table
from customerbase.periods import month_label

FORMATS = {"rate": "0.0%", "money": "#,##0", "score": "0.0", "times": "0.00", "items": "0.00", "number": "0.00"}
FORMATS |= {"change": f"+#,##0;{i18n.MINUS}#,##0;0"}
TEXTS = ("text", "month", "day", "figure")
LEFT = ("text", "month", "day")  # a figure is a text of numbers: an interval, a change with its sign
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a text that begins so
ROWS_AT_FIRST = 12
LONG = 28  # half-width characters: on a phone, what is longer gets lines of its own


def text(value: object, unit: str, language: str, currency: str = "JPY") -> str:
    """A value as it is read; a text in a column of numbers stays as it is."""
    if i18n.missing(value):
        return i18n.MISSING
    if unit == "month":
        return month_label(date.fromisoformat(str(value)[:10]), language)
    if unit == "day":
        return i18n.day(date.fromisoformat(str(value)[:10]), language)
    if unit in ("text", "figure") or isinstance(value, str):
        return str(value)
    if unit == "count":
        return f"{int(value):,}"
    if unit == "change":
        return f"{int(value):+,}".replace("-", i18n.MINUS) if value else "0"
    return i18n.number(value, unit, language, currency=currency, exact=True)


def table_html(table: Table, language: str) -> str:
    """The table as HTML: everything escaped, numbers to the right, definitions on their heads, the sort column marked.

    data-key and data-unit of a head name its column, data-value holds what the browser sorts a cell by; rows beyond the first twelve are marked `more`.
    """
    marked, falling = table.sort.lstrip("-"), table.sort.startswith("-")
    heads = []
    for column in table.columns:
        kind = "number" if column.unit not in LEFT else "text"
        sort = f' aria-sort="{"descending" if falling else "ascending"}"' if column.key == marked else ""
        title = f' title="{html.escape(column.definition, quote=True)}"' if column.definition else ""
        about = f' data-key="{html.escape(column.key, quote=True)}" data-unit="{column.unit}"'
        heads.append(f'<th scope="col" class="{kind}"{about}{sort}{title}>{html.escape(column.head)}</th>')
    body = "".join(_row(table, row, place, language) for place, row in enumerate(table.rows))
    caption = f"<caption>{html.escape(table.title)}</caption>"
    return (
        f'<div class="tablewrap"><table class="data">{caption}<thead><tr>{"".join(heads)}</tr></thead>'
        f'<tbody>{body}</tbody></table></div><p class="caption">{html.escape(table.caption)}</p>'
    )


def _row(table: Table, row: tuple, place: int, language: str) -> str:
    cells = []
    for column, value in zip(table.columns, row, strict=True):
        shown = html.escape(text(value, table.unit(column, place), language, table.currency))
        order = f' data-value="{html.escape(_order(value, column.unit), quote=True)}"'
        label = f' data-label="{html.escape(column.head, quote=True)}"'
        if column is table.columns[0]:
            if table.about:
                about = html.escape(table.about[place])
                shown = f'<details class="about"><summary title="{html.escape(table.about[place], quote=True)}">{shown}</summary>{about}</details>'
            cells.append(f'<th scope="row"{order}>{shown}</th>')
        else:
            kind = "number" if column.unit not in LEFT else "text long" if i18n.half_widths(shown) > LONG else "text"
            cells.append(f'<td class="{kind}"{order}{label}>{shown}</td>')
    later = ' class="more"' if place >= ROWS_AT_FIRST else ""
    return f"<tr{later}>{''.join(cells)}</tr>"


def _order(value: object, unit: str) -> str:
    """What the browser sorts a cell by: the first number of a figure, nothing for what is withheld."""
    if i18n.missing(value) or (isinstance(value, str) and unit not in TEXTS):
        return ""
    if unit == "figure":
        found = re.search(r"-?\d+(\.\d+)?", str(value).replace(i18n.MINUS, "-").replace(",", ""))
        return found[0] if found else ""
    return str(value)


def csv_bytes(table: Table) -> bytes:
    """The table as CSV that Japanese Excel opens by a double click: UTF-8 with BOM, CRLF, no cell that is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(one.head) for one in table.columns])
    for row in table.rows:
        writer.writerow(["" if i18n.missing(one) else _harmless(one) for one in row])
    return out.getvalue().encode("utf-8-sig")


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def xlsx_bytes(table: Table, language: str) -> bytes:
    """The table as a workbook: numbers with formats, the caption below, the definitions on a second sheet.

    The same table gives the same bytes.
    """
    import xlsxwriter  # only who downloads waits for it

    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, plain) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # no clock: same table, same bytes
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {unit: book.add_format({"num_format": form}) for unit, form in FORMATS.items()}
        whole = formats["money"] if table.currency == "JPY" else book.add_format({"num_format": "#,##0.00"})
        formats, count = formats | {"money": whole}, book.add_format({"num_format": "#,##0"})
        sheet = book.add_worksheet(i18n.word("dashboard.sheet_table", language))
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.head, head)
            units = (table.unit(column, line) for line in range(len(table.rows)))
            shown = [
                text(row[place], unit, language, table.currency) for row, unit in zip(table.rows, units, strict=True)
            ]
            sheet.set_column(place, place, min(max(map(i18n.half_widths, [column.head, *shown])) + 2, 60))
        for line, row in enumerate(table.rows):
            for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                unit = table.unit(column, line)
                if i18n.missing(value):
                    continue
                if isinstance(value, str) or unit in TEXTS:
                    sheet.write_string(line + 1, place, text(value, unit, language))
                else:
                    sheet.write_number(line + 1, place, value, formats.get(unit, count))
        sheet.freeze_panes(1, 1)
        sheet.write_string(len(table.rows) + 2, 0, table.caption)
        _definitions(book, table, head, language)
    return out.getvalue()


def _definitions(book, table: Table, head, language: str) -> None:
    sheet = book.add_worksheet(i18n.word("dashboard.sheet_definitions", language))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    for place, key in enumerate(("column", "definition")):
        sheet.write_string(0, place, i18n.word(f"dashboard.{key}", language), head)
    for line, column in enumerate(table.columns, 1):
        sheet.write_string(line, 0, column.head)
        sheet.write_string(line, 1, column.definition)
    for line, (row, about) in enumerate(zip(table.rows, table.about, strict=False), len(table.columns) + 1):
        sheet.write_string(line, 0, str(row[0]))
        sheet.write_string(line, 1, about)
