"""What the workbook costs and brings, in words: first year, benefit per month, months to payback with their range."""

import math
from collections.abc import Callable
from datetime import date

import pandas as pd

from customerbase import i18n
from customerbase.campaigns.worth.draws import HORIZON, MEASURED, YEAR
from customerbase.periods import month_label

Money = Callable[[float], str]


def lines(
    items: pd.DataFrame | None, table: pd.DataFrame | None, as_of: date, language: str, money: Money
) -> list[tuple[str, str]]:
    """Label and sentence, from worth_items and worth_payback: cost, benefit or why none is known, payback."""
    if items is None or not len(items) or table is None or not len(table):
        return [(_label("cost", language), i18n.word("uplift.worth.no_costs", language))]
    told = [(_label("cost", language), cost_line(items, table, as_of, language, money))]
    state = table["state"].iloc[0]
    if state != MEASURED:
        return [*told, (_label("benefit", language), i18n.word(f"uplift.worth.{state}", language))]
    told.append((_label("benefit", language), benefit_line(table, language, money)))
    return [*told, (_label("payback", language), payback_line(table, language))]


def cost_line(items: pd.DataFrame, table: pd.DataFrame, as_of: date, language: str, money: Money) -> str:
    """What the first year costs, and what was paid up to now."""
    year = table[table["step"] == YEAR].iloc[0]
    ends = i18n.span(money(year["cost_low"]), money(year["cost_high"]), language)
    return i18n.sentence(
        "uplift.worth.cost", language, cost=money(year["cost"]), interval=ends,
        month=month_label(as_of, language), to_date=money(items["to_date"].astype(float).sum()),
    )  # fmt: skip


def benefit_line(table: pd.DataFrame, language: str, money: Money) -> str:
    """What campaigns brought a month; it is the same in all months, so that of the last one says it."""
    last = table.sort_values("step")[["benefit", "benefit_low", "benefit_high"]].astype(float).diff().iloc[-1]
    ends = i18n.span(money(last["benefit_low"]), money(last["benefit_high"]), language)
    n = int(table["campaigns"].iloc[0])
    return i18n.sentence("uplift.worth.benefit", language, n=n, amount=money(last["benefit"]), interval=ends)


def payback_line(table: pd.DataFrame, language: str) -> str:
    """Months until paid back with their range, and the chance within a year."""
    year = rate(chance(table, YEAR), language)
    median = by(table, 0.5)
    if math.isinf(median):
        return i18n.sentence(
            "uplift.worth.not_paid", language, horizon=HORIZON, chance=rate(chance(table, HORIZON), language), year=year
        )
    low, high = (span(by(table, share), language) for share in (0.1, 0.9))
    return i18n.sentence("uplift.worth.payback", language, median=span(median, language), low=low, high=high, year=year)


def title(table: pd.DataFrame, language: str, money: Money) -> str:
    """The finding of the picture of costs and payback."""
    if not table["paid_back"].notna().any():
        return i18n.sentence(
            "uplift.worth.title.cost", language, cost=money(table[table["step"] == YEAR]["cost"].iloc[0])
        )
    if math.isinf(by(table, 0.5)):
        return i18n.sentence(
            "uplift.worth.title.not_paid", language, horizon=HORIZON, chance=rate(chance(table, HORIZON), language)
        )
    median, year = span(by(table, 0.5), language), rate(chance(table, YEAR), language)
    return i18n.sentence("uplift.worth.title.paid", language, median=median, year=year)


def item_table(items: pd.DataFrame, language: str, money: Money) -> pd.DataFrame:
    """The cost items as numbers, with their total so far and in the first year."""
    rows = items.sort_values(["start", "item"])
    ranges = [
        i18n.MISSING if one.low == one.high else i18n.span(money(one.low), money(one.high), language)
        for one in rows.itertuples()
    ]
    columns = {
        "item": rows[language],
        "kind": [i18n.word(f"uplift.worth.kind.{one}", language) for one in rows["kind"]],
        "every": [i18n.word(f"uplift.worth.every.{one}", language) for one in rows["every"]],
        "amount": [money(one) for one in rows["amount"]],
        "range": ranges,
        "to_date": [money(one) for one in rows["to_date"]],
        "first_year": [money(one) for one in rows["first_year"]],
    }
    made = pd.DataFrame({i18n.word(f"uplift.head.{key}", language): list(values) for key, values in columns.items()})
    return made.set_index(made.columns[0])


def by(table: pd.DataFrame, share: float) -> float:
    """The first month by whose end at least this share of the draws is paid back; infinite beyond the table."""
    steps = table.loc[table["paid_back"].astype(float) >= share, "step"]
    return float(steps.min()) if len(steps) else math.inf


def chance(table: pd.DataFrame, months: int) -> float:
    """The chance of payback within so many months."""
    return float(table.loc[table["step"] == months, "paid_back"].iloc[0])


def span(months: float, language: str) -> str:
    """So many months, or more than the table holds."""
    key, n = ("beyond", HORIZON) if math.isinf(months) else ("months", int(months))
    return i18n.sentence(f"uplift.worth.{key}", language, n=n)


def _label(key: str, language: str) -> str:
    return i18n.word(f"uplift.line.{key}", language)


def rate(value: float, language: str) -> str:
    """A chance in whole percent; more would be a claim that the draws cannot bear."""
    return i18n.number(round(value, 2), "rate", language).replace(".0", "")
