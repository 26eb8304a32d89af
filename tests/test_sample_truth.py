"""The sample company's truth: people, effects and planted defects are what the truth folder says they are."""

from datetime import date
from decimal import Decimal

import duckdb
import numpy as np
import pytest
import sample_company
from sample_company import MONTHS, PEOPLE, SOURCES, one, rows

from customerbase import sample
from customerbase.engine import Engine
from customerbase.sample.campaigns import WINDOW
from customerbase.stage.intake import Intake

company, truth = sample_company.company, sample_company.truth  # the fixtures


@pytest.fixture(scope="module")
def intake(company, tmp_path_factory):
    made = Intake(Engine(), SOURCES, company, date(2026, 10, 31), tmp_path_factory.mktemp("intake"))
    yield made
    made.close()


def test_ids_and_people_fit(truth):
    assert one(truth, "select count(*), count(distinct person_id) from persons") == (PEOPLE, PEOPLE)
    assert one(truth, "select count(distinct person_id) = (select count(*) from persons) from links")[0]
    several = one(truth, "select avg((n > 1)::int) from (select count(*) as n from links group by person_id)")[0]
    assert 0.15 < several < 0.35
    unknown = "select count(*) from orders anti join links using (source_system, source_customer_id)"
    assert one(truth, f"{unknown} where source_customer_id is not null") == (0,)


def test_orders_follow_their_people(truth):
    query = """select count(*) filter (where order_at > dropout_at + interval 1 day and cause <> 'first'),
        count(*) filter (where order_at < joined_at - interval 1 day), count(*)
        from (from orders union all from future_orders) join persons using (person_id)"""
    late, early, count = one(truth, query)
    assert (late, early) == (0, 0) and count > 3000
    assert one(truth, "select max(order_at) < '2026-11-01', min(order_at) >= '2026-02-01' from orders") == (True, True)
    span = "select min(order_at) >= '2026-11-01', max(order_at) >= '2027-10-01', max(order_at) < '2027-11-01'"
    assert one(truth, f"{span} from future_orders") == (True, True, True)


def test_the_files_hold_exactly_the_true_orders(truth, company):
    ids = set()
    for path in sorted((company / "pos").glob("sales_*.csv")):
        text = path.read_bytes().decode("cp932", errors="replace").splitlines()[1:]
        ids |= {line.split('"')[1] for line in text if line.startswith('"P')}
    true = {order for (order,) in rows(truth, "select order_id from orders where source_system = 'pos'")}
    assert ids == true


def test_points_never_fall_below_zero(company, truth):
    ledger = f"read_csv('{company}/webshop/points.csv', all_varchar = true, null_padding = true, strict_mode = false)"
    query = f"""with clean as (
            select 取引番号 as txn, 会員ID as member, try_cast(増減 as integer) as delta, any_value(区分) as kind from {ledger}
            where try_cast(増減 as integer) is not null group by all),
        balance as (select sum(case when kind = '付与' then abs(delta) else delta end)
            over (partition by member order by txn) as points from clean)
        select count(*), min(points) from balance"""
    count, least = one(duckdb.connect(), query)
    assert count > 300 and least >= -5  # a spoilt line may hide a few points, no more


def test_true_campaign_effect_is_found_by_comparing_arms(tmp_path):
    out = sample.generate(12_000, seed=3, months=6, out=tmp_path / "campaigns")
    folder = sample.truth_folder(out)
    query = f"""
        with contacts as (
            select c.*, strptime(substr(campaign_id, 2) || '10 10', '%Y%m%d %H') as sent
            from '{folder}/campaign_contacts.parquet' as c),
        counted as (
            select c.campaign_id, treated, effect, count(o.order_id) as orders,
                count(o.order_id) filter (where o.cause = 'campaign') as caused
            from contacts as c left join '{folder}/orders.parquet' as o
                on o.source_system = c.source_system and o.source_customer_id = c.source_customer_id
                and o.order_at >= c.sent - interval 1 minute and o.order_at < c.sent + interval {WINDOW + 1} day
            group by c.campaign_id, treated, effect, c.source_system, c.source_customer_id)
        select campaign_id, avg(orders) filter (where treated) - avg(orders) filter (where not treated) as found,
            sqrt(var_samp(orders) filter (where treated) / count(*) filter (where treated)
                + var_samp(orders) filter (where not treated) / count(*) filter (where not treated)) as error,
            avg(effect) as true, avg(caused) filter (where treated) as caused, count(*) as contacts,
            sum(caused) filter (where not treated) as leaked
        from counted group by campaign_id order by campaign_id"""
    found = duckdb.connect().execute(query).df()
    assert len(found) == 3 and found.contacts.min() > 400
    assert (np.abs(found.found - found.true) < 3.5 * found.error).all()
    assert found.true.iloc[2] == 0 and found.caused.iloc[2] == 0  # お手入れ便り does nothing, by design
    assert found.leaked.sum() == 0 and found.true.iloc[0] > 0.02
    # What caused orders add up to is the planned effect, less those who left within the mean delay.
    assert found.caused.iloc[0] == pytest.approx(found.true.iloc[0], rel=0.25)


