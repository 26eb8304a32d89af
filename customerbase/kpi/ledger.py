"""The ledger of plan, do, check, act: hypotheses, actions, owners, dates, results and decisions, in one small CSV.

pipelines/ledger/<pipeline>.csv, with English or Japanese headings in any order; lines that begin with # and empty
lines are left alone. An entry is decided in a run (decided_in) and checked in one (checked_in): what people agreed on
can be looked up in the very report that lay before them.

    id,hypothesis,action,owner,start,due,kpi,expected,status,result,decision,decided_in,decided_on,checked_in
    A1,A voucher brings back,Voucher with the first parcel,CRM,2026-09-01,2026-11-30,repeat_rate,+2 points,doing,…

Two more columns may be there: campaign, which carries the action out (several with ;), and audience, whom it was sent to.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date

from customerbase.errors import ConfigError, InputError, near_miss
from customerbase.kpi.registry import KPIS, find

PLANNED, DOING, DONE, STOPPED = STATUSES = ("planned", "doing", "done", "stopped")
LONGEST = 500  # characters of a field
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run a cell that begins so


@dataclass(frozen=True)
class Entry:
    """One line: what was believed and done, by whom and by when, on which KPI, what came of it, and the runs behind it."""

    id: str
    hypothesis: str
    action: str
    owner: str
    start: date | None = None
    due: date | None = None
    kpi: str = ""
    expected: str = ""
    status: str = PLANNED
    result: str = ""
    decision: str = ""
    decided_in: str = ""
    decided_on: date | None = None
    checked_in: str = ""
    campaign: str = ""
    audience: str = ""

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaigns that carry the action out, as they are named: campaign_id, or source_system:campaign_id."""
        return tuple(dict.fromkeys(one.strip() for one in re.split("[;；、]", self.campaign) if one.strip()))

    def begun(self, as_of: date) -> bool:
        """Whether it is more than a plan by as_of: its campaigns must be there."""
        first = self.start or self.decided_on
        return self.status != PLANNED and (first is None or first <= as_of)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in (PLANNED, DOING)


HEADER = tuple(field.name for field in fields(Entry))
NEEDED = ("id", "hypothesis", "action", "owner")
DAYS = ("start", "due", "decided_on")
RUNS = ("decided_in", "checked_in")
JAPANESE = {
    "番号": "id", "仮説": "hypothesis", "施策": "action", "担当": "owner", "担当者": "owner", "開始": "start",
    "開始日": "start", "期限": "due", "KPI": "kpi", "指標": "kpi", "見込み": "expected", "期待": "expected",
    "状態": "status", "結果": "result", "判断": "decision", "決定した実行": "decided_in", "決定日": "decided_on",
    "確認した実行": "checked_in", "キャンペーン": "campaign", "配信": "campaign", "配信対象": "audience",
}  # fmt: skip
STATUS_JA = {"計画": PLANNED, "実施中": DOING, "完了": DONE, "中止": STOPPED}


def read_ledger(text: str, where: str = "ledger") -> list[Entry]:
    """The entries, in the order of the file. Raises InputError naming line, column, value and what was expected."""
    rows = [(number, row) for number, row in _rows(text, where) if not _is_aside(row)]
    if not rows:
        return []
    columns = _columns(*rows[0], where)
    entries, lines = [], {}
    for number, row in rows[1:]:
        entry = _entry(columns, row, f"{where}, line {number}")
        if entry.id in lines:
            raise InputError(f"{where}, line {number}: id {entry.id!r} stands on line {lines[entry.id]} already.")
        lines[entry.id] = number
        entries.append(entry)
    return entries


def add_entry(text: str, entry: Entry, where: str = "ledger") -> str:
    """The text of the file with one entry more. Raises InputError, as read_ledger does."""
    rows = [row for _, row in _rows(text, where)]
    if all(_is_aside(row) for row in rows):
        rows.append(list(HEADER))
    return _written(_complete(rows, where), entry, None, where)


def change_entry(text: str, entry_id: str, changes: Mapping[str, object], where: str = "ledger") -> str:
    """The text of the file with one entry changed; the others stay. Raises InputError with the near miss."""
    known = {entry.id: entry for entry in read_ledger(text, where)}
    if entry_id not in known:
        raise InputError(f"{where}: no entry {entry_id!r}.{near_miss(entry_id, known)}")
    rows = [row for _, row in _rows(text, where)]
    return _written(_complete(rows, where), replace(known[entry_id], **changes), entry_id, where)


def next_id(entries: Iterable[Entry]) -> str:
    """A1, A2 …: the first number after the highest."""
    numbers = [int(found[1]) for entry in entries if (found := re.fullmatch(r"A(\d{1,6})", entry.id))]
    return f"A{max(numbers, default=0) + 1}"


# --- reading ------------------------------------------------------------------------------------------------------------


