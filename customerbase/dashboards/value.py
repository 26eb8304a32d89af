"""Value and risk (価値と離脱): what customers are worth, what may be lost, whom it pays to contact, and how right that was."""

import html
import json
from types import ModuleType

import customerbase.churn.looks as leaving
import customerbase.dashboards.value_calendar as calendar
import customerbase.dashboards.value_campaign as campaign
import customerbase.dashboards.value_groups as groups
import customerbase.dashboards.value_outcomes as outcomes
from customerbase import i18n
from customerbase.cltv import worth
from customerbase.dashboards.part import HTML, NUMBERS, TABLE, Part, Table
from customerbase.dashboards.pieces import empty, figure, heading, sentences
from customerbase.report import ReportData
from customerbase.report.figures import Picture

PAGE = "value"
NOTEBOOKS = {
    "worth": "05_cltv",
    "risk": "06_churn",
    "campaign": "06_churn",
    "outcomes": "06_churn",
    "due": "07_propensity",
}
FIRST = ("worth.total", "risk.expected", "risk.buying")  # the sentences on top; the others stand with their pictures
WORTH, RISK, RIGHT = ("worth.held", "report.next"), ("risk.where",), ("risk.right",)


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; `told` is what the report says (report.contents)."""
    tables = {"worth": groups.worth_tables(data, language, draw), "risk": groups.risk_tables(data, language, draw)}
    choices = {
        block: [(i18n.word(f"board_value.by_{dimension}", language), dimension) for dimension in found]
        for block, found in tables.items()
    }
    made = [
        _part(language, "finding", _finding(told, language), "13_monthly_report"),
        _part(language, "worth", _worth(data, told, language, draw)),
        *(_part(language, "worth_groups", table, choice=one, block="worth") for one, table in tables["worth"].items()),
        _part(language, "risk", _risk(data, told, language, draw)),
        *(_part(language, "risk_groups", table, choice=one, block="risk") for one, table in tables["risk"].items()),
        _campaign(data, language, draw),
        _part(language, "outcomes", _outcomes(data, told, language, draw)),
        *_tables(language, "outcomes", {"outcome_bands": outcomes.table(data, language, draw)}),
        _part(language, "due", calendar.said(data, language, draw)),
        *_tables(language, "due", calendar.tables(data, language, draw)),
    ]
    return [*made, Part(PAGE, language, "choices", NUMBERS, json.dumps(choices, ensure_ascii=False))]


def _part(
    language: str, name: str, content: str | Table, notebook: str = "", choice: str = "", block: str = ""
) -> Part:
    notebook = notebook or NOTEBOOKS[block or name]
    if isinstance(content, Table):
        return Part(PAGE, language, name, TABLE, content.write(), choice, notebook)
    return Part(PAGE, language, name, HTML, content, choice, notebook)


def _tables(language: str, block: str, made: dict[str, Table | None]) -> list[Part]:
    return [_part(language, name, table, block=block) for name, table in made.items() if table is not None]


def _finding(told: dict, language: str) -> str:
    """What the month says of value and risk, in the report's own sentences; what cannot be told, in words."""
    made = sentences(found) if (found := _of(told, FIRST, language)) else ""
    captions = [told[f"{name}_caption"] for name in ("value", "risk") if told[name]]
    made += "".join(f'<p class="caption">{html.escape(str(caption))}</p>' for caption in captions)
    made += "" if told["value"] else empty("report.empty.value", language)
    if not told["risk"]:
        made += empty("risk.empty" if told["risk"] is not None else "board_value.no_risk", language)
    return made


def _of(told: dict, keys: tuple[str, ...], language: str) -> list[tuple[str, str]]:
    """The report's sentences of these keys; those of value before those of risk, `report.next` being that of value."""
    found = []
    for section in ("value", "risk"):
        words = {i18n.word(key, language) for key in keys if section == "value" or key != "report.next"}
        found += [line for line in told[section] or () if line[0] in words]
    return found


