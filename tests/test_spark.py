"""Spark gives what DuckDB gives: every SQL file, and the scores of the shipped linking model.

One Spark session for the module: starting it costs more than most tests.
"""

import math
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import identity_base
import pandas as pd
import pytest
import recorded_sql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_sql import NAMES, Case, plain

import customerbase.tables.previous as before
from customerbase import identity
from customerbase.engine import Engine, sql_text
from customerbase.errors import ConfigError, RunError
from customerbase.identity.blocking import RULES
from customerbase.identity.linkage import make_linkage
from customerbase.identity.model import pinned
from customerbase.identity.scoring import Scorer
from customerbase.spark import SparkEngine

HOW = "make extras"
WRITTEN = [  # last name, first name, their readings, telephone, birth date; two accounts each, not written alike
    ("髙橋", "美由紀", None, None, "090-1111-2222", date(1980, 2, 3)),
    ("高橋", "由紀", None, None, "090-1111-2222", date(1980, 2, 3)),
    ("𠮷田", "太一郎", None, None, "090-5555-6666", date(1990, 7, 8)),
    ("𠮷野", "太郎", None, None, "090-5555-6666", date(1990, 7, 8)),
    (None, None, "サイトウ", "マサヒロ", "090-3333-4444", date(1975, 5, 6)),
    (None, None, "サトウ", "マサヒコ", "090-3333-4444", date(1975, 5, 6)),
    ("渡邊", "太郎", "ワタナベ", "タロウ", "090-7777-8888", date(1966, 1, 2)),
    ("渡部", "太朗", "ワタナベ", "タロウ", "090-7777-8888", date(1966, 1, 2)),
]
COLUMNS = ("last_name", "first_name", "last_kana", "first_kana", "phone", "birth_date")


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark", reason=f"pyspark is not here: {HOW}")
    try:
        engine = SparkEngine(threads=2)
    except RunError as error:
        pytest.skip(str(error))
    yield engine
    engine.close()


# --- the SQL files ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[str, Case]:
    with pytest.MonkeyPatch.context() as patch:
        return recorded_sql.record(tmp_path_factory.mktemp("recorded"), patch)


def equal(here: object, there: object) -> bool:
    """Of one type and one value; doubles to 1e-9."""
    if isinstance(here, float) and isinstance(there, float):
        return math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12)
    return type(here) is type(there) and here == there


@pytest.mark.parametrize("name", NAMES)
def test_every_sql_file_gives_the_same_rows(name, spark, cases, tmp_path):
    case = cases[name]
    assert case.result.num_rows, f"{name}: the scenarios give no row to compare"
    for table, rows in case.inputs.items():
        path = tmp_path / f"of{table}.parquet"  # Spark passes over names that begin with _
        duckdb.from_arrow(rows).write_parquet(str(path))
        spark.register(table, path)
    found = spark.run(name, **case.params).toArrow()
    assert found.column_names == case.result.column_names
    here, there = plain(case.result), plain(found)
    if sql_text(name).rstrip().endswith("from final"):  # no order by: any order will do
        here, there = sorted(here, key=repr), sorted(there, key=repr)
    assert len(here) == len(there)
    differ = [(a, b) for a, b in zip(here, there, strict=True) if not all(map(equal, a, b))]
    assert not differ, f"{len(differ)} of {len(here)} rows differ, the first: {differ[0]}"


# --- values, lists of characters, statements -------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False),
    st.dates(date(1700, 1, 1), date(2300, 1, 1)),
    st.datetimes(datetime(1700, 1, 1), datetime(2300, 1, 1)),
    st.decimals(-(10**12), 10**12, places=2),
    st.text(st.characters(codec="utf-8"), max_size=12),
)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=30, max_size=30))
def test_a_bound_value_arrives_as_it_was_given(spark, values):
    names = [f"v{number}" for number in range(len(values))]
    text = "select " + ", ".join(f"${name} as {name}" for name in names)
    [row] = spark.query(text, **dict(zip(names, values, strict=True))).toArrow().to_pylist()
    for name, value in zip(names, values, strict=True):
        assert type(row[name]) is type(value)
        assert row[name] == value


def test_no_text_breaks_out_of_its_literal(spark):
    nasty = ["\\' or 1=1 -- ", "'; drop view x", "\\", "a\0b", "$one :two {three}", "\\u0041\n\t%_"]
    for text in nasty:
        assert spark.query("select $given as text where $given = $given", given=text).collect()[0].text == text


