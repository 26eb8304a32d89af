"""Data quality (データ品質): what was read and set aside, why, where to fix it, what is there, and how good each table is."""

import json
from types import ModuleType

from customerbase import i18n, kpi, quality
from customerbase.dashboards.faults import column_names, faults, share_by_month
from customerbase.dashboards.part import HTML, NUMBERS, TABLE, Column, Part, Table
from customerbase.report import ReportData, section, trust
from customerbase.report.quality import FILLED_ENOUGH, reason_text
from customerbase.report.remedies import remedy

PAGE, NOTEBOOK, LATE = "quality", "01_quality", "01b_late"
DIMENSIONS = ("completeness", "validity", "duplication", "staleness")
TREND = ("rows_accepted", "completeness", "validity", "duplication", "reachable_by_email", "reachable_by_phone")


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; what a table of the run does not hold is said in words."""
    told = told | {"lines": lines(data, language), "picture": share_by_month(data, language, draw)}
    tables = {"readiness": readiness(data, language, draw), "scores": scores(data, language, draw)}
    tables["checks"] = checks(data, language, draw)
    made = [
        _part("light", HTML, section(told, "light"), language),
        _part("lines", HTML, section(told, "lines"), language),
        *([_part("late", HTML, section(told, "late"), language, notebook=LATE)] if told["late"] else []),
        *(
            _part("quarantine", TABLE, table.write(), language, choice)
            for choice, table in faults(data, language, draw).items()
        ),
        *([_part("months", HTML, section(told, "picture"), language)] if told["picture"] else []),
        *(_part(name, TABLE, table.write(), language) for name, table in tables.items() if table.rows),
        _part(
            "trend", NUMBERS, json.dumps(trend(data, language, draw), ensure_ascii=False), language, notebook="12_kpi"
        ),
    ]
    return made


def _part(name: str, kind: str, content: str, language: str, choice: str = "", notebook: str = NOTEBOOK) -> Part:
    return Part(PAGE, language, name, kind, content, choice=choice, notebook=notebook)


def lines(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Label and sentence: what was read, what was set aside, what is there, what to do next."""
    told = {
        "read": _read(data, language),
        "aside": _aside(data, language),
        "there": _there(data, language),
        "fix": _fix(data, language),
    }
    return [(i18n.word(f"board_quality.line.{name}", language), text) for name, text in told.items()]


def _read(data: ReportData, language: str) -> str:
    files = data.rows("source_files")
    if not files:
        return i18n.word("board_quality.ground.unread", language)
    systems = len({row["source_system"] for row in files})
    whole = all(row["rows_read"] == row["rows_accepted"] + row["rows_quarantined"] for row in files)
    found = {name: f"{count:,}" for name, count in trust.counts(data).items()}
    balance = i18n.sentence("quality.balance" if whole else "quality.unbalanced", language, **found)
    stop = "" if balance.endswith((".", "。")) else "。" if language == "ja" else "."
    where = i18n.sentence("board_quality.files", language, systems=systems, files=len(files))
    return i18n.run_on([balance + stop, where], language)


def _aside(data: ReportData, language: str) -> str:
    rows = {kind: [row for row in data.rows("quarantine") if row["severity"] == kind] for kind in ("block", "warn")}
    aside, read = trust.counts(data)["quarantined"], trust.counts(data)["read"]
    warned = sum(int(row["rows"]) for row in rows["warn"])
    first = i18n.word("board_quality.aside_none", language)
    if aside and rows["block"]:
        most = max(rows["block"], key=lambda row: (row["rows"], row["reason"]))
        first = i18n.sentence(
            "board_quality.aside_told",
            language,
            rows=trust.rows_text(aside, language),
            share=i18n.number(aside / read, "rate", language, exact=True),
            reason=reason_text(most["reason"], language),
            most=trust.rows_text(int(most["rows"]), language),
        )
    if not warned:
        return first
    key = "board_quality.warned" if aside else "board_quality.kept_warned"
    return i18n.run_on([first, i18n.sentence(key, language, rows=trust.rows_text(warned, language))], language)


