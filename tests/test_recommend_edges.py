"""Shops at the edge: everything excluded, returns alone, renamed and ill-named products, quiet months, baskets without dates."""

import sys
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
import recommend_shop
from conftest import ROOT
from test_recommend_month import AS_OF, ready

from customerbase.charts.offers import Pictures
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.recommend import Offers, Options, Purchases, Rules, of_log, offers, study

UGLY = {"S0": 'it\'s "q"', "S1": "<script>x</script>", "S2": "日本茶①", "S3": "X" * 200, "S4": "$a_b$ %d {x},\n\ttab"}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return recommend_shop.rows(customers=120, days=300)


@pytest.fixture
def shop(rows) -> Engine:
    return ready(rows)


def listed(made: Offers) -> pd.DataFrame:
    return made.recommendations().to_pandas().astype({"list": str, "reason": str, "product_id": str})


# --- what is excluded


def test_a_product_is_excluded_where_any_system_puts_it_into_an_excluded_category(shop):
    shop.execute("""insert into products values
        ('t', 'T00', 'T00', 'zz medicines > strong', 100, null, 'active'), ('t', 'OTHER', 'x', 'adult', 100, null, 'active')""")
    rules = Rules(exclude_categories=("zz medicines", "adult"))  # adult: nobody has bought any yet
    made = offers(shop, as_of=AS_OF, rules=rules)
    assert "T00" not in set(listed(made)["product_id"])
    assert made.held.set_index("rule").loc["excluded_category", "products"] == 1
    with pytest.raises(ConfigError, match=r"exclude_categories names 'adults'.*Did you mean 'adult'"):
        offers(shop, as_of=AS_OF, rules=Rules(exclude_categories=("adults",)))


def test_what_is_excluded_is_no_reason_either(shop):
    whole = listed(offers(shop, as_of=AS_OF))
    named = whole["because_product_id"].astype(str).str.startswith("T1")
    assert named.sum() > 50  # who has the taste is told so
    made = listed(offers(shop, as_of=AS_OF, rules=Rules(exclude_categories=("taste 1",))))
    assert not made["because_product_id"].astype(str).str.startswith("T1").any()
    assert (made["list"] == "new_for_you").sum() == (whole["list"] == "new_for_you").sum()
    gone = made["reason"].eq("because_bought") != made["because_product_id"].notna()
    assert not gone.any()


def test_everything_excluded_is_said(shop):
    every = Rules(exclude_categories=("staples", *(f"taste {one}" for one in range(recommend_shop.TASTES))))
    made = offers(shop, as_of=AS_OF, rules=every)
    assert made.recommendations().num_rows == 0 and made.notes[-1] == "nothing_offered"
    assert "No product may be offered" in made.remarks("en")[-1] and "ルール" in made.remarks("ja")[-1]


def test_returns_alone_give_no_list_and_say_so(shop, capfd):
    shop.execute("update order_lines set qty = -1, amount = -100")
    made = offers(shop, as_of=AS_OF)
    assert made.recommendations().num_rows == 0 and "nothing_offered" in made.notes
    assert "SPOTRI" not in "".join(capfd.readouterr())  # nothing is inverted where there is nothing


# --- products


def test_a_price_or_name_that_is_not_told_is_that_of_lines_until_the_day():
    rows = recommend_shop.rows(customers=40, days=200)
    later = rows.head(30).assign(day=date(2026, 11, 2))
    db = ready(pd.concat([rows, later]))
    db.execute("delete from products where product_id = 'S0'")
    db.execute("update products set price = 0 where product_id = 'S1'")
    db.execute("""update order_lines set amount = 900, name = 'new name' where order_id like '%2026-11-02%'""")
    newest = db.query("""select order_id from customer_orders join order_lines using (source_system, order_id)
        where product_id = 'S0' order by order_at desc, order_id limit 1""").fetchall()[0][0]
    db.execute("update order_lines set name = 'renamed' where product_id = 'S0' and order_id = $last", last=newest)
    goods = offers(db, as_of=AS_OF).goods.set_index("product_id")
    assert (goods.loc["S0", "name"], goods.loc["S0", "price"], goods.loc["S1", "price"]) == ("renamed", 100, 100)


def test_ill_named_products_stand_on_lists_as_they_are_and_on_the_page_as_text(rows):
    db = ready(rows.assign(product_id=rows["product_id"].replace(UGLY)))
    made = offers(db, as_of=AS_OF)
    assert set(UGLY.values()) <= set(listed(made)["product_id"])
    look = Pictures(made, "en")
    who = listed(made).query("product_id == '<script>x</script>'")["customer_id"].iloc[0]
    page = look.example(str(who)).style.format(escape="html").to_html()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert look.example(str(who))["Product"].str.len().max() <= 44
    assert 'style.hide(axis=\\"index\\").format(escape=\\"html\\")' in _notebook()


def _notebook() -> str:
    return (ROOT / "notebooks" / "08_recommend.ipynb").read_text(encoding="utf-8")


# --- months


def test_a_quiet_last_month_is_said(rows):
    made = offers(ready(rows[rows["day"] < date(2026, 9, 15)]), as_of=AS_OF)
    assert made.notes == ("quiet_month",) and {test.role for test in made.study.choice.tests} == {"choice"}
    assert "last month" in made.remarks("en")[0] and "直近の月" in made.remarks("ja")[0]
    assert Pictures(made, "en").models("buy_again").startswith("There is no month")


def test_a_model_that_was_not_judged_in_the_last_month_draws_no_picture(shop):
    made = offers(shop, as_of=AS_OF)
    used = made.models["is_chosen"] & (made.models["role"] == "test")
    assert Pictures(replace(made, models=made.models[~used]), "en").models("buy_again").startswith("There is no month")


def test_a_range_that_has_outgrown_ease_since_the_choice_goes_by_item_item(rows, monkeypatch):
    """Two products are new in the last month: the choice still had EASE, the lists cannot."""
    fresh = [("c000", name, AS_OF - timedelta(days=3)) for name in ("N0", "N1")]
    grown = Purchases.of(pd.concat([rows, pd.DataFrame(fresh, columns=rows.columns)]))
    cap = len(set(rows["product_id"]))
    for name in ("models", "study"):
        monkeypatch.setattr(sys.modules[f"customerbase.recommend.{name}"], "EASE_ITEMS", cap)
    monkeypatch.setattr("customerbase.recommend.evaluation.Test.best", lambda test, kind: "ease")
    found = study(grown, cutoff=recommend_shop.END)
    assert set(found.choice.chosen.values()) == {"item_item"} and found.model("new_for_you") is not None


# --- a log by itself


@pytest.mark.parametrize("rules", [None, Rules(exclude_products=("S1",))])
def test_baskets_without_dates_give_both_lists(rows, rules):
    numbered = rows.assign(basket=pd.to_datetime(rows["day"]).rank(method="dense"))[
        ["customer_id", "basket", "product_id"]
    ]
    purchases = Purchases.in_order(numbered, as_of=AS_OF)
    made = of_log(purchases, as_of=AS_OF, rules=rules, options=Options(learning=1))
    table = listed(made)
    bought = set(zip(rows["customer_id"], rows["product_id"], strict=True))
    had = [pair in bought for pair in zip(table["customer_id"], table["product_id"], strict=True)]
    assert (pd.Series(had) == (table["list"] == "buy_again")).all()
    assert set(table["customer_id"]) == set(rows["customer_id"]) and "no_categories" in made.notes
    assert ("S1" in set(table["product_id"])) == (rules is None)
