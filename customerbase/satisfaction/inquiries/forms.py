"""How numbers of the support desk are written, and which of them may be shown."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_rows
from customerbase.periods import add_months, parse_month
from customerbase.satisfaction.inquiries.desk import ALL, LESS, MORE, REST, SEGMENT
from customerbase.satisfaction.inquiries.facts import UNKNOWN

Money = Callable[[float], str]
HOURS = ("reply_median", "reply_p90", "solution_median", "solution_p90")
SHARES = ("reply_in_day", "solution_in_days", "reopened_share")
COUNTS = ("opened", "closed", "backlog")
TROUBLE = ("trouble_customers", "trouble_unresolved", "trouble_value")


def hours(value: object, language: str) -> str:
    """A time as people say it: 45分, 9.8時間, 3.2日; 45 minutes, 9.8 hours, 3.2 days."""
    if i18n.missing(value):
        return i18n.MISSING
    amount = float(value)  # type: ignore[arg-type]
    unit, size, digits = ("minutes", 1 / 60, 0) if amount < 1 else ("hours", 1, 1) if amount < 48 else ("days", 24, 1)
    return i18n.sentence(f"inquiries.time.{unit}", language, n=f"{amount / size:.{digits}f}".removesuffix(".0"))


def axis(measure: str, largest: float, language: str) -> Callable[[float], str]:
    """How the numbers along an axis up to `largest` are written: all in one unit."""
    if measure not in HOURS:
        return lambda value: number(measure, value, language)
    unit, size = ("minutes", 1 / 60) if largest < 1 else ("hours", 1.0) if largest < 72 else ("days", 24.0)
    return lambda value: i18n.sentence(f"inquiries.time.{unit}", language, n=f"{value / size:.1f}".removesuffix(".0"))


def span(low: object, high: object, form: Callable[[object], str], language: str) -> str:
    """An interval; “5 hours or more” where the data set no upper end."""
    if i18n.missing(low):
        return i18n.MISSING
    if i18n.missing(high):
        return i18n.sentence("inquiries.or_more", language, low=form(low))
    return i18n.span(form(low), form(high), language)


def number(measure: str, value: object, language: str, money: Money | None = None) -> str:
    """A value of one measure with its unit."""
    if i18n.missing(value):
        return i18n.MISSING
    if measure in HOURS:
        return hours(value, language)
    if measure in SHARES:
        return i18n.number(value, "rate", language)
    if measure == "trouble_value" and money:
        return money(float(value))  # type: ignore[arg-type]
    return f"{float(value):,.0f}" if measure in (*COUNTS, *TROUBLE) else f"{float(value):,.2f}"  # type: ignore[arg-type]


def counted(measure: str, value: object, language: str) -> str:
    """A value in a sentence: a number of inquiries with its counter (14件)."""
    told = number(measure, value, language)
    return (
        i18n.sentence("inquiries.per.opened", language, n=told) if measure in COUNTS and told != i18n.MISSING else told
    )


def few(table: pd.DataFrame, k_min: int) -> pd.Series:
    """Rows that tell of 1 to k_min − 1 customers: what rests on so few, and shares of which so few are one side."""
    value, n = table["value"].astype(float), table["n"].astype(float)
    sides = pd.concat([value * n, (1 - value) * n], axis=1).round()
    small = ((sides > 0) & (sides < k_min)).any(axis=1) & table["measure"].isin(SHARES)
    return small | ((table["customers"] > 0) & (table["customers"] < k_min)).astype(bool)


def known(table: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """inquiry_months with what tells of fewer than k_min customers taken out; what is 0 is told.

    Open at the end = open a month before + arrived − closed: where an open count is withheld, the closed are, too.
    """
    hidden = few(table, k_min)
    month = pd.to_datetime(table["month"])
    ends = set(month[hidden & (table["measure"] == "backlog")])
    ends |= {end + pd.DateOffset(months=1) for end in ends}
    hidden |= (table["measure"] == "closed") & month.isin(ends)
    numbers = ["value", "low", "high"]
    return table.assign(few=hidden, **{name: table[name].astype(float).mask(hidden) for name in numbers})


def newest(table: pd.DataFrame, k_min: int, back: int = 0) -> dict[str, dict]:
    """Measure -> its row of the newest month (or so many months before it), few taken out; {} without that month."""
    if not len(table):
        return {}
    wanted = add_months(parse_month(pd.Timestamp(table["as_of"].iloc[0]).date()), -back)
    rows = known(table[[pd.Timestamp(month).date() == wanted for month in table["month"]]], k_min)
    return {row["measure"]: row for row in rows.to_dict("records")}


def shown(groups: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Rows of inquiry_groups whose numbers may stand beside the totals: no value of few customers, in neither month."""
    hidden: list = []
    for dimension, rows in groups[groups["dimension"] != ALL].groupby("dimension", sort=False):
        counts = rows[rows["measure"] == "opened"]
        pair = counts[["customers", "before_customers"]].astype(float).fillna(0).to_numpy(dtype=int)
        mask = suppress_rows(pair, k_min)
        hidden += [(dimension, value) for value in counts["group_value"][mask]]
    keep = [pair not in hidden for pair in zip(groups["dimension"], groups["group_value"], strict=True)]
    return groups[np.array(keep, dtype=bool)]


def direction(measure: str, verdict: str) -> str:
    """The key of a verdict's words: times grow longer or shorter."""
    return {MORE: "longer", LESS: "shorter"}.get(verdict, verdict) if measure in HOURS else verdict


def with_names(groups: pd.DataFrame, name: Callable[[str], str]) -> pd.DataFrame:
    """inquiry_groups with segments by the name that `name` gives a code."""
    coded = (groups["dimension"] == SEGMENT) & ~groups["group_value"].isin([REST, UNKNOWN])
    named = [name(value) if code else value for value, code in zip(groups["group_value"], coded, strict=True)]
    return groups.assign(group_value=named)


def group(dimension: str, value: str, language: str) -> str:
    """A group by name."""
    if value in (REST, UNKNOWN):
        shown_value = i18n.word(f"inquiries.{'rest' if value == REST else 'unknown'}", language)
    else:
        shown_value = i18n.word_or(f"inquiries.channel.{value}", language, value) if dimension == "channel" else value
    return i18n.sentence(f"inquiries.named.{dimension}", language, value=shown_value)


def who(row: Mapping, language: str) -> str:
    """A comparison by name: a row of inquiry_effect."""
    text = i18n.word(f"inquiries.comparison.{row['comparison']}", language)
    return text.replace("{hours}", str(int(row["fast_hours"])))
