"""Related products: counts against plain pandas, chances against scipy and enumeration, planted relations, false findings."""

from datetime import date, timedelta
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from related_tables import AS_OF, as_baskets, independent, named, planted, popularity, shop
from scipy import stats

from customerbase import multiple
from customerbase.errors import ConfigError
from customerbase.recommend import related
from customerbase.recommend.related import chance, counts, pairs

SHORT = related.Options(fewest=5)


def found(baskets, options=SHORT, products=None):
    return related.related(shop(baskets, products), as_of=AS_OF, options=options)


def level(made: related.Related, which: str = "basket") -> pd.DataFrame:
    return made.pairs[made.pairs["level"] == which]


def counted(held: np.ndarray, month: np.ndarray | None = None) -> tuple[pd.DataFrame, counts.Units]:
    """Pairs and units of baskets by plain numpy, as related counts them in SQL; month: of each basket, else all one."""
    month = np.zeros(len(held), dtype=int) if month is None else month
    month, held = month[held.any(axis=1)], held[held.any(axis=1)]
    size = held.sum(axis=1)
    cells = pd.DataFrame({"month": month, "size": size}).value_counts().rename("units").reset_index()
    cells = counts._classed(cells.sort_values(["month", "size"], ignore_index=True))
    kind = cells.drop_duplicates("size").set_index("size")["size_class"].reindex(size).to_numpy()
    rows = pd.concat([pd.DataFrame({"item": item, "month": month[column], "size_class": kind[column], "units": 1})
                      for item, column in enumerate(held.T)])  # fmt: skip
    by_size = chance.BySize.of(rows, cells, np.arange(held.shape[1]))
    found = [(a, b, int((held[:, a] & held[:, b]).sum())) for a, b in combinations(range(held.shape[1]), 2)]
    frame = pd.DataFrame(found, columns=["item_1", "item_2", "units_both"])
    items = np.arange(held.shape[1])
    made = counts.Units("basket", len(held), 0, items, held.sum(axis=0), by_size, len(items))
    return frame[frame["units_both"] >= 5].reset_index(drop=True), made


# --- pairs


def test_counts_are_those_of_plain_pandas():
    rng = np.random.default_rng(1)
    held = independent(rng, 400, popularity(12), 0.5)
    held[:, 5] |= held[:, 2] & (rng.random(400) < 0.8)
    held[:, 9] |= held[:, 8] & (rng.random(400) < 0.9)
    made = level(found(as_baskets(held)))
    filled = held[held.any(axis=1)]
    assert {(named(2), named(5)), (named(8), named(9))} <= set(zip(made["product_1"], made["product_2"], strict=True))
    for row in made.itertuples():
        a, b = (filled[:, int(code[1:])] for code in (row.product_1, row.product_2))
        both = int((a & b).sum())
        assert (row.units, row.units_1, row.units_2, row.units_both) == (len(filled), a.sum(), b.sum(), both)
        assert row.support == both / len(filled)
        assert (row.confidence_1_2, row.confidence_2_1) == (both / a.sum(), both / b.sum())
        assert row.lift == pytest.approx(row.support / (a.mean() * b.mean()))
        truth = stats.hypergeom.sf(both - 1, len(filled), a.sum(), b.sum())
        assert row.p_fisher == pytest.approx(truth, rel=1e-8)
        assert row.excess_low <= row.excess <= row.excess_high


def test_pairs_counted_in_sql_and_in_numpy_are_tested_alike():
    held = independent(np.random.default_rng(17), 1_500, popularity(25), 0.8)
    held[:, 9] |= held[:, 8]
    made = level(found(as_baskets(held)))
    truth = pairs.tested(*counted(held), 0.05)
    assert len(made) == len(truth) > 0
    both = made.merge(truth, on=["units_1", "units_2", "units_both"], suffixes=("", "_truth"))
    for name in ("expected", "p_value", "q_value", "excess_low", "strength"):
        assert np.allclose(both[name], both[f"{name}_truth"], rtol=1e-9)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_false_findings_among_independent_baskets_stay_within_the_level(spread):
    rng, any_found, fisher = np.random.default_rng(7), 0, 0
    for _ in range(100):
        frame, units = counted(independent(rng, 1_500, popularity(25), spread))
        any_found += bool(len(pairs.tested(frame, units, 0.05)))
        one, other = (units.counts[frame[name]] for name in ("item_1", "item_2"))
        p = stats.hypergeom.sf(frame["units_both"] - 1, units.units, one, other)
        fisher += bool((multiple.benjamini_hochberg(p, tests=comb(25, 2)) <= 0.05).any())
    # all hypotheses are true, so the rate of false discoveries is that of shops with any finding: 5 % of 100, binomial
    assert any_found <= stats.binom.ppf(0.999, 100, 0.05)
    if spread:
        assert fisher > 90  # large baskets hold everything: without the sizes nearly every shop would have false pairs


