"""Tables and pictures of the support desk for people: months, groups, comparisons and how alike they are."""

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.periods import month_label
from customerbase.satisfaction.inquiries.desk import ALL, LESS, MORE, NOT_TESTED
from customerbase.satisfaction.inquiries.effect import ASKED, FEW, UNLIKE_GROUPS
from customerbase.satisfaction.inquiries.forms import (
    COUNTS,
    HOURS,
    SHARES,
    Money,
    counted,
    direction,
    few,
    group,
    known,
    newest,
    number,
    shown,
    span,
    who,
)

SHOWN = ("opened", "closed", "backlog", "per_100_orders", *HOURS, "reopened_share")
OF_GROUPS = ("opened", "per_100_orders", "reply_median", "solution_median", "reopened_share")
REPORTED = ("opened", "backlog", "per_100_orders", "reply_median", "solution_median", "reopened_share")
MONTHS_SHOWN = 6


def month_table(
    months: pd.DataFrame, language: str, k_min: int = 10, most: int = MONTHS_SHOWN, measures: tuple[str, ...] = SHOWN
) -> pd.DataFrame:
    """The newest months for people, one row each: every measure as text with its interval, fewer than k_min customers as <k_min."""
    if not len(months):
        return pd.DataFrame()
    rows = known(months, k_min)
    listed = sorted(set(rows["month"]))[-most:]
    told = [name for name in measures if (rows["measure"] == name).any()]
    cells = {(row["month"], row["measure"]): _cell(row, language, k_min) for row in rows.to_dict("records")}
    texts = [[cells.get((month, name), i18n.MISSING) for name in told] for month in listed]
    index = [month_label(pd.Timestamp(month).date(), language) for month in listed]
    return pd.DataFrame(texts, index, [i18n.word(f"inquiries.measure.{name}", language) for name in told])


def _cell(row: dict, language: str, k_min: int) -> str:
    measure = row["measure"]
    if row["few"]:
        return f"<{k_min}" if measure in COUNTS and row["customers"] < k_min else "*"
    text = number(measure, row["value"], language)
    if (measure not in HOURS and measure not in SHARES) or i18n.missing(row["low"]):
        return text
    return i18n.aside(
        text, span(row["low"], row["high"], lambda end: number(measure, end, language), language), language
    )


def group_table(groups: pd.DataFrame, dimension: str, language: str, k_min: int = 10) -> pd.DataFrame:
    """One dimension for people: inquiries, median waits with intervals, reopened share, each with its change on the month before."""
    rows = shown(groups, k_min)
    rows = rows[(rows["dimension"] == dimension) & (rows["customers"] > 0)]
    rows = rows.assign(few=few(rows, k_min))
    measures = [name for name in OF_GROUPS if (rows["measure"] == name).any()]
    cells = {(row["group_value"], row["measure"]): row for row in rows.to_dict("records")}
    values = list(dict.fromkeys(rows["group_value"]))
    texts = [[_with_change(cells.get((value, name)), language, k_min) for name in measures] for value in values]
    index = [group(dimension, value, language) for value in values]
    return pd.DataFrame(texts, index, [i18n.word(f"inquiries.measure.{name}", language) for name in measures])


def _with_change(row: dict | None, language: str, k_min: int) -> str:
    if row is None:
        return i18n.MISSING
    text = _cell(row, language, k_min)
    return (
        f"{text} {i18n.word('inquiries.mark.' + row['verdict'], language)}" if row["verdict"] in (MORE, LESS) else text
    )


def picture_rows(months: pd.DataFrame, measure: str, k_min: int) -> pd.DataFrame:
    """Month, value, low and high of one measure where it may be shown, for a picture of time."""
    rows = known(months[months["measure"] == measure], k_min)
    rows = rows.assign(month=[pd.Timestamp(month).date() for month in rows["month"]], value=rows["value"].astype(float))
    return rows[["month", "value", "low", "high"]].reset_index(drop=True)


def title(months: pd.DataFrame, groups: pd.DataFrame, measure: str, language: str, k_min: int) -> str:
    """The finding of a picture of one measure: its newest value, and whether it clearly left that of the month before."""
    now, before = (newest(months, k_min, back).get(measure) for back in (0, 1))
    name = i18n.word(f"inquiries.measure.{measure}", language)
    if not now or i18n.missing(now["value"]):
        return i18n.sentence("inquiries.title.unknown", language, name=name)
    told = {"name": name, "value": counted(measure, now["value"], language)}
    if not before or i18n.missing(before["value"]):
        return i18n.sentence("inquiries.title.alone", language, **told)
    whole = groups[(groups["dimension"] == ALL) & (groups["measure"] == measure)]
    verdict = whole["verdict"].iloc[0] if len(whole) else NOT_TESTED
    return i18n.sentence(
        f"inquiries.title.{direction(measure, verdict)}",
        language,
        **told,
        before=counted(measure, before["value"], language),
    )


