"""Related products: counts against plain pandas, chances against scipy and enumeration, planted relations, false findings."""

from datetime import date, timedelta
from itertools import combinations, product
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from related_tables import AS_OF, as_baskets, independent, named, popularity, shop, visits
from scipy import stats

from customerbase import multiple
from customerbase.errors import ConfigError
from customerbase.recommend import related
from customerbase.recommend.related import chance, counts, cross, pairs
from customerbase.recommend.related.following import following

SHORT = related.Options(fewest=5)


def found(baskets, options=SHORT, products=None):
    return related.related(shop(baskets, products), as_of=AS_OF, options=options)


def level(made: related.Related, which: str = "basket") -> pd.DataFrame:
    return made.pairs[made.pairs["level"] == which]


def counted(held: np.ndarray) -> tuple[pd.DataFrame, counts.Units]:
    """Pairs and units of baskets by plain numpy, as related counts them in SQL."""
    held = held[held.any(axis=1)]
    size = held.sum(axis=1)
    sizes, of_size = np.unique(size, return_inverse=True)
    classes = chance.size_classes(sizes, np.bincount(of_size))[of_size]
    units = np.bincount(classes).astype(float)
    others = np.bincount(classes, weights=size**2) / np.bincount(classes, weights=size) - 1
    holding = np.array([np.bincount(classes[column], minlength=len(units)) for column in held.T], dtype=float)
    by_size = chance.BySize(units, others, holding, chance.meeting(holding / units, others))
    found = [(a, b, int((held[:, a] & held[:, b]).sum())) for a, b in combinations(range(held.shape[1]), 2)]
    frame = pd.DataFrame(found, columns=["item_1", "item_2", "units_both"])
    items = np.arange(held.shape[1])
    made = counts.Units("basket", len(held), 0, items, held.sum(axis=0), by_size, len(items))
    return frame[frame["units_both"] >= 5].reset_index(drop=True), made


# --- chances


@given(st.integers(1, 60), st.data())
@settings(max_examples=60, deadline=None)
def test_fisher_is_that_of_scipy(units, data):
    first, second = data.draw(st.integers(0, units)), data.draw(st.integers(0, units))
    both = data.draw(st.integers(max(0, first + second - units), min(first, second)))
    table = [[both, first - both], [second - both, units - first - second + both]]
    made = chance.fisher(*(np.array([one]) for one in (both, first, second)), units)
    assert made[0] == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-9)


def test_fisher_of_large_counts_is_that_of_scipy():
    both, first, second = np.array([500, 620, 700]), np.array([5_000, 6_000, 900]), np.array([4_000, 4_000, 1_000])
    truth = stats.hypergeom.sf(both - 1, 40_000, first, second)
    assert np.allclose(chance.fisher(both, first, second, 40_000), truth, rtol=1e-7)


def three_by_hand(units, singles, pairs, count):
    """P(X >= count) of the table of three products with all pair counts fixed, and the odds ratios, by counting."""

    def cells(x):
        ab, ac, bc = pairs
        a, b, c = singles
        return [x, ab - x, ac - x, bc - x, a - ab - ac + x, b - ab - bc + x, c - ac - bc + x,
                units - a - b - c + ab + ac + bc - x]  # fmt: skip

    weights = {x: cells(x) for x in range(units + 1) if min(cells(x)) >= 0}
    total = {x: np.exp(-sum(map(float, stats.poisson.logpmf(0, 1) * 0 + np.array([_log_factorial(n) for n in one]))))
             for x, one in weights.items()}  # fmt: skip
    return sum(w for x, w in total.items() if x >= count) / sum(total.values())


def _log_factorial(n: int) -> float:
    return float(np.log(np.arange(1, n + 1)).sum())


@pytest.mark.parametrize("seed", range(6))
def test_sets_of_three_against_counting_all_tables(seed):
    held = np.random.default_rng(seed).random((40, 3)) < 0.5
    singles = held.sum(axis=0)
    pairs = [int((held[:, a] & held[:, b]).sum()) for a, b in ((0, 1), (0, 2), (1, 2))]
    count = int(held.all(axis=1).sum())
    made = chance.three_way(40, singles[None], np.array([pairs]), np.array([count]))
    assert made["p_value"][0] == pytest.approx(three_by_hand(40, singles, pairs, count), rel=1e-9)
    x, (a, b, c), (ab, ac, bc) = (
        made["expected"][0],
        singles,
        pairs,
    )  # the odds ratio is the same with the third and without
    rest = 40 - a - b - c + ab + ac + bc - x
    with_c = x * (c - ac - bc + x) / ((ac - x) * (bc - x))
    without = (ab - x) * rest / ((a - ab - ac + x) * (b - ab - bc + x))
    assert with_c == pytest.approx(without, rel=1e-6)


