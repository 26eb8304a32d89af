"""The repurchase clock: when customers buy a thing again, the best day to contact them, and who is due when."""

from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from customerbase.engine import Engine
from customerbase.propensity.repurchase.counts import choose, counts, gather, names, things
from customerbase.propensity.repurchase.due import Rhythm, due
from customerbase.propensity.repurchase.notes import Note, notes
from customerbase.propensity.repurchase.options import ClockOptions
from customerbase.propensity.repurchase.pace import paces
from customerbase.propensity.repurchase.peak import PEAK
from customerbase.propensity.repurchase.tables import Thing, days_table, thing_of, things_table


@dataclass(frozen=True)
class Clock:
    """The repurchase clock as of a day: tables as in expectations/ (things, days, calendar; due is lazy), options, notes."""

    things: pd.DataFrame
    days: pd.DataFrame
    due: duckdb.DuckDBPyRelation
    calendar: pd.DataFrame
    options: ClockOptions
    as_of: date
    notes: tuple[Note, ...] = ()

    def remarks(self, language: str) -> list[str]:
        """What to know about these clocks, in words."""
        return [note.text(language) for note in self.notes]

    def tables(self) -> dict[str, pd.DataFrame | duckdb.DuckDBPyRelation]:
        """All tables by the names they have in expectations/."""
        names = {"things": self.things, "due": self.due, "calendar": self.calendar}
        return {"repurchase_clock": self.days} | {f"repurchase_{name}": one for name, one in names.items()}

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        listed = self.due.aggregate("count(*), count(distinct customer_id)").fetchall()[0]
        soon = self.calendar[self.calendar["days_ahead"] <= 30]
        return {
            "clock_things": len(self.things),
            "clock_things_with_peak": int((self.things["verdict"] == PEAK).sum()),
            "clock_due": int(listed[0]),
            "clock_due_customers": int(listed[1]),
            "clock_expected_30d": float(soon["expected_purchases"].sum()),
        }


def clock(db: Engine, *, as_of: date, options: ClockOptions | None = None) -> Clock:
    """Days until the next purchase of each thing: hazard, peak, best day to contact, and who is due when, as of a day.

    Reads orders, order_lines, products, identity_links (and refunds where there are any). A purchase is a day on which a
    known customer ordered and did not cancel up to as_of; several on one day are one. What too few have bought again is said
    to be so. Does not raise for want of data: a shop without purchases gives empty tables and a remark.
    """
    options = options or ClockOptions()
    gather(db, as_of=as_of, level=options.level)
    found = things(db, gap=options.gap, longest=options.longest)
    chosen = list(found["thing"].head(options.most))
    choose(db, chosen)
    counted = counts(db, as_of=as_of, gap=options.gap, longest=options.longest)
    clocks = {thing: thing_of(counted[thing], options) for thing in chosen}
    shown = names(db, options.level, chosen)
    listed, calendar = _due(db, clocks, as_of, options)
    return Clock(
        things=things_table(found.head(options.most), clocks, shown, options, as_of),
        days=days_table(clocks, as_of),
        due=listed,
        calendar=calendar,
        options=options,
        as_of=as_of,
        notes=notes(db, found, clocks, options, as_of),
    )


def _due(
    db: Engine, clocks: dict[str, Thing], as_of: date, options: ClockOptions
) -> tuple[duckdb.DuckDBPyRelation, pd.DataFrame]:
    known = {thing: one for thing, one in clocks.items() if one.trend is not None}
    found = {thing: one.counts for thing, one in known.items()}
    hazards = {thing: one.trend.hazard for thing, one in known.items()}
    average, shapes = paces(db, found, hazards, as_of=as_of, gap=options.gap, longest=options.longest)
    rhythms = {
        thing: Rhythm.of(average[thing], shapes[thing], one.best, options.contact) for thing, one in known.items()
    }
    listed, calendar = due(db, rhythms, as_of=as_of, floor=options.floor)
    return db.connection.from_arrow(listed), calendar