def _worth(data: ReportData, told: dict, language: str, draw: ModuleType) -> str:
    head = heading("board_value.worth", language)
    if not told["value"]:
        return head + empty("report.empty.value", language)
    said = _of(told, WORTH, language)
    pair = (spread(data, language, draw) or told["value_second"], told["value_groups"])
    return head + (sentences(said) if said else "") + _pair(*pair)


def spread(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """How lifetime value is spread over customers; None without amounts, or of too few customers."""
    row, classes = next(iter(data.rows("cltv")), {}), data.tables.get("cltv_classes")
    valued = int(row.get("valued") or 0)
    if classes is None or valued < data.k_min:
        return None
    rows = worth.distribution_of(classes, data.k_min)
    ends = {"median": float(row["median_value"]), "mean": float(row["value"]) / valued}
    look = {
        "title": "", "caption": "", "language": language, "withheld": "withheld",
        "fmt": lambda value: data.money(value, language), "ylabel": i18n.word("cltv.customers", language),
        "marks": {i18n.word(f"cltv.{name}", language): value for name, value in ends.items()},
    }  # fmt: skip
    drawn = [
        draw.svg(draw.histogram(rows, "low", "high", "customers", width=width, height=height, **look))
        for width, height in ((4.8, 2.9), (draw.WIDTHS["phone"], 2.6))
    ]
    title = worth.spread_title(ends["median"], ends["mean"], language, data.currency)
    measure = i18n.word("board_value.spread_measure", language)
    if (rows["withheld"] != "").any():
        measure += i18n.sentence("board_value.withheld", language, k=data.k_min)
    return Picture(title, measure, draw.caption(worth.distribution, "cltv", data.as_of, valued, language), *drawn)


def _risk(data: ReportData, told: dict, language: str, draw: ModuleType) -> str:
    head = heading("board_value.risk", language)
    if not told["risk"]:
        return head + empty("risk.empty" if told["risk"] is not None else "board_value.no_risk", language)
    said = _of(told, RISK, language)
    return head + (sentences(said) if said else "") + _pair(told["risk_groups"], bands(data, language, draw))


def bands(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Customers and their value by how high their risk is; None where a band is too small to show."""
    table = data.tables["churn_groups"]
    rows = leaving.strips(table, language, data.k_min)
    if not len(rows):
        return None
    counted = {"customers": "customers"} | ({"value": "cltv"} if leaving.has_value(table) else {})
    strips = {i18n.word(f"churn.column.{name}", language): column for name, column in counted.items()}
    look = {"title": "", "caption": "", "language": language}
    drawn = [draw.svg(draw.bands(rows, "name", strips, width=width, **look)) for width in (4.8, draw.WIDTHS["phone"])]
    measure = i18n.word("board_value.bands_measure", language)
    n = int(leaving.everybody(table)["customers"])
    caption = draw.caption(leaving.strips, "churn_groups", data.as_of, n, language, definition=measure)
    return Picture(leaving.strips_title(table, language), measure, caption, *drawn)


def _campaign(data: ReportData, language: str, draw: ModuleType) -> Part:
    """What the sliders work on, or why there are none."""
    found = campaign.numbers(data, language, draw)
    if found is None:
        content = heading("board_value.campaign", language) + empty("board_value.no_campaign", language, k=data.k_min)
        return _part(language, "campaign", content)
    content = json.dumps(found, ensure_ascii=False)
    return Part(PAGE, language, "campaign", NUMBERS, content, notebook=NOTEBOOKS["campaign"])


def _outcomes(data: ReportData, told: dict, language: str, draw: ModuleType) -> str:
    """Predictions whose window is over against what happened: of leaving, and of buying."""
    buying = outcomes.bought(data, language, draw)
    said = _of(told, RIGHT, language) + outcomes.bought_said(data, language)
    head = heading("board_value.outcomes", language)
    said_or_missing = sentences(said) if said else empty("board_value.no_outcomes", language)
    return head + said_or_missing + _pair(told["risk_outcomes"], buying)


def _pair(*pictures: Picture | None) -> str:
    """Pictures side by side; those that are None are left out."""
    drawn = "".join(figure(one, "worth") for one in pictures if one)
    return f'<div class="pair even">{drawn}</div>' if drawn else ""
