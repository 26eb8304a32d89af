"""From sums to tables: effect per campaign and outcome with verdict, the campaign as a whole with its money, parts of it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from customerbase.campaigns.estimates import SUMS, UNEQUAL, Arm, difference, fieller, sample_ratio
from customerbase.campaigns.people import OUTCOMES, STRATA, Contacted
from customerbase.intervals import Z
from customerbase.multiple import benjamini_hochberg

WORKED, NOT_PROVEN, HARMFUL = VERDICTS = ("worked", "not_proven", "harmful")
RANDOMISED, DID, MATCHED = METHODS = ("randomised", "did", "matched")
JUDGED, RUNNING, NO_CONTROL, NO_TREATED, FEW = STATES = ("judged", "running", "no_control", "no_treated", "few")
REASONS = ("", "sample_ratio", "few_people", "few_events", "no_variation", "not_comparable", "placebo")
FALSE = 0.05
EVENTS = 5  # people of each arm who must have done it at all: below, a normal interval means little
# what a campaign may name as its measure beside the outcomes themselves
MEASURES = {
    "active_customers": "customers", "repeat_rate": "customers", "retention_rate": "customers", "returning_customers": "customers",
    "reactivated_customers": "customers", "purchase_frequency": "orders", "gross_margin": "margin", "average_order_value": "revenue",
}  # fmt: skip
EFFECTS = [
    *("campaign_id", "outcome", "n_treated", "n_control", "mean_treated", "mean_control", "effect", "low", "high"),
    *("p_value", "p_adjusted", "method", "verdict", "as_of"),
    *("reason", "plain", "plain_low", "plain_high", "reduction", "days"),
]
RESULTS = [
    *(
        "campaign_id",
        "name",
        "channel",
        "objective",
        "hypothesis",
        "outcome",
        "first_at",
        "last_at",
        "ends_at",
        "state",
    ),
    *(
        "n_treated",
        "n_control",
        "share_planned",
        "share",
        "ratio_p",
        "members_hash",
        "cost",
        "verdict",
        "reason",
        "method",
    ),
    *(
        "effect",
        "low",
        "high",
        "customers",
        "customers_low",
        "customers_high",
        "revenue",
        "revenue_low",
        "revenue_high",
    ),
    *("margin", "margin_low", "margin_high", "roi", "roi_low", "roi_high"),
    *("cost_per_customer", "cost_per_customer_low", "cost_per_customer_high", "as_of"),
]
PARTS = [
    *("campaign_id", "stratum", "outcome", "n_treated", "n_control", "mean_treated", "mean_control", "effect", "low", "high"),
    "as_of",
]  # fmt: skip


def effects(found: Contacted, k_min: int = 10) -> pd.DataFrame:
    """Table campaign_effects: one row per campaign with two arms whose windows are over, and outcome the data can tell.

    p_adjusted: over all outcomes of the campaigns whose windows ended in the same month, so that a verdict once given does
    not change with later campaigns. verdict: worked or harmful where p_adjusted is below 5 %, else not_proven; not_proven
    too, with its reason, where the arms' sizes are not those of the draw, an arm is too small to judge or to show.
    """
    rows = [of_outcome(found, outcome) for outcome in found.told]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    if not len(table):
        return pd.DataFrame(columns=EFFECTS)
    table = table.merge(_of_plans(found), on="campaign", how="inner")
    table["reason"] = _reasons(table, k_min)
    table.loc[table["reason"] == "few_people", ["mean_treated", "mean_control", "effect", "low", "high", "p_value"]] = (
        np.nan
    )
    table.loc[table["reason"] == "few_people", ["plain", "reduction"]] = np.nan
    table.loc[table["reason"].isin(["few_people", "few_events"]), ["low", "high", "plain_low", "plain_high"]] = np.nan
    return settled(table.assign(method=RANDOMISED, as_of=found.as_of, days=found.days))


def settled(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with p_value, reason, family and effect: p-values adjusted by family, verdicts, in the order of the campaigns."""
    usable = table["p_value"].where(table["reason"] == "").astype(float)
    table["p_adjusted"] = np.nan
    for _, rows in usable.groupby(table["family"]).groups.items():
        table.loc[rows, "p_adjusted"] = benjamini_hochberg(usable[rows])
    sure = table["p_adjusted"] < FALSE
    table["verdict"] = np.where(sure, np.where(table["effect"] > 0, WORKED, HARMFUL), NOT_PROVEN)
    places = table["outcome"].map({name: place for place, name in enumerate(OUTCOMES)})
    table = table.assign(place=places).sort_values(["campaign", "place"]).reset_index(drop=True)
    return table[EFFECTS].astype({"n_treated": "int64", "n_control": "int64"})


