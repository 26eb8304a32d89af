"""The three sentences on top: what happened, why, what to do next. Every word of direction follows from a sign."""

import numpy as np

import customerbase.report.goals as goals
import customerbase.report.trust as trust
from customerbase import i18n, kpi, segments
from customerbase.intervals import difference, poisson
from customerbase.periods import month_label
from customerbase.report.data import ReportData
from customerbase.report.quality import reason_text

WORTH_NAMING = 0.1  # a part of the change below this share of it is left out of the sentence
FALLS = ("revenue", "retention_rate", "new_customers", "active_customers")  # falls worth a look, the gravest first
WATCHED = ("cant_lose", "at_risk")  # segments whose growth calls for action, the dearest first


def sentences(data: ReportData, language: str) -> list[tuple[str, str]]:
    """[(what happened …, sentence), (why …, sentence), (what to do next …, sentence)]."""
    makers = {"happened": happened, "why": why, "next": next_step}
    return [(i18n.word(f"report.{name}", language), make(data, language)) for name, make in makers.items()]


def happened(data: ReportData, language: str) -> str:
    """Revenue of the month against last month and last year; a change within its interval is no clear change."""
    month, value = month_label(data.month, language), data.value("revenue")
    if value is None:
        return i18n.sentence("headline.none", language, month=month)
    shown = data.money(value, language)
    known = [
        row
        for row in (data.changes[("revenue", against)] for against in ("last_month", "last_year"))
        if row["change_ratio"] is not None
    ]
    if not known:
        return i18n.sentence("headline.only", language, month=month, value=shown)
    first = i18n.sentence(
        f"headline.{_verdict(known[0])}",
        language,
        month=month,
        value=shown,
        than=i18n.word(f"headline.{known[0]['against']}", language),
        change=_size(known[0], language),
    )
    return i18n.run_on([first, *(_also(known[0], row, language) for row in known[1:])], language)


def _also(first: dict, row: dict, language: str) -> str:
    verdict = _verdict(row)
    contrast = verdict == kpi.NO_CLEAR_CHANGE and _verdict(first) != kpi.NO_CLEAR_CHANGE
    key = f"headline.also_first_{verdict}" if contrast else f"headline.also_{verdict}"
    than = i18n.word(f"headline.{row['against']}", language)
    return i18n.sentence(key, language, than=than, change=_size(row, language))


def _verdict(row: dict) -> str:
    """up, down or no_clear_change; without an interval the sign decides, as shown to one decimal."""
    if row["verdict"] != kpi.UNKNOWN:
        return row["verdict"]
    if abs(row["change_ratio"]) < 0.0005:
        return kpi.NO_CLEAR_CHANGE
    return kpi.CLEAR_UP if row["change"] > 0 else kpi.CLEAR_DOWN


def _size(row: dict, language: str) -> str:
    clear = _verdict(row) != kpi.NO_CLEAR_CHANGE
    ratio = abs(row["change_ratio"]) if clear else row["change_ratio"]
    return i18n.number(ratio, "rate", language, signed=not clear)


def why(data: ReportData, language: str) -> str:
    """The change on last month as customers × frequency × order value (and anonymous sales), largest part first."""
    if not data.parts:
        return i18n.word("headline.why_unknown", language)
    if _verdict(data.changes[("revenue", "last_month")] | {"change_ratio": 0}) == kpi.NO_CLEAR_CHANGE:
        return _behind(data, language)
    total = sum(part["contribution"] for part in data.parts)
    ranked = sorted(data.parts, key=lambda part: (-part["contribution"] * np.sign(total), part["part"]))
    main, others = ranked[0], [p for p in ranked[1:] if abs(p["contribution"]) >= WORTH_NAMING * abs(total)]
    key = "headline.why_up" if total > 0 else "headline.why_down"
    first = i18n.sentence(
        key,
        language,
        total=data.money(total, language, signed=True),
        factor=_factor(main, language),
        part=data.money(main["contribution"], language, signed=True),
    )
    if not others:
        return first
    return i18n.run_on(
        [first, i18n.sentence("headline.why_others", language, others=_listed(data, others, language))], language
    )


def _behind(data: ReportData, language: str) -> str:
    """An unclear total may hide factors that changed clearly and cancel each other."""
    clear = [
        part
        for part in data.parts
        if part["contribution"]
        and data.changes[(part["part"], "last_month")]["verdict"] in (kpi.CLEAR_UP, kpi.CLEAR_DOWN)
    ]
    if not clear:
        return i18n.word("headline.why_same", language)
    return i18n.sentence("headline.why_hidden", language, factors=_listed(data, clear, language))


def _listed(data: ReportData, parts: list[dict], language: str) -> str:
    return i18n.join(
        [
            i18n.sentence(
                "headline.why_part",
                language,
                factor=_factor(part, language),
                part=data.money(part["contribution"], language, signed=True),
            )
            for part in parts
        ],
        language,
    )


