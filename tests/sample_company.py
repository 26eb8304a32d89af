"""The small sample company of the tests and its truth: fixtures and look-ups that two test files share."""

from pathlib import Path

import duckdb
import pytest

from customerbase import sample

SOURCES = [
    Path(__file__).parents[1] / f"pipelines/sources/sample_{name}.yaml" for name in ("pos", "webshop", "app", "office")
]
MONTHS, PEOPLE = 9, 2500


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return sample.generate(PEOPLE, seed=7, months=MONTHS, out=tmp_path_factory.mktemp("sample") / "company")


@pytest.fixture(scope="module")
def truth(company):
    """A connection with one view per truth table."""
    connection = duckdb.connect()
    for path in sorted(sample.truth_folder(company).glob("*.parquet")):
        connection.execute(f"create view {path.stem} as select * from read_parquet('{path}')")
    return connection


def rows(connection, query):
    return connection.execute(query).fetchall()


def one(connection, query):
    return rows(connection, query)[0]