def _rows(text: str, where: str) -> list[tuple[int, list[str]]]:
    """Number of the last line and fields of every row."""
    reader, rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True), []
    try:
        for row in reader:
            rows.append((reader.line_num, row))
    except csv.Error as error:
        raise InputError(f"{where}, line {reader.line_num}: not CSV ({error}).") from error
    return rows


def _is_aside(row: list[str]) -> bool:
    return not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#")


def _columns(number: int, row: list[str], where: str) -> list[str]:
    """Which field each column is."""
    known = {name.casefold(): name for name in HEADER} | {name.casefold(): field for name, field in JAPANESE.items()}
    found = []
    for cell in row:
        name = unicodedata.normalize("NFKC", cell).strip()
        if name and name.casefold() not in known:
            hint = near_miss(name.casefold(), known)
            raise InputError(f"{where}, line {number}: unknown heading {name!r}; expected {', '.join(HEADER)}.{hint}")
        if name and known[name.casefold()] in found:
            raise InputError(f"{where}, line {number}: two columns are {known[name.casefold()]!r}; expected one.")
        found.append(known[name.casefold()] if name else "")
    for name in NEEDED:
        if name not in found:
            raise InputError(f"{where}, line {number}: no column {name!r}; expected at least {', '.join(NEEDED)}.")
    return found


def _entry(columns: list[str], row: list[str], where: str) -> Entry:
    if any(cell.strip() for cell in row[len(columns) :]):
        raise InputError(
            f"{where}: {len(row)} fields; expected {len(columns)} (a field with a comma stands in double quotes)."
        )
    given = {name: plain(cell) for name, cell in zip(columns, row, strict=False) if name}
    for name in NEEDED:
        if not given.get(name):
            raise InputError(f"{where}: {name} is empty; expected a text.")
    for name, value in given.items():
        if len(value) > LONGEST:
            raise InputError(f"{where}: {name} has {len(value):,} characters; expected at most {LONGEST}.")
    values: dict = given | {name: _day(name, given.get(name, ""), where) for name in DAYS}
    values["status"] = _status(given.get("status", ""), where)
    values["kpi"] = _kpi(given.get("kpi", ""), where)
    if values["start"] and values["due"] and values["due"] < values["start"]:
        raise InputError(f"{where}: due {values['due']} is before start {values['start']}.")
    return Entry(**values)


def plain(cell: str) -> str:
    """A cell as one line of text: no control characters, no apostrophe that keeps a spreadsheet from running it."""
    text = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in cell)
    text = " ".join("".join(sign for sign in text if unicodedata.category(sign) != "Cf").split())
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _day(name: str, text: str, where: str) -> date | None:
    found = re.fullmatch(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?", unicodedata.normalize("NFKC", text))
    try:
        return date(*map(int, found.groups())) if found else _no_day(text)
    except ValueError:
        raise InputError(
            f"{where}: {name} is {text!r}; expected a day as YYYY-MM-DD, for example 2026-11-30."
        ) from None


def _no_day(text: str) -> None:
    if text:
        raise ValueError(text)


def _status(text: str, where: str) -> str:
    status = STATUS_JA.get(text, text.lower() or PLANNED)
    if status not in STATUSES:
        hint = near_miss(status, [*STATUSES, *STATUS_JA])
        raise InputError(f"{where}: status is {text!r}; expected {', '.join(STATUSES)}.{hint}")
    return status


def _kpi(text: str, where: str) -> str:
    names = {entry.ja: entry.id for entry in KPIS.values()} | {entry.en.casefold(): entry.id for entry in KPIS.values()}
    try:
        return find(names.get(text, names.get(text.casefold(), text))).id if text else ""
    except ConfigError as error:
        raise InputError(f"{where}: kpi is {text!r}; {error}") from None


# --- writing -------------------------------------------------------------------------------------------------------------


def _complete(rows: list[list[str]], where: str) -> list[list[str]]:
    """The rows with a heading that has every column."""
    place = next(number for number, row in enumerate(rows) if not _is_aside(row))
    columns = _columns(place + 1, rows[place], where)
    heading = rows[place] + [name for name in HEADER if name not in columns]
    return [*rows[:place], heading, *rows[place + 1 :]]


def _written(rows: list[list[str]], entry: Entry, replaced: str | None, where: str) -> str:
    place = next(number for number, row in enumerate(rows) if not _is_aside(row))
    columns = _columns(place + 1, rows[place], where)
    new = [inert(str(asdict(entry)[name] or "")) if name else "" for name in columns]
    at = columns.index("id")
    body = [new if not _is_aside(row) and plain(row[at]) == replaced else row for row in rows[place + 1 :]]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([*rows[: place + 1], *body, *([new] if replaced is None else [])])
    read_ledger(out.getvalue(), where)
    return out.getvalue()


def inert(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
