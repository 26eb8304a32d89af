"""One month's randomised campaigns studied: whose purchases they moved, by which score, in which groups, and what a rule is worth."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

import customerbase.campaigns.uplift.policy as policy
from customerbase import features
from customerbase.campaigns.estimates import Arm, difference
from customerbase.campaigns.judge import EVENTS
from customerbase.campaigns.uplift.effects import CHANNEL, FREQUENCY, RECENCY, SEGMENT, bands, by_group
from customerbase.campaigns.uplift.evaluation import Evaluation, Options, evaluate
from customerbase.campaigns.uplift.learners import RESPONSE, People, Scores
from customerbase.campaigns.uplift.people import (
    FEW,
    FEW_BUYERS,
    OLDER,
    READY,
    campaigns,
    known_before,
    needed,
    outcomes,
)
from customerbase.engine import Engine
from customerbase.errors import ConfigError, check_whole

MEASURED = (
    "share_treated",
    "share_control",
    "effect",
    "effect_low",
    "effect_high",
    "needed",
    "chosen",
    "verdict",
    "qini",
    "qini_low",
    "qini_high",
)
Segments = Callable[[date], pd.DataFrame]
ABOUT = (
    "source_system",
    "campaign_id",
    "name",
    "channel",
    "first_day",
    "last_day",
    "state",
    "people",
    "treated",
    "control",
    "crossed",
)
TOO_FEW_BUYERS = 10  # in either arm: a model of fewer tells nothing


@dataclass(frozen=True)
class Studied:
    """One campaign: its row, the evaluation (None where people cannot be ranked), the outcomes of its people (None where none were counted) and the tables of groups and policy."""

    about: dict[str, object]
    people: pd.DataFrame | None = None
    evaluation: Evaluation | None = None
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    policy: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Uplift:
    """All campaigns of a month, newest first; share: that the rule contacts."""

    as_of: date
    share: float
    window_days: int
    studied: tuple[Studied, ...]

    @property
    def ranked(self) -> tuple[Studied, ...]:
        """Those whose people were ranked."""
        return tuple(one for one in self.studied if one.evaluation)

    def tables(self) -> dict[str, pd.DataFrame | None]:
        """The five tables by name; None for one without rows."""
        parts = {
            "uplift_campaigns": [pd.DataFrame([one.about], columns=[*ABOUT, *MEASURED]) for one in self.studied],
            "uplift_models": [_of(one, one.evaluation.table.reset_index()) for one in self.ranked],
            "uplift_curves": [_of(one, one.evaluation.curves) for one in self.ranked],
            "uplift_policy": [_of(one, one.policy) for one in self.ranked],
            "uplift_groups": [_of(one, one.groups) for one in self.ranked],
        }
        made = {name: pd.concat(rows, ignore_index=True) if rows else None for name, rows in parts.items()}
        return {name: table if table is None else table.assign(as_of=self.as_of) for name, table in made.items()}

    def records(self) -> dict[str, int | float | str]:
        """What a later month may compare."""
        proven = sum(one.evaluation.verdict == "proven" for one in self.ranked)
        return {"uplift_campaigns": len(self.studied), "uplift_ranked": len(self.ranked), "uplift_proven": proven}


def study(
    db: Engine,
    *,
    as_of: date,
    share: float = 0.3,
    window_days: int = 30,
    least_arm: int = 100,
    newest: int = 2,
    segments: Segments | None = None,
    options: Options | None = None,
) -> Uplift:
    """Effect by person of the `newest` campaigns with a random hold-out of at least least_arm people, over and not drawn out.

    Outcome: whether the person ordered in their window. share: of the people, that a rule of contact is judged at. segments:
    for a month's last day, a table customer_id, segment as known then; without it effects are not shown by segment. Reads
    campaigns, campaign_contacts, identity_links, orders, what features read, and what `campaigns` does.
    """
    check_whole("least_arm", least_arm, 20, 10_000_000)
    check_whole("window_days", window_days, 1, 365)
    check_whole("newest", newest, 1, 12)
    if not 0 < share < 1:
        raise ConfigError(f"share is {share!r}; expected a share between 0 and 1, such as 0.3.")
    found = campaigns(db, as_of=as_of, window_days=window_days, least_arm=least_arm)
    made, ranked = [], 0
    for _, row in found.iterrows():
        one = _counted(db, row, window_days)
        if one.about["state"] == READY and ranked == newest:
            one = replace(one, about=one.about | {"state": OLDER})
        elif one.about["state"] == READY:
            one, ranked = _ranked(db, row, one, share, segments, options or Options()), ranked + 1
        made.append(one)
    return Uplift(as_of, share, window_days, tuple(made))


def _counted(db: Engine, row: pd.Series, window_days: int) -> Studied:
    """A campaign with its effect, where it has two arms of chance and is over."""
    about = {name: row[name] for name in ABOUT}
    if row["state"] not in (READY, FEW):
        return Studied(about)
    frame = outcomes(db, row, window_days)
    treated, bought = (frame[name].to_numpy(dtype=float) for name in ("treated", "bought"))
    about |= _effect(treated, bought, _planned(row))
    few = min(bought[treated == arm].sum() for arm in (0, 1)) < TOO_FEW_BUYERS
    return Studied(about | ({"state": FEW_BUYERS} if few and row["state"] == READY else {}), frame)


def _ranked(
    db: Engine, row: pd.Series, one: Studied, share: float, segments: Segments | None, options: Options
) -> Studied:
    """The campaign with its people ranked, and what the ranking is worth."""
    frame = one.people
    treated, bought = (frame[name].to_numpy(dtype=float) for name in ("treated", "bought"))
    known = known_before(db, frame, row["first_day"])
    log = np.array([feature.log for feature in features.features().values()])
    given = People(features.matrix(known).to_numpy(), log, treated, bought, _planned(row))
    found = evaluate(given, options)
    own = found.table.loc[found.chosen]
    about = one.about | {"chosen": found.chosen, "verdict": found.verdict}
    about |= {name: own[name] for name in ("qini", "qini_low", "qini_high")}
    each = {"customers": np.mean([_robust(given, scores) for scores in found.scores], axis=0)}
    each["revenue"] = policy.by_means(frame["revenue"], treated, given.share)
    ranks = np.mean([scores.ranks[found.chosen] for scores in found.scores], axis=0)
    told = by_group(_groups(known, row["first_day"], segments), treated, bought)
    groups = pd.concat([bands(ranks, treated, bought), told], ignore_index=True)
    cost = float(row["contact_cost"]) / int(row["treated"])
    return Studied(about, frame, found, groups, _policy(found, each, share, cost))


def _planned(row: pd.Series) -> float:
    """The share to be treated: planned, else what it came to."""
    held = row["holdout_share"]
    return 1 - held if held is not None and 0 < held < 1 else row["treated"] / row["people"]


def _robust(given: People, scores: Scores) -> np.ndarray:
    return policy.doubly_robust(given.outcome, given.treated, given.share, scores.with_contact, scores.without)


def _effect(treated: np.ndarray, bought: np.ndarray, plan: float) -> dict[str, float]:
    """Shares of both arms, their difference with an interval where page 11 tells one, and how many people would show that effects differ."""
    arms = [Arm.of_values(bought[treated == one]) for one in (1, 0)]
    told = difference(*arms, adjust=False).iloc[0]
    effect, low, high = (float(told[name]) for name in ("plain", "plain_low", "plain_high"))
    largest = effect if low > 0 or high < 0 else np.nanmax(np.abs([effect, low, high]))
    if min(bought[treated == one].sum() for one in (1, 0)) < EVENTS:
        low = high = np.nan
    return {
        "share_treated": told["mean_treated"], "share_control": told["mean_control"],
        "effect": effect, "effect_low": low, "effect_high": high, "needed": needed(plan, bought.mean(), largest),
    }  # fmt: skip


def _groups(known: pd.DataFrame, day: date, segments: Segments | None) -> pd.DataFrame:
    """The groups of each person as known before the campaign; never: had not ordered."""
    silent, times, online = (
        known[name].astype(float) for name in ("days_since_last_purchase", "purchase_days", "online_share")
    )
    made = {
        RECENCY: pd.cut(silent, [0, 30, 90, 365, np.inf], labels=["30", "90", "365", "more"]),
        FREQUENCY: pd.cut(times, [0, 1, 3, np.inf], labels=["1", "2", "4"]),
        CHANNEL: pd.cut(online, [-1, 0.5, 1], labels=["shop", "online"]),
    }
    frame = pd.DataFrame({name: values.astype(object).where(values.notna(), "never") for name, values in made.items()})
    if segments is not None:
        named = segments(day.replace(day=1) - timedelta(days=1)).set_index("customer_id")["segment"]
        frame[SEGMENT] = known["customer_id"].map(named).fillna("never").to_numpy()
    return frame


def _policy(found: Evaluation, each: dict[str, np.ndarray], share: float, cost: float) -> pd.DataFrame:
    """Rules of contact per 1,000 people of the campaign: what they bring against nobody, and against everybody."""
    rules = {"everybody": np.ones(len(each["customers"]))}
    rules["top"] = policy.chosen([one.ranks[found.chosen] for one in found.scores], share)
    if RESPONSE in found.table.index:
        rules["top_response"] = policy.chosen([one.ranks[RESPONSE] for one in found.scores], share)
    rules["random"] = np.full(len(each["customers"]), share)
    rows = []
    for outcome, effect in each.items():
        for rule, contacted in rules.items():
            row: dict[str, object] = {
                "outcome": outcome,
                "rule": rule,
                "share": contacted.mean(),
                "cost": cost * contacted.mean() * 1000,
            }
            against = {"value": contacted, "everybody": contacted - 1, "random": contacted - share}
            for name, by in against.items():
                told = policy.mean(by * effect * 1000)
                row |= {name: told.value, f"{name}_low": told.low, f"{name}_high": told.high}
            rows.append(row)
    return pd.DataFrame(rows)


def _of(one: Studied, table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(source_system=one.about["source_system"], campaign_id=one.about["campaign_id"])
