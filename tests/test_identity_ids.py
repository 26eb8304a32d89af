"""Stable ids, month after month: cases written by hand."""

import hashlib
from datetime import date

import pandas as pd
import pytest
from identity_months import (
    DB,
    FIRST,
    KEY,
    aliases_of,
    assigned,
    changes_of,
    clusters,
    groups,
    ids_of,
    month_of,
    no_history,
    run,
)

import customerbase.identity.ids as ids
from customerbase.errors import ConfigError, TableError
from customerbase.identity.ids import ALPHABET, assign, customer_ids
from customerbase.periods import month_end
from customerbase.tables.compiler import evaluate
from customerbase.tables.schema import schema
from customerbase.tables.store import as_declared


def story(*months: str) -> list[dict]:
    return run([groups(text) for text in months])


def months_of(results: list[dict]) -> list[dict[str, str]]:
    return [ids_of(result) for result in results]


# --- new ids


def crockford(record_id: str, counter: int = 0) -> str:
    digest = hashlib.blake2b(
        record_id.encode(), key=KEY, digest_size=10, salt=counter.to_bytes(16, "big"), person=b"customer_id"
    ).digest()
    number = int.from_bytes(digest, "big")
    return "C" + "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def test_an_id_is_a_keyed_hash_in_crockfords_letters():
    names = ["s:1", "pos:日本", "s:" + "x" * 300]
    assert customer_ids(names, KEY) == [crockford(name) for name in names]
    assert customer_ids(names, KEY, counter=3) == [crockford(name, 3) for name in names]
    assert customer_ids(names, b"another key") != customer_ids(names, KEY)
    assert len(ALPHABET) == 32 and not set("ILOU") & set(ALPHABET)


def test_a_new_cluster_is_named_after_its_smallest_record():
    result = story("cab d")[0]
    assert ids_of(result) == dict.fromkeys("abc", crockford("s:a")) | {"d": crockford("s:d")}
    assert changes_of(result) == {crockford("s:a"): ("new", None, 3), crockford("s:d"): ("new", None, 1)}


def test_an_id_that_was_used_before_is_hashed_again():
    before, after = months_of(story("abc", "a bc"))
    assert after["b"] == after["c"] == before["a"] == crockford("s:a")  # the larger part keeps it
    assert after["a"] == crockford("s:a", 1)


def test_equal_hashes_of_one_month_are_told_apart(monkeypatch):
    def short(record_ids, key, counter=0):
        return [f"C{(ord(name[-1]) + counter) % 4}" for name in record_ids]

    monkeypatch.setattr(ids, "customer_ids", short)
    assert sorted(ids_of(story("a b c e")[0]).values()) == ["C0", "C1", "C2", "C3"]


@pytest.mark.parametrize(("key", "words"), [(b"", "0 bytes"), (b"x" * 65, "65 bytes")])
def test_a_key_that_cannot_be_one_is_refused(key, words):
    with pytest.raises(ConfigError, match=words):
        run([groups("a")], key=key)


# --- months after months, by hand


def test_merge_the_oldest_survives_and_the_other_is_its_alias():
    first, _, merged = story("a", "a b", "ab")
    old, young = crockford("s:a"), crockford("s:b")
    assert ids_of(first) == {"a": old} and ids_of(merged) == {"a": old, "b": old}
    assert merged["id_aliases"].to_pylist() == [
        {"alias_id": young, "customer_id": old, "since": month_of(2), "reason": "merged"}
    ]
    assert changes_of(merged) == {old: ("kept", None, 2), young: ("merged", old, 1)}


def test_merge_of_equal_age_more_records_then_the_smaller_id():
    assert crockford("s:c") < crockford("s:a")
    assert set(ids_of(story("c ab", "abc")[1]).values()) == {crockford("s:a")}
    assert set(ids_of(story("c a", "ac")[1]).values()) == {crockford("s:c")}


