"""One queue from all triggers: who is contacted on which channel and when, and what became of everybody else.

An occasion passes in this order: the trigger's own rule; not queued before; not expired; consent; the cap of its class.
Rows of higher priority choose first, then those of higher value. Who is held out goes through the same gates and takes
up the same room, so that both arms differ by the message alone.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from customerbase import holdout
from customerbase.audiences.triggers.reading import SENT, Cap, Trigger, Triggers

TARGET, HELD_OUT, GLOBAL = "target", "holdout", "global_control"
FATES = ("not_in_rule", "already_queued", "expired", "no_consent", "capped", HELD_OUT, GLOBAL, "queued")
QUEUE = (
    *("queue_id", "customer_id", "trigger", "reason", "channel", "arm", "priority", "due_at", "not_before"),
    *("expires_at", "episode", "subject", "measure", "value", "as_of"),
)


@dataclass(frozen=True)
class Known:
    """What an evaluation knows besides the conditions.

    fitting: trigger -> customers who fit its rule. contactable: customer_id, channel, state. earlier: rows of earlier
    queues. contacts: messages of campaigns (customer_id, channel, day). global_control: share of everybody kept back
    from everything. aliases: former customer id -> living one, for earlier rows.
    """

    fitting: Mapping[str, set[str]] = field(default_factory=dict)
    contactable: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["customer_id", "channel", "state"]))
    earlier: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(QUEUE)))
    contacts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["customer_id", "channel", "day"]))
    holidays: Iterable[date] = ()
    global_control: float = 0.0
    aliases: Mapping[str, str] = field(default_factory=dict)


def queue_id(trigger: str, customer_id: str, episode: str) -> str:
    """The id of an occasion, the same whenever it is found: 16 hex digits of SHA-256 of its three parts."""
    return hashlib.sha256(f"{trigger}:{customer_id}:{episode}".encode()).hexdigest()[:16]


def fill(
    found: pd.DataFrame, triggers: Triggers, known: Known, *, until: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The queue in the order of sending, and every occasion with its fate (one of FATES) and `moved` by quiet hours.

    found: conditions.COLUMNS; until: the midnight after the as-of day. Nothing in the queue is due before it, in quiet
    hours, after it expired or on a channel without consent.
    """
    by_code = {trigger.code: trigger for trigger in triggers}
    rows = _timed(found, triggers, known, until)
    living = [known.aliases.get(one, one) for one in known.earlier["customer_id"]]
    earlier = known.earlier.assign(customer_id=living)
    earlier = earlier[earlier["customer_id"].isin(rows["customer_id"].unique())]
    contacts = known.contacts[known.contacts["customer_id"].isin(rows["customer_id"].unique())]
    fate = np.full(len(rows), "", dtype=object)
    for name, mask in _gates(rows, by_code, known, earlier):
        fate[(fate == "") & mask] = name
    room = _Room(triggers, earlier, contacts)
    channels = np.full(len(rows), None, dtype=object)
    allowed = _allowed(rows, known.contactable)
    codes, people = rows["trigger"].to_numpy(), rows["customer_id"].to_numpy()
    days = rows["due_at"].to_numpy().astype("datetime64[D]").astype("int64")
    for place in np.flatnonzero(fate == ""):
        trigger = by_code[codes[place]]
        able = [channel for channel in trigger.channels if people[place] in allowed[channel]]
        fate[place], channels[place] = room.take(trigger, people[place], int(days[place]), able)
    arms = _arms(rows, by_code, known.global_control)
    placed = fate == "queued"
    fate[placed] = np.where(arms[placed] == TARGET, "queued", arms[placed])
    rows = rows.assign(fate=fate, channel=channels, arm=arms)
    made = rows[placed].assign(as_of=(until - timedelta(days=1)).date())
    made = made.sort_values(["due_at", "priority", "queue_id"]).reset_index(drop=True)
    return made[list(QUEUE)], rows


def _timed(found: pd.DataFrame, triggers: Triggers, known: Known, until: datetime) -> pd.DataFrame:
    """The occasions with their ids, and due when they may be sent; those that choose first come first."""
    by_code = {trigger.code: trigger for trigger in triggers}
    parts = zip(found["trigger"], found["customer_id"], found["episode"], strict=True)
    earliest = np.maximum(found["not_before"].to_numpy().astype("datetime64[s]"), np.datetime64(until, "s"))
    due = triggers.quiet.next_allowed(earliest, known.holidays)
    rows = found.assign(
        queue_id=[queue_id(*one) for one in parts],
        priority=[by_code[code].priority for code in found["trigger"]],
        reason=[by_code[code].kind.name for code in found["trigger"]],
        due_at=due,
        moved=due > earliest,
        worth=-found["value"].astype(float).fillna(-np.inf),
    )
    return rows.sort_values(["priority", "worth", "due_at", "queue_id"]).drop(columns="worth").reset_index(drop=True)


