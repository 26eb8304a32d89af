"""The doctor's findings as text for a terminal: aligned, in two languages, without a value of any person."""

from collections.abc import Sequence

from customerbase.i18n import run_on
from customerbase.sources.guess_columns import Column
from customerbase.sources.guess_diagnosis import Diagnosis
from customerbase.sources.guess_headers import dictionary, known_targets
from customerbase.sources.guess_table import safe, table, word
from customerbase.sources.guess_values import shape

_SHOWN = {
    "orders.order_at",
    "orders.total",
    "orders.subtotal",
    "orders.shipping",
    "orders.discount",
    "orders.tax",
    "orders.fee",
    "order_lines.qty",
    "order_lines.unit_price",
    "order_lines.amount",
    "order_lines.line_no",
    "products.price",
    "products.stock",
}


def label(target: str, language: str) -> str:
    """A canonical column as a person calls it: 注文日時, order date."""
    return dictionary()[target][language][0]


def describe(diagnoses: Sequence[Diagnosis], language: str = "en") -> str:
    """The diagnoses as aligned text for a terminal; hostile characters and the values of people are neutralised."""
    parts = [
        _describe(diagnosis, language, f"[{n}] " if len(diagnoses) > 1 else "")
        for n, diagnosis in enumerate(diagnoses, start=1)
    ]
    marks = any(column.ambiguous for diagnosis in diagnoses for column in diagnosis.columns)
    notes = [word("please_look", language)] * marks + [word("masked", language)]
    return "\n\n".join([*parts, "\n".join(notes)])


def _describe(diagnosis: Diagnosis, language: str, mark: str) -> str:
    rows = (
        word("rows_all", language, count=f"{diagnosis.rows:,}")
        if diagnosis.complete
        else word("rows_sampled", language, count=f"{len(diagnosis.frame):,}")
    )
    header = word("with_header" if diagnosis.header else "without_header", language)
    form = {"text": "text (spaces)", "excel": "Excel", "parquet": "Parquet"}.get(
        diagnosis.format, diagnosis.format.upper()
    )
    if diagnosis.delimiter and diagnosis.format in ("csv", "tsv"):
        form += {",": "", "\t": " (tab)"}.get(diagnosis.delimiter, f" ({diagnosis.delimiter})")
    facts = [form, *([diagnosis.encoding] if diagnosis.encoding else []), header, rows]
    lines = [
        f"{mark}{safe(diagnosis.path.name)}",
        "    " + safe(" · ".join(facts)),
        "    " + _summary(diagnosis, language),
    ]
    if not any(column.guess for column in diagnosis.columns):
        return "\n".join(
            [
                *lines,
                "",
                "    " + safe(" · ".join(f"{column.number} {column.name}" for column in diagnosis.columns), 600),
            ]
        )
    heads = [
        "",
        "#",
        *(word(f"head_{name}", language) for name in ("column", "becomes", "name", "sure", "sample", "why")),
    ]
    cells = table(
        heads, [_row(column, language) for column in diagnosis.columns], (1, 3, 24, 18, 18, 5, 20, 60), right=(1, 5)
    )
    return "\n".join([*lines, "", *("  " + line for line in cells.splitlines())])


def _summary(diagnosis: Diagnosis, language: str) -> str:
    date = diagnosis.column("orders.order_at")
    parts = (
        [word("looks_like", language, kind=word(f"kind_{diagnosis.kind}", language))]
        if diagnosis.kind != "unknown"
        else [word("kind_unknown", language)]
    )
    parts += [word("dates_are", language, form=date.profile.form.label)] if date and date.profile.form else []
    parts += [word("money_is", language, currency=diagnosis.currency)] if diagnosis.currency else []
    parts += [word("comma_is", language)] if diagnosis.decimal == "," else []
    parts += [word("bad_rows", language, count=f"{diagnosis.bad:,}")] if diagnosis.bad else []
    return run_on(parts, language)


def _row(column: Column, language: str) -> list[str]:
    if column.guess is None:
        note = "empty_column" if column.profile.kind == "empty" else "unused"
        return ["", str(column.number), column.name, word(note, language), "", "", "", ""]
    becomes, short = label(column.guess.target, language), column.guess.target.split(".")[1]
    sure = f"{round(column.guess.score * 100)} %"
    return [
        "?" if column.ambiguous else "",
        str(column.number),
        column.name,
        becomes,
        short,
        sure,
        example(column),
        reason(column, language),
    ]


def example(column: Column) -> str:
    """One value to recognise the column by: itself for amounts and order dates, else only its outline."""
    if not column.profile.sample:
        return ""
    value, target = column.profile.sample[0], column.guess.target if column.guess else ""
    plain = target in _SHOWN and column.profile.kind in ("date", "amount", "count", "flag") and len(value) <= 20
    return value if plain else shape(value, column.profile.kind)


def reason(column: Column, language: str) -> str:
    """Why a column was taken for what it was, with every doubt."""
    guess = column.guess
    if guess is None:
        return word("unused", language)
    parts = [
        word(guess.word, language) if guess.how == "content" else word(f"how_{guess.how}", language, word=guess.word)
    ]
    parts += [word("against", language)] if guess.against else []
    parts += [word("day_or_month", language)] if column.profile.form and column.profile.form.ambiguous else []
    parts += [word("rivals", language, names=", ".join(column.rivals))] if column.rivals else []
    return ("；" if language == "ja" else "; ").join(parts)


def vocabulary(language: str) -> str:
    """The words a person may assign to a column, with their meaning."""
    meanings = {short: next(name for name in dictionary() if name.endswith(f".{short}")) for short in known_targets()}
    return table(["", ""], [[short, label(name, language)] for short, name in meanings.items()], (20, 40))
