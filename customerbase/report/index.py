"""The list of all published months (reports/index.html): state, reports and files of each, and two months compared."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import pairwise

from markupsafe import Markup

import customerbase.report.between_months as between
import customerbase.report.fonts as fonts
import customerbase.report.restated as restated
from customerbase import i18n, kpi
from customerbase.periods import month_label, parse_month
from customerbase.report.data import ReportData
from customerbase.report.page import FONT_SLOT, environment, join_signs, visible_text

FILES = {"ja": "index.html", "en": "index.en.html"}
ARROWS = {"up": "↑ ", "down": "↓ ", "same": "→ "}
STATES = ("sound", "care", "not_yet", "unknown")


@dataclass(frozen=True)
class Link:
    """A file of a month: its kind (ja, en, pdf, xlsx, data_docs, notebooks, more), its name, and its place below reports/."""

    kind: str
    name: str
    href: str


@dataclass(frozen=True)
class Version:
    """One publication of a month: run id, the moment it was done (ISO, as its manifest has it), and its files.

    data: as for Published; tables: name -> SHA-256; both to hold an earlier version against the published one.
    """

    run_id: str
    finished_at: str
    links: tuple[Link, ...] = ()
    data: ReportData | None = None
    tables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """A month (2026-10) of a pipeline: its versions, the published one first; none where it only ever failed.

    light: language -> {state, reasons} as trust.told words them; data: settings and the tables kpi and revenue_tree;
    failed: the pages at which the last run stopped; readable: whether the published record can be read; title: the
    company's then, None where no record says it.
    """

    month: str
    as_of: date | None = None
    versions: tuple[Version, ...] = ()
    light: Mapping[str, Mapping] = field(default_factory=dict)
    data: ReportData | None = None
    failed: tuple[Link, ...] = ()
    readable: bool = True
    title: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Shelf:
    """The months of one pipeline, the newest first."""

    pipeline: str
    title: Mapping[str, str]
    months: tuple[Published, ...]


def build(shelves: Sequence[Shelf]) -> dict[str, str]:
    """Language -> the page: no request, one inline script that its policy names by its digest, all data escaped.

    Both pages carry the same fonts, with the characters of both: a subset is what takes the longest.
    """
    texts = {language: _page(shelves, language) for language in FILES}
    faces = fonts.css("".join(map(visible_text, texts.values())))
    return {language: text.replace(FONT_SLOT, faces, 1) for language, text in texts.items()}


def _page(shelves: Sequence[Shelf], language: str) -> str:
    script = environment().get_template("index.js.j2").render()
    told = {
        "language": language,
        "sister": FILES[next(other for other in i18n.LANGUAGES if other != language)],
        "word": partial(_word, language),
        "names": {"ja": i18n.word("report.other_language", "en"), "en": i18n.word("report.other_language", "ja")},
        "shelves": [_shelf(shelf, language) for shelf in shelves],
        "embedded": _embedded,
        "script": Markup(script),  # noqa: S704  a file of the package
        "script_digest": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "segment_colors": {},
        "running": i18n.word("index.title", language),
    }
    return join_signs(environment().get_template("index.html.j2").render(told))


def _word(language: str, key: str, **values: object) -> str:
    return i18n.sentence(key, language, **values)


def _shelf(shelf: Shelf, language: str) -> dict:
    return {
        "pipeline": shelf.pipeline,
        "title": shelf.title[language],
        "months": [_month(month, language) for month in shelf.months],
        "compare": comparison(shelf, language),
    }


def _month(one: Published, language: str) -> dict:
    light = one.light.get(language, {})
    state = light.get("state", "unknown")
    return {
        "id": one.month,
        "label": month_label(parse_month(one.month), language),
        "readable": one.readable,
        "published": bool(one.versions),
        "as_of": i18n.sentence("index.as_of", language, date=i18n.day(one.as_of, language)) if one.as_of else "",
        "state": state if state in STATES else "unknown",
        "state_word": i18n.word_or(f"board_quality.light.{state}", language, i18n.MISSING),
        "reasons": i18n.run_on(light.get("reasons", ()), language),
        "versions": [
            _version(version, language) | {"since": since(version, one.versions[0], language)}
            for version in one.versions
        ],
        "failed": one.failed,
    }


def _version(version: Version, language: str) -> dict:
    kinds: dict[str, list[Link]] = {}
    for link in version.links:
        kinds.setdefault(link.kind, []).append(link)
    return {
        "run": i18n.sentence("index.run", language, run=version.run_id),
        "when": moment(version.finished_at, language),
        "iso": version.finished_at,
        "reports": [_forms(kinds, one) for one in i18n.LANGUAGES if kinds.get(one)],
        "single": [link for kind in ("pdf", "xlsx") for link in kinds.get(kind, ()) if not _in_report(link)]
        + kinds.get("data_docs", []),
        "notebooks": kinds.get("notebooks", []),
        "more": kinds.get("more", []),
    }


def since(earlier: Version, published: Version, language: str) -> list[str]:
    """What the published version has otherwise than an earlier one; [] of itself, or where a record cannot be read."""
    if earlier is published or earlier.data is None or published.data is None:
        return []
    names = earlier.tables.keys() | published.tables.keys()
    others = sum(earlier.tables.get(name) != published.tables.get(name) for name in names)
    about = i18n.sentence("index.restated.tables", language, n=others, all=len(names))
    return [*restated.sentences(earlier.data, published.data, language), about]


def _forms(kinds: dict[str, list[Link]], language: str) -> list[Link]:
    """The report in a language: the page, then its other forms."""
    others = [
        link for kind in ("pdf", "xlsx") for link in kinds.get(kind, ()) if link.name == f"report.{language}.{kind}"
    ]
    return kinds[language] + others


def _in_report(link: Link) -> bool:
    return link.name in {f"report.{language}.{link.kind}" for language in i18n.LANGUAGES}


def moment(text: str, language: str) -> str:
    """A moment as its manifest has it, in the clock of the machine that ran: 2026年11月27日 13:54 or 27 Nov 2026, 13:54."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return i18n.MISSING
    return f"{i18n.day(when.date(), language)}{'' if language == 'ja' else ','} {when:%H:%M}"


