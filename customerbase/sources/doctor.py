"""The doctor: looks at raw files nobody described yet, says what they hold, and drafts their mapping.

diagnose(paths) -> a Diagnosis per file; describe(diagnoses) -> text for a terminal; draft_yaml(diagnoses, system) ->
a file for pipelines/sources/; correct(diagnosis, column, target) -> the same file with one column told by a person.
Only the head of a large file is looked at. Values of people are never shown, only their outline.
"""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from customerbase.engine import literal
from customerbase.errors import ConfigError, CustomerbaseError, InputError, near_miss
from customerbase.sources import readers, sniff
from customerbase.sources.guess_columns import Column, assign, kind_of, look
from customerbase.sources.guess_diagnosis import Diagnosis
from customerbase.sources.guess_draft import source_spec
from customerbase.sources.guess_headers import Candidate, dictionary, fold, known_targets
from customerbase.sources.guess_show import describe, vocabulary
from customerbase.sources.guess_table import safe
from customerbase.sources.guess_values import currency_of
from customerbase.sources.guess_yaml import as_yaml

__all__ = ["Diagnosis", "correct", "describe", "diagnose", "draft_yaml", "in_currency", "resolve", "vocabulary"]

SAMPLE_BYTES = 4_000_000  # of a text file
SAMPLE_ROWS = 20_000  # of what was read
_SHORT = {
    "customer": "orders.source_customer_id",
    "customer_id": "orders.source_customer_id",
    "date": "orders.order_at",
    "order": "orders.order_id",
    "amount": "orders.total",
    "product": "order_lines.sku",
}
IGNORE = ("ignore", "-", "none", "無視")


def diagnose(paths: Iterable[str | Path]) -> list[Diagnosis]:
    """Look at each file. Raises InputError for one that is missing, empty or no table at all."""
    return [_diagnose(Path(path)) for path in paths]


def _diagnose(path: Path) -> Diagnosis:
    if not path.is_file():
        near = near_miss(path.name, (other.name for other in path.parent.iterdir())) if path.parent.is_dir() else ""
        raise InputError(f"no file {safe(str(path))}.{safe(near)}")
    try:
        return _examine(path)
    except CustomerbaseError:
        raise
    except Exception as error:  # whatever a hostile file does to a reader, a person gets one sentence
        raise InputError(f"{safe(str(path))}: cannot be read as a table ({safe(str(error), 200)}).") from error


def _examine(path: Path) -> Diagnosis:
    guess = sniff.guess(path)
    with tempfile.TemporaryDirectory() as folder:
        head, rows = _head(path, guess.format, Path(folder))
        bronze = readers.read_bronze(
            head,
            Path(folder) / "bronze.parquet",
            format=guess.format,
            encoding=guess.encoding or "auto",
            delimiter=guess.delimiter,
            header=guess.header,
            sheet=None,
            file=path.name,
        )
        frame, bad = _sample(bronze.parquet)
    if frame.empty or not len(frame.columns):
        raise InputError(f"{safe(str(path))}: no rows below the heading; nothing to recognise.")
    kind, columns = look(frame, bool(guess.header))
    return Diagnosis(
        path=path,
        format=guess.format,
        encoding=bronze.encoding or guess.encoding,
        delimiter=guess.delimiter,
        header=bool(guess.header),
        rows=bronze.rows if rows is None else rows,
        complete=rows != 0,
        bad=bad,
        kind=kind,
        columns=tuple(columns),
        decimal="," if _uses_comma(columns) else ".",
        currency=_currency(columns),
        notes=tuple(bronze.notes),
        frame=frame,
    )


def _head(path: Path, form: str, folder: Path) -> tuple[Path, int | None]:
    """The part of the file to look at, cut at a line end, and its rows: None when the whole is read, 0 when unknown."""
    if form == "parquet":
        head, whole = folder / "head.parquet", f"read_parquet({literal(str(path))})"
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"copy (from {whole} limit {SAMPLE_ROWS}) to {literal(str(head))} (format parquet)")
            return head, connection.sql(f"select count(*) from {whole}").fetchall()[0][0]
    if form == "excel" or path.stat().st_size <= SAMPLE_BYTES:
        return path, None
    with path.open("rb") as file:
        text = file.read(SAMPLE_BYTES)
    head = folder / f"head{path.suffix}"
    head.write_bytes(text[: max(text.rfind(b"\n"), text.rfind(b"\r")) + 1] or text)
    return head, 0


