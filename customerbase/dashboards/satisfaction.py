"""Satisfaction (満足度): scores and months, who is content, what goes with it and comes after it, what people write and ask."""

import html
import json
from types import ModuleType

import customerbase.dashboards.satisfaction_heard as heard
import customerbase.dashboards.satisfaction_tables as tables
import customerbase.satisfaction.links as links_of
import customerbase.satisfaction.looks as looks
import customerbase.satisfaction.titles as titles
from customerbase import i18n
from customerbase.dashboards.part import HTML, NUMBERS, TABLE, Part, Table
from customerbase.dashboards.pieces import empty, figure, heading, sentences
from customerbase.report import ReportData, section
from customerbase.report.figures import Picture
from customerbase.report.satisfaction import LINKS, TREND

PAGE = "satisfaction"
SURVEYS, VOICE, DESK = "09_satisfaction", "09b_voice", "09c_inquiries"
FIRST = ("score", "trend", "todo")  # the sentences of surveys on top; the others stand with their pictures
WITH = {"groups": ("group", "product", "response"), "drivers": ("driver",), "links": ("link",)}


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; `told` is what the report says (report.contents). What there is nothing of is said."""
    said = told["satisfaction"]
    made = [_html(language, "finding", _finding(told, language), "13_monthly_report")]
    found: dict[str, dict[str, Table]] = {"months": {}, "groups": {}, "desk": {}}
    if said:
        found["months"], found["groups"] = tables.months(data, language, draw), tables.groups(data, language, draw)
        made += _surveys(data, told, language, draw, found)
    if told["voice"] is not None:
        made.append(_html(language, "voice", section(told, "voice"), VOICE))
        made += _tables(language, VOICE, {"topics": heard.topics(data, language, draw) if told["voice"] else None})
    if told["inquiries"] is not None:
        found["desk"] = heard.desk(data, language, draw) if told["inquiries"] else {}
        made.append(_html(language, "inquiries", section(told, "inquiries"), DESK))
        made += [_table(language, "desk", table, DESK, choice) for choice, table in found["desk"].items()]
    choices = {name: [(tables.choice_name(name, one, language), one) for one in of] for name, of in found.items() if of}
    return [*made, Part(PAGE, language, "choices", NUMBERS, json.dumps(choices, ensure_ascii=False))]


def _surveys(data: ReportData, told: dict, language: str, draw: ModuleType, found: dict) -> list[Part]:
    lines = dict(told["satisfaction"])
    blocks = {
        "trend": _pictures(month_pictures(data, told, language, draw)),
        "groups": _said(lines, "groups", language),
        "drivers": _said(lines, "drivers", language) + _pictures([told["satisfaction_drivers"]]),
        "links": _said(lines, "links", language) + _pictures([link_picture(data, language, draw)]),
    }
    blocks = {name: heading(f"board_satisfaction.{name}", language) + text for name, text in blocks.items()}
    return [
        _table(language, "scores", tables.scores(data, language, draw)),
        _html(language, "trend", blocks["trend"]),
        *(_table(language, "months", table, choice=one) for one, table in found["months"].items()),
        _html(language, "groups", blocks["groups"]),
        *(_table(language, "by", table, choice=one) for one, table in found["groups"].items()),
        _html(language, "drivers", blocks["drivers"]),
        *_tables(language, SURVEYS, {"driver_table": tables.drivers(data, language, draw)}),
        _html(language, "links", blocks["links"]),
        *_tables(language, SURVEYS, {"link_table": tables.links(data, language, draw)}),
    ]


def _html(language: str, name: str, content: str, notebook: str = SURVEYS) -> Part:
    return Part(PAGE, language, name, HTML, content, notebook=notebook)


def _table(language: str, name: str, table: Table, notebook: str = SURVEYS, choice: str = "") -> Part:
    return Part(PAGE, language, name, TABLE, table.write(), choice, notebook)


def _tables(language: str, notebook: str, made: dict[str, Table | None]) -> list[Part]:
    return [_table(language, name, table, notebook) for name, table in made.items() if table is not None]


def _finding(told: dict, language: str) -> str:
    """What the month says: surveys, what people write, what they ask, what to do; what there is nothing of, in words."""
    said = dict(told["satisfaction"] or ())
    word = {name: i18n.word(f"satisfaction.{name}_label", language) for name in FIRST}
    found = [(word[name], said[word[name]]) for name in FIRST[:2] if word[name] in said]
    found += [
        (i18n.word(f"board_satisfaction.{name}", language), told[name][0][1])
        for name in ("voice", "inquiries")
        if told[name]
    ]
    found += [(word["todo"], said[word["todo"]])] if word["todo"] in said else []
    made = sentences(found) if found else ""
    if said:
        made += f'<p class="caption">{html.escape(str(told["satisfaction_caption"]))}</p>'
    missing = {"satisfaction": "no_surveys", "voice": "no_voice", "inquiries": "no_desk"}
    made += empty("satisfaction.empty_report", language) if told["satisfaction"] == [] else ""
    return made + "".join(
        empty(f"board_satisfaction.{key}", language) for name, key in missing.items() if told[name] is None
    )


def _said(lines: dict[str, str], block: str, language: str) -> str:
    labels = [i18n.word(f"satisfaction.{name}_label", language) for name in WITH[block]]
    found = [(label, lines[label]) for label in labels if label in lines]
    return sentences(found) if found else ""


def _pictures(found: list[Picture | None]) -> str:
    """Pictures side by side; those that are None are left out."""
    drawn = [figure(one, "worth") for one in found if one]
    return f'<div class="pair even">{"".join(drawn)}</div>' if len(drawn) > 1 else "".join(drawn)


def month_pictures(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Picture]:
    """Each measure month by month, the first as the report drew it; without a month that may be shown, none."""
    table, made = data.tables[TREND], []
    for code in looks.MAIN:
        row = looks.newest(table, code, data.k_min)
        if row is None:
            continue
        look, known = {"measure": code, "bare": True}, None if made else told["satisfaction_trend"]
        drawn = [known.wide, known.phone] if known else [
            draw.svg(draw.satisfied.trend(table, data.k_min, language, width=width, **look)) for width in _widths(draw)
        ]  # fmt: skip
        made.append(Picture(titles.trend_title(row, language), i18n.word("satisfaction.measure_trend", language),
                            tables.trend_caption(data, code, row["scale"], language, draw), *drawn))  # fmt: skip
    return made


def link_picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Who bought again after the answer, by band; None where few did."""
    own = looks.linked(data.tables[LINKS])
    if not len(own) or own["repeat_rate"].notna().sum() < 2:
        return None
    own = own[own["repeat_rate"].notna()]
    drawn = [draw.svg(draw.satisfied.links(data.tables[LINKS], language, width, bare=True)) for width in _widths(draw)]
    days, n = int(own["days"].iloc[0]), int(own["n"].sum())
    words = i18n.sentence("satisfaction.definition_links", language, days=days)
    caption = draw.caption(links_of.table, LINKS, data.as_of, n, language, 0.95, definition=words)
    measure = i18n.sentence("satisfaction.measure_links", language, days=days)
    return Picture(titles.link_title(own, language), measure, caption, *drawn)


def _widths(draw: ModuleType) -> tuple[float, float]:
    return draw.WIDTHS["half"], draw.WIDTHS["phone"]
