"""The revenue tree and its movers: exact sums by property, plain SQL on real data, known truths, small groups folded."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import retail_tables
from hypothesis import given, settings
from hypothesis import strategies as st
from snapshot_tables import company
from test_kpi import AS_OF, BACK, YEAR, engine

from customerbase import features, kpi
from customerbase.disclosure import suppress_parts
from customerbase.kpi.exact import coins
from customerbase.kpi.movers import OTHERS, SPECIAL
from customerbase.kpi.tree import FACTORS, GROUPS
from customerbase.periods import add_months

MONTHS = [add_months(date(2025, 9, 1), step) for step in range(14)]


def tree(db, as_of=AS_OF, **options) -> dict[str, pd.DataFrame]:
    found = kpi.revenue_tree(db, as_of=as_of, **options).to_arrow_table().to_pandas()  # amounts stay decimals
    return {against: rows.set_index("node") for against, rows in found.groupby("against")}


def adds_up(rows: pd.DataFrame, currency: str = "JPY") -> None:
    """Children add up to their parent, a product gives its group's revenue, amounts are whole coins."""
    part = rows["contribution"].to_dict()
    for parent in rows["parent"].dropna().unique():
        children = rows.index[rows["parent"] == parent]
        assert sum(part[child] for child in children) == part[parent], parent
        if rows.loc[parent, "depth"] < 2:
            for when in ("before", "now"):
                assert rows.loc[children, when].sum() == pytest.approx(rows.loc[parent, when], abs=1e-6)
    for node in rows.index[rows["depth"] < 3]:
        assert float(part[node]) == pytest.approx(rows.loc[node, "now"] - rows.loc[node, "before"], abs=1e-6)
    assert all(value * coins(currency) % 1 == 0 for value in part.values())
    for group in GROUPS[:3]:
        for when in ("before", "now"):
            factors = [rows.loc[f"known.{group}.{name}", when] for name in FACTORS]
            product = 0.0 if factors[0] == 0 else np.prod(factors)
            assert product == pytest.approx(rows.loc[f"known.{group}", when], abs=1e-6)


SALES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e", None]),
        st.sampled_from([2025 * 12 + 9, 2025 * 12 + 10, 2026 * 12 + 8, 2026 * 12 + 9]),
        st.integers(1, 28),
        st.integers(-30_000, 900_000),
        st.sampled_from(["completed", "completed", "completed", "credit_note", "cancelled"]),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(
    SALES, st.lists(st.tuples(st.integers(0, 39), st.integers(1, 28), st.integers(1, 9999)), max_size=5), st.booleans()
)
def test_any_ledger_adds_up_to_the_coin(sales, back, yen):
    orders = [
        (who, f"{(at - 1) // 12}-{(at - 1) % 12 + 1:02}-{day:02}", cents / 100, status)
        for who, at, day, cents, status in sales
    ]
    refunds = [(order, f"2026-10-{day:02}", cents / 100) for order, day, cents in back if order < len(orders)]
    currency = "JPY" if yen else "EUR"
    db = engine(orders, refunds)
    total = kpi.kpi_table(db, as_of=AS_OF).df().query("kpi == 'revenue'").set_index("month")["value"]
    for against, rows in tree(db, currency=currency).items():
        adds_up(rows, currency)
        before = pd.Timestamp(add_months(AS_OF, {"last_month": -1, "last_year": -12}[against]))
        half = 0.501 if yen else 0.001  # the root is the month's revenue, rounded to the coin
        assert rows.loc["revenue", "now"] == pytest.approx(total[pd.Timestamp(2026, 10, 1)], abs=half)
        assert rows.loc["revenue", "before"] == pytest.approx(total[before], abs=half)