def _sample(parquet: Path) -> tuple[pd.DataFrame, int]:
    rows = f"(from read_parquet({literal(str(parquet))}) order by _line limit {SAMPLE_ROWS})"
    with duckdb.connect(":memory:") as connection:
        frame = connection.sql(f"select * exclude (_line, _bad, _raw) from {rows} where _bad is null").df()
        bad = connection.sql(
            f"select count(*) from read_parquet({literal(str(parquet))}) where _bad is not null"
        ).fetchall()[0][0]
    return frame, bad


def _uses_comma(columns: Sequence[Column]) -> bool:
    return any(column.profile.decimal_comma for column in columns if column.profile.kind == "amount")


def _currency(columns: Sequence[Column]) -> str | None:
    money = [column for column in columns if column.guess and dictionary()[column.guess.target]["kind"] == "amount"]
    found = [column.profile.currency or currency_of(column.name.replace("_", " ")) for column in money]
    return next((code for code in found if code), None)


def correct(diagnosis: Diagnosis, number: int, target: str) -> Diagnosis:
    """The diagnosis with column `number` taken for `target` ("order_at", "orders.order_at", "customer", "ignore").

    Everything else is judged again. Raises ConfigError naming the near miss for an unknown column or number.
    """
    if not 1 <= number <= len(diagnosis.columns):
        raise ConfigError(
            f"{safe(diagnosis.path.name)} has columns 1 to {len(diagnosis.columns)}; {number} is none of them."
        )
    targets = () if target.strip().casefold() in IGNORE else resolve(target, diagnosis.kind)
    told = tuple(Candidate(name, 1.0, "told", "") for name in targets)
    columns = [
        replace(column, candidates=told)
        if column.number == number
        else replace(
            column, candidates=tuple(c for c in column.candidates if c.target not in targets or c.how == "told")
        )
        for column in diagnosis.columns
    ]
    kind = kind_of(columns, diagnosis.frame)
    return replace(diagnosis, kind=kind, columns=tuple(assign(columns, kind, diagnosis.frame)))


def resolve(target: str, kind: str = "unknown") -> tuple[str, ...]:
    """The canonical columns a person may mean: by full name, by last name, or by any heading of the dictionary."""
    asked = _SHORT.get(target.strip().casefold(), target.strip())
    if asked in dictionary():
        return (asked,)
    folded = fold(asked)
    same = tuple(name for name in dictionary() if fold(name.split(".")[1]) == folded)
    same = same or tuple(
        name for name, entry in dictionary().items() if folded in {fold(w) for w in (*entry["en"], *entry["ja"])}
    )
    if not same:
        raise ConfigError(f"no canonical column {safe(target)!r}.{near_miss(target, known_targets())}")
    own = {"customers": "customers_src", "products": "products", "subscriptions": "subscriptions"}.get(kind)
    return tuple(name for name in same if name.startswith(f"{own}.")) or same if own else same


def in_currency(diagnosis: Diagnosis, currency: str) -> Diagnosis:
    """The diagnosis with the currency a person told (ISO 4217)."""
    return replace(diagnosis, currency=currency)


def has_key(diagnosis: Diagnosis) -> bool:
    """Whether a list of customers, products or contracts has the column that names each row (or whose it is)."""
    names = (
        "customers_src.source_customer_id",
        "products.product_id",
        "products.sku",
        "subscriptions.source_customer_id",
    )
    return diagnosis.column(*names) is not None


def draft_yaml(diagnoses: Sequence[Diagnosis], system: str) -> str:
    """A commented draft of pipelines/sources/<system>.yaml for these files, as mapping.load_source reads it."""
    return as_yaml(*source_spec(diagnoses, system, [diagnosis.path.name for diagnosis in diagnoses]))
