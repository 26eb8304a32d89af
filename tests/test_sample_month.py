"""One whole month of the sample company: the published numbers against plain SQL, the raw files and the truth."""

import csv
import io
import re
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import sample_run
import yaml
from pypdf import PdfReader
from sample_run import AS_OF, FIRST_DAY, MONTH, SampleMonth

from customerbase import kpi, pipeline
from customerbase.errors import ConfigError
from customerbase.tables import store

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

# Written without the package's SQL on purpose: what an order is, what revenue is, who is a customer.
DOCUMENTS = """
    select customer_id as customer, day, amount, is_order
    from (
        select source_system, source_customer_id, order_at as day, total as amount,
            (status = 'completed')::int as is_order
        from orders where status in ('completed', 'credit_note')
        union all
        select o.source_system, o.source_customer_id, r.refunded_at, -r.amount, 0
        from refunds r join orders o on o.source_system = r.source_system and o.order_id = r.order_id
        where o.status = 'completed')
    left join identity_links using (source_system, source_customer_id)"""
IN_MONTH = f"date_trunc('month', day) = date '{FIRST_DAY}'"


# --- raw files -> accepted rows --------------------------------------------------------------------------------------


def raw_rows(path: Path, encoding: str | None) -> int:
    """Records in a raw file, counted by readers that are not the project's."""
    if path.suffix == ".parquet":
        return pq.read_metadata(path).num_rows
    if path.suffix == ".xlsx":
        return sum(1 for _ in openpyxl.load_workbook(path, read_only=True).active.values) - 1
    text = path.read_bytes().decode(encoding, errors="replace")
    return sum(1 for row in csv.reader(io.StringIO(text, newline="")) if row) - 1


def test_every_raw_row_is_accepted_or_set_aside(sample_month: SampleMonth):
    files = sample_month.db.execute("from source_files").df()
    on_disk = {path.relative_to(sample_month.data).as_posix() for path in sample_month.data.glob("*/*")}
    assert {file.split("#")[0] for file in files.file} == on_disk
    for one in files.itertuples():
        encoding = one.encoding if isinstance(one.encoding, str) else None
        assert one.rows_read == raw_rows(sample_month.data / one.file.split("#")[0], encoding), one.file
        kept = f"select count(distinct source_row_id) from {one.table_name} where starts_with(source_row_id, '{one.file}:')"
        aside = f"select count(distinct line) from quarantine_raw where file = '{one.file}'"
        assert (one.rows_accepted, one.rows_quarantined) == (sample_month.one(kept), sample_month.one(aside)), one.file
        assert one.rows_read == one.rows_accepted + one.rows_quarantined, one.file
    recorded = sample_month.manifest["records"]["quality"]
    assert recorded["files"] == len(files)
    for name in ("rows_read", "rows_accepted", "rows_quarantined"):
        assert recorded[name] == files[name].sum() > 0


def test_every_row_set_aside_has_a_reason_and_its_text(sample_month: SampleMonth):
    blocked = set(sample_month.rows("select distinct file, line from quarantine where severity = 'block'"))
    assert blocked == set(sample_month.rows("select file, line from quarantine_raw where length(raw_text) > 0"))
    accepted = "union all ".join(f"select source_row_id from {name} " for name in tables_of_raw_rows(sample_month))
    both = f"select count(*) from quarantine_raw join ({accepted}) on source_row_id = file || ':' || line"
    assert sample_month.one(both) == 0


def tables_of_raw_rows(month: SampleMonth) -> list[str]:
    """The published tables whose rows say where they stood in the raw files."""
    return [name for name, path in month.tables.items() if "source_row_id" in pq.read_schema(path).names]


def test_planted_defects_end_as_the_truth_says(sample_month: SampleMonth):
    found = {
        (file.split("#")[0], *rest)
        for file, *rest in sample_month.rows("select file, line, severity, reason from quarantine")
    }
    planted = sample_month.rows("select file, line, kind, outcome from truth_defects")
    told = [(file, line, *outcome.split(":")) for file, line, _, outcome in planted if ":" in outcome]
    assert len(told) > 90 and [one for one in told if one not in found] == []
    # What is to be read as meant, or kept as it is, may go only where its order goes.
    harmless = {(file, line) for file, line, _, outcome in planted if ":" not in outcome}
    company = {"unknown_customer", "order_quarantined"}
    lost = {(f, line) for f, line, severity, reason in found if severity == "block" and reason not in company}
    assert len(harmless) > 100 and harmless & lost == set()