def group_title(rows: pd.DataFrame, measure: str, language: str) -> str:
    """The groups at both ends of a picture, and whether their intervals lie apart."""
    ranked = rows.sort_values(["value", "name"])
    least, most = ranked.iloc[0], ranked.iloc[-1]
    told = {end: number(measure, row["value"], language) for end, row in (("least", least), ("most", most))}
    apart = not i18n.missing(least["high"]) and least["high"] < most["low"]
    key = "inquiries.groups_apart" if apart else "inquiries.groups_near"
    return i18n.sentence(
        key,
        language,
        measure=i18n.word(f"inquiries.measure.{measure}", language),
        one=most["name"],
        two=least["name"],
        **told,
    )


def effect_rows(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Comparisons for charts.drivers: name, raw, difference, low, high, clear."""
    rows = table[table["difference"].notna() & (table["verdict"] != UNLIKE_GROUPS)]
    names = [who(row, language) for row in rows.to_dict("records")]
    return pd.DataFrame({
        "name": names, "raw": rows["plain"].astype(float).to_numpy(), "difference": rows["difference"].astype(float).to_numpy(),
        "low": rows["low"].astype(float).to_numpy(), "high": rows["high"].astype(float).to_numpy(),
        "clear": rows["verdict"].isin([LESS, MORE]).to_numpy(),
    })  # fmt: skip


def effect_title(table: pd.DataFrame, language: str) -> str:
    """What the picture of purchases after an inquiry shows."""
    row = table[table["comparison"] == ASKED].iloc[0]
    if row["verdict"] in (FEW, UNLIKE_GROUPS):
        return i18n.word("inquiries.effect_title.unlike", language)
    key = row["verdict"] if row["verdict"] in (LESS, MORE) else "none"
    return i18n.sentence(f"inquiries.effect_title.{key}", language, points=i18n.points(row["difference"], language))


def balance_table(balance: pd.DataFrame, language: str) -> pd.DataFrame:
    """How alike those who asked and their partners are: standardised differences before and after."""
    rows = balance[balance["comparison"] == ASKED]
    index = [i18n.word(f"inquiries.term.{term}", language) for term in rows["term"]]
    columns = {
        f"inquiries.column.smd_{when}": [f"{abs(float(value)):.2f}" for value in rows[f"smd_{when}"]]
        for when in ("before", "after")
    }
    return pd.DataFrame(columns, index).rename(columns=lambda key: i18n.word(key, language))


def effect_table(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """All comparisons for people: how many, who bought after, who of those alike, difference with interval, verdict."""
    rows = [_compared(row, language) for row in table.to_dict("records")]
    heads = ("matched", "share", "share_alike", "difference", "verdict")
    index = [who(row, language) for row in table.to_dict("records")]
    return pd.DataFrame(rows, index, [i18n.word(f"inquiries.column.{name}", language) for name in heads])


def _compared(row: dict, language: str) -> list[str]:
    verdict = i18n.word(f"inquiries.verdict.{row['verdict']}", language)
    if row["verdict"] == FEW:
        return [*[i18n.MISSING] * 4, verdict]
    ends = i18n.span(*(i18n.points(row[end], language) for end in ("low", "high")), language)
    shares = [i18n.number(row[name], "rate", language) for name in ("share", "share_alike")]
    return [
        f"{int(row['matched']):,}",
        *shares,
        i18n.aside(i18n.points(row["difference"], language), ends, language),
        verdict,
    ]


def state_table(trouble: pd.DataFrame, language: str, money: Money, k_min: int = 10) -> pd.DataFrame:
    """Customers with repeated trouble by state, with the value at stake; the state of few is withheld."""
    states = [(state, found["cltv"].astype(float)) for state, found in trouble.groupby("state", sort=False)]
    hidden = suppress_parts(np.array([len(worth) for _, worth in states], dtype=int), k_min)
    rows = []
    for (state, worth), hide in zip(states, hidden, strict=True):
        count = f"<{k_min}" if len(worth) < k_min else "*" if hide else f"{len(worth):,}"
        value = i18n.MISSING if hide else money(float(np.nansum(worth)))
        rows.append([i18n.word(f"inquiries.state.{state}", language), count, value])
    heads = [i18n.word(f"inquiries.column.{name}", language) for name in ("state", "customers", "cltv")]
    return pd.DataFrame(rows, columns=heads)
