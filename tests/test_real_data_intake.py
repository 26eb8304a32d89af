"""The intake on real data, against plain SQL typed here on the raw files, and figures checked by hand."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, real_data

from customerbase.engine import Engine
from customerbase.stage.intake import Intake

SOURCES = ROOT / "pipelines" / "sources"


def take(name: str, data: Path, as_of: date, work: Path) -> Intake:
    return Intake(Engine(temp_directory=str(work / "spill")), [SOURCES / f"{name}.yaml"], data, as_of, work / "intake")


@pytest.fixture(scope="module")
def retail(tmp_path_factory) -> tuple[Intake, duckdb.DuckDBPyConnection]:
    """Online Retail II as of November 2011, and the raw lines beside it with invoices judged by plain SQL."""
    folder = real_data("online-retail-ii")
    raw = duckdb.connect()
    raw.execute(f"""
        create table lines as
        select *, cast(Quantity * cast(Price as decimal(18, 4)) as decimal(18, 2)) as amount,
            upper(StockCode) in ('M', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK', 'ADJUST', 'ADJUST2', 'TEST001', 'TEST002')
                as bookkeeping
        from '{folder / "online_retail_ii.parquet"}'
        where InvoiceDate < '2011-12-01' and not (sheet = 'Year 2009-2010' and InvoiceDate >= '2010-12-01')""")
    raw.execute("""
        create table invoices as
        select Invoice, min(CustomerID) as customer, min(InvoiceDate) as day, sum(amount) as total,
            case when bool_and(bookkeeping) or Invoice like 'A%' or sum(amount) = 0 then 'adjustment'
                when Invoice like 'C%' then 'credit_note' else 'completed' end as status
        from lines group by Invoice""")
    return take("online_retail", folder, date(2011, 11, 30), tmp_path_factory.mktemp("retail")), raw


def test_online_retail_every_line_is_accounted_for(retail):
    intake, raw = retail
    (book,) = intake.files[["file", "rows_read", "rows_accepted", "rows_quarantined"]].to_numpy().tolist()
    assert book == ["online_retail_ii.parquet", 1_067_370, 1_019_322, 48_048]
    assert raw.sql("select count(*) from lines").fetchall() == [(1_019_322,)]
    blocked = intake.reasons.query("severity == 'block'")[["table_name", "reason", "rows"]].to_numpy().tolist()
    assert blocked == [["orders", "after_month", 25_525], ["order_lines", "overlap", 22_523]]
    assert len(intake.quarantine_raw) == 48_048


def test_online_retail_the_days_in_both_sheets_lose_the_copy_of_the_first_sheet(retail):
    intake, _ = retail
    raw = intake.quarantine_raw.filter("raw_text like '%Year 2009-2010%'")
    days = raw.aggregate(
        "count(*), min(json_extract_string(raw_text, '$.InvoiceDate')), max(json_extract_string(raw_text, '$.InvoiceDate'))"
    )
    assert days.fetchall() == [(22_523, "2010-12-01 08:26:00", "2010-12-09 20:01:00")]


def test_online_retail_documents_by_status(retail):
    intake, raw = retail
    query = "count(*), count(distinct {customer}), cast(sum(total) as decimal(18, 2))"
    found = (
        intake.table("orders")
        .aggregate(f"status, {query.format(customer='source_customer_id')}")
        .order("status")
        .fetchall()
    )
    truth = raw.sql(
        f"select status, {query.format(customer='customer')} from invoices group by status order by status"
    ).fetchall()
    assert [tuple(map(str, row)) for row in found] == [tuple(map(str, row)) for row in truth]
    assert [(status, count, customers, str(total)) for status, count, customers, total in found] == [
        ("adjustment", 6_174, 296, "-472181.38"),
        ("completed", 38_880, 5_826, "19532824.24"),
        ("credit_note", 7_559, 2_449, "-584566.77"),
    ]


def test_online_retail_revenue_of_every_month(retail):
    intake, raw = retail
    query = "select date_trunc('month', {day}) as m, sum(total) from {orders} where status in ('completed', 'credit_note') group by m order by m"
    found = intake.db.connection.sql(query.format(day="order_at", orders="orders")).fetchall()
    assert found == raw.sql(query.format(day="day", orders="invoices")).fetchall()
    assert len(found) == 24


def test_online_retail_no_line_hides_by_its_type(retail):
    intake, raw = retail
    found = dict(intake.line_types.aggregate("line_type, sum(lines)::int").fetchall())
    truth = dict(
        raw.sql("""
        select case when upper(StockCode) in ('POST', 'DOT', 'C2', 'C3') then 'shipping' when StockCode = 'D' then 'discount'
            when bookkeeping then 'adjustment' else 'goods' end, count(*) from lines group by 1""").fetchall()
    )
    assert found == truth
    assert sum(found.values()) == 1_019_322
    anonymous = raw.sql("select count(*) from lines where CustomerID is null").fetchall()[0][0]
    assert intake.line_types.aggregate("sum(anonymous_lines)::int").fetchall() == [(anonymous,)]


def test_online_retail_parts_of_an_order_add_up_to_its_total(retail):
    intake, _ = retail
    apart = (
        intake.table("orders").filter("total <> subtotal - discount + shipping + fee").aggregate("count(*)").fetchall()
    )
    assert apart == [(0,)]


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory) -> tuple[Intake, duckdb.DuckDBPyConnection]:
    folder = real_data("cdnow")
    raw = duckdb.connect()
    raw.execute(
        f"create table log as select * from read_csv('{folder / 'cdnow_master.csv'}', types = {{'customer_id': 'varchar',"
        " 'amount': 'decimal(18, 2)'})"
    )
    return take("cdnow", folder, date(1998, 6, 30), tmp_path_factory.mktemp("cdnow")), raw


ORDERS_A_MONTH = "date_trunc('month', {0}) as m, count(distinct ({1}, {0})), sum({2}), count(distinct {1})"


def test_cdnow_one_order_per_customer_and_day(cdnow):
    intake, raw = cdnow
    assert intake.files[["rows_read", "rows_accepted", "rows_quarantined"]].to_numpy().tolist() == [[69_659, 69_659, 0]]
    total = (
        intake.table("orders").aggregate("count(*), count(distinct source_customer_id), sum(total)::varchar").fetchall()
    )
    assert total == [(67_591, 23_570, "2500315.63")]
    found = (
        intake.table("orders")
        .aggregate(ORDERS_A_MONTH.format("order_at", "source_customer_id", "total"))
        .order("m")
        .fetchall()
    )
    truth = raw.sql(
        f"select {ORDERS_A_MONTH.format('date', 'customer_id', 'amount')} from log group by m order by m"
    ).fetchall()
    assert [tuple(map(str, row[1:])) for row in found] == [tuple(map(str, row[1:])) for row in truth] and len(
        found
    ) == 18


def test_cdnow_lines_without_value_are_kept(cdnow):
    intake, raw = cdnow
    assert raw.sql("select count(*) from log where amount = 0").fetchall() == [(80,)]
    assert intake.table("order_lines").filter("amount = 0").aggregate("count(*)").fetchall() == [(80,)]


def test_cdnow_a_past_month_sees_nothing_later(tmp_path, cdnow):
    _, raw = cdnow
    later = raw.sql("select count(*) from log where date > '1997-12-31'").fetchall()[0][0]
    intake = take("cdnow", real_data("cdnow"), date(1997, 12, 31), tmp_path)
    assert intake.reasons[["reason", "rows"]].to_numpy().tolist() == [["after_month", later]]
    assert intake.table("orders").aggregate("max(order_at)::varchar").fetchall() == [("1997-12-31 00:00:00",)]
    assert intake.files.rows_quarantined.tolist() == [later] == [12_757]


def test_cdnow_the_text_file_alone_gives_the_same_orders(tmp_path, cdnow):
    (tmp_path / "CDNOW_master.txt").write_bytes((real_data("cdnow") / "CDNOW_master.txt").read_bytes())
    other = take("cdnow", tmp_path, date(1998, 6, 30), tmp_path)
    columns = "source_customer_id, order_at, total"
    orders = [one.table("orders").project(columns).order("all").fetchall() for one in (other, cdnow[0])]
    assert orders[0] == orders[1]
