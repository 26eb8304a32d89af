"""The support desk month by month and by category, channel and agent group: volume, waits, backlog, reopened, and changes."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from customerbase import intervals
from customerbase.multiple import benjamini_hochberg
from customerbase.periods import add_months, month_range, parse_month
from customerbase.satisfaction.inquiries.facts import Facts, in_month
from customerbase.satisfaction.inquiries.times import Waits, same_median

MONTHS = 13
REPLY_HOURS, SOLUTION_HOURS = 24, 72
ALL, REST = "all", "*"
SEGMENT = "segment"
DIMENSIONS = ("category", "channel", "agent_group", SEGMENT)
MOST = 12  # values of one dimension; the others stand together as REST
FALSE = 0.05  # expected share of chance among the clear changes
LEAST = 5  # inquiries of each month that a test needs
TESTED = ("opened", "per_100_orders", "reply_median", "solution_median", "reopened_share")
MORE, LESS, UNCLEAR, NOT_TESTED = "more", "less", "no_clear_change", "not_tested"
VERDICTS = (MORE, LESS, UNCLEAR, NOT_TESTED)
NUMBERS = ["measure", "n", "customers", "waiting", "value", "low", "high"]
MONTH_COLUMNS = ["as_of", "month", *NUMBERS]
CHANGES = ["before_n", "before_customers", "before", "change", "change_low", "change_high", "q_value", "verdict"]
GROUP_COLUMNS = ["as_of", "dimension", "group_value", *NUMBERS, *CHANGES]

Row = dict[str, object]


def months(facts: Facts, *, count: int = MONTHS) -> pd.DataFrame:
    """One row per month and measure of the whole desk, the last `count` months that the data hold.

    Measures: opened, closed, backlog (open at the month's end), per_100_orders, reply_median, reply_p90, solution_median,
    solution_p90 (hours), reply_in_day, solution_in_days, reopened_share. Times are those of the inquiries that arrived in
    the month, by all that is known at as_of. What the data do not deliver has no row.
    """
    this = parse_month(facts.as_of)
    first = facts.frame["month"].min()
    known = month_range(max(add_months(this, 1 - count), parse_month(first.date())), this) if len(facts.frame) else []
    closing = facts.frame.loc[facts.frame["knows_closing"] == 1, ["customer_id", "month", "closed_month", "is_closed"]]
    rows = []
    for month in known:
        made = [*_measures(facts, facts.frame[in_month(facts.frame, month)], month), *_flow(closing, month)]
        rows += [{"as_of": facts.as_of, "month": month} | row for row in made]
    return _typed(pd.DataFrame(rows, columns=MONTH_COLUMNS))


def groups(facts: Facts) -> pd.DataFrame:
    """One row per dimension, value and measure of the month of as_of, with the change on the month before.

    change: value − before, with its 95 % interval; q_value: of that change among all that are tested here (expected share of
    chance findings); verdict: more or less where the q-value is below 5 % and the interval leaves 0 out. Changes of waits and
    shares are tested with at least 5 inquiries in each month.
    """
    this = parse_month(facts.as_of)
    last = add_months(this, -1)
    then = last if _whole(facts, last) else None
    rows, chances = [], []
    recent = facts.frame[in_month(facts.frame, this) | in_month(facts.frame, last)]
    for dimension, value, mask in _cells(recent):
        now, before = (recent[mask & in_month(recent, month)] for month in (this, last))
        old = {row["measure"]: row for row in _measures(facts, before, last)} if then else {}
        for row in _measures(facts, now, this):
            made, p = _changed(facts, row, old.get(str(row["measure"])), now, before, this)
            head = {"as_of": facts.as_of, "dimension": dimension, "group_value": value}
            rows.append(head | row | made)
            chances.append(p)
    frame = pd.DataFrame(rows, columns=GROUP_COLUMNS)
    q = benjamini_hochberg(np.array(chances, dtype=float))
    sure = (q < FALSE) & ((frame["change_low"].astype(float) > 0) | (frame["change_high"].astype(float) < 0))
    told = np.where(frame["change"].astype(float) > 0, MORE, LESS)
    verdict = np.where(sure, told, np.where(np.isfinite(q), UNCLEAR, NOT_TESTED))
    return _typed(frame.assign(q_value=q, verdict=verdict))[GROUP_COLUMNS]


def _whole(facts: Facts, month: date) -> bool:
    """Whether the data hold inquiries of a month or of one before it: else a zero would be a month nobody recorded."""
    return bool(len(facts.frame)) and facts.frame["month"].min() <= pd.Timestamp(month)


def _cells(frame: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Dimension, value and mask of the inquiries of two months: all, then the values of each dimension."""
    if not len(frame):
        return
    yield ALL, ALL, np.ones(len(frame), dtype=bool)
    for dimension in DIMENSIONS:
        counts = frame[dimension].value_counts()
        ranked = sorted(counts.index, key=lambda value: (-counts[value], value))
        if len(ranked) < 2:  # one value says what all say
            continue
        kept = ranked if len(ranked) <= MOST else ranked[: MOST - 1]
        for value in kept:
            yield dimension, value, (frame[dimension] == value).to_numpy()
        if len(kept) < len(ranked):
            yield dimension, REST, (~frame[dimension].isin(kept)).to_numpy()


def _measures(facts: Facts, rows: pd.DataFrame, month: date) -> Iterator[Row]:
    n = len(rows)
    low, high = (float(end) for end in intervals.poisson(n))
    yield _row("opened", rows, n, low, high)
    if orders := int(facts.orders.get(month, 0)):
        yield _row("per_100_orders", rows, *(100 * end / orders for end in (n, low, high)))
    for name, hours in (("reply", REPLY_HOURS), ("solution", SOLUTION_HOURS)):
        used = _timed(rows, name)
        waits = _waits(used, name)
        if waits.n:
            yield _row(f"{name}_median", used, *waits.quantile(0.5), waiting=waits.waiting)
            yield _row(f"{name}_p90", used, *waits.quantile(0.9), waiting=waits.waiting)
            inside = "reply_in_day" if name == "reply" else "solution_in_days"
            yield _row(inside, used, *waits.within(hours), waiting=waits.waiting)
    closed = rows[_ever_closed(rows)]
    if len(closed):
        again = int(closed["is_reopened"].sum())
        yield _row("reopened_share", closed, again / len(closed), *map(float, intervals.wilson(again, len(closed))))


def _ever_closed(rows: pd.DataFrame) -> pd.Series:
    return (rows["knows_reopening"] == 1) & ((rows["is_closed"] == 1) | (rows["is_reopened"] == 1))


def _timed(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The inquiries whose system notes the time and whose time can be."""
    knows, wrong = "knows_reply", "replied_before_opened"
    if name == "solution":
        knows, wrong = "knows_closing", "closed_before_opened"
    return rows[(rows[knows] == 1) & (rows[wrong] == 0)]


def _waits(used: pd.DataFrame, name: str) -> Waits:
    return Waits.of(used[f"{name}_seconds"].to_numpy(), used[f"{name}_watched"].to_numpy())


def _flow(rows: pd.DataFrame, month: date) -> Iterator[Row]:
    """Closed in a month, and open at its end: arrived by then and not closed by then, as known at as_of."""
    if not len(rows):
        return
    end = pd.Timestamp(month)
    closed = rows[rows["closed_month"] == end]
    yield _row("closed", closed, len(closed))
    arrived = rows["month"] <= end
    done = (rows["closed_month"] <= end) | ((rows["is_closed"] == 1) & rows["closed_month"].isna())
    left = rows[arrived & ~done]
    yield _row("backlog", left, len(left))


def _row(
    measure: str, rows: pd.DataFrame, value: object, low: object = np.nan, high: object = np.nan, waiting: int = 0
) -> Row:
    """A measure with the inquiries and customers behind it; an anonymous inquiry counts as a customer."""
    customers = rows["customer_id"].nunique() + int(rows["customer_id"].isna().sum())
    head = {"measure": measure, "n": len(rows), "customers": customers, "waiting": waiting}
    return head | {"value": value, "low": low, "high": high}


def _changed(
    facts: Facts, row: Row, old: Row | None, now: pd.DataFrame, before: pd.DataFrame, this: date
) -> tuple[Row, float]:
    """The change of a measure with its interval, and its p-value: NaN where it is not tested."""
    if old is None or row["measure"] not in TESTED:
        return _before(old), np.nan
    ends = [float(one[end]) for one in (row, old) for end in ("value", "low", "high")]  # type: ignore[arg-type]
    low, high = (float(end) for end in intervals.difference(*ends))
    made = {"change": ends[0] - ends[3], "change_low": low, "change_high": high}
    return _before(old) | made, _chance(facts, row, old, now, before, this)


def _before(old: Row | None) -> Row:
    kept = {"value": "before", "n": "before_n", "customers": "before_customers"}
    return {name: old[key] for key, name in kept.items()} if old else {}


def _chance(facts: Facts, row: Row, old: Row, now: pd.DataFrame, before: pd.DataFrame, this: date) -> float:
    measure, n, m = str(row["measure"]), int(row["n"]), int(old["n"])  # type: ignore[call-overload]
    if measure in ("opened", "per_100_orders"):
        sizes = (1.0, 1.0) if measure == "opened" else (facts.orders[this], facts.orders[add_months(this, -1)])
        return _same_rate(n, m, *sizes) if n + m >= 2 * LEAST else np.nan
    if min(n, m) < LEAST:
        return np.nan
    if measure == "reopened_share":
        return _same_share(float(row["value"]), n, float(old["value"]), m)  # type: ignore[arg-type]
    name = measure.removesuffix("_median")
    both = pd.concat([now, before])
    return same_median(*(_waits(_timed(rows, name), name) for rows in (now, before, both)))


def _same_rate(one: int, two: int, size: float, other: float) -> float:
    """Score test of two Poisson rates: counts over sizes."""
    rate = (one + two) / (size + other)
    return float(intervals.two_sided((one / size - two / other) / np.sqrt(rate / size + rate / other)))


def _same_share(one: float, n: int, two: float, m: int) -> float:
    pooled = (one * n + two * m) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m)
    return float(intervals.two_sided((one - two) / np.sqrt(variance))) if variance > 0 else np.nan


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    whole = {name: "Int64" for name in ("n", "waiting", "customers", "before_n", "before_customers") if name in frame}
    numbers = dict.fromkeys(("value", "low", "high", "before", "change", "change_low", "change_high", "q_value"), float)
    return frame.astype(whole | {name: kind for name, kind in numbers.items() if name in frame})