def test_the_tree_by_hand():
    rows = tree(engine(YEAR, BACK))["last_month"]
    assert set(tree(engine(YEAR, BACK))) == {"last_month"}  # no October of the year before
    adds_up(rows)
    amounts = rows[rows["depth"] < 3]
    assert amounts["contribution"].astype(int).to_dict() == {
        "revenue": -155,
        "known": -160,
        "known.new": 15,  # c's 40 in September; d's 70 - 15 in October
        "known.returning": -145,  # a's 200; a's 10 and c's 45
        "known.reactivated": 0,
        "known.credits": -30,  # b's credit note
        "anonymous": 5,
    }
    # 1 × 1 × 200 -> 2 × 3/2 × 55/3: customers 1 × (200/3 + 27.5/3 + (55/3 + 300)/6) = 128.89
    parts = [int(rows.loc[f"known.returning.{name}", "contribution"]) for name in FACTORS]
    assert parts == [129, 74, -348]
    assert rows.loc["known.credits", ["n_before", "n_now"]].tolist() == [0, 1]


def test_groups_of_customers_by_hand():
    orders = [
        ("old", "2024-01-05", 10),
        ("old", "2026-10-05", 30),
        ("back", "2025-10-31", 10),
        ("back", "2026-10-01", 50),
    ]
    orders += [("new", "2026-10-02", 70), ("old", "2026-10-06", -4, "credit_note"), ("x", "2026-09-01", 1)]
    rows = tree(engine(orders), silence_months=12)["last_month"]
    now = {group: rows.loc[f"known.{group}", "now"] for group in GROUPS}
    assert now == {"new": 70, "returning": 50, "reactivated": 26, "credits": 0}  # exactly 12 months is not more
    shorter = tree(engine(orders), silence_months=11)["last_month"]
    assert shorter.loc["known.reactivated", "now"] == 76
    part = rows.loc[[f"known.reactivated.{name}" for name in FACTORS], "contribution"].astype(int).tolist()
    assert part == [26, 0, 0]  # nobody of the kind last month: all of it is customers
    assert rows.loc["known.reactivated", "before"] == 0 and pd.isna(rows.loc["known.reactivated.basket", "before"])


def test_no_data_no_rows_no_error():
    assert tree(engine([])) == {}
    assert tree(engine([("a", "2026-10-02", 5)])) == {}  # the first month has nothing to compare with
    gone = tree(engine([("a", "2026-09-02", 5)]))["last_month"]
    adds_up(gone)
    assert gone.loc["known.new.customers", "contribution"] == -5


def test_intervals_cover_the_true_change_and_regulars_do_not_widen_them():
    """Panels whose expected change is known: 95 % intervals of the total and of each part hold it about so often."""
    rng, inside, people = np.random.default_rng(3), [], 200
    basket, frequency = np.exp(3 + 0.125), 1.4
    truth = {"known": 20 * basket * frequency, "known.returning.customers": 20 * basket * frequency}
    truth |= {"known.returning.frequency": 0, "known.returning.basket": 0}
    db = engine([])
    db.execute("drop table customer_months")
    for _ in range(150):
        months = [(f"c{who}", date(2026, 8, 1), 1, 1.0) for who in range(people)]  # all of them known before
        for month, rate in ((date(2026, 9, 1), 0.5), (date(2026, 10, 1), 0.6)):
            for who in np.flatnonzero(rng.random(people) < rate):
                orders = 1 + int(rng.poisson(0.4))
                months.append((f"c{who}", month, orders, float(rng.lognormal(3, 0.5, orders).sum())))
        frame = pd.DataFrame(months, columns=["customer_id", "month", "orders", "revenue"])
        typed = "customer_id, cast(month as date) as month, orders, cast(revenue as decimal(18, 2)) as revenue"
        db.register("customer_months", db.connection.from_df(frame).project(typed))
        rows = tree(db, currency="EUR")["last_month"]
        inside.append([rows.loc[node, "low"] <= value <= rows.loc[node, "high"] for node, value in truth.items()])
    coverage = np.mean(inside, axis=0)
    assert (coverage >= 0.90).all(), coverage
    steady = [(f"c{who}", f"2026-{month}-05", 100) for who in range(50) for month in ("09", "10")]
    rows = tree(engine(steady))["last_month"]
    assert rows.loc["revenue", ["low", "high"]].tolist() == [0, 0]


