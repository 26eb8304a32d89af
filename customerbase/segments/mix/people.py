"""Recent buyers of a month with their attributes: who stands behind a mix, and how values may be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

from customerbase.disclosure import pool, pool_within
from customerbase.engine import Engine
from customerbase.periods import add_months, month_end

NOW, LAST_MONTH, LAST_YEAR = "now", "last_month", "last_year"
AGAINST = {LAST_MONTH: 1, LAST_YEAR: 12}  # months before
ATTRIBUTES = (
    *("channel", "store", "age_band", "gender", "region", "prefecture", "occupation", "member_rank", "segment"),
)
SHOWN_OF_ALL = ("age_band", "gender", "region", "prefecture", "segment")  # page 04 counts all who ever ordered by these
REST = "*"  # the row of the values that are brought together because some of them are small


@cache
def regions() -> dict[str, str]:
    """Prefecture -> region (regions.yaml)."""
    found = yaml.safe_load((Path(__file__).parent / "regions.yaml").read_text(encoding="utf-8"))
    return {prefecture: region for region, prefectures in found.items() for prefecture in prefectures}


def days(as_of: date, against: str) -> date:
    """The month's end that is compared with."""
    return month_end(add_months(as_of, -AGAINST[against])) if against in AGAINST else as_of


def recent(
    db: Engine, *, as_of: date, months: int = 12, segments: duckdb.DuckDBPyRelation | None = None
) -> pd.DataFrame:
    """Customers with an order in the `months` calendar months up to as_of, by customer_id: attributes, behaviour, answers.

    segments: customer_id and segment of that day (segments.assign), for the attribute segment. Reads customer_orders (up
    to as_of or later), orders, profile, identity_links, survey_answers, inquiries and reviews.
    """
    frame = db.run("mix_recent", since=add_months(as_of, 1 - months), until=as_of + timedelta(days=1)).df()
    return _with_more(frame.set_index("customer_id"), segments)


def others(
    db: Engine, *, as_of: date, months: int = 12, segments: duckdb.DuckDBPyRelation | None = None
) -> pd.DataFrame:
    """Customers who have ordered, but not in the `months` months up to as_of: attributes that page 04 shows of all."""
    frame = db.run("mix_others", since=add_months(as_of, 1 - months), until=as_of + timedelta(days=1)).df()
    return _with_more(frame.set_index("customer_id"), segments)


def _with_more(frame: pd.DataFrame, segments: duckdb.DuckDBPyRelation | None) -> pd.DataFrame:
    frame["region"] = [regions().get(name, name) for name in frame["prefecture"]]
    if segments is not None:
        found = segments.project("customer_id, segment").df().set_index("customer_id")["segment"]
        frame["segment"] = found.reindex(frame.index).fillna("unknown")
    texts = [name for name in ATTRIBUTES if name in frame]
    frame[texts] = frame[texts].astype(object).replace(REST, "＊")  # data must not look like the row of the rest
    return frame


@dataclass(frozen=True)
class People:
    """Recent buyers of this month and of the months compared with, and those who have not bought in the window.

    windows: now, and last_month and last_year where the data reach back far enough.
    """

    windows: Mapping[str, pd.DataFrame]
    others: pd.DataFrame
    k_min: int

    @property
    def now(self) -> pd.DataFrame:
        """Recent buyers of this month."""
        return self.windows[NOW]

    @cached_property
    def attributes(self) -> list[str]:
        """Attributes that are known this month and of which at least two rows may be shown."""
        return [name for name in ATTRIBUTES if name in self.now and len(self.rows(name)) > 1]

    def compared(self, against: str) -> list[str]:
        """Those that are known in the month compared with, too."""
        return [name for name in self.attributes if name in self.windows[against]]

    @cached_property
    def _hidden(self) -> dict[str, pd.Series]:
        return {}

    def hidden(self, attribute: str) -> pd.Series:
        """Value -> whether it is brought together with others, alike in all months."""
        if attribute not in self._hidden:
            parts = [frame[attribute] for frame in self.windows.values() if attribute in frame]
            parts += [self.others[attribute]] if attribute in SHOWN_OF_ALL and attribute in self.others else []
            counts = pd.concat([part.value_counts() for part in parts], axis=1).fillna(0).sort_index()
            self._hidden[attribute] = self._pool(attribute, counts.astype("int64"), None, self.hidden)
        return self._hidden[attribute]

    def also(self, attribute: str, counted: list[tuple[str, np.ndarray]]) -> pd.Series:
        """The same, when it is also shown of how many customers of a window something holds, and how many it does not.

        counted: window and what holds of its customers (True or False).
        """
        base, counted = self.hidden(attribute), [(window, holds) for window, holds in counted if not holds.all()]
        if not counted:
            return base
        counts = {}
        for place, (window, holds) in enumerate(counted):
            by = pd.Series(holds, index=self.windows[window][attribute].to_numpy()).groupby(level=0)
            counts[place, True], counts[place, False] = by.sum(), by.size() - by.sum()
        frame = pd.DataFrame(counts).reindex(base.index).fillna(0).astype("int64")
        return self._pool(attribute, frame, base, lambda parent: self.also(parent, counted))

    def _pool(self, attribute: str, counts: pd.DataFrame, base: pd.Series | None, hidden_of) -> pd.Series:
        pooled = None if base is None else base.to_numpy()
        if attribute != "prefecture":
            return pd.Series(pool(counts.to_numpy(), self.k_min, pooled), index=counts.index)
        of = hidden_of("region")
        groups = np.array([regions().get(name, name) for name in counts.index], dtype=object)
        mask = pool_within(counts.to_numpy(), self.k_min, groups, set(of.index[of]), pooled)
        return pd.Series(mask, index=counts.index)

    def rows(self, attribute: str, hidden: pd.Series | None = None) -> list[str]:
        """Values that are shown, in order, and the rest where there is one."""
        hidden = self.hidden(attribute) if hidden is None else hidden
        return [*hidden.index[~hidden], *([REST] if hidden.any() else [])]

    def codes(self, attribute: str, window: str, hidden: pd.Series | None = None) -> pd.Series:
        """The row of each customer of a window, by customer."""
        hidden = self.hidden(attribute) if hidden is None else hidden
        rows = self.rows(attribute, hidden)
        place = {value: rows.index(REST if hide else value) for value, hide in hidden.items()}
        return self.windows[window][attribute].map(place).astype("int64")


def gather(
    db: Engine,
    *,
    as_of: date,
    months: int = 12,
    ranks: Mapping[str, duckdb.DuckDBPyRelation] | None = None,
    rank_months: int = 24,
    k_min: int = 10,
) -> People:
    """Recent buyers of this month, of the month before and of the same month last year.

    A month is left out when its window of `months` begins before the month of the first order: fewer would have bought in
    it only because the data begin later. ranks: segments of each window's day, by window; left out where the rank_months
    that they rest on begin before the first order.
    """
    ranks = ranks or {}
    first = db.query("select min(order_at) from customer_orders where is_order = 1").fetchall()[0][0]
    windows = {NOW: recent(db, as_of=as_of, months=months, segments=ranks.get(NOW))}
    for against in AGAINST:
        day = days(as_of, against)
        if first is not None and add_months(first.date(), 0) <= add_months(day, 1 - months):
            whole = add_months(first.date(), 0) <= add_months(day, 1 - rank_months)
            windows[against] = recent(db, as_of=day, months=months, segments=ranks.get(against) if whole else None)
    return People(windows, others(db, as_of=as_of, months=months, segments=ranks.get(NOW)), k_min)
