"""The repurchase clock from tables: counts by plain SQL and by hand, edges of real shops, expectations, same bytes."""

from datetime import date, timedelta

import clock_logs
import numpy as np
import pandas as pd
import pytest

from customerbase import propensity
from customerbase.errors import ConfigError
from customerbase.propensity.repurchase.counts import choose, counts, gather, things
from customerbase.tables import evaluate, schema
from customerbase.tables.store import as_declared

AS_OF = date(2026, 6, 30)
START = date(2024, 7, 1)
SPAN = (AS_OF - START).days + 1
CATEGORIES = {"tea": "Food > Drinks > Tea", "jam": "Food > Spreads", "soap": "Care", "gift": None}
ONE = propensity.ClockOptions(level="category", fewest=20)


def busy(people: int = 400, seed: int = 0, product: str = "tea") -> list[tuple[str, str, str]]:
    """Purchases by law, with jam beside the tea at times."""
    rng = np.random.default_rng(seed)
    log = clock_logs.renewals(people, rng, span=SPAN, typical=21)
    what = np.where(rng.random(len(log)) < 0.8, product, rng.choice(["jam", "soap", "gift"], len(log)))
    days = [str(START + timedelta(days=int(day))) for day in log["day"]]
    return list(zip((f"k{one}" for one in log["customer"]), days, what, strict=True))


@pytest.fixture(scope="module")
def db():
    return clock_logs.shop(busy(), CATEGORIES)


@pytest.fixture(scope="module")
def made(db):
    return propensity.clock(db, as_of=AS_OF, options=ONE)


def one(frame: pd.DataFrame, thing: str) -> pd.Series:
    [row] = [row for _, row in frame[frame["thing"] == thing].iterrows()]
    return row


# --- counts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", ["any", "second"])
def test_things_days_and_shares_by_plain_sql(db, gap):
    made = propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(gap=gap, fewest=20))
    first = "where number = 1" if gap == "second" else ""
    text = f"""
        with days as (
            select distinct source_customer_id as who, order_at::date as day from orders join order_lines using (order_id)
            where product_id in ('tea', 'jam')),
        spells as (
            select who, day, lead(day) over (partition by who order by day) - day as gap,
                date '{AS_OF}' - day as watched, row_number() over (partition by who order by day) as number from days)
        select * from spells {first}"""
    db.execute(f"create or replace temp table spells as {text}")
    row = one(made.things, "Food")
    truth = db.query("select count(distinct who), count(*), count(*) filter (gap <= 365) from spells").fetchall()[0]
    assert (row["customers"], row["purchases"], row["repeats"]) == truth
    days = made.days[made.days["thing"] == "Food"].set_index("day")
    for day in (1, 7, 14, 30, 60, 90):
        at_risk, events = db.query(
            f"select count(*) filter (coalesce(gap, watched) >= {day}), count(*) filter (gap = {day}) from spells"
        ).fetchall()[0]
        assert (days["at_risk"][day], days["events"][day]) == (at_risk, events)
    # Kaplan-Meier as a product typed in SQL
    shares = db.query("""
        with daily as (
            select d.day, count(*) filter (coalesce(gap, watched) >= d.day) as n, count(*) filter (gap = d.day) as k
            from spells, (select unnest(range(1, 91)) as day) d group by d.day)
        select d.day, 1 - exp(sum(ln(1 - k / n))) from daily join (values (14), (30), (60), (90)) d(day) on daily.day <= d.day
        group by d.day order by d.day""").fetchall()
    for day, share in shares:
        assert row[f"share_{day}d"] == pytest.approx(share, abs=1e-9)
        assert row[f"share_{day}d_low"] < share < row[f"share_{day}d_high"]


def test_a_gap_by_hand():
    rows = [
        ("a", "2026-01-01", "tea"),
        ("a", "2026-01-11", "jam"),
        ("a", "2026-01-31", "tea"),
        ("b", "2026-06-20", "tea"),
    ]
    db = clock_logs.shop(rows, CATEGORIES)
    for level, gap, expected in (
        ("product", "any", [(30, True), (150, False), (10, False)]),  # tea
        ("category", "any", [(10, True), (20, True), (150, False), (10, False)]),
        ("category", "second", [(10, True), (10, False)]),
        ("all", "second", [(10, True), (10, False)]),
    ):
        gather(db, as_of=AS_OF, level=level)
        thing = {"product": "tea", "category": "Food", "all": "all"}[level]
        choose(db, [thing])
        found = counts(db, as_of=AS_OF, gap=gap, longest=200)[thing]
        events, risk = np.zeros(200), np.zeros(200)
        for days, bought in expected:
            events[days - 1] += bought
            risk[:days] += 1
        assert found.events.sum(axis=0).tolist() == events.tolist()
        assert found.at_risk.sum(axis=0).tolist() == risk.tolist()
        assert found.table.hazard == pytest.approx(np.where(risk > 0, events / np.maximum(risk, 1), 0))


