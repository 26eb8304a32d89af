"""The due calendar of the repurchase clock: whom to contact in which week about what, and the best day for each thing."""

from datetime import timedelta
from types import ModuleType

import numpy as np
import pandas as pd

import customerbase.propensity.repurchase.looks as looks
from customerbase import i18n, propensity
from customerbase.dashboards.part import Column, Table
from customerbase.dashboards.pieces import empty, figure, heading, sentences
from customerbase.disclosure import suppress, suppress_parts
from customerbase.report import ReportData
from customerbase.report.figures import Picture

WEEK, MOST = 7, 12  # days; things in a picture
OBSERVED = 0.95
WIDE = 7.2  # inches


def said(data: ReportData, language: str, draw: ModuleType) -> str:
    """What falls due in the next five weeks, when things are bought again, and the best days to contact; or what is missing."""
    head, things = heading("board_value.due", language), _things(data)
    if things is None or not len(things):
        return head + empty("board_value.no_clock" if things is None else "board_value.nothing_again", language)
    lines = [
        (i18n.word("board_value.ahead", language), _ahead(data, language)),
        (i18n.word("board_value.again", language), looks.things_title(things, language) + i18n.word("board_value.stop", language)),
    ]  # fmt: skip
    drawn = best(data, language, draw)
    return head + sentences(lines) + (figure(drawn, "best") if drawn else "")


def tables(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table | None]:
    """Contacts by thing and week ahead, and the clock of each thing; None where there is nothing yet."""
    things = _things(data)
    if things is None or not len(things):
        return {}
    return {"due_weeks": weeks(data, language, draw), "due_things": clocks(data, language, draw)}


