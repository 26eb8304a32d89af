"""Spreadsheets and Parquet into bronze, and files that are not what they are declared to be."""

import datetime as dt
import hashlib

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customerbase.errors import InputError
from customerbase.sources.readers import read_bronze

# --- spreadsheets and Parquet -------------------------------------------------------------------------------------


@pytest.fixture
def workbook(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "注文"
    sheet["B3"], sheet["C3"], sheet["D3"] = "名前", "日時", "額"
    sheet["B4"], sheet["C4"], sheet["D4"] = "髙橋", dt.datetime(2026, 10, 3), 1200.0
    sheet["B6"], sheet["C6"], sheet["D6"] = True, dt.datetime(2026, 10, 3, 10, 5), 1.5
    sheet["B7"], sheet["C7"], sheet["D7"] = "007", dt.time(10, 5), None
    book.create_sheet("会員").append(["id"])
    book.create_sheet("空")
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def _excel(path, **options):
    bronze = read_bronze(path, path.with_suffix(".parquet"), format="excel", file="book", **options)
    return bronze, [tuple(row.values()) for row in pq.read_table(bronze.parquet).to_pylist()]


def test_every_cell_becomes_text(workbook):
    bronze, rows = _excel(workbook)
    assert bronze.columns == ["名前", "日時", "額"]
    assert rows == [
        ("髙橋", "2026-10-03", "1200", 4, None, None),
        ("TRUE", "2026-10-03 10:05:00", "1.5", 6, None, None),
        ("007", "10:05:00", "", 7, None, None),
    ]
    assert bronze.sha256 == hashlib.sha256(workbook.read_bytes()).hexdigest()
    assert bronze.notes == ["sheet '注文'; not read: '会員', '空'"]
    assert (bronze.encoding, bronze.rows) == (None, 3)


def test_formulas_are_read_as_their_last_values(tmp_path):
    frame = pd.DataFrame({"a": ["x"], "b": [2]})
    frame.to_excel(tmp_path / "f.xlsx", index=False)
    _, rows = _excel(tmp_path / "f.xlsx")
    assert rows == [("x", "2", 2, None, None)]


def test_sheets_by_name_and_index(workbook):
    assert _excel(workbook, sheet="会員")[0].columns == ["id"]
    assert _excel(workbook, sheet=1)[0].rows == 0
    for sheet in ("注", 9, -1):
        with pytest.raises(InputError, match=rf"has no sheet {sheet!r}; expected one of \['注文', '会員', '空'\]"):
            _excel(workbook, sheet=sheet)
    with pytest.raises(InputError, match="Did you mean '会員'"):
        _excel(workbook, sheet="会員 ")
    with pytest.raises(InputError, match="sheet '空' is empty"):
        _excel(workbook, sheet="空")


def test_a_sheet_without_heading(workbook):
    bronze, rows = _excel(workbook, header=["a", "b"])
    assert bronze.columns == ["a", "b"]
    assert rows[0] == (None, None, 3, "wrong_field_count", "名前\t日時\t額")
    assert rows[-1] == ("007", "10:05:00", 7, None, None)
    assert _excel(workbook, header=["a", "b", "c", "d"])[1][0] == ("名前", "日時", "額", "", 3, None, None)


def test_parquet_of_others_as_text(tmp_path):
    table = pa.table(
        {
            " id ": pa.array([17850.0, None, 1.25]),
            "名": ["①", "", None],
            "at": [dt.datetime(2026, 10, 3, 10, 5), None, dt.datetime(2026, 1, 1)],
            "ID": [1, 2, 3],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    bronze = read_bronze(tmp_path / "in.parquet", tmp_path / "out.parquet", format="parquet", file="in")
    assert bronze.columns == ["id", "名", "at", "ID__2"] and bronze.rows == 3
    assert [tuple(row.values()) for row in pq.read_table(bronze.parquet).to_pylist()] == [
        ("17850", "①", "2026-10-03 10:05:00", "1", 1, None, None),
        (None, "", None, "2", 2, None, None),
        ("1.25", None, "2026-01-01 00:00:00", "3", 3, None, None),
    ]


def test_parquet_keeps_the_order_of_many_rows(tmp_path):
    pq.write_table(pa.table({"n": list(range(300_000))}), tmp_path / "in.parquet", row_group_size=10_000)
    bronze = read_bronze(tmp_path / "in.parquet", tmp_path / "out.parquet", format="parquet", file="in")
    frame = pq.read_table(bronze.parquet).to_pandas()
    assert (frame["n"].astype(int) + 1 == frame["_line"]).all() and len(frame) == 300_000


# --- files that are not what they should be -----------------------------------------------------------------------


def test_what_cannot_be_read_is_one_clear_error(tmp_path, workbook):
    def failing(path, format, match):
        with pytest.raises(InputError, match=match):
            read_bronze(path, tmp_path / "out.parquet", format=format, file="f")
        assert not list(tmp_path.glob("out*"))

    def file(name, content):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    failing(tmp_path / "no.csv", "csv", r"no\.csv does not exist")
    failing(tmp_path, "csv", "is a folder; expected a file")
    failing(workbook, "csv", r"declared csv, but its content is excel\. Set format: excel")
    failing(file("t.csv", b"a,b\n1,2\n"), "excel", r"declared excel, but its content is text\. Set format: csv")
    failing(file("t.csv", b"a,b\n1,2\n"), "exel", r"unknown format 'exel'.*Did you mean 'excel'")
    failing(file("b.xlsx", workbook.read_bytes()[:2000]), "excel", "damaged zip archive")
    failing(file("o.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)), "excel", "cannot be read as a workbook")
    failing(file("p.parquet", b"PAR1 cut off"), "parquet", "cannot be read as Parquet")


def test_the_same_file_gives_the_same_bytes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"x\ny"\n2\n3,4\n' * 1000, encoding="utf-8")
    first, second = (read_bronze(path, tmp_path / f"{n}.parquet", format="csv", file="f").parquet for n in "ab")
    assert first.read_bytes() == second.read_bytes()
