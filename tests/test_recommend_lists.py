"""Both lists of a shop whose tastes are known: what stands on them, what the rules keep off, and for whom little is known."""

import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import recommend_shop as shop

from customerbase.recommend import Options, Purchases, Rules, Study, study
from customerbase.recommend.lists import Offered, lists
from customerbase.recommend.purchases import number

AS_OF = shop.END - timedelta(days=1)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return shop.rows()


@pytest.fixture(scope="module")
def found(rows) -> Study:
    return study(Purchases.of(rows, shop.goods()), cutoff=shop.END)


def people(rows: pd.DataFrame) -> pd.DataFrame:
    """Everybody, one woman who never bought, and one of whom nothing is known."""
    made = pd.DataFrame({"customer_id": [*sorted(rows["customer_id"].unique()), "new1", "new2"]})
    last = made["customer_id"].str[-1]
    made["store"] = None
    made["people"] = np.where(
        made["customer_id"] == "new2", None, np.where(last.isin([*"048"]), "female 30s", "male 40s")
    )
    made.loc[made["customer_id"] == "new1", "people"] = "female 30s"
    return made


def made(
    found: Study, rows: pd.DataFrame, rules: Rules | None = None, goods: pd.DataFrame | None = None
) -> pd.DataFrame:
    goods = shop.goods() if goods is None else goods
    purchases = found.window.purchases
    goods = goods.set_index("product_id").reindex(purchases.products).reset_index()
    offered = Offered.of(purchases, goods, rules or Rules(), number(shop.END))
    table, customers = lists(found, offered, people(rows))
    return table.table(customers, purchases.products, AS_OF).to_pandas().astype({"list": str, "reason": str})


@pytest.fixture(scope="module")
def offered(found, rows) -> pd.DataFrame:
    return made(found, rows)


def test_the_choice_saw_two_months_and_beats_popularity(found):
    models = found.choice.models()
    assert set(models["role"]) == {"choice", "test"} and not found.choice.notes
    whole = models[(models["role"] == "test") & (models["segment"] == "all") & models["is_chosen"]]
    assert (
        set(whole["list"]) == {"all", "buy_again", "new_for_you"}
        and (whole.loc[whole["list"] != "buy_again", "ndcg_gain_low"] > 0).all()
    )
    assert (models["recall_low"] <= models["recall"]).all() and (models["recall"] <= models["recall_high"]).all()
    best = models[(models["role"] == "choice") & (models["segment"] == "all")]
    top = best.loc[best.groupby("list")["ndcg"].idxmax()]
    assert top["is_chosen"].all()


def test_ranks_run_from_one_and_scores_fall(offered):
    assert not offered.duplicated(["customer_id", "list", "product_id"]).any()
    for _, one in offered.groupby(["customer_id", "list"]):
        assert one["rank"].tolist() == list(range(1, len(one) + 1)) and len(one) <= 10
        assert one["score"].is_monotonic_decreasing
    assert (offered["score"] > 0).all()


def test_one_list_is_of_things_bought_and_the_other_of_things_never_bought(offered, rows):
    bought = set(zip(rows["customer_id"], rows["product_id"], strict=True))
    had = [pair in bought for pair in zip(offered["customer_id"], offered["product_id"], strict=True)]
    assert (pd.Series(had) == (offered["list"] == "buy_again")).all()
    behind = offered.dropna(subset="because_product_id")
    assert (behind["list"] == "new_for_you").all() and (behind["reason"] == "because_bought").all()
    assert all(pair in bought for pair in zip(behind["customer_id"], behind["because_product_id"], strict=True))


def test_the_tastes_and_staples_are_found(offered):
    staple = offered[(offered["list"] == "buy_again") & (offered["rank"] == 1)]
    mine = "S" + (staple["customer_id"].str[1:].astype(int) % shop.STAPLES).astype(str)
    assert (staple["product_id"] == mine).mean() > 0.9
    fresh = offered[
        (offered["list"] == "new_for_you") & (offered["rank"] == 1) & offered["customer_id"].str.startswith("c")
    ]
    taste = "T" + (fresh["customer_id"].str[1:].astype(int) % shop.TASTES).astype(str)
    assert len(fresh) == 200 and (fresh["product_id"].str[:2] == taste).mean() > 0.9


def test_chances_are_about_right(found, rows):
    """A month simulated further: what was expected of the lists is what is bought of them."""
    more = shop.rows(days=400)
    early = more[more["day"] < shop.END - timedelta(days=30)]
    before = study(Purchases.of(early, shop.goods()), cutoff=shop.END - timedelta(days=30))
    goods = shop.goods().set_index("product_id").reindex(before.window.purchases.products).reset_index()
    offer = Offered.of(before.window.purchases, goods, Rules(), before.window.cutoff)
    table, customers = lists(before, offer, people(rows))
    told = table.table(customers, before.window.purchases.products, AS_OF).to_pandas()
    chances = [kind for kind in ("buy_again", "new_for_you") if before.choice.chosen[kind] == "ranker"]
    told = told[told["customer_id"].astype(str).str.startswith("c") & told["list"].isin(chances)]
    assert chances
    later = more[more["day"] >= shop.END - timedelta(days=30)]
    came = set(zip(later["customer_id"], later["product_id"], strict=True))
    hit = [pair in came for pair in zip(told["customer_id"], told["product_id"], strict=True)]
    assert np.mean(hit) == pytest.approx(told["score"].mean(), rel=0.2)


