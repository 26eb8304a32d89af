"""The page: sections in their fixed order, one self-contained HTML file per language."""

import html
import re
from functools import cache, partial
from pathlib import Path
from types import ModuleType

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import customerbase.report.actions as actions
import customerbase.report.attributes as attributes
import customerbase.report.audiences as audiences
import customerbase.report.budget as budget
import customerbase.report.campaigns as campaigns
import customerbase.report.captions as captions
import customerbase.report.evidence as evidence
import customerbase.report.figures as figures
import customerbase.report.fonts as fonts
import customerbase.report.goals as goals
import customerbase.report.good as good
import customerbase.report.groups as groups
import customerbase.report.headline as headline
import customerbase.report.identity as identity
import customerbase.report.inquiries as inquiries
import customerbase.report.late as late
import customerbase.report.mix as mix
import customerbase.report.movement as movement
import customerbase.report.offers as offers
import customerbase.report.quality as quality
import customerbase.report.risk as risk
import customerbase.report.satisfaction as satisfaction
import customerbase.report.sections as sections
import customerbase.report.tree as tree
import customerbase.report.triggers as triggers
import customerbase.report.trust as trust
import customerbase.report.uplift as uplift
import customerbase.report.value as value
import customerbase.report.voice as voice
from customerbase import i18n, kpi
from customerbase.periods import month_label
from customerbase.report.data import ReportData

TEMPLATES = Path(__file__).parent.parent / "templates"
FONT_SLOT = "/*fonts*/"
ACTS = ("audiences", "triggers", "budget", "campaigns", "uplift")  # what is done with all that, and what came of it
SECTIONS = (
    *("summary", "tiles", "trend", "kpi", "goals", "segments", "groups", "value", "risk", "migration", "cohorts"),
    *("attributes", "mix", "good", "offers", "satisfaction", "voice", "inquiries", *ACTS),
    *("identity", "quality", "definitions", "made"),
)
OPTIONAL = ("goals", "groups", "risk", "mix", "good", "offers", "satisfaction", "voice", "inquiries", *ACTS)


def build(data: ReportData, language: str, draw: ModuleType) -> str:
    """The month's report as one HTML page: no request, no script, fonts and figures inside.

    draw: customerbase.charts, which draws the figures. Everything that comes from data is escaped. The sister page in
    the other language is linked as report.<language>.html in the same folder.
    """
    return page(contents(data, language, draw))


def page(told: dict[str, object]) -> str:
    """The report of what `contents` told, as one HTML page."""
    shown = [name for name in SECTIONS if has(told, name)]
    text = join_signs(environment().get_template("report.html.j2").render(told, sections=shown))
    return text.replace(FONT_SLOT, fonts.css(visible_text(text)), 1)


def has(told: dict[str, object], name: str) -> bool:
    """Whether a section stands in the report: those of a page that was not run are left out."""
    return name not in OPTIONAL or told[name] is not None


def section(told: dict[str, object], name: str) -> str:
    """One section of the report as an HTML fragment, for pages that show parts of it; '' for one that is left out."""
    if not has(told, name):
        return ""
    return join_signs(environment().get_template(f"sections/{name}.html.j2").render(told))


def styles(told: dict[str, object]) -> str:
    """The style sheet of the report, for pages that show sections of it."""
    return environment().get_template("report.css.j2").render(told)


def join_signs(text: str) -> str:
    """No line may end between a sign and its amount."""
    return re.sub("([+−])([¥£$€])", "\\1\N{WORD JOINER}\\2", text)