def of_outcome(found: Contacted, outcome: str, by: Iterable[str] = ()) -> pd.DataFrame:
    """Difference of the arms in one outcome, one row per campaign (and stratum) with people in both."""
    return compared(found.sums, outcome, ["campaign", *by])


def compared(sums: pd.DataFrame, outcome: str, keys: list[str]) -> pd.DataFrame:
    """`difference` of sums added up by keys; with n, and in `events` the smaller number of people who did anything."""
    columns = [name if name == "n" else f"{outcome}_{name}" for name in SUMS]
    doers = "visitors" if outcome == "visits" else "customers_y"
    whole = sums.groupby([*keys, "treated"])[[*dict.fromkeys([*columns, doers])]].sum().reset_index()
    arms = [whole[whole["treated"] == side].set_index(keys) for side in (1, 0)]
    both = arms[0].index.intersection(arms[1].index)
    arms = [arm.loc[both] for arm in arms]
    one, two = (Arm.of(*(arm[name].to_numpy() for name in columns)) for arm in arms)
    made = difference(one, two) if len(both) else pd.DataFrame(columns=list(difference(_NOBODY, _NOBODY)))
    made["n_treated"], made["n_control"] = arms[0]["n"].to_numpy(), arms[1]["n"].to_numpy()
    made["events"] = np.minimum(arms[0][doers].to_numpy(), arms[1][doers].to_numpy())
    return pd.concat([both.to_frame(index=False), made], axis=1).assign(outcome=outcome)


_NOBODY = Arm.of(*([0.0] for _ in SUMS))


def _of_plans(found: Contacted) -> pd.DataFrame:
    """What the rows of a campaign share: its id, whether its arms are as they were drawn, which month it ended in."""
    plans = found.plans
    ratio = sample_ratio(plans["treated"], plans["control"], plans["holdout_share"])
    month = pd.to_datetime(plans["ends_at"]).dt.strftime("%Y-%m")
    return pd.DataFrame(
        {"campaign": plans["campaign"], "campaign_id": plans["campaign_id"], "broken": ratio < UNEQUAL, "family": month}
    )


def _reasons(table: pd.DataFrame, k_min: int) -> np.ndarray:
    smaller = table[["n_treated", "n_control"]].min(axis=1)
    cases = [smaller < k_min, table["broken"], table["events"] < EVENTS, table["p_value"].isna()]
    return np.select(cases, ["few_people", "sample_ratio", "few_events", "no_variation"], "")


def primary(kpi: object, usual: str, told: Iterable[str]) -> str:
    """The outcome that a campaign is judged by: the one it named before it began, else the usual one, else orders."""
    named = "" if pd.isna(kpi) else str(kpi)
    told = tuple(told)
    return next((one for one in (MEASURES.get(named, named), usual) if one in told), "orders")


def results(found: Contacted, table: pd.DataFrame, *, usual: str = "orders") -> pd.DataFrame:
    """Table campaign_results: one row per campaign with contacts, over or not, and what it brought and cost.

    customers, revenue, margin: of the whole contacted arm, effect × people. roi: (margin − cost) / cost; the cost was paid
    and is no estimate, so its interval is the margin's. cost_per_customer: of one more customer, with Fieller's interval,
    which has no end where there may be none.
    """
    rows = {(row["campaign_id"], row["outcome"]): row for row in table.to_dict("records")}
    plans = found.plans.assign(
        ratio_p=sample_ratio(*(found.plans[name] for name in ("treated", "control", "holdout_share")))
    )
    made = [_result(found, plan, rows, usual) for plan in plans.to_dict("records")]
    return pd.DataFrame(made, columns=RESULTS)


