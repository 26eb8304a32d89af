"""The report's tables and tiles as plain values, ready for the template; every number is formatted here, once."""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n, kpi, segments
from customerbase.periods import add_months, month_label, month_range
from customerbase.report.data import ReportData

TILES = ("revenue", "active_customers", "new_customers", "repeat_rate", "average_order_value", "purchase_frequency")
ARROWS = {kpi.CLEAR_UP: "↑", kpi.CLEAR_DOWN: "↓", kpi.NO_CLEAR_CHANGE: "→", kpi.UNKNOWN: ""}
SPARK_MONTHS = 13
# the KPIs that managers see every month, in this order; the dashboard and docs/kpis.md have all of them
REPORTED = {
    "customers": (
        "active_customers",
        "new_customers",
        "returning_customers",
        "reactivated_customers",
        "lost_customers",
        "repeat_rate",
        "retention_rate",
    ),
    "purchases": ("orders", "purchase_frequency", "average_order_value", "items_per_order", "price_per_item"),
    "money": ("revenue", "revenue_identified", "revenue_anonymous", "gross_margin", "top_decile_share"),
    "satisfaction": ("nps", "csat", "email_open_rate", "email_click_rate"),
    "data": ("rows_accepted", "reachable_by_email", "reachable_by_phone"),
}


def tiles(data: ReportData, language: str) -> list[dict]:
    """Six figures with change on last month and last year, goal, and the shape of the last 13 months."""
    return [_tile(data, kpi_id, language) for kpi_id in TILES]


def _tile(data: ReportData, kpi_id: str, language: str) -> dict:
    return {
        "name": kpi.name(kpi_id, language),
        "value": data.number(kpi_id, data.value(kpi_id), language),
        "changes": [
            (i18n.word(f"report.tile_{against}", language), _change(data, kpi_id, against, language))
            for against in ("last_month", "last_year")
        ],
        "interval": _interval(data, kpi_id, language),
        "n": _count(data.n(kpi_id)),
        "goal": _goal(data, kpi_id, language),
        "spark": _spark(data, kpi_id),
    }


def _change(data: ReportData, kpi_id: str, against: str, language: str) -> dict:
    return change_words(kpi_id, data.changes[(kpi_id, against)], language)


def change_words(kpi_id: str, row: Mapping, language: str) -> dict:
    """A change of a KPI (value, previous, verdict) as it is printed: text, arrow, and whether it is clear."""
    text = i18n.change(row["value"], row["previous"], kpi.unit(kpi_id), language)
    verdict = row["verdict"] if text != i18n.MISSING else kpi.UNKNOWN
    return {"text": text, "arrow": ARROWS[verdict], "certain": verdict in (kpi.CLEAR_UP, kpi.CLEAR_DOWN)}


def _goal(data: ReportData, kpi_id: str, language: str) -> str:
    goal, value = data.goal(kpi_id), data.value(kpi_id)
    if goal is None or value is None:
        return ""
    key = "report.goal_reached" if kpi.better(value, goal, kpi.find(kpi_id)) >= 0 else "report.goal_missed"
    return i18n.sentence(key, language, goal=data.number(kpi_id, goal, language))


def _spark(data: ReportData, kpi_id: str) -> str:
    """Points of a small line, 100 wide and 24 high; "" where fewer than three months are known."""
    found = data.kpis[(data.kpis["kpi"] == kpi_id) & data.kpis["value"].notna()]
    values = dict(zip(found["month"], found["value"].astype(float), strict=True))
    months = month_range(add_months(data.month, 1 - SPARK_MONTHS), data.month)
    known = [(place, values[month]) for place, month in enumerate(months) if month in values]
    if len(known) < 3:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    # at least a quarter of the height is the size of the figure itself, so that a quiet year looks quiet
    span = max(high - low, abs(high) / 4) or 1.0
    low = (low + high - span) / 2
    return " ".join(
        f"{place * 94 / (SPARK_MONTHS - 1) + 3:.1f},{21 - (value - low) / span * 18:.1f}" for place, value in known
    )


def reported(data: ReportData) -> list[tuple[str, str]]:
    """Group and id of the KPIs that the report prints: those of REPORTED with a value this month or one to compare with.

    What was never measured (no survey, no campaign, no known cost) has no row.
    """
    rows = ((data.changes[(kpi_id, against)], kpi_id) for kpi_id in kpi.KPIS for against in ("last_month", "last_year"))
    known = {kpi_id for row, kpi_id in rows if row["value"] is not None or row["previous"] is not None}
    return [(group, kpi_id) for group, ids in REPORTED.items() for kpi_id in ids if kpi_id in known]


def kpi_rows(data: ReportData, language: str) -> list[dict]:
    """The reported KPIs against last month and last year, with n and 95 % interval; exact. `group` heads the first of each."""
    rows, before = [], None
    for group, kpi_id in reported(data):
        head = i18n.word(f"kpi_words.group.{group}", language) if group != before else ""
        rows.append(_kpi_row(data, kpi_id, language) | {"group": head})
        before = group
    return rows


