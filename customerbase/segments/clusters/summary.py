"""One row per group: its name, size, worth, stability and rule; groups that are gone keep their number and stay on the list."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

import customerbase.segments.clusters.names as names
from customerbase.engine import Engine
from customerbase.intervals import mean, wilson
from customerbase.segments.clusters.behaviour import People
from customerbase.segments.clusters.explaining import Explained
from customerbase.segments.clusters.matching import FIRST, KEPT, NEW, RETIRED, Matched

COLUMNS = (
    *("group_id", "as_of", "status", "label_code", "label_en", "label_ja", "customers", "share", "share_low"),
    *("share_high", "spend_365", "revenue_share", "cltv_mean", "cltv_low", "cltv_high", "cltv_share", "leaving"),
    *("leaving_customers", "jaccard", "overlap", "matched_from", "rule", "rule_caught", "rule_right"),
)


def summary(
    db: Engine,
    members: pd.DataFrame,
    found: People,
    cards: pd.DataFrame,
    explained: Explained,
    matched: Matched,
    stability: Mapping[int, float],
    before: pd.DataFrame,
    as_of: date,
) -> pd.DataFrame:
    """The groups of the month by number, then those that are gone: COLUMNS.

    share has its 95 % interval (Wilson), cltv_mean that of a mean; leaving is the mean chance of leaving of the
    leaving_customers for whom there is one. jaccard: stability of the group (Hennig 2007). overlap: Jaccard index with its
    former self over the customers of both months. Reads the views cltv and churn, which may be empty.
    """
    made = _sizes(members, found).join(_worth(db, members))
    old = {int(row.group_id): str(row.label_code) for row in before.itertuples() if row.status != RETIRED}
    made["label_code"] = pd.Series(names.codes(cards, old))
    for language in ("en", "ja"):
        made[f"label_{language}"] = pd.Series(names.labels(made["label_code"].to_dict(), language))
    overlap = dict(zip(map(int, matched.ids), matched.overlap, strict=True))
    known = {int(one) for one in before["group_id"]}
    made["status"] = [KEPT if one in known else NEW if known else FIRST for one in made.index]
    made["overlap"], made["jaccard"] = pd.Series(overlap), pd.Series(stability)
    made["matched_from"] = pd.array([one if one in known else pd.NA for one in made.index], dtype="Int64")
    rules = {group: (rule.code, rule.caught, rule.right) for group, rule in explained.rules.items() if rule}
    made[["rule", "rule_caught", "rule_right"]] = pd.DataFrame.from_dict(
        rules, orient="index", columns=["rule", "rule_caught", "rule_right"]
    ).reindex(made.index)
    made = made.reset_index(names="group_id")
    made["as_of"] = as_of
    return pd.concat([made.reindex(columns=list(COLUMNS)), gone(before, made["group_id"], as_of)], ignore_index=True)


def _sizes(members: pd.DataFrame, found: People) -> pd.DataFrame:
    spend = pd.Series(np.nan_to_num(found.column("spend_365"))).groupby(members["group_id"].to_numpy()).sum()
    made = members.groupby("group_id").size().to_frame("customers")
    made["share"] = made["customers"] / len(members)
    made["share_low"], made["share_high"] = wilson(made["customers"], len(members))
    made["spend_365"] = spend
    made["revenue_share"] = spend / spend.sum() if spend.sum() > 0 else np.nan
    return made


def _worth(db: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """Mean lifetime value with its interval, and mean chance of leaving; NaN where nothing is known."""
    value = db.query("select customer_id, cast(cltv as double) as cltv from cltv").df()
    leaving = db.query("select customer_id, probability as leaving from churn").df()
    told = members[["customer_id", "group_id"]].merge(value, how="left").merge(leaving, how="left")
    told[["cltv", "leaving"]] = told[["cltv", "leaving"]].astype(float)
    grouped = told.assign(square=told["cltv"] ** 2).groupby("group_id")
    made = grouped[["cltv"]].mean().rename(columns={"cltv": "cltv_mean"})
    total = grouped["cltv"].sum(min_count=1)
    made["cltv_low"], made["cltv_high"] = mean(total, grouped["square"].sum(), grouped["cltv"].count())
    made["cltv_share"] = total / total.sum() if total.sum() > 0 else np.nan
    made["leaving"], made["leaving_customers"] = grouped["leaving"].mean(), grouped["leaving"].count()
    return made


def gone(before: pd.DataFrame, present: pd.Series, as_of: date) -> pd.DataFrame:
    """Groups of earlier months that are no more: their numbers are never given again."""
    rows = before[~before["group_id"].isin(present)]
    kept = rows.reindex(columns=["group_id", "label_code", "label_en", "label_ja"]).assign(as_of=as_of, status=RETIRED)
    kept["customers"] = 0
    return kept.reindex(columns=list(COLUMNS))


def empty() -> dict[str, pd.DataFrame | None]:
    """The tables of a month in which nobody is grouped."""
    import customerbase.segments.clusters.choice as choice

    told = {
        "groups": ["customer_id", "as_of", "group_id", "distance", "second_group", "second_distance", "probability"],
        "cards": [
            *("group_id", "as_of", "feature", "role", "statistic", "value", "base"),
            *("effect", "low", "high", "size", "rank"),
        ],
        "choice": [*choice.COLUMNS, "is_chosen", "as_of", "reason"],
        "summary": list(COLUMNS),
        "mix": ["group_id", "as_of", "dimension", "value", "customers", "share"],
    }
    return {name: pd.DataFrame(columns=columns) for name, columns in told.items()}
