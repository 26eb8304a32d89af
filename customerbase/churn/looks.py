"""What page 06 shows of who is leaving, in words and small tables; how the models were judged stands in prediction.looks."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.churn.month import Affordable
from customerbase.disclosure import suppress_parts
from customerbase.prediction.lists import BANDS
from customerbase.prediction.reasons import title as topic

Names = Callable[[str], str]


def band(code: str, language: str) -> str:
    """A risk band by name."""
    return i18n.word(f"churn.band.{code}", language)


def everybody(groups: pd.DataFrame) -> pd.Series | None:
    """The row of all customers of churn_groups; None without customers."""
    rows = groups[groups["dimension"] == "all"]
    return rows.iloc[0] if len(rows) else None


def has_value(groups: pd.DataFrame) -> bool:
    """Whether there is a value to lose."""
    whole = everybody(groups)
    return whole is not None and np.isfinite(float(whole["value_at_risk"]))


def by(groups: pd.DataFrame, dimension: str, k_min: int, withheld: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Value at risk of groups of customers: the sum of probability of leaving times customer lifetime value.

    The groups of one dimension (segment, risk_band) of churn_groups that may be shown, largest value at risk (without
    values: most leavers) first; share: of the value at risk (of the leavers) of all.
    """
    rows, whole = groups[groups["dimension"] == dimension], everybody(groups)
    counts = rows["customers"].to_numpy(dtype=int)
    rest = max(int(whole["customers"]) - int(counts.sum()), 0) if whole is not None else 0
    hidden = suppress_parts(np.append(counts, rest), k_min)[:-1] | rows["value"].isin(withheld).to_numpy()
    measure = "value_at_risk" if has_value(groups) else "leavers"
    rows = rows[~hidden]
    total = float(whole[measure]) if whole is not None else float("nan")
    rows = rows.assign(share=rows[measure].astype(float) / total if total else np.nan)
    return rows.sort_values([measure, "value"], ascending=[False, True], kind="stable", ignore_index=True)


def by_title(groups: pd.DataFrame, dimension: str, k_min: int, language: str, names: Names) -> str:
    """Which group holds most of the value at risk, or of those expected to leave."""
    rows = by(groups, dimension, k_min)
    if not len(rows):
        return i18n.word("prediction.title.few", language)
    row = rows.iloc[0]
    group = names(str(row["value"]))
    if has_value(groups):
        return i18n.sentence(
            "churn.title.groups", language, group=group, share=i18n.number(row["share"], "rate", language)
        )
    n = i18n.number(round(float(row["leavers"])), "people", language)
    return i18n.sentence("churn.title.leavers", language, group=group, n=n)


def table(
    groups: pd.DataFrame, dimension: str, k_min: int, language: str, names: Names, currency: str = "JPY"
) -> pd.DataFrame:
    """Customers, mean risk, expected leavers and value at risk with 80 % intervals, common reasons; ready to print."""
    rows = by(groups, dimension, k_min)
    made = {
        "group": [names(str(value)) for value in rows["value"]],
        "customers": [f"{int(n):,}" for n in rows["customers"]],
        "probability": [i18n.number(p, "rate", language) for p in rows["probability"]],
        "leavers": [
            _with_ends(row, "leavers", lambda value: f"{round(value):,}", language) for _, row in rows.iterrows()
        ],
    }
    if has_value(groups):

        def money(value: float) -> str:
            return i18n.number(value, "money", language, currency=currency)

        made["value_at_risk"] = [_with_ends(row, "value_at_risk", money, language) for _, row in rows.iterrows()]
    made["reasons"] = [_reasons(row, language) for _, row in rows.iterrows()]
    return pd.DataFrame({i18n.word(f"churn.column.{name}", language): values for name, values in made.items()})


def _with_ends(row: pd.Series, name: str, form: Callable[[float], str], language: str) -> str:
    low, high = form(float(row[f"{name}_low"])), form(float(row[f"{name}_high"]))
    return i18n.aside(form(float(row[name])), i18n.span(low, high, language), language)


def _reasons(row: pd.Series, language: str) -> str:
    codes = [row[f"reason_{k}"] for k in (1, 2, 3)]
    return i18n.join([topic(code, language) for code in codes if isinstance(code, str)], language)


def strips(groups: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """Customers and their value by risk band, the riskiest first; empty where a band is too small to show."""
    rows = groups[groups["dimension"] == "risk_band"].set_index("value").reindex([*BANDS]).dropna(subset=["customers"])
    if suppress_parts(rows["customers"].to_numpy(dtype=int), k_min).any():
        return pd.DataFrame(columns=["name", "customers", "cltv"])
    made = rows.reset_index()[["value", "customers", "cltv"]]
    return made.assign(name=[band(code, language) for code in made["value"]])


def strips_title(groups: pd.DataFrame, language: str) -> str:
    """How many customers are at high risk, and how much of the value they hold."""
    rows, whole = groups[groups["dimension"] == "risk_band"].set_index("value"), everybody(groups)
    high = rows.loc["high"] if "high" in rows.index else None
    people = 0.0 if high is None or whole is None else float(high["customers"]) / float(whole["customers"])
    share = i18n.number(people, "rate", language)
    if high is None or whole is None or not has_value(groups) or not float(whole["cltv"]):
        return i18n.sentence("churn.title.bands_only", language, share=share)
    value = i18n.number(float(high["cltv"]) / float(whole["cltv"]), "rate", language)
    return i18n.sentence("churn.title.bands", language, share=share, value=value)


def profit_title(profit: pd.DataFrame, language: str, currency: str = "JPY", k_min: int = 1) -> str:
    """How many to contact, and what it is expected to bring; fewer than k_min are called so."""
    best = profit[(profit["ranking"] == "profit") & profit["is_best"]]
    if not len(best) or float(best["profit"].iloc[0]) <= 0:
        return i18n.word("churn.title.profit_none", language)
    row = best.iloc[0]
    told = {
        "n": f"{int(row['contacted']):,}" if row["contacted"] >= k_min else f"<{k_min}",
        "profit": i18n.number(row["profit"], "money", language, currency=currency),
    }
    return i18n.sentence("churn.title.profit", language, **told)


def budget(found: Affordable, money: float, language: str, currency: str = "JPY") -> str:
    """Whom to contact within a budget, in words."""

    def said(value: float) -> str:
        return i18n.number(value, "money", language, currency=currency)

    if not found.contacted:
        return i18n.sentence("churn.title.budget_none", language, budget=said(money))
    told = {"budget": said(money), "n": f"{found.contacted:,}", "cost": said(found.cost), "profit": said(found.profit)}
    return i18n.sentence("churn.title.budget", language, **told)
