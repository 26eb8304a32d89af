"""Segments: the rules cover every rank, sizes and movements add up, small cells are withheld."""

from collections import Counter
from datetime import date, datetime
from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_tables import link_every_id, profile_every_account

from customerbase import features, segments
from customerbase.engine import Engine
from customerbase.errors import ConfigError

AS_OF = date(2026, 10, 31)
CODES = [
    "champions",
    "loyal",
    "potential",
    "new",
    "promising",
    "needs_attention",
    "cant_lose",
    "at_risk",
    "hibernating",
    "lost",
]


def ranked(db: Engine, rows) -> object:
    """A table of ranks: rows of (customer_id, days, orders, spend, r, f, m)."""
    frame = pd.DataFrame(
        rows, columns=["customer_id", "days_since_last_order", "order_count", "net_spend", "r", "f", "m"]
    )
    return segments.assign(db.connection.from_df(frame.assign(as_of=AS_OF)))


# --- the rules ------------------------------------------------------------------------------------------------------


def test_codes_are_the_agreed_ones_best_first():
    assert segments.codes() == CODES


def test_every_combination_of_ranks_has_a_segment_and_every_segment_a_combination():
    found = Counter(segments.segment_of(r, f, m) for r, f, m in product(range(1, 6), repeat=3))
    assert sum(found.values()) == 125
    assert set(found) == set(CODES)


@pytest.mark.parametrize(
    ("ranks", "code"),
    [
        ((5, 5, 5), "champions"),
        ((5, 4, 1), "champions"),
        ((4, 5, 5), "loyal"),
        ((3, 4, 2), "loyal"),
        ((5, 2, 3), "potential"),
        ((4, 3, 1), "potential"),
        ((5, 1, 5), "new"),
        ((4, 1, 1), "promising"),
        ((3, 3, 3), "needs_attention"),
        ((2, 5, 4), "cant_lose"),
        ((1, 5, 3), "at_risk"),
        ((2, 3, 5), "at_risk"),
        ((2, 2, 5), "hibernating"),
        ((1, 1, 1), "lost"),
    ],
)
def test_segment_of_well_known_ranks(ranks, code):
    assert segments.segment_of(*ranks) == code


def test_sql_and_python_read_the_same_table_of_rules():
    db = Engine(threads=1)
    rows = [(f"{r}{f}{m}", 1, 1, 1, r, f, m) for r, f, m in product(range(1, 6), repeat=3)]
    for customer, code in ranked(db, rows).project("customer_id, segment").fetchall():
        assert code == segments.segment_of(*map(int, customer))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_code_has_its_own_name_in_both_languages(language):
    names = [segments.name(code, language) for code in [*CODES, segments.ABSENT_BEFORE, segments.ABSENT_NOW]]
    assert len(set(names)) == 12
    assert all((max(name) > "\u3000") == (language == "ja") for name in names)


def test_unknown_segment_names_the_near_miss():
    with pytest.raises(ConfigError, match="Did you mean 'champions'"):
        segments.find("champion")


# --- sizes and movements --------------------------------------------------------------------------------------------


def people(codes_by_customer: dict[str, tuple]) -> list:
    return [(name, days, orders, spend, r, f, m) for name, (days, orders, spend, r, f, m) in codes_by_customer.items()]


NOW = {
    "a": (3, 9, 900.0, 5, 5, 5),
    "b": (9, 8, -10.0, 5, 4, 1),
    "c": (400, 1, 0.0, 1, 1, 1),
    "d": (20, 1, 50.5, 5, 1, 2),
}
THEN = {
    "a": (30, 8, 800.0, 3, 5, 5),
    "b": (5, 7, 80.0, 5, 4, 2),
    "c": (370, 1, 0.0, 1, 1, 1),
    "e": (1, 1, 5.0, 5, 1, 1),
}