def test_accepted_orders_are_the_true_ones(sample_month: SampleMonth):
    """Every accepted order is a true one with its true total and customer; every true one missing was set aside."""
    pairs = """
        select t.order_id, o.order_id is not null as here, o.total = t.total as total,
            o.source_customer_id is not distinct from case when t.named then t.source_customer_id end as customer,
            o.order_at::date = t.order_at::date as day, o.source_row_id
        from truth_orders t left join orders o using (source_system, order_id)"""
    frame = sample_month.db.execute(pairs).df()
    here = frame[frame.here]
    # Goods brought back to a shop are receipts of their own, which the truth does not list.
    others = "select count(*) from orders where status <> 'credit_note'"
    assert len(here) == sample_month.one(others) > 1500  # no order that is not true
    assert len(here) > 0.98 * len(frame)
    spoilt = {f"{file}:{line}" for file, line in sample_month.rows("select file, line from truth_defects")}
    for column in ("total", "customer", "day"):
        wrong = here[~here[column].astype(bool)]
        assert set(wrong.source_row_id) <= spoilt and len(wrong) < 10, column
    raw = " ".join(text for (text,) in sample_month.rows("select raw_text from quarantine_raw"))
    assert [order for order in frame[~frame.here].order_id if order not in raw] == []


def test_lines_add_up_to_their_order(sample_month: SampleMonth):
    """Except where a spoilt line was set aside or a defect planted; those orders are few."""
    sums = """
        select o.source_system, o.order_id, o.total, sum(l.amount) as lines
        from orders o join order_lines l using (source_system, order_id) group by all"""
    orders = sample_month.one(f"select count(*) from ({sums})")
    assert orders == sample_month.one("select count(*) from orders")
    spoilt = """
        select o.source_system, o.order_id from order_lines o join truth_defects d on o.source_row_id = d.file || ':' || d.line
        union select 'x', '' """
    odd = sample_month.rows(f"select source_system, order_id from ({sums}) where total <> lines")
    aside = " ".join(
        text for (text,) in sample_month.rows("select raw_text from quarantine_raw where file like '%s_2%'")
    )
    known = set(sample_month.rows(spoilt))
    assert [one for one in odd if one not in known and one[1] not in aside] == [] and len(odd) < 0.02 * orders


def test_the_apps_revenue_is_that_of_its_raw_files(sample_month: SampleMonth):
    """No defects are planted in Parquet files, so the raw columns add up to the published ones."""
    raw = f"""
        with orders as (from read_parquet('{sample_month.data}/app/orders.parquet')),
            refunds as (from read_parquet('{sample_month.data}/app/refunds.parquet'))
        select strftime(ordered_at, '%Y-%m') as month, count(*) as n, sum(total_jpy)::decimal(18, 2) as total
        from orders where not exists (from quarantine_raw where file = 'app/orders.parquet'
            and raw_text like '%' || order_id || '%')
        group by month order by month"""
    published = """select strftime(order_at, '%Y-%m') as month, count(*), sum(total)
        from orders where source_system = 'app' group by month order by month"""
    assert sample_month.rows(raw) == sample_month.rows(published) != []


# --- the month in numbers --------------------------------------------------------------------------------------------


def kpis_by_hand(month: SampleMonth) -> dict[str, float]:
    [(orders, revenue, active, known_orders, known_revenue)] = month.rows(f"""
        select sum(is_order), sum(amount), count(distinct customer) filter (where is_order = 1),
            sum(is_order) filter (where customer is not null), sum(amount) filter (where customer is not null)
        from ({DOCUMENTS}) where {IN_MONTH}""")
    [(repeat, retained)] = month.rows(f"""
        with bought as (select distinct customer, date_trunc('month', day)::date as month
            from ({DOCUMENTS}) where is_order = 1 and customer is not null)
        select count(*) filter (where exists (from bought b where b.customer = a.customer and b.month < a.month)),
            count(*) filter (where exists (from bought b where b.customer = a.customer
                and b.month = a.month - interval 1 month))
        from bought a where month = date '{FIRST_DAY}'""")
    [(before,)] = month.rows(f"""select count(distinct customer) from ({DOCUMENTS}) where is_order = 1
        and date_trunc('month', day) = date '{FIRST_DAY}' - interval 1 month""")
    return {
        "orders": orders,
        "revenue": float(revenue),
        "active_customers": active,
        "new_customers": active - repeat,
        "repeat_rate": repeat / active,
        "retention_rate": retained / before,
        "purchase_frequency": known_orders / active,
        "average_order_value": float(known_revenue) / known_orders,
        "revenue_identified": float(known_revenue),
        "revenue_anonymous": float(revenue - known_revenue),
    }