def test_a_gap_longer_than_looked_at_is_one_that_did_not_end():
    db = clock_logs.shop([("a", "2026-01-01", "tea"), ("a", "2026-05-01", "tea")], CATEGORIES)
    gather(db, as_of=AS_OF, level="product")
    choose(db, ["tea"])
    found = counts(db, as_of=AS_OF, gap="any", longest=90)["tea"]
    assert found.events.sum() == 0 and found.at_risk.sum(axis=0)[-1] == 1
    assert things(db, gap="any", longest=90)["repeats"].tolist() == [0]
    assert things(db, gap="any", longest=120)["repeats"].tolist() == [1]


def test_parts_of_the_customers_are_whole_customers(db):
    gather(db, as_of=AS_OF, level="category")
    assert db.query(
        "select max(n) from (select count(distinct customer_group) as n from clock_days group by customer_id)"
    ).fetchall() == [(1,)]
    assert db.query("select count(distinct customer_group) from clock_days").fetchall() == [(16,)]


# --- what is a purchase -------------------------------------------------------------------------------------------------


def test_same_day_purchases_cancelled_orders_credit_notes_and_refunds():
    rows = [("a", "2026-01-01", "tea")] * 3 + [("a", f"2026-02-0{day}", "tea") for day in (1, 2, 3, 4)]
    db = clock_logs.shop(rows, CATEGORIES, "update orders set status = 'cancelled', cancelled_at = order_at + interval 2 day"
        " where order_at::date = date '2026-02-01'; update orders set status = 'credit_note' where order_at::date = date '2026-02-02';"
        "create table refunds as select 's' as source_system, order_id, cast(1 as decimal(18, 2)) as amount,"
        " order_at + interval 5 day as refunded_at from orders where order_at::date = date '2026-02-03'")  # fmt: skip
    gather(db, as_of=AS_OF, level="all")
    days = db.query("select day from clock_days order by day").fetchall()
    assert [str(day) for (day,) in days] == ["2026-01-01", "2026-02-03", "2026-02-04"]
    # on the day after it was placed the order of 1 February was not cancelled yet
    gather(db, as_of=date(2026, 2, 2), level="all")
    assert db.query("select count(*) from clock_days").fetchall() == [(2,)]


def test_the_future_of_as_of_is_not_seen(db):
    cut = date(2025, 12, 31)
    before = clock_logs.shop([row for row in busy() if row[1] <= str(cut)], CATEGORIES)
    one, other = (propensity.clock(each, as_of=cut, options=ONE) for each in (db, before))
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(_frame(table), _frame(other.tables()[name]))


# --- edges ---------------------------------------------------------------------------------------------------------------


def _clock(rows, categories=None, **options):
    made = propensity.clock(
        clock_logs.shop(rows, categories or CATEGORIES),
        as_of=AS_OF,
        options=propensity.ClockOptions(**{"fewest": 20} | options),
    )
    check_expectations(made)
    for language in ("en", "ja"):
        assert all("{" not in text for text in made.remarks(language))
    return made


def codes(made) -> list[str]:
    return [note.code for note in made.notes]


def test_nobody_has_bought_anything_yet():
    made = propensity.clock(clock_logs.shop(busy(20), CATEGORIES), as_of=date(2020, 1, 1), options=ONE)
    check_expectations(made)
    assert not len(made.things) and not len(made.days) and not len(made.calendar) and made.due.fetchall() == []
    assert codes(made) == ["nothing_bought"] and "2020-01-01" in made.remarks("en")[0]
    assert made.records() == {
        "clock_things": 0, "clock_things_with_peak": 0, "clock_due": 0, "clock_due_customers": 0, "clock_expected_30d": 0.0,
    }  # fmt: skip


def test_everybody_bought_once():
    made = _clock([(f"k{n}", str(START + timedelta(days=n)), "tea") for n in range(300)])
    assert made.things["verdict"].tolist() == ["few"] and made.things["repeats"].tolist() == [0]
    assert made.things["share_90d"].tolist() == [0.0] and made.things["median_days"].isna().all()
    assert made.due.fetchall() == [] and codes(made) == ["nobody_returned", "few"]