def test_characters_of_a_text_are_the_same_on_both_engines(spark):
    texts = ["", "山田", "𠮷野家", "a b", "ｶﾞ", "が", "👍🏽x", "\n太\n郎"]
    query = "select string_split(a, '') as one, len(list_intersect(string_split(a, ''), string_split(b, ''))) as common"
    query += ", len(list_distinct(string_split(b, ''))) as distinct_characters, length(a) as size from t order by a, b"
    for db in (here := Engine(), spark):
        db.register("t", pd.DataFrame([(a, b) for a in texts for b in texts], columns=["a", "b"]))
    assert spark.query(query).toArrow().to_pylist() == here.query(query).to_arrow_table().to_pylist()


def test_edit_distances_agree_on_one_byte_a_sound_and_only_there(spark):
    words = ["satou", "saitou", "sato", "ca", "abc", "tanaka", "nakata", "tanakaa", "", "atnaka"]
    query = "select a, b, cast(damerau_levenshtein(a, b) as integer) as edits from t order by a, b"
    for db in (here := Engine(), spark):
        db.register("t", pd.DataFrame([(a, b) for a in words for b in words], columns=["a", "b"]))
    Scorer(spark, pinned_on(spark), "t_linkage", [])  # makes the distances known to the session
    assert spark.query(query).toArrow().to_pylist() == here.query(query).to_arrow_table().to_pylist()
    kanji = "select cast(damerau_levenshtein('渡邊', '渡辺') as integer) as edits"
    assert here.query(kanji).fetchall() == [(3,)]  # bytes
    assert [tuple(row) for row in spark.query(kanji).collect()] == [(1,)]  # characters


def pinned_on(spark: SparkEngine):
    linkage = Engine()
    linkage.execute(
        "create table t_linkage (idx bigint, family_kanji varchar, given_kanji varchar, family_sound varchar, given_sound varchar)"
    )
    spark.register("t_linkage", linkage.query("select * from t_linkage").to_arrow_table())
    return pinned(linkage, identity.shipped(), "t_linkage")


def test_temp_tables_views_and_drops(spark):
    spark.register("given", pd.DataFrame({"n": [1, 2, 3]}))
    spark.execute("create or replace temp table kept as select n from given where n > $least", least=1)
    spark.execute("create or replace temp table kept as select n * 2 as n from kept")
    spark.execute("create or replace temp view seen as select cast(sum(n) as bigint) as total from kept")
    assert spark.query("select total from seen").collect()[0].total == 10
    spark.execute("drop table kept")
    assert not spark.session.catalog.tableExists("kept")
    with pytest.raises(ConfigError, match=r"insert into given.*expected create temp table"):
        spark.execute("insert into given values (4)")
    with pytest.raises(ConfigError, match=r"asks for \$one"):
        spark.query("select $one")


def test_a_file_that_spark_would_not_read_is_refused(spark, tmp_path):
    with pytest.raises(ConfigError, match=r"_names\.parquet"):
        spark.register("names", [tmp_path / "names.parquet", tmp_path / "_names.parquet"])


def test_a_session_of_ones_own_keeps_its_settings(spark):
    own = spark.session
    own.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        beside = SparkEngine(own)
        noon = beside.query("select cast(date_trunc('day', $at) as date) as day", at=datetime(2026, 1, 1, 1))
        assert noon.collect()[0].day == date(2026, 1, 1)
        assert own.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
        beside.close()
        assert own.range(3).count() == 3  # not ours to stop
    finally:
        own.conf.set("spark.sql.session.timeZone", "UTC")


def test_without_java_the_error_says_what_to_install(spark, monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(RunError, match=r"Java 17 or later; no .*bin/java.*apt-get install"):
        SparkEngine()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="JAVA_HOME is not set"):
        SparkEngine()


def test_without_pyspark_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(RunError, match=r"customerbase\[spark\].*pyspark is not installed"):
        SparkEngine()


# --- linking ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linkage(tmp_path_factory) -> Engine:
    """A few hundred records of invented people, and some hand-written ones in kanji or kana alone, ready to be compared."""
    db = identity_base.invented(tmp_path_factory.mktemp("people"), 300, 7)
    written = identity_base.hand_written([dict(zip(COLUMNS, row, strict=True)) for row in WRITTEN])
    db.register(
        "written", written.query("select * replace ('by hand' as source_system) from customers_src").to_arrow_table()
    )
    db.execute("create table everybody as select * from customers_src union all by name select * from written")
    db.register("customers_src", db.query("select * from everybody"))
    identity.standardise(db, identity_base.KEY)
    make_linkage(db, identity_base.KEY)
    return db


