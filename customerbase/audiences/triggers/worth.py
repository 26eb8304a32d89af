"""What the queued contacts should bring: the effect of each trigger, measured or assumed, times what each person is worth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.audiences.effects import UNKNOWN, Known, effect, expected
from customerbase.audiences.triggers.queue import TARGET
from customerbase.audiences.triggers.reading import Triggers
from customerbase.engine import Engine

ENDS = ("expected", "expected_low", "expected_high")


@dataclass(frozen=True)
class Expected:
    """queue: with expected_value; known: trigger -> its effect; sums: trigger -> ENDS, of those to be contacted."""

    queue: pd.DataFrame
    known: Mapping[str, Known]
    sums: Mapping[str, tuple[float, ...]]
    campaigns: Mapping[str, str]


def expected_values(db: Engine, triggers: Triggers, queue: pd.DataFrame, *, margin: float = 1.0) -> Expected:
    """The queue with the incremental margin that each contact should bring; empty where effect or person is not known.

    Reads propensity, cltv and previous_campaign_effects, and with them what the budget of offers expects of the same person.
    """
    some = {one.code: one for one in triggers if one.effect is not None}
    if not some:
        return Expected(queue, {}, {}, {})
    effects = db.query("select * from previous_campaign_effects").df()
    known = {code: effect(one.effect, one.changes, effects) for code, one in some.items()}
    people = db.run("budget_customers").df().set_index("customer_id")
    people["expected_margin"] = people["expected_spend"].astype(float) * margin
    values, sums = np.full(len(queue), np.nan), {}
    for code, one in known.items():
        mine = (queue["trigger"] == code).to_numpy()
        who = people.reindex(queue.loc[mine, "customer_id"])
        made = [expected(who, some[code].changes, end)[0] for end in (one.value, one.low, one.high)]
        values[mine] = made[0]
        target = (queue.loc[mine, "arm"] == TARGET).to_numpy()
        if one.source != UNKNOWN:
            sums[code] = tuple(float(np.nansum(each[target])) for each in made)
    campaigns = {code: one.effect.campaign for code, one in some.items()}
    return Expected(queue.assign(expected_value=values), known, sums, campaigns)


def of_triggers(counts: pd.DataFrame, made: Expected) -> pd.DataFrame:
    """The counts with each trigger's effect and what its contacts should bring in all; empty where it says none."""
    if not len(counts):
        return counts
    codes = counts["trigger"]
    told = {
        "effect_source": codes.map({code: one.source for code, one in made.known.items()}),
        "effect_verdict": codes.map({code: one.verdict or None for code, one in made.known.items()}),
        "campaign_id": codes.map({code: name or None for code, name in made.campaigns.items()}),
    }
    told |= {name: codes.map({code: sums[at] for code, sums in made.sums.items()}) for at, name in enumerate(ENDS)}
    return counts.assign(**{name: column.astype(float if name in ENDS else object) for name, column in told.items()})
