"""A month built on the stored snapshots equals a full rebuild, row for row; and is checked against its declaration."""

from datetime import date

import pytest
from snapshot_tables import company, rows

import customerbase.features.monthly as monthly
import customerbase.features.snapshots as snapshots
from customerbase import features
from customerbase.errors import InputError
from customerbase.tables import evaluate, previous, schema, store

AS_OF, BEFORE = date(2026, 7, 31), date(2026, 6, 30)
TORN = "K004"  # a customer with two accounts
OPTIONS = {"count": 5, "horizons": (30, 60)}


def content(made) -> str:
    """Both tables as text, every bit of a value showing."""
    return repr((rows(made.snapshots), rows(made.labels)))


def hand_on(db, folder) -> None:
    """The month before as a published month leaves it: both tables and the links, written to files and registered."""
    made = {"snapshots": "select * from snapshots", "snapshot_labels": "select * from snapshot_labels"}
    for table, query in (made | {"identity_links": "select * from identity_links"}).items():
        path = folder / f"{table}.parquet"
        db.query(query).write_parquet(str(path))
        previous.register(db, table, path)


def move_accounts(db) -> None:
    """What a month of linking does: two customers become one, one is parted, one gets another id."""
    db.execute("update identity_links set customer_id = 'K001' where customer_id = 'K002'")
    db.execute(f"update identity_links set customer_id = 'N005' where customer_id = '{TORN}' and source_system = 'app'")
    db.execute("update identity_links set customer_id = 'N007' where customer_id = 'K007'")
    db.execute("delete from identity_links where customer_id = 'K009'")


@pytest.fixture
def month(tmp_path):
    """The company after its month of June was published, with links that have changed since."""
    db = company(7)
    db.execute(
        "delete from identity_links where customer_id in ('K010', 'K011')"
    )  # accounts seen in July for the first time
    features.monthly_snapshots(db, as_of=BEFORE, **OPTIONS)
    hand_on(db, tmp_path)
    fresh = company(7)
    db.execute("drop table identity_links")
    db.register("new_links", fresh.query("select * from identity_links").to_arrow_table())
    db.execute("create table identity_links as select * from new_links")
    move_accounts(db)
    return db


def test_a_month_on_stored_snapshots_equals_a_full_rebuild(month):
    whole = features.monthly_snapshots(month, as_of=AS_OF, reuse=False, **OPTIONS)
    expected, everything = content(whole), (*whole.computed, *whole.reused)
    made = features.monthly_snapshots(month, as_of=AS_OF, **OPTIONS)
    assert content(made) == expected
    assert made.computed == (date(2026, 8, 1),)
    assert made.reused == tuple(date(2026, number, 1) for number in (4, 5, 6, 7)) == everything[:4]


def test_stored_rows_are_used_and_not_computed_again(month, monkeypatch):
    asked = []
    whole = snapshots.snapshot

    def noted(db, *, cutoff, eligible_days, customers):
        asked.append((cutoff, customers))
        return whole(db, cutoff=cutoff, eligible_days=eligible_days, customers=customers)

    monkeypatch.setattr(monthly, "snapshot", noted)
    features.monthly_snapshots(month, as_of=AS_OF, **OPTIONS)
    assert asked == [*((date(2026, number, 1), monthly.CHANGED) for number in (4, 5, 6, 7)), (date(2026, 8, 1), None)]
    changed = {row[0] for row in month.query(f"select customer_id from {monthly.CHANGED}").fetchall()}
    assert changed == {"K001", "K002", TORN, "N005", "K007", "N007", "K009", "K010", "K011"}


def test_a_stored_row_of_other_code_or_another_eligibility_is_not_used(month, monkeypatch):
    assert features.monthly_snapshots(month, as_of=AS_OF, eligible_days=200, **OPTIONS).reused == ()
    monkeypatch.setattr(monthly, "version", lambda: "another")
    assert features.monthly_snapshots(month, as_of=AS_OF, **OPTIONS).reused == ()


def test_a_damaged_value_shows_that_stored_rows_are_what_is_read(month):
    month.execute(
        "create or replace temp table stored as select * replace (spend + 1 as spend) from previous_snapshots"
    )
    month.execute("create or replace view previous_snapshots as select * from stored")
    whole = content(features.monthly_snapshots(month, as_of=AS_OF, reuse=False, **OPTIONS))
    assert content(features.monthly_snapshots(month, as_of=AS_OF, **OPTIONS)) != whole


def test_without_a_month_before_everything_is_computed():
    db = company(7)
    made = features.monthly_snapshots(db, as_of=AS_OF, **OPTIONS)
    assert (len(made.computed), made.reused) == (5, ())
    cutoffs = {row[0] for row in made.labels.project("cutoff, horizon_days").distinct().fetchall()}
    pairs = set(made.labels.project("cutoff, horizon_days").distinct().fetchall())
    assert cutoffs == {date(2026, number, 1) for number in (4, 5, 6, 7)}
    assert (date(2026, 7, 1), 30) in pairs and (date(2026, 7, 1), 60) not in pairs  # a window that has not ended
    assert (date(2026, 6, 1), 60) in pairs  # its last day is the 30th of July


def test_the_tables_are_as_declared():
    db = company(7)
    made = features.monthly_snapshots(db, as_of=AS_OF, **OPTIONS)
    for table, relation in (("snapshots", made.snapshots), ("snapshot_labels", made.labels)):
        kept = store.as_declared(relation, schema(table))
        assert kept.columns == relation.columns
        db.register("kept", kept)
        checks = evaluate(db, schema(table), "kept")
        assert len(checks) > 10
        assert [check.reason for check in checks if not check.success] == []
        assert sorted(map(repr, kept.fetchall())) == sorted(map(repr, relation.fetchall()))


def test_a_company_without_orders_has_tables_without_rows():
    made = features.monthly_snapshots(company(7, customers=0), as_of=AS_OF, **OPTIONS)
    assert (made.snapshots.fetchall(), made.labels.fetchall(), len(made.computed)) == ([], [], 5)


def test_a_month_that_has_not_ended_is_refused():
    with pytest.raises(InputError, match="expected the last day of a month"):
        features.monthly_snapshots(company(7, customers=2), as_of=date(2026, 7, 30))


def test_the_leak_test_compares_last_months_snapshots_with_todays(month):
    """Equal as they stand; an order before the cutoff that arrives late is found, one after it is not."""
    assert features.leak_test(month, as_of=date(2026, 8, 31)).cutoff is None  # a month was left out: nothing is stored
    clean = features.leak_test(month, as_of=AS_OF, most=30)
    assert (clean.cutoff, clean.compared, clean.differing) == (date(2026, 7, 1), 30, 0)
    chosen = month.query("select customer_id from leak_customers order by 1 limit 1").fetchall()[0][0]
    late = """insert into orders by name
        select o.* replace ('late-' || o.order_id as order_id, timestamp '{at}' as order_at, 'completed' as status)
        from orders o semi join (select * from identity_links where customer_id = '{who}') using (source_system, source_customer_id)
        limit 1"""
    month.execute(late.format(at="2026-07-01 00:00:00", who=chosen))
    assert features.leak_test(month, as_of=AS_OF, most=30).differing == 0
    month.execute(late.format(at="2026-06-30 23:59:59", who=chosen))
    assert features.leak_test(month, as_of=AS_OF, most=30).differing == 1