def best(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Peak and best day to contact of each thing; None without one."""
    rows = _things(data)
    rows = rows[rows["best_day"].notna()].head(MOST)
    if not len(rows):
        return None
    rows = rows.sort_values(["peak_day", "best_day", "thing"], na_position="last", kind="stable")
    rows = rows.assign(name=[looks.name_of(row, language) for _, row in rows.iterrows()])
    look = {"title": "", "caption": "", "language": language}
    drawn = [draw.svg(draw.best_days(rows, width=width, **look)) for width in (WIDE, draw.WIDTHS["phone"])]
    measure = i18n.word("board_value.best_measure", language)
    words, n = i18n.word("clock.definition.things", language), int(rows["purchases"].sum())
    caption = draw.caption(propensity.clock, "repurchase_things", data.as_of, n, language, OBSERVED, definition=words)
    return Picture(looks.best_title(rows, language), measure, caption, *drawn)


def by_week(data: ReportData, measure: str) -> pd.DataFrame:
    """A measure of repurchase_calendar by thing (those that may be told, fullest first) and week ahead (0 to 4)."""
    known, table = list(_things(data)["thing"]), data.tables.get("repurchase_calendar")
    if table is None or not len(table):
        return pd.DataFrame(index=pd.Index([], name="thing"))
    rows = table[table["thing"].isin(known)]
    week = ((rows["days_ahead"].astype(int) - 1) // WEEK).rename("week")
    wide = rows[measure].astype(float).groupby([rows["thing"], week]).sum().unstack(fill_value=0.0)
    order = wide.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return wide.loc[order]


def withheld(counts: pd.DataFrame, k_min: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the cells by thing and week, and of the sums by week, that must not be told beside each other and the sum of all."""
    cells = counts.to_numpy(dtype=int)
    sums = suppress_parts(cells.sum(axis=0), k_min) if cells.size else np.zeros(0, dtype=bool)
    return (suppress(cells, k_min) if cells.size else np.zeros(cells.shape, dtype=bool)) | sums[None, :], sums


def weeks(data: ReportData, language: str, draw: ModuleType) -> Table | None:
    """Contacts that fall due by thing and week, all things first; beside them the purchases expected in these weeks."""
    contacts, expected = by_week(data, "contacts"), by_week(data, "expected_purchases")
    if not len(contacts):
        return None
    hidden, sums = withheld(contacts, data.k_min)
    days = [data.as_of + timedelta(days=1 + WEEK * int(week)) for week in contacts.columns]
    note = i18n.word("clock.definition.contacts", language)
    columns = (
        Column("thing", i18n.word("clock.column.thing", language)),
        *(
            Column(f"week_{place}", i18n.sentence("board_value.week_of", language, day=_short(day, language)), "count", note)
            for place, day in enumerate(days, 1)
        ),
        Column(
            "expected", i18n.word("board_value.expected", language), "number",
            i18n.word("clock.definition.expected_purchases", language),
        ),
    )  # fmt: skip
    names = {row["thing"]: looks.name_of(row, language) for _, row in _things(data).iterrows()}
    whole = _row(contacts.sum(axis=0), sums, data.k_min)
    rows = [(i18n.word("board_value.all_things", language), *whole, float(expected.to_numpy().sum()))]
    for place, thing in enumerate(contacts.index):
        cells = _row(contacts.loc[thing], hidden[place], data.k_min)
        rows.append((names[thing], *cells, float(expected.loc[thing].sum())))
    caption = draw.caption(propensity.clock, "repurchase_calendar", data.as_of, None, language, definition=note)
    caption += i18n.sentence("board_value.withheld", language, k=data.k_min) if hidden.any() or sums.any() else ""
    return Table(i18n.word("board_value.due_weeks", language), columns, tuple(rows), caption)


def clocks(data: ReportData, language: str, draw: ModuleType) -> Table:
    """Each thing: customers, repeat purchases, share bought again within 30 days, peak and best day with their intervals."""
    interval = i18n.word("board_value.interval_95", language)
    columns = (
        Column("thing", i18n.word("clock.column.thing", language)),
        Column("customers", i18n.word("clock.column.customers", language), "count"),
        Column("repeats", i18n.word("clock.column.repeats", language), "count"),
        Column("share_30d", i18n.word("board_value.again_30", language), "rate"),
        Column("share_interval", interval, "figure"),
        Column("verdict", i18n.word("clock.column.verdict", language)),
        Column(
            "peak", i18n.word("board_value.peak_day", language), "days", i18n.word("clock.definition.things", language)
        ),
        Column("peak_interval", interval, "figure"),
        Column("best", i18n.word("board_value.best_day", language), "days"),
        Column("good", i18n.word("board_value.good_days", language), "figure"),
    )
    rows = tuple(_clock(row, data.k_min, language) for _, row in _things(data).iterrows())
    n, words = int(_things(data)["purchases"].sum()), i18n.word("clock.definition.things", language)
    caption = draw.caption(propensity.clock, "repurchase_things", data.as_of, n, language, OBSERVED, definition=words)
    return Table(i18n.word("board_value.due_things", language), columns, rows, caption)


def _clock(row: pd.Series, k_min: int, language: str) -> tuple:
    repeats = int(row["repeats"])
    return (
        looks.name_of(row, language),
        int(row["customers"]),
        f"<{k_min}" if 0 < repeats < k_min else repeats,
        None if i18n.missing(row["share_30d"]) else float(row["share_30d"]),
        i18n.interval(row["share_30d_low"], row["share_30d_high"], "rate", language),
        i18n.word(f"clock.verdict.{row['verdict']}", language),
        _day(row["peak_day"]),
        _days(row, "peak_low", "peak_high", language),
        _day(row["best_day"]),
        _days(row, "good_from", "good_to", language),
    )


def _ahead(data: ReportData, language: str) -> str:
    """How many contacts fall due in the next five weeks, and in which week most; few are called so."""
    sums = by_week(data, "contacts").sum(axis=0).astype(int)
    total = int(sums.sum())
    if not total:
        return i18n.word("board_value.ahead_none", language)
    if total < data.k_min:
        return i18n.sentence("board_value.ahead_few", language, k=data.k_min)
    told = [i18n.sentence("board_value.ahead_all", language, n=f"{total:,}")]
    most = int(sums.max())
    if not suppress_parts(sums.to_numpy(), data.k_min)[int(np.argmax(sums))]:
        day = i18n.day(data.as_of + timedelta(days=1 + WEEK * int(sums.idxmax())), language)
        told.append(i18n.sentence("board_value.ahead_most", language, day=day, most=f"{most:,}"))
    return i18n.run_on(told, language)


def _things(data: ReportData) -> pd.DataFrame | None:
    """The things that at least k_min customers have bought; None in a pipeline without page 07."""
    table = data.tables.get("repurchase_things")
    return None if table is None else looks.shown(table, data.k_min)


def _row(counts: pd.Series, hidden: np.ndarray, k_min: int) -> list[int | str]:
    """Counts as they may be told: few as `<10`, those that would give them away as `*`."""
    cells = zip(counts.astype(int), hidden, strict=True)
    return [int(n) if not hide else f"<{k_min}" if 0 < n < k_min else "*" for n, hide in cells]


def _day(value: object) -> int | None:
    return None if i18n.missing(value) else int(value)


def _days(row: pd.Series, low: str, high: str, language: str) -> str:
    if i18n.missing(row[low]) or i18n.missing(row[high]):
        return i18n.MISSING
    return i18n.sentence("clock.days", language, low=int(row[low]), high=int(row[high]))


def _short(day, language: str) -> str:
    return f"{day.month}/{day.day}" if language == "ja" else f"{day.day} {i18n.MONTHS[day.month - 1]}"