def test_merge_then_unmerge_gives_the_former_ids_back_and_ends_the_alias():
    first, _, last = story("a bcd", "abcd", "a bcd")
    assert last["ids"].equals(first["ids"])
    assert aliases_of(last) == {}
    back = changes_of(last)[ids_of(first)["a"]]
    assert back == ("revived", ids_of(first)["b"], 1)


def test_undone_step_by_step_or_at_once_the_former_ids_come_back():
    steps = months_of(story("ae b c d", "aeb c d", "aebc d", "aebcd", "aebc d", "aeb c d", "ae b c d"))
    assert steps[4] == steps[2] and steps[5] == steps[1] and steps[6] == steps[0]
    at_once = months_of(story("ae b c d", "aeb c d", "aebcd", "ae b c d"))
    assert at_once[3] == at_once[0]


def test_people_who_came_after_a_merge_do_not_outvote_those_before_it():
    months = months_of(story("a", "a b", "ab", "abcdef", "a bcdef"))
    assert months[4]["a"] == months[0]["a"] and {months[4][name] for name in "bcdef"} == {months[1]["b"]}


@pytest.mark.parametrize(
    ("months", "name", "owner"),
    [
        # an id that several clusters claim
        (["ab c", "abc", "a bc"], "b", "ab c"),  # as many founders: more records
        (["ab c", "abc", "abcd", "ac bd"], "b", "ab c"),  # as many records too: more of them began with it
        (["y", "y x", "xy", "x zw", "xzw", "x zw"], "x", "y"),  # no founder is left: who had it longest
        (["ab c", "abc", "ac b"], "a", "ab c"),  # founders first: a newcomer counts less
        (["ab", "b", "ab", "a b"], "a", "ab"),  # absence makes no newcomer
        (["p", "p b", "pb", "b z", "b zp", "b zp y", "by zp"], "y", "p"),  # those who have it, not those who had
        # former ids that a cluster may revive
        (["z", "z c", "z c ab", "zcab", "z cab"], "c", "z c ab/a"),  # held by most
        (["z", "z a", "z a c", "zac", "z ac"], "c", "z a"),  # as many held either: the older
        (["z", "z xpq", "z x pq", "zx", "z x"], "x", "z x pq"),  # held last, though younger
        (["z", "z ab c d", "z abcd", "zabcd", "zab cd"], "d", "z ab c d/c"),  # not that of people who are elsewhere
    ],
)
def test_who_gets_an_id(months, name, owner):
    """`name` has in the last month what `owner` had in the month named: by default its first record but z."""
    results = dict(zip(months, map(ids_of, story(*months)), strict=True))
    month, _, record = owner.partition("/")
    record = record or next(each for each in month if each not in "z ")
    assert results[months[-1]][name] == results[month][record]


def test_clusters_that_were_never_apart_from_each_other_get_their_ids_back_after_any_detour():
    months = months_of(story("z", "z ab c d", "z abcd", "zabcd", "zab cd", "z ab c d"))
    assert months[5] == months[1]
    months = months_of(story("a", "a bcd z", "abcd z", "abcdz", "abcd z", "a bcd z"))
    assert months[5] == months[1]
    months = months_of(story("z", "z a", "z a bcd", "z abcd", "zabcd", "z abcd", "z a bcd"))
    assert months[6] == months[2]


def test_a_cluster_of_losers_comes_from_where_most_of_them_were_else_from_the_oldest():
    most = story("aef", "aef cdghi", "ef acd ghi")
    assert changes_of(most[2])[ids_of(most[2])["a"]] == ("split", ids_of(most[1])["c"], 3)
    oldest = story("aef", "aef cgh", "ef ac gh")
    assert changes_of(oldest[2])[ids_of(oldest[2])["a"]] == ("split", ids_of(oldest[1])["a"], 2)


def test_split_the_larger_part_keeps_the_id_and_the_other_says_where_it_comes_from():
    first, second = story("abcde", "ab cde")
    old = ids_of(first)["a"]
    assert ids_of(second)["c"] == old
    assert changes_of(second) == {old: ("kept", None, 3), crockford("s:a", 1): ("split", old, 2)}
    assert aliases_of(second) == {}


