"""What of a queue may be handed over on a day: asked again right before, since people change their minds."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pandas as pd

from customerbase.audiences.triggers.kinds import KINDS
from customerbase.audiences.triggers.queue import TARGET

HANDED = ("queue_id", "customer_id", "trigger", "channel", "due_at", "expires_at")


def ready(
    queue: pd.DataFrame, allowed: set[tuple[str, str]], ordered: Mapping[str, datetime], *, day: date
) -> pd.DataFrame:
    """The rows to be sent on a day (HANDED), in the order of sending: ids alone, no contact data.

    allowed: (customer_id, channel) of those with consent at the end of the day before. ordered: customer -> last order
    known by then; it undoes what only makes sense without one. Rows held out and expired ones are never handed over.
    """
    start = datetime.combine(day, datetime.min.time())
    due = queue[(queue["due_at"] >= start) & (queue["due_at"] < start + timedelta(days=1)) & (queue["arm"] == TARGET)]
    due = due[due["expires_at"] > due["due_at"]]
    with_consent = [key in allowed for key in zip(due["customer_id"], due["channel"], strict=True)]
    due = due[pd.Series(with_consent, index=due.index, dtype=bool)]
    undone = [
        KINDS[reason].undone and one in ordered and ordered[one].date() > known
        for reason, one, known in zip(due["reason"], due["customer_id"], _days(due["as_of"]), strict=True)
    ]
    due = due[~pd.Series(undone, index=due.index, dtype=bool)]
    return due.sort_values(["due_at", "priority", "queue_id"])[list(HANDED)].reset_index(drop=True)


def _days(as_of: pd.Series) -> list[date]:
    return [pd.Timestamp(one).date() for one in as_of]
