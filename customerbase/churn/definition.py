"""After how many silent days a customer counts as gone: what the data say of each number of days, and which to take.

Where no contract ends, leaving is a convention: silent for churn_days. A longer silence is called leaving later and
wrongly less often; so the rule bounds the error and takes the shortest silence that keeps to it. Both errors of such a
convention (calling somebody gone who returns, noticing late) are weighed in Indeed Engineering (2020), "D-Curve: An
improved method for defining non-contractual churn with type I and type II errors".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.engine import Engine, sql_text
from customerbase.errors import ConfigError, InputError
from customerbase.features import keep
from customerbase.prediction import LifeTable
from customerbase.prediction.lifetable import survival_ends

CANDIDATES = (30, 45, 60, 90, 120, 180, 365)
RETURN_DAYS = 365  # a year: whoever buys for one season of the year has had it once
MOST_RETURNING = 0.2
ENOUGH_FOLLOWED = 20  # silences still watched at the end of the window, or the window is shorter
ENOUGH_SILENT = 50  # silences of that length, before a number of days may be suggested
STEPS = 10**9  # a customer's largest influence on an estimate, in whole steps
AFTER = {"any": False, "first": True}  # which silences: after any purchase, after the first alone


@dataclass(frozen=True)
class Definition:
    """What each number of silent days would mean. table, curve: see expectations/churn_definition and churn_gaps.

    suggested: days, or None where no candidate will do; reason: few_return, mostly_right, most_return or too_short.
    """

    as_of: date
    churn_days: int
    table: pd.DataFrame
    curve: pd.DataFrame
    suggested: int | None
    reason: str
    most_returning: float = MOST_RETURNING
    return_days: int = RETURN_DAYS

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by their names in expectations/."""
        return {"churn_definition": self.table, "churn_gaps": self.curve}

    def records(self) -> dict[str, object]:
        """What a stage records of the run."""
        suggested = self.suggested or "none"
        return {"churn_days": self.churn_days, "churn_days_suggested": suggested, "churn_days_reason": self.reason}

    def row(self, days: int, after: str = "any") -> pd.Series:
        """The row of one number of days."""
        rows = self.table[(self.table["after"] == after) & (self.table["days"] == days)]
        if rows.empty:
            known = ", ".join(str(one) for one in self.table["days"].unique())
            raise ConfigError(f"days is {days}; expected one of {known}.")
        return rows.iloc[0]

    def remarks(self, language: str) -> list[str]:
        """The suggestion with its reason, and what the setting means, in words."""
        said = [self._suggestion(language)]
        if self.churn_days != self.suggested:
            said.append(self._setting(language))
        return said

    def _suggestion(self, language: str) -> str:
        key = f"survival.definition.{self.reason}"
        if self.reason == "too_short":
            return i18n.sentence(key, language, window=self.return_days, enough=ENOUGH_FOLLOWED)
        if self.suggested is not None:
            told = self._told(self.suggested, language)
        else:
            seen = self.table[(self.table["after"] == "any") & (self.table["window_days"] == self.return_days)]
            told = self._told(int(seen["days"].max()), language)
        return i18n.sentence(key, language, limit=i18n.number(self.most_returning, "rate", language), **told)

    def _setting(self, language: str) -> str:
        if i18n.missing(self.row(self.churn_days)["came_back"]):
            return i18n.sentence("survival.definition.setting_unseen", language, days=self.churn_days)
        return i18n.sentence("survival.definition.setting", language, **self._told(self.churn_days, language))

    def _told(self, days: int, language: str) -> dict[str, object]:
        row = self.row(days)
        return {
            "days": days,
            "window": int(row["window_days"]),
            "share": i18n.number(row["came_back"], "rate", language),
            "interval": i18n.interval(row["came_back_low"], row["came_back_high"], "rate", language),
            "n": f"{int(row['silences']):,}",
        }


