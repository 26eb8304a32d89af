"""Tables of campaigns as anybody may see them: what tells of few people is empty, and so is what would give it back.

An effect that is adjusted for what people did before is an estimate; a plain difference of two shares with known arms is
two counts. So the plain one goes where a count is small, the adjusted one where too few did anything for an interval.
"""

from collections.abc import Mapping

import pandas as pd

from customerbase.disclosure import suppress_rows

NESTED = ("sent", "delivered", "opened", "clicked")  # each of them some of those before; bought and unsubscribed of all
VALUES = ("effect", "low", "high")
FEW_BUYERS = "few_buyers"  # why an effect that is known is not told
PLAIN = ("plain", "plain_low", "plain_high")


def shown(tables: Mapping[str, pd.DataFrame], k_min: int) -> dict[str, pd.DataFrame]:
    """The tables of 11_campaigns and 11b_uplift with nothing in them that tells of fewer than k_min people; others as they are.

    Arms are told both or not at all, so that a campaign's people less one arm give nobody away.
    """
    made = dict(tables)
    results, found = tables.get("campaign_results"), tables.get("campaign_effects")
    few = few_buyers(found, k_min) if found is not None else set()
    if results is not None and len(results):
        made["campaign_results"] = _results(results, few, k_min)
        if (funnel := tables.get("campaign_funnel")) is not None:
            made["campaign_funnel"] = _funnel(funnel, set(results.loc[_small(results, k_min), "campaign_id"]), k_min)
    if found is not None and len(found):
        made["campaign_effects"] = _effects(found, few)
    for name in ("campaign_parts", "campaign_looks"):
        if (table := tables.get(name)) is not None and len(table):
            made[name] = _emptied(table, table["low"].isna(), VALUES)
    if (control := tables.get("global_control")) is not None and len(control):
        made["global_control"] = _control(control, k_min)
    return made | _uplift(tables, k_min)


def few_buyers(effects: pd.DataFrame, k_min: int) -> set[str]:
    """Campaigns of which fewer than k_min people of an arm bought, by campaign_effects."""
    rows = effects[effects["outcome"] == "customers"]
    counts = [(rows[f"mean_{arm}"] * rows[f"n_{arm}"]).astype(float).round() for arm in ("treated", "control")]
    small = [(count > 0) & (count < k_min) for count in counts]
    return set(rows.loc[small[0] | small[1], "campaign_id"])


def _small(results: pd.DataFrame, k_min: int) -> pd.Series:
    arms = results[["n_treated", "n_control"]]
    return ((arms > 0) & (arms < k_min)).any(axis=1)


def _results(table: pd.DataFrame, few: set[str], k_min: int) -> pd.DataFrame:
    made = _emptied(table, _small(table, k_min), ("n_treated", "n_control", "share", "ratio_p"))
    counted = made["campaign_id"].isin(few) & (made["outcome"] == "customers")
    made = _emptied(made, counted | made["low"].isna(), VALUES)
    made = made.assign(reason=made["reason"].mask(counted, FEW_BUYERS)) if counted.any() else made
    return _emptied(made, made["margin_low"].isna(), ("margin", "roi"))


def _effects(table: pd.DataFrame, few: set[str]) -> pd.DataFrame:
    unsure = table["reason"].isin(["few_people", "few_events"])
    made = _emptied(table, unsure, (*VALUES, *PLAIN, "reduction", "p_value", "p_adjusted"))
    made = _emptied(made, made["campaign_id"].isin(few), PLAIN)
    counted = made["campaign_id"].isin(few) & (made["outcome"] == "customers")
    return _emptied(made, counted, (*VALUES, "reduction", "p_value", "p_adjusted"))


def _funnel(table: pd.DataFrame, small: set[str], k_min: int) -> pd.DataFrame:
    """A step is told if it and those lost since the last step that is told are nobody or enough people."""
    counts = {(row["campaign_id"], row["step"]): int(row["people"]) for row in table.to_dict("records")}
    hidden = {key for key in counts if key[0] in small}
    for code in dict.fromkeys(table["campaign_id"]):
        whole = before = counts.get((code, "planned"), 0)
        for step in (*NESTED, "bought", "unsubscribed"):
            people = counts.get((code, step))
            if people is None:
                continue
            base = before if step in NESTED else whole
            if 0 < people < k_min or 0 < base - people < k_min:
                hidden.add((code, step))
            elif step in NESTED:
                before = people
    gone = pd.Series([key in hidden for key in zip(table["campaign_id"], table["step"], strict=True)], table.index)
    return _emptied(table, gone, ("people", "share"))


def _control(table: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Quarters with few held out are not told, nor any sum that such a quarter is part of."""
    table = table.sort_values("quarter")
    few = table["n_control"] < k_min
    sums = (few & ~table["before"].astype(bool)).cummax()
    values = ("n_others", "n_control", "mean_others", "mean_control", *VALUES, "total", "total_low", "total_high")
    return _emptied(_emptied(table, few, values), sums, ("cumulated", "cumulated_low", "cumulated_high"))


def _uplift(tables: Mapping[str, pd.DataFrame], k_min: int) -> dict[str, pd.DataFrame]:
    made = {}
    if (table := tables.get("uplift_campaigns")) is not None and len(table):
        buyers = [(table[arm] * table[f"share_{arm}"]).astype(float).round() for arm in ("treated", "control")]
        few = ((buyers[0] > 0) & (buyers[0] < k_min)) | ((buyers[1] > 0) & (buyers[1] < k_min))
        table = _emptied(table, few, ("share_treated", "share_control", "effect", "effect_low", "effect_high"))
        crossed = (table["crossed"] > 0) & (table["crossed"] < k_min)
        made["uplift_campaigns"] = _emptied(table, crossed, ("people", "treated", "control", "crossed"))
    if (table := tables.get("uplift_groups")) is not None and len(table):
        keys = ["source_system", "campaign_id", "dimension"]
        kept = [rows[~suppress_rows(_fourfold(rows), k_min)] for _, rows in table.groupby(keys, sort=False)]
        made["uplift_groups"] = pd.concat(kept)
    return made


def _fourfold(rows: pd.DataFrame):
    """Buyers and others of both arms, by group."""
    treated, control = rows["treated"].astype(float), (rows["people"] - rows["treated"]).astype(float)
    bought = [
        (arm * share.astype(float)).fillna(0).round()
        for arm, share in ((treated, rows["share_treated"]), (control, rows["share_control"]))
    ]
    columns = [bought[0], treated - bought[0], bought[1], control - bought[1]]
    return pd.concat(columns, axis=1).to_numpy().astype("int64")


def _emptied(table: pd.DataFrame, where: pd.Series, columns: tuple[str, ...]) -> pd.DataFrame:
    """The table with nothing in these of its columns where a row is not to be told."""
    if not where.any():
        return table
    there = [name for name in columns if name in table]
    return table.assign(**{name: table[name].astype("Float64").mask(where).astype(float) for name in there})