# --- movers ---


def movers(db, as_of, **options) -> pd.DataFrame:
    features.customer_months(db, as_of=as_of)
    return kpi.revenue_movers(db, as_of=as_of, **options).to_arrow_table().to_pandas()


def shop(seed: int = 5):
    db = company(seed=seed) if seed != 5 else company()
    db.execute("create or replace temp table profile as select customer_id, case when right(customer_id, 1) < '4'"
               " then '東京都' when right(customer_id, 1) < '8' then '大阪府' end as prefecture"
               " from (select distinct customer_id from identity_links)")  # fmt: skip
    return db


def test_every_dimension_adds_up_to_the_change_of_the_tree():
    as_of = date(2026, 6, 30)
    db = shop()
    found = movers(db, as_of, k_min=3)
    roots = tree(db, as_of)
    assert set(found["against"]) == {"last_month", "last_year"}
    for (against, dimension), rows in found.groupby(["against", "dimension"]):
        root = roots[against].loc["revenue"]
        for column in ("before", "now", "contribution"):
            assert sum(rows[column]) == Decimal(str(root[column])), (against, dimension, column)
        ranked = rows[~rows["value"].isin(SPECIAL)].sort_values("rank")
        assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
        assert ranked["contribution"].is_monotonic_decreasing
        assert rows.loc[rows["value"].isin(SPECIAL), "rank"].isna().all()


def test_channels_stores_and_categories_by_plain_sql():
    as_of = date(2026, 6, 30)
    db = shop()
    found = movers(db, as_of, k_min=1, currency="EUR").query("against == 'last_month'")
    sums = "cast(sum(case when month(day) = 6 then x else 0 end) - sum(case when month(day) = 5 then x else 0 end) as double)"
    documents = (
        "(select channel, store_id, source_system, order_id, cast(order_at as date) as day, total as x from orders"
        " where status in ('completed', 'credit_note') union all select channel, store_id, o.source_system, o.order_id,"
        " cast(refunded_at as date), -amount from refunds join orders o using (source_system, order_id)"
        " where status = 'completed')"
    )
    when = "where day between '2026-05-01' and '2026-06-30'"
    for dimension, column in (("channel", "channel"), ("store", "coalesce(source_system || ':' || store_id, 'none')")):
        truth = dict(db.query(f"select {column}, {sums} from {documents} {when} group by 1").fetchall())
        got = found[found["dimension"] == dimension].set_index("value")["contribution"].astype(float).to_dict()
        assert got == pytest.approx(truth)
    lines = (
        "(select split_part(category, ' > ', 1) as category, cast(order_at as date) as day, amount as x from order_lines"
        " join orders using (source_system, order_id) left join products using (source_system, product_id)"
        " where line_type = 'goods' and orders.status in ('completed', 'credit_note'))"
    )
    truth = dict(db.query(f"select coalesce(category, 'unknown'), {sums} from {lines} {when} group by 1").fetchall())
    got = found[found["dimension"] == "category"].set_index("value")["contribution"].astype(float).to_dict()
    assert {value: got[value] for value in truth} == pytest.approx(truth)
    assert set(got) - set(truth) == {"not_goods"}


def test_segments_are_those_a_month_began_with():
    as_of = date(2026, 6, 30)
    db = shop()
    features.customer_months(db, as_of=as_of)
    now, before = (
        db.query(f"select distinct customer_id, '{name}' as segment from identity_links where customer_id < 'K05'")
        for name in ("loyal", "lost")
    )
    days = kpi.beginnings(as_of)
    assert days == {
        date(2026, 6, 1): date(2026, 5, 31),
        date(2026, 5, 1): date(2026, 4, 30),
        date(2025, 6, 1): date(2025, 5, 31),
    }
    found = kpi.revenue_movers(db, as_of=as_of, members={date(2026, 6, 1): now, date(2026, 5, 1): before}, k_min=1).df()
    rows = found.query("dimension == 'segment' and against == 'last_month'").set_index("value")
    assert rows.loc["loyal", "before"] == 0 and rows.loc["loyal", "now"] != 0
    assert rows.loc["lost", "now"] == 0 and rows.loc["lost", "before"] != 0
    assert rows.loc["none", "customers_now"] > 0


