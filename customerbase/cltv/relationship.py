"""Does the setting `relationship` fit the data? Contracts whose end is seen, or purchases whose end nobody announces."""

from datetime import date

from customerbase.cltv.notes import Note
from customerbase.engine import Engine
from customerbase.errors import ConfigError, near_miss

RELATIONSHIPS = ("non_contractual", "contractual")
_ENOUGH_GAPS = 30  # between days with orders, before their rhythm is spoken of


def check_relationship(relationship: str) -> str:
    """The setting itself. Raises ConfigError with the near miss for an unknown one."""
    if relationship not in RELATIONSHIPS:
        raise ConfigError(
            f"relationship is {relationship!r}; expected one of {', '.join(RELATIONSHIPS)} (does the company see the end of"
            f" a relation, as with subscriptions?).{near_miss(relationship, RELATIONSHIPS)}"
        )
    return relationship


def situation(db: Engine, relationship: str, *, as_of: date) -> list[Note]:
    """What the data say against the setting, or to know under it; empty where they agree.

    Reads orders, subscriptions and identity_links up to as_of. Raises ConfigError for an unknown setting.
    """
    check_relationship(relationship)
    made = db.run("subscription_setting", as_of=as_of).df()
    buys, holds = made["order_days"] > 0, made["contracts"] > 0
    buyers, both, contracts = int(buys.sum()), int((buys & holds).sum()), int(made["contracts"].sum())
    counts = {"customers": f"{buyers:,}", "subscribers": f"{both:,}"}
    if relationship == "non_contractual":
        if both * 2 > buyers:
            return [Note("mostly_subscribers", counts)]
        return [Note("some_subscribers", {"contracts": f"{contracts:,}"})] if contracts else []
    if not contracts:
        return [Note("contractual_without_subscriptions")]
    found = []
    if not made["ended"].sum():
        found.append(Note("contractual_none_ended", {"contracts": f"{contracts:,}"}))
    if (buyers - both) * 2 > buyers:
        found.append(Note("mostly_without_contract", {"customers": f"{buyers:,}", "others": f"{buyers - both:,}"}))
    gaps, in_step = int(made["gaps"].sum()), int(made["in_step"].sum())
    if gaps >= _ENOUGH_GAPS and in_step * 2 < gaps:
        found.append(Note("orders_off_period", {"share": f"{100 * in_step / gaps:.0f}", "gaps": f"{gaps:,}"}))
    return found
