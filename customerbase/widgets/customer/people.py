"""People worth a look: the first twelve of the list of contacts, by value at risk, or by lifetime value."""

from collections.abc import Callable, Mapping, Sequence

from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.widgets.customer.terms import Terms

NOTEBOOKS = {"priority": "07_propensity", "at_risk": "06_churn", "value": "05_cltv"}
SORTED = {"priority": "rank", "at_risk": "-at_risk", "value": "-cltv"}
Row = Mapping[str, object]
Form = tuple[tuple[Column, ...], Callable[[Row], tuple]]  # columns, and their values of a row


def table(by: str, rows: Sequence[Row], terms: Terms) -> Table | None:
    """A list of book.LISTS as a table, the customer's id at the head of each row; None without anybody on it."""
    if not rows:
        return None
    columns, line = {"priority": _priority, "at_risk": _at_risk, "value": _value}[by](terms)
    head = (Column("customer", terms.word("ask")), *columns)
    lines = tuple((row["customer_id"], *line(row)) for row in rows)
    caption = terms.caption(terms.word("list.open"), len(rows), by)
    return Table(terms.word(f"list.{by}"), head, lines, caption, sort=SORTED[by], currency=terms.currency)


def _column(terms: Terms, key: str, unit: str, **days: int) -> Column:
    meaning = terms.say(f"meaning.{key}", **days) if days else terms.word(f"meaning.{key}")
    return Column(key, terms.word(f"score.{key}"), unit, meaning)


def _interval(terms: Terms) -> Column:
    return Column("interval", terms.word("range"), "figure")


def _priority(terms: Terms) -> Form:
    columns = (
        Column("rank", terms.word("column.rank"), "count"),
        Column("channel", terms.word("consent.channel")),
        _column(terms, "gain", "money"),
        Column("interval", terms.word("interval"), "figure", terms.word("meaning.gain")),
        Column("probability", terms.word("column.unasked"), "rate", terms.word("meaning.unasked")),
        Column("day", terms.word("column.day"), "day", terms.word("meaning.day")),
        Column("reasons", terms.word("score.reasons")),
    )

    def line(row: Row) -> tuple:
        topics = [terms.topic(str(row[name])) for name in ("reason_1", "reason_2", "reason_3") if row[name]]
        day = row["best_day"]
        return (
            row["rank"],
            terms.code("channel", row["channel"]),
            row["gain"],
            terms.span(row["gain_low"], row["gain_high"], "money"),
            row["probability"],
            None if day is None else day.isoformat(),
            terms.reasons(topics) or i18n.MISSING,
        )

    return columns, line


def _at_risk(terms: Terms) -> Form:
    columns = (
        _column(terms, "at_risk", "money"),
        _interval(terms),
        Column("probability", terms.word("score.leaving"), "rate", terms.word("meaning.listed")),
        Column("band", i18n.word("churn.column.band", terms.language)),
        _column(terms, "cltv", "money"),
    )

    def line(row: Row) -> tuple:
        return (
            row["value_at_risk"],
            terms.span(row["value_at_risk_low"], row["value_at_risk_high"], "money"),
            row["probability"],
            i18n.word(f"churn.band.{row['risk_band']}", terms.language),
            row["cltv"],
        )

    return columns, line


def _value(terms: Terms) -> Form:
    columns = (
        _column(terms, "cltv", "money"),
        _interval(terms),
        Column("before", terms.word("before"), "money", terms.word("meaning.cltv")),
        _column(terms, "purchases", "times"),
        _column(terms, "alive", "rate"),
        Column("n", "n", "count", terms.word("basis.purchases")),
    )

    def line(row: Row) -> tuple:
        return (
            row["cltv"],
            terms.span(row["cltv_low"], row["cltv_high"], "money"),
            row["previous_cltv"],
            row["purchases_12m"],
            row["p_alive"],
            row["frequency"] + 1,
        )

    return columns, line