def _kpi_row(data: ReportData, kpi_id: str, language: str) -> dict:
    month, year = data.changes[(kpi_id, "last_month")], data.changes[(kpi_id, "last_year")]
    return {
        "name": kpi.name(kpi_id, language),
        "value": data.number(kpi_id, month["value"], language, exact=True),
        "last_month": data.number(kpi_id, month["previous"], language, exact=True),
        "last_year": data.number(kpi_id, year["previous"], language, exact=True),
        "vs_last_month": _change(data, kpi_id, "last_month", language),
        "vs_last_year": _change(data, kpi_id, "last_year", language),
        "n": _count(data.n(kpi_id)),
        "interval": _interval(data, kpi_id, language),
    }


def _interval(data: ReportData, kpi_id: str, language: str) -> str:
    row = data.changes[(kpi_id, "last_month")]
    return i18n.interval(row["low"], row["high"], kpi.unit(kpi_id), language, currency=data.currency)


def kpi_frame(data: ReportData, language: str) -> pd.DataFrame:
    """The same rows as a table of texts, for a notebook: arrows mark clear changes."""
    rows = [
        row | {key: f"{row[key]['arrow']} {row[key]['text']}".strip() for key in ("vs_last_month", "vs_last_year")}
        for row in kpi_rows(data, language)
    ]
    heads = {
        "group": "",
        "name": i18n.word("report.column.figure", language),
        "value": month_label(data.month, language),
        "last_month": i18n.word("report.column.last_month", language),
        "vs_last_month": i18n.word("report.vs_last_month", language),
        "last_year": i18n.word("report.column.last_year", language),
        "vs_last_year": i18n.word("report.vs_last_year", language),
        "n": i18n.word("report.column.n", language),
        "interval": i18n.word("report.column.interval", language),
    }
    return pd.DataFrame(rows, columns=list(heads)).rename(columns=heads)


def comparison_gaps(data: ReportData, language: str) -> list[str]:
    """Sentences on what there is nothing to compare with."""
    return [
        i18n.word(f"report.empty.{against}", language)
        for against in ("last_month", "last_year")
        if data.value("revenue") is not None and data.changes[("revenue", against)]["previous"] is None
    ]


def segment_rows(data: ReportData, language: str) -> list[dict]:
    """Size, change, share, spend and silence of each segment; cells below k_min read <k_min, others withheld for their sake *."""
    ranked = sorted(data.rows("segment_summary"), key=lambda row: (-row["customers"], row["segment"]))
    return [_segment_row(data, row, language) for row in ranked]


def _segment_row(data: ReportData, row: dict, language: str) -> dict:
    withheld = row["segment"] in data.withheld_segments
    small = 0 < row["customers"] < data.k_min
    before = row["previous_customers"]
    comparable = before is not None and not withheld and not 0 < before < data.k_min
    return {
        "code": row["segment"],
        "name": segments.name(row["segment"], language),
        "customers": (f"<{data.k_min}" if small else "*") if withheld else _count(row["customers"]),
        "change": _signed(row["customers"] - before) if comparable else i18n.MISSING,
        "share": i18n.MISSING if withheld else i18n.number(row["share"], "rate", language, exact=True),
        "interval": i18n.MISSING if withheld else i18n.interval(row["share_low"], row["share_high"], "rate", language),
        "net_spend": i18n.MISSING if withheld else data.money(row["net_spend"], language, exact=True),
        "silence": i18n.MISSING if withheld else _days(row["median_days_since_last_order"]),
    }


def segment_total(data: ReportData, language: str) -> dict | None:
    """The total row; the cells withheld are chosen so that it gives none back. None without segments."""
    rows = data.rows("segment_summary")
    if not rows:
        return None
    return {
        "customers": _count(sum(row["customers"] for row in rows)),
        "net_spend": data.money(sum(row["net_spend"] for row in rows), language, exact=True),
    }


def _count(value: object) -> str:
    return i18n.MISSING if i18n.missing(value) else f"{int(value):,}"


def _days(value: object) -> str:
    return i18n.MISSING if i18n.missing(value) else f"{float(value):,.1f}".removesuffix(".0")


def _signed(difference: int) -> str:
    return i18n.number(int(difference), "number", "en", exact=True, signed=True).removesuffix(".00")


def second_purchases(data: ReportData, language: str) -> str:
    """How many first-time customers ordered again, by window; "" before one can be told."""
    told = kpi.second_purchase_texts(data.kpis, language, k_min=data.k_min) if len(data.kpis) else []
    parts = [i18n.sentence("second_purchase.part", language, **one) for one in told if one["share"] != i18n.MISSING]
    between = i18n.word("second_purchase.between", language)
    return i18n.sentence("second_purchase.told", language, parts=between.join(parts)) if parts else ""
