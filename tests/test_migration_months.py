"""Two published months of the sample company, the second with documents that came in late: page 07b on the first."""

import shutil
from datetime import date

import pyarrow.parquet as pq
import pytest
import sample_run
import yaml
from sample_run import AS_OF, SampleMonth

from customerbase import rfm, segments
from customerbase.engine import Engine
from customerbase.tables import store

BEFORE, SINCE = "2026-09", date(2026, 9, 30)
sample_month = sample_run.sample_month


def held_back(folder, day: date) -> int:
    """Take four of five app orders of the last two months out of the raw files: they will come a month late."""
    path = folder / "app" / "orders.parquet"
    table = pq.read_table(path)
    days = [str(value)[:10] for value in table["ordered_at"].to_pylist()]
    late = [number % 5 > 0 and f"{day:%Y}-08" <= when[:7] for number, when in enumerate(days)]
    gone = {order for order, out in zip(table["order_id"].to_pylist(), late, strict=True) if out}
    for name in ("orders", "order_lines", "refunds"):
        path = folder / "app" / f"{name}.parquet"
        table = pq.read_table(path)
        pq.write_table(table.filter([order not in gone for order in table["order_id"].to_pylist()]), path)
    return len(gone)


@pytest.fixture(scope="module")
def months(sample_month: SampleMonth, tmp_path_factory) -> tuple[dict, dict]:
    """Tables of September, as known then, and of October on all files."""
    home = tmp_path_factory.mktemp("late")
    company = yaml.safe_load((store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8"))
    company["stages"] = ["quality", "identity", "profile", "segments", "cltv", "movement"]
    store.replace(home / "pipelines" / "sample.yaml", yaml.safe_dump(company, allow_unicode=True))
    known_then = home / "known_then"
    shutil.copytree(sample_month.data, known_then)
    sample_run.forget_after(known_then, SINCE)
    assert held_back(known_then, SINCE) > 10
    sample_run.run_month(home, BEFORE, data=str(known_then), data_docs=False)
    sample_run.run_month(home, sample_run.MONTH, data=str(sample_month.data), data_docs=False)
    return tuple(sample_run.published(home, month) for month in (BEFORE, sample_run.MONTH))


@pytest.fixture(scope="module")
def db(months) -> Engine:
    """Views of both months: September's tables as first_…, October's under their own names, and what is known today."""
    engine = Engine()
    for prefix, tables in (("first_", months[0]), ("", months[1])):
        for name, path in tables.items():
            engine.register(f"{prefix}{name}", path)
    rule = rfm.rule_in_force(engine)
    engine.register("known_then", segments.assign(rule.ranks(engine, SINCE)))
    engine.register("between", segments.assign(rule.ranks(engine, date.fromisoformat(AS_OF), SINCE)))
    return engine


def one(db: Engine, query: str):
    return db.query(query).fetchall()[0][0]


def test_the_first_month_says_what_it_does_not_know(months):
    db = Engine()
    for name, path in months[0].items():
        db.register(name, path)
    assert one(db, "select count(published) from migration") == 0
    assert one(db, "select count(distinct record) from migration_causes") == 1
    assert one(db, "select count(*) from rfm_history") == one(db, "select count(*) from rfm") > 300


def test_history_is_what_the_first_month_published(db):
    columns = "customer_id, r, f, m, segment"
    kept = f"select {columns} from rfm_history where month = date '2026-09-30'"
    published = f"select {columns} from first_rfm"
    assert db.query(f"{kept} except {published}").fetchall() == db.query(f"{published} except {kept}").fetchall() == []
    values = "select customer_id, cltv from rfm_history where month = date '2026-09-30' except select customer_id, cltv from first_cltv"
    assert db.query(values).fetchall() == []
    assert one(db, "select count(*) from rfm_history where month = date '2026-10-31'") == one(
        db, "select count(*) from rfm"
    )


def test_late_orders_are_the_late_part_by_plain_sql(db):
    """Customers whose published segment is not today's of September, id by id where nobody was merged."""
    corrected = """select count(*) from first_rfm f join known_then t using (customer_id)
        where f.segment <> t.segment and customer_id not in (select customer_id from id_aliases)"""
    arrived = "select count(*) from known_then anti join first_rfm using (customer_id)"
    found = one(db, "select sum(customers)::bigint from migration_causes where months = 1 and record = 'corrected'")
    plain = one(db, corrected) + one(db, arrived)
    merged = one(db, "select count(*) from id_aliases")
    assert one(db, corrected) > 5  # the files held back made a difference
    assert abs(found - plain) <= 2 * merged
    assert one(db, "select count(*) from migration where months = 1 and late <> 0") > 0


def test_counts_are_those_of_page_04_and_add_up(db):
    pairs = "select from_segment, to_segment, customers from {} where {} order by all"
    ours = db.query(pairs.format("migration", "months = 1 and customers > 0")).fetchall()
    assert ours == db.query(pairs.format("segment_migration", "true")).fetchall()
    assert one(db, "select count(*) from migration where customers <> real + cut_points") == 0
    assert one(db, "select count(*) from migration where published <> customers + late") == 0
    sizes = "select segment, count(*)::bigint from {} group by 1 order by 1"
    published = """select from_segment, sum(published)::bigint from migration where months = 1
        and from_segment not in ('not_yet', 'gone') group by 1 having sum(published) > 0 order by 1"""
    assert db.query(published).fetchall() == db.query(sizes.format("first_rfm")).fetchall()
    now = "select to_segment, sum(customers)::bigint from migration where months = 1 and customers > 0 group by 1 order by 1"
    assert db.query(now).fetchall() == db.query(sizes.format("rfm")).fetchall()
    real = "select to_segment, sum(real)::bigint from migration where months = 1 and real > 0 group by 1 order by 1"
    assert db.query(real).fetchall() == db.query(sizes.format("between")).fetchall()


def test_who_moved_and_their_value_by_plain_sql(db):
    movers = "select count(*) from segment_movers where months = 1 and from_segment <> to_segment"
    plain = """select count(*) from rfm n left join known_then t using (customer_id)
        where n.segment is distinct from t.segment"""
    assert one(db, movers) == one(db, plain)
    change = """select sum(cltv_change) from migration where months = 1 and from_segment = 'champions' and to_segment = 'loyal'"""
    truth = """select sum(n.cltv::decimal(18, 2) - o.cltv::decimal(18, 2)) from known_then t join rfm r using (customer_id)
        join first_cltv o using (customer_id) join cltv n using (customer_id)
        where t.segment = 'champions' and r.segment = 'loyal'"""
    if one(db, "select count(*) from id_aliases") == 0:
        assert one(db, change) == pytest.approx(float(one(db, truth)), abs=0.05)
    assert one(db, "select count(cltv_before) from segment_movers where months = 1") > 50


def test_spans_longer_than_the_history_have_no_late_part(db):
    assert one(db, "select count(published) from migration where months > 1") == 0
    assert one(db, "select count(distinct months) from migration_causes") == 4


def test_every_other_length_is_counted_as_plain_sql_counts_it(db):
    [(lengths, longest)] = db.query("select count(distinct months), max(months) from migration").fetchall()
    assert lengths == longest and 17 <= longest <= 24
    rule = rfm.rule_in_force(db)
    for months, day in ((2, date(2026, 8, 31)), (17, date(2025, 5, 31))):
        db.register("then_", segments.assign(rule.ranks(db, day)))
        plain = db.query("""select coalesce(t.segment, 'not_yet') as a, n.segment as b, count(*)::bigint as people
            from rfm n left join then_ t using (customer_id) group by all order by all""").fetchall()
        ours = db.query(f"""select from_segment, to_segment, customers from migration where months = {months}
            and customers > 0 order by all""").fetchall()
        assert ours == plain and len(plain) > 20
    assert one(db, "select count(real) + count(published) from migration where months not in (1, 3, 6, 12)") == 0
