"""What a KPI is made of, as SQL over additive facts, and the interval that follows from the kind of figure it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.intervals import balance, compound, effective, poisson, ratio, wilson

COUNT, SHARE, TOTAL, RATIO, BALANCE = "count", "share", "total", "ratio", "balance"
EVERYBODY, KNOWN, ANONYMOUS = "everybody", "known", "anonymous"
_WHERE = {EVERYBODY: "", KNOWN: "customer_id is not null", ANONYMOUS: "customer_id is null"}


@dataclass(frozen=True)
class Formula:
    """sum(top), or sum(top) / sum(bottom), over the rows of a month.

    kind: count (of customers; score interval), share (of customers; Wilson), total (of amounts; the squares over
    customers), ratio (of two totals; linearised over customers) or balance (a ratio of 100·(plus − minus), as NPS; score
    interval). table: facts (kpi_facts, a row per customer or
    anonymous sales; the silent are counted together and have no squares) or another table with its own query. of: everybody, known or anonymous. n: what the value rests on,
    summed. squares: for totals, the column that holds the squares of anonymous documents. history: months of sales that
    must have passed before the figure means anything, after_silence: on top of the silence limit. The interval ends at
    lowest and highest.
    """

    kind: str
    top: str
    bottom: str = "1"
    n: str = "active"
    table: str = "facts"
    of: str = EVERYBODY
    squares: str = ""
    plus: str = ""
    minus: str = ""
    history: int = 0
    after_silence: bool = False
    lowest: float = -np.inf
    highest: float = np.inf

    @property
    def is_ratio(self) -> bool:
        """Whether there is something to divide by."""
        return self.kind in (SHARE, RATIO, BALANCE)

    def text(self) -> str:
        """The formula as it is printed: sum(orders) / sum(active) where customer_id is not null."""
        said = f"sum({self.top}) / sum({self.bottom})" if self.is_ratio else f"sum({self.top})"
        where = f" where {_WHERE[self.of]}" if _WHERE[self.of] else ""
        return said + ("" if self.table == "facts" else f" from {self.table}") + where

    def sums(self) -> dict[str, str]:
        """What is summed over the rows of the facts: top, bottom, n, and what the interval needs beyond."""
        top, bottom = f"({self.top})", f"({self.bottom})"
        found = {"top": top, "n": f"({self.n})"}
        if self.kind == TOTAL:
            squares = self.squares or f"{top} * {top}"
            found["tops2"] = f"case when customer_id is null then {squares} else {top} * {top} end"
        if self.is_ratio:
            found["bottom"] = bottom
        if self.kind == BALANCE:
            found |= {"plus": f"({self.plus})", "minus": f"({self.minus})"}
        if self.kind in (RATIO, BALANCE):
            # anonymous sales have no customer to vary by: they are taken to vary as those of known customers
            found |= {
                "known": _known(bottom),
                "tops2": _known(f"{top} * {top}"),
                "bottoms2": _known(f"{bottom} * {bottom}"),
                "products": _known(f"{top} * {bottom}"),
                "units": _known(f"case when {top} <> 0 or {bottom} <> 0 then 1 else 0 end"),
            }
        where = _WHERE[self.of]
        return {name: f"case when {where} then {sql} else 0 end" if where else sql for name, sql in found.items()}


def _known(sql: str) -> str:
    return f"case when customer_id is null then 0 else {sql} end"


def estimate(formula: Formula, sums: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Value, n and 95 % interval from the sums named by Formula.sums; a value that is not defined has no interval."""
    of = {name: np.asarray(values, dtype=float) for name, values in sums.items()}
    value, (low, high) = _BY_KIND[formula.kind](of)
    defined = ~np.isnan(value)
    return pd.DataFrame(
        {
            "value": value,
            "n": np.asarray(of["n"]).round().astype("int64"),
            "low": np.where(defined, np.maximum(low, np.minimum(value, formula.lowest)), np.nan),
            "high": np.where(defined, np.minimum(high, np.maximum(value, formula.highest)), np.nan),
        }
    )


def _count(of: Mapping[str, np.ndarray]) -> tuple:
    return of["top"], poisson(of["top"])


def _share(of: Mapping[str, np.ndarray]) -> tuple:
    return of["top"] / _positive(of["bottom"]), wilson(of["top"], of["bottom"])


def _total(of: Mapping[str, np.ndarray]) -> tuple:
    # orders of one customer come together: the squares over customers widen the interval accordingly
    return of["top"], compound(of["top"], of["tops2"])


def _ratio(of: Mapping[str, np.ndarray]) -> tuple:
    wider = of["bottom"] / _positive(of["known"])
    squares = (of[name] * wider for name in ("tops2", "bottoms2", "products"))
    return of["top"] / _positive(of["bottom"]), ratio(of["top"], of["bottom"], *squares, of["units"])


def _balance(of: Mapping[str, np.ndarray]) -> tuple:
    bottom = _positive(of["bottom"])
    value = of["top"] / bottom
    spread = 100**2 * (of["plus"] + of["minus"]) - value**2 * bottom
    residuals = of["tops2"] - 2 * value * of["products"] + value**2 * of["bottoms2"]
    wider = (
        effective(bottom, spread, residuals, of["bottoms2"], bottom) / bottom
    )  # answers of one customer hang together
    ends = balance(of["plus"] * wider, of["minus"] * wider, bottom * wider)
    return value, tuple(100 * end for end in ends)


_BY_KIND = {COUNT: _count, SHARE: _share, TOTAL: _total, RATIO: _ratio, BALANCE: _balance}


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
