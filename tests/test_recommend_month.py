"""A month of offers from tables: words and pictures in both languages, without products, without orders, and its rules."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
import recommend_shop

from customerbase import charts, features, i18n
from customerbase.charts.offers import Pictures
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.recommend import Offers, Rules, offers
from customerbase.stage import company

AS_OF = date(2026, 10, 31)


def ready(rows: pd.DataFrame | None = None) -> Engine:
    db = recommend_shop.tables(recommend_shop.rows(customers=120, days=300) if rows is None else rows)
    features.customer_orders(db, as_of=AS_OF)
    return db


@pytest.fixture(scope="module")
def shop() -> Engine:
    return ready()


@pytest.fixture(scope="module")
def made(shop) -> Offers:
    return offers(shop, as_of=AS_OF)


def test_everybody_gets_a_list_and_twice_the_same(shop, made):
    people = shop.query("select count(distinct customer_id) from identity_links").fetchall()[0][0]
    table = made.recommendations()
    assert len(set(table["customer_id"].to_pylist())) == people
    assert offers(shop, as_of=AS_OF).recommendations().to_pandas().equals(table.to_pandas())
    kept = made.records()
    assert kept["new_for_you_customers"] <= people and kept["buy_again_model"] == made.study.choice.chosen["buy_again"]


def test_later_orders_change_nothing(made):
    rows = recommend_shop.rows(customers=120, days=300)
    later = rows.tail(200).assign(day=date(2026, 11, 3))
    db = ready(pd.concat([rows, later]))
    assert offers(db, as_of=AS_OF).recommendations().to_pandas().equals(made.recommendations().to_pandas())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_titles_say_what_the_figures_are(made, language):
    look = Pictures(made, language)
    for kind in ("buy_again", "new_for_you"):
        rows = made.models.query("role == 'test' and segment == 'all' and list == @kind")
        own = rows[rows["is_chosen"]].iloc[0]
        title = look.models(kind).texts[0].get_text()
        assert i18n.number(own["recall"], "rate", language) in title.replace("\n", " ")
        assert f"NDCG {own['ndcg']:.2f}" in title.replace("\n", " ")
        clear = own["ndcg_gain_low"] > 0 or own["ndcg_gain_high"] < 0
        assert clear != (("no clear" in title) or ("はっきり" in title))
    assert charts.svg(look.coverage()) and charts.svg(look.reasons()) and charts.svg(look.products())
    assert len(look.listing()) == 3 * made.models["model"].nunique()
    assert look.held().iloc[:, 1].sum() == 0


def test_small_groups_are_withheld(made):
    every, few = Pictures(made, "en", 1), Pictures(made, "en", 10_000)
    assert len(every.by_segment()) > 2 and not len(few.by_segment())
    for picture in (few.models("buy_again"), few.coverage(), few.reasons(), few.products()):
        assert picture == "Too few customers to show."


def test_a_customer_can_be_looked_up(made):
    customer = str(made.customers[made.rows.user[-1]])
    shown = Pictures(made, "en").example(customer)
    mine = made.recommendations().to_pandas().query("customer_id == @customer")
    assert len(shown) == len(mine) and shown["Rank"].tolist() == mine["rank"].tolist()


def test_without_products_the_lists_are_made_and_the_page_says_so():
    db = ready()
    db.execute("delete from products")
    found = offers(db, as_of=AS_OF, rules=Rules(exclude_categories=("staples",)))
    assert len(found.rows.user) and found.notes[-2:] == ("no_categories", "unheard")
    assert (
        "nothing was excluded by category" in found.remarks("en")[-1]
        and "除外は行われていません" in found.remarks("ja")[-1]
    )


def test_without_any_order_there_is_nothing_and_no_error():
    db = ready()
    for table in ("orders", "order_lines", "products", "identity_links", "profile"):
        db.execute(f"delete from {table}")
    found = offers(db, as_of=AS_OF)
    assert found.recommendations().num_rows == 0 and not len(found.models)
    assert {"no_month", "no_ranker"} <= set(found.notes)
    look = Pictures(found, "en")
    assert (
        look.models("buy_again")
        == look.coverage()
        == "There is no month to judge by yet; it takes two months of purchases."
    )
    assert look.reasons() == look.products() == "Too few customers to show."
    assert not len(look.listing()) and not len(look.by_segment()) and found.records()["buy_again_customers"] == 0


def test_an_excluded_category_is_on_no_list(shop):
    found = offers(shop, as_of=AS_OF, rules=Rules(exclude_categories=("taste 1",), length=3))
    kept = found.goods.set_index("product_id").loc[found.recommendations()["product_id"].to_pylist(), "path"]
    assert not kept.fillna("").str.startswith("taste 1").any()
    assert found.held.set_index("rule").loc["excluded_category", "products"] == recommend_shop.OF_TASTE
    assert pd.Series(found.rows.rank).max() == 3
    with pytest.raises(ConfigError, match="exclude_categories names 'taste 9'"):
        offers(shop, as_of=AS_OF, rules=Rules(exclude_categories=("taste 9",)))


def test_the_pipeline_file_is_checked_when_it_is_read(home):
    folder = home / "pipelines"
    folder.mkdir()
    text = "title: {en: A, ja: あ}\naim: {en: A, ja: あ}\ndata: d\nsources: [cdnow]\nrecommend: {exclude_categories: [Adult], min_price: 100}\n"
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    assert company.load("a").offer_rules == Rules(("Adult",), min_price=100, where="a.yaml: recommend")
    (folder / "a.yaml").write_text(text.replace("min_price", "min_prise"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"recommend has the unknown key 'min_prise'. Did you mean 'min_price'\?"):
        company.load("a")
    assert replace(Rules(), where="x") == Rules(where="x")