def test_summary_by_hand():
    db = Engine(threads=1)
    got = segments.summary(db, ranked(db, people(NOW)), ranked(db, people(THEN)), as_of=AS_OF).set_index("segment")
    assert list(got.index) == CODES
    champions = got.loc["champions"]
    assert champions[["customers", "share", "net_spend", "orders", "median_days_since_last_order"]].tolist() == [
        2,
        0.5,
        890.0,
        17,
        6.0,
    ]
    assert got["previous_customers"].to_dict() == dict.fromkeys(CODES, 0) | {
        "champions": 1,
        "loyal": 1,
        "lost": 1,
        "new": 1,
    }
    assert got["customers"].sum() == 4
    assert got["share"].sum() == 1
    # Wilson for 2 of 4, by hand: centre 0.5, half-width 1.96·sqrt(1/16 + 1.96²/64)/(1 + 1.96²/4)
    assert champions["share_low"] == pytest.approx(0.150036, abs=1e-5)
    assert champions["share_high"] == pytest.approx(0.849964, abs=1e-5)
    empty = got.loc["loyal"]
    assert (empty["customers"], empty["share_low"], empty["orders"]) == (0, 0, 0)
    assert pd.isna(empty["median_days_since_last_order"])


def test_summary_of_nobody():
    db = Engine(threads=1)
    got = segments.summary(db, ranked(db, people(NOW)).filter("false"), as_of=AS_OF)
    assert got["customers"].sum() == 0
    assert (got["share"] == 0).all()
    assert got[["share_low", "share_high", "previous_customers"]].isna().all().all()


def test_migration_by_hand():
    db = Engine(threads=1)
    got = segments.migration(db, ranked(db, people(THEN)), ranked(db, people(NOW)), as_of=AS_OF)
    moves = {(row.from_segment, row.to_segment): row.customers for row in got.itertuples()}
    assert moves == {
        ("loyal", "champions"): 1,
        ("champions", "champions"): 1,
        ("lost", "lost"): 1,
        ("not_yet", "new"): 1,
        ("new", "gone"): 1,
    }
    assert got["from_segment"].tolist() == ["champions", "loyal", "new", "lost", "not_yet"]


MEMBERS = st.dictionaries(
    st.integers(0, 30).map("c{}".format),
    st.tuples(*[st.integers(1, 5)] * 3).map(lambda ranks: (1, 1, 1.0, *ranks)),
    max_size=30,
)


@settings(max_examples=20, deadline=None)
@given(MEMBERS, MEMBERS)
def test_margins_of_the_migration_are_the_sizes(then, now):
    db = Engine(threads=1)
    tables = [ranked(db, people(group) or people(NOW)) for group in (then, now)]
    before, members = (t if group else t.filter("false") for t, group in zip(tables, (then, now), strict=True))
    moves = segments.migration(db, before, members, as_of=AS_OF)
    sizes = segments.summary(db, members, before, as_of=AS_OF).set_index("segment")
    to, source = moves.groupby("to_segment")["customers"].sum(), moves.groupby("from_segment")["customers"].sum()
    assert all(to.get(code, 0) == sizes.loc[code, "customers"] for code in CODES)
    assert all(source.get(code, 0) == sizes.loc[code, "previous_customers"] for code in CODES)
    assert moves["customers"].sum() == len({*then, *now})


# --- attributes and small cells -------------------------------------------------------------------------------------


def company(n: int) -> Engine:
    """n customers: half buy once in the store, half twice on the web and once in the store; in their forties or unknown."""
    db = Engine(threads=1)
    sales = [
        (str(c), "web" if c % 2 and k < 2 else "store", datetime(2026, 10, 1 + k))
        for c in range(n)
        for k in range(3 if c % 2 else 1)
    ]
    orders = pd.DataFrame(sales, columns=["source_customer_id", "channel", "order_at"])
    orders = orders.assign(
        source_system="s", order_id=[str(i) for i in range(len(orders))], status="completed", total=10.0
    )
    db.register("orders", orders)
    db.register(
        "refunds",
        db.query(
            "select 's' as source_system, '0' as order_id, timestamp '2026-10-09' as refunded_at,"
            " 1.0 as amount where false"
        ),
    )
    born = "case when cast(source_customer_id as integer) % 4 > 0 then '40-49' end"
    link_every_id(db)
    profile_every_account(db, "identity_links", age_band=born, prefecture="'東京都'")
    features.customer_orders(db, as_of=AS_OF)
    return db


