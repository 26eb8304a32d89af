"""Do ids stay? How many of last month's customers have another id this month, judged against a limit."""

from dataclasses import dataclass
from datetime import date

import duckdb

from customerbase import i18n
from customerbase.engine import Engine, sql_text
from customerbase.errors import ConfigError

MOST_CHANGED = 0.05  # share of last month's customers whose id may change before the run speaks up


@dataclass(frozen=True)
class Stability:
    """Customers of the month before, and those of them who are not, or not wholly, under the id they had.

    most_changed: the share from which on that is more than people who marry, move and cancel can explain.
    """

    month: date
    customers_before: int
    changed: int
    most_changed: float

    @property
    def share(self) -> float:
        """Share of last month's customers whose id changed; 0 in the first month."""
        return self.changed / self.customers_before if self.customers_before else 0.0

    @property
    def alarm(self) -> bool:
        """Whether more ids changed than may; never in the first month, which has nothing to compare with."""
        return self.share > self.most_changed

    def said(self, language: str) -> str:
        """The judgement in words."""
        if not self.customers_before:
            return i18n.word("identity.stability.first", language)
        told = {
            "before": i18n.number(self.customers_before, "people", language),
            "changed": i18n.number(self.changed, "people", language),
            "share": i18n.number(self.share, "rate", language),
            "limit": i18n.number(self.most_changed, "rate", language),
        }
        return i18n.sentence(f"identity.stability.{'beyond' if self.alarm else 'within'}", language, **told)


def stability(
    db: Engine, id_changes: duckdb.DuckDBPyRelation, *, month: date, most_changed: float = MOST_CHANGED
) -> Stability:
    """How many of last month's customers merged into another, lost records to another, or have none left.

    id_changes: the table of that name, of `month`. New customers do not count, nor does one who only gained records.
    Raises ConfigError for a limit that is no share.
    """
    if not 0 <= most_changed <= 1:
        raise ConfigError(f"most_changed is {most_changed!r}; expected a share from 0 to 1, such as {MOST_CHANGED}.")
    id_changes.create_view("id_changes_of", replace=True)
    query = sql_text("identity_id_stability")
    [row] = db.query(query, month=month, most_changed=float(most_changed)).fetchall()
    return Stability(*row)
