"""Purchases of categories to come: known tastes, no leak, plain SQL, tables and words."""

from dataclasses import replace
from datetime import date, timedelta

import category_shop
import numpy as np
import pandas as pd
import pytest
from category_shop import AS_OF, CUTOFF, NAMES, alter, bought, check, forget, shop, snapshots, world
from scipy.stats import beta

import customerbase.propensity.by_category.month as topic
from customerbase import features
from customerbase.engine import Engine
from customerbase.prediction import metrics
from customerbase.prediction.models import LADDER, RHYTHM, RULE
from customerbase.propensity import Categories, CategoryOptions, categories
from customerbase.propensity.by_category.design import NAMES as COLUMNS
from customerbase.propensity.by_category.design import Popularity, expanded, place
from customerbase.propensity.by_category.rows import listed

EVERYTHING = CategoryOptions(top=50, floor=0.0)
WORLD = world(1, 1500)


@pytest.fixture(scope="module")
def known() -> Engine:
    """The shop of the known world, with a month that the model may not see."""
    return snapshots(shop(WORLD))


@pytest.fixture(scope="module")
def made(known) -> Categories:
    return categories(known, as_of=AS_OF, options=EVERYTHING)


@pytest.fixture(scope="module")
def judged(known, made) -> pd.DataFrame:
    """Every probability with what happened in the month after, and what the ideal predictor says."""
    rows = made.categories.merge(bought(known, CUTOFF), on=["customer_id", "category"], how="left")
    rows["y"] = rows["happened"].notna().astype(float)
    ideal = _ideal(known)
    customer, category = rows["customer_id"].str[1:].astype(int), rows["category"].map(NAMES.index)
    return rows.assign(ideal=ideal[customer, category], oracle=WORLD.chance(30)[customer, category])


def _ideal(db: Engine) -> np.ndarray:
    """Chance of a purchase by whoever knows how the world was made, and every history, but not the customers.

    The rate given n purchase days in T is gamma(1.2 + n, 40 + T), the taste given k of n is beta; the rate is integrated
    out exactly, the taste at 200 quantiles.
    """
    history = db.query(
        """select cast(substr(source_customer_id, 2) as int) as customer, cast(substr(product_id, 2) as int) as category,
        count(distinct cast(order_at as date)) as days from orders left join order_lines using (order_id)
        where order_at < $cutoff group by grouping sets ((customer, category), (customer))""",
        cutoff=CUTOFF,
    ).df()
    n, k = np.zeros(len(WORLD.rate)), np.zeros(WORLD.taste.shape)
    whole, part = history[history["category"].isna()], history[history["category"].notna()]
    for row in whole.groupby("customer")["days"].max().items():
        n[row[0]] = row[1]
    k[part["customer"], part["category"].astype(int)] = part["days"]
    popular = np.linspace(0.5, 0.06, WORLD.taste.shape[1])
    t = (CUTOFF - category_shop.FIRST).days - WORLD.since
    chance = np.zeros(k.shape)
    for q in (np.arange(200) + 0.5) / 200:
        taste = beta.ppf(q, popular * 1.5 + k, (1 - popular) * 1.5 + n[:, None] - k)
        chance += 1 - ((40 + t)[:, None] / ((40 + t)[:, None] + 30 * taste)) ** (1.2 + n)[:, None]
    return chance / 200


# --- a world that is known ----------------------------------------------------------------------------------------------


def test_it_ranks_nearly_as_well_as_the_ideal_predictor(judged):
    auc = {name: metrics.auc(judged["y"], judged[name]) for name in ("probability", "ideal", "rule_probability")}
    assert auc["ideal"] > 0.85
    assert auc["ideal"] - 0.01 < auc["probability"] < auc["ideal"] + 0.005
    assert auc["probability"] > auc["rule_probability"]
    for before, most in ((True, 0.015), (False, 0.06)):
        rows = judged[judged["bought_before"] == before]
        gap = metrics.auc(rows["y"], rows["ideal"]) - metrics.auc(rows["y"], rows["probability"])
        assert gap < most


