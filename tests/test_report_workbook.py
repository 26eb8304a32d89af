"""The report as a workbook: its numbers are those printed, its texts are never formulas, its terms are defined."""

import html
import io
import re
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_report import AS_OF, data, summary
from test_report_blocks import HOSTILE, hostile, told

from customerbase import charts, i18n, report
from customerbase.report import blocks
from customerbase.report.data import ReportData
from customerbase.report.workbook import _free_name, number, sheets

HEAD = 3  # the line of a table's heads


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request) -> tuple[str, dict, bytes, openpyxl.Workbook]:
    contents = told(request.param, **hostile())
    content = report.workbook(contents)
    return request.param, contents, content, openpyxl.load_workbook(io.BytesIO(content))


def shown(value: float, form: str) -> str:
    """A number as a spreadsheet shows it under a format of three parts: above, below and at zero."""
    exact = Decimal(repr(value))
    part = form.split(";")[0 if exact > 0 else 1 if exact < 0 else 2]
    texts = re.findall(r'"([^"]*)"', part)
    plain = re.sub(r'"[^"]*"', "\0", part)
    digits = re.search(r"#,##0(\.0+)?", plain)
    scaled = abs(exact) * (100 if plain.endswith("%") else 1)
    written = f"{scaled:,.{len(digits[1] or '.') - 1}f}"
    for text in texts:
        plain = plain.replace("\0", text, 1)
    return plain.replace(digits[0], written)


def test_every_cell_shows_what_the_report_prints(made):
    language, contents, _, book = made
    found = sheets(blocks.sections(contents), language)
    assert book.sheetnames[1:-1] == [sheet.name for sheet in found]
    numbers = 0
    for sheet in found:
        page = book[sheet.name]
        assert [cell.value for cell in page[HEAD]] == [head.text for head in sheet.table.heads]
        for line, row in enumerate(sheet.table.rows, HEAD + 1):
            for cell, printed in zip(page[line], row.cells, strict=False):
                is_number = isinstance(cell.value, int | float)
                numbers += is_number
                assert (shown(cell.value, cell.number_format) if is_number else cell.value or "") == printed.text
        assert page.cell(len(sheet.table.rows) + 5, 1).value == sheet.caption
    assert numbers > 100


def test_numbers_are_those_of_the_tables(made):
    language, contents, _, book = made
    titles = {section.name: section.title for section in blocks.sections(contents)}
    segments = book[titles["segments"]]
    rows = list(segments.iter_rows(min_row=HEAD + 1, max_row=HEAD + 11, values_only=True))
    assert [row[1] for row in rows] == [100] * 10 + [1000]  # as `summary` made them
    assert [row[3] for row in rows[:10]] == [0.1] * 10 and rows[0][5] == 100_000 and rows[10][5] == 1_000_000
    assert rows[0][4] == ("9.0%〜11.0%" if language == "ja" else "9.0\u00a0% to 11.0\u00a0%")
    kpis = {row[0]: row for row in book[titles["kpi"]].iter_rows(min_row=HEAD + 1, values_only=True)}
    revenue = kpis["売上" if language == "ja" else "Revenue"]
    assert revenue[1] == revenue[2] == 7_000_000 and revenue[3] == 0 and revenue[6] == 1000


def test_no_text_is_a_formula_or_a_link(made):
    _, _, content, book = made
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    values = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert {HOSTILE, "=cmd()", "=1+1", "@SUM(A1)"} <= values
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            text = parts.read(name).decode()
            assert "<f>" not in text and "<hyperlink" not in text and "TargetMode" not in text
            assert not name.endswith((".bin", ".vml"))