def definition(
    db: Engine,
    *,
    as_of: date,
    churn_days: int = 90,
    candidates: Sequence[int] = CANDIDATES,
    return_days: int = RETURN_DAYS,
    most_returning: float = MOST_RETURNING,
) -> Definition:
    """What calling a customer gone after so many silent days would mean, for each candidate; and which to take.

    A silence is the time from a purchase day (a day with an order that was not cancelled) to the next, or to as_of:
    then it is censored. Kaplan-Meier over all silences gives the share that ends within so many days; over those that
    reach `days`, counted from that moment, the share that ends within the next return_days: the customers called gone who
    came back. Silences of one customer hang together: the 95 % intervals take customers as independent, not silences.

    Suggested: the shortest candidate after which at most `most_returning` come back (reason few_return); without one, the
    shortest after which fewer than half do (mostly_right); else none (most_return), or none was watched for long enough
    (too_short). Reads orders and identity_links. Raises InputError where no known customer has bought, ConfigError for
    days that are no whole number above 0.
    """
    days = _candidates((*candidates, churn_days), return_days, most_returning)
    keep(db, "churn_silences", sql_text("churn_silences"), as_of=as_of, until=as_of + timedelta(days=1))
    counts = db.run("churn_silence_counts").df()
    if counts.empty:
        raise InputError(
            f"up to {as_of} no known customer has bought anything; expected orders that are not cancelled, with a customer"
            " number that stands in identity_links. Without purchases there is no silence to measure."
        )
    known = {after: _Silences.of(counts[counts["is_first"]] if first else counts) for after, first in AFTER.items()}
    rows = [_Row(after, one, known[after], return_days) for after in AFTER for one in days]
    squares = _squares(db, rows)
    table = pd.DataFrame([row.values(squares) for row in rows]).astype({"window_days": "Int64"})
    suggested, reason = _suggest(table, return_days, most_returning)
    table.insert(0, "as_of", as_of)
    table["is_setting"], table["is_suggested"] = table["days"] == churn_days, table["days"] == suggested
    curve = pd.concat([known[after].curve(after) for after in AFTER], ignore_index=True)
    curve.insert(0, "as_of", as_of)
    return Definition(as_of, churn_days, table, curve, suggested, reason, most_returning, return_days)


def _candidates(days: Iterable[int], return_days: int, most_returning: float) -> list[int]:
    found = list(days)
    for name, one in [*(("churn_days", one) for one in found), ("return_days", return_days)]:
        if isinstance(one, bool) or not isinstance(one, int | np.integer) or not 1 <= one <= 3_660:
            raise ConfigError(f"{name} is {one!r}; expected a whole number of days from 1 to 3,660.")
    if not 0 < most_returning < 0.5:
        raise ConfigError(f"most_returning is {most_returning!r}; expected a share above 0 and below 0.5.")
    return sorted(set(found))


def _suggest(table: pd.DataFrame, return_days: int, most_returning: float) -> tuple[int | None, str]:
    """See definition. Only what was watched for the whole window, often enough, is judged."""
    seen = table[(table["after"] == "any") & (table["silences"] >= ENOUGH_SILENT)]
    seen = seen[(seen["window_days"] == return_days).fillna(False)]
    for reason, fits in (
        ("few_return", seen["came_back"] <= most_returning),
        ("mostly_right", seen["came_back"] < 0.5),
    ):
        if fits.any():
            return int(seen.loc[fits, "days"].min()), reason
    return None, "most_return" if len(seen) else "too_short"


@dataclass(frozen=True)
class _Silences:
    """How many silences of each length ended, or are still going on at as_of."""

    days: np.ndarray
    ended: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, counts: pd.DataFrame) -> "_Silences":
        return cls(
            counts["days"].to_numpy(float), counts["is_ended"].to_numpy(bool), counts["silences"].to_numpy(float)
        )

    def after(self, days: float) -> "_Silences":
        """Those that reached so many days, counted from then on."""
        there = (self.days > days) | ((self.days == days) & ~self.ended)
        return _Silences(self.days[there] - days, self.ended[there], self.count[there])

    def table(self) -> LifeTable:
        return LifeTable.of(self.days, self.ended, self.count)

    def watched(self, days: float) -> float:
        """How many are known to have reached so many days."""
        return float(self.count[self.days >= days].sum())

    def curve(self, after: str) -> pd.DataFrame:
        """Rows of churn_gaps."""
        told = self.table().frame()
        made = {"after": after, "days": told["time"].astype("int64")}
        made |= {name: told[name].round().astype("int64") for name in ("at_risk", "events")}
        return pd.DataFrame(made | {"ended": 1 - told["survival"]})