def test_probabilities_come_true(judged):
    for rows in (judged, judged[judged["bought_before"]], judged[~judged["bought_before"]]):
        p, y = rows["probability"].to_numpy(), rows["y"].to_numpy()
        error = np.sqrt((p * (1 - p)).sum())  # of a sum of purchases, by chance
        assert abs(p.sum() - y.sum()) < 4 * error
        assert metrics.ece(y, p) < 2 * 0.8 * np.sqrt(y.mean() * (1 - y.mean()) * 10 / len(y))
    assert np.abs(judged["probability"] - judged["ideal"]).mean() < 0.02


def test_a_learnt_model_is_chosen_and_says_by_how_much(made):
    assert made.study.chosen not in (RHYTHM, RULE)
    assert [note.code for note in made.notes] == ["better_than_rule"]
    assert made.records()["category_auc_all"] == pytest.approx(
        made.models.query("is_chosen and scope == 'all'")["auc"].mean()
    )


def test_where_nothing_tells_customers_apart_the_rule_stays():
    found = categories(snapshots(shop(world(2, 400, 4, alike=True), 2), 8), as_of=AS_OF)
    assert found.study.chosen == RULE
    assert "refused" in [note.code for note in found.notes]


# --- by plain SQL ---------------------------------------------------------------------------------------------------------


def test_every_active_customer_stands_with_every_category_bought_or_not(known, made):
    customers = known.query(
        "select distinct upper(source_customer_id) from orders where order_at < $cutoff and order_at >= $start",
        cutoff=CUTOFF,
        start=CUTOFF - timedelta(days=365),
    ).fetchall()
    assert len(made.categories) == len(customers) * len(NAMES) == made.customers * len(made.names)
    assert made.expected == pytest.approx(made.categories["probability"].sum())
    for _, rows in made.categories.head(600).groupby("customer_id"):
        assert rows["rank"].tolist() == list(range(1, len(NAMES) + 1))
        assert (np.diff(rows["probability"]) <= 0).all()


def test_days_since_the_last_purchase_of_the_category(known, made):
    truth = known.query(
        """select upper(source_customer_id) as customer_id, split_part(category, ' > ', 1) as category,
        min(date_diff('day', cast(order_at as date), $cutoff)) as days
        from orders join order_lines using (order_id) join products using (product_id)
        where order_at < $cutoff group by all""",
        cutoff=CUTOFF,
    ).df()
    rows = made.categories.merge(truth, on=["customer_id", "category"], how="left")
    assert (rows["days"].notna() == rows["bought_before"]).all()
    assert 0.2 < rows["bought_before"].mean() < 0.9
    assert (rows["days_since_last"].astype(float).fillna(-1) == rows["days"].fillna(-1)).all()


def test_windows_hold_what_was_bought_in_them_and_end_before_the_cutoff(known):
    reader, _ = topic._reader(known, CUTOFF, EVERYTHING)
    reader = replace(reader, categories=NAMES)
    listed(known, NAMES)
    windows = reader.windows(CUTOFF, 20_000)
    assert 15_000 < sum(map(len, windows)) < 25_000
    assert len(windows) == 10 and all(window.ends <= CUTOFF for window in windows)
    for window in windows:
        where = window.x[:, place("place")].astype(int)
        mine = pd.DataFrame({"customer_id": window.who, "category": np.array(NAMES)[where]})
        truth = mine.merge(bought(known, window.cutoff), on=["customer_id", "category"], how="left")
        assert (truth["happened"].notna() == window.bought.astype(bool)).all()
        assert len(mine.drop_duplicates()) == len(mine)


def test_a_test_window_is_predicted_by_windows_that_had_ended(made):
    tests = made.study.tests
    assert [test.cutoff for test in tests] == [date(2025, month, 1) for month in (9, 10, 11, 12)]
    assert all(test.window.ends <= CUTOFF for test in tests)
    assert made.study.newest.ends <= CUTOFF


