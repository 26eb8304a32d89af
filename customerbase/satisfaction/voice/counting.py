"""How many people speak of each topic, whether more than last month, how many of them complain, and what they are worth.

People are counted, never texts: who writes the same thing a thousand times is one person.
"""

import numpy as np
import pandas as pd

from customerbase import intervals
from customerbase.multiple import benjamini_hochberg

NEW, GROWING, SHRINKING, STEADY, FEW = "new", "growing", "shrinking", "steady", "few"
STATUS = (NEW, GROWING, SHRINKING, STEADY, FEW)


def sizes(said: pd.DataFrame, topics: list[str], since: pd.Timestamp) -> pd.DataFrame:
    """Per topic: people and texts since a month, share of all who wrote, share of them who complain, each with 95 % interval.

    said: one row a sentence with month, source, writer, text, topic (None: none), negative.
    """
    recent = said[said["month"] >= since]
    everyone = recent["writer"].nunique()
    groups = recent.dropna(subset=["topic"]).groupby("topic")
    made = pd.DataFrame({"topic": _names(topics)})
    made["people"], made["texts"] = (made["topic"].map(groups[name].nunique()) for name in ("writer", "text"))
    of = recent[recent["negative"]].dropna(subset=["topic"]).groupby("topic")["writer"].nunique()
    made["complaining"] = made["topic"].map(of)
    counts = ["people", "texts", "complaining"]
    made[counts] = made[counts].fillna(0).astype("int64")
    for name, top, bottom in (("share", made["people"], everyone), ("complaint", made["complaining"], made["people"])):
        low, high = intervals.wilson(top, bottom)
        bottoms = np.where(np.asarray(bottom) > 0, np.asarray(bottom, dtype=float), np.nan)
        made[f"{name}"], made[f"{name}_low"], made[f"{name}_high"] = top / bottoms, low, high
    return made.assign(everyone=everyone)


def changes(
    said: pd.DataFrame, topics: list[str], month: pd.Timestamp, before: pd.Timestamp, *, k_min: int, false_alarms: float
) -> pd.DataFrame:
    """Per topic: people this month and last month, the change of its share with interval, p- and q-value, status.

    The share among those who wrote is compared source by source and the comparisons are added up (Mantel & Haenszel 1959,
    J. Natl. Cancer Inst. 22, 719–748), so that the month of a survey is not a month of new topics. q-values: Benjamini &
    Hochberg over all topics tested. new: nobody spoke of it before this month in all the data; few: under k_min people in both months together.
    """
    now, then = (_by_source(said[said["month"] == one], topics) for one in (month, before))
    both = [source for source in now[1] if source in then[1]]
    earlier = said[said["month"] < month].dropna(subset=["topic"]).groupby("topic")["writer"].nunique()
    spoke_in = said[said["month"].isin([month, before])].groupby(["month", "topic"])["writer"].nunique().to_dict()
    rows = []
    for topic in topics:
        a, n = np.array([[now[0].get((s, topic), 0), now[1][s]] for s in both], dtype=float).reshape(-1, 2).T
        b, m = np.array([[then[0].get((s, topic), 0), then[1][s]] for s in both], dtype=float).reshape(-1, 2).T
        spoke = {"people_month": spoke_in.get((month, topic), 0), "people_before": spoke_in.get((before, topic), 0)}
        enough = sum(spoke.values()) >= k_min
        change, low, high, p = mantel_haenszel(a, n, b, m) if enough and both else (np.nan,) * 4
        rows.append({"topic": topic, **spoke, "change": change, "change_low": low, "change_high": high, "p_value": p})
    made = pd.DataFrame(
        rows, columns=["topic", "people_month", "people_before", "change", "change_low", "change_high", "p_value"]
    )
    made["topic"] = _names(topics)
    made["q_value"] = benjamini_hochberg(made["p_value"].to_numpy(dtype=float))
    fresh = (
        (made["people_month"] >= k_min)
        & (made["topic"].map(earlier).fillna(0) == 0)
        & bool((said["month"] < month).any())
    )
    sure = made["q_value"] < false_alarms
    status = np.where(
        made["change"].isna(), FEW, np.where(sure, np.where(made["change"] > 0, GROWING, SHRINKING), STEADY)
    )
    return made.assign(status=np.where(fresh, NEW, status))


