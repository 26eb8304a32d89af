"""The support desk: waits with what is still open, months and groups against plain SQL, what is missing, repeated trouble."""

from datetime import date, datetime, timedelta

import desk_tables
import numpy as np
import pandas as pd
import pytest
from desk_tables import AS_OF, UNTIL, inquiry

from customerbase import i18n
from customerbase.charts.desk import Pictures
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.satisfaction import inquiries
from customerbase.satisfaction.inquiries import desk, looks
from customerbase.satisfaction.inquiries.facts import gather
from customerbase.satisfaction.inquiries.times import Waits, same_median
from customerbase.tables import evaluate, schemas, store

DAY = datetime(2026, 10, 10, 9)


# --- waits ----------------------------------------------------------------------------------------------------------------


def watched(seed: int, n: int = 120, scale: float = 30.0) -> Waits:
    """Exponential waits of mean `scale` hours, watched for up to 160 hours from an arrival at any time."""
    rng = np.random.default_rng(seed)
    seconds, until = rng.exponential(scale * 3600, n), rng.uniform(0, 160 * 3600, n)
    return Waits.of(np.where(seconds <= until, seconds, np.nan), np.minimum(seconds, until))


def test_the_median_counts_what_still_waits_and_that_of_the_closed_ones_is_far_too_small():
    truth = 30 * np.log(2)
    found = [watched(seed) for seed in range(60)]
    medians = np.array([one.quantile(0.5)[0] for one in found])
    assert np.nanmean(medians) == pytest.approx(truth, rel=0.05)
    closed = [np.median(one.curve.time[one.curve.events > 0]) for one in found]
    assert np.mean(closed) < 0.85 * truth


def test_intervals_of_median_tail_and_share_hold_the_truth_as_often_as_they_say():
    truth = {"half": 30 * np.log(2), "tail": 30 * np.log(10), "day": 1 - np.exp(-24 / 30)}
    inside = dict.fromkeys(truth, 0)
    for seed in range(300):
        waits = watched(seed)
        for name, (_, low, high) in {
            "half": waits.quantile(0.5),
            "tail": waits.quantile(0.9),
            "day": waits.within(24),
        }.items():
            inside[name] += low <= truth[name] <= (np.inf if np.isnan(high) else high)
    assert all(0.92 <= count / 300 <= 0.99 for count in inside.values()), inside


def test_published_median_and_interval_of_remission_times():
    # 6-MP arm of Freireich et al. (1963), weeks: median 23, 95 % interval of R's survfit with log-log from 13 without an end
    weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    seen = np.arange(21) < 9
    waits = Waits.of(np.where(seen, weeks, np.nan) * 3600, np.array(weeks, dtype=float) * 3600)
    value, low, high = waits.quantile(0.5)
    assert (value, low) == (23, 13) and np.isnan(high)
    assert (waits.n, waits.waiting) == (21, 12)


def test_two_months_of_the_same_desk_differ_as_often_as_chance_and_slower_ones_are_told():
    def p(seed: int, slower: float) -> float:
        one, two = watched(seed), watched(seed + 1000, scale=30 * slower)
        times, seen = (
            np.concatenate([side(w.curve) for w in (one, two)])
            for side in (lambda c: c.time * 3600, lambda c: c.events > 0)
        )
        return same_median(one, two, Waits.of(np.where(seen, times, np.nan), times))

    same = np.array([p(seed, 1.0) for seed in range(300)])
    assert 0.02 <= (same < 0.05).mean() <= 0.09
    assert np.mean([p(seed, 2.0) < 0.05 for seed in range(40)]) > 0.8


def test_waits_of_nobody_of_one_and_of_all_alike():
    nobody = Waits.of(np.zeros(0), np.zeros(0))
    assert nobody.n == 0 and all(np.isnan(nobody.quantile(0.5)))
    one = Waits.of(np.array([7200.0]), np.array([7200.0]))
    assert one.quantile(0.5)[0] == 2 and np.isnan(one.quantile(0.5)[2])
    share, low, high = Waits.of(np.full(20, 3600.0), np.full(20, 3600.0)).within(24)
    assert (share, high) == (1, 1) and 0.8 < low < 0.9
    assert np.isnan(Waits.of(np.array([np.nan]), np.array([3600.0])).within(24)[0])  # watched for an hour only


