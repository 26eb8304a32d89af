"""After how many silent days a customer is gone: plain SQL, simulations with known answers, thin data, real data."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from scipy.stats import gamma

from customerbase import churn, i18n
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError
from customerbase.tables import evaluate, schema, store

AS_OF = date(2026, 10, 31)


def engine(days: pd.DataFrame) -> Engine:
    """Orders on so many days before as_of: columns customer, ago, and status where not completed."""
    db = Engine()
    given = {"status": "completed", "cancelled_at": pd.NaT} | {name: days[name] for name in days}
    rows = pd.DataFrame(given)
    rows["order_at"] = [datetime(2026, 10, 31, 23, 30) - timedelta(days=int(ago)) for ago in rows["ago"]]
    rows["cancelled_at"] = pd.to_datetime(rows["cancelled_at"])
    db.register("given", rows)
    db.execute(
        "create table orders as select 's' as source_system, 'o' || row_number() over () as order_id,"
        " cast(customer as varchar) as source_customer_id, order_at, status, cancelled_at from given"
    )
    db.execute(
        "create table identity_links as select distinct source_system, source_customer_id,"
        " 'K' || source_customer_id as customer_id from orders"
    )
    return db


def simulated(customers: int, rng: np.random.Generator, gap, span: int = 900) -> pd.DataFrame:
    """Customers who begin somewhere in the span and buy again after gap(customer) days, until none comes."""
    rows = []
    for customer in range(customers):
        day, draw = int(rng.integers(0, span)), gap(customer)
        while day < span:
            rows.append((customer, span - 1 - day))
            day += max(1, round(draw()))
    return pd.DataFrame(rows, columns=["customer", "ago"])


def test_shares_by_plain_sql():
    rng = np.random.default_rng(4)
    db = engine(simulated(400, rng, lambda _: lambda: 10_000 if rng.random() < 0.3 else rng.exponential(60.0)))
    found = churn.definition(db, as_of=AS_OF)
    rows = found.table[found.table["after"] == "any"].set_index("days")
    silent, gone = db.query("""
        with d as (select distinct customer_id, cast(order_at as date) as day from orders
                   join identity_links using (source_system, source_customer_id)),
        g as (select customer_id, day, lead(day) over (partition by customer_id order by day) as next from d)
        select count(*) filter (coalesce(next > day + 90, day + 90 <= date '2026-10-31')),
               count(*) filter (next is null and day + 90 <= date '2026-10-31') from g""").fetchall()[0]
    assert rows.loc[90, ["silences", "gone_now"]].tolist() == [silent, gone]
    # product limit, one day after another
    lengths = db.query("select days, is_ended, count(*) as n from churn_silences group by all").df()
    survival = 1.0
    for day in range(1, 456):
        there, seen = (
            lengths[lengths["days"] >= day]["n"].sum(),
            lengths[(lengths["days"] == day) & lengths["is_ended"]]["n"].sum(),
        )
        survival *= 1 - seen / there
        if day == 90:
            at_90 = survival
            assert rows.loc[90, "ended"] == pytest.approx(1 - survival, abs=1e-12)
    assert rows.loc[90, "came_back"] == pytest.approx(1 - survival / at_90, abs=1e-12)


def test_the_answer_is_known_and_the_plain_share_is_wrong():
    rng = np.random.default_rng(5)
    rates, leaves = 120.0, 0.15  # after each purchase 15 % leave for ever, the others return after an exponential time
    days = simulated(6_000, rng, lambda _: lambda: 10_000 if rng.random() < leaves else rng.exponential(rates))
    found = churn.definition(engine(days), as_of=AS_OF).table.query("after == 'any'").set_index("days")
    for day in (60, 120, 180):
        # a gap is rounded to whole days: up to day + 1/2
        ended = 0.85 * (1 - np.exp(-(day + 0.5) / rates))
        left = 1 - ended
        back = 0.85 * (np.exp(-(day + 0.5) / rates) - np.exp(-(day + 365.5) / rates)) / left
        assert found.loc[day, "ended_low"] - 0.004 < ended < found.loc[day, "ended_high"] + 0.004
        assert found.loc[day, "came_back_low"] - 0.004 < back < found.loc[day, "came_back_high"] + 0.004
        assert found.loc[day, "ended_naive"] > ended + 0.08


def test_the_shortest_that_keeps_to_the_rule_is_suggested():
    rng = np.random.default_rng(6)
    leaver = lambda mean, share: lambda _: lambda: 10_000 if rng.random() < share else rng.gamma(9.0, mean / 9.0)  # noqa: E731
    clear = churn.definition(engine(simulated(1_500, rng, leaver(28.0, 0.1))), as_of=AS_OF)
    returns = {
        days: 0.9 * gamma.sf(days, 9.0, scale=28.0 / 9.0) for days in churn.definition.__kwdefaults__["candidates"]
    }
    wanted = min(days for days, later in returns.items() if later / (0.1 + later) <= 0.2)
    assert (clear.suggested, clear.reason) == (wanted, "few_return") and wanted == 60
    slow = churn.definition(engine(simulated(1_500, rng, leaver(300.0, 0.05))), as_of=AS_OF)
    assert slow.reason in ("mostly_right", "most_return") and slow.suggested in (None, 365)
    short = churn.definition(engine(simulated(300, rng, leaver(28.0, 0.1), span=200)), as_of=AS_OF)
    assert (short.suggested, short.reason) == (None, "too_short")
    assert short.row(30)["window_days"] < 200
    for one in (clear, slow, short):
        for language in i18n.LANGUAGES:
            said = one.remarks(language)
            assert said and "{" not in "".join(said) and "nan" not in "".join(said)


@pytest.mark.slow
def test_intervals_hold_for_customers_who_differ():
    """Customers with a pace of their own: silences of one customer are alike, and still 95 % holds."""
    rng, hits, runs = np.random.default_rng(7), 0, 150
    truth = []

    def company(customers: int, seed: np.random.Generator) -> Engine:
        pace = seed.gamma(0.7, 80.0, customers) + 5
        return engine(simulated(customers, seed, lambda one: lambda: seed.exponential(pace[one]), span=400))

    truth = churn.definition(company(20_000, rng), as_of=AS_OF).row(60)["ended"]
    for _ in range(runs):
        row = churn.definition(company(150, rng), as_of=AS_OF).row(60)
        hits += row["ended_low"] <= truth <= row["ended_high"]
    assert 0.88 * runs <= hits <= 0.995 * runs


def test_one_silence_a_customer_gives_greenwoods_interval():
    from customerbase.prediction import LifeTable

    rng = np.random.default_rng(8)
    length, ended = rng.integers(1, 300, 500), rng.random(500) < 0.5
    rows = [(one, 300) for one in range(500)] + [
        (one, 300 - int(days)) for one, days in enumerate(length) if ended[one]
    ]
    found = churn.definition(engine(pd.DataFrame(rows, columns=["customer", "ago"])), as_of=AS_OF)
    table = LifeTable.of(np.where(ended, length, 300), ended)
    last = np.flatnonzero(table.time <= 90)[-1]
    low, high = table.survival_interval()
    row = found.row(90, "first")
    assert [row["ended_low"], row["ended_high"]] == pytest.approx([1 - high[last], 1 - low[last]], abs=1e-7)


def test_what_counts_as_a_purchase_day():
    days = pd.DataFrame(
        {
            "customer": [1, 1, 1, 1, 2],
            "ago": [100, 100, 60, 20, 50],
            "status": ["completed", "completed", "cancelled", "cancelled", "credit_note"],
            "cancelled_at": [pd.NaT, pd.NaT, datetime(2026, 9, 30), datetime(2026, 11, 2), pd.NaT],
        }
    )
    db = engine(days)
    churn.definition(db, as_of=AS_OF)  # the order of 20 days ago was cancelled only after as_of
    kept = db.query("select customer_id, number, days, is_ended from churn_silences order by all").fetchall()
    assert kept == [("K1", 1, 80, True), ("K1", 2, 20, False)]


@pytest.mark.parametrize("ago", [[10], [10, 400], [0]])
def test_thin_data_never_raise(ago):
    found = churn.definition(engine(pd.DataFrame({"customer": 1, "ago": ago})), as_of=AS_OF)
    assert found.suggested is None and found.reason == "too_short"
    assert all(found.remarks(language) for language in i18n.LANGUAGES)


def test_nothing_bought_and_impossible_days_are_refused():
    empty = engine(pd.DataFrame({"customer": [1], "ago": [5], "status": ["credit_note"]}))
    with pytest.raises(InputError, match="no known customer has bought"):
        churn.definition(empty, as_of=AS_OF)
    with pytest.raises(ConfigError, match="churn_days is 0"):
        churn.definition(empty, as_of=AS_OF, churn_days=0)
    with pytest.raises(ConfigError, match=r"most_returning is 0\.7"):
        churn.definition(empty, as_of=AS_OF, most_returning=0.7)


def test_as_of_hides_what_came_later_and_rows_may_come_in_any_order():
    rng = np.random.default_rng(9)
    days = simulated(200, rng, lambda _: lambda: rng.exponential(50.0))
    early, seen = AS_OF - timedelta(days=100), days[days["ago"] >= 100]
    mixed = seen.sample(frac=1.0, random_state=1)
    for after, before in zip(
        churn.definition(engine(days), as_of=early).tables().values(),
        churn.definition(engine(mixed), as_of=early).tables().values(),
        strict=True,
    ):
        pd.testing.assert_frame_equal(after, before)


@pytest.mark.parametrize("table", ["churn_definition", "churn_gaps"])
def test_tables_are_as_declared(table):
    rng = np.random.default_rng(10)
    db = engine(simulated(300, rng, lambda _: lambda: rng.exponential(50.0)))
    made, declared = churn.definition(db, as_of=AS_OF).tables()[table], schema(table)
    db.register("_written", store.as_declared(db.connection.from_df(made), declared).to_arrow_table())
    assert [check.reason for check in evaluate(db, declared, "_written") if not check.success] == []


def test_online_retail():
    file = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(f"""create table orders as
        with s as (select *, sheet <> min(sheet) over () or InvoiceDate < '2010-12-01' as is_once from '{file}')
        select 'r' as source_system, Invoice as order_id, cast(any_value(CustomerID) as varchar) as source_customer_id,
            min(InvoiceDate) as order_at, if(Invoice like 'C%', 'credit_note', 'completed') as status,
            cast(null as timestamp) as cancelled_at
        from s where is_once and Invoice not like 'A%' and CustomerID is not null group by Invoice""")
    db.execute(
        "create table identity_links as select distinct source_system, source_customer_id,"
        " source_customer_id as customer_id from orders"
    )
    found = churn.definition(db, as_of=date(2011, 12, 9))
    assert found.row(90)["purchases"] == 33_112
    assert found.row(90)["ended"] == pytest.approx(0.705, abs=0.001)
    assert found.row(90)["ended_naive"] == pytest.approx(0.807, abs=0.001)
    assert found.row(90)["came_back"] == pytest.approx(0.708, abs=0.001)
    assert (found.suggested, found.reason) == (365, "mostly_right")