def test_refills_come_back_at_their_interval(truth):
    query = """
        with gaps as (
            select refill_days, date_diff('hour', lag(order_at) over (partition by person_id order by order_at), order_at) / 24 as gap
            from (from orders union all from future_orders) join persons using (person_id) where cause = 'refill')
        select count(*), median(gap / refill_days) from gaps where gap is not null"""
    count, ratio = one(truth, query)
    assert count > 100 and 0.85 < ratio < 1.15


def test_companions_are_bought_more_often(truth, company):
    lines = f"read_parquet('{company}/app/order_lines.parquet')"
    query = f"""select avg(has::int) from (
        select l.order_id, bool_or(o.sku = p.companion) as has from {lines} as l
        join product_pairs as p on l.sku = p.sku join {lines} as o on o.order_id = l.order_id group by l.order_id)"""
    assert 0.15 < one(truth, query)[0] < 0.6


def test_the_company_is_plausible(truth):
    counts = "select avg((n > 1)::int) from (select count(*) as n from orders where named group by source_system, source_customer_id)"
    assert 0.3 < one(truth, counts)[0] < 0.6
    value, anonymous = one(
        truth,
        "select avg(total), avg((source_customer_id is null or not named)::int) filter (where source_system = 'pos') from orders",
    )
    assert 4000 < value < 8000 and 0.2 < anonymous < 0.32
    by_month = rows(
        truth, "select sum(total) from orders where status = 'completed' group by date_trunc('month', order_at)"
    )
    assert len(by_month) == MONTHS and max(by_month)[0] < 2.2 * min(by_month)[0]


# --- the intake reads it, and finds what was planted ---------------------------------------------------------------


def test_nothing_is_lost(intake):
    files = intake.files
    assert (files.rows_read == files.rows_accepted + files.rows_quarantined).all()
    share = files.rows_quarantined.sum() / files.rows_read.sum()
    assert 0.0005 < share < 0.01


def test_every_planted_defect_has_its_planned_outcome(intake, truth):
    found = {(file.split("#")[0], line, severity, reason) for file, line, severity, reason in
             intake.quarantine.project("file, line, severity, reason").fetchall()}  # fmt: skip
    planned = rows(truth, "select file, line, kind, outcome from defects")
    missing = [plan for plan in planned if ":" in plan[3] and (plan[0], plan[1], *plan[3].split(":")) not in found]
    assert missing == []
    harmless = {(file, line) for file, line, _, outcome in planned if ":" not in outcome}
    blocked = {(file, line) for file, line, severity, _ in found if severity == "block"}
    assert harmless & blocked == set()
    assert {kind for _, _, kind, _ in planned} >= {
        "impossible_date", "wareki_date", "excel_serial", "yen_sign", "wide_digits", "brackets", "amount_1e400", "amount_nan",
        "negative_quantity", "duplicate_key", "late_registration", "unknown_customer", "future_date", "script_tag", "formula",
        "ragged_long", "newline_in_cell", "blank_line", "other_line_end", "broken_bytes",
    }  # fmt: skip


def test_what_was_not_planted_is_a_consequence(intake, truth):
    planted = {(file, line) for file, line in rows(truth, "select file, line from defects")}
    reasons = intake.quarantine.project("file, line, reason").fetchall()
    others = {reason for file, line, reason in reasons if (file.split("#")[0], line) not in planted}
    assert others <= {
        "unknown_customer",
        "unknown_order",
        "order_quarantined",
        "before_registration",
        "refunded_before_order",
    }


def test_fixed_values_are_read_as_they_were_meant(intake, truth):
    amounts = rows(
        truth, "select file || ':' || line, before from defects where outcome = 'fixed' and \"column\" = '金額'"
    )
    read = dict(intake.table("order_lines").project("source_row_id, amount").fetchall())
    checked = [(row, Decimal(before)) for row, before in amounts if row in read]
    assert len(checked) > 10 and [row for row, before in checked if read[row] != before] == []
    days = rows(
        truth, "select file || ':' || line, before from defects where outcome = 'fixed' and \"column\" = '取引日時'"
    )
    read = dict(intake.table("orders").project("source_row_id, order_at").fetchall())
    checked = [(row, before.replace("/", "-")[:10]) for row, before in days if row in read]
    assert len(checked) > 5 and [row for row, before in checked if f"{read[row]:%Y-%m-%d}" != before] == []


def test_nobody_can_be_reached(intake):
    people = intake.table("customers_src").df()
    addresses = people.email.dropna().str.lower().str.replace("＠", "@")
    assert addresses.str.fullmatch(r"[a-z0-9.\-]+@(mail\.)?example\.(com|jp|net|org)").all()
    plain = people.phone.dropna().str.replace("-", "").str.replace("+81", "0")
    assert plain.str.fullmatch(r"0[89]00\d{7}|0\d0\d{7}|0\d{2}0\d{6}|00000000000").all()
    assert len(plain) > 2000