def test_a_brand_new_shop_says_nothing_of_days_it_has_not_seen():
    opening = AS_OF - timedelta(days=40)
    rng = np.random.default_rng(1)
    rows = [
        (f"k{n}", str(opening + timedelta(days=int(day))), "tea") for n in range(400) for day in rng.integers(0, 41, 3)
    ]
    made = _clock(rows)
    [row] = made.things.to_dict("records")
    assert 14 <= row["known_days"] <= 40 and pd.isna(row["share_60d"]) and row["share_14d"] > 0
    assert made.days["day"].max() == row["known_days"]
    assert "short_history" in codes(made)
    assert _clock([(f"k{n}", str(AS_OF), "tea") for n in range(50)]).things["verdict"].tolist() == ["few"]


def test_one_category_and_goods_without_any():
    only = _clock(busy(200), dict.fromkeys(CATEGORIES, "Everything"))
    whole = _clock(busy(200), level="all")
    assert only.things["thing"].tolist() == ["Everything"] and whole.things["thing"].tolist() == ["all"]
    columns = ["customers", "purchases", "repeats", "peak_day", "best_day", "share_30d"]
    assert only.things[columns].values.tolist() == whole.things[columns].values.tolist()
    unknown = _clock(busy(200), dict.fromkeys(CATEGORIES))
    assert not len(unknown.things) and codes(unknown) == ["no_category"]
    some = _clock(busy(200), CATEGORIES | {"soap": None, "jam": None})
    assert "no_category" in codes(some) and some.things["thing"].tolist() == ["Food"]


def test_anonymous_orders_are_nobodys(db):
    rows = [*busy(200), *[(None, str(AS_OF), "tea")] * 5]
    named = clock_logs.shop(busy(200), CATEGORIES)
    everybody = clock_logs.shop(
        rows, CATEGORIES, "update orders set source_customer_id = null where source_customer_id = 'None'"
    )
    one, other = (propensity.clock(each, as_of=AS_OF, options=ONE).things for each in (named, everybody))
    pd.testing.assert_frame_equal(one, other)


def test_at_most_so_many_things_those_with_the_most_repeats():
    made = _clock(busy(300), level="product", most=2)
    everything = _clock(busy(300), level="product")
    assert made.things["thing"].tolist() == everything.things["thing"].tolist()[:2]
    assert everything.things["repeats"].is_monotonic_decreasing and len(everything.things) == 4


# --- tables and words ----------------------------------------------------------------------------------------------------


def _frame(table) -> pd.DataFrame:
    return table if isinstance(table, pd.DataFrame) else table.df()


def check_expectations(made) -> None:
    engine = clock_logs.Engine()
    for name, table in made.tables().items():
        engine.register(f"_{name}", _frame(table))
        relation = as_declared(engine.query(f"select * from _{name}"), schema(name))
        engine.register(name, relation)
        assert [check.reason for check in evaluate(engine, schema(name), name) if not check.success] == []


def test_tables_are_as_declared(made):
    assert list(made.tables()) == ["repurchase_clock", "repurchase_things", "repurchase_due", "repurchase_calendar"]
    check_expectations(made)


def test_the_planted_clock_and_what_is_kept_of_it(made):
    row = one(made.things, "Food")
    assert (
        row["verdict"] == "peak"
        and abs(row["peak_day"] - 22) <= 2
        and row["peak_low"] <= row["peak_day"] <= row["peak_high"]
    )
    assert row["best_day"] < row["peak_day"] and row["good_from"] <= row["best_day"] <= row["good_to"]
    kept = made.records()
    assert kept["clock_things"] == 2 and kept["clock_things_with_peak"] == 1
    assert kept["clock_due"] == len(made.due.df()) > 0
    assert [note.code for note in made.notes] == ["no_category", "assumed"]


def test_the_same_tables_give_the_same_bytes(made):
    again = propensity.clock(clock_logs.shop(busy(), CATEGORIES), as_of=AS_OF, options=ONE)
    for name, table in made.tables().items():
        assert _frame(table).to_csv() == _frame(again.tables()[name]).to_csv()


def test_two_clocks_of_one_engine_keep_their_own_lists(db, made):
    before = made.due.fetchall()
    other = propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(level="product", fewest=20))
    assert made.due.fetchall() == before != other.due.fetchall()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"level": "categry"}, r"level is 'categry'; expected one of all, category, product. Did you mean 'category'"),
        ({"gap": "first"}, r"gap is 'first'; expected one of second, any"),
        ({"longest": 7}, r"longest is 7; expected a whole number from 28 to 1,500"),
        ({"fewest": 1}, r"fewest is 1; expected a whole number from 20"),
        ({"floor": 2}, r"floor is 2; expected a probability from 0 to 1"),
        ({"longest": 60}, r"contact\.horizon is 90; expected at most longest, 60 days"),
    ],
)
def test_impossible_options_are_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        propensity.ClockOptions(**wrong)
