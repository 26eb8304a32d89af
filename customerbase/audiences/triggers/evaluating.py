"""The triggers of a pipeline evaluated for a month or a day: the queue, and what became of every occasion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

import customerbase.audiences.triggers.conditions as conditions
import customerbase.audiences.triggers.worth as worth
from customerbase.audiences.triggers.conditions import Span
from customerbase.audiences.triggers.queue import FATES, QUEUE, Known, fill
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
    """queue, counts: as in expectations/trigger_queue.yaml and trigger_counts.yaml. rows: every occasion with its fate."""

    triggers: Triggers
    as_of: date
    queue: pd.DataFrame
    counts: pd.DataFrame
    rows: pd.DataFrame

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
    earlier: pd.DataFrame | None = None,
    margin: float = 1.0,
) -> Evaluated:
    """Every trigger's occasions in the span, and the queue made of them.

    READS and previous_<PREVIOUS> stand on db. margin: gross margin as a share of net sales. earlier: rows of earlier queues, where not those of the month before alone.
    """
    as_of = (span.until - timedelta(days=1)).date()
    found = conditions.conditions(db, triggers, span)
    queued = db.query("select * from previous_trigger_queue").df() if earlier is None else earlier
    known = Known(
        fitting=conditions.fitting(db, triggers, as_of=as_of),
        contactable=_contactable(db, found),
        earlier=queued,
        contacts=conditions.contacts(db, span),
        holidays=[day for (day,) in db.query("select distinct day from calendar_jp where is_holiday").fetchall()],
        global_control=global_control,
        aliases=dict(db.query("select alias_id, customer_id from id_aliases").fetchall()),
    )
    queue, rows = fill(found, triggers, known, until=span.until)
    expected = worth.expected_values(db, triggers, queue, margin=margin)
    counts = worth.of_triggers(_counts(db, triggers, rows, as_of), expected)
    return Evaluated(triggers, as_of, expected.queue, counts, rows)


def _contactable(db: Engine, found: pd.DataFrame) -> pd.DataFrame:
    db.register("trigger_people", pd.DataFrame({"customer_id": found["customer_id"].astype(str).unique()}))
    return db.query(
        "select customer_id, channel, state from contactable"
        " where customer_id in (select cast(customer_id as varchar) from trigger_people)"
    ).df()


def _counts(db: Engine, triggers: Triggers, rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """A row a trigger, in the order of the file: occasions, and how many met which fate."""
    absent: Mapping[str, list[str]] = conditions.missing(db, triggers)
    made = []
    for place, trigger in enumerate(triggers, 1):
        own = rows[rows["trigger"] == trigger.code]
        fates = own["fate"].value_counts()
        queued = own[own["fate"] == "queued"]
        stake = queued["value"].astype(float)
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
                "conditions": len(own),
                **{name: int(fates.get(name, 0)) for name in FATES},
                "moved_quiet": int(queued["moved"].sum()),
                "value": float(stake.sum()) if stake.notna().any() else None,
            }
        )
    return pd.DataFrame(made)


__all__ = ["PREVIOUS", "QUEUE", "READS", "Evaluated", "evaluate"]
