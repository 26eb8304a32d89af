"""Raw files into bronze Parquet: ugly files by hand, the csv module as independent truth, flat memory."""

import hashlib

import pyarrow.parquet as pq
import pytest

from customerbase.errors import InputError
from customerbase.sources.readers import blocks, read_bronze

VENDOR = ["①お試し", "㈱山田", "髙橋", "﨑", "～静岡～", "ｶﾌｪ", "表示ソ能"]


@pytest.fixture
def read(tmp_path):
    """Bytes (or text in UTF-8) of a file -> (Bronze, rows as tuples of raw columns, _line, _bad, _raw)."""

    def reading(content, format="csv", **options):
        path = tmp_path / "raw.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        bronze = read_bronze(path, tmp_path / "bronze" / "out.parquet", format=format, file="raw.csv", **options)
        table = pq.read_table(bronze.parquet)
        assert table.column_names == [*bronze.columns, "_line", "_bad", "_raw"]
        assert table.num_rows == bronze.rows
        assert [str(kind) for kind in table.schema.types[-3:]] == ["int64", "string", "string"]
        assert not list(bronze.parquet.parent.glob("*.part"))
        return bronze, [tuple(row.values()) for row in table.to_pylist()]

    return reading


def values(rows):
    return [row[:-3] for row in rows]


def lines(rows):
    return [row[-3] for row in rows]


def bad(rows):
    return [(row[-3], row[-2]) for row in rows if row[-2]]


# --- encodings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp932", "auto"])
def test_cp932_is_the_one_of_windows(read, encoding):
    text = "会員ID,お名前\r\n" + "".join(f"{number:03},{word}\r\n" for number, word in enumerate(VENDOR))
    bronze, rows = read(text.encode("cp932"), encoding=encoding)
    assert bronze.columns == ["会員ID", "お名前"]
    assert values(rows) == [(f"{number:03}", word) for number, word in enumerate(VENDOR)]
    assert lines(rows) == list(range(2, 2 + len(VENDOR)))
    assert bronze.encoding == "cp932"
    assert bronze.sha256 == hashlib.sha256(text.encode("cp932")).hexdigest()


def test_a_pipe_that_is_the_second_byte_of_a_character_does_not_cut(read):
    text = "名|品\n" + "ポ|能表\n" * 3  # ポ is 0x83 0x7C in cp932: its second byte is the pipe
    assert b"\x83|" in text.encode("cp932")
    _, rows = read(text.encode("cp932"), encoding="cp932", delimiter="|")
    assert values(rows) == [("ポ", "能表")] * 3


def test_undecodable_bytes_cost_their_row_only(read):
    content = "名,数\n山田,1\n".encode("cp932") + b"\x81,2\n\x85\x40\xff\xfe,3\n" + "髙橋,4\n".encode("cp932")
    bronze, rows = read(content, encoding="cp932")
    assert bad(rows) == [(3, "undecodable"), (4, "undecodable")]
    assert [row[:2] for row in rows if not row[-2]] == [("山田", "1"), ("髙橋", "4")]
    assert rows[1][-1] == "\\x81,2"
    assert rows[1][:2] == (None, None)
    assert bronze.notes == ["2 rows: undecodable"]


def test_utf8_with_a_broken_row_and_a_mark(read):
    content = b"\xef\xbb\xbf" + "名,数\n山田,1\n".encode() + b"\x93\xfa,2\n" + "①,3\n".encode()
    for encoding in ("utf-8", "utf-8-sig", "auto"):
        bronze, rows = read(content, encoding=encoding)
        assert bronze.columns == ["名", "数"]
        assert bad(rows) == [(3, "undecodable")]
        assert values(rows)[::2] == [("山田", "1"), ("①", "3")]