def contents(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """All that a month's report says and shows in one language, by the names that the templates use."""
    i18n.check_language(language)
    return {
        "language": language,
        "sister": next(other for other in i18n.LANGUAGES if other != language),
        "word": partial(_word, language),
        "company": data.title[language],
        "month": month_label(data.month, language),
        "as_of": i18n.day(data.as_of, language),
        "day": data.as_of,
        "incomplete": _incomplete(data, language),
        "light": trust.told(data, language),
        "sentences": headline.sentences(data, language),
        "tiles": sections.tiles(data, language),
        "kpi_rows": sections.kpi_rows(data, language) if len(data.kpis) else [],
        "second_purchases": sections.second_purchases(data, language),
        "gaps": sections.comparison_gaps(data, language),
        "segment_rows": sections.segment_rows(data, language),
        "segment_total": sections.segment_total(data, language),
        "groups": groups.lines(data, language),
        "group_rows": groups.rows(data, language),
        "groups_left_out": groups.left_out(data, language),
        "value": value.lines(data, language),
        "value_groups": value.groups(data, language, draw),
        "value_second": value.second(data, language, draw),
        "risk": risk.lines(data, language),
        "risk_groups": risk.groups(data, language, draw),
        "risk_outcomes": risk.outcomes(data, language, draw),
        "quality": quality.box(data, language),
        "late": late.told(data, language),
        "definitions": _definitions(data, language),
        "made": _made(data, language),
        "trend": figures.trend(data, language, draw),
        "tree": tree.picture(data, language, draw),
        "tree_lines": tree.lines(data, language),
        "movers": tree.mover_rows(data, "last_month", language),
        "segment_bars": figures.segment_bars(data, language, draw),
        "cohorts": figures.cohorts(data, language, draw),
        "attributes": attributes.pictures(data, language, draw),
        "mix": mix.lines(data, language),
        "mix_picture": mix.picture(data, language, draw),
        "good": good.lines(data, language),
        "good_picture": good.picture(data, language, draw),
        "offers": offers.lines(data, language),
        "offer_rows": offers.rows(data, language),
        "offer_picture": offers.picture(data, language, draw),
        "offer_cross": offers.crossing(data, language, draw),
        "identity": identity.lines(data, language),
        "overlap": identity.overlap(data, language, draw),
        "segment_colors": draw.SEGMENT_COLORS,
        "running": _running(data, language),
        "svg": Markup,
        **_opinions(data, language, draw),
        **_acts(data, language, draw),
        **_goals(data, language, draw),
        **_movement(data, language, draw),
        **captions.told(data, language, draw),
    }


def _opinions(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    return {
        **satisfaction.told(data, language, draw),
        "voice": voice.lines(data, language),
        "voice_quotes": voice.quotes(data, language),
        "voice_note": i18n.sentence("voice.quotes_note", language, k=data.k_min),
        "voice_picture": voice.picture(data, language, draw),
        **inquiries.contents(data, language, draw),
    }


def _acts(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    return {
        **audiences.told(data, language, draw),
        **triggers.contents(data, language, draw),
        **budget.told(data, language, draw),
        **campaigns.contents(data, language, draw),
        **uplift.told(data, language, draw),
    }


def _goals(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    return {
        "goals": goals.lines(data, language),
        "goal_rows": goals.goal_rows(data, language),
        "goal_pictures": goals.pictures(data, language, draw),
        "open_actions": actions.open_rows(data, language),
        "past_actions": actions.past_rows(data, language),
        "evidence": evidence.rows(data, language),
    }


def _movement(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What page 07b tells; in a pipeline without it, page 04's matrix of the last month."""
    flow = movement.picture(data, language, draw)
    return {
        "movement": movement.lines(data, language),
        "flow": flow,
        "moves": movement.moves(data, language) or figures.moves(data, language),
        "migration": None if flow else figures.migration(data, language, draw),
    }


def frame(page: str, height: int = 900) -> str:
    """The page inside a frame of its own, for showing it in a notebook without its styles spreading."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" style="width:100%;height:{height}px;border:1px solid #d5d8dd"></iframe>'
    )


@cache
def environment() -> Environment:
    """The templates; whatever they fill in is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def visible_text(page: str) -> str:
    """All characters a browser may show of a page: text, and attributes that carry words."""
    words = re.findall(r'(?:data-label|content|aria-label)="([^"]*)"', page)
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<style.*?</style>", "", page, flags=re.S)) + "".join(words))


def _word(language: str, key: str, **values: object) -> str:
    return i18n.sentence(key, language, **values)


def _running(data: ReportData, language: str) -> Markup:
    """The running title of printed pages, inside a CSS string: anything but plain characters is written as code."""
    text = f"{data.title[language]} · {i18n.word('report.title', language)} · {month_label(data.month, language)}"
    return Markup("".join(c if c.isalnum() or c in " ·・、。-" else f"\\{ord(c):x} " for c in text))  # noqa: S704


def _incomplete(data: ReportData, language: str) -> str:
    """A warning when the data end days before the month does."""
    if data.data_until is None or (data.as_of - data.data_until).days < trust.DAYS_MISSING:
        return ""
    return i18n.sentence("report.incomplete", language, date=i18n.day(data.data_until, language))


def _definitions(data: ReportData, language: str) -> list[tuple[str, str]]:
    japanese = language == "ja"
    terms = [
        (kpi.name(entry.id, language), entry.definition_ja if japanese else entry.definition_en)
        for entry in (kpi.find(kpi_id) for _, kpi_id in sections.reported(data))
    ]
    keys = (
        ("segments", "segments"),
        ("value", "value"),
        ("stake", "stake"),
        ("migration", "migration"),
        ("cohorts", "cohorts"),
        ("identity", "identity"),
    )
    terms += [(i18n.word(f"report.{name}", language), i18n.word(f"definition.{key}", language)) for name, key in keys]
    leaving = [*groups.terms(data, language), *risk.terms(data, language)]
    notes = [i18n.word("definition.interval", language)] + (
        [i18n.word("risk.interval", language)] if risk.terms(data, language) else []
    )
    notes.append(i18n.sentence("definition.suppressed", language, k=data.k_min))
    return [*terms, *leaving, (i18n.word("report.reading", language), ("" if japanese else " ").join(notes))]


def _made(data: ReportData, language: str) -> list[tuple[str, str]]:
    until = i18n.day(data.data_until, language) if data.data_until else i18n.MISSING
    facts = {
        "made.pipeline": data.pipeline,
        "made.run": data.run_id or i18n.MISSING,
        "made.as_of": i18n.day(data.as_of, language),
        "made.data_until": until,
        "made.tables": ", ".join(data.tables),
    }
    return [(i18n.word(key, language), value) for key, value in facts.items()]
