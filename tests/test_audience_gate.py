"""The second gate: whatever an audience holds, nobody leaves without a valid opt-in, and nobody after an opt-out."""

from datetime import datetime, timedelta

import handover_month as month
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.audiences import gate, optouts, people
from customerbase.audiences.platforms import find
from customerbase.engine import Engine
from customerbase.errors import InputError, TableError

AT = datetime(2026, 11, 5, 10)
EMAILS = [f"p{n}@example.jp" for n in range(6)]
PHONES = [f"+8190123456{n:02d}" for n in range(6)]


def written(number: str) -> st.SearchStrategy[str]:
    """An opt-out as people write it."""
    if "@" in number:
        return st.sampled_from([number, number.upper(), number.replace("@", "＠"), f" {number} "])
    local = "0" + number[3:]
    return st.sampled_from(
        [number, local, f"{local[:3]}-{local[3:7]}-{local[7:]}", f"{local[:3]}（{local[3:7]}）{local[7:]}"]
    )


persons = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(["granted", "granted", "granted", "withdrawn", None]),
            "since": st.sampled_from([month.SINCE, AT - timedelta(seconds=1), AT, AT + timedelta(seconds=1), pd.NaT]),
            "basis": st.sampled_from(["consent", "privacy_policy"]),
            "arm": st.sampled_from(["target", "target", "holdout", "global_control"]),
            "audience": st.sampled_from(["spring", "spring", "autumn", None]),
            "email": st.lists(st.sampled_from(EMAILS), max_size=2, unique=True),
            "phone": st.lists(st.sampled_from(PHONES), max_size=1),
        }
    ),
    max_size=30,
)
stops = st.lists(
    st.one_of(st.sampled_from([f"c{n}" for n in range(30)] + ["former"]), *map(written, EMAILS[:2] + PHONES[:2])),
    max_size=4,
)
lists = st.sampled_from([("meta", "people"), ("mail", "people"), ("call", "people"), ("yahoo_japan", "email")])


def opened(given: list[dict], out: list[str], aliases: tuple = ()) -> tuple[Engine, dict]:
    db = Engine()
    people.prepare(db, month.frames(given, aliases))
    return db, optouts.register(db, out)


def plain(value: str) -> str:
    """The opt-out as it stands in the tables, by other means than the gate's."""
    text = value.strip().replace("＠", "@").replace("（", "").replace("）", "").replace("-", "").lower()
    return f"+81{text[1:]}" if text.startswith("0") else text


@settings(max_examples=15, deadline=None)
@given(given=persons, out=stops, to=lists)
def test_nobody_leaves_without_a_valid_opt_in_nor_after_an_opt_out(given, out, to):
    platform = find(to[0])
    given = [{"id": f"c{n}", "channel": platform.channel} | one for n, one in enumerate(given)]
    db, _ = opened(given, out, aliases=(("former", "c0"),))
    drops = gate.select(db, "spring", platform, platform.lists[to[1]], at=AT, form="csv")
    gone = [row for (row,) in db.query("select customer_id from leaving").fetchall()]
    stopped = {plain(one) for one in out} | ({"c0"} if "former" in out else set())
    kinds = {"ads": ("email", "phone"), "email": ("email",), "phone": ("phone",)}[platform.channel]
    told_no = [one for one in given if one["state"] == "withdrawn" or one["id"] in stopped]
    theirs = stopped | {address for one in told_no for kind in kinds for address in one[kind]}
    needs = {"meta": ("email", "phone"), "mail": ("email",), "call": ("phone",), "yahoo_japan": ("email",)}[to[0]]

    def may(one: dict) -> bool:
        dated = not pd.isna(one["since"]) and one["since"] <= AT
        free = one["id"] not in stopped and not theirs & {*one["email"], *one["phone"]}
        return one["state"] == "granted" and dated and free and one["arm"] == "target" and one["audience"] == "spring"

    allowed = [one for one in given if may(one) and any(one[kind] for kind in needs)]
    assert set(gone) <= {one["id"] for one in allowed} and len(gone) == len(set(gone)) == drops.rows_out
    assert (
        drops.rows_in == sum(one["audience"] == "spring" for one in given) == drops.rows_out + sum(drops.fates.values())
    )
    # and the gate is no wall: of those allowed only one who shares every address with another stays
    first = {tuple(sorted(one["email"]) + sorted(one["phone"])) for one in allowed} if to[0] == "meta" else set()
    assert len(gone) == len(first) if to[0] == "meta" else bool(gone) == bool(allowed)


def test_an_opt_out_stops_whoever_shares_the_address_and_whoever_was_merged():
    given = [
        {"id": "c1", "email": "a@example.jp", "channel": "email"},
        {"id": "c2", "email": ["b@example.jp", "a@example.jp"], "channel": "email"},
        {"id": "c3", "email": "c@example.jp", "channel": "email"},
        {"id": "c4", "email": "c@example.jp", "channel": "email", "state": "withdrawn", "audience": None},
        {"id": "c5", "email": "e@example.jp", "channel": "email"},
        {"id": "c6", "email": "f@example.jp", "phone": "+819012345678", "channel": "email"},
        {"id": "c7", "email": "g@example.jp", "phone": "+12125550100", "channel": "email"},
    ]
    db, counts = opened(
        given, ["a@example.jp", "old5", "nobody", "TEL 090-1234-5678", "1 (212) 555-0100"], aliases=(("old5", "c5"),)
    )
    drops = gate.select(db, "spring", find("mail"), find("mail").lists["people"], at=AT, form="csv")
    assert drops.fates["opted_out"] == 6 == drops.rows_in and drops.rows_out == 0
    assert counts == {"values": 5, "email": 1, "phone": 2, "id": 1, "unknown": 1}


def test_an_opt_out_that_cannot_be_read_stops_the_export():
    with pytest.raises(InputError, match=r"holds 1 values with @ that are no e-mail addresses.*nothing was written"):
        opened(month.many(2), ["c00001", "someone@"])


def test_a_month_without_consents_gives_nothing():
    tables = {name: frame for name, frame in month.frames(month.many(2)).items() if name != "contactable"}
    with pytest.raises(TableError, match="lacks contactable; expected the tables of 03_profile and 10_audiences"):
        people.prepare(Engine(), tables)


def test_masked_examples_tell_nobody():
    assert gate.masked("yamada.hanako@example.jp") == "y….jp (24)"
    assert gate.masked("+12125550100") == "+… (12)" and gate.masked("長" * 101) == "長… (101)"
