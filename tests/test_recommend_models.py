"""The plain models against their formulas written with loops and plain linear algebra; windows know nothing of later days."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import recommend_shop as shop

from customerbase.errors import InputError
from customerbase.recommend import Purchases
from customerbase.recommend.models import Ease, Frequency, ItemItem, Popularity, TifuKnn
from customerbase.recommend.purchases import number
from customerbase.recommend.window import Window

CUT = date(2026, 10, 1)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return shop.rows(customers=60, days=200)


@pytest.fixture(scope="module")
def window(rows) -> Window:
    return Window.before(Purchases.of(rows, shop.goods()), number(CUT))


def ids(window: Window) -> tuple[list[str], list[str]]:
    made = window.purchases
    return list(made.customers[window.users]), list(made.products[window.items])


def dense(window: Window, rows: pd.DataFrame, weight) -> np.ndarray:
    """Sums over purchase days before the cut, with loops."""
    users, items = ids(window)
    made = np.zeros((len(users), len(items)))
    for row in rows.drop_duplicates().itertuples():
        if row.day < CUT:
            made[users.index(row.customer_id), items.index(row.product_id)] += weight((CUT - row.day).days)
    return made


def everybody(window: Window) -> np.ndarray:
    return np.arange(len(window.users))


def test_frequency_is_the_decayed_sum_of_own_days(window, rows):
    own = dense(window, rows, lambda age: 0.5 ** (age / 50))
    assert Frequency.fit(window, 50).scores(everybody(window)) == pytest.approx(own, abs=2e-6)
    assert window.matrix().toarray() == pytest.approx(dense(window, rows, lambda age: 1.0))


def test_popularity_counts_distinct_customers(window, rows):
    _, items = ids(window)
    lately = rows[(rows["day"] < CUT) & (rows["day"] >= CUT - timedelta(days=30))]
    expected = lately.groupby("product_id")["customer_id"].nunique().reindex(items).fillna(0).to_numpy()
    assert window.products.month == pytest.approx(expected)
    assert Popularity.fit(window, 30).scores(np.array([0, 1]))[1] == pytest.approx(expected, abs=1e-3)


def test_tifu_knn_is_own_and_neighbours(window, rows):
    own = dense(window, rows, lambda age: 0.5 ** (age / 120))
    found = TifuKnn.fit(window, neighbours=5, weight=0.6).scores(everybody(window))
    for user in range(len(own)):
        length = np.linalg.norm(own, axis=1)
        alike = own @ own[user] / length / length[user]
        alike[user] = 0
        near = sorted(range(len(own)), key=lambda other: (-round(alike[other], 12), other))[:5]
        theirs = sum(alike[other] * own[other] for other in near) / sum(alike[other] for other in near)
        assert found[user] == pytest.approx(0.6 * own[user] + 0.4 * theirs, abs=3e-6)


def test_ease_is_the_ridge_regression_of_each_item_on_all_others(window):
    bought = window.bought.toarray()
    weights = Ease.fit(window, ridge=7.0).weights
    for item in range(0, bought.shape[1], 7):
        others = [other for other in range(bought.shape[1]) if other != item]
        x = bought[:, others]
        expected = np.linalg.solve(x.T @ x + 7.0 * np.eye(len(others)), x.T @ bought[:, item])
        assert weights[others, item] == pytest.approx(expected, abs=1e-5) and weights[item, item] == 0


def test_item_item_is_the_shrunk_cosine(window):
    bought = window.bought.toarray()
    found = ItemItem.fit(window, block=7).weights.toarray()
    n = bought.sum(axis=0)
    for item in range(bought.shape[1]):
        common = bought.T @ bought[:, item]
        expected = common / np.sqrt(n * n[item]) * common / (common + 20)
        expected[item] = 0
        nearest = sorted(range(len(n)), key=lambda other: (-expected[other], other))[:50]
        kept = np.isin(np.arange(len(n)), nearest)
        assert found[item] == pytest.approx(np.where(kept, expected, 0), abs=1e-6)


def test_a_window_is_the_same_without_what_came_later(rows):
    later = Window.before(Purchases.of(rows, shop.goods()), number(CUT))
    earlier = Window.before(Purchases.of(rows[rows["day"] < CUT], shop.goods()), number(CUT))
    assert ids(later) == ids(earlier)
    for group in ("products", "people"):
        for name, values in vars(getattr(earlier, group)).items():
            assert np.array_equal(getattr(getattr(later, group), name), values, equal_nan=True), name


def test_what_nobody_bought_for_long_is_not_in_the_window():
    told = [("a", "old", date(2026, 1, 1)), ("a", "new", date(2026, 9, 1)), ("b", "old", date(2026, 1, 5))]
    made = Window.before(Purchases.of(pd.DataFrame(told, columns=["customer_id", "product_id", "day"])), number(CUT))
    assert ids(made) == (["a"], ["new"])


def test_baskets_without_dates_go_by_their_order():
    told = pd.DataFrame(
        [("a", 10, "x"), ("a", 12, "y"), ("a", 12, "z"), ("b", 7, "x")], columns=["customer_id", "basket", "product_id"]
    )
    made = Purchases.in_order(told, as_of=date(2026, 10, 31))
    days = {
        (made.customers[u], made.products[i]): int(d) for u, i, d in zip(made.user, made.item, made.day, strict=True)
    }
    newest = number(date(2026, 10, 31))
    assert days == {("a", "x"): newest - 30, ("a", "y"): newest, ("a", "z"): newest, ("b", "x"): newest}
    with pytest.raises(InputError, match="basket is 'first'; expected a number"):
        Purchases.in_order(told.assign(basket="first"), as_of=date(2026, 10, 31))
