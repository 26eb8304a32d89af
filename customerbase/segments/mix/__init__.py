"""Attributes × behaviour × satisfaction: who the recent buyers are, whether that changed, and what it did to the KPIs.

Recent buyers: customers with an order in the last 12 months. No value is shown that would tell of fewer than k_min customers, in any month or by
comparing what is shown: small values stand in one row `*` of every table (disclosure.pool).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from customerbase.engine import Engine
from customerbase.segments.mix import behaviour, effects, shift
from customerbase.segments.mix.people import AGAINST, ATTRIBUTES, LAST_MONTH, LAST_YEAR, NOW, REST, People, days, gather

__all__ = ["AGAINST", "ATTRIBUTES", "LAST_MONTH", "LAST_YEAR", "NOW", "REST", "Mix", "People", "days", "gather", "mix"]


@dataclass(frozen=True)
class Mix:
    """The mix of one month in four small tables."""

    as_of: date
    customers: int
    compared: tuple[str, ...]
    mix: pd.DataFrame
    tests: pd.DataFrame
    effects: pd.DataFrame
    behaviour: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name -> content."""
        names = {"mix": self.mix, "mix_tests": self.tests, "mix_effects": self.effects, "mix_behaviour": self.behaviour}
        return {name: table.astype(_TYPES.get(name, {})) for name, table in names.items()}

    def records(self) -> dict[str, int]:
        """What stays with the run."""
        clear = self.mix["clear"].astype(bool)
        return {
            "recent_buyers": self.customers,
            "attributes": self.mix["attribute"].nunique(),
            "shifts": int(clear.sum()),
        }


_TYPES = {"mix": {"customers_before": "Int64"}}


def mix(
    db: Engine,
    *,
    as_of: date,
    months: int = 12,
    ranks: Mapping[str, duckdb.DuckDBPyRelation] | None = None,
    rank_months: int = 24,
    k_min: int = 10,
) -> Mix:
    """Mix, shifts, their part in the KPIs, behaviour and satisfaction of the customers with an order in `months` months.

    ranks: window (now, last_month, last_year) -> customer_id and segment at its end, of orders in rank_months. Reads customer_orders (see
    features.customer_orders), orders, profile, identity_links, survey_answers, inquiries and reviews. Without k_min such
    customers all tables are empty.
    """
    people = gather(db, as_of=as_of, months=months, ranks=ranks, rank_months=rank_months, k_min=k_min)
    windows = {name: frame for name, frame in people.windows.items() if len(frame) >= k_min}
    people = People(windows if NOW in windows else {NOW: people.now.head(0)}, people.others, k_min)
    table, tests = shift.table(people, as_of=as_of)
    return Mix(
        as_of,
        len(people.now),
        tuple(name for name in people.windows if name != NOW),
        table,
        tests,
        effects.table(people, as_of=as_of),
        behaviour.table(people, as_of=as_of) if len(people.now) else behaviour.empty(),
    )


# what charts.caption prints under Japanese figures
mix.definition_ja = "直近12か月に購入のあった顧客の構成比と、前月・前年同月からの変化"