def test_the_months_kpis_by_plain_sql(sample_month: SampleMonth):
    by_hand = kpis_by_hand(sample_month)
    published = dict(sample_month.rows(f"select kpi, value from kpi where month = '{FIRST_DAY}'"))
    assert {name: published[name] for name in by_hand} == pytest.approx(by_hand, rel=1e-12)
    recorded = sample_month.manifest["records"]
    assert {name: recorded["kpi"][name] for name in by_hand} == pytest.approx(by_hand, rel=1e-12)
    assert recorded["monthly_report"]["revenue"] == by_hand["revenue"]
    assert by_hand["active_customers"] > 30 and 0 < by_hand["repeat_rate"] < 1
    months = sample_month.one("select count(distinct month) from kpi")
    assert months == recorded["kpi"]["months"] == sample_run.MONTHS


def test_revenue_of_every_month_by_plain_sql(sample_month: SampleMonth):
    by_hand = f"""select date_trunc('month', day)::date as month, sum(amount)::double from ({DOCUMENTS})
        group by month order by month"""
    published = sample_month.rows("select month, value from kpi where kpi = 'revenue' order by month")
    assert published == sample_month.rows(by_hand) and len(published) == sample_run.MONTHS  # whole yen: exact


def test_revenue_is_customers_times_frequency_times_basket(sample_month: SampleMonth):
    rows = sample_month.rows("""
        select active_customers * purchase_frequency * average_order_value, revenue_identified,
            revenue_identified + revenue_anonymous, revenue
        from (pivot (select kpi, month, value from kpi) on kpi using first(value))""")
    for tree, identified, together, revenue in rows:
        assert tree == pytest.approx(identified, rel=1e-12) and together == pytest.approx(revenue, rel=1e-12)
    assert len(rows) == sample_run.MONTHS


def test_the_report_prints_the_numbers(sample_month: SampleMonth):
    by_hand = kpis_by_hand(sample_month)
    for language, sign in (("ja", "{:,.0f}円"), ("en", "¥{:,.0f}")):
        page = (sample_month.report / f"report.{language}.html").read_text(encoding="utf-8").replace("\u2060", "")
        assert sign.format(by_hand["revenue"]) in page and sign.format(by_hand["average_order_value"]) in page
        files = sample_month.one("select sum(rows_read)::bigint from source_files")
        assert f"{files:,}" in page
        printed = "".join(one.extract_text() for one in PdfReader(sample_month.report / f"report.{language}.pdf").pages)
        assert sign.format(by_hand["revenue"]) in printed and f"{files:,}" in printed
        book = openpyxl.load_workbook(sample_month.report / f"report.{language}.xlsx")
        values = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
        assert {round(by_hand["revenue"]), round(by_hand["average_order_value"])} <= values


# --- segments --------------------------------------------------------------------------------------------------------


def measures_by_hand(month: SampleMonth) -> pd.DataFrame:
    """Days since the last order, orders and net spend per customer, in plain Python from the documents."""
    orders: dict[str, list] = {}
    spend: dict[str, Decimal] = {}
    for name, day, amount, is_order in month.rows(f"from ({DOCUMENTS}) where customer is not null"):
        spend[name] = spend.get(name, Decimal(0)) + amount
        if is_order:
            orders.setdefault(name, []).append(day.date())
    as_of = date.fromisoformat(AS_OF)
    rows = [(name, (as_of - max(days)).days, len(days), spend[name]) for name, days in orders.items()]
    return pd.DataFrame(rows, columns=["customer_id", "days", "orders", "spend"]).set_index("customer_id").sort_index()


def fifths(scores: pd.Series) -> np.ndarray:
    """Rank 1 to 5 by the share of customers strictly worse."""
    values = scores.to_numpy()
    worse = np.array([(values < value).sum() for value in values])
    return 1 + 5 * worse // len(values)


