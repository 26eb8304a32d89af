"""Audiences (配信対象): who can be reached, which audiences are ready, who is left out where, what is at stake, the overlap;
occasions for a contact (triggers), offers under a budget, loyalty ranks.

Counts only, small ones withheld as the report withholds them: nobody is named, not even by id.
"""

from types import ModuleType

import customerbase.audiences.looks as looks
import customerbase.audiences.said as said
import customerbase.dashboards.occasions as occasions
from customerbase import i18n
from customerbase.dashboards.part import HTML, TABLE, Column, Part, Table
from customerbase.dashboards.pieces import empty, figure, sentences
from customerbase.report import ReportData
from customerbase.report import audiences as letter

PAGE, NOTEBOOK = "audiences", "10_audiences"


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; what is not there is said in words. Triggers, offers and ranks follow the audiences."""
    return [*_audiences(data, told, language, draw), *occasions.parts(data, told, language, draw)]


def _audiences(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    if not told["audiences"]:
        return [_part("lines", HTML, empty("audiences.empty", language), language)]
    made = [_part("lines", HTML, sentences(told["audiences"]), language)]
    made += [
        _part(name, HTML, figure(told[f"audience_{name}"], "audience"), language)
        for name in ("steps", "reach")
        if told[f"audience_{name}"]
    ]
    tables = {"drops": drops, "listing": listing, "reached": reached, "overlap": overlap}
    for name, make in tables.items():
        table = make(data, language, draw)
        made += [_part(name, TABLE, table.write(), language)] if table.rows else []
    return made


def _part(name: str, kind: str, content: str, language: str) -> Part:
    return Part(PAGE, language, name, kind, content, notebook=NOTEBOOK)


def drops(data: ReportData, language: str, draw: ModuleType) -> Table:
    """Who is left out where: a row per audience and channel, a column per step; what is withheld reads *."""
    columns = (_column("audience", language), *(_column(step, language, "count") for step in looks.SHOWN))
    rows = tuple(
        (looks.label(row, language), *(_shown(row["counts"][step]) for step in looks.SHOWN)) for row in _steps(data)
    )
    return _table("drops", columns, rows, data, language, _caption("steps", said.DROPS, data, language, draw))


def listing(data: ReportData, language: str, draw: ModuleType) -> Table:
    """The audiences: who is in them, for what, whether they are valid, how many, and what is at stake."""
    keys = {"audience": "text", "channel": "text", "purpose": "text", "who": "text", "state": "text"}
    columns = (
        *(_column(key, language, unit) for key, unit in keys.items()),
        _column("target", language, "count"),
        _column("value", language, "money"),
    )
    known = {(row["audience"], row["channel"]): row for row in _steps(data)}
    rows = []
    for row in sorted(data.rows(said.AUDIENCES), key=lambda row: row["place"]):
        found = known.get((row["audience"], row["channel"]))
        state = i18n.word(f"audiences.valid.{row['state']}", language)
        named = (looks.title(row, language), looks.channel(row["channel"], language), row[f"purpose_{language}"])
        target = _shown(found["counts"]["target"]) if found else None
        value = looks.value(found, data.k_min) if found else None
        rows.append((*named, looks.who(row), state, target, value))
    words = i18n.word("audiences.definition.listing", language)
    caption = draw.caption(letter.rows, said.AUDIENCES, data.as_of, None, language, definition=words)
    return _table("listing", columns, tuple(rows), data, language, caption)


def reached(data: ReportData, language: str, draw: ModuleType) -> Table:
    """Customers by channel and state of consent."""
    states = {state: i18n.word(f"audiences.state.{state}", language) for state in looks.STATES}
    columns = (
        _column("channel", language),
        *(Column(key, head, "count", i18n.word(f"audiences.about.{key}", language)) for key, head in states.items()),
        _column("share", language, "rate", "granted"),
    )
    rows = tuple(
        (
            looks.channel(row["channel"], language),
            *(_shown(row[state]) for state in looks.STATES),
            None if row["granted"] is None else row["granted"] / row["customers"],
        )
        for row in looks.reach_counts(data.tables[said.REACH], data.k_min)
    )
    return _table("reached", columns, rows, data, language, _caption("reach", said.REACH, data, language, draw))


def overlap(data: ReportData, language: str, draw: ModuleType) -> Table:
    """People who are contacted by two audiences; pairs that are withheld have no row."""
    columns = (
        _column("audience", language),
        _column("other", language),
        _column("target", language, "count", "overlap"),
        _column("share", language, "rate", "share"),
    )
    found = looks.overlap(data.tables[said.OVERLAP], data.tables[said.AUDIENCES], language)
    rows = tuple((row["audience"], row["other"], row["target"], row["share"]) for row in found)
    caption = _caption("overlap", said.OVERLAP, data, language, draw) if rows else ""
    return _table("overlap", columns, rows, data, language, caption)


def _steps(data: ReportData) -> list[dict]:
    sizes = data.tables[said.AUDIENCES]
    return looks.step_counts(sizes, data.tables[said.DROPS], data.k_min) if len(sizes) else []


def _column(key: str, language: str, unit: str = "text", about: str = "") -> Column:
    definition = i18n.word_or(f"audiences.about.{about or key}", language, "")
    return Column(key, looks.head(key, language), unit, definition)


def _shown(count: int | None) -> int | str:
    return "*" if count is None else count


def _caption(what: str, table: str, data: ReportData, language: str, draw: ModuleType) -> str:
    return draw.audiences.caption_of(what, data.tables[table], language) if len(data.tables[table]) else ""


def _table(name: str, columns: tuple, rows: tuple, data: ReportData, language: str, caption: str) -> Table:
    title = i18n.word(f"audiences.title.{name}", language)
    note = i18n.sentence("audiences.withheld", language, k=data.k_min)
    return Table(title, columns, rows, f"{caption} · {note}", currency=data.currency)