def mantel_haenszel(a: np.ndarray, n: np.ndarray, b: np.ndarray, m: np.ndarray) -> tuple[float, float, float, float]:
    """Difference of two shares over strata with 95 % interval, and the p-value of no difference in any stratum.

    a of n now, b of m before, one entry a stratum. Difference: Mantel-Haenszel weights with the variance of Sato (1989), Biometrics 45,
    1323–1324; p-value: chi-square with continuity correction. NaN where a stratum decides nothing.
    """
    total = n + m
    weight = n * m / np.where(total > 0, total, 1)
    if not weight.sum():
        return (np.nan,) * 4
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(weight > 0, a / np.where(n > 0, n, 1) - b / np.where(m > 0, m, 1), 0)
    change = float((weight * gap).sum() / weight.sum())
    mixed = (weight > 0) & (total > 1)
    expected = n * (a + b) / np.where(total > 0, total, 1)
    variance = n * m * (a + b) * (total - a - b) / np.where(mixed, total**2 * (total - 1), 1)
    spread = float(variance[mixed].sum())
    left = max(abs(float((a - expected)[mixed].sum())) - 0.5, 0.0)
    p = float(intervals.two_sided(left / np.sqrt(spread))) if spread > 0 else 1.0
    safe = np.where(total > 0, total, 1)
    inner = (n**2 * b - m**2 * a + n * m * (m - n) / 2) / safe**2
    outer = (a * (m - b) + b * (n - a)) / (2 * safe)
    sato = float((change * inner + outer).sum()) / float(weight.sum()) ** 2
    half = intervals.Z * np.sqrt(max(sato, 0.0))
    return change, change - half, change + half, p


def _names(topics: list[str]) -> pd.Series:
    """Topics as a column of texts, also where there are none."""
    return pd.Series(topics, dtype=object)


def _by_source(said: pd.DataFrame, topics: list[str]) -> tuple[dict, dict]:
    """People per (source, topic) and per source."""
    spoke = said[said["topic"].isin(topics)].groupby(["source", "topic"])["writer"].nunique()
    return spoke.to_dict(), said.groupby("source")["writer"].nunique().to_dict()


def complaints(
    said: pd.DataFrame, cltv: pd.DataFrame, topics: list[str], since: pd.Timestamp, k_min: int
) -> pd.DataFrame:
    """Per topic: known customers who complained of it since a month and their lifetime value together, the most valuable first.

    cltv: customer_id, cltv. Empty where fewer than k_min customers complained. Interval: of a sum of independent amounts. Somebody
    who complains of two topics stands in both, so the rows must not be added up.
    """
    hit = said[(said["month"] >= since) & said["negative"] & said["topic"].notna() & said["customer_id"].notna()]
    hit = (
        hit[["topic", "customer_id"]]
        .astype(object)
        .drop_duplicates()
        .merge(cltv.astype({"customer_id": object}), how="left", on="customer_id")
    )
    hit = hit.assign(topic=hit["topic"].astype(object), square=hit["cltv"].astype(float) ** 2)
    made = hit.groupby("topic").agg(
        customers=("customer_id", "size"), with_value=("cltv", "count"), value=("cltv", "sum"), square=("square", "sum")
    )
    made = made.reindex(_names(topics)).rename_axis("topic").reset_index()
    low, high = intervals.compound(made["value"], made["square"])
    made = made.assign(low=np.maximum(low, 0), high=high)
    few = made["customers"].isna() | (made["customers"] < k_min)
    worthless = few | (made["with_value"].fillna(0) < k_min)
    made[["value", "low", "high"]] = made[["value", "low", "high"]].mask(worthless)
    made[["customers", "with_value"]] = made[["customers", "with_value"]].mask(few).astype("Int64")
    made.loc[worthless, "with_value"] = pd.NA
    made = made.sort_values(["value", "customers", "topic"], ascending=[False, False, True], na_position="last")
    return made.drop(columns="square").assign(place=np.arange(1, len(made) + 1)).reset_index(drop=True)
