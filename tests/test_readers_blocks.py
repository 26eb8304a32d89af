"""Delimited files in blocks: the csv module as independent truth for any soup, flat memory, errors across threads."""

import csv
import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customerbase.errors import InputError
from customerbase.sources import readers
from customerbase.sources.readers import blocks, delimited, read_bronze, records


def test_a_giant_line_is_one_bad_row_in_flat_memory(tmp_path):
    path = tmp_path / "giant.csv"
    with path.open("wb") as stream:
        stream.write(b"a,b\n1,2\n")
        for _ in range(64):
            stream.write(b"x" * (1 << 20))
        stream.write(b"\r\n3,4\n" + b"y" * (blocks.LONGEST + 1) + b"\n" + b"z" * (blocks.LONGEST - 2) + b",5\n")
    rows = _measured(path, limit=120)
    assert [row[1:3] for row in rows] == [[2, None], [3, "line_too_long"], [4, None], [5, "line_too_long"], [6, None]]
    assert rows[1][3] == 10_000


def test_memory_stays_flat_on_a_file_larger_than_the_limit(tmp_path):
    path = tmp_path / "large.csv"
    rows = "".join(f"{number:06},髙橋　太郎,東京都千代田区丸の内{number},①お試しセット\r\n" for number in range(20_000))
    block = rows.encode("cp932")
    with path.open("wb") as stream:
        stream.write("会員ID,お名前,住所,商品\r\n".encode("cp932"))
        stream.writelines(block for _ in range(130))
    assert path.stat().st_size > 140 << 20
    rows = _measured(path, limit=150)
    assert len(rows) == 5 and rows[-1][1] == 2_600_001


def _measured(path, limit):
    """Read the file in a process of its own; its memory grows by less than `limit` MB; the last five rows, shortened."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak memory of a process is read from /proc")
    code = f"""
        import json, re, sys
        import pyarrow as pa, pyarrow.parquet as pq
        from pathlib import Path
        from customerbase.sources.readers import read_bronze
        pa.array(["pandas is imported here"])
        status = Path("/proc/self/status")  # ru_maxrss would tell the parent's peak
        peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024
        before = peak()
        path = Path({str(path)!r})
        bronze = read_bronze(path, path.with_suffix(".parquet"), format="csv", file="f")
        grown = peak() - before
        assert grown < {limit}, grown
        print(grown, file=sys.stderr)
        file = pq.ParquetFile(bronze.parquet)
        assert file.metadata.num_rows == bronze.rows
        table = file.read_row_group(file.num_row_groups - 1)
        rows = table.slice(max(len(table) - 5, 0)).to_pylist()
        print(json.dumps([[bronze.rows, row["_line"], row["_bad"], len(row["_raw"] or "")] for row in rows]))
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    print(run.stderr)
    return json.loads(run.stdout)


# --- the fast path agrees with the csv module ---------------------------------------------------------------------

CELLS = st.text(alphabet='ab",\n\r \t①ソ0', max_size=6)
SOUP = st.text(alphabet='ab",\n\r ①ソ', max_size=80)


def _truth(text):
    """The records of the csv module, without blank ones; None when the last one swallows a line put after it."""
    found = list(csv.reader(io.StringIO(text + "\n@\n", newline="")))
    return [record for record in found[:-1] if record] if found[-1] == ["@"] else None


def _tables(content, width, size):
    """What the parser makes of the bytes in blocks of `size`."""
    read_on = io.BytesIO(content).read
    parser = delimited.Parser("raw", records.Dialect("cp932", ","), [f"c{number}" for number in range(width)])
    original, blocks.BLOCK = blocks.BLOCK, size
    try:
        return pa.concat_tables(list(parser.tables(blocks.blocks(read_on, "cp932"))))
    except InputError:
        return None
    finally:
        blocks.BLOCK = original


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SOUP, st.integers(1, 4), st.integers(1, 40))
def test_any_soup_is_read_as_the_csv_module_reads_it(text, width, size):
    truth = _truth(text)
    if not truth:
        return
    table = _tables(text.encode("cp932"), width, size)
    expected = [tuple(record) if len(record) == width else (None,) * width for record in truth]
    found = [tuple(row.values()) for row in table.to_pylist()]
    assert [row[:width] for row in found] == expected
    assert all((row[-2] is None) == (len(record) == width) for row, record in zip(found, truth, strict=True))
    whole = _tables(text.encode("cp932"), width, 1 << 20)
    assert whole.to_pylist() == table.to_pylist()  # the size of a block changes nothing


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12),
    st.sampled_from(["\r\n", "\n"]),
    st.integers(1, 60),
)
def test_what_the_csv_module_writes_comes_back(cells, newline, size):
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(cells)
    table = _tables(target.getvalue().encode("cp932"), 3, size)
    assert [tuple(row.values())[:3] for row in table.to_pylist()] == cells
    assert table.column("_bad").null_count == len(cells)


def test_plain_blocks_take_the_fast_path_and_give_the_same_as_the_slow_one(tmp_path, monkeypatch):
    path = tmp_path / "plain.csv"
    text = "id,名,memo\r\n" + "".join(f'{n},髙橋{n},"x, {n}"\r\n' for n in range(120_000))
    path.write_bytes(text.encode("cp932"))
    assert path.stat().st_size > blocks.BLOCK
    slow = []
    monkeypatch.setattr(delimited.Parser, "_slow", lambda self, raw, final: slow.append(raw) or iter(()))
    fast = read_bronze(path, tmp_path / "fast.parquet", format="csv", file="f")
    assert not slow and fast.rows == 120_000
    monkeypatch.undo()
    monkeypatch.setattr(delimited.Parser, "_fast", lambda self, text: None)
    exact = read_bronze(path, tmp_path / "exact.parquet", format="csv", file="f")
    assert pq.read_table(fast.parquet).equals(pq.read_table(exact.parquet))
    truth = pd.read_csv(path, encoding="cp932", dtype=str, keep_default_na=False)
    assert pq.read_table(fast.parquet, columns=["id", "名", "memo"]).to_pandas().equals(truth.astype("str"))


def test_an_error_in_a_thread_arises_here_and_in_order():
    def numbers():
        yield from range(3)
        raise ValueError("three")

    seen = []
    with pytest.raises(ValueError, match="three"):
        seen.extend(number for number in blocks.ahead(numbers()) if seen.append(number) is None and False)
    assert seen == [0, 1, 2]
    assert readers.FORMATS == ("csv", "tsv", "text", "excel", "parquet")