def test_rfm_by_hand(sample_month: SampleMonth):
    """The history is as long as the window (24 months), so every document counts."""
    by_hand = measures_by_hand(sample_month)
    rfm = sample_month.db.execute("from rfm order by customer_id").df().set_index("customer_id")
    assert list(rfm.index) == list(by_hand.index) and len(rfm) > 300
    assert (rfm.days_since_last_order == by_hand.days).all() and (rfm.order_count == by_hand.orders).all()
    assert (rfm.net_spend == by_hand.spend.astype(float)).all()
    assert (rfm.r == fifths(-by_hand.days)).all() and (rfm.f == fifths(by_hand.orders)).all()
    assert (rfm.m == fifths(by_hand.spend.astype(float))).all()
    best, worst = by_hand.orders.idxmax(), by_hand.days.idxmax()
    assert rfm.loc[best, ["f", "m"]].tolist() == [5, 5] and rfm.loc[worst, "r"] == 1
    named = {(5, 5): "champions", (3, 5): "loyal", (5, 1): "new", (4, 1): "promising", (1, 1): "lost"}
    for (r, f), segment in named.items():
        members = rfm[(rfm.r == r) & (rfm.f == f)]
        assert set(members.segment) == {segment} and len(members) > 0


def test_segments_hold_everybody_once(sample_month: SampleMonth):
    customers = len(measures_by_hand(sample_month))
    assert sample_month.one("select sum(customers)::bigint from segment_summary") == customers
    assert sample_month.manifest["records"]["segments"]["customers"] == customers
    counted = (
        "select segment, count(*), sum(net_spend), sum(order_count)::bigint from rfm group by segment order by segment"
    )
    summary = "select segment, customers, net_spend, orders from segment_summary where customers > 0 order by segment"
    assert sample_month.rows(counted) == sample_month.rows(summary)
    assert sample_month.one("select sum(share) from segment_summary") == pytest.approx(1)


def test_movements_add_up_to_both_sides(sample_month: SampleMonth):
    now = "select to_segment, sum(customers)::bigint from segment_migration group by 1 order by 1"
    then = "select from_segment, sum(customers)::bigint from segment_migration where from_segment <> 'not_yet' group by 1 order by 1"
    summary = "select segment, {0} from segment_summary where {0} > 0 order by segment"
    assert sample_month.rows(now) == sample_month.rows(summary.format("customers"))
    assert sample_month.rows(then) == sample_month.rows(summary.format("previous_customers"))
    arrived = sample_month.one(
        f"""select count(*) from (select customer from ({DOCUMENTS}) where is_order = 1 and customer is not null
        group by all having min(day) >= '{FIRST_DAY}')"""
    )
    moved = sample_month.one("select sum(customers)::bigint from segment_migration where from_segment = 'not_yet'")
    assert moved == sample_month.manifest["records"]["segments"]["newly_arrived"] == arrived > 0


def test_attributes_shown_are_true_counts(sample_month: SampleMonth):
    """What is not withheld is right: the profile's gender and the channel of most orders, counted by plain SQL."""
    by_hand = """
        select coalesce(gender, 'unknown') as value, segment, count(*)
        from rfm left join profile using (customer_id) group by all"""
    true = {(value, segment): count for value, segment, count in sample_month.rows(by_hand)}
    shown = sample_month.rows("select value, segment, customers from segment_attributes where attribute = 'gender'")
    checked = [(value, segment, n) for value, segment, n in shown if n is not None]
    assert len(checked) > 5 and all(true.get((value, segment), 0) == n for value, segment, n in checked)
    channels = """
        select customer_id, channel, count(*) as orders
        from orders join identity_links using (source_system, source_customer_id)
        where status = 'completed' group by all"""
    main: dict[str, tuple] = {}
    for customer, channel, orders in sample_month.rows(channels):
        main[customer] = min(main.get(customer, (0, "")), (-orders, channel))
    segments = dict(sample_month.rows("select customer_id, segment from rfm"))
    true = Counter((channel, segments[customer]) for customer, (_, channel) in main.items())
    shown = sample_month.rows("select value, segment, customers from segment_attributes where attribute = 'channel'")
    checked = [(value, segment, n) for value, segment, n in shown if n is not None]
    assert len(checked) > 5 and all(true[value, segment] == n for value, segment, n in checked)


def test_every_id_of_an_order_has_a_customer_and_a_customer_may_have_several(sample_month: SampleMonth):
    """The links are the one way from an id to a person; figures per id would count more of them."""
    unlinked = """select count(*) from orders anti join identity_links using (source_system, source_customer_id)
        where source_customer_id is not null"""
    assert sample_month.one(unlinked) == 0
    ids = """select count(distinct (source_system, source_customer_id)) from orders
        where status = 'completed' and source_customer_id is not null"""
    assert 300 < sample_month.one("select count(*) from rfm") < sample_month.one(ids)


