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
    *("expires_at", "episode", "subject", "measure", "value", "expected_value", "as_of"),
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
    people = _plain(rows["customer_id"])
    allowed = _allowed(set(people), known.contactable)
    earlier = _earlier(known, set(people))
    fate = np.full(len(rows), "", dtype=object)
    for name, mask in _gates(rows, by_code, known.fitting, earlier, allowed):
        fate[(fate == "") & mask] = name
    room = _Room(triggers, earlier, known.contacts, set(people))
    channels = np.full(len(rows), None, dtype=object)
    codes = _plain(rows["trigger"])
    days = rows["due_at"].to_numpy().astype("datetime64[D]").astype("int64")
    for place in np.flatnonzero(fate == ""):
        trigger = by_code[codes[place]]
        able = [channel for channel in trigger.channels if people[place] in allowed[channel]]
        fate[place], channels[place] = room.take(trigger, people[place], int(days[place]), able)
    arms = _arms(rows, by_code, known.global_control)
    placed = fate == "queued"
    fate[placed] = np.where(arms[placed] == TARGET, "queued", arms[placed])
    rows = rows.assign(fate=fate, channel=channels, arm=arms)
    made = rows[placed].assign(as_of=(until - timedelta(days=1)).date(), expected_value=np.nan)
    made = made.sort_values(["due_at", "priority", "queue_id"]).reset_index(drop=True)
    return made[list(QUEUE)], rows


def _timed(found: pd.DataFrame, triggers: Triggers, known: Known, until: datetime) -> pd.DataFrame:
    """The occasions with their ids, and due when they may be sent; those that choose first come first."""
    by_code = {trigger.code: trigger for trigger in triggers}
    parts = zip(*(_plain(found[name]) for name in ("trigger", "customer_id", "episode")), strict=True)
    earliest = np.maximum(found["not_before"].to_numpy().astype("datetime64[s]"), np.datetime64(until, "s"))
    due = triggers.quiet.next_allowed(earliest, known.holidays)
    rows = found.assign(
        queue_id=[queue_id(*one) for one in parts],
        priority=found["trigger"].map({code: one.priority for code, one in by_code.items()}).astype("int64"),
        reason=found["trigger"].map({code: one.kind.name for code, one in by_code.items()}),
        due_at=due,
        moved=due > earliest,
        worth=-found["value"].astype(float).fillna(-np.inf),
    )
    return rows.sort_values(["priority", "worth", "due_at", "queue_id"]).drop(columns="worth").reset_index(drop=True)


def _earlier(known: Known, people: set[str]) -> list[tuple]:
    """(trigger, living customer, episode, channel, day due) of the earlier rows of these people."""
    names = ("trigger", "customer_id", "episode", "channel")
    rows = zip(*(_plain(known.earlier[name]) for name in names), _days(known.earlier["due_at"]), strict=True)
    living = ((code, known.aliases.get(one, one), *rest) for code, one, *rest in rows)
    return [row for row in living if row[1] in people]


def _gates(
    rows: pd.DataFrame, by_code: Mapping[str, Trigger], fitting: Mapping, earlier: list[tuple], allowed: Mapping
):
    """The fates that hang on the occasion alone, in order, with who meets them."""
    pairs = list(zip(_plain(rows["trigger"]), _plain(rows["customer_id"]), strict=True))
    yield "not_in_rule", np.array([code in fitting and one not in fitting[code] for code, one in pairs], dtype=bool)
    before = {queue_id(code, one, episode) for code, one, episode, *_ in earlier}
    yield "already_queued", np.array([one in before for one in _plain(rows["queue_id"])], dtype=bool)
    yield "expired", (rows["due_at"] >= rows["expires_at"]).to_numpy()
    able = (any(one in allowed[channel] for channel in by_code[code].channels) for code, one in pairs)
    yield "no_consent", ~np.fromiter(able, dtype=bool, count=len(pairs))


def _allowed(people: set[str], contactable: pd.DataFrame) -> dict[str, set[str]]:
    """Channel -> those of these people who may be contacted on it; withdrawn anywhere wins, unknown is no."""
    said: dict[tuple, set[str]] = defaultdict(set)
    for one, channel, state in zip(
        *(_plain(contactable[name]) for name in ("customer_id", "channel", "state")), strict=True
    ):
        if one in people:
            said[channel, state].add(one)
    return {channel: said[channel, "granted"] - said[channel, "withdrawn"] for channel in SENT}


def _arms(rows: pd.DataFrame, by_code: Mapping[str, Trigger], global_control: float) -> np.ndarray:
    """The arm of every occasion: the global control group, else held out by the trigger's own draw, else target."""
    arms = np.full(len(rows), TARGET, dtype=object)
    for code, part in rows.groupby("trigger"):
        out = holdout.held_out(_plain(part["customer_id"]), by_code[code].holdout or 0.0, f"trigger {code}")
        arms[part.index.to_numpy()[out]] = HELD_OUT
    if global_control:
        arms[holdout.held_out(_plain(rows["customer_id"]), global_control, "global")] = GLOBAL
    return arms


class _Room:
    """The days on which each person was, or is to be, contacted: by channel and class, and by trigger."""

    def __init__(self, triggers: Triggers, earlier: list[tuple], contacts: pd.DataFrame, people: set[str]):
        self.caps = triggers.caps
        self.days: dict[tuple, list[int]] = defaultdict(list)
        self.again: dict[tuple, list[int]] = defaultdict(list)
        classes = {trigger.code: [trigger.cap] for trigger in triggers}
        everything = list(self.caps)
        for code, customer, _, channel, day in earlier:
            self.again[code, customer].append(day)
            for cap in classes.get(code, everything):
                self.days[cap, channel, customer].append(day)
        rows = zip(_plain(contacts["channel"]), _plain(contacts["customer_id"]), _days(contacts["day"]), strict=True)
        for channel, customer, day in rows:
            for cap in everything if customer in people else ():
                self.days[cap, channel, customer].append(day)
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


def _days(times: pd.Series) -> list[int]:
    """Days since 1970 of dates or times."""
    return times.to_numpy().astype("datetime64[D]").astype("int64").tolist()


def _plain(texts: pd.Series) -> list:
    """A column of texts as a list, at once: going through it one by one takes many times as long."""
    return texts.to_numpy(dtype=object).tolist()