def _result(found: Contacted, plan: dict, rows: dict, usual: str) -> dict:
    outcome = primary(plan["kpi"], usual, found.told)
    row = rows.get((plan["campaign_id"], outcome), {})
    made = {name: plan.get(name) for name in RESULTS} | {
        name: row.get(name) for name in ("effect", "low", "high", "method")
    }
    made |= {"outcome": outcome, "state": _state(plan, row), "n_treated": plan["treated"], "n_control": plan["control"]}
    made |= {"share_planned": plan["holdout_share"], "share": plan["control"] / plan["people"], "as_of": found.as_of}
    made |= {"members_hash": found.hashes.get(plan["campaign"]), "cost": _cost(plan)}
    made |= {"verdict": row.get("verdict"), "reason": row.get("reason")}
    for name in ("customers", "revenue", "margin"):
        made |= _whole(rows.get((plan["campaign_id"], name)), name, plan["treated"])
    return made | _money(made, rows.get((plan["campaign_id"], "customers")))


def _state(plan: dict, row: dict) -> str:
    if not plan["over"]:
        return RUNNING
    if not plan["control"] or not plan["treated"]:
        return NO_TREATED if plan["control"] else NO_CONTROL
    return FEW if not row or row["reason"] == "few_people" else JUDGED


def _cost(plan: dict) -> float | None:
    """Fixed and variable cost; None where neither is told."""
    fixed, variable = plan["fixed_cost"], plan["contact_cost"]
    return None if pd.isna(fixed) and not variable else float(np.nansum([fixed, variable]))


def _whole(row: dict | None, name: str, people: int) -> dict:
    ends = {"": "effect", "_low": "low", "_high": "high"}
    return {f"{name}{end}": None if row is None else row[column] * people for end, column in ends.items()}


def _money(made: dict, customers: dict | None) -> dict:
    cost, told = made["cost"], {}
    if cost and made["margin"] is not None:
        told = {f"roi{end}": (made[f"margin{end}"] - cost) / cost for end in ("", "_low", "_high")}
    if cost and customers is not None and made["customers"] and made["customers"] > 0:
        error = (made["customers_high"] - made["customers_low"]) / (2 * Z)
        low, high = fieller(cost, 0.0, made["customers"], error)
        names = ("cost_per_customer", "cost_per_customer_low", "cost_per_customer_high")
        told |= dict(zip(names, (cost / made["customers"], low, high), strict=True))
    return told


def parts(found: Contacted, results: pd.DataFrame, k_min: int = 10) -> pd.DataFrame:
    """Table campaign_parts: the effect on the campaign's own outcome by what its people did before; small parts withheld."""
    made = []
    for outcome in dict.fromkeys(results["outcome"]):
        whole = of_outcome(found, outcome, by=["stratum"]).merge(
            found.plans[["campaign", "campaign_id"]], on="campaign"
        )
        asked = results.loc[results["outcome"] == outcome, "campaign_id"]
        made.append(whole[whole["campaign_id"].isin(asked)])
    table = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=[*PARTS, "campaign", "events"])
    few = table[["n_treated", "n_control"]].min(axis=1) < k_min
    table.loc[table["events"] < EVENTS, ["low", "high"]] = np.nan
    few |= few.groupby(table["campaign"]).transform("sum").eq(1) & _smallest(table, few)
    table.loc[few, ["n_treated", "n_control", "mean_treated", "mean_control", "effect", "low", "high"]] = np.nan
    order = table["stratum"].map({name: place for place, name in enumerate(STRATA)})
    table = table.assign(order=order, as_of=found.as_of).sort_values(["campaign", "order"]).reset_index(drop=True)
    return table[PARTS].astype({"n_treated": "Int64", "n_control": "Int64"})


def _smallest(table: pd.DataFrame, few: pd.Series) -> pd.Series:
    """Of each campaign's parts that are not few the smallest: withheld beside a single few one, which the total would tell."""
    size = table["n_treated"].astype(float).add(table["n_control"].astype(float)).where(~few)
    return size.eq(size.groupby(table["campaign"]).transform("min")) & ~few
