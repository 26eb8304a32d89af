"""What happened between one customer and the company: a small picture by month, and a table to sort and save."""

import html
from collections.abc import Mapping, Sequence
from datetime import date

from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.periods import add_months, month_label, month_range, parse_month
from customerbase.widgets.customer.book import MOST_EVENTS
from customerbase.widgets.customer.strip import Lane, strip
from customerbase.widgets.customer.terms import Terms

DRAWN = {"wide": 24, "phone": 12}  # months in the picture
LANES = {"mail": ("mail",), "inquiry": ("inquiry",), "opinion": ("survey", "review"), "web": ("web",)}
MONEY = ("order", "refund")
LISTED = ("order", "refund", "inquiry", "mail", "survey", "review", "consent", "registration")
TOP = {"nps": 10, "five": 5, "seven": 7}  # of what can be given on a scale
Rows = Sequence[Mapping[str, object]]


def months(rows: Rows) -> list[date]:
    """Months in which something listed happened, the newest first."""
    return sorted({row["month"] for row in rows if row["kind"] in LISTED}, reverse=True)


def picture(rows: Rows, terms: Terms) -> str:
    """Net spend by month as bars above lanes of dots with the number of events; an empty text without any event."""
    if not rows:
        return ""
    now = parse_month(terms.as_of)
    shown = {}
    for size, most in DRAWN.items():
        first = max(min(row["month"] for row in rows), add_months(now, 1 - most))
        shown[size] = month_range(min(first, add_months(now, -5)), now)
    title, measure = _finding(rows, now, terms), terms.word("timeline.measure")
    drawn = {size: strip(span, *_lanes(rows, span, terms), title, size, terms) for size, span in shown.items()}
    before = [row for row in rows if row["month"] < shown["wide"][0]]
    if before:
        first, events = month_label(shown["wide"][0], terms.language), sum(row["events"] for row in before)
        measure += terms.say("timeline.earlier", month=first, events=f"{events:,}")
    n = sum(row["events"] for row in rows)
    caption = terms.caption(terms.word("timeline.definition"), n, "timeline")
    title, measure, caption = (html.escape(text) for text in (title, measure, caption))
    return (
        f'<figure class="events"><h3>{title}</h3><p class="measure">{measure}</p>'
        f'<div class="drawing both"><div class="wide">{drawn["wide"]}</div><div class="phone">{drawn["phone"]}</div></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _lanes(rows: Rows, span: Sequence[date], terms: Terms) -> tuple[list[float], list[Lane]]:
    """Net spend of each month, and the lanes that have an event in any of them."""
    found = {(row["month"], row["kind"]): row for row in rows}
    spend = [sum(float(found[m, k]["amount"] or 0) for k in MONEY if (m, k) in found) for m in span]
    lanes = [
        Lane(terms.word(f"lane.{name}"), [sum(found[m, k]["events"] for k in kinds if (m, k) in found) for m in span])
        for name, kinds in LANES.items()
    ]
    return spend, [lane for lane in lanes if any(lane.counts)]


def _finding(rows: Rows, now: date, terms: Terms) -> str:
    """Completed orders of the last twelve months against the twelve before; for a new customer since the first event."""
    year, earlier, first = add_months(now, -11), add_months(now, -23), min(row["month"] for row in rows)
    recent = [row for row in rows if row["kind"] in MONEY and row["month"] >= year]
    told = {
        "now": f"{sum(row['completed'] for row in recent):,}",
        "amount": terms.money(sum(float(row["amount"] or 0) for row in recent)),
    }
    if first >= year:
        return terms.say("timeline.finding_new", since=month_label(first, terms.language), **told)
    before = sum(row["completed"] for row in rows if earlier <= row["month"] < year)
    return terms.say("timeline.finding", before=f"{before:,}", **told)


def table(rows: Rows, known: int, terms: Terms) -> Table:
    """The events of a time, the newest first; known: how many there are of it, of which `rows` may be the newest."""
    columns = (
        Column("day", terms.word("timeline.day"), "day"),
        Column("kind", terms.word("timeline.kind")),
        Column("what", terms.word("timeline.what")),
        Column("amount", terms.word("timeline.amount"), "money", terms.word("meaning.spend")),
        Column("system", terms.word("timeline.system")),
        Column("reference", terms.word("timeline.reference")),
    )
    lines = tuple(
        (
            row["event_at"].date().isoformat(),
            terms.code("kind", row["kind"]),
            what(row, terms),
            None if row["amount"] is None else float(row["amount"]),
            row["source_system"],
            row["reference"],
        )
        for row in rows
    )
    caption = terms.caption(terms.word("timeline.definition"), known, "timeline")
    if known > len(rows):
        caption += f" · {terms.say('timeline.cut', most=f'{MOST_EVENTS:,}', all=f'{known:,}')}"
    return Table(terms.word("timeline.title"), columns, lines, caption, sort="-day", currency=terms.currency)


def what(row: Mapping[str, object], terms: Terms) -> str:
    """An event in words: its codes, never what anybody wrote."""
    detail = terms.code("state", row["detail"])
    match row["kind"]:
        case "inquiry":
            parts = [row["detail"], terms.code("state", row["state"] or ""), _score(row, terms)]
        case "mail":
            channel = terms.code("channel", row["channel"]) if row["channel"] else ""
            parts = [row["campaign"] or row["reference"], channel, detail]
        case "survey":
            parts = [row["detail"], _score(row, terms) or terms.word("timeline.no_text")]
        case "review":
            parts = [_score(row, terms)]
        case "consent":
            channel, _, purpose = str(row["reference"] or "").partition(":")
            parts = [terms.code("channel", channel), terms.code("purpose", purpose), detail]
        case _:
            parts = [detail]
    return " · ".join(str(part) for part in parts if part) or i18n.MISSING


def _score(row: Mapping[str, object], terms: Terms) -> str:
    if row["score"] is None:
        return ""
    given = f"{float(row['score']):g}"
    top = TOP.get(str(row["scale"]))
    return terms.say("timeline.score", score=f"{given}/{top}" if top else given)


def counted(rows: Rows, month: date | None) -> int:
    """Listed events of a month, or of all months."""
    return sum(row["events"] for row in rows if row["kind"] in LISTED and month in (None, row["month"]))
