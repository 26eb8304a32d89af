"""What measured campaigns say of the ledger's actions: audience, hold-out and result of each campaign that carries one out."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.kpi.ledger import Entry
from customerbase.kpi.ledger_links import campaign_names
from customerbase.kpi.pdca import known

AWAITED, MISSING = "awaited", "missing"  # beside the states of campaign_results
SAME, DIFFERS, NOT_COMPARABLE = "same", "differs", "not_comparable"
AMOUNTS = ("orders", "revenue", "margin")
ENDS = ("", "_low", "_high")
_MEMBERS = ("audience_match", "in_both", "audience_only", "campaign_only")
_RESULT = (
    "name", "first_at", "ends_at", "members_hash", "n_treated", "n_control", "share", "outcome", "method", "verdict", "reason",
)  # fmt: skip
CAMPAIGNS = [
    *("as_of", "id", "place", "campaign", "state", *_RESULT),
    *(f"{name}{end}" for name in AMOUNTS for end in ENDS),
    *("audience", "channel", "audience_hash", *_MEMBERS),
]


def pdca_campaigns(db: Engine, entries: Iterable[Entry], *, as_of: date) -> pd.DataFrame:
    """One row per action known at as_of and campaign that its ledger entry names (table pdca_campaigns).

    state: that of campaign_results; awaited where nobody was contacted yet or the action has not begun; missing where there is
    no such campaign by as_of. orders, revenue, margin: what the campaign brought in all, with the 95 % interval. Reads
    campaigns, campaign_contacts, campaign_results, campaign_effects, identity_links, id_aliases, and of the month before
    audiences, audience_members and pdca_campaigns: whether the campaign went to the audience that the entry names.
    """
    names, results = names_of_campaigns(db), _results(db)
    rows = [
        _row(entry, place, told, names, results, as_of)
        for entry in entries
        if known(entry, as_of)
        for place, told in enumerate(dict.fromkeys(names.get(name, name) for name in entry.campaigns), 1)
    ]
    if not rows:
        return pd.DataFrame(columns=CAMPAIGNS)
    return pd.DataFrame(_with_audiences(db, rows, as_of), columns=CAMPAIGNS)


def names_of_campaigns(db: Engine) -> dict[str, str]:
    """Name in the ledger -> campaign_id in campaign_results, of the table campaigns; leaves campaign_list on db."""
    db.execute(f"create or replace temp view campaign_list as {sql_text('campaign_list')}")
    listed = db.query("select source_system, source_campaign_id, campaign_id from campaign_list").fetchall()
    return campaign_names(listed)


def _row(entry: Entry, place: int, told: str, names: Mapping, results: Mapping, as_of: date) -> dict:
    row = dict.fromkeys(CAMPAIGNS) | {"as_of": as_of, "id": entry.id, "place": place, "campaign": told}
    absent = MISSING if told not in names and entry.begun(as_of) else AWAITED
    return row | results.get(told, {"state": absent}) | {"audience": entry.audience or None}


def _results(db: Engine) -> dict[str, dict]:
    """Campaign -> what campaign_results says of it, and its orders as a total like its revenue and margin."""
    orders = {
        row["campaign_id"]: {f"orders{end}": row[one] * row["n_treated"] for end, one in zip(ENDS, ("effect", "low", "high"), strict=True)}
        for row in db.query("select * from campaign_effects where outcome = 'orders'").df().to_dict("records")
    }  # fmt: skip
    wanted = ("state", "channel", *_RESULT, *(f"{name}{end}" for name in AMOUNTS[1:] for end in ENDS))
    return {
        row["campaign_id"]: {name: row[name] for name in wanted} | orders.get(row["campaign_id"], {})
        for row in db.query("select * from campaign_results").df().to_dict("records")
    }


# --- whether it went to the audience that was made for it ----------------------------------------------------------------


def _with_audiences(db: Engine, rows: list[dict], as_of: date) -> list[dict]:
    audiences: dict[str, dict[str, dict]] = {}
    for one in (
        db.query("select audience, channel, members_hash, as_of from previous_audiences").df().to_dict("records")
    ):
        audiences.setdefault(one["audience"], {})[one["channel"]] = one
    before = db.query("select * from previous_pdca_campaigns").df().to_dict("records")
    earlier = {(one["id"], one["campaign"], one["audience"]): one for one in before}
    compared = []
    for row in rows:
        if not row["audience"]:
            continue
        made = _unit(audiences.get(row["audience"], {}), row["channel"])
        row |= {"audience_match": NOT_COMPARABLE, "channel": made.get("channel") or row["channel"]}
        row["audience_hash"] = made.get("members_hash")
        known_before = earlier.get((row["id"], row["campaign"], row["audience"]), {})
        if row["members_hash"] and row["members_hash"] == row["audience_hash"]:
            row |= {
                "audience_match": SAME,
                "in_both": row["n_treated"] + row["n_control"],
                "audience_only": 0,
                "campaign_only": 0,
            }
        elif (
            made
            and row["first_at"] is not None
            and pd.Timestamp(row["first_at"]).date() > pd.Timestamp(made["as_of"]).date()
        ):
            compared.append(row)  # the audience was made before the campaign began: it is the one that could be used
        elif known_before.get("audience_match") in (SAME, DIFFERS):
            row |= {name: known_before[name] for name in ("channel", "audience_hash", *_MEMBERS)}
    return _compared(db, rows, compared, as_of)


def _unit(channels: Mapping[str, dict], channel: str | None) -> dict:
    """The audience on the campaign's channel, else on its only one."""
    return channels.get(str(channel)) or (next(iter(channels.values())) if len(channels) == 1 else {})


def _compared(db: Engine, rows: list[dict], compared: list[dict], as_of: date) -> list[dict]:
    """The rows, those of `compared` with how many people audience and campaign share."""
    if not compared:
        return rows
    keys = ["id", "campaign", "audience", "channel"]
    db.register("pdca_links", pd.DataFrame([{name: row[name] for name in keys} for row in compared]))
    found = db.run("pdca_audiences", until=as_of + timedelta(days=1)).df().to_dict("records")
    counts = {(one["id"], one["campaign"]): one for one in found}
    for row in compared:
        one = counts.get((row["id"], row["campaign"]))
        if one:
            alike = not one["audience_only"] and not one["campaign_only"]
            row |= {name: one[name] for name in _MEMBERS[1:]} | {"audience_match": SAME if alike else DIFFERS}
    return rows
