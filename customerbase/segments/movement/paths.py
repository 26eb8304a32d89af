"""Customer by customer: the way from the segment that was published then to today's, in steps that add up."""

from datetime import date
from typing import Protocol

import duckdb
import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.features import keep
from customerbase.periods import add_months, month_end
from customerbase.segments.named import ABSENT_BEFORE, ABSENT_NOW, assign

HISTORY_MONTHS = 13  # published months that rfm_history keeps


class Ranker(Protocol):
    """Whoever ranks the customers of any month under the cut points of any other (rfm.Rule)."""

    def ranks(self, db: Engine, day: date, at: date | None = None, table: str | None = None) -> duckdb.DuckDBPyRelation:
        """Ranks as of `day` under the cut points of the month that ends with `at`."""
        ...


def history(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Ranks, segment and lifetime value of every customer as each of the newest 13 published months had them.

    The table rfm_history: one row per customer and month, under the id of that month. Reads rfm and cltv, and
    previous_rfm_history, previous_rfm and previous_cltv.
    """
    oldest = month_end(add_months(as_of, -HISTORY_MONTHS))
    keep(db, "rfm_history", sql_text("rfm_history"), as_of=as_of, oldest=oldest)
    return db.query("select * from rfm_history")


def hold(db: Engine, rule: Ranker, name: str, day: date, at: date) -> None:
    """Keep customer_id and segment as of `day`, under the cut points of `at`, as the table `name`."""
    db.register("movement_ranked", assign(rule.ranks(db, day, at, table="movement_ranks")))
    keep(db, name, "select customer_id, segment from movement_ranked")


def trace(db: Engine, rule: Ranker, *, as_of: date, since: date) -> bool:
    """Make movement_paths: one row per customer of `since` or as_of, with the segments on the way and what moved them.

    Reads rfm_history, id_aliases, cltv, and movement_then and movement_now (customer_id, segment; both as known today).
    Gives whether `since` was published; if not, what came in late is unknown.
    """
    hold(db, rule, "movement_between", as_of, since)
    hold(db, rule, "movement_reversed", since, as_of)
    db.register("movement_published_ranks", db.run("movement_published", day=since))
    db.register("movement_published_named", assign(db.query("select * from movement_published_ranks")))
    keep(db, "movement_published", "select * from movement_published_named")
    published = bool(db.query("select count(*) from movement_published").fetchall()[0][0])
    absent = {"absent_before": ABSENT_BEFORE, "absent_now": ABSENT_NOW}
    keep(db, "movement_paths", sql_text("movement_paths"), is_published=published, **absent)
    return published


def cells(db: Engine) -> pd.DataFrame:
    """Customers by segment then and now: as known today, under the cut points of then, and against what was published."""
    return db.run("movement_cells", absent_now=ABSENT_NOW).df()


def causes(db: Engine) -> pd.DataFrame:
    """Customers by what moved them and whether their record of then was corrected since."""
    return db.run("movement_causes").df()
