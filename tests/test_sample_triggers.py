"""The triggers of the sample company: planted carts found and completed ones never, a month's queue, days after it."""

import csv
import stat
from collections import defaultdict
from datetime import date, datetime

import duckdb
import pytest
import sample_run
import yaml
from sample_run import AS_OF, SampleMonth, at_home, copy_of
from trigger_tables import days, read

from customerbase.audiences import triggers
from customerbase.audiences.triggers.conditions import OCCASIONS, find
from customerbase.engine import Engine
from customerbase.errors import BusyError, InputError, TableError
from customerbase.pipeline import daily, lock
from customerbase.tables import schemas

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture
LAST = date.fromisoformat(AS_OF)
CART = ("add_to_cart", "begin_checkout")


@pytest.fixture(scope="module")
def db(sample_month: SampleMonth) -> Engine:
    engine = Engine(threads=1)
    for name in triggers.READS:
        engine.register(name, sample_month.tables[name])
    return engine


def plain(month: SampleMonth):
    """Customer -> times of cart events, of orders in the web shop, and of products bought anywhere, in plain Python."""
    own = "join identity_links using (source_system, source_customer_id)"
    moves, cleared, bought = defaultdict(list), defaultdict(list), defaultdict(list)
    for who, when, what in month.rows(f"select customer_id, event_at, event_name from web_events {own}"):
        if what in CART:
            moves[who].append(when)
        if what == "purchase":
            cleared[who].append(when)
    goods = f"select customer_id, order_at, product_id, channel from orders {own} join order_lines using (source_system, order_id)"
    for who, when, product, channel in month.rows(f"{goods} where status = 'completed' and line_type = 'goods'"):
        bought[who, product].append(when)
        if channel == "web":
            cleared[who].append(when)
    return moves, cleared, bought


