"""Months of clusters for the tests of identity: run through the engine, and told again record by record in Python.

A partition gives each record the number of its cluster; the record "a" is the account a of the system s.
"""

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from customerbase.engine import Engine
from customerbase.identity.ids import assign, customer_ids
from customerbase.periods import add_months

KEY, FIRST = b"a key of the tests", date(2026, 1, 1)
DB = Engine(threads=1)
NAMES = "abcdefgh"  # of the records in months that are drawn
ALWAYS = -1  # a month before all months

Partition = dict[str, int]


def groups(text: str) -> Partition:
    """'ab c' -> two clusters, {a, b} and {c}."""
    return {name: number for number, group in enumerate(text.split()) for name in group}


def month_of(number: int) -> date:
    return add_months(FIRST, number)


def clusters(partition: Partition, order=sorted) -> pd.DataFrame:
    rows = [(f"s:{name}", "s", name, partition[name]) for name in order(partition)]
    kinds = {"record_id": "str", "source_system": "str", "source_customer_id": "str", "cluster": "int64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def no_history():
    return DB.query(
        "select cast(null as varchar) as customer_id, cast(null as varchar) as source_system,"
        " cast(null as varchar) as source_customer_id, cast(null as date) as valid_from, cast(null as date) as valid_to"
        " where false"
    ).to_arrow_table()


def assigned(partition: Partition, history, number: int, order=sorted, key: bytes = KEY) -> dict:
    """The four tables of month `number` as Arrow tables, by name."""
    DB.register("given_clusters", pa.Table.from_pandas(clusters(partition, order), preserve_index=False))
    DB.register("given_history", history)
    made = assign(DB, "given_clusters", "given_history", month=month_of(number), key=key)
    return {name: getattr(made, name).to_arrow_table() for name in ("ids", "id_history", "id_aliases", "id_changes")}


def run(months: list[Partition], order=sorted, key: bytes = KEY) -> list[dict]:
    """Month after month, each going on from the one before."""
    history, results = no_history(), []
    for number, partition in enumerate(months):
        results.append(assigned(partition, history, number, order, key))
        history = results[-1]["id_history"]
    return results


def ids_of(result: dict) -> dict[str, str]:
    return {row["record_id"][2:]: row["customer_id"] for row in result["ids"].to_pylist()}


def aliases_of(result: dict) -> dict[str, str]:
    return {row["alias_id"]: row["customer_id"] for row in result["id_aliases"].to_pylist()}


def changes_of(result: dict) -> dict[str, tuple]:
    return {r["customer_id"]: (r["change"], r["other_id"], r["records"]) for r in result["id_changes"].to_pylist()}


@st.composite
def partitions(draw) -> Partition:
    labels = draw(st.lists(st.none() | st.integers(0, 4), min_size=len(NAMES), max_size=len(NAMES)))
    return {name: label for name, label in zip(NAMES, labels, strict=True) if label is not None}


@st.composite
def coarser(draw, partition: Partition) -> Partition:
    """Some clusters of a partition merged."""
    target = {label: draw(st.integers(0, 2)) for label in sorted(set(partition.values()))}
    return {name: target[label] for name, label in partition.items()}


@st.composite
def months(draw, least: int = 3, most: int = 5) -> list[Partition]:
    """Months in which anything happens: anew, as in some month before, merged, or with a few changes."""
    made = [draw(partitions())]
    for _ in range(draw(st.integers(least, most)) - 1):
        match draw(st.sampled_from(["anew", "again", "merged", "changed"])):
            case "anew":
                made.append(draw(partitions()))
            case "again":
                made.append(draw(st.sampled_from(made)))
            case "merged":
                made.append(draw(coarser(made[-1])))
            case "changed":
                few = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5), max_size=2))
                gone = draw(st.sets(st.sampled_from(NAMES), max_size=2))
                made.append({n: c for n, c in sorted((made[-1] | few).items()) if n not in gone})
    return made


def members(partition: Partition) -> set[frozenset]:
    by_label = defaultdict(set)
    for name, label in partition.items():
        by_label[label].add(name)
    return {frozenset(group) for group in by_label.values()}


