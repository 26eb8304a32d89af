"""What people decided about who is who: a small reviewed file, and the decisions that undo a merge.

The file is CSV in UTF-8; lines that begin with # and empty lines are left alone:

    decision,record_a,record_b,who,why,when
    same,pos:1001,webshop:77,k.sato,"called, same person",2026-10-05
    not_same,pos:1001,webshop:78,k.sato,twins,2026-10-06
"""

import csv
import io
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import date
from itertools import combinations, product

import duckdb

import customerbase.identity.history as past
from customerbase.engine import Engine
from customerbase.errors import InputError, near_miss

DECISIONS = ("same", "not_same")
_RECORD = re.compile(r"[^:]+:.+")


@dataclass(frozen=True)
class Decision:
    """Two records are the same person, or are not; who says so, why, and since when."""

    decision: str
    record_a: str
    record_b: str
    who: str
    why: str
    when: date

    @property
    def pair(self) -> tuple[str, str]:
        """The two records, the smaller first."""
        return min(self.record_a, self.record_b), max(self.record_a, self.record_b)


HEADER = tuple(field.name for field in fields(Decision))


def read_decisions(text: str) -> list[Decision]:
    """The decisions that hold, in the order of the file; of several lines on one pair the last.

    Raises InputError naming line, value and what was expected, or the lines that contradict each other: a chain of
    `same` between two records that are said to be `not_same`.
    """
    lines = iter(_rows(text))
    header = next(lines, None)
    if header is None:
        return []
    _check_header(*header)
    held: dict[tuple[str, str], tuple[int, Decision]] = {}
    for number, row in lines:
        decision = _decision(number, row)
        held.pop(decision.pair, None)  # so that the later line also takes the later place
        held[decision.pair] = number, decision
    _refuse_contradictions(list(held.values()))
    return [decision for _, decision in held.values()]


def write_decisions(decisions: Iterable[Decision], text: str = "") -> str:
    """The text of the file `text` with decisions added at its end; what stood there stays as it is.

    Raises InputError, as read_decisions does, when the file could not be read back or would contradict itself.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    out = io.StringIO()
    out.write(text + end if text and not text.endswith("\n") else text)
    writer = csv.writer(out, lineterminator=end)
    if next(_rows(text), None) is None:
        writer.writerow(HEADER)
    for decision in decisions:
        row = [str(value) for value in astuple(decision)]
        if any(value != " ".join(value.splitlines()).strip() for value in row):
            raise InputError(f"{row} cannot stand in one line; expected fields without line breaks or outer spaces.")
        writer.writerow(row)
    read_decisions(out.getvalue())
    return out.getvalue()


def unmerge_lines(history: object, customer_id: str, *, who: str, why: str, when: date) -> list[Decision]:
    """The `not_same` decisions that undo the latest merge of a customer: all pairs between the groups it brought together.

    history: the id_history as DataFrame, Arrow table or relation. The groups are the records that had the id before
    and, by their former id, those that came with the merge; whoever joined later stays where the links put him.
    For an alias: all pairs between the records that brought it along and the customer's others, be there later merges
    or not. Raises InputError for an id that is unknown, not alive, or never merged.
    """
    db = Engine()
    db.register("history", history.to_arrow_table() if isinstance(history, duckdb.DuckDBPyRelation) else history)
    means = {alias: living for alias, living, _ in past.aliases(db, "history").fetchall()}
    living = means.get(customer_id, customer_id)
    members = past.members(db, living)
    if not members:
        raise _nobody(db, customer_id)
    groups = _latest_merge(members) if living == customer_id else _brought_along(members, past.heirs(db, customer_id))
    if len(groups) < 2:
        raise InputError(f"customer {customer_id!r} never merged with another one whose records are still with it.")
    pairs = {(min(a, b), max(a, b)) for one, two in combinations(groups, 2) for a, b in product(one, two)}
    return [Decision("not_same", one, two, who, why, when) for one, two in sorted(pairs)]


def _latest_merge(members: list[past.Member]) -> list[list[str]]:
    """The groups that the latest merge brought together, as lists of records; empty when there was none."""
    for day in sorted({member.since for member in members if member.former_id}, reverse=True):
        groups = defaultdict(list)
        for member in members:
            if member.since < day or (member.since == day and member.former_id):
                groups[member.former_id if member.since == day else None].append(member.record_id)
        if len(groups) > 1:
            return list(groups.values())
    return []


def _brought_along(members: list[past.Member], heirs: dict[str, date]) -> list[list[str]]:
    """The records that brought an alias along, and the customer's others but for those who were new since then."""
    came = [member.record_id for member in members if member.record_id in heirs]
    day = min(heirs.values())
    others = [m.record_id for m in members if m.record_id not in heirs and (m.former_id or m.since < day)]
    return [group for group in (came, others) if group]


