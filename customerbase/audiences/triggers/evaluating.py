"""The triggers of a pipeline evaluated for a month or a day: the queue, and what became of every occasion."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

import customerbase.audiences.triggers.conditions as conditions
import customerbase.audiences.triggers.worth as worth
from customerbase.audiences.triggers.blocks import blocks
from customerbase.audiences.triggers.conditions import Span
from customerbase.audiences.triggers.queue import FATES, QUEUE, TARGET, fill, in_order
from customerbase.audiences.triggers.reading import Triggers
from customerbase.engine import Engine

READS = (
    *("orders", "refunds", "order_lines", "products", "web_events", "loyalty_points", "survey_answers", "campaigns"),
    *(
        "campaign_contacts",
        "calendar_jp",
        "identity_links",
        "id_aliases",
        "profile",
        "contacts",
        "rfm",
        "cltv",
        "churn",
    ),
    *("repurchase_due", "contactable", "propensity"),
)
PREVIOUS = ("trigger_queue", "churn", "products", "campaign_effects")


@dataclass(frozen=True)
class Evaluated:
    """queue, counts: as in expectations/trigger_queue.yaml and trigger_counts.yaml."""

    triggers: Triggers
    as_of: date
    queue: pd.DataFrame
    counts: pd.DataFrame

    def tables(self) -> dict[str, object]:
        """What page 10b writes; where the daily command makes the queue, a month only counts."""
        queue = self.queue if len(self.queue) and not self.triggers.daily else None
        return {"trigger_queue": queue, "trigger_counts": self.counts if len(self.counts) else None}

    def records(self) -> dict[str, int]:
        """What the run notes."""
        names = ("conditions", "queued", "no_consent", "capped")
        sums = {name: int(self.counts[name].sum()) if len(self.counts) else 0 for name in names}
        return {"triggers": len(self.counts), **sums}


def evaluate(
    db: Engine,
    triggers: Triggers,
    *,
    span: Span,
    global_control: float = 0.0,
    earlier: str = "previous_trigger_queue",
    margin: float = 1.0,
) -> Evaluated:
    """Every trigger's occasions in the span, and the queue made of them.

    READS and previous_<PREVIOUS> stand on db. margin: gross margin as a share of net sales. earlier: the table that holds
    rows of earlier queues.
    """
    conditions.find(db, triggers, span)
    queues, fates = [], Counter()
    for found, known in blocks(db, triggers, span, global_control=global_control, earlier=earlier):
        queue, rows = fill(found, triggers, known, until=span.until)
        queues.append(queue)
        fates.update(rows.groupby(["trigger", "fate"]).size().to_dict())
        fates.update(rows[(rows["fate"] == "queued") & rows["moved"]].groupby("trigger").size().to_dict())
    some = [queue for queue in queues if len(queue)] or queues[:1]  # one without rows has no types either
    queue = in_order(pd.concat(some, ignore_index=True)) if len(some) > 1 else some[0]
    expected = worth.expected_values(db, triggers, queue, margin=margin)
    as_of = (span.until - timedelta(days=1)).date()
    counts = worth.of_triggers(_counts(db, triggers, expected.queue, fates, as_of), expected)
    return Evaluated(triggers, as_of, expected.queue, counts)


def _counts(db: Engine, triggers: Triggers, queue: pd.DataFrame, fates: Mapping, as_of: date) -> pd.DataFrame:
    """A row a trigger, in the order of the file: occasions, how many met which fate, what is at stake.

    fates: (trigger, fate) -> occasions, trigger -> those of its queued ones that quiet hours moved.
    """
    absent: Mapping[str, list[str]] = conditions.missing(db, triggers)
    made = []
    for place, trigger in enumerate(triggers, 1):
        met = {name: int(fates.get((trigger.code, name), 0)) for name in FATES}
        stake = queue.loc[(queue["trigger"] == trigger.code) & (queue["arm"] == TARGET), "value"].astype(float)
        made.append(
            {
                "as_of": as_of,
                "place": place,
                "trigger": trigger.code,
                "title_en": trigger.en,
                "title_ja": trigger.ja,
                "kind": trigger.kind.name,
                "channels": ";".join(trigger.channels),
                "priority": trigger.priority,
                "cap": trigger.cap,
                "missing": ";".join(absent[trigger.code]) or None,
                "conditions": sum(met.values()),
                **met,
                "moved_quiet": int(fates.get(trigger.code, 0)),
                # the greatest first: a sum of doubles depends on their order
                "value": float(stake.sort_values(ascending=False).sum()) if stake.notna().any() else None,
            }
        )
    return pd.DataFrame(made)


__all__ = ["PREVIOUS", "QUEUE", "READS", "Evaluated", "evaluate"]
