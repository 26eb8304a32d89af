"""What makes a good customer: what was known early of those who spend most later, against others alike in all else.

An association, not a cause: something unseen may stand behind both. Drivers are facts of the early days, the outcome lies
after them, so that nothing explains itself (docs/good-customers.md).
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.matching import alike, e_value, smd
from customerbase.segments.good import compare, early, whole
from customerbase.segments.good.compare import FEW, LESS, MORE, NOT_COMPARABLE, UNCLEAR, VERDICTS
from customerbase.segments.good.early import Driver, People, gather, people

__all__ = [
    "FEW", "LESS", "MORE", "NOT_COMPARABLE", "UNCLEAR", "VERDICTS", "Driver", "Good", "People", "alike", "e_value",
    "gather", "good", "judge", "people", "smd",
]  # fmt: skip


@dataclass(frozen=True)
class Good:
    """The drivers of one month's study in two small tables, and what the study rests on.

    customers: in the study; good: of them; left_out: whose first order lies before the data; auc: whole.auc.
    """

    as_of: date
    early_days: int
    after_days: int
    top: float
    customers: int
    good: int
    left_out: int
    auc: dict[str, float] | None
    drivers: pd.DataFrame
    balance: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name -> content."""
        counts = {"customers_with": "Int64", "customers_without": "Int64"}
        told = self.drivers.assign(
            customers=self.customers, early_days=self.early_days, after_days=self.after_days, top=self.top
        )
        return {"good_customers": told.astype(counts), "good_customer_balance": self.balance}

    def records(self) -> dict[str, int | float]:
        """What stays with the run."""
        told = {name: int((self.drivers["verdict"] == name).sum()) for name in VERDICTS}
        ranked = {"good_auc": self.auc["value"]} if self.auc else {}
        return {"study_customers": self.customers, **{f"drivers_{name}": n for name, n in told.items()}, **ranked}


def good(
    db: Engine, *, as_of: date, early_days: int = 90, after_days: int = 365, top: float = 0.1, k_min: int = 10
) -> Good:
    """Study of the customers whose early days and the after_days days that follow are over by as_of.

    Good: the top share by net spend in the days after. Reads what `early.gather` names. Raises InputError for windows or a
    share that make no study.
    """
    if early_days < 1 or after_days < 1:
        raise InputError(f"early_days is {early_days!r}, after_days {after_days!r}; expected at least 1 day each.")
    if not 0 < top <= 0.5:
        raise InputError(f"top is {top!r}; expected a share above 0 and up to 0.5, such as 0.1 for the best tenth.")
    found, left_out = early.gather(db, as_of=as_of, early_days=early_days, after_days=after_days, top=top)
    drivers, balance, ranked = judge(found, as_of=as_of, k_min=k_min)
    windows = {"early_days": early_days, "after_days": after_days, "top": top}
    n = {"customers": len(found), "good": int(found.good.sum()), "left_out": left_out}
    return Good(as_of=as_of, **windows, **n, auc=ranked, drivers=drivers, balance=balance)


def judge(found: People, *, as_of: date, k_min: int = 10) -> tuple[pd.DataFrame, pd.DataFrame, dict | None]:
    """Drivers, balance and AUC of given people."""
    drivers, balance = compare.table(found, as_of=as_of, k_min=k_min)
    return drivers, balance, whole.auc(found)


# what charts.caption prints under Japanese figures
good.definition_ja = "初期にわかることごとに、そのほかの条件がそろった顧客どうしで比べた、高価値顧客になった割合の差"