def seasonal(rng, baskets: int, months: int = 24, products: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Independent baskets, and the month of each; the last four products are hardly bought but every twelfth month."""
    month = np.repeat(np.arange(months), baskets)
    off, on = popularity(products, 0.3), popularity(products, 0.3)
    off[-4:], on[-4:] = 0.002, 0.12
    parts = [independent(rng, baskets, off if one % 12 else on, 0.7) for one in range(months)]
    return np.concatenate(parts), month


@pytest.mark.parametrize(("baskets", "months", "kept"), [(200, 24, 0.2), (600, 24, 0.9), (1_400, 4, 0.9)])
def test_products_of_one_season_are_not_related_by_it(baskets, months, kept):
    """However few baskets a month has: what is real stays, as far as so few baskets in the season can tell."""
    rng, false, pooled, real, ratio = np.random.default_rng(23), 0, 0, 0, []
    for _ in range(30):
        held, month = seasonal(rng, baskets, months)
        frame, units = counted(held, month)
        false += bool(len(pairs.tested(frame, units, 0.05)))
        own = frame[(frame["item_1"] >= 21) & (frame["item_2"] >= 21)]
        ratio.append(own["units_both"].sum() / units.by_size.expected(own["item_1"], own["item_2"]).sum())
        whole = pairs.tested(*counted(held), 0.05)
        pooled += bool(((whole["item_1"] >= 21) & (whole["item_2"] >= 21)).any())
        held[:, 24] |= held[:, 23] & (rng.random(len(month)) < 0.3)  # two that do go together, in the season
        found = pairs.tested(*counted(held, month), 0.05)
        real += (23, 24) in set(zip(found["item_1"], found["item_2"], strict=True))
    assert false <= stats.binom.ppf(0.999, 30, 0.05)  # as the level of false discoveries has it
    assert pooled >= 28 and real >= kept * 30  # without months nearly every shop had such a pair; what is real stays
    assert np.nanmean(ratio) < 1.2  # pairs of fewer than five baskets are not looked at, so a little above 1


def test_the_months_of_baskets_are_those_of_their_orders():
    held, month = seasonal(np.random.default_rng(24), 1_400, months=3)
    held[:, 9] |= held[:, 8]
    days = [date(2026, 8 + int(one), 15) for one in month]
    baskets = [(str(n), days[n], [named(p) for p in np.flatnonzero(row)]) for n, row in enumerate(held) if row.any()]
    made, truth = level(found(baskets)), pairs.tested(*counted(held, month), 0.05)
    assert len(made) == len(truth) > 0
    both = made.merge(truth, on=["units_1", "units_2", "units_both"], suffixes=("", "_truth"))
    for name in ("expected", "p_value", "q_value"):
        assert np.allclose(both[name], both[f"{name}_truth"], rtol=1e-9)


def test_planted_pairs_are_found_among_baskets_of_unequal_sizes():
    rng = np.random.default_rng(3)
    planted, false, kept = 0, 0, 0
    for _ in range(30):
        held = independent(rng, 2_000, popularity(30), 0.7)
        truth = {(3, 11), (7, 20), (15, 29)}
        for a, b in truth:
            held[:, b] |= held[:, a] & (rng.random(2_000) < 0.25)
        made = pairs.tested(*counted(held), 0.05)
        codes = set(zip(made["item_1"], made["item_2"], strict=True))
        planted += len(codes & truth)
        false += len(codes - truth)
        kept += len(codes)
    assert planted >= 85
    assert false / kept <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / kept)


def test_products_of_one_customer_are_pairs_even_in_different_baskets():
    rng = np.random.default_rng(5)
    baskets = [(str(n), AS_OF - timedelta(days=int(rng.integers(0, 300))), [named(p)])
               for n in range(400) for p in np.flatnonzero(rng.random(10) < 0.3)]  # fmt: skip
    baskets += [(str(n), AS_OF, ["A"]) for n in range(60)] + [
        (str(n), AS_OF - timedelta(days=90), ["B"]) for n in range(50)
    ]
    made = found(baskets)
    assert not len(level(made))
    assert ["A", "B"] in level(made, "customer")[["product_1", "product_2"]].to_numpy().tolist()


def test_a_purchase_before_the_window_of_the_customer_is_none():
    baskets = [(str(n), AS_OF, ["A"]) for n in range(60)] + [(str(n), date(2025, 9, 1), ["B"]) for n in range(60)]
    baskets += [(str(n), AS_OF, ["C"]) for n in range(60, 200)]
    assert not len(level(found(baskets), "customer"))
    longer = related.Options(fewest=5, customer_months=24)
    assert len(level(found(baskets, longer), "customer"))


def test_partners_are_cut_to_the_strongest_and_ranked():
    rng = np.random.default_rng(2)
    held = independent(rng, 3_000, np.full(12, 0.06))
    for other in range(1, 7):
        held[:, other] |= held[:, 0] & (rng.random(3_000) < 0.1 * other + 0.2)
    made = level(found(as_baskets(held), related.Options(fewest=5, partners=2)))
    hub = made[made["product_1"] == named(0)].set_index("product_2")["rank_1"]
    assert (hub[named(6)], hub[named(5)]) == (1, 2)
    assert ((made["rank_1"] <= 2) | (made["rank_2"] <= 2)).all()
    assert made["strength"].is_monotonic_decreasing


def test_the_accessory_is_the_cheap_one_of_a_pair():
    baskets = [(None, AS_OF, ["camera", "card", "lens"]) for _ in range(30)] + [
        (None, AS_OF, ["pen"]) for _ in range(200)
    ]
    products = [
        ("camera", "Camera", "Photo", 50_000),
        ("card", "Card", "Photo", 3_000),
        ("lens", "Lens", "Photo", 40_000),
    ]
    made = level(found(baskets + [(None, AS_OF, ["pen", "ink"]) for _ in range(40)], products=products))
    small = made.set_index(["product_1", "product_2"])["accessory"]
    assert small[("camera", "card")] == "card" and small[("card", "lens")] == "card"
    assert pd.isna(small[("camera", "lens")])


# --- sets


def test_a_planted_set_is_found_and_what_pairs_explain_is_not():
    rng = np.random.default_rng(11)
    held = independent(rng, 4_000, np.full(15, 0.08))
    both = held[:, 0] & held[:, 1]
    held[:, 2] = np.where(both, rng.random(4_000) < 0.9, held[:, 2])  # only who buys 0 and 1 also buys 2
    for a, b in ((0, 1), (5, 6), (6, 7), (5, 7)):
        held[:, b] |= held[:, a] & (rng.random(4_000) < 0.3)
    extra = rng.random(4_000) < 0.05
    held[extra, 0] = held[extra, 1] = held[extra, 2] = True
    made = found(as_baskets(held)).sets
    codes = made[["product_1", "product_2", "product_3"]].to_numpy().tolist()
    assert codes == [[named(0), named(1), named(2)]]
    filled = held[held.any(axis=1)]
    assert made.iloc[0]["units_all"] == filled[:, :3].all(axis=1).sum()


def test_sets_of_pairs_alone_are_seldom_taken_for_more():
    rng, shops = np.random.default_rng(13), 0
    for _ in range(8):
        held = independent(rng, 2_000, np.full(24, 0.06))
        latent = rng.random((2_000, 3))
        for place, (a, b) in enumerate(((0, 1), (1, 2), (0, 2))):  # pairwise reasons that know nothing of the third
            held[latent[:, place] < 0.03, a] = held[latent[:, place] < 0.03, b] = True
        db = shop(as_baskets(held))
        products = counts.gather(db, as_of=AS_OF, months=24)
        units = counts.units(db, "basket", as_of=AS_OF, options=SHORT)
        together = pairs.pairs(db, units, products, SHORT)
        assert len(together) >= 3
        shops += bool(len(pairs.sets(db, units, together, products, SHORT)))
    assert shops <= stats.binom.ppf(0.999, 8, 0.05)


# --- little data


@pytest.mark.parametrize(
    ("baskets", "codes"),
    [
        ([], {"nothing_bought"}),
        ([(None, None, ["A"])], {"few", "few_products", "anonymous", "no_categories", "no_dates"}),
        ([("1", AS_OF, ["A", "B"])], {"few", "few_products", "no_categories"}),
        ([(str(n), AS_OF, ["A"]) for n in range(20)], {"single", "few_products", "no_categories"}),
    ],
)
def test_little_data_gives_empty_tables_and_a_remark(baskets, codes):
    made = found(baskets)
    assert {note.code for note in made.notes} == codes
    assert all(
        not len(table) for name, table in made.tables().items() if name not in ("products_sold", "last_products")
    )


def test_a_basket_of_very_many_products_is_left_out():
    rng = np.random.default_rng(15)
    baskets = as_baskets(independent(rng, 300, popularity(10)))
    whole = found([*baskets, ("big", AS_OF, [named(p) for p in range(150)])])
    assert "too_large_basket" in {note.code for note in whole.notes}
    pd.testing.assert_frame_equal(level(whole), level(found(baskets)))


def test_what_is_no_purchase_does_not_count():
    baskets = [(str(n), AS_OF, ["A", "B"]) for n in range(40)] + [(str(n), AS_OF, ["C"]) for n in range(100)]
    db = shop(baskets)
    before = related.related(db, as_of=AS_OF, options=SHORT).pairs
    db.execute("insert into orders select 's', 'x' || order_id, source_customer_id, order_at, 'cancelled' from orders")
    db.execute(
        "insert into orders select 's', 'y' || order_id, source_customer_id, timestamp '2026-11-01', 'completed' from orders"
    )
    for mark in ("x", "y"):
        db.execute(f"insert into order_lines select 's', '{mark}' || order_id, line_type, product_id, name, qty, amount"
                   " from order_lines where length(order_id) < 4")  # fmt: skip
    db.execute("insert into order_lines select 's', order_id, 'goods', 'Z', 'Z', -1, -100 from orders")
    pd.testing.assert_frame_equal(related.related(db, as_of=AS_OF, options=SHORT).pairs, before)
    assert len(before) == 2


def test_the_same_shop_gives_the_same_tables_in_any_order_of_rows():
    baskets = planted(np.random.default_rng(16))
    one, other = shop(baskets), shop(baskets)
    other.execute(
        "create or replace table order_lines as select * from order_lines order by md5(order_id || product_id)"
    )
    other.execute("create or replace table orders as select * from orders order by md5(order_id)")
    first, second = (related.related(db, as_of=AS_OF, options=SHORT).tables() for db in (one, other))
    first["last_products"], second["last_products"] = (
        one["last_products"].order("customer_id, place").df() for one in (first, second)
    )
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])


def test_the_last_products_of_a_customer_are_the_newest_ten():
    baskets = [("1", AS_OF - timedelta(days=30 - n), [named(n), named(n + 1)]) for n in range(15)] + [
        (None, AS_OF, ["X"])
    ]
    rows = found(baskets).last.order("place").fetchall()
    assert [row[:4] for row in rows[:3]] == [
        ("K1", 1, named(14), AS_OF - timedelta(days=16)),
        ("K1", 2, named(15), AS_OF - timedelta(days=16)),
        ("K1", 3, named(13), AS_OF - timedelta(days=17)),
    ]
    assert len(rows) == 10


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"fewest": 2}, {"fewest": True}, {"false_discovery": 1}, {"accessory_price": 0}]
)
def test_options_say_what_was_wrong(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        related.Options(**wrong)