# --- months and groups against plain SQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def db():
    return desk_tables.months(3, size=60)


@pytest.fixture(scope="module")
def found(db):
    return inquiries.inquiries(db, as_of=AS_OF)


def test_volume_flow_backlog_and_shares_by_plain_sql(db, found):
    plain = db.query("""
        with ends as (select unnest(generate_series(date '2025-10-01', date '2026-10-01', interval 1 month))::date as month)
        select month,
            (select count(*) from inquiries where date_trunc('month', opened_at) = month) as opened,
            (select count(*) from inquiries where date_trunc('month', closed_at) = month) as closed,
            (select count(*) from inquiries where opened_at < month + interval 1 month
                and (closed_at is null or closed_at >= month + interval 1 month)) as backlog,
            (select 100.0 * count(*) from inquiries where date_trunc('month', opened_at) = month)
                / (select count(*) from orders where date_trunc('month', order_at) = month) as per_100_orders,
            (select count(*) filter (reopened_at is not null) / count(*) from inquiries
                where date_trunc('month', opened_at) = month and (closed_at is not null or reopened_at is not null)) as reopened_share
        from ends order by month""").df()  # fmt: skip
    wide = found.months.pivot(index="month", columns="measure", values="value")
    assert len(wide) == len(plain) == 13
    for measure in ("opened", "closed", "backlog", "per_100_orders", "reopened_share"):
        np.testing.assert_allclose(wide[measure].to_numpy(), plain[measure].to_numpy(dtype=float), err_msg=measure)


def test_times_of_a_month_that_is_over_are_plain_quantiles(db, found):
    # everything of June was answered and closed by October: the Kaplan-Meier median is the discrete one
    [plain] = db.query("""
        select quantile_disc(epoch(first_reply_at - opened_at) / 3600, 0.5), quantile_disc(epoch(first_reply_at - opened_at) / 3600, 0.9),
            quantile_disc(epoch(closed_at - opened_at) / 3600, 0.5), quantile_disc(epoch(closed_at - opened_at) / 3600, 0.9),
            avg(case when first_reply_at - opened_at <= interval 24 hour then 1 else 0 end)
        from inquiries where date_trunc('month', opened_at) = date '2026-06-01'""").fetchall()
    june = found.months[found.months["month"] == date(2026, 6, 1)].set_index("measure")
    measures = ["reply_median", "reply_p90", "solution_median", "solution_p90", "reply_in_day"]
    assert [june.loc[name, "value"] for name in measures] == pytest.approx(list(plain), abs=1e-9)
    assert (june.loc[measures, "waiting"] == 0).all()


def test_the_newest_month_counts_those_that_still_wait(db, found):
    waiting = db.query(
        "select count(*) from inquiries where opened_at >= date '2026-10-01' and closed_at is null"
    ).fetchone()[0]
    row = found.months[(found.months["month"] == date(2026, 10, 1)) & (found.months["measure"] == "solution_median")]
    assert waiting > 0 and row["waiting"].tolist() == [waiting]


def test_groups_by_plain_sql_and_they_add_up(db, found):
    table = found.groups[found.groups["measure"] == "opened"]
    for dimension in desk.DIMENSIONS:
        plain = dict(
            db.query(f"""select coalesce({dimension}, 'unknown'), count(*) filter (opened_at >= date '2026-10-01') from inquiries
            left join rfm on 'C' || source_customer_id = customer_id
            where opened_at >= date '2026-09-01' group by all""").fetchall()
        )
        mine = table[table["dimension"] == dimension].set_index("group_value")["value"]
        assert mine.to_dict() == plain
        assert mine.sum() == table[table["dimension"] == "all"]["value"].iloc[0]


def test_a_desk_that_slowed_down_is_told_and_one_that_did_not_is_not():
    slow = desk.groups(gather(desk_tables.months(5, size=60, slower=3.0, first=21), as_of=AS_OF)).set_index(
        ["dimension", "measure"]
    )
    row = slow.loc[("all", "reply_median")]
    assert row["verdict"] == desk.MORE and row["change_low"] > 0
    told = [
        desk.groups(gather(desk_tables.months(seed, size=60, first=21), as_of=AS_OF))["verdict"] for seed in range(6)
    ]
    assert sum(verdict.isin([desk.MORE, desk.LESS]).any() for verdict in told) <= 1