# --- the run ---------------------------------------------------------------------------------------------------------


def test_a_second_run_is_up_to_date(sample_month: SampleMonth):
    before = sample_month.manifest
    said = sample_run.run_month(sample_month.home)
    assert f"up to date (run {before['run_id']})" in said and "done in" not in said
    assert SampleMonth(sample_month.home).manifest == before


def test_a_run_without_an_aim_is_refused(home):
    company = yaml.safe_load((store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8"))
    del company["aim"]
    store.replace(home / "pipelines" / "sample.yaml", yaml.safe_dump(company, allow_unicode=True))
    with pytest.raises(ConfigError, match="'aim' is missing"):
        pipeline.make_plan("sample", MONTH)


@pytest.mark.slow
def test_verify_rebuilds_the_same_month(sample_month: SampleMonth):
    """Every page executed again elsewhere: same tables, numbers, reports of all forms, byte for byte."""
    said: list[str] = []
    with sample_run.at_home(sample_month.home):
        assert pipeline.verify("sample", MONTH, say=said.append) is True, said
    assert len(said) == 1 and said[0].startswith(f"sample {MONTH}: all {len(sample_month.tables)} tables, ")
    numbers, files = map(int, re.search(r"([\d,]+) numbers and ([\d,]+) published files equal", said[0]).groups())
    assert numbers > 100 and files > len(sample_month.tables)  # Great Expectations' pages, and the report in six forms
    forms = {f"report.{code}.{form}" for code in ("ja", "en") for form in ("html", "pdf", "xlsx")}
    assert forms <= sample_month.manifest["reports"].keys()


# --- a past month sees only what was known by then -------------------------------------------------------------------

PAST, PAST_END = "2026-04", date(2026, 4, 30)


@pytest.mark.slow
def test_a_past_month_sees_only_what_was_known_by_then(sample_month: SampleMonth, tmp_path):
    trimmed = tmp_path / "trimmed"
    shutil.copytree(sample_month.data, trimmed)
    assert sample_run.forget_after(trimmed, PAST_END) > 500
    assert len(list(trimmed.glob("pos/sales_*.csv"))) == 18
    company = yaml.safe_load((store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8"))
    company["stages"] = ["quality", "identity", "profile", "segments", "cltv", "kpi"]
    found = {}
    for name, data in (("all", sample_month.data), ("known", trimmed)):
        store.replace(tmp_path / name / "pipelines" / "sample.yaml", yaml.safe_dump(company, allow_unicode=True))
        sample_run.run_month(tmp_path / name, PAST, data=str(data), data_docs=False)
        found[name] = sample_run.published(tmp_path / name, PAST)
    for table in (
        "identity_links",
        "rfm",
        "kpi_cohorts",
        "customer_months",
        *(n for n in found["all"] if n.startswith("segment_")),
    ):
        assert found["all"][table].read_bytes() == found["known"][table].read_bytes(), table
    # what is told of the raw files themselves counts the rows that came later, as these stand in them
    files = ("rows_accepted", "completeness", "validity", "duplication")
    kpis = f"from '{{}}' where kpi not in {files} order by all"
    assert (
        duckdb.sql(kpis.format(found["all"]["kpi"])).fetchall()
        == duckdb.sql(kpis.format(found["known"]["kpi"])).fetchall()
    )
    profiles = [
        duckdb.sql(f"select columns(c -> not ends_with(c, '__source')) from '{paths['profile']}'")
        for paths in found.values()
    ]
    assert profiles[0].fetchall() == profiles[1].fetchall()  # the lines they come from move up when others are cut out
    late = "select count(*) from '{}' where reason = 'after_month'"
    all_late, known_late = (duckdb.sql(late.format(found[name]["quarantine"])).fetchall()[0][0] for name in found)
    assert all_late > 1000 and known_late < 30  # typing errors only
    # The past month says what the later one says of it, where later documents cannot change it.
    past = duckdb.sql(f"select kpi, month, value from '{found['all']['kpi']}' order by all").fetchall()
    assert max(month for _, month, _ in past) == date(2026, 4, 1) and len(past) == len(kpi.KPIS) * 18
    now = {(kpi, month): value for kpi, month, value in sample_month.rows("select kpi, month, value from kpi")}
    same = [now[kpi, month] == pytest.approx(value) for kpi, month, value in past if value is not None]
    assert np.mean(same) > 0.9