def _factor(part: dict, language: str) -> str:
    return i18n.word(f"headline.factor_{'up' if part['contribution'] > 0 else 'down'}.{part['part']}", language)


def next_step(data: ReportData, language: str) -> str:
    """What to do next: trust the data, then keep customers, then reach goals, then look into a fall; or nothing."""
    for rule in (_about_data, _about_segments, _about_goals, _about_a_fall, _about_a_kpi):
        if said := rule(data, language):
            return said
    alone = data.changes[("revenue", "last_month")]["previous"] is None
    return i18n.word("headline.next_wait" if alone else "headline.next_nothing", language)


def _about_data(data: ReportData, language: str) -> str:
    found = {ground.name: ground for ground in trust.grounds(data)}
    if "unbalanced" in found:
        return i18n.word("headline.next_unbalanced", language)
    if ground := found.get("missing"):
        return i18n.sentence("headline.next_missing", language, groups=trust.group_names(ground, language))
    if (ground := found.get("aside")) is None:
        return ""
    return i18n.sentence(
        "headline.next_data",
        language,
        share=i18n.number(ground.facts["share"], "rate", language),
        rows=trust.rows_text(ground.facts["rows"], language),
        reason=reason_text(ground.facts["reason"], language),
    )


def _about_segments(data: ReportData, language: str) -> str:
    found = {row["segment"]: row for row in data.rows("segment_summary")}
    for code in WATCHED:
        row = found.get(code)
        if (
            row is None
            or row["previous_customers"] is None
            or code in data.withheld_segments
            or row["previous_customers"] < data.k_min
        ):
            continue
        now, then = int(row["customers"]), int(row["previous_customers"])
        low, _ = difference(now, *poisson(now), then, *poisson(then))
        if low > 0:
            entry = segments.find(code)
            return i18n.sentence(
                "headline.next_segment",
                language,
                segment=segments.name(code, language),
                customers=i18n.number(now, "people", language),
                more=i18n.number(now - then, "people", language, signed=True),
                todo=entry.todo_ja if language == "ja" else entry.todo_en,
            )
    return ""


def _about_goals(data: ReportData, language: str) -> str:
    """The goal that is missed by most; of one with a date its chance, unless it is on track or too early to say."""
    missed = [(gap, kpi_id) for kpi_id in data.goals if (gap := _gap(data, kpi_id)) > 0]
    if not missed:
        return ""
    gap, kpi_id = max(missed)
    if (row := data.goal_rows.get(kpi_id)) and row["probability"] is not None:
        return goals.chance_sentence(data, row, language)
    is_rate = kpi.unit(kpi_id) == "rate"
    short = (
        i18n.points(data.goal(kpi_id) * gap, language, signed=False) if is_rate else i18n.number(gap, "rate", language)
    )
    return i18n.sentence(
        "headline.next_goal",
        language,
        kpi=kpi.name(kpi_id, language),
        gap=short,
        goal=data.number(kpi_id, data.goal(kpi_id), language),
    )


def _gap(data: ReportData, kpi_id: str) -> float:
    """How far a KPI is from its goal, as a share of the goal; 0 where its interval holds it, or it is on track."""
    row, goal, entry = data.changes.get((kpi_id, "last_month")), data.goal(kpi_id), kpi.find(kpi_id)
    if not (row and goal and row["value"] is not None):
        return 0.0
    state = data.goal_rows.get(kpi_id, {}).get("status", kpi.OPEN)
    if state not in (kpi.OPEN, kpi.AT_RISK, kpi.UNLIKELY):
        return 0.0
    best = row["high" if entry.higher_is_better else "low"]
    if state == kpi.OPEN and kpi.better(row["value"] if best is None else best, goal, entry) >= 0:
        return 0.0
    return max(kpi.better(goal, row["value"], entry) / abs(goal), 1e-9 if state != kpi.OPEN else 0.0)


def _about_a_fall(data: ReportData, language: str) -> str:
    if not data.parts or data.changes[("revenue", "last_month")]["verdict"] != kpi.CLEAR_DOWN:
        return ""
    worst = min(data.parts, key=lambda part: (part["contribution"], part["part"]))
    return i18n.sentence(
        "headline.next_factor",
        language,
        factor=_factor(worst, language),
        part=data.money(worst["contribution"], language, signed=True),
    )


def _about_a_kpi(data: ReportData, language: str) -> str:
    """The first of the figures that matter which is clearly down, on last month or on last year."""
    for kpi_id, against in ((kpi_id, against) for against in ("last_month", "last_year") for kpi_id in FALLS):
        row = data.changes[(kpi_id, against)]
        if row["verdict"] == kpi.CLEAR_DOWN:
            return i18n.sentence(
                "headline.next_kpi",
                language,
                kpi=kpi.name(kpi_id, language),
                than=i18n.word(f"headline.{against}", language),
                change=i18n.change(row["value"], row["previous"], kpi.unit(kpi_id), language),
            )
    return ""
