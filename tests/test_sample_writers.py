"""The files of the sample company: the same bytes however the rows lie in memory."""

import pyarrow as pa

from customerbase.sample.writers import CsvFile

WORDS = pa.schema({"id": pa.string(), "text": pa.string()})


def written(path, *chunks: list[tuple]) -> bytes:
    batches = [pa.record_batch([[row[i] for row in chunk] for i in (0, 1)], schema=WORDS) for chunk in chunks]
    CsvFile(path, WORDS.names, "utf-8").append(pa.Table.from_batches(batches, WORDS), [])
    return path.read_bytes()


def test_chunks_without_rows_add_nothing(tmp_path):
    """Arrow 26 writes some eight kilobytes of stale memory for each; so do not ask it to."""
    one, other = [("a", "茶"), ("b", None)], [("c", 'say "x"')]
    whole = b'"id","text"\r\n"a","\xe8\x8c\xb6"\r\n"b",\r\n"c","say ""x"""\r\n'
    assert written(tmp_path / "whole.csv", one + other) == whole
    assert written(tmp_path / "parts.csv", [], [], one, [], other, []) == whole
    assert written(tmp_path / "none.csv", [], []) == b'"id","text"\r\n'
