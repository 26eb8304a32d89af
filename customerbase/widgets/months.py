"""What one prepared part says in every published month, for curves and lists over the months."""

import json

import duckdb

from customerbase.engine import bind
from customerbase.errors import TableError
from customerbase.tables import store

PARTS = "dashboard_parts"
_READ = "select content from read_parquet($path) where page = $page and name = $name and language = $language and kind = 'numbers'"


def numbers(pipeline: str, page: str, name: str, language: str) -> dict[str, dict]:
    """Published month (2026-10) -> the numbers of one part; {} for a month without it, or that went while it was read."""
    return {month: _of(pipeline, month, page, name, language) for month in store.published_months(pipeline)}


def _of(pipeline: str, month: str, page: str, name: str, language: str) -> dict:
    try:
        path = store.published_tables(pipeline, month).get(PARTS)
        row = (
            path
            and duckdb.execute(
                bind(_READ, {"path": str(path), "page": page, "name": name, "language": language})
            ).fetchone()
        )
    except (OSError, TableError, duckdb.Error):
        return {}
    return json.loads(row[0]) if row else {}
