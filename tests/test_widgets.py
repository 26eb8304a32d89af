"""Dashboard pages: they read what is published, in both languages, and do not believe the browser."""

import base64
import csv
import io
import re
import subprocess
import sys
from datetime import date

import openpyxl
import pytest
import serving_base as base

from customerbase.dashboards import show
from customerbase.dashboards.part import Column, Part, Table, records
from customerbase.errors import TableError
from customerbase.widgets.overview import Overview

HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>'
TABLE = Table(
    "Stores",
    (
        Column("store", "Store", definition="Where it was sold."),
        Column("revenue", "Revenue", "money"),
        Column("share", "Share", "rate"),
        Column("month", "Month", "month"),
        Column("value", "Value", "own"),
    ),
    (
        ("渋谷店", 1234567, 0.1234, date(2026, 10, 1), 0.5),
        (HOSTILE, None, "<10", "2026-09-01", 12.5),
        ("+81 90", -3, 0.0, None, None),
    ),
    "Revenue by store · n = 1,234",
    sort="-revenue",
    units=("rate", "days", "number"),
)


@pytest.fixture
def page(home):
    base.publish(home, "2026-09")
    base.publish(home, "2026-10")
    made = Overview("sample")
    made.show()
    return made


def text(page) -> str:
    found, todo = [], [page.page]
    while todo:
        one = todo.pop()
        found.append(getattr(one, "value", "") or getattr(one, "description", ""))
        todo += getattr(one, "children", ())
    return " ".join(map(str, found))


def test_nothing_published_is_said_plainly(home):
    with pytest.raises(TableError, match="make report PIPELINE=sample"):
        Overview("sample")


def test_month_and_language_change_the_page_and_its_controls(page):
    assert "2026年10月" in text(page) and "リピート率" in text(page)
    page.language_choice.value = "en"
    assert page.month == "2026-10" and "Oct 2026" in text(page) and "Repeat rate" in text(page)
    assert page.month_choice.options == (("Oct 2026", "2026-10"), ("Sep 2026", "2026-09"))
    page.month_choice.value = "2026-09"
    assert "Sep 2026" in text(page) and "Oct 2026" not in text(page)


@pytest.mark.parametrize("name", ["overview", "segments", "audiences", "quality", "home"])
def test_a_page_is_shown_without_pandas_and_its_like(home, name):
    """Each of them costs every visitor's kernel 0.3 s and some 30 MB; DuckDB imports pandas for a parameter."""
    base.publish(home, "2026-10")
    program = f"""
import sys
from customerbase.widgets.{name} import {name.capitalize()}
{name.capitalize()}("sample").show()
print([one for one in ("pandas", "numpy", "matplotlib", "scipy", "sklearn") if one in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_month_without_parts_says_so(page, home):
    (home / "data/runs/sample/2026-09/run1/tables/dashboard_parts.parquet").unlink()
    page.month_choice.value = "2026-09"
    assert "notice" in text(page)


def test_a_table_is_saved_as_the_reader_saw_it(page):
    [button] = [one for one in walk(page.page) if getattr(one, "description", "") == "表をCSVで保存"]
    button.click()
    link = re.search(r'download="overview-kpis-2026-10.csv" href="data:text/csv;base64,([^"]+)"', page._saver.value)
    assert base64.b64decode(link[1]).decode("utf-8-sig").startswith("KPI,2026年10月,n")


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def test_a_table_keeps_its_values_on_the_way_to_the_page():
    again = Table.read(TABLE.write())
    assert again.rows[0] == ("渋谷店", 1234567, 0.1234, "2026-10-01", 0.5)
    assert (again.columns, again.units, again.sort) == (TABLE.columns, TABLE.units, TABLE.sort)


def test_everything_in_a_table_is_escaped_and_written_as_people_read_it():
    shown = show.table_html(TABLE, "ja")
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "&lt;10" in shown
    for words in (
        "1,234,567円",
        "12.3%",
        "2026年10月",
        "50.0%",
        "12.5日",
        'aria-sort="descending"',
        "Where it was sold.",
    ):
        assert words in shown
    assert 'data-value=""' in shown  # a withheld number has no value to sort by


def test_csv_for_japanese_excel():
    data = show.csv_bytes(TABLE)
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\r\n") == 4
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[1] == ["渋谷店", "1234567", "0.1234", "2026-10-01", "0.5"]
    assert rows[2] == ["'" + HOSTILE, "", "<10", "2026-09-01", "12.5"] and rows[3][0] == "'+81 90"


def test_the_workbook_holds_exact_numbers_no_formula_and_the_definitions():
    data = show.xlsx_bytes(TABLE, "ja")
    assert data == show.xlsx_bytes(TABLE, "ja")
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet, terms = book.worksheets
    assert [cell.value for cell in sheet[2]] == ["渋谷店", 1234567, 0.1234, "2026年10月", 0.5]
    assert sheet["C2"].number_format == "0.0%" and sheet["E2"].number_format == "0.0%"
    assert sheet["A3"].value == HOSTILE and sheet["A3"].data_type == "s" and sheet["C3"].value == "<10"
    assert terms["B2"].value == "Where it was sold."


def test_two_parts_of_one_name_are_refused():
    part = Part("overview", "ja", "kpis", "html", "")
    with pytest.raises(ValueError, match="overview"):
        records([part, part], date(2026, 10, 31))
