"""The rows that categories are learnt from and scored on: customers of a cutoff, each with every category."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from customerbase import features
from customerbase.engine import Engine
from customerbase.prediction import design
from customerbase.prediction.rhythm import Rhythm
from customerbase.prediction.windows import DIGEST, Window, digest, grown
from customerbase.propensity.by_category.design import Popularity, values

BLOCK_CUSTOMERS = 20_000
SAMPLE = "category_sample"
_NOBODY = "select cast(null as varchar) as customer_id, cast(null as varchar) as category where false"


@dataclass(frozen=True)
class Reader:
    """Reads the rows of any cutoff of the table snapshots, for one list of categories and one horizon."""

    db: Engine
    rhythms: Mapping[date, Rhythm]
    horizon_days: int
    eligible_days: int
    categories: tuple[str, ...] = ()

    def bought(self, cutoff: date) -> pd.DataFrame:
        """How each general category sold by the cutoff (snapshot_category_popularity.sql), the most bought one first."""
        found = features.category_popularity(
            self.db, cutoff=cutoff, horizon_days=self.horizon_days, eligible_days=self.eligible_days
        ).df()
        return found.sort_values(["customers_365", "category"], ascending=[False, True], ignore_index=True)

    def popularity(self, cutoff: date) -> Popularity:
        """The same of the listed categories, as models take it."""
        [(customers, days, longest)] = self.db.query(
            """select count(*), cast(sum(purchase_days_365) as bigint), max(days_since_first_purchase) from snapshots
            where cutoff = $cutoff""",
            cutoff=cutoff,
        ).fetchall()
        has_year = longest >= 365 + self.horizon_days
        return Popularity.of(
            self.bought(cutoff), self.categories, customers=customers, days=float(days), has_year=has_year
        )

    def windows(self, until: date, most: int) -> list[Window]:
        """One window for each cutoff whose label window ends by `until`, the oldest first; together about `most` rows.

        The same share of each window's customers, drawn by a digest of customer and cutoff. Of the categories those that
        anybody had bought in the year before.
        """
        counts = grown(self._counts(until), self.db)
        rows = sum(counts.values()) * len(self.categories)
        bound = digest(min(1.0, most / max(rows, 1)))
        made = [self._window(cutoff, customers, bound) for cutoff, customers in counts.items()]
        return [window for window in made if len(window)]

    def blocks(self, cutoff: date, customers: int) -> Iterator[tuple[pa.Table, np.ndarray]]:
        """Rows and matrix of the cutoff's customers, a block of them at a time: memory stays flat."""
        popularity = self.popularity(cutoff)
        self._hold(cutoff, None)
        many = max(math.ceil(customers / BLOCK_CUSTOMERS), 1)
        ends = ["", *(digest(part / many) for part in range(1, many + 1))]
        for start, end in pairwise(ends):
            rows = self._rows(cutoff, start, end)
            yield rows, values(rows, self.rhythms[cutoff], popularity, self.horizon_days)

    def _window(self, cutoff: date, customers: int, bound: str) -> Window:
        popularity = self.popularity(cutoff)
        self._hold(cutoff, bound)
        rows = self._rows(cutoff, "", bound)
        rows = rows.filter(pa.array(popularity.sold[design.column(rows, "place").astype(int)]))
        return Window(
            cutoff,
            cutoff + timedelta(days=self.horizon_days),
            values(rows, self.rhythms[cutoff], popularity, self.horizon_days),
            bought=design.column(rows, "label_bought"),
            spend=np.empty(0),
            days=np.empty(0),
            who=rows.column("customer_id").to_numpy(zero_copy_only=False),
            customers=customers,
        )

    def _rows(self, cutoff: date, start: str, end: str) -> pa.Table:
        found = self.db.run("category_rows", cutoff=cutoff, from_digest=start, until_digest=end).to_arrow_table()
        return found.sort_by([("customer_id", "ascending"), ("place", "ascending")])

    def _hold(self, cutoff: date, bound: str | None) -> None:
        """Views category_own and category_bought of a sample of the cutoff's customers, or of all and without labels."""
        who = {"cutoff": cutoff, "eligible_days": self.eligible_days}
        if bound is None:
            self.db.register("category_own", features.category_features(self.db, **who))
            self.db.execute(f"create or replace view category_bought as {_NOBODY}")
            return
        self.db.execute(
            f"""create or replace temp table {SAMPLE} as select customer_id from snapshots where cutoff = $cutoff
            and {DIGEST} < $bound""",
            cutoff=cutoff,
            bound=bound,
        )
        self.db.register("category_own", features.category_features(self.db, **who, customers=SAMPLE))
        made = features.category_labels(self.db, **who, horizon_days=self.horizon_days, customers=SAMPLE)
        self.db.register("category_bought", made)

    def _counts(self, until: date) -> dict[date, int]:
        found = self.db.query(
            "select cutoff, count(*) from snapshots where cutoff <= $last group by cutoff order by cutoff",
            last=until - timedelta(days=self.horizon_days),
        )
        return dict(found.fetchall())


def listed(db: Engine, categories: Sequence[str]) -> None:
    """Hold the categories with their places as category_names."""
    db.execute("create or replace temp table category_names (place integer, category varchar)")
    for place, category in enumerate(categories):
        db.execute("insert into category_names values ($place, $category)", place=place, category=category)
