"""RFM against hand-computed ranks, an independent definition in Python, and its own promises about ties and order."""

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_tables import link_every_id

from customerbase import features, rfm
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError, TableError

AS_OF = date(2026, 10, 31)


def engine(orders, refunds=()) -> Engine:
    """orders: (customer or None, day, amount[, status]); refunds: (number of the order from 0, day, amount)."""
    db = Engine(threads=1)
    rows = [
        (str(i), o[0], datetime.fromisoformat(o[1]), Decimal(o[2]), (*o, "completed")[3]) for i, o in enumerate(orders)
    ]
    back = [(str(i), datetime.fromisoformat(day), Decimal(amount)) for i, day, amount in refunds]
    db.execute(
        "create table orders (source_system varchar, order_id varchar, source_customer_id varchar, channel varchar,"
        " order_at timestamp, status varchar, total decimal(18, 2))"
    )
    db.execute(
        "create table refunds (source_system varchar, order_id varchar, refunded_at timestamp, amount decimal(18, 2))"
    )
    for number, customer, day, total, status in rows:
        db.execute(
            "insert into orders values ('s', $number, $customer, 'web', $day, $status, $total)",
            number=number,
            customer=customer,
            day=day,
            status=status,
            total=total,
        )
    for number, day, amount in back:
        db.execute("insert into refunds values ('s', $number, $day, $amount)", number=number, day=day, amount=amount)
    link_every_id(db)
    return db


def months_engine(customers: pd.DataFrame) -> Engine:
    """customer_months with one row per customer: columns customer_id, days, orders, spend (all in as_of's reach)."""
    db = Engine(threads=1)
    db.register("given", customers)
    db.execute("""create table customer_months as
        select customer_id, cast(date_trunc('month', date '2026-10-31' - cast(days as integer)) as date) as month,
               cast(orders as bigint) as orders, cast(spend as decimal(18, 2)) as revenue,
               cast(date '2026-10-31' - cast(days as integer) as timestamp) as first_order_at,
               cast(date '2026-10-31' - cast(days as integer) as timestamp) as last_order_at
        from given""")
    return db


def ranks(db: Engine, **options) -> pd.DataFrame:
    return rfm.rfm(db, as_of=AS_OF, **options).df().set_index("customer_id").sort_index()


# --- documents and months: the rules of customer and revenue --------------------------------------------------------

STORY = [
    ("a", "2026-08-01", "1000"),
    ("a", "2026-10-30", "500"),
    ("a", "2026-10-31 23:59:59", "250"),
    ("a", "2026-11-01", "9999"),  # after as_of: not seen
    ("b", "2026-10-05", "300"),
    ("b", "2026-10-06", "-300", "credit_note"),
    ("c", "2024-10-31", "800"),
    ("c", "2026-09-01", "700", "cancelled"),
    ("c", "2026-09-02", "5", "pending"),
    (None, "2026-10-09", "77"),
    ("d", "2026-10-10", "-40", "credit_note"),  # never ordered
    ("c", "2026-09-03", "60", "returned"),
]
BACK = [(0, "2026-10-20", "100"), (7, "2026-10-20", "700"), (0, "2026-12-24", "900"), (99, "2026-10-20", "1")]


def test_revenue_and_customer_rules_in_months():
    db = engine(STORY, BACK)
    months = features.customer_months(db, as_of=AS_OF).order("customer_id, month").df()
    got = {(row.customer_id, row.month.date()): (row.orders, Decimal(str(row.revenue))) for row in months.itertuples()}
    assert got == {
        ("s:a", date(2026, 8, 1)): (1, Decimal("1000.0")),
        ("s:a", date(2026, 10, 1)): (2, Decimal("650.0")),  # 500 + 250 - 100 given back in October for August
        ("s:b", date(2026, 10, 1)): (1, Decimal("0.0")),
        ("s:c", date(2024, 10, 1)): (1, Decimal("800.0")),
        ("s:d", date(2026, 10, 1)): (0, Decimal("-40.0")),
    }
    anonymous = db.query("select * from customer_orders where customer_id is null").df()
    assert anonymous["net_amount"].tolist() == [77.0]


def test_two_ids_of_one_person_are_one_customer_and_an_unlinked_id_is_an_error():
    db = engine([*STORY, ("b", "2026-10-07", "40")], BACK)
    db.execute(
        "create table links as select * replace (if(source_customer_id in ('a', 'b'), 'k7', 'k9') as customer_id) from identity_links"
    )
    db.register("identity_links", db.query("from links"))
    features.require_orders(db, as_of=AS_OF)
    months = features.customer_months(db, as_of=AS_OF).order("customer_id, month").fetchall()
    assert [(row[0], row[1], row[2], row[3]) for row in months] == [
        ("k7", date(2026, 8, 1), 1, Decimal(1000)),
        ("k7", date(2026, 10, 1), 4, Decimal(690)),  # a: 650; b: 300 - 300 + 40
        ("k9", date(2024, 10, 1), 1, Decimal(800)),
        ("k9", date(2026, 10, 1), 0, Decimal(-40)),
    ]
    assert db.query("select sum(net_amount) from customer_orders where customer_id is null").fetchall() == [(77,)]
    db.execute("delete from links where source_customer_id = 'a'")
    with pytest.raises(TableError, match="4 orders name a customer without a row in identity_links"):
        features.require_orders(db, as_of=AS_OF)