def test_the_summary_comes_first_and_says_what_the_report_says(made):
    language, contents, _, book = made
    assert book.sheetnames[0] == i18n.word("export.summary", language)
    pairs = [row[:2] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert all((label, sentence) in pairs for label, sentence in contents["sentences"])
    sure = dict(pairs)[i18n.word("export.sure", language)]
    assert contents["light"]["word"] in sure and contents["light"]["reasons"][0] in sure


def test_the_last_sheet_defines_every_term_and_names_every_source(made):
    language, contents, _, book = made
    assert book.sheetnames[-1] == i18n.word("export.definitions", language)
    pairs = {row[:2] for row in book.worksheets[-1].iter_rows(values_only=True)}
    assert set(contents["definitions"]) <= pairs and set(contents["made"]) <= pairs
    sources = {(sheet.name, sheet.caption) for sheet in sheets(blocks.sections(contents), language)}
    assert sources <= pairs and all("2026" in caption for _, caption in sources)


def test_sheets_print_on_a4_with_title_and_page_numbers(made):
    _, contents, _, book = made
    for sheet in book.worksheets:
        assert sheet.page_setup.paperSize == 9 and sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert sheet.oddFooter.right.text == "&P / &N"
    assert contents["company"].replace("&", "&&")[:40] in zipped(made[2], "xl/worksheets/sheet1.xml")
    table = book.worksheets[1]
    assert table.freeze_panes == "B4" and table.print_title_rows == "$3:$3"


def zipped(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return html.unescape(parts.read(name).decode())


def test_the_file_is_dated_by_the_as_of_date_and_the_same_twice(made):
    _language, contents, content, book = made
    assert book.properties.created == book.properties.modified == datetime(AS_OF.year, AS_OF.month, AS_OF.day)
    assert report.workbook(contents) == content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_is_withheld_in_the_report_is_withheld_here():
    contents = told("en", tables=data(segment_summary=summary(champions=4, loyal=4321)).tables)
    book = openpyxl.load_workbook(io.BytesIO(report.workbook(contents)))
    rows = {row[0]: row for row in book["Customer segments"].iter_rows(min_row=HEAD + 1, values_only=True)}
    assert rows["Champions"][1:] == ("<10", "–", "–", "–", "–", "–")
    assert rows["Loyal"][1] == 4321 and sum(row[1] == "*" for row in rows.values()) >= 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_company_without_any_table_gets_its_workbook(language):
    empty = ReportData(title={"ja": "空", "en": "Empty"}, pipeline="x", as_of=AS_OF, tables={})
    book = openpyxl.load_workbook(io.BytesIO(report.workbook(report.contents(empty, language, charts))))
    assert book.sheetnames == [i18n.word(f"export.{name}", language) for name in ("summary", "definitions")]


UNITS = st.sampled_from(["money", "rate", "people", "orders", "times", "days", "items", "number"])


@given(st.decimals(-(10**9), 10**9, places=4), UNITS, st.sampled_from(["ja", "en"]), st.booleans())
def test_a_printed_number_is_read_back_to_its_last_digit(value, unit, language, signed):
    text = i18n.number(value, unit, language, exact=True, signed=signed)
    read = number(text)
    assert read is not None and shown(*read) == text
    digits = Decimal(re.sub(r"[^\d.]", "", text.replace("ポイント", "")))
    assert abs(Decimal(repr(read[0]))) == pytest.approx(
        digits / 100 if unit == "rate" else digits, rel=Decimal("1e-12")
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("→ +14.4%", 0.144),
        ("↑ −1.8ポイント", -1.8),
        ("−0.4\u00a0pt", -0.4),
        ("±0.0%", 0),
        ("USD\u00a01,234.50", 1234.5),
    ],
)
def test_changes_with_arrows_and_points_are_numbers(text, value):
    assert number(text)[0] == pytest.approx(value) and shown(*number(text)) == text


@pytest.mark.parametrize(
    "text", ["", "–", "*", "<10", "85.3万円", "¥853K", "1,2", "12 to 14", "=1", "007x", "+", "1;2"]
)
def test_any_other_text_stays_a_text(text):
    assert number(text) is None


def test_names_of_sheets_are_allowed_and_unique():
    taken: set[str] = set()
    names = [_free_name(title, taken) for title in ("a/b:c", "A B C", "x" * 40, "x" * 50, "'", "長い名前（" * 9)]
    assert len({name.casefold() for name in names}) == 6
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


def test_the_title_is_cut_where_a_header_ends():
    contents = told("en", title={"ja": "店", "en": "A & B " * 90})
    book = openpyxl.load_workbook(io.BytesIO(report.workbook(contents)))
    assert len(book.worksheets[0].oddHeader.left.text) < 255
