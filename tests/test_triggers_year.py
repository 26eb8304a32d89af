"""A year of days with all triggers firing wildly: the promises of the queue, each against a count of its own."""

from collections import defaultdict
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from trigger_tables import days, occasions, read

from customerbase.audiences.triggers.queue import Known, fill
from customerbase.audiences.triggers.reading import MOST_DAYS
from customerbase.audiences.triggers.sending import ready

FIRST, DAYS, PEOPLE = date(2026, 1, 1), 365, 250
KINDS = ("cart_abandoned", "browsed", "birthday", "points_expiring", "repurchase", "back_in_stock")
CHANNELS = ("email", "line", "push")
QUIET = {"from": "20:00", "to": "08:30", "days_off": ["sunday", "holiday"]}
HOLIDAYS = [date(2026, 1, 1), date(2026, 5, 4), date(2026, 5, 5), date(2026, 11, 3)]
CAPS = {"standard": {"contacts": 2, "days": 7}, "service": {"contacts": 1, "days": 3}}


class Company:
    """Who says yes and no to which channel when, and the campaigns that reach them meanwhile."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.people = [f"K{number:03}" for number in range(PEOPLE)]
        self.words = {}  # (customer, channel) -> [(time, granted)]
        for who in self.people:
            for channel in CHANNELS:
                times = np.sort(self.rng.integers(-100, DAYS, self.rng.integers(0, 5)))
                self.words[who, channel] = [
                    (
                        datetime(2026, 1, 1) + days(int(day)) + timedelta(hours=int(self.rng.integers(24))),
                        bool(n % 2 == 0),
                    )
                    for n, day in enumerate(times)
                ]
        self.campaigns = [
            (str(who), "email", FIRST + days(int(day)))
            for day in range(10, DAYS, 30) for who in self.rng.choice(self.people, 60, replace=False)
        ]  # fmt: skip

    def state(self, who: str, channel: str, at: datetime) -> bool:
        said = [granted for when, granted in self.words[who, channel] if when < at]
        return bool(said) and said[-1]

    def contactable(self, at: datetime) -> pd.DataFrame:
        keys = [key for key in self.words if self.words[key]]
        states = ["granted" if self.state(*key, at) else "withdrawn" for key in keys]
        made = pd.DataFrame(keys, columns=["customer_id", "channel"], dtype=object)
        return made.assign(state=np.array(states, dtype=object))


@pytest.fixture(scope="module")
def year():
    """(company, triggers, rows handed over, queue of the whole year)."""
    company = Company(5)
    some = read(quiet=QUIET, caps=CAPS, evaluated="daily", **{
        f"t_{kind}": {"kind": kind, "channels": list(company.rng.permutation(CHANNELS)[:2]), "priority": place,
                      "cap": "service" if place == 2 else "standard", "holdout": 0.1, "again": place}
        for place, kind in enumerate(KINDS, 1)
    })  # fmt: skip
    queue, sent, orders = pd.DataFrame(), [], {}
    contacts = pd.DataFrame(company.campaigns, columns=["customer_id", "channel", "day"])
    for number in range(DAYS):
        until = datetime.combine(FIRST + days(number + 1), datetime.min.time())
        found = occasions(*[
            (str(company.rng.choice(company.people)), until - timedelta(hours=int(company.rng.integers(-24, 100))),
             f"t_{company.rng.choice(KINDS)}", str(number), float(company.rng.integers(0, 99)))
            for _ in range(60)
        ]).drop_duplicates(["trigger", "customer_id", "episode"])  # fmt: skip
        consent = company.contactable(until)
        known = Known(contactable=consent, contacts=contacts, holidays=HOLIDAYS, global_control=0.05)
        if len(queue):
            reach = queue[queue["due_at"] > until - days(2 * MOST_DAYS)]
            known = Known(**vars(known) | {"earlier": reach})
        made, _ = fill(found, some, known, until=until)
        queue = pd.concat([queue, made], ignore_index=True) if len(queue) else made
        orders |= {str(who): until - timedelta(hours=3) for who in company.rng.choice(company.people, 5)}
        granted = consent[consent["state"] == "granted"]
        allowed = set(zip(granted["customer_id"], granted["channel"], strict=True))
        sent.append(ready(queue, allowed, orders, day=until.date()))
    return company, some, pd.concat(sent, ignore_index=True), queue


def test_much_happens(year):
    _, _, sent, queue = year
    assert len(queue) > 3000 and len(sent) > 2000
    assert set(sent["trigger"]) == {f"t_{kind}" for kind in KINDS} and set(sent["channel"]) == set(CHANNELS)
    assert len(sent) < (queue["arm"] == "target").sum()  # withdrawn or bought between the queue and the day


def test_the_cap_is_never_exceeded(year):
    company, some, sent, queue = year
    classes = {trigger.code: trigger.cap for trigger in some}
    for rows in (sent, queue):
        own = defaultdict(set)
        for row in rows.itertuples():
            own[classes[row.trigger], row.channel, row.customer_id].add((row.due_at.date(), row.queue_id))
        for who, channel, day in company.campaigns:
            for cap in CAPS:
                if (cap, channel, who) in own:
                    own[cap, channel, who].add((day, "campaign"))
        most = defaultdict(int)
        for (cap, _, _), contacts in own.items():
            window = CAPS[cap]["days"]
            for start, _ in contacts:
                inside = [one for day, one in contacts if 0 <= (day - start).days < window]
                if set(inside) != {"campaign"}:
                    most[cap] = max(most[cap], len(inside))
        assert most == {cap: spec["contacts"] for cap, spec in CAPS.items()}  # reached, never exceeded


def test_nobody_is_contacted_in_quiet_hours_or_on_days_off(year):
    *_, sent, queue = year
    for when in pd.concat([sent["due_at"], queue["due_at"]]):
        minute = when.hour * 60 + when.minute
        assert 8 * 60 + 30 <= minute < 20 * 60 and when.weekday() != 6 and when.date() not in HOLIDAYS


def test_nobody_is_contacted_after_withdrawing_or_without_having_agreed(year):
    company, _, sent, _ = year
    for row in sent.itertuples():
        midnight = row.due_at.normalize().to_pydatetime()
        assert company.state(row.customer_id, row.channel, midnight)


def test_nothing_is_sent_twice_too_early_or_too_late_and_nobody_held_out(year):
    *_, sent, queue = year
    assert queue["queue_id"].is_unique and sent["queue_id"].is_unique
    whole = sent.merge(queue, on="queue_id", suffixes=("", "_queued"))
    assert len(whole) == len(sent) and (whole["arm"] == "target").all()
    assert (whole["due_at"] >= whole["not_before"]).all() and (whole["due_at"] < whole["expires_at"]).all()
    assert set(queue["arm"]) == {"target", "holdout", "global_control"}


def test_a_trigger_rests_between_two_rows_of_one_person(year):
    _, some, _, queue = year
    for trigger in some:
        own = queue[queue["trigger"] == trigger.code].sort_values("due_at")
        gaps = own.groupby("customer_id")["due_at"].apply(lambda times: times.dt.normalize().diff().dt.days.min())
        assert gaps.min() >= trigger.again or np.isnan(gaps.min())
