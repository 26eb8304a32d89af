"""What a raw file is, judged by its content: written in every encoding, delimiter and form, then guessed."""

import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.errors import InputError
from customerbase.sources import sniff
from customerbase.sources.sniff import guess

ROWS = "".join(f"{n:05},髙橋　太郎{n},東京都千代田区丸の内{n}-1,2026/10/{n % 28 + 1:02},{n * 10}\n" for n in range(200))
TABLE = "会員ID,お名前,住所,登録日,購入額\n" + ROWS


@pytest.fixture
def guessed(tmp_path):
    def judge(content, name="raw.dat"):
        path = tmp_path / name
        path.write_bytes(content)
        return guess(path)

    return judge


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc-jp"])
def test_encodings(guessed, encoding):
    text = TABLE if encoding != "euc-jp" else TABLE.replace("髙", "高")
    found = guessed(text.encode(encoding))
    assert (found.encoding, found.delimiter, found.header, found.format) == (encoding, ",", True, "csv")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("ｶﾌﾞｼｷｶﾞｲｼﾔ ﾔﾏﾀﾞ,ﾄｳｷﾖｳ\nﾀﾅｶ ﾀﾛｳ,ｵｵｻｶ\n", "cp932"),  # bank transfer lists hold half-width katakana alone
        ("山田太郎,東京\n", "cp932"),
        ("①㈱髙﨑～\n", "cp932"),
        ("ひらがなとカタカナ,数\nおちゃ,1\n", "euc-jp"),
        ("氏名,住所\n山田太郎,東京都千代田区\n", "euc-jp"),
        ("plain,ascii\n1,2\n", "utf-8"),
        ("café,naïve\n1,2\n", "utf-8"),
    ],
)
def test_short_texts_in_their_encodings(guessed, text, encoding):
    assert guessed(text.encode(encoding)).encoding == encoding


def test_one_damaged_byte_does_not_change_the_guess(guessed):
    for encoding in ("utf-8", "cp932"):
        content = TABLE.encode(encoding)
        middle = content.index(b"\n", len(content) // 2) + 1
        assert guessed(content[:middle] + b"\xff" + content[middle:]).encoding == encoding


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_foreign_bytes_anywhere_in_a_large_file_are_found(guessed, place):
    plain = b"00001,plain,2026/10/03\n" * 20_000
    parts = [plain] * 4
    parts[place] = plain + "00002,髙橋,2026/10/03\n".encode("cp932") + plain
    content = b"id,name,day\n" + b"".join(parts)
    assert len(content) > 4 * sniff.SAMPLE
    assert guessed(content).encoding == "cp932"


def test_samples_are_cut_at_lines(guessed):
    # three-byte characters and line lengths that put every cut inside a character if it were made blindly
    content = ("あいうえおかきくけこ," * 3 + "\n").encode() * 40_000
    assert len(content) > 12 * sniff.SAMPLE
    assert guessed(content).encoding == "utf-8"
    assert guessed(content.decode().encode("cp932")).encoding == "cp932"


@pytest.mark.parametrize(("delimiter", "format"), [(",", "csv"), (";", "csv"), ("|", "csv"), ("\t", "tsv")])
def test_delimiters(guessed, delimiter, format):
    text = TABLE.replace(",", delimiter) + f'x{delimiter}"a,b;c"{delimiter}"d\n e"{delimiter}2026/10/03{delimiter}1\n'
    found = guessed(text.encode())
    assert (found.delimiter, found.format, found.header) == (delimiter, format, True)


def test_runs_of_spaces(guessed):
    found = guessed(b" 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970112  5   77.00\n")
    assert (found.format, found.delimiter, found.header, found.encoding) == ("text", None, False, "utf-8")
    named = guessed(b"id day cds dollars\n 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n")
    assert (named.format, named.header) == ("text", True)


def test_a_single_column_of_words_is_a_csv(guessed):
    found = guessed("お名前\n山田 太郎\n田中 花子\n".encode())
    assert (found.format, found.delimiter, found.header) == ("csv", ",", True)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("id,name\n1,a\n", True),
        ("1,a\n2,b\n", False),
        ("2026-10-03,a\n2026-10-04,b\n", False),
        ("¥1,x\n", False),
        ("a,a\nb,c\n", False),
        ("red,x\nred,y\nblue,z\n", False),
        ("会員ID,お名前(姓)\n", True),
        ("id,,name\n1,,a\n", True),
        ("name,reading,town\n田中太郎,タナカタロウ,港区\n佐藤花子,サトウハナコ,北区\n", True),
        ("first name\n田中太郎\n佐藤花子\n", True),
        ("田中太郎,港区\n佐藤花子,北区\n田中太郎,港区\n", False),
    ],
)
def test_headings(guessed, text, header):
    assert guessed(text.encode()).header is header


@pytest.mark.parametrize(("newline", "named"), [("\n", "\n"), ("\r\n", "\r\n"), ("\r", "\r")])
def test_line_ends(guessed, newline, named):
    found = guessed(TABLE.replace("\n", newline).encode())
    assert (found.newline, found.delimiter, found.header) == (named, ",", True)
    assert guessed(b"a,b\r\n1,2\n").newline == "mixed"


def test_formats_by_content_not_by_name(guessed, tmp_path):
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    assert guessed((tmp_path / "book.xlsx").read_bytes(), "orders.csv").format == "excel"
    assert guessed(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "orders.csv").format == "excel"
    found = guessed(b"PAR1....PAR1", "orders.csv")
    assert (found.format, found.encoding, found.delimiter, found.newline, found.header) == (
        "parquet",
        None,
        None,
        None,
        True,
    )
    assert guessed(b"a,b\n1,2\n", "orders.xlsx").format == "csv"


def test_what_is_no_table_is_one_clear_error(guessed, tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("orders.csv", "a,b")
    cases = [
        (b"", "is empty"),
        (b"\n\r\n", "is empty"),
        (TABLE.encode("utf-16"), "is UTF-16.*Save it again as 'CSV UTF-8'"),
        ("id,name\n1,a\n".encode("utf-16-le"), "is UTF-16"),
        (b"\x1f\x8b\x08rest", "is compressed.*Unpack it first"),
        ((tmp_path / "z.zip").read_bytes(), "zip archive, not a workbook"),
        (b"PK\x03\x04broken", "damaged zip archive"),
        (b"\xef\xbb\xbf <!DOCTYPE html><table>", r"is a page \(HTML, XML or PDF\)"),
        (b"%PDF-1.7", "is a page"),
    ]
    for content, message in cases:
        with pytest.raises(InputError, match=message):
            guessed(content)
    with pytest.raises(InputError, match="does not exist"):
        guess(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        guess(tmp_path)


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_give_a_guess_or_a_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.dat"
    path.write_bytes(content)
    try:
        found = guess(path)
    except InputError:
        return
    assert found.format in {"csv", "tsv", "text", "excel", "parquet"}
    assert found.encoding in {"utf-8", "utf-8-sig", "cp932", "euc-jp", None}
