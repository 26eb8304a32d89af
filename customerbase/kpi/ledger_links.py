"""Where the links of the ledger lead: entries to the runs in which they were decided and checked, and to campaigns."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from customerbase.errors import near_miss
from customerbase.kpi.ledger import PLANNED, RUNS, Entry
from customerbase.periods import parse_month

_RUN = re.compile(r"[0-9a-f]{12}(-\d+)?")


def broken(entries: Iterable[Entry], runs: Mapping[str, str]) -> list[str]:
    """What is wrong with the links of entries to runs, a sentence each; [] when every one holds.

    runs: run id -> month (YYYY-MM) of all runs that are kept. What was begun was decided in a run, and what has a
    result was checked in one, each of a month that is not after it.
    """
    return [fault for entry in entries for fault in _faults(entry, runs)]


def astray(entries: Iterable[Entry], campaigns: Mapping[str, str], as_of: date) -> list[str]:
    """Which entries begun by as_of name a campaign that there is not by then, a sentence each; [] when none does.

    campaigns: every name of a campaign known at as_of, as campaign_names gives them.
    """
    return [
        f"entry {entry.id!r}: campaign is {name!r}, but there is no such campaign by {as_of}.{near_miss(name, campaigns)}"
        for entry in entries
        for name in entry.campaigns
        if name not in campaigns and entry.begun(as_of)
    ]


def campaign_names(campaigns: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Name in the ledger -> campaign_id in campaign_results, of (source_system, source_campaign_id, campaign_id).

    A campaign is named by the id that it is told by, or by source_system:campaign_id.
    """
    rows = list(campaigns)
    return {f"{system}:{own}": told for system, own, told in rows} | {told: told for _, _, told in rows}


def named_runs(entries: Iterable[Entry], runs: Mapping[str, str]) -> dict[str, str]:
    """Of all kept runs those that entries name: run id -> month."""
    named = {getattr(entry, name).partition("-")[0] for entry in entries for name in RUNS}
    return {run: month for run, month in sorted(runs.items()) if run in named}


def _faults(entry: Entry, runs: Mapping[str, str]) -> Iterable[str]:
    if entry.status != PLANNED and not entry.decided_in:
        yield f"entry {entry.id!r} is {entry.status}, but decided_in is empty; expected the run in which it was decided."
    if (entry.result or entry.decision or not entry.is_open) and not entry.checked_in:
        yield f"entry {entry.id!r} has a result, but checked_in is empty; expected the run in which it was checked."
    if entry.decided_in and entry.decided_on is None:
        yield f"entry {entry.id!r} was decided in a run, but decided_on is empty; expected the day."
    for name in RUNS:
        if run := getattr(entry, name):
            yield from _link(entry, name, run, runs)


def _link(entry: Entry, name: str, run: str, runs: Mapping[str, str]) -> Iterable[str]:
    known = runs.get(run.partition("-")[0]) if _RUN.fullmatch(run) else None
    if known is None:
        kept = f"{len(runs):,} runs are kept" if runs else "no run is kept"
        yield f"entry {entry.id!r}: {name} is {run!r}, but there is no such run ({kept}).{near_miss(run, runs)}"
    elif name == "decided_in" and entry.decided_on and parse_month(known) > entry.decided_on:
        yield f"entry {entry.id!r}: decided_in is {run!r}, a run of {known}, after decided_on {entry.decided_on}."
    elif name == "checked_in" and (decided := runs.get(entry.decided_in.partition("-")[0])) and known < decided:
        yield f"entry {entry.id!r}: checked_in is {run!r}, a run of {known}, before it was decided ({decided})."