def test_planted_carts_are_all_found_on_their_day_and_completed_ones_never(sample_month, db):
    """Thirty days on which a planted cart is due: exactly those are found that nothing completed or touched by its end."""
    moves, cleared, bought = plain(sample_month)
    planted = sample_month.rows(
        "select customer_id, max(event_at) + interval 24 hour, any_value(truth.product_id)"
        " from truth_abandoned_carts as truth join web_events using (session_id) join identity_links"
        " on web_events.source_system = identity_links.source_system"
        " and web_events.source_customer_id = identity_links.source_customer_id"
        f" where signed_in and event_name in {CART} group by customer_id, session_id"
    )
    due_days = sorted({due.date() for _, due, _ in planted if due.date() <= LAST})
    some, expected, found = read(cart={"kind": "cart_abandoned", "hours": 24, "expires": 1}), set(), set()
    for day in due_days[:: max(len(due_days) // 30, 1)]:
        find(db, some, triggers.Span.day(day))
        rows = db.query(f"select * from {OCCASIONS}").df()
        times = zip(rows["customer_id"], rows["not_before"].dt.to_pydatetime(), strict=True)
        found |= {(who, when) for who, when in times if when.date() == day}
        end = datetime.combine(day + days(1), datetime.min.time())
        for who, due, product in planted:
            later = [*moves[who], *cleared[who], *bought[who, product]]
            if due.date() == day and not any(due - days(1) < when < end for when in later):
                expected.add((who, due))
    assert found == expected
    assert len(expected) >= 20 and len(planted) > len(expected)


def test_the_month_says_of_every_trigger_what_became_of_it(sample_month):
    said = yaml.safe_load((sample_run.store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8"))[
        "triggers"
    ]["queue"]
    rows = dict(sample_month.rows("select trigger, conditions from trigger_counts"))
    assert list(said) == [
        trigger for (trigger,) in sample_month.rows("select trigger from trigger_counts order by place")
    ]
    assert {"birthday", "welcome"} <= {code for code, n in rows.items() if n}
    assert dict(sample_month.rows("select trigger, missing from trigger_counts where missing is not null")) == {
        "leaving": "previous_churn", "restocked": "previous_products",
    }  # fmt: skip  # there is no month before
    counted = "select sum(queued + holdout + global_control) from trigger_counts"
    assert sample_month.one("select count(*) from trigger_queue") == sample_month.one(counted) > 20


def test_nobody_in_the_queue_lacks_consent_or_is_due_in_quiet_hours(sample_month):
    assert not sample_month.rows(
        "select * from trigger_queue left join contactable using (customer_id, channel) where state is distinct from 'granted'"
    )
    hours = "hour(due_at) < 9 or hour(due_at) >= 21"
    assert sample_month.one(f"select count(*) from trigger_queue where {hours}") == 0
    assert sample_month.one("select count(*) from trigger_queue where due_at <= timestamp '2026-11-01'") == 0


def test_birthdays_of_the_queue_are_those_of_the_contacts_and_no_date_of_birth_stands_in_it(sample_month):
    wrong = sample_month.rows(
        "select * from trigger_queue join contacts using (customer_id) where trigger = 'birthday'"
        " and strftime(birth_date, '%m-%d') <> strftime(not_before, '%m-%d') and strftime(birth_date, '%m-%d') <> '02-29'"
    )
    assert not wrong
    columns = [name for name, *_ in sample_month.rows("describe trigger_queue")]
    assert not set(columns) & {column for one in schemas().values() for column in one.contact_columns}
    born = "select strftime(birth_date, '%Y-%m-%d') as day from contacts where birth_date is not null"
    told = "concat_ws('|', episode, subject, measure)"
    assert (
        sample_month.one(
            f"select count(*) from trigger_queue, ({born}) where trigger = 'birthday' and contains({told}, day)"
        )
        == 0
    )


# --- days after the month ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def next_days(sample_month, tmp_path_factory) -> SampleMonth:
    """A copy of the month's home whose pipeline evaluates daily, reading the app and the calendar alone."""
    month = copy_of(sample_month, tmp_path_factory.mktemp("days"))
    text = (sample_run.store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    content["triggers"]["evaluated"] = "daily"
    content["sources"] = ["sample_app", "sample_office"]
    (month.home / "pipelines").mkdir(exist_ok=True)
    (month.home / "pipelines" / "sample.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return month


def handed(done: daily.Day) -> list[dict]:
    with done.sent.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_day_hands_over_ids_alone_and_a_word_said_on_it_counts(next_days):
    queued = {one for (one,) in next_days.rows("select queue_id from trigger_queue")}
    with at_home(next_days.home):
        first = daily.run_day("sample", date(2026, 11, 1))
        rows = handed(first)
        assert first.month == "2026-10" and rows
        assert list(rows[0]) == ["queue_id", "customer_id", "trigger", "channel", "due_at", "expires_at"]
        assert {row["due_at"][:10] for row in rows} == {"2026-11-02"} and {row["queue_id"] for row in rows} <= queued
        assert stat.S_IMODE(first.sent.stat().st_mode) == stat.S_IMODE(first.file.stat().st_mode) == 0o600
        again = duckdb.sql(f"select queue_id from read_parquet('{first.file}')").fetchall()
        assert not queued & {one for (one,) in again}  # what the month queued is not queued once more
        gone = next(row for row in rows if row["channel"] in ("push", "line"))
        accounts = next_days.rows(
            f"select source_customer_id from identity_links where customer_id = '{gone['customer_id']}' and source_system = 'app'"
        )
        with (next_days.data / "app" / "consents.csv").open("a", encoding="utf-8") as file:
            for (account,) in accounts:
                file.write(f'"{account}","{gone["channel"]}","marketing","2026-11-01 12:00:00","撤回",,"form","v1"\n')
        second = daily.run_day("sample", date(2026, 11, 1))
    left = handed(second)
    assert accounts and left == [
        row for row in rows if (row["customer_id"], row["channel"]) != (gone["customer_id"], gone["channel"])
    ]
    assert second.file.read_bytes() == first.file.read_bytes()


def test_a_skipped_day_is_told_and_made_up_for_without_a_queue_of_its_own(next_days):
    """Days 1 and 4: those between have no file; day 2, made late, hands over what was due and queues nothing twice."""
    with at_home(copy_of(next_days, next_days.home.parent / "skipped").home):
        queue = duckdb.sql(f"select * from read_parquet('{next_days.tables['trigger_queue']}')").df()
        due = queue[queue["arm"] == "target"]["due_at"].dt.date.value_counts()
        daily.run_day("sample", date(2026, 11, 1))
        fourth = daily.run_day("sample", date(2026, 11, 4))
        assert fourth.skipped == {day: due.get(day, 0) for day in (date(2026, 11, 3), date(2026, 11, 4))}
        assert sum(fourth.skipped.values()) > 0
        assert fourth.newest < fourth.day and "were they fetched" in "\n".join(daily.described(fourth, str))
        late = daily.run_day("sample", date(2026, 11, 2))
        assert late.later == date(2026, 11, 4) and late.file is None and late.sent.name == "2026-11-03.csv"
        assert not (late.sent.parent / "2026-11-02.parquet").exists()
        assert {row["due_at"][:10] for row in handed(late)} <= {"2026-11-03"}
        again = daily.run_day("sample", date(2026, 11, 4))
        assert set(again.skipped) == {date(2026, 11, 4)} and again.later is None


def test_a_day_long_after_the_raw_files_is_refused_and_leaves_nothing(next_days):
    with at_home(next_days.home):
        folder = next_days.home / "data" / "queues" / "sample"
        before = {path.name for path in folder.glob("*")} if folder.exists() else set()
        with pytest.raises(InputError, match="--date 2062-11-05: nothing in the raw files is newer than 2026-1"):
            daily.run_day("sample", date(2062, 11, 5))
        assert {path.name for path in folder.glob("*")} - before <= {"lock"}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_day_at_a_time(next_days):
    place = next_days.home / "data" / "queues" / "sample" / "lock"
    with at_home(next_days.home), lock.held(place, "2026-11-01"), pytest.raises(BusyError, match="2026-11-01"):
        daily.run_day("sample", date(2026, 11, 1))


def test_a_day_without_a_month_before_it_is_refused(next_days):
    with at_home(next_days.home), pytest.raises(TableError, match="no month that ended before 2026-10-31"):
        daily.run_day("sample", date(2026, 10, 31))
