"""KPIs against a hand-computed year, the identity of the tree, exact decomposition, a complete registry."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from identity_tables import link_every_id
from kpi_tables import sales_months

from customerbase import features, kpi
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.kpi import registry
from customerbase.kpi.changes import verdict
from customerbase.kpi.exact import round_to_total, shapley

ROOT = Path(__file__).resolve().parents[1]
AS_OF = date(2026, 10, 31)
IDS = [
    "active_customers",
    "new_customers",
    "repeat_rate",
    "orders",
    "revenue",
    "average_order_value",
    "purchase_frequency",
    "retention_rate",
    "revenue_identified",
    "revenue_anonymous",
]


def engine(orders, refunds=()) -> Engine:
    """orders: (customer or None, day, amount, status); refunds: (order number, day, amount)."""
    db = Engine(threads=1)
    columns = ["source_customer_id", "order_at", "total", "status"]
    frame = pd.DataFrame(
        [(o[0], datetime.fromisoformat(o[1]), o[2], (*o, "completed")[3]) for o in orders], columns=columns
    )
    frame = frame.assign(source_system="s", order_id=[str(i) for i in range(len(frame))], channel="web")
    types = (
        "cast(source_customer_id as varchar) as source_customer_id, cast(order_at as timestamp) as order_at,"
        " cast(total as decimal(18, 2)) as total, source_system, cast(order_id as varchar) as order_id, channel, status"
    )
    db.register("orders", db.connection.from_df(frame).project(types))
    back = pd.DataFrame(
        [(str(i), datetime.fromisoformat(day), amount) for i, day, amount in refunds] or [("-", AS_OF, 0)],
        columns=["order_id", "refunded_at", "amount"],
    )
    db.register(
        "refunds",
        db.connection.from_df(back).project(
            "'s' as source_system, order_id, cast(refunded_at as timestamp) as refunded_at,"
            " cast(amount as decimal(18, 2)) as amount"
        ),
    )
    link_every_id(db)
    features.customer_months(db, as_of=AS_OF)
    sales_months(db)
    return db


def table(db: Engine) -> pd.DataFrame:
    return kpi.kpi_table(db, as_of=AS_OF).df()


def values(frame: pd.DataFrame, kpi_id: str, column: str = "value") -> list:
    rows = frame[frame["kpi"] == kpi_id].sort_values("month")
    return [None if pd.isna(value) else value for value in rows[column]]


# July: a, b order (a twice). August: nobody known. September: a and new c. October: a and c again, new d; d's order is
# given back in part, an anonymous sale, a credit note for b; a November order is not seen.
YEAR = [
    ("a", "2026-07-01", 100),
    ("a", "2026-07-31 23:59:59", 50),
    ("b", "2026-07-15", 30),
    (None, "2026-08-02", 7),
    ("a", "2026-09-09", 200),
    ("c", "2026-09-10", 40),
    ("c", "2026-09-11", 99, "cancelled"),
    ("a", "2026-10-01", 10),
    ("c", "2026-10-02", 20),
    ("c", "2026-10-31 23:00:00", 25),
    ("d", "2026-10-05", 70),
    (None, "2026-10-06", 5),
    ("b", "2026-10-07", -30, "credit_note"),
    ("e", "2026-11-01", 1000),
]
BACK = [(10, "2026-10-20", 15), (6, "2026-10-20", 99)]


def test_every_kpi_of_every_month_by_hand():
    got = table(engine(YEAR, BACK))
    assert sorted(set(got["kpi"])) == sorted(kpi.KPIS)
    assert len(got) == len(kpi.KPIS) * 4
    assert values(got, "active_customers") == [2, 0, 2, 3]
    assert values(got, "new_customers") == [2, 0, 1, 1]
    assert values(got, "repeat_rate") == [None, None, 0.5, pytest.approx(2 / 3)]
    assert values(got, "orders") == [3, 1, 2, 5]
    assert values(got, "revenue") == [180, 7, 240, 85]  # 10 + 20 + 25 + 70 + 5 - 30 - 15
    assert values(got, "revenue_identified") == [180, 0, 240, 80]
    assert values(got, "revenue_anonymous") == [0, 7, 0, 5]
    assert values(got, "purchase_frequency") == [1.5, None, 1, pytest.approx(4 / 3)]
    assert values(got, "average_order_value") == [60, None, 120, 20]
    assert values(got, "retention_rate") == [None, 0, None, 1]
    assert values(got, "retention_rate", "n") == [0, 2, 0, 2]
    assert values(got, "average_order_value", "n") == [3, 0, 2, 4]


def test_null_and_not_nan_where_undefined():
    db = engine(YEAR, BACK)
    found = kpi.kpi_table(db, as_of=AS_OF).filter("value is null and (low is not null or high is not null)").fetchall()
    assert found == []
    assert kpi.kpi_table(db, as_of=AS_OF).filter("isnan(value) or isnan(low) or isnan(high)").fetchall() == []


def test_value_lies_in_its_interval():
    got = table(engine(YEAR, BACK)).dropna()
    assert (got["low"] <= got["value"]).all()
    assert (got["value"] <= got["high"]).all()
    assert len(got) >= 25


def test_data_until_shows_a_month_cut_short():
    db = engine(YEAR, BACK)
    assert kpi.data_until(db, as_of=AS_OF) == AS_OF
    assert kpi.data_until(db, as_of=date(2026, 9, 30)) == date(2026, 9, 10)


def test_no_orders_no_months_no_error():
    db = engine([])
    assert kpi.kpi_table(db, as_of=AS_OF).fetchall() == []
    assert kpi.cohorts(db, as_of=AS_OF).fetchall() == []
    assert kpi.data_until(db, as_of=AS_OF) is None
    assert set(kpi.compare(table(db), as_of=AS_OF)["verdict"]) == {"unknown"}


def test_cohorts_by_hand():
    got = kpi.cohorts(engine(YEAR, BACK), as_of=AS_OF).df()
    rows = {(row.cohort_month.month, row.months_since): (row.customers, row.retained) for row in got.itertuples()}
    assert rows == {
        (7, 0): (2, 2),
        (7, 1): (2, 0),
        (7, 2): (2, 1),
        (7, 3): (2, 1),
        (9, 0): (1, 1),
        (9, 1): (1, 1),
        (10, 0): (1, 1),
    }
    assert got["rate"].tolist() == [1, 0, 0.5, 0.5, 1, 1, 1]


def test_compare_by_hand():
    got = kpi.compare(table(engine(YEAR, BACK)), as_of=AS_OF).set_index(["kpi", "against"])
    last = got.loc[("revenue", "last_month")]
    assert (last["value"], last["previous"], last["change"]) == (85, 240, -155)
    assert last["change_ratio"] == pytest.approx(-155 / 240)
    assert last["verdict"] == "no_clear_change"  # five orders say nothing
    assert (got.xs("last_year", level="against")["verdict"] == "unknown").all()
    assert got.loc[("retention_rate", "last_month"), "verdict"] == "unknown"
    assert got.loc[("revenue_anonymous", "last_month"), "change_ratio"] is None or np.isnan(
        got.loc[("revenue_anonymous", "last_month"), "change_ratio"]
    )  # against 0


def test_a_large_change_is_clear_and_a_small_one_is_not():
    many = [(f"c{i}", "2026-09-05", 100 + i % 7) for i in range(100)]
    many += [(f"c{i}", "2026-10-05", 100 + i % 7) for i in range(170)]
    got = kpi.compare(table(engine(many)), as_of=AS_OF).set_index(["kpi", "against"])["verdict"]
    assert got[("active_customers", "last_month")] == "up"
    assert got[("revenue", "last_month")] == "up"
    assert got[("average_order_value", "last_month")] == "no_clear_change"


def test_verdict_at_the_border():
    assert [verdict(0.0, 1), verdict(0.1, 1), verdict(-1, -0.1), verdict(-1, 0.0)] == [
        "no_clear_change",
        "up",
        "down",
        "no_clear_change",
    ]


def test_revenue_change_by_hand():
    got = kpi.revenue_change(table(engine(YEAR, BACK)), month=date(2026, 10, 1), before=date(2026, 9, 1)).set_index(
        "part"
    )
    # 2 × 1 × 120 -> 3 × 4/3 × 20; customers: 1 × (120/3 + (160 + 20)/6 + 80/9) = 78.888…, and so on
    factors = shapley((Fraction(2), Fraction(1), Fraction(120)), (Fraction(3), Fraction(4, 3), Fraction(20)))
    assert [round(float(x), 2) for x in factors] == [78.89, 55.56, -294.44]
    assert got["contribution"].to_dict() == {
        "active_customers": 78.89,
        "purchase_frequency": 55.55,
        "average_order_value": -294.44,
        "revenue_anonymous": 5.0,
    }
    assert sum(Decimal(str(x)) for x in got["contribution"]) == 85 - 240


def test_revenue_change_is_empty_without_orders_before():
    got = table(engine(YEAR, BACK))
    assert kpi.revenue_change(got, month=date(2026, 9, 1), before=date(2026, 8, 1)).empty
    assert kpi.revenue_change(got, month=date(2026, 10, 1), before=date(2025, 10, 1)).empty


@settings(deadline=None)
@given(st.lists(st.tuples(st.fractions(-9, 9), st.fractions(-9, 9)), min_size=3, max_size=3))
def test_contributions_add_up_exactly(pairs):
    before, now = zip(*pairs, strict=True)
    assert sum(shapley(before, now)) == now[0] * now[1] * now[2] - before[0] * before[1] * before[2]
    for part, (old, new) in zip(shapley(before, now), pairs, strict=True):
        assert old != new or part == 0  # a factor that did not move moved nothing


@given(st.lists(st.fractions(-1000, 1000), min_size=1, max_size=5))
def test_rounding_keeps_the_total_and_moves_nothing_by_a_whole(parts):
    total = round(sum(parts))
    assume(abs(total - sum(parts)) <= Fraction(1, 2))
    exact = {str(i): part for i, part in enumerate(parts)}
    shift = Fraction(total) - sum(parts)
    exact["0"] += shift
    rounded = round_to_total(exact, total)
    assert sum(rounded.values()) == total
    assert all(abs(rounded[name] - exact[name]) < 1 for name in exact)


SALES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", None]),
        st.integers(0, 120),
        st.integers(-500, 5000),
        st.sampled_from(["completed", "completed", "credit_note", "cancelled"]),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(SALES)
def test_identity_of_the_tree_in_every_month(sales):
    rows = [
        (c, f"{date(2026, 7, 1) + pd.Timedelta(days=day):%Y-%m-%d}", cents / 100, status)
        for c, day, cents, status in sales
    ]
    wide = table(engine(rows)).pivot(index="month", columns="kpi", values="value")
    if wide.empty:
        return
    product = wide["active_customers"] * wide["purchase_frequency"] * wide["average_order_value"]
    active = wide["active_customers"] > 0
    np.testing.assert_allclose(product[active], wide["revenue_identified"][active], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(wide["revenue"], wide["revenue_identified"] + wide["revenue_anonymous"], atol=1e-6)
    counted = [row for row in rows if row[3] != "cancelled" and row[1] <= "2026-10-31"]
    assert wide["revenue"].sum() == pytest.approx(sum(row[2] for row in counted), abs=1e-6)
    assert wide["new_customers"].sum() == len({row[0] for row in counted if row[0] and row[3] == "completed"})


@pytest.mark.parametrize("kpi_id", IDS)
def test_registry_entry_is_complete(kpi_id):
    entry = kpi.find(kpi_id)
    assert entry.function is getattr(kpi, kpi_id)
    assert entry.function.__name__ == kpi_id
    assert entry.definition_en == entry.function.__doc__.strip().splitlines()[0]
    assert entry.definition_en.endswith(".") and entry.definition_ja.endswith("。")
    assert entry.unit in registry.UNITS
    assert kpi.name(kpi_id, "en") != kpi.name(kpi_id, "ja")


def test_unknown_kpi_names_the_near_miss():
    with pytest.raises(ConfigError, match="Did you mean 'repeat_rate'"):
        kpi.find("repeat_rat")


def test_glossary_page_is_fresh():
    from customerbase import segments

    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    generated = kpi.glossary() + segments.glossary()
    start = page.index(generated[0])
    assert page[start : start + len(generated)] == generated, "docs/glossary.md is stale: see its first lines"
    rows = [line for line in page if line.startswith("| ")]
    terms = [line.split("|")[1].strip() for line in rows]
    assert len(terms) == len(set(terms))
    assert all(line.count("|") == 4 for line in rows)


def test_history_and_triangle_by_hand():
    db = engine(YEAR, BACK)
    revenue = kpi.history(table(db), "revenue")
    assert revenue["value"].tolist() == [180, 7, 240, 85]
    assert revenue["last_year"].isna().all()
    many = [("a", f"{2025 + i // 12}-{i % 12 + 1:02}-05", 10 * (i + 1)) for i in range(22)]
    assert kpi.history(table(engine(many)), "revenue")["last_year"].tolist()[-2:] == [90, 100]
    rates = kpi.triangle(kpi.cohorts(db, as_of=AS_OF).df(), k_min=1)
    assert rates.loc[date(2026, 7, 1)].tolist() == [1, 0, 0.5, 0.5]
    withheld = kpi.triangle(kpi.cohorts(db, as_of=AS_OF).df(), k_min=2).loc[date(2026, 7, 1)]
    assert withheld[[0, 1]].tolist() == [1, 0]
    assert withheld[[2, 3]].isna().all()
