"""What page 07 shows of who will buy, in words and small tables; how the models were judged stands in prediction.looks."""

from itertools import pairwise

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.prediction.lists import BANDS

CLASSES = (7, 30, 60, 90)  # upper ends of the classes of days


def totals(table: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Buyers within 30 days by window: actual, expected, and the 80 % interval of the window ahead.

    Fewer actual buyers than k_min are left out; no row at all where the customers ahead are fewer.
    """
    rows = table.sort_values("cutoff")
    if int(rows.loc[rows["is_ahead"], "customers"].sum()) < k_min:
        return pd.DataFrame(columns=["month", "actual", "expected", "low", "high", "ahead"])
    actual = rows["actual_buyers"].astype(float)
    actual = actual.where((actual == 0) | (actual >= k_min))
    made = pd.DataFrame({"month": rows["cutoff"], "actual": actual, "expected": rows["buyers"].astype(float)})
    for end in ("low", "high"):
        made[end] = rows[f"buyers_{end}"].astype(float)
    return made.assign(ahead=rows["is_ahead"]).reset_index(drop=True)


def totals_title(table: pd.DataFrame, language: str) -> str:
    """How many will buy in the next 30 days."""
    row = table[table["is_ahead"]].iloc[0]
    people = i18n.number(round(row["buyers"]), "people", "ja") if language == "ja" else f"{round(row['buyers']):,}"
    ends = {end: f"{round(row[f'buyers_{end}']):,}" for end in ("low", "high")}
    return i18n.sentence("buying.title.totals", language, buyers=people, **ends)


def strips(customers: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """Customers and expected buyers by band, the likeliest first; empty where a band is too small to show."""
    found = customers.groupby("band")["p_30"].agg(["size", "sum"]).reindex([*BANDS]).fillna(0)
    if suppress_parts(found["size"].to_numpy(dtype=int), k_min).any():
        return pd.DataFrame(columns=["name", "customers", "buyers"])
    names = [i18n.word(f"buying.band.{code}", language) for code in found.index]
    return pd.DataFrame({"name": names, "customers": found["size"].to_numpy(), "buyers": found["sum"].to_numpy()})


def strips_title(customers: pd.DataFrame, language: str) -> str:
    """How many of the expected buyers the likely customers are."""
    high = customers["band"] == "high"
    if not high.any():
        return i18n.word("buying.title.bands_none", language)
    told = {"share": float(high.mean()), "buyers": float(customers.loc[high, "p_30"].sum() / customers["p_30"].sum())}
    said = {name: i18n.number(value, "rate", language) for name, value in told.items()}
    return i18n.sentence("buying.title.bands", language, **said)


def days(customers: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """Customers by the median of their days to the next purchase; classes too small to show are left out."""
    median = customers["median_days"].astype(float)
    rows = []
    for low, high in pairwise((0, *CLASSES)):
        name = i18n.sentence("buying.within", language, low=low + 1, high=high)
        rows.append([name, int(((median > low) & (median <= high)).sum())])
    rows.append([i18n.word("buying.beyond", language), int(median.isna().sum())])
    made = pd.DataFrame(rows, columns=["name", "customers"])
    made = made[~suppress_parts(made["customers"].to_numpy(), k_min)].reset_index(drop=True)
    return made if made["customers"].any() else made.head(0)


def days_title(customers: pd.DataFrame, language: str, k_min: int) -> str:
    """How many are more likely than not to buy within 30 days; where their classes are withheld, the largest one shown."""
    rows = days(customers, language, k_min).set_index("name")["customers"]
    soon = [i18n.sentence("buying.within", language, low=low, high=high) for low, high in ((1, 7), (8, 30))]
    if rows.index.isin(soon).sum() == len(soon):
        share = i18n.number(float(rows[soon].sum()) / len(customers), "rate", language)
        return i18n.sentence("buying.title.days", language, share=share)
    if not len(rows):
        return i18n.word("prediction.title.few", language)
    told = {"name": rows.idxmax(), "n": f"{int(rows.max()):,}"}
    return i18n.sentence("buying.title.days_most", language, **told)


def categories(table: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Customers by the category that each is likeliest to buy from; small ones left out."""
    found = table[table["rank"] == 1]["category"].value_counts()
    made = pd.DataFrame({"category": found.index.astype(str), "customers": found.to_numpy(dtype=int)})
    made = made.sort_values(["customers", "category"], ascending=[False, True], ignore_index=True)
    return made[~suppress_parts(made["customers"].to_numpy(), k_min)].reset_index(drop=True)


def categories_title(table: pd.DataFrame, k_min: int, language: str) -> str:
    """Which category comes first for most customers."""
    rows = categories(table, k_min)
    if not len(rows):
        return i18n.word("buying.title.categories_none", language)
    row = rows.iloc[0]
    return i18n.sentence("buying.title.categories", language, category=row["category"], n=f"{int(row['customers']):,}")


def category_models(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """How the model in use ranked purchases of categories: all, bought before, never bought; means over the windows."""
    rows = table[table["is_chosen"] & (table["category"] == "all")]
    if not len(rows):
        return pd.DataFrame()
    means = rows.groupby("scope")[["rate", "auc", "lift", "brier", "ece"]].mean()
    means = means.loc[[scope for scope in ("all", "bought_before", "new") if scope in means.index]]
    made = {i18n.word("buying.column.rate", language): [i18n.number(one, "rate", language) for one in means["rate"]]}
    for name, form in (("auc", "{:.3f}"), ("lift", "{:.2f}"), ("brier", "{:.4f}"), ("ece", "{:.3f}")):
        made[i18n.word(f"prediction.column.{name}", language)] = [form.format(one) for one in means[name]]
    return pd.DataFrame(made, index=[i18n.word(f"category.scope.{scope}", language) for scope in means.index])


def window(row: pd.Series, language: str) -> str:
    """The 80 % window of days of one customer's next purchase."""
    low, high = float(row["low_days"]), float(row["high_days"])
    if np.isnan(low):
        return i18n.word("buying.beyond", language)
    if np.isnan(high):
        return i18n.sentence("buying.from", language, low=int(low))
    return i18n.sentence("buying.within", language, low=int(low), high=int(high))
