"""SQL on Spark, for a company that outgrew one machine: the same files of customerbase/sql, through sqlglot.

pyspark and Java are wanted only here, and only when a SparkEngine is made: pip install 'customerbase[spark]'.
"""

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from customerbase.engine import bind, sql_text, translate
from customerbase.errors import ConfigError, RunError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REMEDY = "Spark needs pyspark 4 (pip install 'customerbase[spark]') and Java 17 or later"


class SparkEngine:
    """Spark with the surface of Engine: tables are temporary views, results are lazy Spark DataFrames.

    session: a SparkSession of the company's own, say on its cluster; SQL runs in a new session beside it (`newSession`),
    so its settings and views are left alone. Without one, Spark starts on this machine with `threads` (all cores) and
    `memory` for its JVM. SQL is written for DuckDB, values are bound as typed literals, and the whole is translated.
    Raises RunError, with the remedy, when pyspark or Java is missing.
    """

    def __init__(self, session: "SparkSession | None" = None, *, threads: int | None = None, memory: str = "1g"):
        self._scratch = None
        if session is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="customerbase-spark-", ignore_cleanup_errors=True)
            session = _local(threads, memory, self._scratch.name)
        self._shared = session
        self.session = self._shared.newSession()
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self.session.conf.set("spark.sql.timestampType", "TIMESTAMP_NTZ")  # business dates are local, as in DuckDB
        self._held: dict[str, DataFrame] = {}

    def register(self, name: str, source: object) -> None:
        """Make `source` (Parquet path or paths, Spark or pandas DataFrame, Arrow data, relation) the view `name`."""
        self._frame(source).createOrReplaceTempView(name)

    def query(self, text: str, **params: object) -> "DataFrame":
        """A lazy Spark DataFrame: the SQL text with its $names bound."""
        return self.session.sql(translate(bind(text, params)))

    def run(self, name: str, **params: object) -> "DataFrame":
        """A lazy Spark DataFrame: the SQL file `name` with its $names bound."""
        return self.query(sql_text(name), **params)

    def execute(self, text: str, **params: object) -> None:
        """Run a `create temp table|view … as` or a `drop`: all that SQL of this package asks of an engine.

        A temp table is computed once, when it is first read, and held in memory and in Spark's own scratch files.
        Raises ConfigError for another statement.
        """
        import sqlglot
        from sqlglot import exp

        statement = sqlglot.parse_one(bind(text, params), read="duckdb")
        if isinstance(statement, exp.Create) and statement.expression and statement.kind in ("TABLE", "VIEW"):
            query = translate(statement.expression.sql(dialect="duckdb"))
            self._hold(statement.this.name, query, statement.kind == "TABLE")
        elif isinstance(statement, exp.Drop):
            self._drop(statement.find(exp.Table).name)
        else:
            first = text.strip().splitlines()[0]
            raise ConfigError(f"SparkEngine cannot execute {first!r}; expected create temp table, create view or drop.")

    def close(self) -> None:
        """Let go of what is held, and stop Spark if it was started here."""
        for name in list(self._held):
            self._drop(name)
        if self._scratch:
            self._shared.stop()
            self._scratch.cleanup()

    def _frame(self, source: object) -> "DataFrame":
        from pyspark.sql import DataFrame

        if isinstance(source, str | Path):
            source = [source]
        if isinstance(source, Sequence) and all(isinstance(item, str | Path) for item in source):
            for hidden in (path for path in map(Path, source) if path.name.startswith(("_", "."))):
                raise ConfigError(f"Spark passes over files whose name begins with _ or a dot, here {hidden.name!r}.")
            return self.session.read.parquet(*map(str, source))
        if isinstance(source, DataFrame):
            return source
        import pyarrow as pa

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # pyspark on pandas 3: only Arrow is handed over here
            return self.session.createDataFrame(pa.table(source))

    def _hold(self, name: str, query: str, held: bool) -> None:
        frame, before = self.session.sql(query), self._held.pop(name, None)
        if held:
            self._held[name] = frame = frame.persist()
        frame.createOrReplaceTempView(name)
        if before:
            before.unpersist()

    def _drop(self, name: str) -> None:
        self.session.catalog.dropTempView(name)
        if name in self._held:
            self._held.pop(name).unpersist()


def _local(threads: int | None, memory: str, scratch: str) -> "SparkSession":
    """Spark on this machine, reachable from this machine alone."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise RunError(f"{REMEDY}; pyspark is not installed here ({error}).") from error
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if not (java and Path(java).is_file()):
        where = f"no {java}" if java else "no `java` on the PATH, and JAVA_HOME is not set"
        raise RunError(f"{REMEDY}; {where}. On Debian: apt-get install default-jre-headless.")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYSPARK_PYTHON"] = sys.executable  # else the workers take the system's Python, without our packages
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(threads or os.cpu_count() or 1),  # 200 by default: slow on one machine
        "spark.local.dir": scratch,
        "spark.sql.warehouse.dir": f"{scratch}/warehouse",
        "spark.jars": _edit_distances(),
    }
    builder = SparkSession.builder.master(f"local[{threads or '*'}]").appName("customerbase")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            session = builder.config(map=settings).getOrCreate()
    except Exception as error:  # Java too old or broken: pyspark says so in several ways
        raise RunError(f"{REMEDY}; {java} did not start it: {error}") from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def _edit_distances() -> str:
    """The Java archive, shipped by Splink, with the edit distances that Spark lacks."""
    from splink.backends.spark import similarity_jar_location

    return similarity_jar_location()
