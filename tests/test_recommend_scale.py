"""Lists of very many customers: made in blocks on several threads, without scoring every item, learnt from some of them."""

import sys
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import recommend_shop as shop

from customerbase.recommend import Purchases, Rules, Study, study
from customerbase.recommend.lists import KINDS, Offered, lists
from customerbase.recommend.models import ALS, EASE, FREQUENCY, ITEM_ITEM, POPULAR_ALL, POPULAR_NOW, TIFU
from customerbase.recommend.purchases import number
from customerbase.recommend.ranker import blocks
from customerbase.recommend.window import Window

HERE = find_spec("implicit") is not None
NEEDS_EXTRA = pytest.param(ALS, marks=pytest.mark.skipif(not HERE, reason="implicit is not here: make extras"))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return shop.rows()


@pytest.fixture(scope="module")
def found(rows) -> Study:
    return study(Purchases.of(rows, shop.goods()), cutoff=shop.END)


def offered(found: Study, **rules) -> Offered:
    purchases = found.window.purchases
    goods = shop.goods().set_index("product_id").reindex(purchases.products).reset_index()
    return Offered.of(purchases, goods, Rules(**rules), number(shop.END))


def people(found: Study) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [*found.window.purchases.customers, "new"], "store": None, "people": None})


def same(one, other) -> bool:
    return all(
        getattr(one, name).dtype == getattr(other, name).dtype and getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in one.__dataclass_fields__
    )  # fmt: skip


def with_model(found: Study, name: str) -> Study:
    return replace(found, choice=replace(found.choice, chosen=dict.fromkeys(("all", *KINDS), name)))


@pytest.mark.parametrize("model", ["ranker", TIFU, NEEDS_EXTRA])
def test_the_same_bytes_whatever_the_blocks_and_threads(found, model, monkeypatch):
    chosen = with_model(found, model)
    whole, _ = lists(chosen, offered(chosen), people(chosen), workers=1)
    for workers, size in ((1, 7), (2, 7), (5, 30)):
        monkeypatch.setattr(sys.modules["customerbase.recommend.lists"], "blocks", partial(blocks, size=size))
        assert same(lists(chosen, offered(chosen), people(chosen), workers=workers)[0], whole), (workers, size)


@pytest.mark.parametrize("model", [POPULAR_NOW, POPULAR_ALL, FREQUENCY, TIFU, EASE, ITEM_ITEM, NEEDS_EXTRA])
@pytest.mark.parametrize("lasting", [(), ("taste 0", "taste 1", "taste 2", "staples")])
def test_lists_of_plain_models_are_those_of_all_scores(found, model, lasting):
    """Every item scored and sorted, one customer at a time; with durable goods most customers may be offered little."""
    chosen, rules = with_model(found, model), {"durable_categories": lasting, "exclude_products": ("T31",)}
    table, _ = lists(chosen, offered(chosen, **rules), people(chosen))
    window, goods = found.window, shop.goods().set_index("product_id")
    names = window.purchases.products[window.items]
    path, kind = goods["path"].reindex(names).to_numpy(), goods["category"].reindex(names).to_numpy()
    scores = chosen.model("all").scores(np.arange(len(window.users)))
    bought = window.bought.toarray() > 0
    for place, user in enumerate(window.users):
        owned = set(path[bought[place]])
        barred = names == "T31"
        barred = barred | np.array(
            [at in owned and category in lasting for at, category in zip(path, kind, strict=True)]
        )
        for code, kept in enumerate((bought[place], ~bought[place])):
            at = np.flatnonzero(kept & ~barred & (scores[place] > 0))
            best = at[np.lexsort((at, -scores[place][at]))][:10]
            mine = (table.user == user) & (table.kind == code)
            assert table.item[mine].tolist() == window.items[best].tolist()
            assert table.score[mine] == pytest.approx(scores[place][best], rel=1e-12)
            assert table.rank[mine].tolist() == list(range(1, len(best) + 1))


@pytest.fixture()
def few(monkeypatch) -> int:
    monkeypatch.setattr("customerbase.recommend.purchases.LEARNT", 120)
    return 120


def test_some_are_learnt_from_and_everybody_gets_lists(rows, few):
    learnt = study(Purchases.of(rows, shop.goods()), cutoff=shop.END)
    judged = learnt.choice.models()
    assert judged.loc[judged["segment"] == "all", "customers"].max() <= few < len(learnt.window.users) == 200
    table, customers = lists(learnt, offered(learnt), people(learnt))
    assert set(np.unique(table.user)) == set(range(201)) and customers[-1] == "new"
    fresh = (table.kind == 1) & (table.rank == 1) & (table.user < 200)
    taste = np.array([name[:2] for name in learnt.window.purchases.products[table.item[fresh]]])
    mine = np.array([f"T{int(name[1:]) % shop.TASTES}" for name in customers[table.user[fresh]]])
    assert (taste == mine).mean() > 0.9


def test_what_is_counted_is_counted_over_those_who_are_learnt_from(rows, few):
    purchases = Purchases.of(rows, shop.goods())
    window = Window.before(purchases, number(shop.END))
    kept = purchases.customers[purchases.looked_at]
    assert len(kept) == few == len(purchases.learnt.customers) == window.products.customers
    alone = Window.before(Purchases.of(rows[rows["customer_id"].isin(kept)], shop.goods()), number(shop.END))
    theirs = np.isin(purchases.products[window.items], alone.purchases.products[alone.items])
    for name in ("week", "month", "year", "ever", "gap", "newness"):
        counted, own = getattr(window.products, name)[theirs], getattr(alone.products, name)
        assert counted.tobytes() == own.tobytes(), name
    assert (window.products.ever[~theirs] == 0).all()
    assert len(window.people.days) == 200
