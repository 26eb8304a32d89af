"""The notebook's contract: what a page reads, what it writes, what it records."""

import html
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

import customerbase.tables.previous as before
import customerbase.tables.secret as secret
from customerbase import segments
from customerbase.audiences.reading import Audiences
from customerbase.engine import Continued, Engine
from customerbase.errors import ContractError, TableError, near_miss
from customerbase.periods import month_end
from customerbase.rules import Rules
from customerbase.stage import company, remembered
from customerbase.tables import Check, checks_to_json, evaluate, schema, store

if TYPE_CHECKING:
    from customerbase.audiences.budget import Budget
    from customerbase.audiences.triggers import Triggers

__all__ = ["Stage"]


class Stage:
    """One page of the workbook: `reads` come in as views, `writes` are validated before they exist for others.

    Under the runner, inputs and outputs are those of the run. Opened by hand, the page reads the published run of
    (pipeline, month) and writes to data/scratch, so that trying something never changes what others see.
    `previous` names tables of the newest published month before this one: they stand on `db` as previous_<table>,
    without rows when there is no such month. Only a page that declares them may use `decisions`, `model` and `id_key`.
    Raises ContractError for an undeclared table and TableError for one that breaks its expectations.
    """

    def __init__(
        self,
        name: str,
        *,
        pipeline: str,
        month: str,
        reads: Iterable[str],
        writes: Iterable[str],
        previous: Iterable[str] = (),
    ):
        self.name, self.pipeline, self.month = name, pipeline, month
        self.reads, self.writes, self.previous = list(reads), list(writes), list(previous)
        self.as_of: date = month_end(month)
        self.company = company.load(pipeline)
        self._open(company.context_path())
        self.settings, self.goals = self.company.settings, self.company.goals
        segments.put_in_force(self.company.named)
        self.db = Engine(memory_limit=self.settings.get("memory_limit"), temp_directory=str(self.folder / ".spill"))
        self.records: dict[str, int | float | str] = {}
        self.outputs: dict[str, dict] = {}
        self.incoming: dict[str, list] = {}
        for table in self.reads:
            self.db.register(schema(table).name, self._paths[table])
        for table in self.previous:
            before.register(self.db, table, self._before.get(table))

    def _open(self, context: Path | None) -> None:
        if context is None:
            self.run_id, self.data = "", self.company.data_folder()
            self.folder = store.scratch_folder(self.pipeline, self.month)
            self._paths = store.published_tables(self.pipeline, self.month) if self.reads else {}
            found = before.find(self.pipeline, self.month, self.previous)
            self.previous_month, self._before = found.month, found.paths
            texts = (
                (remembered.decisions(self.pipeline), remembered.model(self.pipeline)) if self.previous else ("", "")
            )
            self._decisions, self._model = texts
            self._ledger = (remembered.ledger(self.pipeline), None) if "pdca" in self.writes else ("", {})
            self._key_file = secret.key_file()
        else:
            given = json.loads(context.read_text(encoding="utf-8"))
            self.run_id, self.data, self.folder = given["run_id"], Path(given["data"]), Path(given["folder"])
            self._paths = {table: Path(path) for table, path in given["tables"].items()}
            self._remember(given)
        for table in self.reads:
            if table not in self._paths:
                raise TableError(
                    f"{self.name}: the run of {self.pipeline} {self.month} has no table {table!r}."
                    f"{near_miss(table, self._paths)} Run `make report PIPELINE={self.pipeline} MONTH={self.month}`."
                )
        self.folder.mkdir(parents=True, exist_ok=True)

    def _remember(self, given: dict) -> None:
        told = given.get("previous", {"month": None, "tables": {}})
        self.previous_month: str | None = told["month"]
        self._before = {table: Path(path) for table, path in told["tables"].items()}
        self._decisions, self._model = given.get("decisions", ""), given.get("model", "")
        self._ledger = given.get("ledger", ""), given.get("ledger_runs", {})
        self._key_file = Path(given.get("key_file", secret.key_file()))

    @property
    def decisions(self) -> str:
        """The text of pipelines/decisions/<pipeline>.csv, "" when there is none; for pages that declare `previous`."""
        self._looks_back("decisions")
        return self._decisions

    @property
    def model(self) -> str:
        """The text of pipelines/models/<pipeline>.json, "" when there is none; for pages that declare `previous`."""
        self._looks_back("model")
        return self._model

    @property
    def ledger(self) -> str:
        """The text of pipelines/ledger/<pipeline>.csv, "" when there is none; for the page that writes pdca."""
        self._keeps_ledger("ledger")
        return self._ledger[0]

    @property
    def ledger_runs(self) -> dict[str, str]:
        """Run id -> month of the runs that the ledger names; for the page that writes pdca."""
        self._keeps_ledger("ledger_runs")
        return store.kept_runs(self.pipeline) if self._ledger[1] is None else self._ledger[1]

    @property
    def id_key(self) -> bytes:
        """The key of the ids (tables/secret.py), never to be shown; for pages that declare `previous`."""
        self._looks_back("id_key")
        return secret.id_key(self._key_file)

    @property
    def rules(self) -> Rules:
        """The company's segments by rule, read for the tables of this page. Raises ConfigError for what cannot be."""
        return self.company.rules(self.reads, self.writes, self.previous)

    @property
    def triggers(self) -> "Triggers":
        """The company's triggers, read for the tables of this page. Raises ConfigError for what cannot be."""
        return self.company.trigger_rules(self.reads, self.writes, self.previous)

    @property
    def audiences(self) -> Audiences:
        """The company's audiences, read for the tables of this page. Raises ConfigError for what cannot be."""
        return self.company.read_audiences(self.reads, self.writes, self.previous)

    @property
    def budget(self) -> "Budget":
        """The company's offers, money and capacities, read for the tables of this page. Raises ConfigError."""
        return self.company.read_budget(self.reads, self.writes, self.previous)

    def _keeps_ledger(self, what: str) -> None:
        if "pdca" not in self.writes:
            raise ContractError(f"{self.name} uses stage.{what}, but its Stage(writes=[…]) does not name pdca.")

    def _looks_back(self, what: str) -> None:
        if not self.previous:
            raise ContractError(
                f"{self.name} uses stage.{what}, but its Stage(previous=[…]) names no table: a result that depends on it"
                " would be reused when it changes."
            )

    def read(self, table: str) -> duckdb.DuckDBPyRelation:
        """A declared input (a table of `reads`, or previous_<table>) as a lazy relation; else a ContractError."""
        known = [*self.reads, *(f"previous_{one}" for one in self.previous)]
        if table not in known:
            raise ContractError(
                f"{self.name} reads {table!r}, which its Stage(reads=…) does not declare.{near_miss(table, known)}"
            )
        return self.db.query(f'select * from "{table}"')

    def write(self, table: str, content: object) -> None:
        """Validate a relation or DataFrame against expectations/<table>.yaml and store it; None: the table without rows.

        Raises ContractError for an undeclared table, TableError when an expectation of severity `block` fails:
        the table then does not exist for anyone.
        """
        if table not in self.writes:
            raise ContractError(
                f"{self.name} writes {table!r}, which its Stage(writes=…) does not declare."
                f"{near_miss(table, self.writes)}"
            )
        declared = schema(table)
        content = store.empty(self.db, declared) if content is None else content
        known = isinstance(content, duckdb.DuckDBPyRelation | Continued)
        relation = content if known else self.db.connection.from_df(content)
        path = self.folder / f"{table}.parquet"
        rows = store.write_parquet(self.db, store.as_declared(relation, declared), path)
        self.db.register(f"_{table}_written", path)
        checks = evaluate(self.db, declared, f"_{table}_written")
        failed = [check for check in checks if check.severity == "block" and not check.success]
        if failed:
            path.unlink()
            raise TableError(f"{self.name} may not write {table!r}: {'; '.join(map(_complaint, failed))}.")
        self.outputs[table] = {"rows": rows, "sha256": store.sha256(path), "checks": json.loads(checks_to_json(checks))}
        self._save()

    def record(self, **scalars: int | float | str) -> None:
        """Keep named scalars with the run: what tests, later months and `verify` compare."""
        for name, value in scalars.items():
            if hasattr(value, "item"):
                value = value.item()
            if not isinstance(value, int | float | str):
                raise ContractError(f"{self.name} records {name}={value!r}; expected a number or a text.")
            self.records[name] = value
        self._save()

    def publish(self, name: str, content: str | bytes) -> Path:
        """A file of the published report folder (report.ja.html); returns where it was written."""
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ContractError(f"{self.name} publishes {name!r}; expected a name below the report folder.")
        path = self.folder / "published" / name
        store.replace(path, content)
        return path

    def keep_model(self, text: str) -> Path:
        """Write pipelines/models/<pipeline>.json, the linking model of this company from the next run on."""
        path = store.home() / "pipelines" / "models" / f"{self.pipeline}.json"
        store.replace(path, text + "\n")
        return path

    def intake(self):
        """The raw files of this run's sources, read, mapped and checked (for 01_quality)."""
        from customerbase.stage.intake import Intake  # only one page needs it

        specs = [company.find_source(name) for name in self.company.sources]
        return Intake(self.db, specs, self.data, self.as_of, self.folder / ".intake")

    def keep_checks(self, table: str, checks: list[Check]) -> None:
        """Keep the results on a table as it came in, beside those at the door, for the published data docs."""
        self.incoming[table] = json.loads(checks_to_json(checks))
        self._save()

    def _save(self) -> None:
        result = {"stage": self.name, "tables": self.outputs, "incoming": self.incoming, "records": self.records}
        store.replace(
            self.folder / f"{self.name}.stage.json", json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True)
        )

    def _repr_html_(self) -> str:
        month = f" ({self.previous_month or 'none'})"
        verbs = {"reads": self.reads, "previous" + month: self.previous, "writes": self.writes}
        rows = "".join(_row(verb, table) for verb, tables in verbs.items() for table in tables)
        head = f"{html.escape(self.name)} · {html.escape(self.pipeline)} · {self.month} · as of {self.as_of}"
        return f"<table><caption style='text-align:left'><b>{head}</b></caption>{rows}</table>"


def _complaint(check: Check) -> str:
    where = check.kwargs.get("column") or check.kwargs.get("column_list") or "the table"
    if check.unexpected_count is None:
        return f"{check.reason or check.type} on {where} (found {check.observed})"
    return f"{check.reason or check.type} on {where} ({check.unexpected_count:,} of {check.element_count:,} rows)"


def _row(verb: str, table: str) -> str:
    grain = html.escape(f"{schema(table).grain['en']} {schema(table).grain['ja']}")
    name = html.escape(table)
    return f"<tr><td>{verb}</td><td><code>{name}</code></td><td style='text-align:left'>{grain}</td></tr>"
