"""Value and risk (価値と離脱): what customers are worth, what may be lost, whom it pays to contact, and how right that was."""

import html
import json
from types import ModuleType

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
        _part(language, "risk", _risk(told, language)),
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
    pair = [one for one in (spread(data, language, draw), told["value_second"]) if one]
    drawn = "".join(figure(one, "worth") for one in pair)
    drawn = f'<div class="pair even">{drawn}</div>' if drawn else ""
    held = told["value_groups"]
    said = _of(told, WORTH, language)
    return head + (sentences(said) if said else "") + drawn + (figure(held, "worth held") if held else "")


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


def _risk(told: dict, language: str) -> str:
    head, drawn = heading("board_value.risk", language), told["risk_groups"]
    if not told["risk"]:
        return head + empty("risk.empty" if told["risk"] is not None else "board_value.no_risk", language)
    said = _of(told, RISK, language)
    return head + (sentences(said) if said else "") + (figure(drawn, "worth held") if drawn else "")


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
    pair = "".join(figure(one, "worth") for one in (told["risk_outcomes"], buying) if one)
    head = heading("board_value.outcomes", language)
    missing = "" if said or pair else empty("board_value.no_outcomes", language)
    return head + (sentences(said) if said else missing) + (f'<div class="pair even">{pair}</div>' if pair else "")
