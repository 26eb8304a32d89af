"""Who was in which arm of which campaign, and what they did in the window: SQL, no row ever leaves it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.errors import InputError
from customerbase.features.behaviour import customer_orders, keep
from customerbase.features.members import members_hashes

OUTCOMES = ("visits", "customers", "orders", "revenue", "margin")
STRATA = ("recent", "earlier", "silent")
FAULTS = (
    "both_arms", "control_contacted", "not_sent", "contacted_again", "bought_before_sent", "no_time", "unknown_person",
)  # fmt: skip
DAYS, BEFORE, RECENT = 30, 365, 90


@dataclass(frozen=True)
class Contacted:
    """The campaigns known at as_of and the sums of their arms.

    plans: one row per campaign with contacts, in the order of their beginning: label, arms, first and last planned contact,
    `over` (every person's window has ended), costs. sums: campaign × arm × stratum of the windows that are over. faults:
    campaign × fault counts. funnel: campaign × step. hashes: campaign -> digest of its members of both arms. cost_share: what goods
    of known cost have cost, as a share of their amount; None where no cost is known. has_visits: whether visits of signed-in
    people are known at all.
    """

    as_of: date
    days: int
    before: int
    plans: pd.DataFrame
    sums: pd.DataFrame
    faults: pd.DataFrame
    funnel: pd.DataFrame
    hashes: dict[int, str]
    cost_share: float | None
    has_visits: bool

    @property
    def has_cost(self) -> bool:
        """Whether any goods' cost is known."""
        return self.cost_share is not None

    @property
    def until(self) -> datetime:
        """First instant that is not known."""
        return datetime.combine(self.as_of + timedelta(days=1), datetime.min.time())

    @property
    def told(self) -> tuple[str, ...]:
        """The outcomes that the data can tell."""
        missing = {"margin"} - ({"margin"} if self.has_cost else set()) | (set() if self.has_visits else {"visits"})
        return tuple(name for name in OUTCOMES if name not in missing)


def gather(db: Engine, *, as_of: date, days: int = DAYS, before: int = BEFORE, recent: int = RECENT) -> Contacted:
    """Arms, outcomes and faults of every campaign planned by as_of.

    days: after the planned contact, in which outcomes count; before: days before it that the covariates cover; recent: days
    within which a purchase makes a customer recent. Reads campaigns, campaign_contacts, identity_links, orders, refunds,
    order_lines, products and web_events. Raises InputError for numbers below 1, or a `recent` above `before`.
    """
    for name, value in {"days": days, "before": before, "recent": recent}.items():
        if value < 1:
            raise InputError(f"{name} is {value!r}; expected 1 or more.")
    if recent > before:
        raise InputError(f"recent is {recent}, before is {before}; expected recent within the days before.")
    plans = arms(db, as_of=as_of, days=days)
    share = events(db, plans, as_of=as_of, before=before)
    sums = sums_of(db, plans.loc[plans["over"], "campaign"], days=days, before=before, recent=recent)
    counted = {name: db.run(name).df() for name in ("campaign_faults", "campaign_funnel")}
    members = (
        "select people.campaign as label, accounts.customer_id from campaign_people as people"
        " inner join campaign_accounts as accounts on people.person = accounts.person"
    )
    hashes = {int(campaign): digest for campaign, digest in members_hashes(db, members).items()}
    visits = db.query("select max(visits) as visits from campaign_events").fetchall()[0][0]
    return Contacted(as_of, days, before, plans, sums, *counted.values(), hashes, share, bool(visits))


def arms(db: Engine, *, as_of: date, days: int = DAYS) -> pd.DataFrame:
    """Campaigns with people planned for by as_of, in the order of their beginning; holds campaign_people: who is in which arm.

    Whatever compares arms reads them here, so that no two pages count a person in two arms. Columns: those of campaign_list
    and campaign_plans, control, ends_at, `over` (the `days` after everybody's planned contact have ended), contact_cost and
    fixed_cost. Reads campaigns, campaign_contacts and identity_links.
    """
    until = as_of + timedelta(days=1)
    for name in ("campaign_list", "campaign_accounts"):
        keep(db, name, sql_text(name))
    for name in ("campaign_contacted", "campaign_people", "campaign_plans"):
        keep(db, name, sql_text(name), **({"until": until} if name == "campaign_contacted" else {}))
    frame = db.query(
        "select list.*, plans.people, plans.treated, plans.people - plans.treated as control, plans.both_arms, plans.first_at,"
        " plans.last_at, cast(plans.contact_cost as double) as contact_cost, cast(list.cost as double) as fixed_cost"
        " from campaign_plans as plans inner join campaign_list as list on plans.campaign = list.campaign"
        " order by list.campaign"
    ).df()
    ends = pd.to_datetime(frame["last_at"]) + pd.Timedelta(days=days)
    return frame.assign(ends_at=ends, over=ends <= pd.Timestamp(until)).drop(columns="cost")


def events(db: Engine, plans: pd.DataFrame, *, as_of: date, before: int) -> float | None:
    """Hold campaign_events and customer_orders: what people of campaigns did, from the first day that any looks back to.

    Returns what goods of known cost have cost, as a share of their amount; None where no cost is known. After arms.
    """
    until = as_of + timedelta(days=1)
    customer_orders(db, as_of=as_of)
    share = _cost_share(db)
    first = pd.Timestamp(plans["first_at"].min()) if len(plans) else pd.Timestamp(until)
    since = (first - pd.Timedelta(days=2 * before)).date()
    keep(db, "campaign_order_costs", sql_text("campaign_order_costs"), cost_share=share or 0.0)
    keep(db, "campaign_events", sql_text("campaign_events"), cost_share=share or 0.0, since=since, until=until)
    return share


def outcomes(db: Engine, campaigns: Iterable[int], *, days: int, before: int = BEFORE, recent: int = RECENT) -> None:
    """Hold campaign_looked (people and arms of these campaigns) and campaign_outcomes (what they did). After events.

    Everybody's window is the `days` after their own planned contact, in both arms and on every page.
    """
    numbers = ", ".join(str(int(one)) for one in campaigns) or "null"
    db.execute(
        f"create or replace temp view campaign_looked as select * from campaign_people where campaign in ({numbers})"
    )
    keep(db, "campaign_outcomes", sql_text("campaign_outcomes"), days=days, before=before, recent=recent)


def sums_of(
    db: Engine, campaigns: Iterable[int], *, days: int, before: int = BEFORE, recent: int = RECENT
) -> pd.DataFrame:
    """Sums by campaign, arm and stratum of these campaigns, over windows of `days`. After gather, or events."""
    outcomes(db, campaigns, days=days, before=before, recent=recent)
    return db.run("campaign_sums").df()


def _cost_share(db: Engine) -> float | None:
    """What goods of known cost have cost, as a share of their amount; None where no cost is known."""
    keep(db, "costed_lines", sql_text("costed_lines"))
    [(amount, cost)] = db.query(
        "select cast(cast(sum(amount) as decimal(38, 2)) as double) as amount,"
        " cast(cast(sum(cost) as decimal(38, 2)) as double) as cost from costed_lines where cost is not null"
    ).fetchall()
    return cost / amount if amount and cost is not None else None