def _there(data: ReportData, language: str) -> str:
    frame = data.tables.get("readiness")
    if frame is None or not len(frame):
        return i18n.word("board_quality.there_none", language)
    absent = {row["group_name"] for row in data.rows("readiness") if row["requirement"] == "required"}
    absent -= {row["group_name"] for row in data.rows("readiness") if row["present"]}
    said = [
        i18n.sentence("board_quality.there_some", language, groups=_names("group", sorted(absent), language))
        if absent
        else i18n.word("board_quality.there_all", language)
    ]
    if locked := quality.locked(frame):
        said.append(i18n.sentence("board_quality.locked", language, analyses=_names("unlocks", list(locked), language)))
    else:
        said.append(i18n.word("board_quality.possible", language))
    return i18n.run_on(said, language)


def _names(kind: str, codes: list[str], language: str) -> str:
    return i18n.join([i18n.word_or(f"quality.{kind}.{code}", language, code) for code in codes], language)


def _fix(data: ReportData, language: str) -> str:
    """The file with the most rows set aside for reasons that something can be done about."""
    counts: dict[str, dict[str, int]] = {}
    for row in data.rows("quarantine_files"):
        if row["severity"] == "block" and row["reason"] not in trust.EXPECTED:
            reasons = counts.setdefault(row["file"], {})
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + int(row["rows"])
    if not counts:
        return i18n.word("board_quality.fix_none", language)
    file, reasons = max(counts.items(), key=lambda item: (sum(item[1].values()), item[0]))
    reason = max(reasons, key=lambda name: (reasons[name], name))
    return i18n.sentence(
        "board_quality.fix_told",
        language,
        file=file,
        rows=trust.rows_text(sum(reasons.values()), language),
        reason=reason_text(reason, language),
        remedy=remedy(reason, language),
    )


def readiness(data: ReportData, language: str, draw: ModuleType) -> Table:
    """Every group of records and table it needs: whether it is there, how full it is, what it makes possible."""
    rows = tuple(_ready(row, language) for row in data.rows("readiness"))
    columns = (
        Column("group", i18n.word("report.column.group", language)),
        Column("table", i18n.word("board_quality.column.table", language)),
        Column("requirement", i18n.word("board_quality.column.requirement", language)),
        Column("state", i18n.word("report.column.state", language)),
        Column("rows", i18n.word("board_quality.column.rows", language), "count"),
        Column(
            "fill", i18n.word("report.column.fill", language), "rate", i18n.word("board_quality.about.fill", language)
        ),
        Column(
            "unlocks",
            i18n.word("report.column.unlocks", language),
            "text",
            i18n.word("board_quality.about.unlocks", language),
        ),
    )
    caption = draw.caption(quality.readiness, "readiness", data.as_of, None, language, definition=columns[5].definition)
    return Table(i18n.word("board_quality.readiness", language), columns, rows, caption)


def _ready(row: dict, language: str) -> tuple:
    fill = row["fill_rate"]
    state = "absent" if not row["present"] else "ready" if fill is None or fill >= FILLED_ENOUGH else "partly"
    codes = [code.strip() for code in (row["unlocks"] or "").split(",") if code.strip()]
    return (
        i18n.word_or(f"quality.group.{row['group_name']}", language, row["group_name"]),
        table_name(row["table_name"], language),
        i18n.word_or(f"quality.requirement.{row['requirement']}", language, row["requirement"]),
        i18n.word(f"quality.light.{state}", language),
        int(row["rows"] or 0),
        None if fill is None or not row["present"] else float(fill),
        _names("unlocks", codes, language),
    )


def table_name(table: str, language: str) -> str:
    """What people call a table of sources."""
    return i18n.word_or(f"quality.table.{table}", language, table)


