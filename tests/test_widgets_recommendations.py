"""The page on what to offer: lists, reasons and relations are what the tables say; names of products stay text."""

import subprocess
import sys

import duckdb
import offer_tables as month
import pytest
from customer_tables import HOSTILE, MERGED, NEVER, NOBODY, ONCE
from offer_tables import AN_ID, EVIL
from test_widgets import walk
from test_widgets_customer import record, saved, shown

from customerbase import i18n
from customerbase.serving.audiences import audiences
from customerbase.tables.schema import schema
from customerbase.widgets.recommendations import Recommendations
from customerbase.widgets.recommendations.book import Book


@pytest.fixture
def tables(home):
    return month.publish(home)


@pytest.fixture
def page(tables) -> Recommendations:
    made = Recommendations("sample", "en")
    made.show()
    return made


def test_both_lists_are_those_of_the_table_with_reasons_in_words(page, tables):
    page._entry.value = MERGED
    truth = duckdb.sql(
        f"""select list, r.rank, coalesce(s.name, r.product_id), r.score from '{tables}/recommendations.parquet' r
        left join '{tables}/products_sold.parquet' s using (product_id) where customer_id = '{MERGED}' order by all"""
    ).fetchall()
    for name in ("buy_again", "new_for_you"):
        head, *rows = saved(page, f"customer-{MERGED}-{name}")
        assert head == [
            "Rank",
            "Product",
            "Reason",
            "Category",
            "Score",
            *(["Due window"] if name == "buy_again" else []),
        ]
        mine = [(int(row[0]), row[1], row[4]) for row in rows]
        assert mine == [(rank, product, f"{score:.3f}") for which, rank, product, score in truth if which == name]
    again, new = (saved(page, f"customer-{MERGED}-{name}")[1:] for name in ("buy_again", "new_for_you"))
    assert [row[2] for row in again] == ["By its usual rhythm it is due about now", "It is bought often"]
    assert [row[2] for row in new] == [f"Because you bought “{EVIL}”", "Because you bought “P8”", "It is popular now"]
    assert again[0][3] == HOSTILE and again[1][3] == i18n.MISSING
    assert (
        again[0][5] == "5 Nov 2026 to 1 Dec 2026" and again[1][5] == i18n.MISSING
    )  # the clock of the category, and none


def test_what_goes_with_the_last_purchases_leaves_them_out(page):
    page._entry.value = MERGED
    head, *rows = saved(page, f"customer-{MERGED}-goes")
    found = [dict(zip(head, row, strict=True)) for row in rows]
    told = [
        (row["Bought last"], row["Goes with it"], row["When"], float(row["Share who buy it"]), int(row["n"]))
        for row in found
    ]
    assert told == [
        (EVIL, "急須", "in the same basket", 0.4, 50),
        ("緑茶", "急須", "afterwards", 0.4, 30),
        ("緑茶", "P0", "in the same basket", 0.25, 80),
    ]
    assert found[0]["95 % interval"] == "3.20 to 7.70" and float(found[0]["Times chance"]) == 5


@pytest.mark.parametrize("language", ["ja", "en"])
def test_names_of_products_and_categories_are_text_wherever_they_stand(page, language):
    page.language_choice.value = language
    page._entry.value = MERGED
    raw = record(page)
    assert EVIL not in raw and HOSTILE not in raw and "<img" not in raw and "<script" not in raw
    assert "&lt;img src=x" in raw and "&lt;script" in raw
    assert f'class="person">{AN_ID}' not in raw  # a product that is called like an id


def test_the_sentences_say_what_was_bought_last_and_what_to_offer_first(page):
    page._entry.value = MERGED
    said = shown(page)
    assert f"Bought last {EVIL} (2 Oct 2026); 緑茶 (1 Sep 2026); P7" in said
    assert f"Offer first (Buy again) {EVIL} (By its usual rhythm it is due about now)" in said
    assert "as of 31 Oct 2026" in said and "notebooks/08_recommend.ipynb" in said and "08b_related" in said


@pytest.mark.parametrize(
    ("who", "said"),
    [(ONCE, "Nothing is known to go with"), (NEVER, "No product was bought"), (NOBODY, "is no customer of Oct 2026")],
)
def test_who_has_no_lists_is_told_so(page, who, said):
    page._entry.value = who
    assert said in shown(page)
    if who != NOBODY:
        assert "This month has no such list for the customer" in shown(page)


def test_what_is_typed_counts_only_as_an_id(page):
    page._entry.value = "山田 太郎"
    assert page._entry.value == "" and "not the form of a customer id" in shown(page)
    with pytest.raises(ValueError, match="customer id"):
        page._book().offered("x' or '1'='1")


def test_a_month_without_the_pages_says_so(home):
    month.publish(home, tables=month.month.TABLES)
    page = Recommendations("sample", "en")
    page.show()
    page._entry.value = MERGED
    assert shown(page).count("This month has no such list for the customer") == 2


def test_every_word_exists_in_both_languages(page):
    page._entry.value = MERGED
    english = shown(page)
    page.language_choice.value = "ja"
    japanese = shown(page)
    assert "board_offers" not in english + japanese
    assert "もう一度買う" in japanese and "Buy again" in english and "緑茶" in japanese


def test_only_analysts_see_the_tables_and_no_contact_data_are_opened(page):
    views = page._book().db.query("select view_name from duckdb_views() where not internal").fetchall()
    assert {name for (name,) in views} == set(Book.tables)
    analysts, managers = audiences()["analysts"], audiences()["managers"]
    assert set(Book.tables) <= set(analysts.tables) and not set(Book.tables) & set(managers.tables)
    for name in Book.tables:
        assert "contact" not in {one.sensitivity for one in schema(name).columns.values()}, name
    assert "recommendations" in analysts.pages and "recommendations" not in managers.pages
    assert any(getattr(one, "options", None) for one in walk(page.page))


def test_a_customer_is_shown_without_pandas_and_its_like(tables):
    program = f"""
import sys
from customerbase.widgets.recommendations import Recommendations
page = Recommendations("sample")
page.show()
page._entry.value = {MERGED!r}
assert len(page._record.children) == 4
print([one for one in ("pandas", "numpy", "matplotlib", "scipy", "sklearn", "pyarrow") if one in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
