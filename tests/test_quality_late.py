"""Late data against plain SQL typed here: planted rows are found, files that only look different bring nothing."""

import csv
import io
import random
import re
from datetime import date, datetime, timedelta

import pytest
from late_tables import DECLARED, THEN, changed, late, order, orders, put, refund, tables
from test_intake import LOG, ORDERS, Desk

from customerbase import quality
from customerbase.engine import bind, sql_text
from customerbase.tables import schema, store

desk_columns = "table_name, month, rows_added, rows_gone, rows_changed, amount_added - amount_gone + amount_changed"
AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


# What changed, row by row, without digests and without leaving out a month: orders only, typed by hand.
PLAIN = """
with pairs as (
    select
        source_system, order_id,
        n.order_at as at_now, p.order_at as at_then,
        case when n.status in ('completed', 'credit_note') then n.total else 0 end as now_money,
        case when p.status in ('completed', 'credit_note') then p.total else 0 end as then_money,
        (n.total, n.status, n.order_at, n.source_customer_id) is distinct from
        (p.total, p.status, p.order_at, p.source_customer_id) as differs
    from (select * from orders where order_at < timestamp '2026-10-01') n
    full join (select * from previous_orders where order_at < timestamp '2026-10-01') p using (source_system, order_id)
),
ends as (
    select source_system, date_trunc('month', at_now)::date as month, 1 as a, 0 as g, 0 as c, now_money as money
    from pairs where at_now is not null and (at_then is null or date_trunc('month', at_then) <> date_trunc('month', at_now))
    union all
    select source_system, date_trunc('month', at_then)::date, 0, 1, 0, -then_money
    from pairs where at_then is not null and (at_now is null or date_trunc('month', at_then) <> date_trunc('month', at_now))
    union all
    select source_system, date_trunc('month', at_now)::date, 0, 0, 1, now_money - then_money
    from pairs where date_trunc('month', at_then) = date_trunc('month', at_now) and differs
)
select 'orders', source_system, month, sum(a)::bigint, sum(g)::bigint, sum(c)::bigint, sum(money)::decimal(18, 2)
from ends group by all order by all"""
MONEY = "table_name, source_system, month, rows_added, rows_gone, rows_changed, (amount_added - amount_gone + amount_changed)::decimal(18, 2)"


@pytest.mark.parametrize("seed", range(8))
def test_what_came_went_and_changed_is_that_of_plain_sql(seed):
    draw = random.Random(seed)
    db = tables(orders=orders(300, seed))
    for number in draw.sample(range(300), 40):
        where = f"where order_id = 'O{number}'"
        db.execute(draw.choice([
            f"delete from orders {where}", f"delete from previous_orders {where}",
            f"update orders set total = total + {draw.choice((0, 10))} {where}",
            f"update orders set status = '{draw.choice(('completed', 'cancelled'))}' {where}",
            f"update orders set order_at = order_at - interval '{draw.randrange(60)}' day {where}",
            f"update orders set source_customer_id = 'D{number}' {where}",
        ]))  # fmt: skip
    expected = db.query(PLAIN).fetchall()
    assert sum(row[3] + row[4] + row[5] for row in expected) > 10
    assert changed(late(db), MONEY) == expected


def test_planted_rows_by_hand():
    """A late order and a refund of August, an order gone, one cancelled, one moved from September to August."""
    known = [
        order(1, datetime(2026, 8, 5), 1000),
        order(2, datetime(2026, 8, 9), 2000),
        order(3, datetime(2026, 9, 2), 400),
    ]
    db = tables(orders=[*known, order(4, datetime(2026, 9, 3), 700)])
    put(db, "orders", order(5, datetime(2026, 8, 31, 23, 59), 50))
    put(db, "refunds", refund(1, 1, datetime(2026, 8, 20), 300))
    db.execute("delete from orders where order_id = 'O2'")
    db.execute("update orders set status = 'cancelled', cancelled_at = timestamp '2026-10-02' where order_id = 'O3'")
    db.execute("update orders set order_at = timestamp '2026-08-30' where order_id = 'O4'")
    put(db, "orders", order(6, datetime(2026, 10, 1), 9999))  # this month's own
    assert changed(late(db), f"{MONEY}, rows_before, rows_now") == [
        ("orders", "web", AUGUST, 2, 1, 0, 50 + 700 - 2000, 2, 3),
        ("orders", "web", SEPTEMBER, 0, 1, 1, -700 - 400, 2, 1),
        ("refunds", "web", AUGUST, 1, 0, 0, -300, 0, 1),
    ]
    assert quality.late_totals(db) == {"rows_added": 3, "rows_gone": 2, "rows_changed": 1}