def scores(data: ReportData, language: str, draw: ModuleType) -> Table:
    """One row per table: values present, rows that pass, copies, days since the newest row; the least valid first."""
    found: dict[str, dict] = {}
    for row in data.rows("quality_scores"):
        known = found.setdefault(row["table_name"], {"n": None})
        known[row["dimension"]] = row["score"]
        known["n"] = row["n"] if row["dimension"] == "validity" else known["n"]
    ranked = sorted(found, key=lambda name: (found[name].get("validity") or 0.0, name))
    rows = tuple(
        (table_name(name, language), found[name]["n"], *(_number(found[name].get(one)) for one in DIMENSIONS))
        for name in ranked
    )
    units = dict.fromkeys(DIMENSIONS, "rate") | {"staleness": "count"}
    columns = (
        Column("table", i18n.word("board_quality.column.table", language)),
        Column("n", i18n.word("board_quality.column.n", language), "count"),
        *(_column(name, units[name], language) for name in DIMENSIONS),
    )
    caption = draw.caption(
        quality.scores, "quality_scores", data.as_of, None, language, definition=columns[3].definition
    )
    return Table(i18n.word("board_quality.scores", language), columns, rows, caption, sort="validity")


def _column(name: str, unit: str, language: str) -> Column:
    words = (i18n.word(f"board_quality.{kind}.{name}", language) for kind in ("column", "about"))
    head, definition = words
    return Column(name, head, unit, definition)


def _number(value: object) -> float | None:
    return None if i18n.missing(value) else float(value)


def checks(data: ReportData, language: str, draw: ModuleType) -> Table:
    """The checks that found something: table, column, what, how many rows of how many; the largest share first."""
    known = data.rows("quality_results")
    found = [row for row in known if not row["success"]]
    found.sort(key=lambda row: (-(row["unexpected_percent"] or 0.0), row["table_name"], row["reason"]))
    rows = tuple(
        (
            table_name(row["table_name"], language),
            column_names(row["column_name"], language),
            reason_text(row["reason"], language),
            i18n.word_or(f"board_quality.severity.{row['severity']}", language, row["severity"]),
            row["unexpected_count"],
            row["element_count"],
            None if row["unexpected_percent"] is None else float(row["unexpected_percent"]) / 100,
        )
        for row in found
    )
    columns = (
        Column("table", i18n.word("board_quality.column.table", language)),
        Column("column", i18n.word("board_quality.column.column", language)),
        _column("check", "text", language),
        _column("severity", "text", language),
        Column("failing", i18n.word("board_quality.column.failing", language), "count"),
        Column("checked", i18n.word("board_quality.column.checked", language), "count"),
        Column("rate", i18n.word("board_quality.column.rate", language), "rate"),
    )
    title = i18n.sentence("board_quality.checks", language, all=len(known), found=len(found))
    caption = draw.caption(
        quality.results, "quality_results", data.as_of, None, language, definition=columns[2].definition
    )
    return Table(title, columns, rows, caption, sort="-rate")


def trend(data: ReportData, language: str, draw: ModuleType) -> dict[str, dict]:
    """This month's KPIs of the data, for the curves over the published months; those of a few people are left out.

    KPI -> name, definition, values (value, low, high, n) and the caption of them all.
    """
    withheld = kpi.withheld(data.kpis, data.k_min)
    rows = data.kpis[(data.kpis["month"] == data.month) & ~withheld & data.kpis["value"].notna()]
    found = {row["kpi"]: row for row in rows.to_dict("records")}
    definition = i18n.word("board_quality.trend", language)
    caption = draw.caption(kpi.kpi_table, "kpi", data.as_of, None, language, 0.95, definition=definition)
    return {
        name: {
            "name": kpi.name(name, language),
            "definition": kpi.find(name).definition_ja if language == "ja" else kpi.find(name).definition_en,
            "values": [*(_number(found[name][end]) for end in ("value", "low", "high")), int(found[name]["n"])],
            "caption": caption,
        }
        for name in TREND
        if name in found
    }
