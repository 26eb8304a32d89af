"""One queue from all triggers: who is contacted on which channel and when, and what became of everybody else.

An occasion passes in this order: the trigger's own rule; not queued before; not expired; consent; the cap of its class.
Rows of higher priority choose first, then those of higher value. Who is held out goes through the same gates and takes
up the same room, so that both arms differ by the message alone.
"""

import hashlib
from bisect import bisect_left, bisect_right, insort
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
    queues, under living ids. contacts: messages of campaigns (customer_id, channel, day). global_control: share of everybody
    kept back from everything.
    """

    fitting: Mapping[str, set[str]] = field(default_factory=dict)
    contactable: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["customer_id", "channel", "state"]))
    earlier: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(QUEUE)))
    contacts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["customer_id", "channel", "day"]))
    holidays: Iterable[date] = ()
    global_control: float = 0.0


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
    codes, people = _plain(rows["trigger"]), _plain(rows["customer_id"])
    earlier, allowed = _earlier(known, set(people)), _allowed(people, known.contactable)
    fate = np.full(len(rows), "", dtype=object)
    for name, mask in _gates(rows, by_code, known.fitting, earlier, allowed):
        fate[(fate == "") & mask] = name
    room = _Room(triggers, earlier, known.contacts, set(people))
    channels = np.full(len(rows), None, dtype=object)
    days = _days(rows["due_at"])
    able = {channel: mask.tolist() for channel, mask in allowed.items()}
    for place in np.flatnonzero(fate == "").tolist():
        trigger = by_code[codes[place]]
        open_to = [channel for channel in trigger.channels if able[channel][place]]
        fate[place], channels[place] = room.take(trigger, people[place], days[place], open_to)
    placed = fate == "queued"
    arms = _arms(rows[placed], by_code, known.global_control)
    fate[placed] = np.where(arms == TARGET, "queued", arms)
    rows = rows.assign(fate=fate, channel=channels)
    made = rows[placed].assign(arm=arms, as_of=(until - timedelta(days=1)).date(), expected_value=np.nan)
    return in_order(made)[list(QUEUE)], rows


def in_order(queue: pd.DataFrame) -> pd.DataFrame:
    """The rows of a queue in the order of sending."""
    return queue.sort_values(["due_at", "priority", "queue_id"]).reset_index(drop=True)


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
    """(trigger, customer, episode, channel, day due) of the earlier rows of these people."""
    names = ("trigger", "customer_id", "episode", "channel")
    rows = zip(*(_plain(known.earlier[name]) for name in names), _days(known.earlier["due_at"]), strict=True)
    return [row for row in rows if row[1] in people]


def _gates(
    rows: pd.DataFrame,
    by_code: Mapping[str, Trigger],
    fitting: Mapping[str, set[str]],
    earlier: list[tuple],
    allowed: Mapping[str, np.ndarray],
):
    """The fates that hang on the occasion alone, in order, with who meets them."""
    own = {code: (rows["trigger"] == code).to_numpy() for code in by_code}
    outside, without = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    for code, mine in own.items():
        if code in fitting:
            outside[mine] = [one not in fitting[code] for one in _plain(rows.loc[mine, "customer_id"])]
        without[mine] = ~np.any([allowed[channel][mine] for channel in by_code[code].channels], axis=0)
    yield "not_in_rule", outside
    before = {queue_id(code, one, episode) for code, one, episode, *_ in earlier}
    yield "already_queued", np.array([one in before for one in _plain(rows["queue_id"])], dtype=bool)
    yield "expired", (rows["due_at"] >= rows["expires_at"]).to_numpy()
    yield "no_consent", without


def _allowed(people: list[str], contactable: pd.DataFrame) -> dict[str, np.ndarray]:
    """Channel -> whether each of these people may be contacted on it; withdrawn anywhere wins, unknown is no."""
    said: dict[tuple, set[str]] = defaultdict(set)
    for one, channel, state in zip(
        *(_plain(contactable[name]) for name in ("customer_id", "channel", "state")), strict=True
    ):
        said[channel, state].add(one)
    granted = {channel: said[channel, "granted"] - said[channel, "withdrawn"] for channel in SENT}
    return {channel: np.array([one in some for one in people], dtype=bool) for channel, some in granted.items()}


def _arms(rows: pd.DataFrame, by_code: Mapping[str, Trigger], global_control: float) -> np.ndarray:
    """The arm of every row: the global control group, else held out by the trigger's own draw, else target."""
    arms = np.full(len(rows), TARGET, dtype=object)
    codes, people = rows["trigger"].to_numpy(dtype=object), rows["customer_id"].to_numpy(dtype=object)
    for code, trigger in by_code.items():
        mine = np.flatnonzero(codes == code)
        arms[mine[holdout.held_out(people[mine], trigger.holdout or 0.0, f"trigger {code}")]] = HELD_OUT
    if global_control:
        arms[holdout.held_out(people, global_control, "global")] = GLOBAL
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
        if known and any(abs(day - other) < trigger.again for other in known):
            return "already_queued", None
        cap = self.caps[trigger.cap]
        for channel in channels:
            days = self.days[trigger.cap, channel, customer]
            if _fits(days, day, cap):
                insort(days, day)
                known.append(day)
                return "queued", channel
        return "capped", None


def _fits(days: list[int], day: int, cap: Cap) -> bool:
    """Whether one more contact on a day leaves no `cap.days` days in a row that hold it and more than `cap.contacts`."""
    if len(days) < cap.contacts:
        return True
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
