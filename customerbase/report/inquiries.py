"""Answering inquiries (問い合わせへの対応): volume, waits, backlog, repeated trouble and purchases after, with the caution; two pictures."""

from functools import partial
from types import ModuleType

import customerbase.satisfaction.inquiries as desk
import customerbase.satisfaction.inquiries.forms as forms
import customerbase.satisfaction.inquiries.listing as listing
import customerbase.satisfaction.inquiries.looks as looks
from customerbase import i18n, segments
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = ("inquiry_months", "inquiry_groups", "inquiry_effect")  # without them there is no section
SHOWN = "solution_median"


def contents(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section's template reads, by name."""
    return {
        "inquiries": lines(data, language),
        "inquiry_rows": rows(data, language),
        "inquiry_pictures": pictures(data, language, draw),
    }


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentences; [] without an inquiry, None without page 09c."""
    tables = [data.tables.get(name) for name in TABLES]
    if any(table is None for table in tables):
        return None
    months, groups, effect = tables
    groups = forms.with_names(groups, partial(segments.name, language=language))
    return looks.lines(months, groups, effect, language=language, money=_money(data, language), k_min=data.k_min)


def pictures(data: ReportData, language: str, draw: ModuleType) -> list[Picture]:
    """Median time to solution by month, and purchases after an inquiry against customers alike; [] where neither can be told."""
    if not lines(data, language):
        return []
    return [one for one in (_waits(data, language, draw), _effect(data, language, draw)) if one]


def _waits(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    months = data.tables["inquiry_months"]
    look = {"title": "", "caption": "", "language": language, "k_min": data.k_min}
    drawn = [
        draw.desk_months(months, SHOWN, width=width, **look) for width in (draw.WIDTHS["half"], draw.WIDTHS["phone"])
    ]
    if drawn[0] is None:
        return None
    words, measure = i18n.word("inquiries.definition", language), i18n.word("inquiries.measure_note", language)
    n = int(forms.known(months[months["measure"] == SHOWN], data.k_min).query("~few")["n"].sum())
    caption = draw.caption(desk.inquiries, "inquiry_months", data.as_of, n, language, 0.95, definition=words)
    title = listing.title(months, data.tables["inquiry_groups"], SHOWN, language, data.k_min)
    return Picture(title, measure, caption, *map(draw.svg, drawn))


def _effect(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    table = data.tables["inquiry_effect"]
    rows = listing.effect_rows(table, language)
    if not len(rows):
        return None
    look = {"title": "", "caption": "", "language": language}
    drawn = [draw.svg(draw.drivers(rows, width=width, **look)) for width in (draw.WIDTHS["half"], draw.WIDTHS["phone"])]
    words, measure = (i18n.word(f"inquiries.effect_{one}", language) for one in ("definition", "measure"))
    n = int(table["matched"].iloc[0])
    caption = draw.caption(desk.after_inquiry, "inquiry_effect", data.as_of, n, language, 0.95, definition=words)
    return Picture(listing.effect_title(table, language), measure, caption, *drawn)


def rows(data: ReportData, language: str) -> list[list[str]]:
    """The newest months as texts: heads first; [] without an inquiry."""
    if not lines(data, language):
        return []
    table = listing.month_table(data.tables["inquiry_months"], language, data.k_min, measures=listing.REPORTED)
    return [
        ["", *table.columns],
        *([name, *cells] for name, cells in zip(table.index, table.to_numpy().tolist(), strict=True)),
    ]


def caption(data: ReportData, language: str) -> tuple:
    """Function, tables, n, interval and definition of the sentences and the months."""
    table = data.tables.get("inquiry_months")
    n = None
    if table is not None and len(table):
        shown = forms.known(table[table["measure"] == "opened"], data.k_min)
        n = int(shown.loc[~shown["few"], "n"].sum())
    return desk.inquiries, ", ".join(TABLES), n, 0.95, i18n.word("inquiries.definition", language)


def _money(data: ReportData, language: str) -> forms.Money:
    return lambda amount: data.money(amount, language)
