"""Lifetime value and value at risk by group, as tables; groups that are small, or would give a small one away, are left out."""

from types import ModuleType

import numpy as np
import pandas as pd

import customerbase.churn.looks as leaving
from customerbase import i18n, segments
from customerbase.cltv import worth
from customerbase.dashboards.part import Column, Table
from customerbase.disclosure import suppress_rows
from customerbase.prediction.reasons import title as topic
from customerbase.report import ReportData

RANGE = 0.8  # of what may happen lies within these intervals
WORTH, RISK = ("segment", "channel", "cohort"), ("segment", "risk_band")


def worth_tables(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table]:
    """Dimension -> customers and their lifetime value (without amounts: expected purchases) by its groups."""
    table = data.tables.get("cltv_groups")
    whole = worth.everybody(table) if table is not None and len(table) else None
    if whole is None or whole["customers"] < data.k_min:
        return {}
    found = {}
    for dimension in WORTH:
        withheld = frozenset(data.withheld_segments) if dimension == "segment" else frozenset()
        rows = worth.by(table, dimension, data.k_min, withheld)
        if len(rows):
            all_shown = len(rows) == (table["dimension"] == dimension).sum()
            found[dimension] = _worth(data, dimension, rows, all_shown, language, draw)
    return found


def _worth(
    data: ReportData, dimension: str, rows: pd.DataFrame, all_shown: bool, language: str, draw: ModuleType
) -> Table:
    measure = worth.measure_of(data.tables["cltv_groups"])
    money = measure == "cltv"
    unit = "money" if money else "times"
    columns = (
        _group(dimension, language),
        Column("customers", i18n.word("cltv.column.customers", language), "count"),
        Column("share", i18n.word("board_value.share", language), "rate"),
        Column("p_alive", i18n.word("board_value.p_alive", language), "rate"),
        Column(measure, i18n.word(f"cltv.column.{measure}", language), unit),
        Column("interval", i18n.word("board_value.interval_80", language), "figure"),
        Column("value_share", i18n.word("board_value.value_share", language), "rate"),
        Column("each", i18n.word(f"cltv.column.{'each' if money else 'each_purchases'}", language), unit),
        *([Column("at_stake", i18n.word("cltv.column.at_stake", language), "money")] if money else ()),
    )
    cells = tuple(
        (
            _name(dimension, str(row["value"]), language),
            int(row["customers"]),
            *_numbers(row, "share", "p_alive", measure),
            i18n.interval(row[f"{measure}_low"], row[f"{measure}_high"], unit, language, currency=data.currency),
            *_numbers(row, "value_share", "each", *(("at_stake",) if money else ())),
        )
        for _, row in rows.iterrows()
    )
    people = int(worth.everybody(data.tables["cltv_groups"])["customers"])
    words = i18n.word(f"definition.{'value' if money else 'purchases_ahead'}", language)
    caption = draw.caption(worth.by, "cltv_groups", data.as_of, people, language, RANGE, definition=words)
    title = i18n.sentence("board_value.worth_by", language, by=_by(dimension, language))
    sort = "group" if dimension == "cohort" else f"-{measure}"
    return Table(title, columns, cells, caption + _left(all_shown, data, language), sort, data.currency)


def risk_tables(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table]:
    """Dimension -> customers, their risk of leaving and what would be lost by its groups."""
    table = data.tables.get("churn_groups")
    whole = leaving.everybody(table) if table is not None and len(table) else None
    if whole is None or whole["customers"] < data.k_min or not data.rows("churn"):
        return {}
    found = {}
    for dimension in RISK:
        withheld = frozenset(quiet(data)) if dimension == "segment" else frozenset()
        rows = leaving.by(table, dimension, data.k_min, withheld)
        if len(rows):
            all_shown = len(rows) == (table["dimension"] == dimension).sum()
            found[dimension] = _risk(data, dimension, rows, all_shown, language, draw)
    return found