def test_a_refund_moves_revenue_when_its_order_is_cancelled_later():
    db = tables(orders=[order(1, datetime(2026, 8, 5), 1000)], refunds=[refund(1, 1, datetime(2026, 9, 2), 300)])
    db.execute("update orders set status = 'cancelled'")
    assert changed(late(db), MONEY) == [
        ("orders", "web", AUGUST, 0, 0, 1, -1000),
        ("refunds", "web", SEPTEMBER, 0, 0, 1, 300),
    ]


def test_what_follows_on_an_event_is_no_late_data():
    """An inquiry answered, a message opened, a contract ended, another place in the file: nothing came late."""
    inquiry = {"source_system": "desk", "inquiry_id": "I1", "opened_at": datetime(2026, 9, 3), "category": "size"}
    contact = {"source_system": "app", "campaign_id": "K", "source_customer_id": "C", "contact_no": 1}
    contact |= {"planned_at": datetime(2026, 9, 29)}
    contract = {"source_system": "app", "subscription_id": "S", "started_at": date(2026, 5, 1), "plan": "p"}
    db = tables(inquiries=[inquiry], campaign_contacts=[contact], subscriptions=[contract], orders=[order(1, THEN)])
    db.execute("update inquiries set closed_at = timestamp '2026-10-05', csat = 4, text = 'personal'")
    db.execute("update campaign_contacts set sent_at = timestamp '2026-10-01', opened_at = timestamp '2026-10-02'")
    db.execute("update subscriptions set ended_at = date '2026-10-05'")
    db.execute("update orders set source_row_id = 'renamed.csv:9'")
    assert changed(late(db)) == []
    db.execute("update inquiries set category = 'delivery'")
    assert changed(late(db)) == [("inquiries", "desk", SEPTEMBER, 0, 0, 1)]


def test_a_column_that_is_new_changes_no_row_and_an_empty_text_is_not_nothing():
    db = tables(orders=[order(1, THEN), order(2, THEN, payment_method="")])
    db.execute("update orders set shipping = 500")  # had no value at all then
    assert changed(late(db)) == []
    db.execute("update orders set payment_method = null where order_id = 'O2'")
    assert changed(late(db)) == [("orders", "web", SEPTEMBER, 0, 0, 1)]


def test_keys_that_run_into_each_other_are_told_apart():
    a = {"source_system": "s", "response_id": "1|2", "question_id": "3", "answered_at": THEN}
    b = {"source_system": "s", "response_id": "1", "question_id": "2|3", "answered_at": THEN}
    db = tables(survey_answers=[a])
    db.execute("delete from survey_answers")
    put(db, "survey_answers", b)
    assert changed(late(db)) == [("survey_answers", "s", SEPTEMBER, 1, 1, 0)]


def test_the_first_month_compares_with_nothing_and_a_new_source_is_all_late():
    db = tables(orders=[order(1, THEN)])
    assert quality.late_changes(db, DECLARED, previous=None) is None
    assert quality.late_totals(None) == {"rows_added": 0, "rows_gone": 0, "rows_changed": 0}
    db.execute("delete from previous_orders")
    assert changed(late(db)) == [("orders", "web", SEPTEMBER, 1, 0, 0)]


def test_the_table_is_as_declared_and_balances(tmp_path):
    db = tables(orders=orders(200))
    db.execute("delete from orders where order_id like '%7'")
    late(db)
    store.write_parquet(
        db, store.as_declared(db.query("select * from late_changes"), schema("late_changes")), tmp_path / "t.parquet"
    )
    [(rows, faults)] = db.query(
        "select count(*), count(*) filter (where rows_now <> rows_before + rows_added - rows_gone) from late_changes"
    ).fetchall()
    assert rows >= 6
    assert faults == 0


def test_contact_columns_are_never_read():
    """Neither a table of contacts nor a column of free text: a page that compares months may not know people."""
    assert not {"customers_src", "identifiers"} & set(quality.COMPARED)
    db = tables(reviews=[{"source_system": "web", "review_id": "V1", "posted_at": THEN, "text": "a", "stars": 5}])
    db.execute("update reviews set text = 'b'")
    assert changed(late(db)) == []


# --- through the intake: files that only look different ---------------------------------------------------------------

ROWS = [[f"A{n}", "会員①", f"2026-0{8 + n % 2}-1{n % 10} 10:00", str(100 * n), "1"] for n in range(1, 9)]
HEAD = ["no", "id", "date", "total", "shop"]