def test_measures_by_hand():
    db = engine(STORY, BACK)
    features.customer_months(db, as_of=AS_OF)
    got = ranks(db)[["days_since_last_order", "order_count", "net_spend"]]
    assert got.loc["s:a"].tolist() == [0, 3, 1650.0]
    assert got.loc["s:b"].tolist() == [26, 1, 0.0]  # net spend 0: kept
    assert got.loc["s:c"].tolist() == [730, 0, 0.0]  # silent for the 24 months of the window: kept
    assert "s:d" not in got.index  # a credit note alone makes nobody a customer
    wide = ranks(db, window_months=25).loc["s:c"]
    assert (wide["order_count"], wide["net_spend"]) == (1, 800.0)
    assert (ranks(db).loc["s:c", ["r", "f", "m"]] == 1).all()


def test_customer_features_by_hand():
    db = engine(STORY, BACK)
    db.execute("""create table order_lines as select * from (values
        ('s', '0', 'goods', 'P1', 2.0), ('s', '0', 'goods', 'P2', 1.0), ('s', '0', 'shipping', 'X', 1.0),
        ('s', '1', 'goods', 'P1', 3.0), ('s', '7', 'goods', 'P9', 5.0), ('s', '9', 'goods', 'P9', 5.0))
        t(source_system, order_id, line_type, product_id, qty)""")
    got = features.customer_features(db, as_of=AS_OF).df().set_index("customer_id")
    a = got.loc["s:a"]
    assert (a["orders"], a["revenue"], a["lines"], a["items"], a["products"]) == (3, 1650.0, 3, 6.0, 2)
    assert (a["days_since_first_order"], a["days_since_last_order"]) == (91, 0)
    assert got.loc["s:c", "lines"] == 0  # lines of a cancelled order do not count
    assert sorted(got.index) == ["s:a", "s:b", "s:c"]


# --- ranks ----------------------------------------------------------------------------------------------------------


def test_quintiles_without_ties_are_fifths():
    people = pd.DataFrame(
        {
            "customer_id": [f"c{i:02}" for i in range(20)],
            "days": range(20),
            "orders": range(1, 21),
            "spend": [100 * i for i in range(20)],
        }
    )
    got = ranks(months_engine(people))
    assert got["r"].tolist() == [5] * 4 + [4] * 4 + [3] * 4 + [2] * 4 + [1] * 4
    assert got["f"].tolist() == got["m"].tolist() == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4


def test_ties_by_hand():
    people = pd.DataFrame(
        {"customer_id": list("abcdefghij"), "days": 5, "orders": [1, 1, 1, 1, 1, 1, 2, 2, 3, 9], "spend": 10}
    )
    lower = ranks(months_engine(people))
    # 6 of 10 bought once: nobody is worse (rank 1); 2 orders beat 60 % (rank 4); 3 beat 80 % and 9 beat 90 % (rank 5)
    assert lower["f"].tolist() == [1] * 6 + [4, 4, 5, 5]
    assert set(lower["r"]) == set(lower["m"]) == {1}  # all equal: nobody is better than anybody
    middle = ranks(months_engine(people), ties="middle")
    # positions 3/10, 7/10, 8.5/10, 9.5/10
    assert middle["f"].tolist() == [2] * 6 + [4, 4, 5, 5]
    assert set(middle["r"]) == {3}


def test_cut_points_are_the_best_worst_value_of_a_rank():
    people = pd.DataFrame(
        {
            "customer_id": list("abcdefghij"),
            "days": 5,
            "orders": [1, 1, 1, 1, 1, 1, 2, 2, 3, 9],
            "spend": [10 * i for i in range(10)],
        }
    )
    points = rfm.cut_points(months_engine(people), as_of=AS_OF)
    assert points["order_count"] == [2, 2, 2, 3]
    assert points["net_spend"] == [Decimal(20), Decimal(40), Decimal(60), Decimal(80)]
    assert points["days_since_last_order"] == [None] * 4