def test_attributes_by_hand_and_without_contact_columns():
    db = company(200)
    found = features.customer_attributes(db)
    assert found.columns == ["customer_id", "channel", "gender", "age_band", "prefecture"]
    assert found.filter("customer_id = 's:1'").fetchall() == [("s:1", "web", "unknown", "40-49", "東京都")]
    assert found.filter("customer_id = 's:0'").fetchall() == [("s:0", "store", "unknown", "unknown", "東京都")]
    rows = [(f"s:{c}", 1, 1, 1.0, 5, 5 if c < 150 else 1, 5) for c in range(200)]
    got = segments.attributes(db, ranked(db, rows), as_of=AS_OF, k_min=10).set_index(["attribute", "value", "segment"])
    assert set(got.index.get_level_values("attribute")) == {"channel", "age_band"}  # the others say nothing
    assert got.loc[("channel", "web", "champions"), "customers"] == 75
    assert got.loc[("channel", "web", "new"), ["customers", "share"]].tolist() == [25, 0.25]
    assert got.loc[("age_band", "unknown", "champions"), "customers"] == 38
    assert got.loc[("channel", "store", "lost"), "customers"] == 0


def test_attributes_of_one_person_with_two_accounts_are_one_row():
    db = company(4)
    pair = "case when source_customer_id in ('1', '3') then 'k1' else 'k' || source_customer_id end"
    db.execute(f"create or replace table links as select * replace ({pair} as customer_id) from identity_links")
    db.register("identity_links", db.query("from links"))
    db.execute(
        "create or replace view profile as select 'k1' as customer_id, 'female' as gender, null as age_band, '京都府' as prefecture"
    )
    features.customer_orders(db, as_of=AS_OF)
    got = features.customer_attributes(db).order("customer_id").fetchall()
    assert got == [
        ("k0", "store", "unknown", "unknown", "unknown"),  # a buyer the profile does not know
        ("k1", "web", "female", "unknown", "京都府"),
        ("k2", "store", "unknown", "unknown", "unknown"),
    ]


def test_small_cells_are_none_with_their_shares():
    db = company(60)
    features.customer_attributes(db)
    rows = [(f"s:{c}", 1, 1, 1.0, 5, 5 if c < 55 else 1, 5) for c in range(60)]
    got = segments.attributes(db, ranked(db, rows), as_of=AS_OF, k_min=10)
    small = got[(got["attribute"] == "channel") & (got["segment"] == "new")]  # 2 and 3 customers
    assert small[["customers", "share", "share_low", "share_high"]].isna().all().all()
    shown = got["customers"].dropna()
    assert ((shown == 0) | (shown >= 10)).all()


def test_flow_names_both_sides_and_withholds_small_cells():
    rows = [
        ("loyal", "loyal", 40),
        ("loyal", "lost", 3),
        ("lost", "lost", 50),
        ("lost", "loyal", 20),
        ("not_yet", "loyal", 11),
    ]
    moves = pd.DataFrame(rows, columns=["from_segment", "to_segment", "customers"])
    shown = segments.flow(moves, k_min=10, language="en")
    assert list(shown.index) == ["Loyal", "Lost", "Not yet a customer"]
    assert list(shown.columns) == ["Loyal", "Lost"]
    assert shown.loc["Not yet a customer", "Loyal"] == 11
    assert shown.loc[["Loyal", "Lost"]].isna().all(axis=None)  # 3 alone would follow from the sizes
    assert segments.flow(moves, k_min=2).loc["Loyal", "Lost"] == 3