def test_the_same_bytes_twice_and_without_the_order_of_rows(found, offered, rows):
    again = study(Purchases.of(rows.sample(frac=1, random_state=1), shop.goods()), cutoff=shop.END)
    pd.testing.assert_frame_equal(made(again, rows), offered, check_exact=True)
    pd.testing.assert_frame_equal(again.choice.models(), found.choice.models(), check_exact=True)


def test_rules_keep_products_off_both_lists(found, rows):
    goods = shop.goods()
    goods.loc[goods["product_id"] == "S1", "status"] = "discontinued"
    goods.loc[goods["product_id"] == "S2", "stock"] = 0.0
    goods.loc[goods["product_id"] == "T05", "price"] = 1.0
    rules = Rules(exclude_categories=("taste 3",), exclude_products=("T11",), min_price=50)
    kept = set(made(found, rows, rules, goods)["product_id"])
    assert not kept & {"S1", "S2", "T05", "T11", *(f"T3{place}" for place in range(shop.OF_TASTE))}
    assert {"S0", "S3", "T00", "T10"} <= kept


def test_durable_goods_are_not_offered_to_whoever_has_one(found, rows):
    lasting = made(found, rows, Rules(durable_categories=("taste 2",)))
    owners = set(rows.loc[rows["product_id"].str.startswith("T2"), "customer_id"])
    theirs = lasting[lasting["product_id"].str.startswith("T2")]
    assert len(theirs) and not owners & set(theirs["customer_id"])
    old = made(found, rows, Rules(durable_categories=("taste 2",), durable_days=0))
    assert owners & set(old[old["product_id"].str.startswith("T2")]["customer_id"])


def test_newcomers_get_what_is_popular_where_they_belong(offered):
    women, unknown = (offered[offered["customer_id"] == one] for one in ("new1", "new2"))
    assert women["reason"].unique().tolist() == ["popular_in_group"]
    assert unknown["reason"].unique().tolist() == ["popular_now"]
    assert len(women) == len(unknown) == 10 and set(women["list"]) == {"new_for_you"}


def test_a_young_shop_says_what_it_did_without(rows):
    first = study(Purchases.of(rows[rows["day"] >= shop.END - timedelta(days=25)], shop.goods()), cutoff=shop.END)
    assert first.choice.notes == ("no_month", "no_ranker") and not first.choice.tests
    assert first.choice.chosen == {"all": "frequency", "buy_again": "frequency", "new_for_you": "ease"}
    told = made(first, rows)
    assert set(told["list"]) == {"buy_again", "new_for_you"} and (told["score"] > 0).all()


def test_baskets_without_dates_are_judged_on_the_newest_basket():
    rows = shop.rows(customers=160)
    numbered = rows.assign(basket=pd.to_datetime(rows["day"]).rank(method="dense"))[
        ["customer_id", "basket", "product_id"]
    ]
    found = study(
        Purchases.in_order(numbered, as_of=AS_OF, goods=shop.goods()), cutoff=shop.END, options=Options(learning=1)
    )
    models = found.choice.models()
    whole = models[(models["role"] == "test") & (models["segment"] == "all") & (models["list"] == "all")]
    assert (
        whole["customers"] == rows["customer_id"].nunique()
    ).all()  # everybody's newest basket is in the last window
    assert (whole.loc[whole["is_chosen"], "ndcg_gain_low"] > 0).all()


def test_no_purchases_at_all(found):
    empty = Purchases.of(pd.DataFrame({"customer_id": [], "product_id": [], "day": []}), shop.goods())
    nothing = study(empty, cutoff=shop.END)
    goods = shop.goods().head(0)
    offer = Offered.of(empty, goods, Rules(), number(shop.END))
    table, customers = lists(nothing, offer, pd.DataFrame({"customer_id": ["a"], "store": [None], "people": [None]}))
    assert not len(table.user) and list(customers) == ["a"] and not len(nothing.choice.models())
    assert table.table(customers, empty.products, AS_OF).num_rows == 0


def test_items_beyond_the_cap_of_ease_go_by_item_item(rows, monkeypatch):
    for name in ("models", "study"):
        monkeypatch.setattr(sys.modules[f"customerbase.recommend.{name}"], "EASE_ITEMS", 10)
    many = study(Purchases.of(rows, shop.goods()), cutoff=shop.END)
    assert "ease" not in set(many.choice.models()["model"])
    told = made(many, rows)
    assert (told["reason"] == "because_bought").any()
    assert replace(many, ranker=None).model("all") is not None or many.choice.chosen["all"] == "ranker"
