"""cltv FILE…: what the customers of one log of orders are worth, outside of any pipeline.

The doctor maps the columns, the intake reads and judges every row, and the same SQL and models as page 05 do the rest.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from customerbase import cltv, features, i18n, tables
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError, near_miss
from customerbase.pipeline.quickstart.dialogue import PURCHASES, dated, refusal
from customerbase.sources import doctor
from customerbase.sources.doctor import Diagnosis
from customerbase.sources.guess_columns import assign
from customerbase.sources.guess_draft import source_spec
from customerbase.sources.guess_month import newest_month, order_days
from customerbase.sources.guess_table import safe, table
from customerbase.sources.guess_yaml import as_yaml
from customerbase.sources.mapping import load_source
from customerbase.stage.intake import Intake
from customerbase.tables.export import check_target, export

COLUMNS = {"customer": "orders.source_customer_id", "date": "orders.order_at", "amount": "orders.total"}
TELL = "--customer, --date and --amount HEADING name the columns. 列は --customer・--date・--amount で指定できます。"
LINKS = """create or replace view identity_links as
    select distinct source_system, source_customer_id, source_customer_id as customer_id from orders
    where source_customer_id is not null"""


@dataclass(frozen=True)
class Valued:
    """What was done: rows of the files, what each column was taken for, the month's result, where it was written."""

    as_of: date
    counts: dict[str, int]
    taken: list[tuple[str, str, str]]
    reasons: pd.DataFrame
    result: cltv.Result
    out: Path


def value_files(
    files: Sequence[Path], out: Path, *, as_of: date | None, told: dict[str, str], options: cltv.Options
) -> Valued:
    """Value the customers of one or more files of orders and write `out` (.csv or .parquet), one row a customer.

    as_of: last day that counts; None: the newest day of an order, typing errors a year ahead aside. told: customer, date,
    amount -> heading, where the doctor should not guess. A file of customers and days without amounts is a log too.
    Columns of the result: expectations/cltv.yaml; customer_id is the id in the file.
    Raises InputError when no file holds dated orders up to as_of, ConfigError for a heading that is not there.
    """
    check_target(out)
    found = [_without_amounts(_told(one, told)) for one in doctor.diagnose(files)]
    used = [one for one in found if one.kind in PURCHASES and dated(one)]
    if not used:
        raise InputError(f"{refusal(found, 'en')}\n\n{TELL}")
    if _customers(used) is None:
        raise InputError(
            f"{safe(used[0].path.name)}: no column was recognised as the customer; name it with --customer HEADING."
        )
    day = _last_day(used, as_of)
    with tempfile.TemporaryDirectory() as folder:
        db = Engine(temp_directory=folder)
        intake = _read(db, used, day, Path(folder))
        db.execute(LINKS)
        features.require_orders(db, as_of=day)
        features.customer_orders(db, as_of=day)
        cltv.purchases(db)
        result = cltv.value(db, as_of=day, options=options)
        counts = intake.files[["rows_read", "rows_accepted", "rows_quarantined"]].sum().to_dict()
        reasons = intake.reasons
    export(_rows(result), out)
    return Valued(day, {name: int(n) for name, n in counts.items()}, _taken(used), reasons, result, out)


def _told(found: Diagnosis, told: dict[str, str]) -> Diagnosis:
    """The diagnosis with the columns that a person named."""
    for what, heading in told.items():
        names = [column.name for column in found.columns]
        if heading not in names:
            raise ConfigError(
                f"--{what} {heading!r} is no column of {safe(found.path.name)}.{near_miss(heading, names)}"
            )
        found = doctor.correct(found, names.index(heading) + 1, COLUMNS[what])
    return found


def _without_amounts(found: Diagnosis) -> Diagnosis:
    """A file that tells who and when but not how much, which no stage takes for purchases, as a log of amounts of 0."""
    if found.kind != "unknown" or found.candidates("orders.total", "order_lines.amount"):
        return found
    log = replace(found, kind="log", columns=tuple(assign(list(found.columns), "log", found.frame)))
    return log if log.column("orders.source_customer_id") and log.column("orders.order_at") else found


