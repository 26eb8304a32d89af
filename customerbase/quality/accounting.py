"""The books of an intake: every raw row is accepted or set aside, and each one set aside can be looked up.

Reads what the intake left in the engine: _files (number, source_system, file, table_name, encoding, rows_read, sha256),
_flags (turn, table_name, _row, severity, column_name, reason), _rejected (_row), the view <table> of accepted rows and
_first_<table> of incoming ones, each with _row; row_file(_row) and row_line(_row) say where a row stood.
"""

from collections.abc import Iterable, Sequence

import duckdb
import pandas as pd

from customerbase.engine import Engine, identifier, literal


def source_files(db: Engine, primary_tables: Sequence[str]) -> pd.DataFrame:
    """One row per raw file: rows read by the reader, rows in its primary table, rows with a blocking reason.

    Three counts from three places, so that their agreement means something.
    """
    accepted = (
        " union all ".join(
            f"select row_file(_row) as number, {literal(table)} as table_name, count(*) as n from {identifier(table)} group by 1"
            for table in primary_tables
        )
        or "select cast(null as bigint) as number, cast(null as varchar) as table_name, 0 as n where false"
    )
    return _rows(
        db,
        f"""
        with accepted as ({accepted}),
        aside as (
            select row_file(_row) as number, count(distinct _row) as n from _flags where severity = 'block' group by 1
        )
        select
            f.source_system, f.file, f.table_name, f.encoding, f.rows_read,
            coalesce(accepted.n, 0) as rows_accepted, coalesce(aside.n, 0) as rows_quarantined, f.sha256
        from _files as f
        left join accepted using (number, table_name)
        left join aside using (number)
        order by f.number""",
    ).df()


def quarantine(db: Engine) -> duckdb.DuckDBPyRelation:
    """One row per raw row, table, column and reason: every block, and the warnings on rows that were accepted."""
    return _rows(
        db,
        f"""
        with listed as ({_listed()})
        select
            f.source_system, listed.table_name, f.file, row_line(listed._row) as line,
            listed.column_name, listed.reason, listed.severity
        from listed inner join _files as f on f.number = row_file(listed._row)""",
    )


def reasons(db: Engine) -> pd.DataFrame:
    """severity, table_name, column_name, reason, rows: how often each reason was found, the blocking ones first."""
    return _rows(
        db,
        f"""
        select severity, table_name, column_name, reason, count(distinct _row) as rows
        from ({_listed()})
        group by all
        order by severity, rows desc, table_name, column_name, reason""",
    ).df()


def _listed() -> str:
    """Distinct findings; warnings count only for accepted rows, and as they stood in the last turn."""
    return """
        select distinct table_name, _row, column_name, reason, severity
        from _flags
        where severity = 'block'
            or (turn in (0, (select max(turn) from _flags)) and _row not in (select _row from _rejected))"""


def quarantine_raw(db: Engine, raw_files: Iterable) -> duckdb.DuckDBPyRelation:
    """source_system, file, line, raw_text of every raw row set aside: JSON of its cells, or the line as it stood.

    raw_files: objects with number, parquet (path) and columns. Raw text is contact data.
    """
    pieces = [
        "select cast(null as bigint) as number, cast(null as bigint) as line, cast(null as varchar) as raw_text where false"
    ]
    for raw in raw_files:
        cells = ", ".join(f"{literal(column)}, b.{identifier(column)}" for column in raw.columns)
        pieces.append(f"""
            select r.number, r.line, coalesce(b._raw, cast(json_object({cells}) as varchar)) as raw_text
            from read_parquet({literal(str(raw.parquet))}) as b
            inner join aside as r on r.number = {raw.number} and r.line = b._line""")
    return _rows(
        db,
        f"""
        with aside as (select distinct row_file(_row) as number, row_line(_row) as line from _rejected),
        raw as ({" union all ".join(pieces)})
        select f.source_system, f.file, raw.line, raw.raw_text
        from raw inner join _files as f using (number)""",
    )


def known(db: Engine, table: str) -> str:
    """Name of a view: the rows of a table as they came in, without those after the month's end."""
    name = f"_known_{table}"
    db.connection.execute(f"""
        create or replace view {identifier(name)} as
        select * from {identifier(f"_first_{table}")} anti join
            (select distinct _row from _flags where reason = 'after_month') using (_row)""")
    return name


def results(checks: Iterable) -> pd.DataFrame:
    """quality_results: one row per check (table, type, column, reason, severity, success, element_count, …)."""
    listed = [
        (
            c.table,
            c.type,
            c.column,
            c.reason,
            c.severity,
            c.success,
            c.element_count,
            c.unexpected_count,
            c.unexpected_percent,
        )
        for c in checks
    ]
    columns = ["table_name", "expectation", "column_name", "reason", "severity", "success"]
    counts = ["element_count", "unexpected_count", "unexpected_percent"]
    frame = pd.DataFrame(listed, columns=[*columns, *counts])
    return frame.astype(dict(zip(counts, ("Int64", "Int64", "Float64"), strict=True)) | {"success": "bool"})


def line_types(db: Engine) -> duckdb.DuckDBPyRelation:
    """Accepted lines and their amount per source system, month and line type; anonymous: no customer on the order."""
    return _rows(
        db,
        """
        select
            l.source_system, cast(date_trunc('month', o.order_at) as date) as month, l.line_type,
            count(*) as lines, cast(sum(l.amount) as decimal(18, 2)) as amount,
            count(*) filter (where o.source_customer_id is null) as anonymous_lines
        from order_lines as l inner join orders as o using (source_system, order_id)
        group by all
        order by all""",
    )


def _rows(db: Engine, text: str) -> duckdb.DuckDBPyRelation:
    return db.connection.sql(text)
