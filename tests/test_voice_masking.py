"""Customers' words before they are shown: nothing that tells who, no markup, no formula, never long, always fast."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.satisfaction.voice.masking import LONGEST, MASK, SHOWN, cut, mask, plain, quote

HOSTILE = [  # (text, what must not be left)
    ("担当の佐藤さんがとても親切でした", ["佐藤"]),
    ("田中花子です。090-1234-5678に電話してください", ["田中", "花子", "1234"]),
    ("０９０−１２３４−５６７８", ["1234", "１２３４"]),
    ("０９０（１２３４）５６７８まで", ["1234", "5678"]),
    ("+81 90 1234 5678 please", ["1234"]),
    ("〇九〇ー一二三四ー五六七八です", ["一二三四"]),
    ("0\u200b9\u200b0-1\u200b234-5678", ["1234", "234"]),
    ("注文番号は AB-12345-X です", ["12345"]),
    ("受注No.20261031-0042が届かない", ["20261031", "0042"]),
    ("お客様番号:C0012345", ["C0012345"]),
    ("ID: abc123 でログインできない", ["abc123"]),
    ("東京都渋谷区神南1-2-3 メゾン青山203号室に送って", ["渋谷", "神南", "青山", "203"]),
    ("千代田区に住んでいます", ["千代田"]),
    ("大阪府堺市北区長曽根町130番地42", ["堺市", "長曽根", "130"]),
    ("〒150-0001", ["150", "0001"]),
    ("taro.yamada＠example.co.jp へ返事を", ["taro", "example"]),
    ("taro (at) example (dot) com", ["taro", "example"]),
    ("LINEは @taro_1980 です", ["taro"]),
    ("https://evil.example/?mail=a@b.jp 見て", ["evil", "a@b"]),
    ("www.example.jp/u/123 です", ["example", "123"]),
    ("スズキ様のお名前で", ["スズキ"]),
    ("ｽｽﾞｷさんに電話", ["スズキ", "ｽｽﾞｷ"]),
    ("鈴木 一郎 様", ["鈴木", "一郎"]),
    ("たなかさんに頼みました", ["たなか"]),
    ("私は山田です", ["山田"]),
    ("権田原と申します", ["権田原"]),
    ("担当者：小鳥遊でした", ["小鳥遊"]),
    ("My name is John Smith and I waited", ["John", "Smith"]),
    ("The clerk Mary was rude to me", ["Mary"]),
    ("Tanaka-san was kind", ["Tanaka"]),
    ("Mr. Brown never called", ["Brown"]),
    ("I live at 221 Baker Street in town", ["221", "Baker"]),
    ("昭和55年1月2日生まれです", ["55年", "1月2日"]),
    ("4111 1111 1111 1111 で払った", ["4111", "1111"]),
    ("①②③④⑤⑥⑦ に電話", ["1234567", "①②"]),
]


@pytest.mark.parametrize("text, gone", HOSTILE, ids=range(len(HOSTILE)))
def test_what_tells_who_it_is_goes(text, gone):
    shown = quote(text)
    assert MASK in shown
    for part in gone:
        assert part not in shown


KEPT = [
    "たくさん買いました", "店員さんもお客様も皆さん親切", "3,000円は高い", "1000円分のクーポンと10mlの試供品", "最大原因は配送の遅れ", "45歳です", "30分待ちました",
    "皆様のおかげです", "The delivery was slow", "I think so", "2回目の購入です", "100%満足", "業者さんが丁寧", "商品が届いた。", "5つ星です", "午後3時に来ました",
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_plain_words_stay(text):
    assert mask(plain(text)) == text


@pytest.mark.parametrize(
    "text, left",
    [
        ("<script>alert(1)</script>良い商品", "良い商品"),
        ("<b>良い</b>商品<br/>です", "良い 商品 です"),
        ("<img src=x onerror=alert(1)>良い", "良い"),
        ("<style>p{color:red}</style>良い", "良い"),
        ("=1+1", "1+1"),
        ("@SUM(A1)", "SUM(A1)"),
        ('=HYPERLINK("x")', 'HYPERLINK("x")'),
        ("\t=cmd", "cmd"),
        ("&lt;script&gt;良い", "script 良い"),
        ("`code` and $x^2$", "'code' and ＄x^2＄"),
        ("ﾎﾟﾝﾌﾟがｽｸﾞ壊れた", "ポンプがスグ壊れた"),
    ],
)
def test_plain_is_without_markup_and_orders(text, left):
    assert plain(text) == left


@given(st.text(max_size=300))
def test_whatever_is_written_a_quote_is_plain_short_and_one_line(text):
    shown = quote(text)
    assert len(shown) <= SHOWN and not set(shown) & set("<>`|\\$\n\r\t")
    assert not shown.startswith(("=", "+", "@", "-"))


@given(st.text(alphabet="0123456789-() ", min_size=0, max_size=40), st.integers(10**9, 10**11 - 1))
def test_no_number_of_nine_digits_is_left(noise, number):
    shown = mask(plain(f"{noise}電話 0{number} です"))
    assert str(number) not in shown.replace(" ", "").replace("-", "")


def test_a_cut_parts_no_letter_from_its_marks():
    waved = "あ" * (SHOWN - 2) + "👍🏽👍🏽👍🏽"
    shown = cut(waved)
    assert len(shown) <= SHOWN and shown.endswith("…") and not shown.endswith("\U0001f3fd…")
    accents = "e\u0332" * SHOWN
    assert not unicodedata.combining(cut(accents)[-2]) or len(cut(accents)) % 2 == 1
    assert cut("短い") == "短い"


SLOW = [
    "a",
    "1-",
    "あ",
    "<",
    "田",
    "A a ",
    "@",
    "a.a.",
    "さん",
    "(a) ",
    "1 ",
    "神南1-1-",
    "<script",
    "a1",
    "市区",
    "<<!",
    "&#",
    "メゾン1",
    "は",
    "A-",
    "a@a.",
    "十ー",
]


@pytest.mark.parametrize("piece", SLOW)
def test_no_text_makes_it_search_for_long(piece):
    """A pattern that runs away would not come back; what lies beyond the characters read changes nothing."""
    whole = piece * (LONGEST // len(piece) + 1)
    assert quote(whole * 10) == quote(whole)
