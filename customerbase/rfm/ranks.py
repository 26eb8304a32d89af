"""RFM: how recently, how often and for how much a customer has bought, each as a rank from 1 to 5 (5 is best)."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import duckdb

from customerbase.engine import Engine, sql_text
from customerbase.errors import ConfigError, near_miss
from customerbase.features import keep
from customerbase.periods import add_months, month_end

MEASURES = {"days_since_last_order": "r", "order_count": "f", "net_spend": "m"}
TIES = {"lower": 0, "middle": 1}  # weight of the equals in a position, see sql/rfm_cuts.sql
METHODS = ("quintiles", "cuts", "frozen")

Cuts = Mapping[str, Sequence[float | Decimal | None]]


def rfm(
    db: Engine,
    *,
    as_of: date,
    method: str = "quintiles",
    window_months: int = 24,
    cuts: Cuts | None = None,
    ties: str = "lower",
    reference: date | None = None,
    table: str | None = None,
) -> duckdb.DuckDBPyRelation:
    """Recency, frequency and monetary value of every customer who has ordered by as_of, with ranks 1..5 (5 is best).

    Reads `customer_months`. Columns: customer_id, as_of, days_since_last_order, order_count, net_spend, r, f, m.
    order_count and net_spend cover the window_months months that end with as_of, itself the last day of a month.
    Whoever has no order in the window stays, with rank 1 throughout; a net spend of 0 or less stays as it is.

    method "quintiles": a customer's position is the share of customers (with an order in the window) who did strictly
    worse; ranks change at 20, 40, 60 and 80 %. Equals always share a rank: "lower" as just said, "middle" adds half of
    the equals to the share. method "cuts": fixed cut points, lowest first ([30, 90, 180, 365]: at most
    30 days earn a 5; [2, 3, 5, 10]: at least 10 orders earn a 5). method "frozen": the quintiles' cut points as of
    `reference`, the last day of a month: nobody changes rank because others moved.
    table: where the ranks are held, until the next call that names it; by default each choice has its own.
    Raises ConfigError for an unknown method or tie rule, or for cut points that are not four ordered numbers a measure.
    """
    known("method", method, METHODS)
    if method == "cuts" and cuts is None:
        raise ConfigError("rfm method is 'cuts', but no cut points are given; expected four numbers for each measure.")
    if method != "cuts" and cuts is not None:
        raise ConfigError(f"rfm has cut points, but its method is {method!r}; expected method 'cuts' with them.")
    if (method == "frozen") != (reference is not None):
        raise ConfigError(
            f"rfm method is {method!r} and its reference {reference}; expected a reference month's end with method"
            " 'frozen', and with no other."
        )
    known("tie rule", ties, TIES)
    if reference is not None:
        cuts = cut_points(db, as_of=reference, window_months=window_months, ties=ties)
    measures(db, as_of, window_months)
    points = quintile_cuts(db, ties) if cuts is None else check_cuts(cuts)
    # a name of its own for every choice: the ranks of one month survive the computation of another
    choice = zlib.crc32(repr((as_of, window_months, points)).encode())
    table = table or f"rfm_{as_of:%Y%m%d}_{choice:08x}"
    keep(db, table, sql_text("rfm"), as_of=as_of, **score_cuts(points))
    return db.query(f"select * from {table}")


def cut_points(db: Engine, *, as_of: date, window_months: int = 24, ties: str = "lower") -> dict[str, list]:
    """The four values of each measure at which the quintile rank changes, in the form that rfm(cuts=…) takes.

    None where nobody earns the rank. Kept from one month, they rank another alike. Reads `customer_months`.
    """
    known("tie rule", ties, TIES)
    measures(db, as_of, window_months)
    return quintile_cuts(db, ties)


def quintile_cuts(db: Engine, ties: str) -> dict[str, list]:
    """The cut points of the measures that are held now, see cut_points."""
    found = {row[0]: list(row[1:]) for row in db.run("rfm_cuts", tie_weight=TIES[ties]).fetchall()}
    scores = {measure: found.get(measure, [None] * 4) for measure in MEASURES}
    whole = {measure: [_whole(measure, value) for value in values] for measure, values in scores.items()}
    whole["days_since_last_order"].reverse()
    return whole


def check_cuts(cuts: Cuts) -> dict[str, list]:
    """The cut points as given, when there are four ordered numbers for each measure. Raises ConfigError otherwise."""
    for measure in cuts:
        known("measure", measure, tuple(MEASURES))
    for measure in MEASURES:
        values = cuts.get(measure)
        if not isinstance(values, Sequence) or len(values) != 4:
            raise ConfigError(f"rfm cut points of {measure!r} are {values!r}; expected four numbers, lowest first.")
        numbers = [value for value in values if value is not None]
        if not all(_finite(value) for value in numbers) or numbers != sorted(numbers):
            raise ConfigError(f"rfm cut points of {measure!r} are {values!r}; expected four numbers, lowest first.")
    return {measure: list(cuts[measure]) for measure in MEASURES}


def measures(db: Engine, as_of: date, window_months: int) -> None:
    """Hold the three measures of every customer who has ordered by as_of, unranked (see rfm). Reads `customer_months`."""
    if as_of != month_end(as_of):
        raise ConfigError(f"as_of is {as_of}; expected the last day of a month, for example {month_end(as_of)}.")
    if window_months < 1:
        raise ConfigError(f"window_months is {window_months}; expected a number of months from 1 up.")
    start = add_months(as_of, 1 - window_months)
    keep(db, "rfm_base", sql_text("rfm_base"), as_of=as_of, window_start=start)


def score_cuts(points: Mapping[str, Sequence]) -> dict[str, Decimal | None]:
    """Cut points as the SQL wants them: on scores where more is better, the lowest first, exact decimals."""
    days = [None if value is None else -_decimal(value) for value in reversed(points["days_since_last_order"])]
    scores = {"r": days} | {
        MEASURES[name]: [None if v is None else _decimal(v) for v in points[name]]
        for name in ("order_count", "net_spend")
    }
    return {f"{letter}_{rank}": value for letter, values in scores.items() for rank, value in enumerate(values, 2)}


def _whole(measure: str, score: Decimal | None) -> int | Decimal | None:
    if score is None or measure == "net_spend":
        return score
    return abs(int(score))


def _decimal(value: float | Decimal) -> Decimal:
    return Decimal(format(Decimal(str(value)), "f"))


def _finite(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and Decimal(str(value)).is_finite()


def known(what: str, word: str, options: Mapping | Sequence) -> None:
    """Raise ConfigError with the near miss unless the word is one of the options."""
    if word not in options:
        raise ConfigError(f"rfm {what} is {word!r}; expected one of {', '.join(options)}.{near_miss(word, options)}")