@pytest.mark.parametrize("k_min", [3, 10, 40])
def test_small_groups_are_folded_and_no_total_gives_one_back(k_min):
    as_of = date(2026, 6, 30)
    found = movers(shop(), as_of, k_min=k_min)
    alone = movers(shop(), as_of, k_min=1)
    folded = 0
    for (_, dimension), rows in found.groupby(["against", "dimension"]):
        shown = rows[rows["value"] != OTHERS]
        for column in ("customers_before", "customers_now"):
            assert not shown[column].between(1, k_min - 1).any() or len(shown) == 0, (dimension, rows)
        others = rows[rows["value"] == OTHERS]
        folded += len(others)
        if len(others) and len(shown):
            assert others["folded"].iloc[0] >= 2 or len(rows) == 1
            assert not others[["customers_before", "customers_now"]].isin(range(1, k_min)).any(axis=None)
    assert folded > 0 or not any(
        suppress_parts(rows["customers_now"].to_numpy(), k_min).any()
        for _, rows in alone.groupby(["against", "dimension"])
    )
    both = found.groupby(["dimension", "against"])["value"].apply(set).unstack()
    hidden = {row.dimension: row for row in found[found["value"] == OTHERS].itertuples()}
    for dimension, sets in both.iterrows():  # a value told in one comparison is not hidden in the other
        known = set(alone[alone["dimension"] == dimension]["value"])
        assert dimension in hidden or sets["last_month"] | sets["last_year"] <= known


def test_online_retail_november_against_plain_sql():
    db = retail_tables.retail()
    db.execute(
        "create table refunds as select source_system, order_id, order_at as refunded_at, total as amount from orders limit 0"
    )
    as_of = date(2011, 11, 30)
    features.customer_months(db, as_of=as_of)
    rows = tree(db, as_of, currency="GBP")["last_year"]
    adds_up(rows, "GBP")
    truth = dict(
        db.query("""
        with sold as (select CustomerID as who, Invoice, Invoice like 'C%' as is_back, date_trunc('month', InvoiceDate) as month,
                cast(sum(Quantity * Price) as decimal(18, 2)) as amount from sales group by all),
            firsts as (select who, min(month) as first from sold where not is_back group by who),
            people as (select who, month, count(*) filter (not is_back) as orders, sum(amount) as amount from sold group by all)
        select case when orders = 0 then 'credits' when first = month then 'new' else 'known' end || year(month) as part,
            [count(*), sum(orders), cast(sum(amount) as double)] as sums
        from people left join firsts using (who) where month in ('2010-11-01', '2011-11-01') group by all""").fetchall()
    )
    for when, year in (("before", 2010), ("now", 2011)):
        for group, parts in (("new", ("new",)), ("known", ("returning", "reactivated")), ("credits", ("credits",))):
            n, orders, amount = truth[f"{group}{year}"]
            nodes = [f"known.{part}" for part in parts]
            assert rows.loc[nodes, f"n_{when}"].sum() == n
            assert rows.loc[nodes, when].sum() == pytest.approx(amount, abs=0.02)
            if group == "new":
                assert rows.loc["known.new.frequency", when] == pytest.approx(orders / n)
    change = sum(truth[f"{group}2011"][2] - truth[f"{group}2010"][2] for group in ("new", "known", "credits"))
    assert float(rows.loc["revenue", "contribution"]) == pytest.approx(change, abs=0.01)
