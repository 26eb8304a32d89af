"""The support desk: how much is asked, how long it takes, whom it fails again and again, and what that does to purchases.

What the data do not hold is said, never guessed; what still waits counts as waiting (docs/inquiries.md).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

import customerbase.satisfaction.inquiries.desk as desk
import customerbase.satisfaction.inquiries.effect as effects
import customerbase.satisfaction.inquiries.study as studies
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.periods import parse_month
from customerbase.satisfaction.inquiries.facts import Facts, gather

__all__ = ["Inquiries", "after_inquiry", "inquiries", "trouble"]

STATES = ("unresolved", "reopened", "settled")


@dataclass(frozen=True)
class Inquiries:
    """The desk of one month in five small tables, and what must be said about the data they rest on.

    facts: inquiries up to as_of; months, groups, trouble, effect, balance: see desk.months, desk.groups, trouble and
    effect.tables. left_out: reason -> inquiries that could not be compared.
    """

    facts: Facts
    months: pd.DataFrame
    groups: pd.DataFrame
    trouble: pd.DataFrame
    effect: pd.DataFrame
    balance: pd.DataFrame
    left_out: dict[str, int]

    @property
    def as_of(self) -> date:
        """Last day whose facts are known."""
        return self.facts.as_of

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name -> content."""
        return {
            "inquiry_months": self.months,
            "inquiry_groups": self.groups,
            "inquiry_trouble": self.trouble,
            "inquiry_effect": self.effect,
            "inquiry_balance": self.balance,
        }

    def records(self) -> dict[str, int]:
        """What stays with the run."""
        newest = self.months[self.months["month"] == max(self.months["month"], default=None)]
        kept = newest.set_index("measure")["value"]
        counts = {f"inquiries_{name}": int(kept[name]) for name in ("opened", "closed", "backlog") if name in kept}
        return counts | {"customers_in_trouble": len(self.trouble), **self.facts.faults}


def inquiries(
    db: Engine,
    *,
    as_of: date,
    least: int = 2,
    days: int = 30,
    horizon: int = studies.HORIZON,
    quiet: int = studies.QUIET,
    fast: int = studies.FAST,
    k_min: int = 10,
) -> Inquiries:
    """The desk of the month of as_of, by what was known then.

    least, days: repeated trouble is so many inquiries within so many days; horizon: days after an inquiry in which a purchase
    counts; quiet: days without an inquiry before one that is compared; fast: hours of a fast solution. Reads inquiries,
    identity_links, rfm, orders, refunds and cltv. Raises InputError for numbers below 1.
    """
    for name, value in {"least": least, "days": days, "horizon": horizon, "quiet": quiet, "fast": fast}.items():
        if value < 1:
            raise InputError(f"{name} is {value!r}; expected 1 or more.")
    facts = gather(db, as_of=as_of)
    found = trouble(db, as_of=as_of, least=least, days=days)
    study = studies.gather(db, as_of=as_of, horizon=horizon, quiet=quiet, fast=fast)
    compared, balance = after_inquiry(study, as_of=as_of, k_min=k_min)
    months = desk.months(facts)
    if len(facts.frame):
        months = pd.concat([months, _in_trouble(found, as_of)], ignore_index=True)
    months = months.assign(trouble_inquiries=least, trouble_days=days)
    return Inquiries(facts, months, desk.groups(facts), found, compared, balance, study.left_out)


def trouble(db: Engine, *, as_of: date, least: int = 2, days: int = 30) -> pd.DataFrame:
    """Customers with at least `least` inquiries in the last `days` days: by state, the most valuable first.

    Reads the view inquiry_facts (facts.gather) and cltv. state: unresolved, reopened or settled.
    """
    found = db.run("inquiry_trouble", until=as_of + timedelta(days=1), least=least, days=days).df()
    order = found["state"].map({state: place for place, state in enumerate(STATES)}).astype(int)
    ranked = found.assign(order=order, worth=-found["cltv"].astype(float).fillna(0)).sort_values(
        ["order", "worth", "customer_id"]
    )
    ranked = ranked.drop(columns=["order", "worth"]).reset_index(drop=True)
    counts = dict.fromkeys(("inquiries", "unresolved", "reopened", "not_known", "lowest_csat"), "Int64")
    return ranked.assign(as_of=as_of).astype(counts | {"cltv": float})


def _in_trouble(found: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Repeated trouble as measures of the month: customers, those with an open inquiry, lifetime value at stake."""
    unsolved = int((found["state"] == STATES[0]).sum())
    counts = {"trouble_customers": len(found), "trouble_unresolved": unsolved, "trouble_value": len(found)}
    rows = pd.DataFrame(
        {"measure": list(counts), "customers": list(counts.values()), "value": list(map(float, counts.values()))}
    )
    rows.loc[2, "value"] = float(found["cltv"].sum())
    rows = rows.assign(
        as_of=as_of, month=parse_month(as_of), n=int(found["inquiries"].sum()), waiting=0, low=np.nan, high=np.nan
    )
    return rows[desk.MONTH_COLUMNS].astype(dict.fromkeys(("n", "customers", "waiting"), "Int64"))


def after_inquiry(study: studies.Study, *, as_of: date, k_min: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Purchases after an inquiry against those of customers alike who did not ask: comparisons and their balance."""
    return effects.tables(study, as_of=as_of, k_min=k_min)


# what charts.caption prints under Japanese figures
inquiries.definition_ja = "基準日までにわかった問い合わせの件数と、初回返信・解決までの時間"
after_inquiry.definition_ja = "問い合わせの後90日以内に購入した割合の、条件のよく似た顧客との差"
trouble.definition_ja = "直近の期間に問い合わせを繰り返した顧客"