@given(st.lists(st.floats(0.01, 0.9), min_size=3, max_size=12), st.integers(1, 12), st.data())
@settings(max_examples=80, deadline=None)
def test_the_tail_bounds_that_of_events_of_unequal_chances(chances, _, data):
    exact = np.array([1.0])
    for p in chances:
        exact = np.convolve(exact, [1 - p, p])
    mean, n = sum(chances), len(chances)
    for count in range(int(np.ceil(mean + 1)), n + 1):
        bound = chance.upper_tail(np.array([count]), np.array([mean]), np.array([n]))[0]
        assert bound >= exact[count:].sum() * (1 - 1e-9)
        assert bound == pytest.approx(stats.binom.sf(count - 1, n, mean / n), rel=1e-9)


def exact_pair(chances, size):
    """Chances of each product and of each two in a basket of that size, of independent products, by counting all baskets."""
    weight, one, two = 0.0, np.zeros(len(chances)), np.zeros((len(chances),) * 2)
    odds = chances / (1 - chances)
    for held in combinations(range(len(chances)), size):
        w = odds[list(held)].prod()
        weight += w
        one[list(held)] += w
        for a, b in product(held, held):
            two[a, b] += w
    return one / weight, two / weight


@pytest.mark.parametrize("size", [2, 3, 5])
def test_expected_pairs_of_baskets_of_one_size_against_counting_all_baskets(size):
    one, two = exact_pair(popularity(14, 0.5), size)
    weights = chance.meeting(one[:, None], np.array([size - 1.0]))
    by_size = chance.BySize(np.array([1000.0]), np.array([size - 1.0]), 1000 * one[:, None], weights)
    first, second = np.triu_indices(14, 1)
    made, truth = by_size.expected(first, second), 1000 * two[first, second]
    assert made.sum() == pytest.approx(truth.sum(), rel=1e-6)
    assert np.abs(made / truth - 1).max() < (1e-6 if size == 2 else 0.06)


def test_a_product_in_every_basket_and_products_of_one_popularity_meet_as_they_must():
    shares = np.array([1.0, *[0.1] * 20])[:, None]  # baskets of three: one of all, two of twenty
    x = chance.meeting(shares, np.array([2.0]))[:, 0]
    assert x[0] * x[1] == pytest.approx(0.1, rel=1e-6)
    assert x[1] * x[2] == pytest.approx(1 / comb(20, 2), rel=0.02)
    same = chance.meeting(np.full((10, 1), 0.3), np.array([2.0]))[:, 0]
    assert same[0] * same[1] == pytest.approx(3 * 2 / (10 * 9))


def test_baskets_of_one_product_tell_nothing_of_pairs():
    weights = chance.meeting(np.full((2, 1), 0.5), np.array([0.0]))
    by_size = chance.BySize(np.array([100.0]), np.array([0.0]), np.full((2, 1), 50.0), weights)
    assert by_size.expected(np.array([0]), np.array([1])) == 0
    assert by_size.most(np.array([0]), np.array([1])) == 0


def test_classes_of_sizes_hold_enough_and_ones_stand_alone():
    classes = chance.size_classes(np.array([1, 2, 3, 4, 9]), np.array([10, 150, 60, 60, 20]), least=100)
    assert list(classes) == [0, 1, 2, 2, 2]
    assert list(chance.size_classes(np.array([1, 2]), np.array([500, 3]))) == [0, 1]
    assert len(chance.size_classes(np.array([], dtype=int), np.array([], dtype=int))) == 0


def test_tests_that_are_not_listed_count_with_a_p_value_of_one():
    p = np.array([0.001, 0.02, 0.3])
    padded = stats.false_discovery_control(np.concatenate([p, np.ones(97)]))[:3]
    assert np.allclose(multiple.benjamini_hochberg(p, tests=100), padded)


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


# --- next


def sequences(baskets) -> pd.DataFrame:
    """What is bought next alone."""
    db = shop(baskets)
    return following(db, counts.gather(db, as_of=AS_OF, months=24), as_of=AS_OF, options=SHORT)


def planted(rng, order=("printer", "ink"), count=60):
    baskets = visits(rng, 400, popularity(15, 0.3))
    for n in range(count):
        day = AS_OF - timedelta(days=int(rng.integers(100, 500)))
        baskets += [(str(n), day, [order[0]]), (str(n), day + timedelta(days=int(rng.integers(5, 40))), [order[1]])]
    return baskets


def test_what_is_bought_next_is_found_in_its_order_only():
    made = found(planted(np.random.default_rng(4))).following
    row = made[(made["product_id"] == "printer") & (made["next_product_id"] == "ink")].iloc[0]
    assert (row["verdict"], row["customers"], row["rank"]) == (related.THIS, 60, 1)
    assert row["customers_both"] == 60 and row["only_before"] == 0 and 5 <= row["usual_days"] <= 40
    assert not ((made["product_id"] == "ink") & (made["next_product_id"] == "printer")).any()
    assert (row["within_days"], pd.isna(row["within_baskets"])) == (60, True)