def test_euc_jp_with_vendor_characters(read):
    # ①, ㈱ and 髙 as CP51932 writes them; Python's euc_jp knows none of the three
    content = "名,品\n".encode("euc_jp") + b"\xad\xa1\xad\xea\xfc\xe2," + "かな漢字ｶﾅ".encode("euc_jp") + b"\n"
    bronze, rows = read(content)
    assert bronze.encoding == "euc-jp"
    assert values(rows) == [("①㈱髙", "かな漢字ｶﾅ")]


def test_a_wrong_declaration_is_one_clear_error(read):
    japanese = "名前,住所\n山田太郎,東京都千代田区\n"
    with pytest.raises(InputError, match=r"is declared cp932, but its content is UTF-8"):
        read(japanese, encoding="cp932")
    with pytest.raises(InputError, match=r"first line cannot be read as utf-8; .* looks like cp932"):
        read(japanese.encode("cp932"), encoding="utf-8")
    with pytest.raises(InputError, match=r"unknown encoding 'shift_jis'.*'cp932'"):
        read(japanese, encoding="shift_jis")
    with pytest.raises(InputError, match=r"unknown encoding 'utf8'.*Did you mean 'utf-8'"):
        read(japanese, encoding="utf8")


def test_wrong_encoding_below_an_ascii_heading_is_quarantined_and_noted(read):
    content = "name,n\n山田,1\nsmith,2\n".encode("cp932")
    bronze, rows = read(content, encoding="utf-8")
    assert bad(rows) == [(2, "undecodable")]
    assert values(rows)[1] == ("smith", "2")
    assert bronze.notes == ["1 rows: undecodable", "the file looks like cp932, not utf-8"]


# --- lines and records --------------------------------------------------------------------------------------------


def test_mixed_line_ends_and_blank_lines(read):
    _, rows = read(b"a,b\r\n1,2\n3,4\r5,6\r\n\r\n\n7,8\r\r\n9,10")
    assert values(rows) == [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8"), ("9", "10")]
    assert lines(rows) == [2, 3, 4, 7, 9]


def test_quoted_newlines_and_doubled_quotes_keep_the_line_numbers(read):
    _, rows = read('id,memo\n1,"a\nb\r\nc"\n2,"say ""hi"""\n3,"x,y"\n4,5" disk\n5,""\n6,\n')
    assert values(rows) == [
        ("1", "a\nb\r\nc"), ("2", 'say "hi"'), ("3", "x,y"), ("4", '5" disk'), ("5", ""), ("6", ""),
    ]  # fmt: skip
    assert lines(rows) == [2, 5, 6, 7, 8, 9]
    assert not bad(rows)


def test_words_that_other_readers_take_for_null_stay_words(read):
    words = ["", "NULL", "NA", "nan", "None", "#N/A", "true", "007", "1.10", " x "]
    _, rows = read("a,b\n" + "".join(f"{word},1\n" for word in words))
    assert [row[0] for row in rows] == words


def test_ragged_rows_keep_their_text(read):
    bronze, rows = read('a,b\n1,2\n3\n4,5,6\n"x\ny",z,"w"\n7,8\n')
    assert bad(rows) == [(3, "wrong_field_count"), (4, "wrong_field_count"), (5, "wrong_field_count")]
    assert [row[-1] for row in rows] == [None, "3", "4,5,6", '"x\ny",z,"w"', None]
    assert values(rows)[0] == ("1", "2") and values(rows)[-1] == ("7", "8")
    assert lines(rows)[-1] == 7
    assert bronze.notes == ["encoding guessed: utf-8", "3 rows: wrong_field_count"]


def test_a_quote_never_closed_costs_its_own_line_not_the_rest_of_the_file(read):
    _, rows = read('a,b\n1,2\n3,"oops\n4,5\n6,7\n')
    assert bad(rows) == [(3, "unclosed_quote")]
    assert rows[1][-1] == '3,"oops'
    assert [row[:2] for row in rows if not row[-2]] == [("1", "2"), ("4", "5"), ("6", "7")]


def test_a_quote_not_closed_within_the_limit_of_a_record(read):
    body = "".join(f"{number},x\n" for number in range(300_000))
    assert len(body) > 2 * blocks.LONGEST
    _, rows = read('a,b\n1,"oops\n' + body + '9,"fine"\n')
    assert bad(rows) == [(2, "unclosed_quote")]
    assert len(rows) == 300_002
    assert rows[-1] == ("9", "fine", 300_003, None, None)


def test_nul_characters_and_the_old_end_mark(read):
    bronze, rows = read(b"a,b\n1,x\0y\n2,z\n\x1a")
    assert values(rows) == [("1", "x\0y"), ("2", "z")]
    assert "1 NUL characters kept in the text" in bronze.notes


# --- headings -----------------------------------------------------------------------------------------------------


def test_headings_are_trimmed_and_made_distinct(read):
    bronze, rows = read(' id ,name,,name,Name,_line,"two\nlines",　全角　\n1,2,3,4,5,6,7,8\n')
    assert bronze.columns == ["id", "name", "column_3", "name__2", "Name__3", "_line__2", "two\nlines", "全角"]
    assert lines(rows) == [3]


def test_files_without_heading(read):
    bronze, rows = read("1,2\n3,4\n", header=["a", "b"])
    assert bronze.columns == ["a", "b"] and values(rows) == [("1", "2"), ("3", "4")] and lines(rows) == [1, 2]
    bronze, rows = read("\n1,2\n3,4\n", header=False)
    assert bronze.columns == ["column_1", "column_2"] and lines(rows) == [2, 3]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\n", b"\x1a"])
@pytest.mark.parametrize("header", [True, False, ["a"]])
def test_an_empty_file_is_one_clear_error(read, tmp_path, content, header):
    with pytest.raises(InputError, match=r"raw\.csv is empty; expected a heading"):
        read(content, header=header)
    assert not list((tmp_path / "bronze").glob("*"))


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "\r\n\r\na,b\r\n\r\n"])
def test_a_heading_alone_is_no_rows(read, content):
    bronze, rows = read(content)
    assert (bronze.columns, bronze.rows, rows) == (["a", "b"], 0, [])


