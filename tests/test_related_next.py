"""What is bought next and which categories sell across: planted sequences, false ones, counts by plain sets."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from related_tables import AS_OF, as_baskets, independent, named, planted, popularity, shop, visits
from scipy import stats

from customerbase.recommend import related
from customerbase.recommend.related import counts, cross
from customerbase.recommend.related.following import following

SHORT = related.Options(fewest=5)


def found(baskets, options=SHORT, products=None):
    return related.related(shop(baskets, products), as_of=AS_OF, options=options)


def level(made: related.Related, which: str = "basket") -> pd.DataFrame:
    return made.pairs[made.pairs["level"] == which]


def sequences(baskets) -> pd.DataFrame:
    """What is bought next alone."""
    db = shop(baskets)
    return following(db, counts.gather(db, as_of=AS_OF, months=24), as_of=AS_OF, options=SHORT)


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
