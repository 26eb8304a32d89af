"""All campaigns of a company by the end of a month: effects, money, faults, plans, looks, trials and the global control."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

import customerbase.campaigns.ahead as ahead
import customerbase.campaigns.control as controls
import customerbase.campaigns.judge as judge
import customerbase.campaigns.peeking as peeking
import customerbase.campaigns.unheld as without
from customerbase.campaigns.people import BEFORE, DAYS, FAULTS, OUTCOMES, RECENT, Contacted, gather
from customerbase.engine import Engine
from customerbase.errors import InputError, near_miss

STEPS = ("planned", "sent", "delivered", "opened", "clicked", "bought", "unsubscribed")
MISSING_ARM = {judge.NO_CONTROL: "no_control", judge.NO_TREATED: "no_treated", judge.FEW: "tiny_arm"}


@dataclass(frozen=True)
class Campaigns:
    """What 11_campaigns writes, by table; `found`: what it rests on."""

    found: Contacted
    effects: pd.DataFrame
    results: pd.DataFrame
    parts: pd.DataFrame
    faults: pd.DataFrame
    funnel: pd.DataFrame
    unheld: pd.DataFrame
    looks: pd.DataFrame
    plans: pd.DataFrame
    trials: pd.DataFrame
    control: pd.DataFrame

    @property
    def as_of(self) -> date:
        """Last day whose facts are known."""
        return self.found.as_of

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name -> content."""
        return {
            "campaign_effects": self.effects, "campaign_results": self.results, "campaign_parts": self.parts,
            "campaign_faults": self.faults, "campaign_funnel": self.funnel, "campaign_unheld": self.unheld,
            "campaign_looks": self.looks, "campaign_plans": self.plans, "campaign_trials": self.trials,
            "global_control": self.control,
        }  # fmt: skip

    def records(self) -> dict[str, int]:
        """What stays with the run."""
        states = {f"campaigns_{state}": int((self.results["state"] == state).sum()) for state in judge.STATES}
        verdicts = {f"campaigns_{one}": int((self.results["verdict"] == one).sum()) for one in judge.VERDICTS}
        return states | verdicts | {"campaign_faults": int(self.faults["people"].sum())}


def campaigns(
    db: Engine,
    *,
    as_of: date,
    settings: Mapping[str, object],
    days: int = DAYS,
    before: int = BEFORE,
    recent: int = RECENT,
    outcome: str = "orders",
    trials: int = ahead.DRAWS,
) -> Campaigns:
    """Effect of every campaign per person it was meant for, against those held out at random (intention to treat).

    days: after the planned contact, in which outcomes count; before: days that the covariates cover; recent: days within
    which a purchase makes a customer recent; outcome: what a campaign is judged by that names none; trials: A/A draws.
    Raises InputError for an unknown outcome or numbers below 1, ConfigError for a global control that is no share.
    """
    if outcome not in OUTCOMES:
        raise InputError(f"outcome is {outcome!r}; expected {', '.join(OUTCOMES)}.{near_miss(outcome, OUTCOMES)}")
    k_min = int(settings.get("k_min", 10))  # type: ignore[call-overload]
    found = gather(db, as_of=as_of, days=days, before=before, recent=recent)
    effects = judge.effects(found, k_min)
    results = judge.results(found, effects, usual=outcome)
    weaker, unheld = without.unheld(db, found, results, k_min)
    if len(weaker):
        effects = pd.concat([effects, judge.settled(weaker)], ignore_index=True)
        results = judge.results(found, effects, usual=outcome)
    return Campaigns(
        found, effects, results, judge.parts(found, results, k_min), faults(found, results), funnel(found), unheld,
        peeking.looks(db, found, usual=outcome, k_min=k_min), ahead.plans(found, effects, results),
        _trials(db, found, trials), controls.control(db, settings, as_of=as_of),
    )  # fmt: skip


def _trials(db: Engine, found: Contacted, draws: int) -> pd.DataFrame:
    if not len(found.plans) or not draws:
        return pd.DataFrame(columns=ahead.TRIALS)
    return ahead.trials(db, as_of=found.as_of, days=found.days, before=found.before, draws=draws)


def faults(found: Contacted, results: pd.DataFrame) -> pd.DataFrame:
    """Table campaign_faults: one row per campaign and fault that it has, with how many it touches.

    people: who it touches (unknown_person: contacts of accounts that are nobody's). sample_ratio, no_control, no_treated and
    tiny_arm are faults of the whole campaign: all its people. Nobody is taken out of the comparison for any of them.
    """
    frame = found.faults.merge(found.plans[["campaign", "campaign_id", "people"]], on="campaign", how="left")
    long = frame.melt(
        ["campaign", "campaign_id", "people"], value_vars=list(FAULTS), var_name="fault", value_name="touched"
    )
    long = long[(long["touched"] > 0) & long["campaign_id"].notna()]
    rows = [long[["campaign_id", "fault", "touched"]].rename(columns={"touched": "people"})]
    whole = results.assign(people=results["n_treated"] + results["n_control"])
    unequal = whole[
        (whole["ratio_p"].astype(float) < judge.UNEQUAL) & (whole[["n_treated", "n_control"]].min(axis=1) > 0)
    ]
    for fault, table in {
        "sample_ratio": unequal,
        **{MISSING_ARM[one]: whole[whole["state"] == one] for one in MISSING_ARM},
    }.items():
        rows.append(table[["campaign_id", "people"]].assign(fault=fault))
    made = pd.concat(rows, ignore_index=True).astype({"people": "int64"})
    sizes = whole.set_index("campaign_id")["people"]
    made["share"] = made["people"] / made["campaign_id"].map(sizes).astype(float)
    made.loc[made["fault"] == "unknown_person", "share"] = None  # contacts, not people
    return (
        made.assign(as_of=found.as_of)
        .sort_values(["campaign_id", "fault"])[["campaign_id", "fault", "people", "share", "as_of"]]
        .reset_index(drop=True)
    )


def funnel(found: Contacted) -> pd.DataFrame:
    """Table campaign_funnel: how many of those a campaign was meant for came how far. Never the population of an effect.

    bought: within the window, caused or not; told only when the window is over.
    """
    frame = found.funnel.merge(found.plans[["campaign", "campaign_id", "over"]], on="campaign")
    long = frame.melt(["campaign", "campaign_id"], value_vars=list(STEPS), var_name="step", value_name="people")
    long["place"] = long["step"].map({step: place for place, step in enumerate(STEPS)})
    running = frame.loc[~frame["over"].astype(bool), "campaign"]
    long = long[~((long["step"] == "bought") & long["campaign"].isin(running))]
    planned = frame.set_index("campaign")["planned"]
    share = long["people"] / long["campaign"].map(planned).replace(0, float("nan"))
    long = long.assign(share=share, as_of=found.as_of).sort_values(["campaign", "place"]).reset_index(drop=True)
    return long[["campaign_id", "step", "people", "share", "as_of"]].astype({"people": "int64"})