def test_broken_headings(read):
    with pytest.raises(InputError, match="quote that is never closed"):
        read('a,"b\n1,2\n')
    with pytest.raises(InputError, match="line 1 is longer than 1 MiB"):
        read("a" * (blocks.LONGEST + 1) + "\n1\n")


# --- delimiters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delimiter", "format"), [(",", "csv"), (";", "csv"), ("|", "csv"), ("\t", "csv"), (None, "tsv")]
)
def test_delimiters(read, delimiter, format):
    mark = delimiter or "\t"
    _, rows = read(f'a{mark}b\n1{mark}2\n"x{mark}y"{mark}\n', format=format, delimiter=delimiter)
    assert values(rows) == [("1", "2"), (f"x{mark}y", "")]


def test_runs_of_spaces_and_tabs(read):
    names = ["customer", "day", "units", "amount"]
    _, rows = read(
        b' 00001 19970101  1  11.77\r\n\t00002\t19970112   5 "x\r\n   \r\n3 4\r\n 5 6 7 8', "text", header=names
    )
    assert values(rows) == [
        ("00001", "19970101", "1", "11.77"), ("00002", "19970112", "5", '"x'), (None,) * 4, ("5", "6", "7", "8"),
    ]  # fmt: skip
    assert lines(rows) == [1, 2, 4, 5] and bad(rows) == [(4, "wrong_field_count")]


def test_a_wrong_delimiter_is_named(read):
    with pytest.raises(InputError, match=r"one column when cut at ','; it looks cut by ';'\. Set delimiter: ';'"):
        read("a;b\n1;2\n3;4\n")
    with pytest.raises(InputError, match=r"delimiter '::' cannot be"):
        read("a,b\n", delimiter="::")
    bronze, rows = read("name\nx\ny\n")  # a table of one column is a table
    assert bronze.columns == ["name"] and values(rows) == [("x",), ("y",)]