def _nobody(db: Engine, customer_id: str) -> InputError:
    """Why no record has the id now: all are gone, or there is no such id (with the near miss among those like it)."""
    if past.known(db, customer_id):
        return InputError(f"customer {customer_id!r} has no records any more; expected one that has.")
    read = customer_id.strip().upper().translate(str.maketrans("OIL", "011"))
    return InputError(f"no customer {customer_id!r} in the history.{near_miss(read, past.known_like(db, read))}")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields, trimmed, of every line that is neither empty nor a comment."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                row = next(csv.reader([line.rstrip("\r")], strict=True, skipinitialspace=True))
            except csv.Error as error:
                raise InputError(f"decisions, line {number}: {line.strip()!r} is not CSV ({error}).") from error
            yield number, [value.strip() for value in row]


def _check_header(number: int, row: list[str]) -> None:
    if tuple(row) != HEADER:
        wrong = next((name for name in row if name not in HEADER), "")
        hint = near_miss(wrong, HEADER) if wrong else ""
        raise InputError(
            f"decisions, line {number}: the heading is {','.join(row)!r}; expected {','.join(HEADER)!r}.{hint}"
        )


def _decision(number: int, row: list[str]) -> Decision:
    def wrong(column: str, value: str, expected: str, hint: str = "") -> InputError:
        return InputError(f"decisions, line {number}: {column} is {value!r}; expected {expected}.{hint}")

    if len(row) != len(HEADER):
        raise InputError(
            f"decisions, line {number}: {len(row)} fields; expected {len(HEADER)}, {','.join(HEADER)}"
            " (a field with a comma stands in double quotes)."
        )
    given = dict(zip(HEADER, row, strict=True))
    if given["decision"] not in DECISIONS:
        hint = near_miss(given["decision"], DECISIONS)
        raise wrong("decision", given["decision"], " or ".join(DECISIONS), hint)
    for column in ("record_a", "record_b"):
        if not _RECORD.fullmatch(given[column]):
            raise wrong(column, given[column], "a record as source_system:source_customer_id")
    if given["record_a"] == given["record_b"]:
        raise wrong("record_b", given["record_b"], "another record than record_a")
    for column in ("who", "why"):
        if not given[column]:
            raise wrong(column, "", "a name" if column == "who" else "the reason in a few words")
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given["when"]):
            raise ValueError
        return Decision(**given | {"when": date.fromisoformat(given["when"])})
    except ValueError:
        raise wrong("when", given["when"], "a day as YYYY-MM-DD, for example 2026-10-05") from None


def _refuse_contradictions(held: list[tuple[int, Decision]]) -> None:
    neighbours: dict[str, dict[str, int]] = defaultdict(dict)
    for number, decision in held:
        if decision.decision == "same":
            one, two = decision.pair
            neighbours[one][two] = neighbours[two][one] = number
    for number, decision in held:
        if decision.decision == "not_same" and (chain := _chain(neighbours, *decision.pair)):
            by_same = ", ".join(f"{line} (same {one!r}, {two!r})" for line, one, two in chain)
            one, two = decision.pair
            raise InputError(
                f"decisions contradict each other: line {number} (not_same {one!r}, {two!r}) and lines {by_same};"
                " expected that one of them goes, or is overruled by a later line on its pair."
            )


def _chain(neighbours: dict[str, dict[str, int]], start: str, goal: str) -> list[tuple[int, str, str]]:
    """The shortest chain of `same` from start to goal as (line, record, record); empty when there is none."""
    came, waiting = {start: start}, deque([start] if start in neighbours and goal in neighbours else [])
    while waiting and goal not in came:
        one = waiting.popleft()
        for two in sorted(neighbours[one]):
            if two not in came:
                came[two] = one
                waiting.append(two)
    chain = []
    while goal in came and goal != start:
        chain.append((neighbours[goal][came[goal]], came[goal], goal))
        goal = came[goal]
    return chain[::-1]