def sheet(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([HEAD, *rows])
    return out.getvalue()


def compared(desk: Desk, before: dict[str, bytes], after: dict[str, bytes], spec: dict = ORDERS) -> list[tuple]:
    """late_changes of the orders that two states of the raw folder give."""
    found = []
    for files in (before, after):
        for path in desk.data.glob("*"):
            path.unlink()
        for name, content in files.items():
            (desk.data / name).write_bytes(content)
        intake = desk.take(spec, as_of=THEN.date() if not found else date(2026, 10, 31))
        found.append(intake.table("orders").df())
        intake.close()
    db = tables()
    for name, frame in zip(("previous_orders", "orders"), found, strict=True):
        db.connection.register("frame", frame)
        db.execute(f"insert into {name} by name select * from frame")
    return changed(late(db), desk_columns)


BEFORE = {"orders_a.csv": sheet(ROWS).encode()}
SAME = {
    "reordered": {"orders_a.csv": sheet(ROWS[::-1]).encode()},
    "renamed": {"orders_of_all_years.csv": sheet(ROWS).encode()},
    "split": {"orders_a.csv": sheet(ROWS[:3]).encode(), "orders_b.csv": sheet(ROWS[3:]).encode()},
    "other encoding": {"orders_a.csv": sheet(ROWS).encode("cp932")},
    "a byte order mark": {"orders_a.csv": sheet(ROWS).encode("utf-8-sig")},
    "with this month's orders": {"orders_a.csv": sheet([*ROWS, ["A99", "c1", "2026-10-02 10:00", "5", "2"]]).encode()},
}


@pytest.mark.parametrize("kind", SAME)
def test_a_file_that_only_looks_different_brings_nothing_late(desk, kind):
    assert compared(desk, BEFORE, SAME[kind]) == []


def test_rows_that_came_went_and_changed_in_a_file_are_found(desk):
    rows = [list(row) for row in ROWS if row[0] != "A2"]  # A2: 12 August, 200
    rows[0][3] = "150"  # A1: 11 September, 100
    rows.append(["A50", "c2", "2026-09-30 23:00", "70", "2"])
    random.Random(1).shuffle(rows)
    assert compared(desk, BEFORE, {"orders_a.csv": sheet(rows).encode()}) == [
        ("orders", AUGUST, 0, 1, 0, -200),
        ("orders", SEPTEMBER, 1, 0, 1, 70 + 50),
    ]


def test_orders_derived_from_lines_are_known_by_their_number(desk):
    """The order's own row is its first line: other lines before it are no change, an added line is."""
    lines = [
        ["X1", "c1", "2026-09-02", "1", "300"],
        ["X1", "c1", "2026-09-02", "1", "200"],
        ["X2", "c2", "2026-09-03", "1", "50"],
    ]

    def log(rows):
        return {
            "log_a.csv": "\n".join(",".join(row) for row in [["order", "who", "date", "qty", "price"], *rows]).encode()
        }

    assert compared(desk, log(lines), log(lines[::-1]), LOG) == []
    more = [*lines, ["X2", "c2", "2026-09-03", "2", "10"]]
    assert compared(desk, log(lines), log(more), LOG) == [("orders", SEPTEMBER, 0, 0, 1, 20)]


@pytest.mark.parametrize("seed", range(4))
def test_amounts_are_the_difference_of_the_months_revenue_then_and_now(seed):
    """Revenue by customer_orders.sql, the one rule of revenue: now less then is what late rows brought, month by month."""
    draw = random.Random(seed)
    known = orders(200, seed)
    given = [refund(n, draw.randrange(200), THEN - timedelta(days=draw.randrange(80)), 10.0 * n) for n in range(60)]
    systems = {row["order_id"]: row["source_system"] for row in known}
    given = [row | {"source_system": systems[row["order_id"]]} for row in given]
    db = tables(orders=known, refunds=given)
    for number in draw.sample(range(200), 50):
        db.execute(draw.choice([
            f"delete from orders where order_id = 'O{number}'",
            f"update orders set status = 'cancelled' where order_id = 'O{number}'",
            f"update orders set total = total * 2 where order_id = 'O{number}'",
            f"update refunds set amount = amount + 7 where order_id = 'O{number}'",
            f"delete from refunds where order_id = 'O{number}'",
        ]))  # fmt: skip
    db.execute(
        "delete from refunds where order_id not in (select order_id from orders)"
    )  # as the intake leaves no orphans
    revenue = "select date_trunc('month', order_at)::date as month, sum(net_amount) as money from ({}) group by all"
    db.execute("create table identity_links (source_system varchar, source_customer_id varchar, customer_id varchar)")
    rule = bind(sql_text("customer_orders"), {"from_month": date(1900, 1, 1), "until": date(2026, 10, 1)})
    then = re.sub(r"\bfrom (orders|refunds)\b", r"from previous_\1 as \1", rule).replace(
        "join orders on", "join previous_orders as orders on"
    )
    expected = db.query(f"""
        select month, coalesce(n.money, 0) - coalesce(p.money, 0) from ({revenue.format(rule)}) n
        full join ({revenue.format(then)}) p using (month)
        where coalesce(n.money, 0) <> coalesce(p.money, 0) order by month""").fetchall()
    found = (
        late(db)
        .query("""select month, sum(amount_added - amount_gone + amount_changed) as money from late_changes
        group by month having money <> 0 order by month""")
        .fetchall()
    )
    assert len(expected) >= 3
    assert found == expected
