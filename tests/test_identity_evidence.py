"""The evidence of a merge: every link of a customer, with its key, probability and month, and no id of an account."""

import json
from datetime import date
from typing import NamedTuple

import identity_base as base_of
import pytest

from customerbase.tables.schema import schema


class Merged(NamedTuple):
    """A linked base, and the evidence of its merges as rows."""

    base: base_of.Base
    rows: list[dict]


@pytest.fixture(scope="module")
def merged(tmp_path_factory) -> Merged:
    base = base_of.resolve(base_of.invented(tmp_path_factory.mktemp("invented"), 400, 5), month=date(2026, 10, 1))
    made = base.db.query("select * from merge_evidence")
    return Merged(base, [dict(zip(made.columns, row, strict=True)) for row in made.fetchall()])


def test_every_kept_link_stands_once_under_its_customer(merged):
    expected = merged.base.rows("""
        select l.customer_id, count(*) from identity_edges e
        join identity_links l on l.source_system || ':' || l.source_customer_id = e.record_a
        where e.state = 'kept' group by 1 order by 1""")
    found: dict[str, list[int]] = {}
    for row in merged.rows:
        found.setdefault(row["customer_id"], []).append(row["link"])
    assert len(expected) > 50
    assert sorted((customer, len(links)) for customer, links in found.items()) == expected
    assert all(sorted(links) == list(range(1, len(links) + 1)) for links in found.values())


def test_accounts_are_numbered_and_no_id_of_theirs_is_shown(merged):
    ids = {one for (one,) in merged.base.rows("select source_customer_id from identity_links")}
    for row in merged.rows:
        assert not ids & {str(value) for value in row.values()}
        assert 1 <= row["account_a"] < row["account_b"]
    told = {(row["customer_id"], row[f"account_{end}"], row[f"system_{end}"]) for row in merged.rows for end in "ab"}
    systems = merged.base.rows(
        "select customer_id, source_system, count(*) from identity_links where cluster_size > 1 group by all order by all"
    )
    counted: dict[tuple[str, str], int] = {}
    for customer, _, system in told:
        counted[customer, system] = counted.get((customer, system), 0) + 1
    assert sorted((*key, number) for key, number in counted.items()) == systems


def test_how_sure_and_since_when(merged):
    for row in merged.rows:
        assert row["joined"] == date(2026, 10, 1)
        if row["match_weight"] is not None:
            assert row["match_probability"] == pytest.approx(1 / (1 + 2 ** -row["match_weight"]), abs=1e-6)
        assert set(json.loads(row["evidence"])) <= {
            "given_name", "family_name", "birth_date", "mobile", "fixed_phone", "email", "address", "gender"
        }  # fmt: skip
    assert {"model", "email", "phone_and_name"} <= {row["rule"] for row in merged.rows}


def test_an_account_held_by_a_decision_alone_has_no_second_one():
    db = base_of.Engine()
    db.execute("""
        create table identity_links as select * from (values
            ('C1', 'pos', '7', 'decision', 2), ('C1', 'web', '8', 'decision', 2), ('C2', 'pos', '9', 'alone', 1)
        ) as t(customer_id, source_system, source_customer_id, rule, cluster_size)""")
    db.execute("""
        create table identity_edges (record_a varchar, record_b varchar, rule varchar, match_weight double,
            match_probability double, evidence varchar, state varchar)""")
    db.execute("""
        create table id_history as select * from (values
            ('pos', '7', 'C0', date '2026-08-01', date '2026-09-30'), ('pos', '7', 'C1', date '2026-10-01', null),
            ('web', '8', 'C1', date '2026-08-01', null), ('pos', '9', 'C2', date '2026-08-01', null)
        ) as t(source_system, source_customer_id, customer_id, valid_from, valid_to)""")
    found = db.run("merge_evidence").order("link").fetchall()
    assert [(one[0], one[1], one[2], one[3], one[4], one[6], one[10]) for one in found] == [
        ("C1", 1, 1, "pos", None, "decision", date(2026, 10, 1)),
        ("C1", 2, 2, "web", None, "decision", date(2026, 8, 1)),
    ]


def test_the_table_declares_no_contact_column():
    assert schema("merge_evidence").contact_columns == ()
    assert [name for name, one in schema("merge_evidence").columns.items() if one.sensitivity == "pseudonym"] == [
        "customer_id"
    ]