class Retold:
    """The rules once more, on what each record held in each month instead of on periods: slow, plain, independent."""

    def __init__(self):
        self.held: list[dict[str, str]] = []  # per month: record -> id
        self.aliases: dict[str, str] = {}
        self.changes: dict[str, tuple] = {}

    def month(self, partition: Partition) -> None:
        before, now = dict(enumerate(self.held)), len(self.held)
        members = defaultdict(set)
        for name, number in partition.items():
            members[number].add(name)
        everyone = [frozenset(group) for group in members.values()]
        self.everyone = sorted(everyone, key=min)
        last = before.get(now - 1, {})
        named: dict[frozenset, str] = {}
        won = defaultdict(list)
        for one in sorted({last[name] for name in partition if name in last}):
            won[self._ranked(one, self.everyone)[0]].append(one)
        for group, ids in won.items():
            held_now = Counter(last.get(name) for name in group)
            named[group] = min(ids, key=lambda one: (self._born(one), -held_now[one], one))
        taken = {one for ids in won.values() for one in ids}
        named |= self._revived([group for group in self.everyone if group not in named], taken)
        fresh, used = {}, {one for month in self.held for one in month.values()}
        for group in self.everyone:
            if group not in named:
                counter = 0
                while (one := customer_ids([f"s:{min(group)}"], KEY, counter)[0]) in used:
                    counter += 1
                fresh[group] = one
        self.held.append({name: one for group, one in (named | fresh).items() for name in group})
        self.aliases, since = self._aliases()
        self.changes = self._changes(named, fresh, last, since)

    def _months(self, name: str) -> list[tuple[int, str]]:
        return [(number, held[name]) for number, held in enumerate(self.held) if name in held]

    def _born(self, one: str) -> int:
        return next(number for number, held in enumerate(self.held) if one in held.values())

    def _stay(self, name: str, one: str) -> tuple[int, int, bool]:
        """First month, last month, whether it came from another id: the latest stay of a record with an id."""
        months = self._months(name)
        mine = [number for number, held in months if held == one]
        since = mine[-1]
        for earlier, later in reversed(list(pairwise(mine))):
            away = [number for number, held in months if earlier < number < later and held != one]
            if away and any(one in self.held[number].values() for number in range(away[0], later)):
                break
            since = earlier
        return since, mine[-1], any(number < since for number, held in months)

    def _ranked(self, one: str, places: list[frozenset]) -> list[frozenset]:
        """The places with records that ever held an id, best claim first."""
        stays = {
            n: self._stay(n, one) for place in places for n in place if one in dict(map(reversed, self._months(n)))
        }
        end = max((stay[1] for stay in stays.values()), default=ALWAYS)
        first_newcomer = min((s[0] for s in stays.values() if s[2] and s[1] == end), default=len(self.held) + 1)

        def claim(place: frozenset) -> tuple:
            own = {name: stays[name] for name in place if name in stays}
            until = max(stay[1] for stay in own.values())
            own = {name: stay for name, stay in own.items() if stay[1] == until}
            founders = sum(stay[0] < first_newcomer for stay in own.values())
            natives = sum(not stay[2] for stay in own.values())
            since = ALWAYS if founders else min(stay[0] for stay in own.values())
            return (-until, -founders, since, -natives, -len(own), min(own))

        return sorted((place for place in places if stays.keys() & place), key=claim)

    def _revived(self, groups: list[frozenset], taken: set[str]) -> dict[frozenset, str]:
        choices = {}
        for group in groups:
            months = [entry for name in group for entry in self._months(name)]

            def preference(one: str, group=group, months=months) -> tuple:
                held = sum(any(own == one for _, own in self._months(name)) for name in group)
                best = self._ranked(one, self.everyone)[0] == group
                return (not best, -held, -max(n for n, own in months if own == one), self._born(one), one)

            choices[group] = sorted({one for _, one in months} - taken, key=preference)
        given: dict[str, frozenset] = {}
        waiting = list(groups)
        while waiting:
            group = waiting.pop()
            if choices[group]:
                one = choices[group].pop(0)
                rivals = [place for place in (group, given.get(one)) if place]
                given[one] = self._ranked(one, rivals)[0] if len(rivals) > 1 else group
                waiting += [place for place in rivals if place != given[one]]
        return {group: one for one, group in given.items()}

    def _aliases(self) -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
        living, heirs, since = set(self.held[-1].values()), {}, {}
        for one in {one for held in self.held for one in held.values()} - living:
            end = max(number for number, held in enumerate(self.held) if one in held.values())
            nexts = {}
            for name in (name for name, own in self.held[end].items() if own == one):
                later = [number for number, _ in self._months(name) if number > end]
                nexts |= {name: later[0]} if later else {}
            if nexts:
                first = min(nexts.values())
                carried = [name for name, number in nexts.items() if number == first]
                places = defaultdict(set)
                for name in carried:
                    places[self._months(name)[-1][1]].add(name)
                best = self._ranked(one, [frozenset(place) for place in places.values()])[0]
                heirs[one] = next(place for place, names in places.items() if names == best)
                since[one] = (first, len(carried))

        def end_of(one: str) -> str | None:
            return one if one in living else end_of(heirs[one]) if one in heirs else None

        return {one: end for one in heirs if (end := end_of(one))}, since

    def _changes(self, named: dict, fresh: dict, last: dict, since: dict) -> dict[str, tuple]:
        now, changes = len(self.held) - 1, {}
        for group, one in (named | fresh).items():
            came = Counter(before[-1][1] for n in group if (before := [m for m in self._months(n) if m[0] < now]))
            origin = min(came, key=lambda other: (-came[other], self._born(other), other), default=None)
            change = "kept" if one in last.values() else "revived" if group in named else "split" if came else "new"
            changes[one] = (change, None if change == "kept" or origin == one else origin, len(group))
        for one, target in self.aliases.items():
            if since[one][0] == now:
                changes[one] = ("merged", target, since[one][1])
        for one, count in Counter(last.values()).items():
            changes.setdefault(one, ("retired", None, count))
        return changes