def test_only_what_was_known_then():
    """A run for September sees nothing of October, whatever the tables hold by now."""
    db = desk_tables.months(7, size=40, first=18)
    then = date(2026, 9, 30)
    whole = desk.months(gather(db, as_of=then))
    db.execute("delete from inquiries where opened_at >= date '2026-10-01'")
    for column in ("first_reply_at", "closed_at", "reopened_at"):
        db.execute(f"update inquiries set {column} = null where {column} >= date '2026-10-01'")
    db.execute("update inquiries set csat = null where closed_at is null")
    pd.testing.assert_frame_equal(whole, desk.months(gather(db, as_of=then)))


# --- what is missing or cannot be -----------------------------------------------------------------------------------------


def of(*rows: dict, orders=(), customers=("1", "2"), **options):
    return inquiries.inquiries(desk_tables.engine(rows, orders, customers), as_of=AS_OF, **options)


def measures(result) -> set[str]:
    return {name for name in result.months["measure"] if not name.startswith("trouble_")}


def test_columns_that_nobody_delivers_are_named_and_nothing_is_made_of_them():
    bare = {"first_reply_at": None, "closed_at": None, "agent_id": None, "agent_group": None}
    found = of(*(inquiry(n, DAY + timedelta(hours=n), **bare) for n in range(8)))
    assert {"lacks_reply", "lacks_closing", "lacks_reopening", "lacks_agent", "lacks_agent_group"} <= set(
        found.facts.faults
    )
    assert measures(found) == {"opened"}
    assert not found.facts.knows("reply")


def test_a_system_without_replies_does_not_count_as_one_that_never_answers():
    mail = [inquiry(n, DAY + timedelta(hours=n), 2, 5) for n in range(10)]
    phone = [inquiry(50 + n, DAY + timedelta(hours=n), None, 4, source_system="phone") for n in range(10)]
    found = of(*mail, *phone)
    row = found.months[found.months["measure"] == "reply_median"].iloc[0]
    assert (row["n"], row["value"], row["waiting"]) == (10, 2, 0)
    assert found.facts.faults["partly_reply"] == 10


def test_impossible_times_and_copies_are_counted_and_not_used():
    found = of(
        inquiry(1, DAY, 2, 4),
        inquiry(2, DAY + timedelta(days=1), 2, -3),
        inquiry(3, DAY + timedelta(days=2), -1, 6),
        inquiry(4, DAY + timedelta(days=3), None, 1),
        inquiry(5, DAY, 2, 4, source_customer_id="1"),
        inquiry(6, DAY, 2, 9, source_customer_id="1"),
        inquiry(7, DAY + timedelta(days=60), 2, 4),
    )
    expected = {
        "closed_before_opened": 1,
        "replied_before_opened": 1,
        "closed_without_reply": 1,
        "copies": 1,
        "later": 1,
    }
    assert {name: found.facts.faults[name] for name in expected} == expected
    rows = found.months.set_index("measure")
    assert rows.loc["opened", "value"] == 5
    assert (rows.loc["reply_median", "n"], rows.loc["solution_median", "n"]) == (4, 4)
    assert rows.loc["backlog", "value"] == 0  # closed, although nobody knows when


def test_an_inquiry_opened_again_is_open_until_it_is_closed_again():
    again = inquiry(1, DAY, 1, 5, reopened_at=DAY + timedelta(hours=30))
    over = inquiry(2, DAY, 1, 50, reopened_at=DAY + timedelta(hours=30))
    found = of(again, over).months.set_index("measure")
    assert (found.loc["backlog", "value"], found.loc["solution_median", "waiting"]) == (1, 1)
    assert (found.loc["reopened_share", "value"], found.loc["reopened_share", "n"]) == (1, 2)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_lack_of_the_data_can_be_told(language):
    """A desk that notes no reopening, no team or no time of day is told so, in a sentence with a number or without."""
    day = datetime(2026, 10, 10)
    bare = of(*(inquiry(n, day, None, None, agent_id=None, agent_group=None) for n in range(20)))
    wrong = of(*(inquiry(n, DAY + timedelta(hours=n), -1, -2, reopened_at=DAY - timedelta(days=9)) for n in range(20)))
    assert {"lacks_reply", "lacks_closing", "lacks_reopening", "lacks_agent_group", "whole_days"} <= set(
        bare.facts.faults
    )
    for found in (bare, wrong):
        told = looks.missing(found.facts.faults, language)
        assert len(told) == len(found.facts.faults) and Pictures(found, language).said()
    known = {key.rsplit(".", 1)[1]: 20 for key in i18n.words() if key.startswith("inquiries.fault.")}
    assert len(looks.missing(known, language)) == len(known) >= 17