def quiet(data: ReportData) -> set[str]:
    """Segments whose customers at risk are not told: with their size, known elsewhere, few would be left over."""
    sizes = {str(row["segment"]): int(row["customers"]) for row in data.rows("segment_summary")}
    rows = [row for row in data.rows("churn_groups") if row["dimension"] == "segment"]
    scored = {str(row["value"]): int(row["customers"]) for row in rows}
    names = sorted({*sizes, *scored})
    counts = [(scored.get(one, 0), max(sizes.get(one, 0) - scored.get(one, 0), 0)) for one in names]
    hidden = suppress_rows(np.array(counts).reshape(-1, 2), data.k_min)
    return data.withheld_segments | {one for one, hide in zip(names, hidden, strict=True) if hide}


def _risk(
    data: ReportData, dimension: str, rows: pd.DataFrame, all_shown: bool, language: str, draw: ModuleType
) -> Table:
    money = leaving.has_value(data.tables["churn_groups"])
    interval = i18n.word("board_value.interval_80", language)
    value = (
        Column("value_at_risk", i18n.word("board_value.at_risk", language), "money"),
        Column("value_interval", interval, "figure"),
    )
    columns = (
        _group(dimension, language),
        Column("customers", i18n.word("churn.column.customers", language), "count"),
        Column("probability", i18n.word("board_value.probability", language), "rate"),
        Column("leavers", i18n.word("board_value.leavers", language), "count"),
        Column("leavers_interval", interval, "figure"),
        *(value if money else ()),
        Column("share", i18n.word("board_value.share_of_risk", language), "rate"),
        Column("reasons", i18n.word("churn.column.reasons", language)),
    )
    cells = tuple(
        (
            _name(dimension, str(row["value"]), language),
            int(row["customers"]),
            float(row["probability"]),
            *_leavers(row, data.k_min, language),
            *(_amounts(data, row, language) if money else ()),
            *_numbers(row, "share"),
            i18n.join([topic(row[f"reason_{k}"], language) for k in (1, 2, 3) if isinstance(row[f"reason_{k}"], str)], language),
        )
        for _, row in rows.iterrows()
    )  # fmt: skip
    people = int(leaving.everybody(data.tables["churn_groups"])["customers"])
    days = int(data.rows("churn")[0]["horizon_days"])
    words = "; ".join([i18n.sentence("churn.definition", language, days=days), i18n.word("churn.risk", language)])
    caption = draw.caption(leaving.by, "churn_groups", data.as_of, people, language, RANGE, definition=words)
    title = i18n.sentence("board_value.risk_by", language, by=_by(dimension, language))
    sort = "-value_at_risk" if money else "-leavers"
    return Table(title, columns, cells, caption + _left(all_shown, data, language), sort, data.currency)


def _leavers(row: pd.Series, k_min: int, language: str) -> tuple[int | str, str]:
    """How many are expected to leave, with the interval; fewer than k_min are called so, estimated as they are."""
    expected = round(float(row["leavers"]))
    if 0 < expected < k_min:
        return f"<{k_min}", i18n.MISSING
    return expected, i18n.interval(row["leavers_low"], row["leavers_high"], "people", language)


def _amounts(data: ReportData, row: pd.Series, language: str) -> tuple:
    ends = (row["value_at_risk_low"], row["value_at_risk_high"])
    return float(row["value_at_risk"]), i18n.interval(*ends, "money", language, currency=data.currency)


def _by(dimension: str, language: str) -> str:
    """What the groups are, within a sentence."""
    word = i18n.word(f"board_value.by_{dimension}", language)
    return word[:1].lower() + word[1:]


def _group(dimension: str, language: str) -> Column:
    return Column(
        "group", i18n.word(f"board_value.by_{dimension}", language), "month" if dimension == "cohort" else "text"
    )


def _name(dimension: str, value: str, language: str) -> str:
    """What people call a group; anything unknown as it stands."""
    if dimension == "segment":
        return segments.name(value, language) if value in segments.codes() else value
    if dimension == "risk_band":
        return leaving.band(value, language)
    return f"{value}-01" if dimension == "cohort" else i18n.word_or(f"value.{value}", language, value)


def _numbers(row: pd.Series, *names: str) -> tuple[float | None, ...]:
    return tuple(None if i18n.missing(row[name]) else float(row[name]) for name in names)


def _left(all_shown: bool, data: ReportData, language: str) -> str:
    return "" if all_shown else i18n.sentence("worth.left_out", language, k=data.k_min)