class _Row:
    """One row of churn_definition, and the two estimates of it that need an interval over customers."""

    def __init__(self, after: str, days: int, known: _Silences, return_days: int):
        self.after, self.days, self.known = after, days, known
        self.silent = known.after(days)
        self.window = self._window(return_days)
        self.ended = _Estimate(known, days, self.after, 0)
        self.back = _Estimate(self.silent, self.window, self.after, days) if self.window else None

    def _window(self, return_days: int) -> int | None:
        """Days that enough silences were watched for after the customer was called gone; None: none at all."""
        if self.silent.watched(return_days) >= ENOUGH_FOLLOWED:
            return return_days
        lengths = [one for one in np.unique(self.silent.days) if self.silent.watched(one) >= ENOUGH_FOLLOWED]
        return int(max(lengths)) or None if lengths else None

    def values(self, squares: dict[str, float]) -> dict[str, object]:
        known = self.known
        finished = known.count[known.ended].sum()
        within = known.count[known.ended & (known.days <= self.days)].sum()
        return {
            "after": self.after,
            "days": self.days,
            "purchases": int(known.count.sum()),
            **self.ended.share("ended", squares),
            "ended_naive": within / finished if finished else np.nan,
            "silences": int(self.silent.count.sum()),
            "window_days": self.window,
            **(self.back.share("came_back", squares) if self.back else dict.fromkeys(_ends("came_back"), np.nan)),
            "gone_now": int(self.silent.count[~self.silent.ended].sum()),
        }


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


class _Estimate:
    """A share ended within so many days, and what each silence moves the logarithm of the rest by.

    With h(s) the hazard and Y(s) those at risk, a silence moves log S by the sum over s of -(dN(s) - h(s))/(Y(s) - N(s)) as
    long as it is at risk: squared and summed over independent silences, this is Greenwood's variance; summed within
    customers first, it holds for customers who are independent (Williams 1995, Lifetime Data Analysis 1, 171-186).
    """

    def __init__(self, silences: _Silences, within: int, after: str, start: int):
        self.name, self.is_first, self.start = f"{after}:{start}:{within}", AFTER[after], start
        table = silences.table()
        inside = table.time <= within
        self.survival = float(table.survival[inside][-1]) if inside.any() else 1.0
        left = table.at_risk - table.events
        step = np.divide(1.0, left, out=np.zeros(len(left)), where=(left > 0) & inside)
        up = np.cumsum(table.hazard * step)
        place = np.searchsorted(table.time, silences.days)
        self.days, self.seen = silences.days, silences.ended
        self.moves = up[place] - np.where(silences.ended, step[place], 0.0)
        self.unit = max(np.abs(self.moves).max(initial=0.0), 1e-300) / STEPS

    def influence(self) -> pd.DataFrame:
        """Rows of churn_influence."""
        made = pd.DataFrame({"days": self.days + self.start, "is_ended": self.seen, "steps": self.moves / self.unit})
        made = made.drop_duplicates(["days", "is_ended"]).round().astype({"days": "int64", "steps": "int64"})
        made.insert(0, "estimate", self.name)
        return made[made["steps"] != 0].assign(is_first=int(self.is_first))

    def share(self, name: str, squares: dict[str, float]) -> dict[str, float]:
        """The share with its interval."""
        low, high = survival_ends(self.survival, squares.get(self.name, 0.0) * self.unit**2)
        return dict(zip(_ends(name), (1 - self.survival, 1 - float(high), 1 - float(low)), strict=True))


def _squares(db: Engine, rows: list[_Row]) -> dict[str, float]:
    """For each estimate the sum over customers of their squared influence, in steps."""
    estimates = [one for row in rows for one in (row.ended, row.back) if one is not None]
    made = {one.name: one for one in estimates}.values()
    db.register("churn_influence", pd.concat([one.influence() for one in made], ignore_index=True))
    return {name: float(value) for name, value in db.run("churn_silence_spread").fetchall()}