def scored(rows) -> dict[tuple, tuple]:
    return {(row["idx_l"], row["idx_r"]): row for row in rows}


def same_scores(here: list[dict], there: list[dict]) -> None:
    here, there = scored(here), scored(there)
    assert here.keys() == there.keys()
    assert len(here) > 50
    for pair, one in here.items():
        for column, value in one.items():
            other = there[pair][column]
            if isinstance(value, float):
                assert other == pytest.approx(value, rel=1e-9, abs=1e-6), (pair, column)
            else:
                assert other == value, (pair, column)


def on_both(db: Engine, spark: SparkEngine, tmp_path: Path, table: str, ask) -> tuple[list[dict], list[dict]]:
    """What a Scorer answers on DuckDB and on Spark."""
    path = tmp_path / "linkage.parquet"
    db.query(f"select * from {table}").write_parquet(str(path))
    spark.register(table, path)
    model = pinned(db, identity.shipped(), table)
    here = ask(Scorer(db, model, table, list(RULES))).to_arrow_table().to_pylist()
    return here, ask(Scorer(spark, model, table, list(RULES))).toArrow().to_pylist()


def test_the_shipped_model_weighs_the_same_pairs_alike(linkage, spark, tmp_path):
    here, there = on_both(linkage, spark, tmp_path, "linkage", lambda scorer: scorer.within(-20.0))
    same_scores(here, there)
    words = dict(identity.shipped().levels("given_name"))
    reached = {words.get(row["gamma_given_name"]) for row in here}
    assert {"kanji partly the same", "same reading, other kanji", "one slip in the reading", "different"} <= reached


def test_new_records_against_old_ones(linkage, spark, tmp_path):
    linkage.execute("create or replace table marked as select *, idx % 3 = 0 as is_new from linkage")
    here, there = on_both(linkage, spark, tmp_path, "marked", lambda scorer: scorer.changed(-20.0, "is_new"))
    same_scores(here, there)
    assert all(row["idx_l"] % 3 == 0 or row["idx_r"] % 3 == 0 for row in here)


def test_pairs_that_no_block_proposes(linkage, spark, tmp_path):
    asked = linkage.query(
        "select l.idx as idx_l, l.idx + 7 as idx_r from linkage as l where l.idx < 200"
    ).to_arrow_table()

    def ask(scorer: Scorer):
        scorer.db.register("asked", asked)
        return scorer.pairs("asked")

    here, there = on_both(linkage, spark, tmp_path, "linkage", ask)
    same_scores(here, there)
    assert len(here) == 200


def test_linking_with_the_pairs_compared_on_spark_gives_the_same_links(linkage, spark, tmp_path):
    tables = {}
    before.register(linkage, "identity_model", None)
    for way, score in (("duckdb", None), ("spark", identity.on_spark(spark, tmp_path))):
        linked = identity.link(linkage, identity.shipped(), identity_base.KEY, reuse=False, score=score)
        tables[way] = linkage.query("select * from scores").to_arrow_table().to_pylist()
        pairs = identity.read_pairs(linkage, (), ())
        assert len(linked.weights(pairs.a[:5], pairs.b[:5])) == 5
    same_scores(tables["duckdb"], tables["spark"])
    assert not (tmp_path / "linkage.parquet").exists()  # contact data does not stay behind


def test_a_session_without_the_edit_distances_is_refused(spark, monkeypatch):
    plain_session = SparkEngine(spark.session)
    monkeypatch.setattr("splink.internals.spark.database_api.SparkAPI._register_udfs_from_jar", lambda api: None)
    with pytest.raises(RunError, match=r"spark\.jars.*\.jar"):
        Scorer(plain_session, pinned_on(plain_session), "t_linkage", [])


def test_money_stays_a_decimal(spark):
    spark.register("sales", pd.DataFrame({"amount": [Decimal("0.10"), Decimal("0.20")]}))
    [row] = spark.query("select cast(sum(amount) as decimal(18, 2)) as total from sales").collect()
    assert row.total == Decimal("0.30")