def test_how_categories_sold_by_hand():
    orders = [("a", "2025-12-20", 0), ("a", "2025-12-21", 0), ("b", "2025-11-20", 0), ("b", "2025-12-31", 0),
              ("c", "2025-01-05", 0), ("c", "2025-12-02", 1), ("d", "2024-12-20", 0), ("e", "2024-06-01", 1),
              ("a", "2026-01-01", 1)]  # fmt: skip
    frame = pd.DataFrame(orders, columns=["source_customer_id", "order_at", "product"])
    frame["order_id"] = [f"O{n}" for n in range(len(frame))]
    lines = frame[["order_id"]].assign(product_id="P" + frame["product"].astype(str), amount=100)
    products = pd.DataFrame({"product_id": ["P0", "P1"], "category": ["x > y", "z"]})
    db = category_shop._engine(frame.drop(columns="product"), lines, products)
    found = features.category_popularity(db, cutoff=CUTOFF, horizon_days=30).df().set_index("category")
    x, z = found.loc["x"].to_dict(), found.loc["z"].to_dict()
    assert x == {"customers_now": 2, "customers_first": 1, "customers_before": 1, "customers_next": 1,
                 "customers_then": 1, "customers_365": 3, "customers_ever": 3, "purchase_days_365": 5}  # fmt: skip
    assert (z["customers_now"], z["customers_first"], z["customers_365"], z["customers_ever"]) == (1, 1, 1, 1)


def test_what_models_see_of_a_category_without_sales_is_finite():
    counts = pd.DataFrame(columns=["category", "customers_now", "customers_first", "customers_before", "customers_next",
                                   "customers_then", "customers_365", "customers_ever", "purchase_days_365"])  # fmt: skip
    made = Popularity.of(counts, ("a", "b"), customers=0, days=0, has_year=True)
    assert all(np.isfinite(getattr(made, name)).all() for name in ("overall", "again", "first", "change", "season"))
    assert not made.sold.any()


def test_linear_models_see_each_category_apart():
    x = np.ones((3, len(COLUMNS)))
    x[:, place("place")] = [0, 1, 2]
    x[2, place("bought_before")], x[2, place("own_days_since_last_purchase")] = 0, np.nan
    z = expanded(x, 3)
    first = len(COLUMNS) - 1
    assert z[:, first : first + 2].tolist() == [[0, 0], [1, 0], [0, 1]]
    assert z[:, first + 2 : first + 4].tolist() == [[0, 0], [1, 0], [0, 0]]  # the third was never bought
    assert np.isfinite(z[:, first:]).all()


# --- no leak, same bytes -----------------------------------------------------------------------------------------------


def _bytes(db: Engine) -> str:
    found = categories(db, as_of=AS_OF, options=CategoryOptions(most_rows=6_000, tests=2))
    return "".join(table.to_json() for table in found.tables().values())


@pytest.fixture(scope="module")
def small() -> str:
    return _bytes(snapshots(shop(world(3, 300), 3), 8))


def test_nothing_of_the_future_is_read(small):
    assert _bytes(snapshots(forget(shop(world(3, 300), 3)), 8)) == small
    assert _bytes(snapshots(alter(shop(world(3, 300), 3)), 8)) == small


def test_a_past_month_is_told_as_it_was_then():
    earlier = date(2025, 9, 30)
    options = CategoryOptions(most_rows=6_000, tests=2)
    whole, cut = snapshots(shop(world(3, 300), 3), 8, earlier), forget(shop(world(3, 300), 3), date(2025, 10, 1))
    one, two = (categories(db, as_of=earlier, options=options) for db in (whole, snapshots(cut, 8, earlier)))
    assert one.categories.equals(two.categories) and one.models.equals(two.models)


def test_blocks_and_the_order_of_rows_change_nothing(small, monkeypatch):
    db = shop(world(3, 300), 3)
    for name in ("orders", "order_lines", "products", "identity_links"):
        db.execute(f"create or replace table {name} as select * from {name} order by md5(concat({name}, 'x'))")
    monkeypatch.setattr("customerbase.propensity.by_category.rows.BLOCK_CUSTOMERS", 7)
    assert _bytes(snapshots(db, 8)) == small


# --- tables ----------------------------------------------------------------------------------------------------------------


def test_tables_are_what_was_promised(made):
    assert check(made) == ["better_than_rule"]
    models = made.models
    assert set(models["model"]) == set(LADDER) and set(models["scope"]) == {"all", "bought_before", "new", "category"}
    both = models[models["scope"].isin(("bought_before", "new"))].groupby(["model", "cutoff"])["pairs"].sum()
    assert (both == models[models["scope"] == "all"].set_index(["model", "cutoff"])["pairs"].reindex(both.index)).all()
    sure = models["model"].isin((RULE, made.study.chosen)) & (models["scope"] != "category")
    assert (models["auc_low"].notna() == sure).all()
    assert (models.loc[sure, "auc_low"] < models.loc[sure, "auc"]).all()
