"""Whether the month's numbers can be trusted: one rule over the facts of the intake, for the report and the dashboards."""

from dataclasses import dataclass, field

from customerbase import i18n
from customerbase.identity.stability import Stability
from customerbase.report.data import ReportData
from customerbase.report.quality import reason_text

SOUND, CARE, NOT_YET = "sound", "care", "not_yet"
STATES = (SOUND, CARE, NOT_YET)  # the better first
QUARANTINE_ALARM = 0.05  # beyond this share of rows set aside, the data come first
QUARANTINE_LIMIT = 0.2  # beyond this one a figure may lack a fifth of what happened
DAYS_MISSING = 4  # data that end so many days before the month does are of a part of it
EXPECTED = ("after_month", "overlap")  # reasons that say nothing against the data


@dataclass(frozen=True)
class Ground:
    """One fact that speaks against the month's numbers: its name, the state that it allows at best, and what it counts."""

    name: str
    state: str
    facts: dict[str, object] = field(default_factory=dict)


def state(data: ReportData) -> str:
    """sound, care or not_yet: the worst state that a fact about the month's data allows.

    not_yet: no record of what was read; rows read ≠ accepted + set aside; orders or their lines absent; no revenue in
    the month; more than QUARANTINE_LIMIT of the rows set aside. care: more than QUARANTINE_ALARM set aside; data that
    end DAYS_MISSING days or more before the month; more ids changed than may; another required group of records absent.
    Rows dated after the month, or in two files, say nothing against the data.
    """
    return max((ground.state for ground in grounds(data)), key=STATES.index, default=SOUND)


def grounds(data: ReportData) -> list[Ground]:
    """All facts that speak against the month's numbers, the gravest first; [] when there is none."""
    found = [one for rule in (_books, _purchases, _sales, _aside, _month_end, _ids, _groups) if (one := rule(data))]
    return sorted(found, key=lambda ground: -STATES.index(ground.state))


def told(data: ReportData, language: str) -> dict[str, object]:
    """The state in words, with its reasons and what to do, as a page shows it: state, word, reasons, todos."""
    found = grounds(data)
    return {
        "state": state(data),
        "word": i18n.word(f"board_quality.light.{state(data)}", language),
        "reasons": [_reason(ground, language) for ground in found] or [_all_well(data, language)],
        "todos": [i18n.word(f"board_quality.todo.{ground.name}", language) for ground in found]
        or [i18n.word("board_quality.todo.nothing", language)],
    }


def counts(data: ReportData) -> dict[str, int]:
    """Rows read, accepted and quarantined of all source files."""
    files = data.rows("source_files")
    return {name: sum(int(row[f"rows_{name}"]) for row in files) for name in ("read", "accepted", "quarantined")}


def _books(data: ReportData) -> Ground | None:
    files = data.rows("source_files")
    if not files:
        return Ground("unread", NOT_YET)
    if any(row["rows_read"] != row["rows_accepted"] + row["rows_quarantined"] for row in files):
        return Ground("unbalanced", NOT_YET)
    return None


def _purchases(data: ReportData) -> Ground | None:
    absent = [row for row in _required(data) if row["group_name"] == "purchase" and not row["present"]]
    return Ground("missing", NOT_YET, {"groups": ["purchase"]}) if absent else None


def _sales(data: ReportData) -> Ground | None:
    return Ground("no_sales", NOT_YET) if data.value("revenue") is None else None


def _aside(data: ReportData) -> Ground | None:
    blocked = [row for row in data.rows("quarantine") if row["severity"] == "block" and row["reason"] not in EXPECTED]
    read, aside = counts(data)["read"], sum(int(row["rows"]) for row in blocked)
    if not read or aside / read <= QUARANTINE_ALARM:
        return None
    reason = max(blocked, key=lambda row: (row["rows"], row["reason"]))["reason"]
    limit = NOT_YET if aside / read > QUARANTINE_LIMIT else CARE
    return Ground("aside", limit, {"share": aside / read, "rows": aside, "reason": reason})


def _month_end(data: ReportData) -> Ground | None:
    if data.data_until is None or (data.as_of - data.data_until).days < DAYS_MISSING:
        return None
    return Ground("incomplete", CARE, {"date": data.data_until})


def _ids(data: ReportData) -> Ground | None:
    found = next((Stability(**row) for row in data.rows("id_stability")), None)
    return Ground("ids", CARE, {"limit": found.most_changed}) if found and found.alarm else None


def _groups(data: ReportData) -> Ground | None:
    """Groups of required records without a single table, but for the purchases."""
    there = {row["group_name"] for row in _required(data) if row["present"]}
    names = dict.fromkeys(row["group_name"] for row in _required(data))
    absent = [name for name in names if name not in there | {"purchase"}]
    return Ground("groups", CARE, {"groups": absent}) if absent else None


def _required(data: ReportData) -> list[dict]:
    return [row for row in data.rows("readiness") if row["requirement"] == "required"]


def group_names(ground: Ground, language: str) -> str:
    """The groups of records that a ground names, in words."""
    return i18n.join(
        [i18n.word_or(f"quality.group.{name}", language, name) for name in ground.facts["groups"]], language
    )


def rows_text(count: int, language: str) -> str:
    """A number of rows as people write it: 1,234行 or 1,234 rows."""
    text = i18n.number(count, "rows", language)
    return text if language == "ja" else f"{text} {i18n.word('unit.rows', language)}"


def _reason(ground: Ground, language: str) -> str:
    facts = ground.facts
    values = {
        "aside": lambda: {
            "share": i18n.number(facts["share"], "rate", language),
            "rows": rows_text(facts["rows"], language),
            "reason": reason_text(facts["reason"], language),
        },
        "incomplete": lambda: {"date": i18n.day(facts["date"], language)},
        "ids": lambda: {"limit": i18n.number(facts["limit"], "rate", language)},
        "missing": lambda: {"groups": group_names(ground, language)},
        "groups": lambda: {"groups": group_names(ground, language)},
    }
    return i18n.sentence(f"board_quality.ground.{ground.name}", language, **values.get(ground.name, dict)())


def _all_well(data: ReportData, language: str) -> str:
    found = counts(data)
    share = i18n.number(found["accepted"] / found["read"] if found["read"] else None, "rate", language)
    return i18n.sentence("board_quality.ground.nothing", language, read=f"{found['read']:,}", share=share)