def _last_day(used: Sequence[Diagnosis], as_of: date | None) -> date:
    """as_of, or else the newest day. Raises InputError for one before all orders, or where no date can be read."""
    days = sum((order_days(one) for one in used), Counter())
    if not days:
        raise InputError(f"{safe(used[0].path.name)}: no order date can be read; name the column with --date HEADING.")
    if as_of is not None and as_of < min(days):
        raise InputError(f"--as-of {as_of}: the first order is of {min(days)}; expected that day or a later one.")
    return as_of or newest_month(days)[2]


def _customers(used: Sequence[Diagnosis]) -> str | None:
    column = used[0].column("orders.source_customer_id")
    return column.name if column else None


def _read(db: Engine, used: Sequence[Diagnosis], day: date, folder: Path) -> Intake:
    """The files through the intake of a month; they are read where they stand, the mapping is the doctor's."""
    raw = folder / "raw"
    raw.mkdir()
    names = []
    for number, one in enumerate(used):
        names.append(f"{number}{one.path.suffix}")
        (raw / names[-1]).symlink_to(one.path.resolve())
    spec, comments = source_spec(used, "log", names)
    source = folder / "log.yaml"
    source.write_text(as_yaml(spec, comments, "made for this run"), encoding="utf-8")
    return Intake(db, [load_source(source, tables.schemas())], raw, day, folder / "intake")


def _rows(result: cltv.Result) -> pa.Table:
    """The table cltv; dates as days, columns without any value left out."""
    frame = result.customers.drop(columns="previous_cltv").sort_values("customer_id", kind="stable")
    return pa.Table.from_pandas(frame.dropna(axis="columns", how="all"), preserve_index=False)


def _taken(used: Sequence[Diagnosis]) -> list[tuple[str, str, str]]:
    """File, heading and canonical column of every column in use."""
    return [(one.path.name, c.name, c.guess.target) for one in used for c in one.columns if c.guess]


def describe(done: Valued, language: str) -> str:
    """What was done, as text for a terminal: counts and totals, no customer."""
    result, counts = done.result, done.counts
    everybody = result.groups.iloc[0]
    lines = [
        i18n.sentence("cltv.cli.rows", language, read=f"{counts['rows_read']:,}", accepted=f"{counts['rows_accepted']:,}", aside=f"{counts['rows_quarantined']:,}"),
        *_set_aside(done.reasons),
        table(["file", "column", "as"], [[safe(part) for part in row] for row in done.taken], (30, 40, 40)),
        "",
        i18n.sentence("cltv.cli.customers", language, n=f"{len(result.customers):,}", day=i18n.day(done.as_of, language)),
        repr(result.model),
        i18n.sentence("cltv.cli.purchases", language, **_interval(everybody, "purchases", "{:,.0f}")),
    ]  # fmt: skip
    if result.money.model is not None:
        lines += [
            repr(result.money.model),
            i18n.sentence("cltv.cli.value", language, **_interval(everybody, "cltv", "{:,.0f}")),
        ]
    lines += [f"- {text}" for text in result.remarks(language)]
    return "\n".join([*lines, "", i18n.sentence("cltv.cli.written", language, path=safe(str(done.out)))])


def _set_aside(reasons: pd.DataFrame) -> list[str]:
    """Why rows were set aside, a line for each reason; no value of a row."""
    blocked = reasons[reasons["severity"] == "block"]
    rows = [[str(one.reason), str(one.column_name), f"{one.rows:,}"] for one in blocked.itertuples()]
    return [table(["reason", "column", "rows"], rows, (30, 30, 12)), ""] if rows else []


def _interval(row: pd.Series, name: str, form: str) -> dict[str, str]:
    return {"value": form.format(row[name])} | {end: form.format(row[f"{name}_{end}"]) for end in ("low", "high")}
