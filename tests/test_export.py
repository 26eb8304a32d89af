"""Files for other people: whole or not at all, and no cell that a spreadsheet would run."""

import csv
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.errors import ConfigError
from customerbase.tables import export as module
from customerbase.tables.export import UNSAFE, check_target, export

ROWS = pa.table({"id": ["a", "=1+1", None], "day": [date(2026, 10, 31)] * 3, "value": [-1.5, 0.1 + 0.2, None]})


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_csv_holds_every_cell(tmp_path):
    export(ROWS, tmp_path / "out.csv")
    assert read(tmp_path / "out.csv") == [
        ["id", "day", "value"],
        ["a", "2026-10-31", "-1.5"],  # a negative number stays a number
        ["'=1+1", "2026-10-31", "0.30000000000000004"],  # and keeps its digits
        ["", "2026-10-31", ""],
    ]
    assert (tmp_path / "out.csv").read_bytes().endswith(b"\n") and b"\r" not in (tmp_path / "out.csv").read_bytes()


def test_parquet_is_the_table_itself(tmp_path):
    export(ROWS, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").equals(ROWS)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_and_no_heading_begins_like_a_formula(tmp_path, kind, cell):
    export(pa.table({cell: pa.array([cell], kind)}), tmp_path / "out.csv")
    heading, row = read(tmp_path / "out.csv")
    assert heading == row == ["'" + cell]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), max_size=5))
def test_any_text_comes_back_and_none_is_run(tmp_path_factory, texts):
    out = tmp_path_factory.mktemp("any") / "out.csv"
    export(pa.table({"n": pa.array(range(len(texts))), "text": pa.array(texts, pa.string())}), out)
    found = [row[1] for row in read(out)[1:]]
    assert [one.removeprefix("'") if one[1:].startswith(UNSAFE) and one[0] == "'" else one for one in found] == [
        one.removeprefix("'") if one[:1] == "'" and one[1:].startswith(UNSAFE) else one for one in texts
    ]
    assert not any(one.startswith(UNSAFE) for one in found)


def test_several_batches_are_one_file(tmp_path):
    many = pa.concat_tables([ROWS, ROWS, ROWS])
    export(many, tmp_path / "out.csv")
    assert len(read(tmp_path / "out.csv")) == 1 + 9


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_what_fails_leaves_the_former_file(tmp_path, monkeypatch, name):
    (tmp_path / name).write_text("before", encoding="utf-8")

    def spoilt(rows, path):
        Path(path).write_text("half", encoding="utf-8")
        raise OSError("disk full")

    monkeypatch.setattr(module, "_write_csv", spoilt)
    monkeypatch.setattr(module.pq, "write_table", spoilt)
    with pytest.raises(OSError, match="disk full"):
        export(ROWS, tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_targets(tmp_path):
    assert check_target(tmp_path / "a.csv") == tmp_path / "a.csv"
    for name, words in (
        ("a.xlsx", "expected one of .csv, .parquet"),
        ("a.parqet", "Did you mean '.parquet'"),
        ("a", "''"),
    ):
        with pytest.raises(ConfigError, match=words):
            check_target(tmp_path / name)
    with pytest.raises(ConfigError, match="does not exist"):
        check_target(tmp_path / "no" / "a.csv")