def _gates(rows: pd.DataFrame, by_code: Mapping[str, Trigger], known: Known, earlier: pd.DataFrame):
    """The fates that hang on the occasion alone, in order, with who meets them."""
    yield (
        "not_in_rule",
        np.array(
            [
                code in known.fitting and one not in known.fitting[code]
                for code, one in zip(rows["trigger"], rows["customer_id"], strict=True)
            ],
            dtype=bool,
        ),
    )
    before = {
        queue_id(*one) for one in zip(earlier["trigger"], earlier["customer_id"], earlier["episode"], strict=True)
    }
    yield "already_queued", rows["queue_id"].isin(before).to_numpy()
    yield "expired", (rows["due_at"] >= rows["expires_at"]).to_numpy()
    allowed = _allowed(rows, known.contactable)
    yield (
        "no_consent",
        np.array(
            [
                not any(one in allowed[channel] for channel in by_code[code].channels)
                for code, one in zip(rows["trigger"], rows["customer_id"], strict=True)
            ],
            dtype=bool,
        ),
    )


def _allowed(rows: pd.DataFrame, contactable: pd.DataFrame) -> dict[str, set[str]]:
    """Channel -> those of the rows' people who may be contacted on it; withdrawn anywhere wins, unknown is no."""
    people = contactable[contactable["customer_id"].isin(rows["customer_id"].unique())]
    states = {
        state: {
            channel: set(part["customer_id"]) for channel, part in people[people["state"] == state].groupby("channel")
        }
        for state in ("granted", "withdrawn")
    }
    none: set[str] = set()
    return {one: states["granted"].get(one, none) - states["withdrawn"].get(one, none) for one in SENT}


def _arms(rows: pd.DataFrame, by_code: Mapping[str, Trigger], global_control: float) -> np.ndarray:
    """The arm of every occasion: the global control group, else held out by the trigger's own draw, else target."""
    arms = np.full(len(rows), TARGET, dtype=object)
    for code, part in rows.groupby("trigger"):
        out = holdout.held_out(part["customer_id"], by_code[code].holdout or 0.0, f"trigger {code}")
        arms[part.index.to_numpy()[out]] = HELD_OUT
    if global_control:
        arms[holdout.held_out(rows["customer_id"], global_control, "global")] = GLOBAL
    return arms


class _Room:
    """The days on which each person was, or is to be, contacted: by channel and class, and by trigger."""

    def __init__(self, triggers: Triggers, earlier: pd.DataFrame, contacts: pd.DataFrame):
        self.caps = triggers.caps
        self.days: dict[tuple, list[int]] = defaultdict(list)
        self.again: dict[tuple, list[int]] = defaultdict(list)
        classes = {trigger.code: [trigger.cap] for trigger in triggers}
        everything = list(self.caps)
        for row in earlier.itertuples(index=False):
            day = _day(row.due_at)
            self.again[row.trigger, row.customer_id].append(day)
            for cap in classes.get(row.trigger, everything):
                self.days[cap, row.channel, row.customer_id].append(day)
        for customer, channel, day in contacts[["customer_id", "channel", "day"]].itertuples(index=False, name=None):
            for cap in everything:
                self.days[cap, channel, customer].append(_day(day))
        for days in self.days.values():
            days.sort()

    def take(self, trigger: Trigger, customer: str, day: int, channels: list[str]) -> tuple[str, str | None]:
        """The fate of an occasion, and the channel it takes: the first with room."""
        known = self.again[trigger.code, customer]
        if any(abs(day - other) < trigger.again for other in known):
            return "already_queued", None
        cap = self.caps[trigger.cap]
        for channel in channels:
            days = self.days[trigger.cap, channel, customer]
            if _fits(days, day, cap):
                days.insert(bisect_left(days, day), day)
                known.append(day)
                return "queued", channel
        return "capped", None


def _fits(days: list[int], day: int, cap: Cap) -> bool:
    """Whether one more contact on a day leaves no `cap.days` days in a row that hold it and more than `cap.contacts`."""
    if not cap.contacts:
        return False
    near = days[bisect_right(days, day - cap.days) : bisect_left(days, day + cap.days)]
    if len(near) < cap.contacts:
        return True
    place = bisect_left(near, day)
    near = [*near[:place], day, *near[place:]]
    return all(near[i + cap.contacts] - near[i] >= cap.days for i in range(len(near) - cap.contacts))


def _day(when: object) -> int:
    return int(np.datetime64(when, "D").astype("int64"))