def test_fixed_cut_points_by_hand():
    people = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "days": [30, 31, 90, 180, 365, 366],
            "orders": [1, 2, 3, 5, 9, 10],
            "spend": ["-5", "0", "999.99", "1000", "5000", "90000"],
        }
    )
    cuts = {
        "days_since_last_order": [30, 90, 180, 365],
        "order_count": [2, 3, 5, 10],
        "net_spend": [0.01, 1000, 5000, Decimal("10000.5")],
    }
    got = ranks(months_engine(people), method="cuts", cuts=cuts)
    assert got["r"].tolist() == [5, 4, 4, 3, 2, 1]
    assert got["f"].tolist() == [1, 2, 3, 4, 4, 5]
    assert got["m"].tolist() == [1, 1, 2, 3, 4, 5]


def test_ranks_of_one_month_survive_those_of_another():
    db = engine(STORY, BACK)
    features.customer_months(db, as_of=AS_OF)
    now = rfm.rfm(db, as_of=AS_OF)
    expected = now.fetchall()
    rfm.rfm(db, as_of=date(2026, 9, 30))
    rfm.rfm(db, as_of=AS_OF, window_months=1)
    assert now.fetchall() == expected


def test_no_customers_no_rows():
    db = engine([])
    features.customer_months(db, as_of=AS_OF)
    assert rfm.rfm(db, as_of=AS_OF).fetchall() == []
    assert rfm.cut_points(db, as_of=AS_OF)["order_count"] == [None] * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "quintile"}, "Did you mean 'quintiles'"),
        ({"method": "cuts"}, "no cut points are given"),
        ({"cuts": {}}, "method is 'quintiles'"),
        ({"ties": "midle"}, "Did you mean 'middle'"),
        ({"method": "cuts", "cuts": {"net_spent": [1, 2, 3, 4]}}, "Did you mean 'net_spend'"),
        ({"method": "cuts", "cuts": {"days_since_last_order": [1, 2, 3]}}, "expected four numbers"),
        ({"method": "cuts", "cuts": {key: [4, 3, 2, 1] for key in rfm.MEASURES}}, "lowest first"),
        ({"method": "cuts", "cuts": {key: [1, 2, 3, float("nan")] for key in rfm.MEASURES}}, "expected four numbers"),
        ({"window_months": 0}, "window_months is 0"),
    ],
)
def test_errors_say_what_and_what_instead(options, message):
    db = engine(STORY)
    features.customer_months(db, as_of=AS_OF)
    with pytest.raises(ConfigError, match=message):
        rfm.rfm(db, as_of=AS_OF, **options)


def test_as_of_must_end_a_month():
    with pytest.raises(ConfigError, match=r"2026-10-15.*2026-10-31"):
        rfm.rfm(engine(STORY), as_of=date(2026, 10, 15))


# --- properties -----------------------------------------------------------------------------------------------------

PEOPLE = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 6), st.integers(-3, 12)), min_size=1, max_size=40).map(
    lambda rows: pd.DataFrame(rows, columns=["days", "orders", "spend"]).assign(
        customer_id=[f"c{i:03}" for i in range(len(rows))]
    )
)


@settings(max_examples=40, deadline=None)
@given(PEOPLE, st.sampled_from(["lower", "middle"]))
def test_ranks_follow_the_definition(people, ties):
    """Independent truth: position = share strictly worse (+ half of the equals), rank = its fifth."""
    got = ranks(months_engine(people), ties=ties)
    n = len(people)
    for letter, scores in {"r": -people["days"], "f": people["orders"], "m": people["spend"]}.items():
        for customer, score in zip(people["customer_id"], scores, strict=True):
            worse, equals = int((scores < score).sum()), int((scores == score).sum())
            position = 2 * worse + (equals if ties == "middle" else 0)
            assert got.loc[customer, letter] == 1 + 5 * position // (2 * n)


@settings(max_examples=15, deadline=None)
@given(PEOPLE, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(people, random):
    shuffled = people.sample(frac=1, random_state=random.randrange(1000))
    pd.testing.assert_frame_equal(ranks(months_engine(people)), ranks(months_engine(shuffled)))


@settings(max_examples=15, deadline=None)
@given(PEOPLE)
def test_frozen_cut_points_give_the_same_ranks_in_their_own_month(people):
    db = months_engine(people)
    frozen = ranks(db, method="cuts", cuts=rfm.cut_points(db, as_of=AS_OF))
    pd.testing.assert_frame_equal(ranks(db), frozen)


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ("select null::varchar as source_customer_id, 'completed' as status where false", "no completed order"),
        ("select 'c1' as source_customer_id, 'cancelled' as status", "no completed order"),
        ("select null::varchar as source_customer_id, 'completed' as status", "none of them with a customer number"),
    ],
)
def test_without_orders_of_known_customers_there_is_one_clear_error(orders, words):
    db = Engine()
    db.register("orders", db.query(orders))
    with pytest.raises(InputError, match=words):
        features.require_orders(db, as_of=date(2026, 10, 31))
