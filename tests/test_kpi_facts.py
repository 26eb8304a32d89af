"""The KPIs beyond counts and sums of orders: hand-made figures, identities over random sales, intervals that cover."""

import re
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_tables import link_every_id
from kpi_tables import sales_months

from customerbase import features, kpi
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.intervals import balance
from customerbase.periods import add_months
from customerbase.report import sections

AS_OF = date(2026, 10, 31)


def shop(orders, lines=(), as_of: date = AS_OF) -> Engine:
    """orders: (customer or None, day, amount, channel, store); lines: (order number, pieces, amount, cost or None)."""
    db = Engine(threads=1)
    db.execute("""create table orders (source_system varchar, order_id varchar, source_customer_id varchar, channel varchar,
        store_id varchar, order_at timestamp, status varchar, total decimal(18, 2))""")
    rows = [
        (
            "s",
            str(number),
            o[0],
            o[3] if len(o) > 3 else "web",
            o[4] if len(o) > 4 else None,
            f"{o[1]} 10:00",
            "completed",
            o[2],
        )
        for number, o in enumerate(orders)
    ]
    if rows:
        db.register("given", pd.DataFrame(rows).astype({2: "string", 3: "string", 4: "string"}))
        db.execute("insert into orders select * from given")
    db.execute("""create table order_lines (source_system varchar, order_id varchar, line_type varchar, qty integer,
        amount decimal(18, 2), cost decimal(18, 2))""")
    if lines:
        made = [("s", str(number), "goods", qty, amount, cost) for number, qty, amount, cost in lines]
        db.connection.executemany("insert into order_lines values (?, ?, ?, ?, ?, ?)", made)
    db.execute("create table refunds as select '' as source_system, '' as order_id, timestamp '2000-01-01' as refunded_at,"
               " cast(0 as decimal(18, 2)) as amount where false")  # fmt: skip
    link_every_id(db)
    features.customer_months(db, as_of=as_of)
    store = "(select any_value(store_id) from orders o where o.order_id = d.order_id)"
    sales_months(db, store=store, lines=True)
    return db


def wide(db: Engine, column: str = "value", **options) -> pd.DataFrame:
    """The kpi table with a row per month and a column per KPI."""
    table = kpi.kpi_table(db, as_of=options.pop("as_of", AS_OF), **options).df()
    return table.assign(month=[stamp.date() for stamp in table["month"]]).pivot(
        index="month", columns="kpi", values=column
    )


def shown(column: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in column]


# a buys in January, February and October; b in January; c from March on, with a gap of exactly three months; d once in June
LIVES = [
    ("a", "2026-01-10", 100),
    ("b", "2026-01-20", 100),
    ("a", "2026-02-10", 100),
    ("c", "2026-03-10", 100),
    ("c", "2026-06-10", 100),
    ("d", "2026-06-30", 100),
    ("a", "2026-10-10", 100),
]


