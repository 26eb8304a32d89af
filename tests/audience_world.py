"""Hand-written tables for audiences: consents, stops and accounts, and an account of who may be contacted in plain Python."""

from datetime import date, datetime

import pandas as pd
from profile_tables import account, fill, of_accounts
from rule_tables import table

from customerbase import profile, rules
from customerbase.audiences import evaluating, reading
from customerbase.engine import Engine, identifier
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
UNTIL = datetime(2026, 11, 1)
CHANNELS = ("email", "sms", "line", "push", "post", "phone")


def ledger(owners: dict[tuple[str, str], str], words=(), stops=()) -> Engine:
    """An engine with the tables of the consent gate.

    owners: (system, number) -> person. words: (system, number, channel, purpose, state, time). stops: (system, number,
    channel of the campaign or None, time).
    """
    said = [
        dict(
            zip(("source_system", "source_customer_id", "channel", "purpose", "state", "changed_at"), word, strict=True)
        )
        | {"source_row_id": f"c.csv:{line}"}
        for line, word in enumerate(words)
    ]
    contacts = [
        {
            "source_system": system,
            "source_customer_id": number,
            "campaign_id": str(line),
            "contact_no": 1,
            "arm": "treat",
        }
        | {"unsubscribed_at": at, "source_row_id": f"k.csv:{line}"}
        for line, (system, number, _, at) in enumerate(stops)
    ]
    campaigns = [
        {"source_system": system, "campaign_id": str(line), "channel": channel, "source_row_id": f"m.csv:{line}"}
        for line, (system, _, channel, _) in enumerate(stops)
    ]
    db = of_accounts([account(who, *key) for key, who in owners.items()], consents=said, campaign_contacts=contacts)
    empty(db, "campaigns")
    fill(db, "campaigns", campaigns)
    people = {"customer_id": pd.Series(sorted(set(owners.values())), dtype="object")}
    table(db, "profile", pd.DataFrame(people | {"orders": 1}))
    db.register("profile_consents", profile.profile_consents(db, as_of=AS_OF))
    return db


def empty(db: Engine, table: str, name: str | None = None) -> None:
    """The table without a row, typed as declared."""
    columns = ", ".join(f"{identifier(one.name)} {one.type}" for one in schemas()[table].columns.values())
    db.execute(f"create or replace table {identifier(name or table)} ({columns})")


def verdict(owners, words, stops, who: str, channel: str, purpose: str = "marketing") -> str:
    """granted, withdrawn or unknown, from the raw ledger: some account said yes, and none has a later no.

    Of each account what was said of the channel or of all, before UNTIL, counts; at one instant a no counts as later.
    """
    found = "unknown"
    for account_of in (key for key, person in owners.items() if person == who):
        own = [word for word in words if word[:2] == account_of and word[3] == purpose and word[5] < UNTIL]
        own = [(word[5], word[4] != "granted") for word in own if word[2] in (channel, "all")]
        if purpose == "marketing":
            mine = [stop for stop in stops if stop[:2] == account_of and stop[3] < UNTIL]
            own += [(stop[3], True) for stop in mine if stop[2] in (channel, None, "other", "store")]
        if own and max(own)[1]:
            return "withdrawn"
        found = "granted" if own else found
    return found


def lists(owners, words, stops, who: str) -> str:
    """The same of lists for ads where a consent is required."""
    named = {word[2] for word in words if word[3] == "third_party"}
    said = [verdict(owners, words, (), who, channel, "third_party") for channel in named]
    if "withdrawn" in (*said, verdict(owners, words, stops, who, "web")):
        return "withdrawn"
    return verdict(owners, words, (), who, "web", "third_party")


def scene() -> Engine:
    """Four accounts of three people who say yes, no and stop, on several channels."""
    owners = {("shop", "1"): "a", ("app", "1"): "a", ("shop", "2"): "b", ("shop", "3"): "c"}
    said = [
        ("shop", "1", "email", "marketing", "granted", datetime(2026, 5, 1, 9)),
        ("app", "1", "all", "marketing", "withdrawn", datetime(2026, 6, 1, 9)),
        ("shop", "2", "all", "marketing", "granted", datetime(2026, 6, 1, 9)),
        ("shop", "2", "all", "third_party", "granted", datetime(2026, 6, 1, 9)),
        ("shop", "3", "post", "third_party", "withdrawn", datetime(2026, 6, 1, 9)),
        ("shop", "3", "sms", "marketing", "granted", datetime(2026, 11, 1)),
    ]
    return ledger(owners, said, [("shop", "2", "email", datetime(2026, 7, 1)), ("shop", "3", None, UNTIL)])


def known() -> reading.Known:
    """What audiences may name on a page that reads profile and rfm."""
    found = rules.columns(schemas(), ("profile", "rfm"), {"rfm.segment": ["champions", "lost"]})
    return reading.Known(found, ("champions", "lost", "quiet"), frozenset({"rfm.net_spend", "profile.net_spend"}))


def spec(**given) -> dict:
    """One audience as a file has it: everybody by mail, unless something else is given."""
    texts = {"en": "Some people", "ja": "ある人たち"}
    return {"title": texts, "purpose": texts, "rule": "orders >= 0", "channels": ["email"]} | given


def shop(people: pd.DataFrame, granted: dict[str, dict[str, str]], quiet=()) -> Engine:
    """Tables of page 10: people (customer_id, orders, and segment, net_spend of rfm), their states by channel, a segment."""
    db = Engine(threads=1)
    table(db, "profile", people[["customer_id", "orders"]])
    table(db, "rfm", people[["customer_id", "segment", "net_spend"]])
    ids = pd.Series(list(quiet), dtype="object")
    table(db, "segment_members", pd.DataFrame({"customer_id": ids, "segment": "quiet"}))
    rows = [(who, channel, state) for who, told in granted.items() for channel, state in told.items()]
    frame = pd.DataFrame(rows, columns=["customer_id", "channel", "state"], dtype="object")
    table(db, "contactable", frame.assign(since=datetime(2026, 1, 1), basis="consent"))
    return db


def counts(made: evaluating.Made, audience: str, channel: str = "email") -> dict[str, int]:
    """step -> customers of one audience and channel, those above 0."""
    rows = made.drops[(made.drops["audience"] == audience) & (made.drops["channel"] == channel)]
    return {step: int(n) for step, n in zip(rows["step"], rows["customers"], strict=True) if n}