def comparison(shelf: Shelf, language: str) -> dict | None:
    """All that comparing two months of a pipeline shows, None without two months of figures.

    months, the oldest first: id, label, state; figures: group, name, unit, definition; cells: per month and figure
    value and interval; changes: per later month, earlier month and figure the arrow and the text ("" for none).
    """
    months = [one for one in reversed(shelf.months) if one.data is not None]
    data = [one.data for one in months]
    listed = between.figures(data)
    if len(months) < 2 or not listed:
        return None
    ids = [kpi_id for _, kpi_id in listed]
    heads = [_head(one, language) for one in months]
    told = [_figure(group, kpi_id, language) for group, kpi_id in listed]
    changes = [
        [[_change(before, after, kpi_id, language) for kpi_id in ids] for before in data[:place]]
        for place, after in enumerate(data)
    ]
    return {
        "months": heads,
        "figures": told,
        "cells": [[between.shown(one, kpi_id, language) for kpi_id in ids] for one in data],
        "changes": changes,
        "finding": _finding(heads, told, changes[-1][-1], language),
        "groups": [group != before for (before, _), (group, _) in pairwise([("", ""), *listed])],
    }


def _head(one: Published, language: str) -> dict:
    light = one.light.get(language, {}).get("state", "unknown")
    state = light if light in STATES else "unknown"
    label = month_label(parse_month(one.month), language)
    return {"id": one.month, "label": label, "state": i18n.word(f"board_quality.light.short_{state}", language)}


def _figure(group: str, kpi_id: str, language: str) -> dict:
    entry = kpi.find(kpi_id)
    return {
        "group": i18n.word(f"kpi_words.group.{group}", language),
        "name": kpi.name(kpi_id, language),
        "unit": between.unit(kpi_id, language),
        "definition": entry.definition_ja if language == "ja" else entry.definition_en,
    }


def _change(before: ReportData, after: ReportData, kpi_id: str, language: str) -> str:
    """Arrow and text in one: "↑ +3.4%"; without an interval the text alone, "" where nothing can be compared."""
    words = between.change(before, after, kpi_id, language)
    return f"{words['arrow']} {words['text']}".strip() if words["text"] != i18n.MISSING else ""


def _finding(months: Sequence[Mapping], figures: Sequence[Mapping], changes: Sequence[str], language: str) -> dict:
    """What changed clearly between the last two months, in words; the script says the same of any two.

    told: a sentence of counts; up, down: the names of the figures, each with its change.
    """
    named = {
        name: [
            i18n.aside(figure["name"], text.removeprefix(arrow), language)
            for figure, text in zip(figures, changes, strict=True)
            if text.startswith(arrow)
        ]
        for name, arrow in ARROWS.items()
    }
    counts = {name: len(found) for name, found in named.items()}
    first = i18n.sentence(
        "index.compare.finding", language, before=months[-2]["label"], after=months[-1]["label"], **counts
    )
    rest = len(changes) - sum(counts.values())
    told = [first, i18n.sentence("index.compare.rest", language, rest=rest) if rest else ""]
    return {
        "told": i18n.run_on(told, language),
        **{name: i18n.word("index.compare.between", language).join(named[name]) for name in ("up", "down")},
    }


def _embedded(told: Mapping) -> Markup:
    """What the script works on, as JSON that cannot end the element it stands in."""
    kept = {name: told[name] for name in ("months", "cells", "changes")}
    kept["names"] = [figure["name"] for figure in told["figures"]]
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