def test_who_comes_goes_and_returns_by_hand():
    got = wide(shop(LIVES))
    assert shown(got["new_customers"]) == [2, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    # c ordered three months after the order before: within the limit; a eight months after
    assert shown(got["returning_customers"]) == [None, 1, 0, 0, 0, 1, 0, 0, 0, 0]
    assert shown(got["reactivated_customers"]) == [None, None, None, None, 0, 0, 0, 0, 0, 1]
    # b is lost in April (three months after January), a in May, c and d in September
    assert shown(got["lost_customers"]) == [None, None, None, 1, 1, 0, 0, 0, 2, 0]
    assert shown(got["current_customers"]) == [None, None, 3, 2, 1, 2, 2, 2, 0, 1]
    assert shown(got["loss_rate"]) == [None, None, None, 1 / 3, 1 / 2, 0, 0, 0, 1, None]
    got = wide(shop(LIVES), silence_months=1)
    assert shown(got["lost_customers"]) == [None, 1, 1, 1, 0, 0, 2, 0, 0, 0]


def test_a_silence_limit_below_one_is_refused():
    with pytest.raises(ConfigError, match="silence_months is 0"):
        kpi.kpi_table(shop(LIVES), as_of=AS_OF, silence_months=0)


def test_second_purchase_by_hand():
    orders = [
        ("a", "2026-06-01", 10),
        ("a", "2026-06-01", 10),  # the same day is the same purchase
        ("a", "2026-07-01", 10),  # 30 days later
        ("b", "2026-06-02", 10),
        ("b", "2026-07-03", 10),  # 31 days later
        ("c", "2026-06-03", 10),
        ("d", "2026-10-01", 10),  # 30 days end with the as-of date
        ("e", "2026-10-02", 10),  # … and a day after it
        ("e", "2026-10-05", 10),
    ]
    values, n = wide(shop(orders)), wide(shop(orders), "n")
    june, october = date(2026, 6, 1), date(2026, 10, 1)
    names = [f"second_purchase_{days}" for days in (30, 60, 90, 180)]
    assert shown(values.loc[june, names]) == pytest.approx([1 / 3, 2 / 3, 2 / 3, None])
    assert n.loc[june, names].tolist() == [3, 3, 3, 0]
    assert shown(values.loc[october, names]) == [0, None, None, None] and n.loc[october, names[0]] == 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_second_purchases_are_told_of_the_newest_whole_month(language):
    """Of September the 30 days of the first customers have ended, not of all: August is the newest month to tell of."""
    orders = [(f"{day}{month}", f"2026-{month:02}-{day:02}", 10) for month in (8, 9, 10) for day in range(1, 31)]
    again = [(f"{day}8", "2026-08-31", 10) for day in range(1, 16)]  # each within 30 days
    table = kpi.kpi_table(shop([*orders, *again], as_of=date(2026, 10, 25)), as_of=date(2026, 10, 25)).df()
    [row] = kpi.second_purchases(table).to_dict("records")[:1]
    assert (row["kpi"], row["month"], row["value"], row["n"]) == (
        "second_purchase_30", pd.Timestamp("2026-08-01"), 15 / 30, 30,
    )  # fmt: skip
    shown_ = kpi.second_purchase_frame(table, language)
    assert (
        shown_.iloc[0].tolist()[:3]
        == {
            "ja": ["初回から30日以内", "2026年8月", "50.0%"],
            "en": ["Within 30 days", "Aug 2026", "50.0\u00a0%"],
        }[language]
    )
    withheld = kpi.second_purchase_frame(table, language, k_min=16)  # 15 of 30 came back
    assert withheld.iloc[0].tolist()[2:4] == ["–", "–"]
    data = SimpleNamespace(kpis=table, k_min=10)
    assert sections.second_purchases(data, language).count("50.0") == 1
    assert sections.second_purchases(SimpleNamespace(kpis=table, k_min=31), language) == ""


def test_baskets_prices_and_margin_by_hand():
    orders = [("a", "2026-10-01", 100), ("b", "2026-10-02", 60), (None, "2026-10-03", 40)]
    lines = [(0, 2, 70, 30), (0, 1, 30, None), (1, 3, 60, 24), (2, 4, 40, 10)]
    got = wide(shop(orders, lines)).iloc[0]
    assert got["items_per_order"] == pytest.approx(10 / 3)
    assert got["price_per_item"] == pytest.approx(200 / 10)
    assert got["gross_margin"] == pytest.approx((170 - 64) / 170)
    assert got["cost_coverage"] == pytest.approx(170 / 200)
    assert wide(shop(orders, lines), "n").iloc[0][["items_per_order", "gross_margin"]].tolist() == [3, 3]


def test_an_order_of_fifty_million_has_a_square():
    """DuckDB makes of two decimals of 18 digits a product with 18: too short for the squares behind the intervals."""
    large = 50_000_000.25
    db = shop(
        [
            ("a", "2026-09-01", large),
            ("b", "2026-10-01", large),
            ("a", "2026-10-02", large),
            (None, "2026-10-03", large),
        ]
    )
    got = kpi.kpi_table(db, as_of=AS_OF).df().set_index(["kpi", "month"]).loc["revenue"].iloc[-1]
    assert got["value"] == 3 * large
    assert got["high"] - got["value"] == pytest.approx(1.959963984540054 * 3**0.5 * large)
    assert len(kpi.kpi_by(db, as_of=AS_OF, k_min=1).fetchall()) > 0
    assert kpi.cohorts(db, as_of=AS_OF).df()["revenue"].max() == large
    found = kpi.revenue_tree(db, as_of=AS_OF).df().set_index(["against", "node"]).loc[("last_month", "revenue")]
    assert found["contribution"] == pytest.approx(2 * large, abs=1) and found["high"] > found["contribution"]


def test_the_silent_are_counted_and_never_squared():
    """They have no row of their own: a formula that needs squares over customers must not sum them."""
    counted = {"alive", "alive_before", "lost", "active_before", "retained"}
    for one in kpi.KPIS.values():
        formula = one.formula
        words = set(re.findall(r"[a-z_0-9]+", f"{formula.top} {formula.bottom}"))
        assert formula.kind in ("count", "share") or not words & counted, one.id


def test_without_lines_and_other_sources_the_kpis_are_empty():
    got = wide(shop(LIVES)).iloc[-1]
    nothing = ["items_per_order", "price_per_item", "gross_margin", "cost_coverage", "nps", "csat", "email_open_rate"]
    assert got[[*nothing, "rows_accepted", "validity", "new_customer_value", "reachable_by_email"]].isna().all()


def test_value_of_new_customers_by_hand():
    db = shop([("a", "2026-09-01", 10), ("b", "2026-10-02", 10), ("c", "2026-10-03", 10), ("d", "2026-10-03", 10)])
    db.execute("create table cltv as select * from (values ('s:a', 9.0), ('s:b', 100.0), ('s:c', 50.5), ('s:d', null))"
               " as t(customer_id, cltv)")  # fmt: skip
    values, n = wide(db), wide(db, "n")
    assert values["new_customer_value"].tolist() == [9, 75.25]
    assert n["new_customer_value"].tolist() == [1, 2]


def test_share_of_the_top_tenth_by_hand():
    # 20 customers spend 1, 2, … 20: the two best hold 39 of 210; of 15, one and a half: 15 + 14 / 2 of 120
    for people, best in ((20, 39 / 210), (15, 22 / 120)):
        orders = [(f"c{i:02}", "2025-12-05", i) for i in range(1, people + 1)]
        got = wide(shop([*orders, ("old", "2025-10-31", 1000), (None, "2026-01-01", 500)]))
        assert got.loc[date(2026, 10, 1), "top_decile_share"] == pytest.approx(best)


def test_answers_emails_and_data_by_hand():
    db = shop([("a", "2026-09-01", 10), ("a", "2026-10-01", 10)])
    db.execute("""create table survey_answers as select 's' as source_system, 'S' as survey_id, r as response_id,
        c as source_customer_id, cast(t as timestamp) as answered_at, cast(null as timestamp) as asked_at, scale, scale as question_id, cast(null as varchar) as product_id, cast(v as decimal(18, 4)) as answer_num,
        cast(w as decimal(18, 6)) as weight from (values
        ('1', 'a', '2026-10-01', 'nps', 10, 2), ('2', 'b', '2026-10-02', 'nps', 9, null), ('3', 'c', '2026-10-03', 'nps', 7, 1),
        ('4', null, '2026-10-04', 'nps', 0, 1), ('1', 'a', '2026-10-01', 'five', 4, null),
        ('2', 'b', '2026-10-02', 'five', 3, null), ('5', 'x', '2026-11-01', 'five', 5, null),
        ('2', 'b', '2026-10-02', 'text', null, null)) as t(r, c, t, scale, v, w)""")
    db.execute("create table campaigns as select 's' as source_system, id as campaign_id, channel from"
               " (values ('m', 'email'), ('p', 'push')) as t(id, channel)")  # fmt: skip
    db.execute("""create table campaign_contacts as select 's' as source_system, m as campaign_id, c as source_customer_id, arm,
        cast(d as timestamp) as delivered_at, cast(o as timestamp) as opened_at, cast(k as timestamp) as clicked_at from (values
        ('m', 'a', 'treat', '2026-10-01', '2026-10-02', '2026-10-02'), ('m', 'b', 'treat', '2026-10-01', null, '2026-10-03'),
        ('m', 'c', 'treat', '2026-10-01', '2026-11-02', null), ('m', 'd', 'treat', '2026-10-01', null, null),
        ('m', 'e', 'treat', null, null, null), ('m', 'f', 'control', null, null, null),
        ('p', 'a', 'treat', '2026-10-01', '2026-10-02', null)) as t(m, c, arm, d, o, k)""")
    db.execute("create table source_files as select 100 as rows_read, 97 as rows_accepted")
    db.execute("create table quality_scores as select * from (values ('completeness', 0.5, 10), ('completeness', 0.75, 40),"
               " ('validity', 0.9, 20), ('duplication', 0.05, 20), ('staleness', 3, 20)) as t(dimension, score, n)")  # fmt: skip
    db.execute(
        "create table profile as select * from (values (true, true), (false, true), (false, false)) as t(has_email, has_phone)"
    )
    values, n = wide(db).iloc[-1], wide(db, "n").iloc[-1]
    expected = {
        "nps": (100 * (2 + 1 - 1) / 5, 4),
        "csat": (1 / 2, 2),
        "email_open_rate": (2 / 4, 4),
        "email_click_rate": (2 / 4, 4),
        "rows_accepted": (0.97, 100),
        "completeness": (35 / 50, 50),
        "validity": (0.9, 20),
        "duplication": (0.05, 20),
        "reachable_by_email": (1 / 3, 3),
        "reachable_by_phone": (2 / 3, 3),
    }
    for kpi_id, (value, count) in expected.items():
        assert (values[kpi_id], n[kpi_id]) == (pytest.approx(value), count), kpi_id
    assert wide(db).iloc[0][list(expected)].isna().all()  # nothing is said of September


def nps_of(*answers: tuple[int, int, float]) -> pd.Series:
    """The KPI of a month: so many answers of each number, with a weight each."""
    rows = ", ".join(f"({count}, {number}, {weight})" for count, number, weight in answers)
    db = shop([("a", "2026-10-01", 10)])
    db.execute(
        "create table survey_answers as select 's' as source_system, number || '-' || i as response_id, 'S' as survey_id,"
        " 'q' as question_id, cast(null as varchar) as product_id, cast(null as timestamp) as asked_at,"
        " number || '-' || i as source_customer_id, timestamp '2026-10-02' as answered_at, 'nps' as scale,"
        " cast(number as decimal(18, 4)) as answer_num, cast(weight as decimal(18, 6)) as weight"
        f" from (values {rows}) as t(often, number, weight), lateral (select unnest(range(often)) as i)"
    )
    return kpi.kpi_table(db, as_of=AS_OF).df().set_index("kpi").loc["nps"]


def test_nps_has_the_score_interval_which_has_a_width_where_all_answers_are_alike():
    row = nps_of((50, 10, 1), (30, 8, 1), (20, 2, 1))
    ends = [float(end) * 100 for end in balance(50, 20, 100)]
    assert (row["value"], row["low"], row["high"]) == pytest.approx((30, *ends))
    alike = nps_of((5, 10, 1))
    z2 = 1.959963984540054**2
    assert (alike["value"], alike["high"]) == (100, 100)
    assert alike["low"] == pytest.approx(100 * (5 - z2) / (5 + z2))  # where (1 - d) / (1 + d) = z² / n
    # answers of unequal weight tell less than as many of equal weight
    heavy = nps_of((25, 10, 3), (25, 9, 1), (30, 8, 2), (20, 2, 2))
    assert heavy["value"] == pytest.approx(30) and heavy["high"] - heavy["low"] > row["high"] - row["low"]


def test_cohorts_keep_their_revenue_by_hand():
    db = shop([("a", "2026-08-01", 100), ("b", "2026-08-02", 60), ("a", "2026-09-01", 40), ("b", "2026-10-01", 300), ("c", "2026-10-01", 5)])  # fmt: skip
    got = kpi.cohorts(db, as_of=AS_OF).df()
    august = got[got["cohort_month"] == pd.Timestamp("2026-08-01")]
    assert august["revenue_rate"].tolist() == [1, 40 / 160, 300 / 160]
    assert (august["revenue_low"] <= august["revenue_rate"]).all() and august["revenue_low"].iloc[0] == 1
    assert got.iloc[-1][["revenue_rate"]].tolist() == [1] and np.isnan(got.iloc[-1]["revenue_low"])  # a single customer


SALES = st.lists(
    st.tuples(
        st.sampled_from([*"abcdefgh", None]),
        st.integers(0, 650),
        st.integers(1, 500),
        st.sampled_from(["web", "store", "app", None]),
        st.sampled_from(["1", "2", None]),
    ),
    max_size=60,
)


@settings(max_examples=20, deadline=None)
@given(SALES, st.integers(1, 6))
def test_identities_over_random_sales(sales, silence):
    orders = [(c, f"{date(2025, 1, 15) + timedelta(days=d):%Y-%m-%d}", amount, ch, s) for c, d, amount, ch, s in sales]
    got = wide(shop(orders), silence_months=silence)
    if got.empty:
        return
    back = got["returning_customers"].fillna(0) + got["reactivated_customers"].fillna(0)
    assert (got["active_customers"] == got["new_customers"] + back).all()
    days = {
        (c, datetime.fromisoformat(day).date().replace(day=1)) for c, day, *_ in orders if c and day <= "2026-10-31"
    }
    for month in got.index:  # who has ordered in the months of the limit, counted on the orders
        window = {c for c, when in days if add_months(month, 1 - silence) <= when <= month}
        before = {c for c, when in days if add_months(month, -silence) <= when < month}
        row = got.loc[month]
        if not pd.isna(row["current_customers"]):
            assert row["current_customers"] == len(window)
        if not pd.isna(row["lost_customers"]):
            assert row["lost_customers"] == len(before - window)
            assert len(window) == len(before) + row["new_customers"] + (row["reactivated_customers"] or 0 if not pd.isna(row["reactivated_customers"]) else 0) - row["lost_customers"]  # fmt: skip
