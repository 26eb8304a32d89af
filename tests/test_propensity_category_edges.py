"""Purchases of categories to come at the edges: one category or none, young shops, what is listed, options refused."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from category_shop import AS_OF, CUTOFF, NAMES, bought, check, shop, snapshots, world

from customerbase.errors import ConfigError, InputError
from customerbase.prediction import metrics
from customerbase.prediction.models import RHYTHM
from customerbase.propensity import CategoryOptions, categories

EVERYTHING = CategoryOptions(top=50, floor=0.0)


def test_only_the_most_bought_categories_and_the_likeliest_rows_are_listed():
    db = snapshots(shop(world(3, 300), 3), 8)
    found = categories(db, as_of=AS_OF, options=CategoryOptions(most=3, top=1, floor=0.3, most_rows=6_000, tests=2))
    most = db.query(
        """select split_part(category, ' > ', 1) as name, count(distinct source_customer_id) as n
        from orders join order_lines using (order_id) join products using (product_id)
        where order_at < $cutoff and order_at >= $start group by all order by n desc, name""",
        cutoff=CUTOFF,
        start=CUTOFF - timedelta(days=365),
    ).fetchall()
    assert found.names == tuple(name for name, _ in most[:3])
    assert "left_out" in check(found)
    rows = found.categories
    assert ((rows["rank"] == 1) | (rows["probability"] >= 0.3)).all() and (rows["rank"] > 1).any()
    assert rows["customer_id"].nunique() == found.customers == (rows["rank"] == 1).sum()


def test_one_category_only():
    found = categories(snapshots(shop(world(4, 300, 1), 4), 8), as_of=AS_OF, options=CategoryOptions(most_rows=6_000))
    assert "one_category" in check(found)
    assert set(found.categories["category"]) == {NAMES[0]} and set(found.categories["rank"]) == {1}


def test_no_category_is_known():
    unknown, none = shop(world(4, 50), 4, known=False), shop(world(4, 50), 4)
    none.execute("drop table products")
    bare = shop(world(4, 50), 4)
    bare.execute("drop table order_lines")
    for db in (unknown, none, bare):
        found = categories(snapshots(db, 4), as_of=AS_OF)
        assert check(found) == ["no_category"]
        assert found.names == () and not len(found.categories) and found.study is None


def test_lines_without_a_category_are_told():
    db = shop(world(4, 100), 4)
    db.execute("update products set category = null where product_id = 'P0'")
    found = categories(snapshots(db, 3), as_of=AS_OF)
    assert "unknown" in check(found) and NAMES[0] not in found.names


@pytest.mark.parametrize(("months", "customers"), [(2, 200), (3, 200), (1, 1), (5, 2)])
def test_a_young_shop_goes_by_the_rhythm_and_says_so(months, customers):
    first = date(2025, 12, 31) - timedelta(days=30 * months)
    busy = replace(world(5, customers), rate=np.full(customers, 0.1))
    found = categories(snapshots(shop(busy, 5, first=first), months), as_of=AS_OF, options=EVERYTHING)
    assert {"few_windows", "one_class"} & set(check(found))
    assert found.study.chosen == RHYTHM and found.customers == customers
    assert found.categories["rule_probability"].isna().all() and not len(found.models)


def test_the_rhythm_of_a_young_shop_is_near_what_happens():
    busy = replace(world(6, 600), rate=np.random.default_rng(6).gamma(3, 0.02, 600))
    db = snapshots(shop(busy, 6, first=date(2025, 10, 15)), 2)
    found = categories(db, as_of=AS_OF, options=EVERYTHING)
    assert found.study.chosen == RHYTHM
    rows = found.categories.merge(bought(db, CUTOFF), on=["customer_id", "category"], how="left")
    y = rows["happened"].notna().to_numpy(float)
    assert rows["probability"].mean() == pytest.approx(y.mean(), rel=0.2)
    assert metrics.auc(y, rows["probability"]) > 0.75


def test_nobody_to_predict_is_refused_in_words():
    db = snapshots(shop(world(4, 50), 4), 2)
    with pytest.raises(InputError, match="no customer at the cutoff 2027-01-01"):
        categories(db, as_of=date(2026, 12, 31))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"horizon_days": 0}, "horizon_days is 0; expected a whole number from 1 to 365"),
        ({"most": True}, "most is True"),
        ({"top": 2.5}, r"top is 2\.5"),
        ({"floor": 1.5}, r"floor is 1\.5; expected a probability from 0 to 1"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        CategoryOptions(**wrong)
