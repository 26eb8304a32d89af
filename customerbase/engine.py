"""SQL on the embedded engine: one file of customerbase/sql per table, run on DuckDB, portable to Spark."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from customerbase.errors import ConfigError, TableError, near_miss

SQL_FOLDER = Path(__file__).parent / "sql"
_PLACEHOLDER = re.compile(r"\$([a-z_][a-z0-9_]*)")


def sql_text(name: str) -> str:
    """The text of customerbase/sql/<name>.sql. Raises TableError with the near miss when there is none."""
    path = SQL_FOLDER / f"{name}.sql"
    if not path.is_file():
        known = sorted(file.stem for file in SQL_FOLDER.glob("*.sql"))
        raise TableError(f"no SQL file {name!r} in customerbase/sql.{near_miss(name, known)}")
    return path.read_text(encoding="utf-8")


def transpile(name: str, dialect: str = "spark") -> str:
    """The SQL file `name` in another engine's dialect (placeholders become :name)."""
    return translate(sql_text(name), dialect)


def translate(text: str, dialect: str = "spark") -> str:
    """SQL written for DuckDB in another engine's dialect, through sqlglot; raises its UnsupportedError."""
    import sqlglot  # imported here: only needed when a table outgrows one machine

    tree = sqlglot.parse_one(text, read="duckdb")
    tree = tree.transform(_for_spark) if dialect == "spark" else tree
    return tree.sql(dialect=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)


def _for_spark(node):
    """What sqlglot hands on as it is although Spark has another name or meaning for it: lists, hexadecimal digits."""
    from sqlglot import exp

    def call(name: str, *arguments: exp.Expression) -> exp.Expression:
        return exp.Anonymous(this=name, expressions=[one.transform(_for_spark) for one in arguments])

    if isinstance(node, exp.Split) and node.expression.is_string and not node.expression.name:
        # Spark's split at the empty text adds an empty one at the end
        return call("split", node.this, exp.convert("(?s)(?<=.)(?=.)"))
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.DPipe) and node.this.this.name == "0x":
        # the number that hexadecimal digits write
        return exp.cast(call("conv", node.this.expression, exp.convert(16), exp.convert(10)), node.to)
    if isinstance(node, exp.Length) and (
        isinstance(node.this, exp.ArrayDistinct) or node.this.name == "list_intersect"
    ):
        return call("size", node.this)
    if isinstance(node, exp.Anonymous) and node.name == "list_intersect":
        return call("array_intersect", *node.expressions)
    return node


def literal(value: object) -> str:
    """A Python value as a typed SQL literal: the one place where values enter SQL, so none can break out of it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return f"cast('{value!r}' as double)"
        case datetime():
            return f"timestamp '{value.replace(tzinfo=None).isoformat(' ', 'microseconds')}'"  # strftime pads no years
        case date():
            return f"date '{value.isoformat()}'"
        case list() | tuple():
            return f"({', '.join(literal(item) for item in value)})"
        case _:
            text = "'" + str(value).replace("'", "''") + "'"
            return "(" + text.replace("\0", "' || chr(0) || '") + ")" if "\0" in text else text  # no NUL inside SQL


def identifier(name: str) -> str:
    """A name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def bind(text: str, params: dict[str, object]) -> str:
    """SQL with every $name replaced by its literal. Raises ConfigError for a name without a value, or unused ones."""
    names = set(_PLACEHOLDER.findall(text))
    for name in sorted(names - params.keys()):
        raise ConfigError(f"the SQL asks for ${name}, which was not given.{near_miss(name, params)}")
    for name in sorted(params.keys() - names):
        raise ConfigError(f"{name!r} was given, but the SQL has no ${name}.{near_miss(name, names)}")
    return _PLACEHOLDER.sub(lambda match: literal(params[match[1]]), text)


@dataclass(frozen=True)
class Continued:
    """A table that goes on where it ended: rows that stand in its order already, and later ones in any order."""

    before: duckdb.DuckDBPyRelation
    rest: duckdb.DuckDBPyRelation


class Engine:
    """A private DuckDB in memory: tables are views on Parquet files, results are lazy relations.

    memory_limit such as "2GB" (beyond it DuckDB spills to temp_directory); threads defaults to all cores.
    No extension is ever downloaded or loaded.
    """

    def __init__(self, memory_limit: str | None = None, threads: int | None = None, temp_directory: str | None = None):
        config = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        }
        config |= {"memory_limit": memory_limit} if memory_limit else {}
        config |= {"threads": str(threads)} if threads else {}
        config |= {"temp_directory": temp_directory} if temp_directory else {}
        self.connection = duckdb.connect(":memory:", config=config)
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute("set enable_progress_bar = false")

    def register(self, name: str, source: object) -> None:
        """Make `source` (Parquet path or paths, DataFrame, Arrow data, relation) known to SQL as the view `name`."""
        if isinstance(source, str | Path):
            source = [source]
        if isinstance(source, Sequence) and all(isinstance(item, str | Path) for item in source):
            files = "[" + ", ".join(literal(str(item)) for item in source) + "]"
            self.execute(f"create or replace view {identifier(name)} as select * from read_parquet({files})")
        elif isinstance(source, duckdb.DuckDBPyRelation):
            source.create_view(name, replace=True)
        else:
            self.connection.register(name, source)

    def query(self, text: str, **params: object) -> duckdb.DuckDBPyRelation:
        """A lazy relation: the SQL text with its $names bound."""
        return self.connection.sql(bind(text, params))

    def run(self, name: str, **params: object) -> duckdb.DuckDBPyRelation:
        """A lazy relation: the SQL file `name` with its $names bound."""
        return self.query(sql_text(name), **params)

    def execute(self, text: str, **params: object) -> None:
        """Run a statement that returns nothing (create, copy, set)."""
        self.connection.execute(bind(text, params))
