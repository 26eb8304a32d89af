"""Linking against the truth of invented people: what is found, what is kept apart, and that nothing depends on order."""

from datetime import date

import identity_base as base_of
import pytest

from customerbase import identity

SEEDS = (21, 22, 23)


@pytest.fixture(scope="module", params=SEEDS)
def base(request, tmp_path_factory):
    db = base_of.invented(tmp_path_factory.mktemp("invented"), 3000, request.param)
    return base_of.resolve(db)


def test_pairs_are_right_and_linkable_pairs_are_found(base):
    assert base_of.precision(base) >= 0.995
    assert base_of.recall(base) >= 0.97


def test_twins_and_families_of_one_telephone_stay_apart(base):
    one_phone = base.rows("""
        select count(*), count(*) filter (l.customer_id = r.customer_id)
        from (select *, record_id as r from linkage join truth using (source_system, source_customer_id)) a
        join (select *, record_id as r from linkage join truth using (source_system, source_customer_id)) b
            on a.fixed_phone = b.fixed_phone and a.person_id < b.person_id and a.given_kanji <> b.given_kanji
        join identity_links l on l.source_system || ':' || l.source_customer_id = a.r
        join identity_links r on r.source_system || ':' || r.source_customer_id = b.r""")
    [(pairs, merged)] = one_phone
    assert pairs > 20 and merged == 0


@pytest.mark.parametrize("change", ["birth", "postal_code", "family_kanji"])
def test_moved_house_and_changed_surname_are_found(base, change):
    """Of one person's records that share mobile or e-mail although home, surname or birth date differ, 90 % are joined."""
    pairs = f"""
        select a.record_id as a, b.record_id as b from
            (select l.*, t.person_id from linkage l join truth t using (source_system, source_customer_id)) a
        join (select l.*, t.person_id from linkage l join truth t using (source_system, source_customer_id)) b
            on a.person_id = b.person_id and a.record_id < b.record_id
        where (a.mobile = b.mobile or a.email = b.email) and a.{change} <> b.{change}"""
    assert base.rows(f"select count(*) from ({pairs})")[0][0] >= 5
    assert base_of.recall(base, pairs) >= 0.9


def test_every_id_has_one_customer_and_no_id_is_a_record_id(base):
    [(links, ids, records)] = base.rows(
        "select count(*), count(distinct (source_system, source_customer_id)), (select count(*) from customers_src) from identity_links"
    )
    assert links == ids >= records
    assert base.rows(
        "select count(*) from identity_links where customer_id in (select source_customer_id from identity_links)"
    ) == [(0,)]
    assert base.rows(
        "select count(*) from identity_links where not regexp_full_match(customer_id, 'C[0-9A-Z]{16}')"
    ) == [(0,)]


def test_the_looser_grouping_never_splits_a_customer(base):
    assert base.rows("select customer_id from identity_links group by 1 having count(distinct loose_id) > 1") == []
    [(strict, loose)] = base.rows("select count(distinct customer_id), count(distinct loose_id) from identity_links")
    assert loose < strict


def test_order_of_rows_does_not_matter(base):
    links = base.rows("select * from identity_links order by all")
    base.db.execute("create temp table shuffled as select * from customers_src order by md5(source_customer_id)")
    other = base_of.Engine()
    other.connection.register("rows", base.db.query("select * from shuffled").to_arrow_table())
    other.execute("create temp table customers_src as select * from rows")
    other.register("orders", base.db.query("select * from orders").to_arrow_table())
    assert base_of.resolve(other).rows("select * from identity_links order by all") == links


def test_a_new_month_compares_only_what_changed_and_gives_the_same(tmp_path):
    db = base_of.invented(tmp_path, 2000, 31)
    everything = db.query("select * from customers_src").to_arrow_table()
    truth = db.query("select * from truth").to_arrow_table()

    def month(where: str, **options):
        engine = base_of.Engine()
        engine.connection.register("everything", everything)
        engine.connection.register("truth", truth)
        engine.execute(
            f"create temp table customers_src as select {options.pop('columns', '*')} from everything where {where}"
        )
        engine.execute("create temp table orders (source_system varchar, source_customer_id varchar)")
        return base_of.resolve(engine, **options)

    first = month("registered_at < timestamp '2026-06-01'", month=date(2026, 9, 1))
    kept = base_of.keep(first, tmp_path / "kept")
    changed = "* replace (case when source_customer_id like '%7' then null else email end as email)"
    later = {"columns": changed, "carried": kept, "where": "source_customer_id not like '%13'"}
    reused = month(later["where"], columns=changed, carried=kept)
    whole = month(later["where"], columns=changed, carried=kept, reuse=False)
    assert reused.linked.reused and not whole.linked.reused
    for table in ("identity_edges", "identity_links", "identity_review", "customers_std"):
        rows = reused.rows(f"select * from {table} order by all")
        assert rows and rows == whole.rows(f"select * from {table} order by all"), table
    again = month("registered_at < timestamp '2026-06-01'", carried=kept)
    assert again.rows("select * from identity_links order by all") == first.rows(
        "select * from identity_links order by all"
    )


def test_a_new_model_compares_everything_anew(tmp_path):
    first = base_of.resolve(base_of.invented(tmp_path, 300, 5), month=date(2026, 9, 1))
    kept = base_of.keep(first, tmp_path / "kept")
    db = base_of.invented(tmp_path, 300, 5)
    base = base_of.resolve(db, carried=kept)
    assert base.linked.reused
    trained = identity.read_model(identity.shipped().to_json().replace('"version": "', '"version": "x-'), "test")
    assert not identity.link(db, trained, base_of.KEY).reused


def test_whole_clusters_are_exactly_one_person(base):
    precision, recall = base_of.whole_clusters(base)
    assert precision >= 0.965 and recall >= 0.98
