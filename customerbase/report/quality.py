"""The data-quality box: what was read, kept and set aside, why, what is there, and what the figures do not cover."""

import re
from collections import Counter

from customerbase import i18n
from customerbase.report.data import ReportData

REASONS_SHOWN = 8
FILLED_ENOUGH = 0.8  # a record group this full counts as ready
_KINDS = (  # families of reasons that need no words of their own
    ("^missing_|^no_|_without_", "missing"),
    ("^negative_|^positive_|below_one$|not_positive$", "wrong_sign"),
    ("^unknown_", "unknown_value"),
    ("^malformed_|^not_finite_", "malformed"),
    ("out_of_(scale|range)$|_not_a_share$|^implausible_", "out_of_range"),
    ("(_before_|_after_)", "dates_out_of_order"),
    ("^many_|^empty_", "mostly_empty"),
)


def box(data: ReportData, language: str) -> dict:
    """Everything the quality box shows, as text."""
    return {
        "sources": _sources(data),
        "balance": _balance(data, language),
        "documents": _kinds(data, "documents", "status", language),
        "line_types": _kinds(data, "line_types", "line_type", language),
        "reasons": _reasons(data, "block", language),
        "warnings": _warnings(data, language),
        "readiness": _readiness(data, language),
        "scores": _scores(data, language),
        "anonymous": _anonymous(data, language),
    }


def _sources(data: ReportData) -> list[dict]:
    """Files, rows read, accepted and set aside per source system; table source_files has each file."""
    totals: dict[str, Counter] = {}
    for row in data.rows("source_files"):
        counts = {name: int(row[name]) for name in ("rows_read", "rows_accepted", "rows_quarantined")}
        totals.setdefault(row["source_system"], Counter()).update(counts | {"files": 1})
    return [
        {"system": system, **{name: f"{count:,}" for name, count in sorted(counts.items())}}
        for system, counts in sorted(totals.items())
    ]


def _kinds(data: ReportData, table: str, column: str, language: str) -> list[dict]:
    """How many documents or lines of each kind there are, their amount, and how many belong to no customer."""
    return [
        {
            "kind": i18n.word_or(f"quality.{column}.{row[column]}", language, row[column]),
            "count": f"{int(row['count']):,}",
            "amount": data.money(row["amount"], language, exact=True),
            "anonymous": f"{int(row['anonymous']):,}",
        }
        for row in data.rows(table)
    ]


def _balance(data: ReportData, language: str) -> dict | None:
    files = data.rows("source_files")
    if not files:
        return None
    read, kept, aside = (
        sum(int(row[name]) for row in files) for name in ("rows_read", "rows_accepted", "rows_quarantined")
    )
    whole = all(row["rows_read"] == row["rows_accepted"] + row["rows_quarantined"] for row in files)
    key = "quality.balance" if whole else "quality.unbalanced"
    return {
        "whole": whole,
        "text": i18n.sentence(key, language, read=f"{read:,}", accepted=f"{kept:,}", quarantined=f"{aside:,}"),
    }


def _reasons(data: ReportData, severity: str, language: str) -> list[dict]:
    counts = Counter()
    for row in data.rows("quarantine"):
        if row["severity"] == severity:
            counts[reason_text(row["reason"], language)] += int(row["rows"])
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ranked[REASONS_SHOWN:])
    shown = ranked[:REASONS_SHOWN] + ([(i18n.word("quality.reason.other", language), rest)] if rest else [])
    return [{"reason": reason, "rows": f"{count:,}"} for reason, count in shown]


def reason_text(code: str, language: str) -> str:
    """A quarantine reason in words: its own, or those of its kind (missing_…, negative_…), else the code."""
    if f"quality.reason.{code}" in i18n.words():
        return i18n.word(f"quality.reason.{code}", language)
    for pattern, kind in _KINDS:
        if re.search(pattern, code):
            return i18n.word(f"quality.reason.{kind}", language)
    return code


def _warnings(data: ReportData, language: str) -> str:
    reasons = _reasons(data, "warn", language)
    if not reasons:
        return ""
    listed = i18n.join([i18n.sentence("quality.warning", language, **row) for row in reasons], language)
    return i18n.sentence("quality.warnings", language, reasons=listed)


def _readiness(data: ReportData, language: str) -> list[dict]:
    groups: dict[str, list[dict]] = {}
    for row in data.rows("readiness"):
        groups.setdefault(row["group_name"], []).append(row)
    return [_group(name, rows, language) for name, rows in groups.items()]


def _group(name: str, rows: list[dict], language: str) -> dict:
    present = [row for row in rows if row["present"]]
    fill = min((row["fill_rate"] for row in present if row["fill_rate"] is not None), default=None)
    full = len(present) == len(rows) and (fill is None or fill >= FILLED_ENOUGH)
    state = "ready" if full else "partly" if present else "absent"
    codes = dict.fromkeys(code.strip() for row in rows for code in (row["unlocks"] or "").split(",") if code.strip())
    return {
        "name": i18n.word_or(f"quality.group.{name}", language, name),
        "requirement": i18n.word_or(f"quality.requirement.{rows[0]['requirement']}", language, rows[0]["requirement"]),
        "state": i18n.word(f"quality.light.{state}", language),
        "fill": i18n.number(fill, "rate", language) if present else i18n.MISSING,
        "unlocks": i18n.join([i18n.word_or(f"quality.unlocks.{code}", language, code) for code in codes], language),
    }


def _scores(data: ReportData, language: str) -> list[dict]:
    """The worst table of each aspect of quality."""
    found: dict[str, list[dict]] = {}
    for row in data.rows("quality_scores"):
        if row["score"] is not None:
            found.setdefault(row["dimension"], []).append(row)
    return [_score(dimension, rows, language) for dimension, rows in sorted(found.items())]


def _score(dimension: str, rows: list[dict], language: str) -> dict:
    high_is_bad = dimension in ("duplication", "staleness")
    worst = max(rows, key=lambda row: ((1 if high_is_bad else -1) * row["score"], row["table_name"]))
    days = dimension == "staleness"
    value = i18n.number(worst["score"], "number" if days else "rate", language, exact=True)
    return {
        "aspect": i18n.word_or(f"quality.dimension.{dimension}", language, dimension),
        "value": f"{float(worst['score']):,.0f}" if days else value,
        "table": i18n.word_or(f"quality.table.{worst['table_name']}", language, worst["table_name"]),
    }


def _anonymous(data: ReportData, language: str) -> str:
    total, anonymous = data.value("revenue"), data.value("revenue_anonymous")
    if not total or not anonymous or total <= 0:
        return ""
    return i18n.sentence("quality.anonymous", language, share=i18n.number(anonymous / total, "rate", language))