def test_an_inquiry_opened_again_before_it_arrived_was_not():
    wrong = [inquiry(n, DAY, 1, 5, reopened_at=DAY - timedelta(hours=3), source_customer_id=str(n)) for n in range(3)]
    right = inquiry(9, DAY, 1, 50, reopened_at=DAY + timedelta(hours=30))
    found = of(*wrong, right)
    rows = found.months.set_index("measure")
    assert found.facts.faults["reopened_before_opened"] == 3
    assert (rows.loc["reopened_share", "value"], rows.loc["reopened_share", "n"]) == (0.25, 4)
    assert rows.loc["closed", "value"] == 4 and rows.loc["backlog", "value"] == 0


def test_no_inquiries_five_inquiries_and_the_first_month():
    none = of()
    assert [len(table) for table in none.tables().values()][:3] == [0, 0, 0]
    assert set(none.effect["verdict"]) == {"few"}
    look = Pictures(none, "en")
    assert look.groups("category") == "Category: too few in the groups to show them." and not len(
        look.group_table("category")
    )
    assert not len(look.month_table()) and len(look.said()) == 1
    five = of(*(inquiry(n, DAY + timedelta(hours=n), 2, 5) for n in range(5)))
    assert five.months.set_index("measure").loc["opened", "value"] == 5
    assert five.groups["before"].isna().all() and set(five.groups["verdict"]) == {desk.NOT_TESTED}


def test_tables_are_as_declared_and_meet_their_expectations(found):
    for result in (found, of(), of(*(inquiry(n, DAY + timedelta(hours=n), 2, 5) for n in range(5)))):
        for name, content in result.tables().items():
            declared, db = schemas()[name], Engine()
            db.register("content", content)
            db.register(name, store.as_declared(db.query("select * from content"), declared).to_arrow_table())
            assert [
                check for check in evaluate(db, declared, name) if check.severity == "block" and not check.success
            ] == []


def test_days_without_a_time_of_day_are_said():
    day = datetime(2026, 10, 10)
    assert of(inquiry(1, day, 24, 48), inquiry(2, day, 0, 24)).facts.faults["whole_days"] == 2


def test_numbers_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="least is 0; expected 1 or more"):
        of(least=0)


# --- repeated trouble -----------------------------------------------------------------------------------------------------


def test_customers_with_repeated_trouble_by_state_and_value():
    def asks(number: int, customer: str, days_ago: float, **more) -> dict:
        return inquiry(number, UNTIL - timedelta(days=days_ago), 1, 3, **{"source_customer_id": customer} | more)

    rows = [
        asks(1, "1", 20), asks(2, "1", 3, closed_at=None, category="product"),  # unresolved
        asks(3, "2", 25, reopened_at=UNTIL - timedelta(days=25, hours=-2)), asks(4, "2", 2),  # reopened
        asks(5, "3", 9), asks(6, "3", 8), asks(7, "4", 9), asks(8, "4", 8),  # settled, the second worth more
        asks(9, "5", 31), asks(10, "5", 2),  # a day too far apart
    ]  # fmt: skip
    db = desk_tables.engine(rows, (), ("1", "2", "3", "4", "5"), [("C1", 10), ("C3", 100), ("C4", 900)])
    table = inquiries.inquiries(db, as_of=AS_OF, least=2, days=30).trouble
    assert table[["customer_id", "state"]].to_numpy().tolist() == [
        ["C1", "unresolved"], ["C2", "reopened"], ["C4", "settled"], ["C3", "settled"],
    ]  # fmt: skip
    assert table["cltv"].tolist()[0] == 10 and np.isnan(table["cltv"].iloc[1])
    assert table["category"].tolist() == ["several", "delivery", "delivery", "delivery"]
    assert not {"text", "source_customer_id", "agent_id"} & set(table)
