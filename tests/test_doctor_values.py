"""What the doctor's guesses rest on: the dictionary, the forms of dates and numbers, outlines, safe text and YAML."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from customerbase import tables
from customerbase.sources.guess_dates import date_form
from customerbase.sources.guess_headers import DICTIONARY, candidates, dictionary, fold
from customerbase.sources.guess_table import cells, safe, table
from customerbase.sources.guess_values import KINDS, decimal_comma, profile, shape
from customerbase.sources.guess_yaml import as_yaml

# --- the dictionary --------------------------------------------------------------------------------------------------


def test_dictionary_names_declared_columns_and_known_kinds():
    for target, entry in dictionary().items():
        owner, column = target.split(".")
        assert column in tables.schema(owner).columns, target
        assert entry["kind"] in KINDS, target
        assert entry["ja"] and entry["en"], target


def test_dictionary_has_no_heading_twice_in_one_column():
    for target, entry in yaml.safe_load(DICTIONARY.read_text(encoding="utf-8")).items():
        for language in ("ja", "en"):
            assert all(isinstance(word, str) and fold(word) for word in entry[language]), target


@pytest.mark.parametrize(
    ("heading", "target"),
    [
        ("お名前(姓)", "customers_src.last_name"), ("お名前（名）", "customers_src.first_name"), ("お名前(セイ)", "customers_src.last_kana"),
        ("会員ID", "orders.source_customer_id"), ("会員番号", "orders.source_customer_id"), ("顧客コード", "orders.source_customer_id"),
        ("受注日", "orders.order_at"), ("注文日時", "orders.order_at"), ("購入日", "orders.order_at"), ("売上日", "orders.order_at"),
        ("受注番号", "orders.order_id"), ("伝票番号", "orders.order_id"), ("商品名", "order_lines.name"), ("商品コード", "order_lines.sku"),
        ("ＪＡＮ", "order_lines.sku"), ("数量", "order_lines.qty"), ("単価", "order_lines.unit_price"), ("金額", "order_lines.amount"),
        ("税込金額", "orders.total"), ("合計", "orders.total"), ("店舗コード", "orders.store_id"), ("店舗名", "orders.store_id"),
        ("電話番号", "customers_src.phone"), ("郵便番号", "customers_src.postal_code"), ("〒", "customers_src.postal_code"),
        ("都道府県", "customers_src.pref"), ("住所", "customers_src.address1"), ("メールアドレス", "customers_src.email"),
        ("性別", "customers_src.gender"), ("生年月日", "customers_src.birth_date"), ("登録日", "customers_src.registered_at"),
        ("Invoice", "orders.order_id"), ("InvoiceDate", "orders.order_at"), ("StockCode", "order_lines.sku"),
        ("CustomerID", "orders.source_customer_id"), ("Customer ID", "orders.source_customer_id"), ("order_date", "orders.order_at"),
        ("cust_no", "orders.source_customer_id"), ("Amt", "orders.total"), ("Sales", "orders.total"), ("Lineitem quantity", "order_lines.qty"),
        ("cutomer_id", "orders.source_customer_id"), ("Purchase Date (local)", "orders.order_at"), ("Quantty", "order_lines.qty"),
    ],
)  # fmt: skip
def test_headings_are_known_after_folding(heading, target):
    found = {one.target: one.score for one in candidates(heading, profile([""]))}
    assert found[target] >= 0.4
    assert found[target] >= max(found.values()) - 0.06


def test_values_that_contradict_a_heading_lower_it():
    dates = {one.target: one for one in candidates("order date", profile(["red", "green", "blue"]))}
    assert dates["orders.order_at"].against
    assert dates["orders.order_at"].score < 0.3


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "label", "formats"),
    [
        (["2026/10/03 9:05", "2026/1/4 10:00"], "YYYY/MM/DD HH:MM", ()),
        (["19970101", "19980630"], "YYYYMMDD", ()),
        (["令和8年10月3日", "平成31年4月30日"], "和暦 (令和N年M月D日)", ()),
        (["2026年10月3日"], "YYYY年M月D日", ()),
        (["31/01/2026", "01/02/2026"], "DD/MM/YYYY", ("%d/%m/%Y",)),
        (["01/31/2026 10:00", "02/01/2026 11:00"], "MM/DD/YYYY HH:MM", ("%m/%d/%Y %H:%M",)),
        (["03.10.26", "31.10.26"], "DD.MM.YY", ("%d.%m.%y",)),
        (["Oct 3, 2026", "Jan 31, 2026"], "D Mon YYYY", ("%b %d, %Y",)),
    ],
)
def test_date_forms(values, label, formats):
    form, share = date_form(values)
    assert (form.label, share) == (label, 1.0)
    assert formats == () or formats[0] in form.formats
    assert not form.ambiguous


def test_day_or_month_first_is_settled_by_the_order_of_the_rows():
    falling = [f"0{day}/0{month}/2026" for month in range(1, 8) for day in range(1, 8)]
    form, _ = date_form(falling)
    assert form.formats == ("%d/%m/%Y",)
    assert not form.ambiguous
    assert date_form(["01/02/2026", "03/03/2026"])[0].ambiguous


def test_no_date_is_made_of_a_day_that_does_not_exist():
    assert date_form(["2026/13/45", "2026/02/31"])[1] == 0.0


def test_decimal_comma_only_where_no_point_says_otherwise():
    assert decimal_comma(["1.234,50", "12,00", "3"])
    assert not decimal_comma(["1,234.50", "12.00"])
    assert not decimal_comma(["1,234", "2,000"])


@pytest.mark.parametrize(
    ("value", "kind", "outline"),
    [("hanako@example.co.jp", "email", "xxx@xxx.xx"), ("090-1234-5678", "phone", "0X0-XXXX-XXXX"), ("山田花子", "text", "漢漢漢漢"),
     ("ﾔﾏﾀﾞ", "kana", "アアア"), ("A-00123", "id", "X-99999"), ("150-0001", "postal", "XXX-XXXX")],
)  # fmt: skip
def test_outlines_hide_the_value(value, kind, outline):
    assert shape(value, kind) == outline


# --- text ------------------------------------------------------------------------------------------------------------


def test_tables_align_whatever_the_script():
    text = table(["列", "b"], [["お名前", "x"], ["ab", "y"], ["①㈱髙", "z"]], (20, 5))
    starts = {cells(line[: line.rindex(mark)]) for line, mark in zip(text.splitlines()[2:], "xyz", strict=True)}
    assert len(starts) == 1


@given(st.text(max_size=200))
def test_safe_text_steers_no_terminal(text):
    assert all(sign.isprintable() or sign == " " or sign.isspace() for sign in safe(text))
    assert not set(safe(text)) & set("\x1b\x07\x00\n\r\u202e\u2066\x9b")


_yaml_values = st.recursive(st.text(max_size=20), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=5)


@given(st.dictionaries(st.text(min_size=1, max_size=15), _yaml_values, min_size=1, max_size=4), st.text(max_size=30))
def test_commented_yaml_reads_back_as_it_was(spec, comment):
    comments = {(key,): comment for key in spec}
    assert yaml.safe_load(as_yaml(spec, comments)) == spec