def test_what_is_bought_in_either_order_is_said_to_be_so():
    rng = np.random.default_rng(6)
    half = planted(rng, count=40)
    for n in range(100, 140):
        day = AS_OF - timedelta(days=int(rng.integers(100, 500)))
        half += [(str(n), day, ["ink"]), (str(n), day + timedelta(days=20), ["printer"])]
    made = found(half).following
    rows = made[made["product_id"].isin(["printer", "ink"]) & made["next_product_id"].isin(["printer", "ink"])]
    assert list(rows["verdict"]) == [related.EITHER] * 2


def test_false_sequences_among_independent_visits_stay_within_the_level():
    rng, shops = np.random.default_rng(8), 0
    for _ in range(12):
        shops += bool(len(sequences(visits(rng, 400, popularity(24, 0.5)))))
    assert shops <= stats.binom.ppf(0.999, 12, 0.05)


def test_an_order_among_products_that_go_together_without_one_is_seldom_claimed():
    rng, shops, rows = np.random.default_rng(9), 0, 0
    for _ in range(8):
        baskets = []
        for customer in range(200):  # half of them like the products 0-4, the others 5-9: habits without an order
            liked = range(5) if customer % 2 else range(5, 10)
            for _ in range(6):
                day = AS_OF - timedelta(days=int(rng.integers(0, 600)))
                baskets.append((str(customer), day, [named(p) for p in liked if rng.random() < 0.4] or [named(12)]))
        made = sequences(baskets)
        rows += len(made)
        shops += bool((made["verdict"] == related.THIS).any())
    assert rows > 100
    assert shops <= stats.binom.ppf(0.999, 8, 0.05)


def test_baskets_without_dates_follow_their_numbers():
    rng = np.random.default_rng(10)
    baskets = [(who, None, held) for who, _, held in planted(rng)]
    made = found(baskets)
    row = made.following[made.following["product_id"] == "printer"].iloc[0]
    assert (row["next_product_id"], row["verdict"], row["within_baskets"]) == ("ink", related.THIS, 3)
    assert pd.isna(row["usual_days"]) and pd.isna(row["within_days"])
    assert "no_dates" in {note.code for note in made.notes}


def test_the_same_day_is_not_after():
    baskets = [(str(n), AS_OF - timedelta(days=90), [thing]) for n in range(50) for thing in ("A", "B")]
    baskets += [(str(n), AS_OF - timedelta(days=90), ["C"]) for n in range(50, 200)]
    made = found(baskets)
    assert not len(made.following)
    assert len(level(made, "customer")) == 1


def test_a_till_is_no_customer():
    baskets = [("till", AS_OF - timedelta(days=n % 600), ["A" if n % 2 else "B"]) for n in range(1_200)]
    db = shop(baskets)
    assert not len(related.related(db, as_of=AS_OF, options=SHORT).following)
    assert db.query("select count(*) from related_steps").fetchall() == [(0,)]


# --- categories


def test_cross_sales_are_those_of_plain_sets():
    rng = np.random.default_rng(12)
    products = [(named(p), None, f"C{p % 3} > sub", 100 + p) for p in range(9)]
    baskets = as_baskets(independent(rng, 300, np.full(9, 0.15)))
    made = found(baskets, products=products).cross
    of = {f"C{c}": {who for who, _, held in baskets if any(int(p[1:]) % 3 == c for p in held)} for c in range(3)}
    assert len(made) == 6
    for row in made.itertuples():
        a, b = of[row.category_1], of[row.category_2]
        assert (row.customers_1, row.customers_2, row.customers_both) == (len(a), len(b), len(a & b))
        assert row.customers == len(set.union(*of.values()))
        assert row.lift == pytest.approx(len(a & b) * row.customers / (len(a) * len(b)))
        assert row.low < row.lift < row.high


def test_the_interval_of_a_lift_covers_the_truth():
    rng, inside, trials = np.random.default_rng(14), 0, 2_000
    p = np.array([0.12, 0.18, 0.08, 0.62])  # both, first alone, second alone, neither
    truth = 0.12 / (0.30 * 0.20)
    counts = rng.multinomial(400, p, size=trials)
    both = counts[:, 0].astype(float)
    low, high, _ = cross.lift_interval(both, both + counts[:, 1], both + counts[:, 2], np.full(trials, 400.0))
    inside = ((low <= truth) & (truth <= high)).mean()
    assert 0.94 <= inside <= 0.965


def test_a_lift_of_nobody_has_an_upper_bound():
    low, high, p = cross.lift_interval(*(np.array([one]) for one in (0.0, 200.0, 100.0, 1000.0)))
    assert low[0] == 0 and 0 < high[0] < 1 and p[0] < 1e-6


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
