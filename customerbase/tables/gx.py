"""Great Expectations itself: its result objects, its store and its Data Docs, in one process at the end of a run.

Nothing else imports the library (see `compiler` for why), and importing this module does not either. The pages carry
no value of any row: results are counts and measures only.
"""

import json
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import customerbase.tables.data_docs as data_docs
from customerbase.tables.checks import Check, plain
from customerbase.tables.schema import Expectation

SEVERITY = {"block": "critical", "warn": "warning", "drift": "info"}  # ours -> the library's
_COUNTS = ("element_count", "missing_count", "unexpected_count")


def load() -> ModuleType:
    """The library, telemetry off; seconds the first time in a process.

    It does not get to see an installed pyspark: it would import all of it for nothing, and pyspark's Connect ends the
    process in some of them (it takes a main module without a file for a run of its doctests).
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _without("pyspark", "pyspark.sql.connect"):
        import great_expectations

    return great_expectations


@contextmanager
def _without(*modules: str) -> Iterator[None]:
    """As if these modules, where they are not loaded yet, were not installed."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def publish(checks_by_table: dict[str, list[Check]], out: Path, run_name: str, as_of: date) -> Path:
    """Write the library's Data Docs of a run into `out`; returns the path of their index.html.

    checks_by_table: table name -> its checks, all of them shown. The library's validation results lie beside the
    pages, in out/results/<table>.json. The run's time is the end of `as_of`: same checks, same bytes. The pages load
    nothing from the network and contain no value of any row.
    """
    safe_name = re.sub(r"[^\w .-]+", "-", run_name)  # the store makes a folder of it
    run_time = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder, _quiet():
        context = load().get_context(mode="file", project_root_dir=folder)
        for table, checks in sorted(checks_by_table.items()):
            _store(context, table, checks, safe_name, run_time)
        context.build_data_docs()
        kept = Path(folder) / "gx" / "uncommitted"
        site, results = kept / "data_docs" / "local_site", kept / "validations"
        return data_docs.settle(site, results, out, checks_by_table, f"{run_name} · {as_of:%Y-%m-%d}")


def judge(table: str, expectation: Expectation, frame: Any) -> Check:
    """One expectation judged by the library's pandas executor on `frame`."""
    return judge_all(table, [expectation], frame)[0]


def judge_all(table: str, expectations: Sequence[Expectation], frame: Any) -> list[Check]:
    """Expectations judged by the library's pandas executor on `frame` (a pandas DataFrame), in the order given."""
    gx = load()
    # given at once: added one by one, a rule would replace another of its type on the same column
    rules = [_configuration(expectation, {"place": place}) for place, expectation in enumerate(expectations)]
    suite = gx.ExpectationSuite(name=table, expectations=rules)
    with _quiet():
        context = gx.get_context(mode="ephemeral")
        source = context.data_sources.add_pandas("frame").add_dataframe_asset(table)
        batch = source.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
        found = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    by_place = {result.expectation_config.meta["place"]: result for result in found.results}
    return [_check(table, each, by_place[place]) for place, each in enumerate(expectations)]


def _check(table: str, each: Expectation, result: Any) -> Check:
    rows, missing, unexpected = (result.result.get(name) for name in _COUNTS)
    if rows is not None:
        missing = missing or 0
    told = result.exception_info
    failed = any(one["raised_exception"] for one in ([told] if "raised_exception" in told else told.values()))
    observed = "could not be computed" if failed else result.result.get("observed_value")
    return Check(
        table,
        each.type,
        each.kwargs,
        each.severity,
        each.reason,
        bool(result.success),
        rows,
        missing,
        unexpected,
        observed,
        "great_expectations",
        each.column,
    )


def _configuration(each: Expectation | Check, meta: dict) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    notes = {"format": "string", "content": [f"{each.severity}: {each.reason} ({each.column})"]}
    return ExpectationConfiguration(
        type=each.type,
        kwargs=json.loads(json.dumps(each.kwargs, default=plain)),
        meta={"severity": each.severity, "reason": each.reason, "notes": notes, **meta},
        severity=SEVERITY[each.severity],
        # without it the page prints the whole query
        description=f"No row is {each.reason}" if each.type == "unexpected_rows_expectation" else None,
    )


def _result(check: Check) -> Any:
    from great_expectations.core import ExpectationValidationResult

    result = {name: getattr(check, name) for name in _COUNTS if getattr(check, name) is not None}
    if check.unexpected_percent is not None:
        result["unexpected_percent"] = check.unexpected_percent
    if check.observed is not None:
        result["observed_value"] = json.loads(json.dumps(check.observed, default=plain))
    configuration = _configuration(check, {"executor": check.executor})
    return ExpectationValidationResult(success=check.success, expectation_config=configuration, result=result)


def _store(context: Any, table: str, checks: Sequence[Check], run_name: str, run_time: datetime) -> None:
    """Put a table's suite and validation result into the context's stores."""
    from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types import resource_identifiers as keys

    context.suites.add(ExpectationSuite(name=table, expectations=[_configuration(check, {}) for check in checks]))
    run = RunIdentifier(run_name=run_name, run_time=run_time)
    met = sum(check.success for check in checks)
    result = ExpectationSuiteValidationResult(
        success=met == len(checks),
        results=[_result(check) for check in checks],
        suite_name=table,
        statistics={
            "evaluated_expectations": len(checks),
            "successful_expectations": met,
            "unsuccessful_expectations": len(checks) - met,
            "success_percent": 100 * met / len(checks) if checks else None,
        },
        meta={
            "great_expectations_version": load().__version__,
            "run_id": run.to_json_dict(),
            "active_batch_definition": {
                "datasource_name": "tables",
                "data_connector_name": "tables",
                "data_asset_name": table,
                "batch_identifiers": {},
            },
        },
    )
    suite_key = keys.ExpectationSuiteIdentifier(name=table)
    key = keys.ValidationResultIdentifier(suite_key, run_id=run, batch_identifier=table)
    context.validation_results_store.set(key, result)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no log lines of the library."""
    logger = logging.getLogger("great_expectations")
    level, bars = logger.level, os.environ.get("TQDM_DISABLE")
    logger.setLevel(logging.ERROR)
    os.environ["TQDM_DISABLE"] = "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        os.environ.pop("TQDM_DISABLE") if bars is None else os.environ.update(TQDM_DISABLE=bars)


def main(arguments: list[str]) -> None:
    """Command line of the run's last step: the file of all checks in, the folder of pages out."""
    source, out = map(Path, arguments)
    given = json.loads(source.read_text(encoding="utf-8"))
    checks = {table: [Check(**item) for item in items] for table, items in given["checks"].items()}
    publish(checks, out, given["run_name"], date.fromisoformat(given["as_of"]))


if __name__ == "__main__":
    main(sys.argv[1:])
