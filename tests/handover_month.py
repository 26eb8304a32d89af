"""A published month of hand-written contact data, consents and audiences, below a home of its own."""

import json
from pathlib import Path

import pandas as pd

from customerbase.tables import store

SINCE = pd.Timestamp("2026-01-01")
AS_OF = "2026-10-31"


def publish(
    home: Path,
    people: list[dict],
    month: str = "2026-10",
    aliases: tuple = (),
    run: str = "run1",
    more: dict | None = None,
) -> None:
    """Write a month of sample whose people are given, each by what differs from an ordinary one.

    Keys: id, email and phone (one, several or None), line_user_id, idfa and aaid (one, or several as (account, value,
    time)), state, since, basis, channel(s), arm, audience, and any column of contacts. more: further tables of the month.
    """
    folder = home / "data" / "runs" / "sample" / month
    tables = folder / run / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    made = frames(people, aliases) | (more or {})
    for name, frame in made.items():
        frame.to_parquet(tables / f"{name}.parquet")
    about = {"run_id": run, "pipeline": "sample", "month": month, "as_of": f"{month}-28", "settings": {"k_min": 10}}
    about["tables"] = {name: {"rows": len(frame), "sha256": "0"} for name, frame in made.items()}
    store.replace(folder / run / "manifest.json", json.dumps(about))
    store.replace(folder / "current.json", json.dumps({"run_id": run, "folder": run}))


def frames(people: list[dict], aliases: tuple = ()) -> dict[str, pd.DataFrame]:
    """The tables of such a month."""
    consents = [row for one in people for row in _consents(one)]
    members = [row for one in people for row in _members(one)]
    return {
        "contacts": pd.DataFrame([_contact(one) for one in people], columns=["customer_id", *TEXT, "birth_date"]),
        "contact_emails": _addresses(people, "email"),
        "contact_phones": _addresses(people, "phone"),
        "contactable": pd.DataFrame(consents, columns=CONSENT).astype({"since": "datetime64[us]"} | TEXTS),
        "audience_members": pd.DataFrame(members, columns=MEMBER).astype({"customer_id": "str"}),
        **_identifiers(people),
        "id_aliases": pd.DataFrame(aliases, columns=["alias_id", "customer_id"]).astype("str"),
    }


TEXTS = dict.fromkeys(("customer_id", "channel", "state", "basis"), "str")
CONSENT = ["customer_id", "channel", "state", "since", "basis"]
ACCOUNT = ["source_system", "source_customer_id"]
MEMBER = ["audience", "customer_id", "channel", "arm", "value"]
TEXT = ("family_name", "given_name", "family_kana", "given_kana", "postal_code", "prefecture", "city", "town", "block",
        "building")  # fmt: skip


def _contact(one: dict) -> dict:
    ordinary = {"family_name": "山田", "given_name": "花子", "family_kana": "ヤマダ", "given_kana": "ハナコ"}
    ordinary |= {"postal_code": "1000001", "prefecture": "東京都", "city": "千代田区", "town": "千代田", "block": "1-1"}
    row = {name: one.get(name, ordinary.get(name)) for name in TEXT}
    return {"customer_id": one["id"], **row, "birth_date": one.get("birth_date", pd.Timestamp("1980-02-29").date())}


def _addresses(people: list[dict], what: str) -> pd.DataFrame:
    rows = []
    for one in people:
        given = one.get(what)
        for place, value in enumerate([given] if isinstance(given, str) else given or ()):
            rows.append((one["id"], value, 1, SINCE, place == 0))
    return pd.DataFrame(rows, columns=["customer_id", what, "records", "last_seen", "preferred"]).astype(
        {"customer_id": "str", what: "str", "preferred": "bool", "last_seen": "datetime64[us]"}
    )


def _identifiers(people: list[dict]) -> dict[str, pd.DataFrame]:
    """The tables identifiers and identity_links; an account bears the person's id and the name of the account."""
    rows = []
    for one in people:
        for kind in ("line_user_id", "idfa", "aaid"):
            given = one.get(kind)
            for account, value, time in [("1", given, SINCE)] if isinstance(given, str) else given or ():
                rows.append(("app", f"{one['id']}-{account}", kind, value, pd.Timestamp(time), one["id"]))
    frame = pd.DataFrame(rows, columns=[*ACCOUNT, "kind", "identifier", "changed_at", "customer_id"])
    frame = frame.astype("str").astype({"changed_at": "datetime64[us]"})
    return {
        "identifiers": frame.drop(columns="customer_id"),
        "identity_links": frame[[*ACCOUNT, "customer_id"]].drop_duplicates(),
    }


def _channels(one: dict) -> list[str]:
    given = one.get("channel", "ads")
    return [given] if isinstance(given, str) else list(given)


def _consents(one: dict) -> list[tuple]:
    if one.get("state", "granted") is None:
        return []
    told = (one.get("state", "granted"), one.get("since", SINCE), one.get("basis", "consent"))
    return [(one["id"], channel, *told) for channel in _channels(one)]


def _members(one: dict) -> list[tuple]:
    if one.get("audience", "spring") is None:
        return []
    return [
        (one.get("audience", "spring"), one["id"], channel, one.get("arm", "target"), 1.0) for channel in _channels(one)
    ]


def many(count: int, **more: object) -> list[dict]:
    """Ordinary people, each with an address and a number of their own."""
    return [{"id": f"c{n:05d}", "email": f"p{n}@example.jp", "phone": f"+8190{n:08d}"} | more for n in range(count)]