def test_absent_for_a_month_and_back_with_the_old_id():
    first, without, back = story("a bc", "c", "a bc")
    assert back["ids"].equals(first["ids"])
    assert changes_of(without)[ids_of(first)["a"]] == ("retired", None, 1)
    assert changes_of(back)[ids_of(first)["a"]] == ("revived", None, 1)
    spells = [
        (r["valid_from"], r["valid_to"]) for r in back["id_history"].to_pylist() if r["source_customer_id"] == "a"
    ]
    assert spells == [(FIRST, month_end(FIRST)), (month_of(2), None)]


def test_back_after_absence_in_somebody_elses_cluster():
    first, _, back = story("a b", "b", "ab")
    a, b = (ids_of(first)[name] for name in "ab")
    assert set(ids_of(back).values()) == {b} and aliases_of(back) == {a: b}
    assert changes_of(back)[a] == ("merged", b, 1)


def test_an_alias_survives_its_people_and_follows_further_merges():
    months = story("a", "a b", "a b c", "a bc", "a b", "ab")
    a, b, c = (crockford(f"s:{name}") for name in "abc")
    assert aliases_of(months[3]) == {c: b} == aliases_of(months[4])
    assert aliases_of(months[5]) == {b: a, c: a}
    assert aliases_of(story("a b", "ab", "c")[-1]) == {}  # nobody lives whom it could mean


def test_an_alias_means_whom_its_first_people_became_not_those_who_turned_up_later():
    months = story("z", "z y ab", "za y", "za yb")
    assert aliases_of(months[2]) == aliases_of(months[3]) == {ids_of(months[1])["a"]: ids_of(months[0])["z"]}


def test_months_that_were_not_run_leave_no_gap():
    first = assigned(groups("ab"), no_history(), 0)
    later = assigned(groups("a b"), first["id_history"], 5)
    ends = {row["valid_to"] for row in later["id_history"].to_pylist()}
    assert ends == {None, month_end(month_of(4))}


@pytest.mark.parametrize("table", ["id_history", "id_aliases", "id_changes"])
def test_the_tables_are_what_they_are_declared_to_be(table):
    result = story("a b c de f", "abc de", "a b c d e", "abc de f")[-1]
    for name in ("id_history", "id_aliases", "id_changes"):
        DB.register(f"made_{name}", result[name])
    DB.execute("create or replace temp view id_history as select * from made_id_history")
    declared = as_declared(DB.query(f"select * from made_{table}"), schema(table))
    assert declared.fetchall() == DB.query(f"select * from made_{table}").fetchall()  # types, columns and order
    assert len(result[table]) > 0
    checks = evaluate(DB, schema(table), f"made_{table}")
    assert len(checks) >= 5 and all(check.success for check in checks)
    DB.execute("drop view id_history")


# --- what is refused


def test_a_history_that_does_not_end_before_the_month_is_refused():
    first = run([groups("a")])[0]
    with pytest.raises(TableError, match="given_history: 1 rows begin in 2026-01 or earlier, but not before 2026-01"):
        assigned(groups("a"), first["id_history"], 0)


def test_a_history_with_two_ids_on_one_day_is_refused():
    first = run([groups("a")])[0]["id_history"].to_pandas()
    twice = pd.concat([first, first.assign(customer_id="C2", valid_from=date(2026, 2, 1))])
    with pytest.raises(TableError, match="given_history: 1 periods"):
        assigned(groups("a"), twice, 5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: pd.concat([rows, rows]), "2 records stand twice"),
        (lambda rows: rows.assign(cluster=pd.array([1, None], dtype="Int64")), "1 of 2 rows have no"),
        (lambda rows: rows.assign(source_system="t"), "2 record ids are not"),
    ],
)
def test_clusters_that_break_their_shape_are_refused(change, words):
    DB.register("given_clusters", change(clusters(groups("a b"))))
    DB.register("given_history", no_history())
    with pytest.raises(TableError, match=f"given_clusters: {words}"):
        assign(DB, "given_clusters", "given_history", month=FIRST, key=KEY)
