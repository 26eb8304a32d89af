"""Addresses by several processes are the addresses by one, in the same order."""

import subprocess
import sys

import pyarrow as pa
import pytest

from customerbase.text import many
from customerbase.text.addresses import standard_addresses

ROWS = [("東京都", "千代田区", f"霞が関{n}丁目{n}-{n + 1}", None, "100-0013") for n in range(1, 30)] + [
    (None,) * 5,
    ("", "", "😀", None, None),
]
NAMES = ("pref", "city", "address1", "address2", "postal_code")


def table(rows):
    columns = zip(*rows, strict=True) if rows else [()] * len(NAMES)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=NAMES)


def by_many(rows, **options):
    found = many.ManyAddresses(table(rows), **options).result()
    assert found.schema == many.SCHEMA
    return [tuple(row.values()) for row in found.to_pylist()]


def by_one(rows):
    return [tuple(address) for address in standard_addresses(rows)]


@pytest.fixture
def cores(monkeypatch):
    monkeypatch.setattr(many.os, "cpu_count", lambda: 3)


def test_several_processes_give_what_one_gives(cores):
    assert by_many(ROWS, rows_per_process=10, chunk=4) == by_one(ROWS)


def test_few_rows_and_none_need_no_helper(monkeypatch, cores):
    monkeypatch.setattr(many.subprocess, "Popen", lambda *_, **__: pytest.fail("no helper expected"))
    assert by_many(ROWS[:5]) == by_one(ROWS[:5])
    assert by_many([]) == []


def test_a_helper_that_cannot_start_costs_time_and_nothing_else(monkeypatch, cores):
    def refuse(*_, **__):
        raise OSError(12, "no memory")

    monkeypatch.setattr(many.subprocess, "Popen", refuse)
    assert by_many(ROWS, rows_per_process=10, chunk=4) == by_one(ROWS)


def test_a_helper_that_dies_gives_its_rows_back(monkeypatch, cores):
    start = subprocess.Popen
    dying = [sys.executable, "-c", "import sys; sys.stdin.buffer.read(100)"]
    monkeypatch.setattr(many.subprocess, "Popen", lambda _, **options: start(dying, **options))
    assert by_many(ROWS, rows_per_process=10, chunk=4) == by_one(ROWS)


def test_a_helper_reads_its_rows_from_a_pipe_only(monkeypatch, cores):
    seen, start = [], subprocess.Popen
    monkeypatch.setattr(
        many.subprocess, "Popen", lambda command, **options: seen.append(command) or start(command, **options)
    )
    by_many(ROWS, rows_per_process=10, chunk=4)
    assert len(seen) == 2 and not any("霞" in part for command in seen for part in command)
