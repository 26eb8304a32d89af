"""Spark gives what DuckDB gives: every SQL file, and the scores of the shipped linking model.

One Spark session for the module: starting it costs more than most tests.
"""

import math

import duckdb
import pytest
import recorded_sql
from recorded_sql import NAMES, Case, plain

from customerbase.engine import sql_text
from customerbase.errors import RunError
from customerbase.spark import SparkEngine


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark", reason="pyspark is not here: pip install --require-hashes -r requirements-extras.lock")
    try:
        engine = SparkEngine(threads=2)
    except RunError as error:
        pytest.skip(str(error))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[str, Case]:
    with pytest.MonkeyPatch.context() as patch:
        return recorded_sql.record(tmp_path_factory.mktemp("recorded"), patch)


def equal(here: object, there: object) -> bool:
    if isinstance(here, float) and isinstance(there, float):
        return math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12)
    return type(here) is type(there) and here == there


@pytest.mark.parametrize("name", NAMES)
def test_every_sql_file_gives_the_same_rows(name, spark, cases, tmp_path):
    case = cases[name]
    for table, rows in case.inputs.items():
        path = tmp_path / f"of{table}.parquet"  # Spark passes over names that begin with _
        duckdb.from_arrow(rows).write_parquet(str(path))
        spark.register(table, path)
    found = spark.run(name, **case.params).toArrow()
    assert found.column_names == case.result.column_names
    here, there = plain(case.result), plain(found)
    if not sql_text(name).rstrip().endswith("from final"):
        assert len(here) == len(there)
    else:
        here, there = sorted(here, key=repr), sorted(there, key=repr)
    differ = [(a, b) for a, b in zip(here, there, strict=True) if not all(map(equal, a, b))]
    assert not differ, f"{len(differ)} of {len(here)} rows differ, the first: {differ[0]}"
