"""Findings of contract churn and of silences in words: the titles of their pictures."""

import pandas as pd

from customerbase import i18n
from customerbase.churn.contracts.curves import ALL, AT
from customerbase.churn.definition import Definition

LINES = 5  # more curves cannot be told apart
CLEAR = 0.01  # p-value below which groups are said to differ


def shown(groups: pd.DataFrame, dimension: str, k_min: int) -> pd.DataFrame:
    """The groups that are drawn and spoken of: the largest LINES of those with k_min contracts or more."""
    rows = groups[(groups["dimension"] == dimension) & (groups["contracts"] >= k_min)]
    return rows.sort_values(["contracts", "value"], ascending=[False, True]).head(LINES)


def extremes(groups: pd.DataFrame, dimension: str, k_min: int) -> tuple[int, pd.Series, pd.Series] | None:
    """The month at which groups are compared, and of those shown the one that lasts least and most; None where alike.

    The month is the latest of AT at which two or more were watched.
    """
    rows = shown(groups, dimension, k_min)
    if len(rows) < 2 or not rows["log_rank_p"].iloc[0] < CLEAR:
        return None
    for month in reversed(AT):
        known = rows.dropna(subset=[f"survival_{month}"]).sort_values([f"survival_{month}", "value"])
        if len(known) > 1:
            return month, known.iloc[0], known.iloc[-1]
    return None


def survival_title(groups: pd.DataFrame, dimension: str, k_min: int, language: str) -> str:
    """How long contracts last, and which group most and least: from rows of churn_survival_groups."""
    everybody = shown(groups, ALL, k_min)
    if shown(groups, dimension, k_min).empty or everybody.empty:
        return i18n.word("survival.title.none", language)
    if (found := extremes(groups, dimension, k_min)) is None:
        return _together(everybody.iloc[0], dimension, language)
    month, worst, best = found
    return i18n.sentence(
        "survival.title.differ", language, months=month, best=group_name(best["value"], language),
        worst=group_name(worst["value"], language), best_share=i18n.number(best[f"survival_{month}"], "rate", language),
        worst_share=i18n.number(worst[f"survival_{month}"], "rate", language),
    )  # fmt: skip


def _together(row: pd.Series, dimension: str, language: str) -> str:
    month = next((one for one in reversed(AT) if not i18n.missing(row[f"survival_{one}"])), None)
    if month is None:
        return i18n.word("survival.title.none", language)
    values = {"months": month, "share": i18n.number(row[f"survival_{month}"], "rate", language)}
    if dimension != ALL:
        return i18n.sentence("survival.title.alike", language, **values)
    if i18n.missing(row["median_months"]):
        return i18n.sentence("survival.title.all", language, **values)
    return i18n.sentence("survival.title.all_median", language, median=int(row["median_months"]), **values)


def group_name(value: object, language: str) -> str:
    """The name of a group: known codes (channels) in words, everything else as it stands in the data."""
    return i18n.word_or(f"value.{value}", language, str(value))


def definition_title(found: Definition, language: str) -> str:
    """After how many silent days few enough come back, or that none will do."""
    key = f"survival.title.{found.reason}"
    if found.reason == "too_short":
        return i18n.word(key, language)
    seen = found.table[(found.table["after"] == "any") & (found.table["window_days"] == found.return_days)]
    row = found.row(int(seen["days"].max()) if found.suggested is None else found.suggested)
    share = i18n.number(row["came_back"], "rate", language)
    return i18n.sentence(key, language, days=int(row["days"]), share=share, window=int(row["window_days"]))
