"""Lineage: where every value of one profile came from, by which rule, and what it left behind."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from customerbase.engine import Engine, literal
from customerbase.errors import InputError
from customerbase.profile.rules import Field
from customerbase.profile.survivorship import candidate_steps, fields_used, key, query, select, usable
from customerbase.profile.timeline import timeline

COLUMNS = ("field", "value", "source", "rule", "rows", "losing_values", "unusable")
ONLY, AGREE, ORDER = "only_one", "all_agree", "source_order"  # where no rule had to decide, or none could
DERIVED = {"prefecture": "address", "age_band": "birth_date"}  # what a profile says of contact data
# behaviour: the kinds of events it is made of (with their detail where only some count), and how
BEHAVIOUR = {
    "orders": ("order", ("completed",), "count"),
    "net_spend": ("order refund", (), "sum"),
    "first_order_at": ("order", ("completed",), "first"),
    "last_order_at": ("order", ("completed",), "last"),
    "channels": ("order", ("completed",), "list"),
    "main_channel": ("order", ("completed",), "most_orders"),
    "main_store": ("order", ("completed",), "most_orders"),
    "stores": ("order", ("completed",), "count"),
    "favourite_category": ("order", ("completed",), "most_spend"),
    "web_views": ("web", ("page_view", "screen_view", "view_item"), "count"),
    "web_last_at": ("web", (), "last"),
    "mails_sent": ("mail", ("sent",), "count"),
    "mails_opened": ("mail", ("opened",), "count"),
    "mails_clicked": ("mail", ("clicked",), "count"),
    "inquiries": ("inquiry", (), "count"),
    "last_inquiry_at": ("inquiry", (), "last"),
    "reviews": ("review", (), "count"),
    "mean_rating": ("review", (), "mean"),
    "survey_score": ("survey", (), "last"),
    "points_balance": ("points", (), "sum"),
    "member_rank": ("points", (), "last"),
}


def lineage(db: Engine, customer_id: str, *, as_of: date) -> pd.DataFrame:
    """One row per field of a customer: its value, the source row it came from, the rule that chose it, what it beat.

    value: as text, None for contact data (whose values stand in contacts only). source: system:file:line, None where
    the value is made of several rows. rule: of survivorship.yaml the one that decided; only_one or all_agree where
    none had to, source_order where all of them left equals; for behaviour how it was summed up. rows: accounts with a
    usable value, or events. losing_values: other usable values. unusable: accounts whose value could not be read or
    belongs to nobody. After profile(), by whose rules it goes. Raises InputError for a customer who is not there.
    """
    rows = db.query("select * from profile where customer_id = $customer_id", customer_id=customer_id).df()
    if rows.empty:
        raise InputError(f"there is no customer {customer_id!r} in the profile; expected one of its customer_id.")
    profile, chosen = rows.iloc[0], fields_used(db)
    accounts = _accounts(db, customer_id, chosen)
    found = [_attribute(name, field, accounts, profile) for name, field in chosen.items()]
    found += [_attribute(name, chosen[origin], accounts, profile) for name, origin in DERIVED.items()]
    events = timeline(db, as_of=as_of).filter(f"customer_id = {literal(customer_id)}").df()
    found += [_behaviour(name, events, profile) for name in BEHAVIOUR]
    return pd.DataFrame(found, columns=list(COLUMNS), dtype="object")


def _accounts(db: Engine, customer_id: str, chosen: Mapping[str, Field]) -> pd.DataFrame:
    """The accounts of one customer: their usable values, the statuses, and what each rule asks of them."""
    values = sorted({column for field in chosen.values() for column in field.columns})
    statuses = sorted({status for field in chosen.values() for status in field.columns.values() if status})
    of_one = f"where customer_id = {literal(customer_id)}"
    steps = candidate_steps(chosen.values())
    judged = db.query(f"select * from ({query(**steps, final=select(['*'], 'candidates'))}) {of_one}").df()
    known = db.query(f"select * from ({usable(chosen.values(), values)}) {of_one}").df()
    raw = db.query(f"select account_no, {', '.join(statuses)} from profile_accounts {of_one}").df()
    judged = judged.drop(columns=[column for column in judged if column in values])
    return judged.merge(known[["account_no", *values]], on="account_no").merge(raw, on="account_no")


def _attribute(name: str, field: Field, accounts: pd.DataFrame, profile: pd.Series) -> tuple:
    statuses = [status for status in field.columns.values() if status]
    unusable = int(accounts[statuses].isin(["unparsed", "blocked"]).any(axis=1).sum())
    value = _text(profile[name]) if name in profile.index else None
    keys = {rule: key(field, rule) for rule in field.rules}
    ranked = accounts[accounts[f"{field.name}_filled"].astype(bool)]
    ranked = ranked.sort_values([*keys.values(), "account_no"], ignore_index=True)
    if ranked.empty or (name in DERIVED and value is None):
        return (name, None, None, None, len(ranked), 0, unusable)
    values = [tuple(map(_text, row)) for row in ranked[list(field.columns)].itertuples(index=False)]
    others = [place for place, each in enumerate(values) if each != values[0]]
    rule = ONLY if len(ranked) == 1 else _deciding(keys, ranked, others)
    return (name, value, ranked["source"][0], rule, len(ranked), len({values[place] for place in others}), unusable)


def _deciding(keys: Mapping[str, str], ranked: pd.DataFrame, others: Sequence[int]) -> str:
    """The first rule by which the survivor beat the best account with another value."""
    if not others:
        return AGREE
    differs = (rule for rule, each in keys.items() if ranked[each][0] != ranked[each][others[0]])
    return next(differs, ORDER)


def _behaviour(name: str, events: pd.DataFrame, profile: pd.Series) -> tuple:
    kinds, details, how = BEHAVIOUR[name]
    own = events[events["kind"].isin(kinds.split())]
    own = own[own["detail"].isin(details)] if details else own
    own = own[own["amount"].notna()] if name == "net_spend" else own
    source = profile.get(f"{name}__source")
    if how in ("first", "last") and source is None and not own.empty and pd.notna(profile[name]):
        same = own[own["event_at"] == profile[name]].sort_values(["source_system", "source_row_id"])
        source = f"{same['source_system'].iloc[0]}:{same['source_row_id'].iloc[0]}" if len(same) else None
    return (name, _text(profile[name]), _text(source), how if len(own) else None, len(own), 0, 0)


def _text(value: object) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
