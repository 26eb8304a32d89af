"""Two versions of a table: what differs is counted by key and named by column; nothing of a row about a person is told."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.engine import Engine, identifier
from customerbase.tables import schema, schemas, store
from customerbase.tables.compare import compare, describe, may_show
from customerbase.tables.schema import Column, Schema

DB = Engine()
PLANTED = ("山田太郎", "yamada@example.com", "090-1234-5678")


def declared(key=("id",), kind="analysis", sensitivity="internal", **columns) -> Schema:
    made = {name: Column(name, kind_, None, sensitivity, False, name, name) for name, kind_ in columns.items()}
    return Schema("t", kind, {}, {}, tuple(key), made)


PLAIN = declared(id="INTEGER", n="BIGINT", value="DOUBLE", word="VARCHAR")


def files(tmp_path, before: str, now: str):
    paths = tmp_path / "before.parquet", tmp_path / "now.parquet"
    for path, query in zip(paths, (before, now), strict=True):
        store.write_parquet(DB, DB.query(query), path)
    return paths


def found(tmp_path, before, now, one=PLAIN):
    return compare(DB, one, *files(tmp_path, before, now))


def values(*rows) -> str:
    typed = "cast(id as integer) as id, cast(n as bigint) as n, cast(value as double) as value, cast(word as varchar) as word"
    return f"select {typed} from (values {', '.join(map(str, rows))}) t(id, n, value, word)".replace("None", "null")


def test_added_gone_and_changed_by_hand(tmp_path):
    before = values((1, 10, 1.0, "a"), (2, 20, 2.0, "b"), (3, 30, 3.0, "c"), (4, 40, 4.0, "d"))
    now = values((1, 10, 1.0, "a"), (2, 25, 2.0, "b"), (3, 30, 6.0, None), (5, 50, 5.0, "e"), (6, 60, 6.0, "f"))
    told = found(tmp_path, before, now)
    assert (told.rows, told.added, told.gone, told.changed) == ((4, 5), 2, 1, 2)
    columns = {one.name: (one.rows, one.share, one.values) for one in told.columns}
    assert columns == {"n": (1, 0.2, (20, 25)), "value": (1, 0.5, (3, 6)), "word": (1, None, None)}
    text = (
        "of 4 rows 2 added, 1 gone, 2 changed (by id); n in 1, at most 20 -> 25 (up to 20.0% apart);"
        " value in 1, at most 3 -> 6 (up to 50.0% apart); word in 1"
    )
    assert describe(told) == text


def test_the_last_bit_of_a_number_is_told_as_such(tmp_path):
    told = found(tmp_path, values((1, 1, 0.3, "a")), values((1, 1, 0.1 + 0.2, "a")))
    assert told.changed == 1 and describe(told).endswith("value in 1, at most 0.3 -> 0.3 (up to 2e-16)")


def test_the_same_rows_written_otherwise(tmp_path):
    rows = (1, 10, 1.0, "a"), (2, 20, 2.0, "b")
    assert describe(found(tmp_path, values(*rows), values(*reversed(rows)))) == (
        "the same rows in other bytes: their order, or how the file is written"
    )


def test_columns_that_one_of_them_has(tmp_path):
    told = found(tmp_path, "select 1 as id, 1 as n, 7 as gone", "select 1 as id, 1::bigint as n")
    assert describe(told) == "of 1 rows none differs (by id); 1 columns only before"


@pytest.mark.parametrize("one", [declared(key=(), id="INTEGER", n="BIGINT"), declared(id="INTEGER", n="BIGINT")])
def test_without_a_key_that_tells_apart_whole_rows_count(tmp_path, one):
    told = found(tmp_path, "select 1 as id, unnest([1, 1, 2]) as n", "select 1 as id, unnest([1, 3]) as n", one)
    assert (told.added, told.gone, told.by_key) == (1, 2, False)
    assert describe(told) == "of 3 rows 1 added, 2 gone (compared as whole rows: no key tells them apart)"


def test_a_column_named_as_the_query_names_things(tmp_path):
    names = ("b", "n", "_b", "_then", "t", "_before", "row", "group")
    one = declared(id="INTEGER", **dict.fromkeys(names, "INTEGER"))
    shown = ", ".join(f"{{}} as {identifier(name)}" for name in names)
    told = found(
        tmp_path, f"select 1 as id, {shown.format(*range(8))}", f"select 1 as id, {shown.format(*range(1, 9))}", one
    )
    assert {column.name: column.values for column in told.columns} == {
        name: (place, place + 1) for place, name in enumerate(names)
    }


def test_what_is_no_parquet_is_said(tmp_path):
    before, now = files(tmp_path, values((1, 1, 1.0, "a")), values((1, 1, 1.0, "a")))
    now.write_bytes(b"PAR1" + b"x" * 40 + b"PAR1")
    assert compare(DB, PLAIN, before, now) is None
    assert describe(None) == "one of the two cannot be read as Parquet"


def test_no_byte_flipped_raises(tmp_path):
    """Whatever a hand does to a file, the comparison ends in words."""
    before, now = files(tmp_path, values(*((n, n, n / 7, "word") for n in range(50))), values((1, 1, 1.0, "a")))
    content = before.read_bytes()
    for place in range(0, len(content), 9):
        now.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        describe(compare(DB, PLAIN, before, now))


# --- nobody's data --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sensitivity", ["internal", "pseudonym", "contact"])
def test_no_key_and_no_text_is_told_and_numbers_of_aggregates_only(tmp_path, sensitivity):
    one = declared(sensitivity=sensitivity, id="VARCHAR", n="BIGINT", word="VARCHAR")
    name, mail, phone = PLANTED
    told = found(
        tmp_path,
        f"select '{name}' as id, 4711 as n, '{mail}' as word",
        f"select '{name}' as id, 8899 as n, '{phone}' as word, 1 as \"{name}\"",
        one,
    )
    everything = f"{told} {describe(told)}"
    assert told.changed == 1 and not any(planted in everything for planted in PLANTED)
    assert ("4711" in everything and "4,711" in describe(told)) == (sensitivity == "internal")


def test_only_analyses_without_people_show_numbers():
    shown = {name for name, one in schemas().items() if may_show(one)}
    assert {"kpi", "segment_summary", "cltv_groups", "revenue_tree"} <= shown
    people = {
        "orders",
        "order_lines",
        "refunds",
        "profile",
        "rfm",
        "quarantine",
        "contacts",
        "timeline",
        "segment_members",
    }
    assert not people & shown
    for name in shown:
        assert not {"customer_id", "source_customer_id", "order_id"} & schema(name).columns.keys(), name


# --- against plain Python -------------------------------------------------------------------------------------------

ROW = st.tuples(st.one_of(st.none(), st.integers(-3, 3)), st.one_of(st.none(), st.sampled_from("ab")))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 6), ROW, min_size=1), st.dictionaries(st.integers(0, 6), ROW, min_size=1))
def test_counts_are_those_of_plain_python(tmp_path_factory, before, now):
    one = declared(id="INTEGER", n="INTEGER", word="VARCHAR")
    queries = [
        f"select id::integer as id, n::integer as n, word::varchar as word from (values {rows}) t(id, n, word)"
        for rows in (
            ", ".join(
                f"({key}, {n if n is not None else 'null'}, {repr(word) if word else 'null'})"
                for key, (n, word) in rows.items()
            )
            for rows in (before, now)
        )
    ]
    told = compare(DB, one, *files(tmp_path_factory.mktemp("c"), *queries))
    both = before.keys() & now.keys()
    assert (told.added, told.gone) == (len(now.keys() - before.keys()), len(before.keys() - now.keys()))
    assert told.changed == sum(before[key] != now[key] for key in both)
    by_column = Counter()
    for key in both:
        by_column.update({name: before[key][i] != now[key][i] for i, name in enumerate(("n", "word"))})
    assert {column.name: column.rows for column in told.columns} == {k: n for k, n in by_column.items() if n}
    gaps = [abs(before[k][0] - now[k][0]) for k in both if None not in (before[k][0], now[k][0])]
    pair = next((column.values for column in told.columns if column.name == "n"), None)
    assert (abs(pair[0] - pair[1]) if pair else 0) == max(gaps, default=0)
