"""Each kind of trigger fires on planted cases and on no other, to the day on either side of its bounds."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from trigger_tables import (
    AS_OF,
    UNTIL,
    at,
    customers,
    days,
    engine,
    event,
    found,
    line,
    links,
    movement,
    order,
    product,
)

from customerbase.engine import bind, sql_text

PEOPLE = ("A", "B", "C", "D", "E", "F", "G", "H")


# --- cart_abandoned: a state machine per customer and site -----------------------------------------------------------

ADDED = at("10-30", "18:00")  # abandoned for 24 hours at 18:00 on the as-of day
CART = {"kind": "cart_abandoned", "hours": 24}


def carts(*events: dict, **tables) -> list[str]:
    tables.setdefault("products", [product("P1"), product("P2")])
    return customers(engine(identity_links=links(*PEOPLE), web_events=events, **tables), **CART)


def test_a_cart_left_alone_is_found_and_nothing_else_of_it_is_told():
    db = engine(
        identity_links=links("A"),
        products=[product("P1"), product("P2", price=300)],
        web_events=[
            event("add_to_cart", "A", ADDED - timedelta(hours=1), "P1"),
            event("add_to_cart", "A", ADDED, "P2"),
        ],
    )
    [row] = found(db, **CART).to_dict("records")
    assert (row["subject"], row["measure"], row["value"]) == ("P2", 2, 800)
    assert row["not_before"] == ADDED + timedelta(hours=24)


@pytest.mark.parametrize(
    ("hours", "fires"), [(-1 / 3600, True), (0, False)], ids=["a second before midnight", "at midnight"]
)
def test_a_cart_is_abandoned_when_its_hours_have_passed_by_the_end_of_the_day(hours, fires):
    added = UNTIL - timedelta(hours=24) + timedelta(hours=hours)
    assert carts(event("add_to_cart", "A", added, "P1")) == (["A"] if fires else [])


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ([event("purchase", "A", ADDED + timedelta(minutes=5))], False),
        ([event("purchase", "A", ADDED - timedelta(minutes=5))], True),
        ([event("remove_from_cart", "A", ADDED + timedelta(minutes=5), "P1")], False),
        ([event("remove_from_cart", "A", ADDED - timedelta(minutes=5), "P1")], True),
        ([event("remove_from_cart", "A", ADDED + timedelta(minutes=5), "P2")], True),
        ([event("begin_checkout", "A", ADDED + timedelta(minutes=5))], True),
        ([event("view_item", "A", ADDED + timedelta(hours=20), "P2")], True),
        ([event("add_to_cart", "A", ADDED + timedelta(hours=20), "P2")], False),  # a day has not passed since then
        ([event("add_to_cart", "A", UNTIL + days(3), "P2")], True),  # the future is not known
        ([event("purchase", "A", UNTIL + days(1))], True),
    ],
)  # fmt: skip
def test_the_state_of_a_cart(more, left):
    assert carts(event("add_to_cart", "A", ADDED, "P1"), *more) == (["A"] if left else [])


def test_orders_complete_a_cart_wherever_the_same_person_gives_them():
    both = [*links(*PEOPLE), *links(*PEOPLE, system="pos"), *links(*PEOPLE, system="app")]
    later = ADDED + timedelta(hours=2)
    orders = [
        order(1, "A", later),  # the web shop itself, whatever is in the order
        order(2, "B", later, "pos", channel="store"),  # the shop, the product of the cart
        order(3, "C", later, "pos", channel="store"),  # the shop, something else: still in the cart
        order(4, "D", later, "app", channel="app"),  # another device, the product of the cart
        order(5, "E", later, "pos", channel="store", status="cancelled"),
        order(6, "F", ADDED - days(2), "pos", channel="store"),  # bought before it was added
        order(7, "G", UNTIL + days(1)),
    ]
    lines = [
        line(1, "P2"),
        *(line(n, "P1", "pos") for n in (2, 5, 6)),
        line(3, "P2", "pos"),
        line(4, "P1", "app"),
        line(7, "P1"),
    ]
    db = engine(
        identity_links=both, orders=orders, order_lines=lines, products=[product("P1"), product("P2")],
        web_events=[event("add_to_cart", who, ADDED, "P1") for who in PEOPLE],
    )  # fmt: skip
    assert customers(db, **CART) == ["C", "E", "F", "G", "H"]


def test_two_accounts_of_one_person_have_one_cart_and_a_merge_completes_it():
    accounts = [*links("A"), links("A")[0] | {"source_customer_id": "other"}]
    bought = event("purchase", "A", ADDED + timedelta(hours=1)) | {"source_customer_id": "other"}
    events = [event("add_to_cart", "A", ADDED, "P1"), bought]
    assert customers(engine(identity_links=accounts, web_events=events, products=[product("P1")]), **CART) == []


def test_ugly_events():
    events = [
        event("add_to_cart", None, ADDED, "P1"),  # nobody
        event("add_to_cart", "stranger", ADDED, "P1"),  # an account nobody knows
        *(event("add_to_cart", "A", ADDED, "P1", event_id=f"twice{n}") for n in range(2)),
        event("add_to_cart", "B", ADDED, "no such product"),
        event("add_to_cart", "C", ADDED, None),
        event("add_to_cart", None, ADDED, "P1", session_id="s1"),  # signed in later in the same visit
        event("view_cart", "D", ADDED + timedelta(minutes=1), session_id="s1"),
        event("add_to_cart", None, ADDED, "P1", session_id="s2"),  # two signed in: nobody's
        event("page_view", "E", ADDED, session_id="s2"),
        event("page_view", "F", ADDED, session_id="s2"),
    ]
    db = engine(identity_links=links(*PEOPLE), web_events=events, products=[product("P1")])
    made = found(db, **CART)
    assert made["customer_id"].tolist() == ["A", "B", "C", "D"]
    assert made["measure"].tolist() == [1, 1, 1, 1]
    assert made["value"].fillna(-1).tolist() == [500, -1, -1, 500]


def test_any_sequence_of_moves_against_a_plain_machine():
    """400 people, moves at whole hours, some of the future: found when what is left was left alone for 24 hours."""
    rng, first, expected, events = np.random.default_rng(1), UNTIL - timedelta(hours=60), [], []
    people = [f"K{number:03}" for number in range(400)]
    for who in people:
        hours = np.sort(rng.choice(70, rng.integers(0, 7), replace=False)).tolist()
        cart, last = set(), None
        for hour in hours:
            what = str(rng.choice(["add_to_cart", "remove_from_cart", "purchase"], p=[0.5, 0.3, 0.2]))
            code = str(rng.choice(["P1", "P2"]))
            events.append(event(what, who, first + timedelta(hours=hour), code))
            if hour < 60:
                last = hour
                cart = {"purchase": set(), "add_to_cart": cart | {code}, "remove_from_cart": cart - {code}}[what]
        expected += [who] if cart and last + 24 < 60 else []
    db = engine(identity_links=links(*people), web_events=events, products=[product("P1"), product("P2")])
    assert customers(db, **CART) == expected
    assert 50 < len(expected) < 350


# --- browsed ---------------------------------------------------------------------------------------------------------

BROWSED = {"kind": "browsed", "visits": 3, "days": 7}


def looked(who: str, *ago: int, code: str = "X1") -> list[dict]:
    """One visit on each of the days before the as-of day."""
    return [event("view_item", who, at(AS_OF) - days(n), code, session_id=f"{who}{n}{code}") for n in ago]


def test_a_category_looked_at_in_so_many_visits_and_not_bought():
    events = [
        *looked("A", 0, 3, 6),
        *looked("B", 0, 3, 7),  # the first visit is a day too long ago
        *looked("C", 3),
        *(one | {"session_id": "C"} for one in looked("C", 0, 0, 0)),  # the same visit
        *looked("D", 0, 3, 6),  # bought in between, in the shop
        *looked("E", 0, 3, 6),  # bought before the first visit
        *[*looked("F", 0, 3), *looked("F", 6, code="Y1")],  # another category
        *[*looked("G", 0, 3), *looked("G", 6, code="unknown")],
    ]
    orders = [order(1, "D", at(AS_OF) - days(1), channel="store"), order(2, "E", at(AS_OF) - days(7), channel="store")]
    db = engine(
        identity_links=links(*PEOPLE), web_events=events, orders=orders, order_lines=[line(1, "X2"), line(2, "X2")],
        products=[product("X1"), product("X2"), product("Y1")],
    )  # fmt: skip
    made = found(db, **BROWSED)
    assert made["customer_id"].tolist() == ["A", "E"]
    assert made["subject"].unique().tolist() == ["X"]
    assert customers(db, **BROWSED, category="Y") == []


# --- first_purchase, birthday: days that stand ------------------------------------------------------------------------


def test_so_many_days_after_the_first_purchase():
    ago = {"A": 3, "B": 4, "C": 5, "D": 11, "E": 13, "F": 2}
    orders = [order(who, who, at(AS_OF) - days(n)) for who, n in ago.items()]
    orders += [order("early", "B", at(AS_OF) - days(400), status="cancelled"), order("again", "A", at(AS_OF))]
    orders += [order("before", "C", at(AS_OF) - days(30)), order("nobody", None, at(AS_OF) - days(4))]
    made = found(engine(identity_links=links(*PEOPLE), orders=orders), kind="first_purchase", days=4, expires=7)
    assert dict(zip(made["customer_id"], made["not_before"], strict=True)) == {
        "A": at("11-01"), "B": at("10-31"), "D": at("10-24"),
    }  # fmt: skip  # F's day is not within the day to come, C bought before, E's has expired before yesterday


BIRTHDAY = {"kind": "birthday", "expires": 1}


def born(day: object) -> dict:
    return {"customer_id": f"{day}", "birth_date": day}


@pytest.mark.parametrize(
    ("as_of", "fires"),
    [
        (date(2026, 2, 26), False),
        (date(2026, 2, 27), True),  # queued for the 28th
        (date(2028, 2, 27), False),
        (date(2028, 2, 28), True),  # a leap year has the day
    ],
)
def test_who_was_born_on_29_february_is_congratulated_on_the_28th_of_other_years(as_of, fires):
    db = engine(contacts=[born(date(1984, 2, 29))])
    made = found(db, as_of, **BIRTHDAY)
    due = made[made["not_before"] >= datetime.combine(as_of + days(1), datetime.min.time())]
    assert len(due) == fires


def test_a_birthday_fires_on_its_day_and_tells_no_date_of_birth():
    born_on = [born(date(1990, 11, day)) for day in (1, 2)]
    db = engine(contacts=[*born_on, born(None), born(date(2026, 12, 1)), born(date(1980, 10, 31))])
    made = found(db, **BIRTHDAY)
    assert made["customer_id"].tolist() == ["1980-10-31", "1990-11-01"]  # today's, until it expires, and tomorrow's
    told = made.drop(columns=["customer_id", "not_before", "expires_at"]).astype(str).to_csv()
    assert "1990" not in told and "1980" not in told
    assert customers(db, kind="birthday", days_before=1, expires=1) == ["1990-11-01", "1990-11-02"]


@pytest.mark.parametrize("before", [0, 3, 31])
def test_every_birthday_comes_once_a_year_on_its_day(before):
    """All months of a leap year queued one after the other, for everybody who can be born, a day each."""
    births = [date(1984, 1, 1) + days(number) for number in range(366)]
    db, due = engine(contacts=[born(day) for day in births]), []
    for month in range(1, 13):
        made = found(db, date(2024, month, 1) - days(1), daily=False, kind="birthday", days_before=before, expires=1)
        due += zip(made["customer_id"], made["not_before"].dt.date, strict=True)
    year = [date(2024, 1, 1) + days(number) for number in range(366)]
    expected = {(f"1984-{one + days(before):%m-%d}", one) for one in year}
    assert {one for one in due if one[1].year == 2024} == expected


# --- rank_falling, points_expiring: what is lost without doing anything ------------------------------------------------

RANK = {"kind": "rank_falling", "rank": "gold", "spend": 3000, "days": 365, "lead": 30}


def test_a_rank_that_falls_within_its_lead_unless_something_is_bought():
    ago = {  # days before the as-of day; each order brings 1,000, so three keep the rank
        "A": [335, 100, 50],  # the oldest drops out in 30 days: due today
        "B": [334, 100, 50],  # tomorrow's
        "C": [340, 100, 50, 20],  # one more keeps it
        "D": [335, 100],  # has fallen already
        "E": [335, 100, 50],  # silver
        "F": [341, 100, 50],  # six days ago, not expired
        "G": [344, 100, 50],  # nine days ago: expired before yesterday
    }
    orders = [order(f"{who}{n}", who, at(AS_OF) - days(n)) for who, all_of in ago.items() for n in all_of]
    ranks = [{"customer_id": who, "member_rank": "silver" if who == "E" else "gold"} for who in ago]
    db = engine(identity_links=links(*PEOPLE), orders=orders, profile=ranks)
    made = found(db, **RANK)
    assert made["customer_id"].tolist() == ["A", "F"]
    assert made["measure"].tolist() == [1000, 1000]
    assert made["subject"].tolist() == ["gold", "gold"]
    assert customers(db, **RANK | {"rank": None}) == ["A", "E", "F"]


POINTS = {"kind": "points_expiring", "lead": 30, "notice": 7, "points": 100, "expires": 30}


def expiring(*rows: tuple) -> float:
    """Points of A that are about to be lost, 0 where the trigger does not fire; rows: (days ago, delta, expires in)."""
    moves = [
        movement(
            n, "A", UNTIL - days(ago) - timedelta(seconds=1), delta, None if ahead is None else UNTIL + days(ahead)
        )
        for n, (ago, delta, ahead) in enumerate(rows)
    ]
    made = found(engine(identity_links=links("A"), loyalty_points=moves), **POINTS | {"points": 0.01})
    return float(made["measure"].sum())


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([(300, 100, 10)], 100),
        ([(300, 100, 6)], 0),  # less notice than asked
        ([(300, 100, 7)], 100),
        ([(300, 100, 29)], 100),
        ([(300, 100, 30)], 0),  # tomorrow
        ([(300, 100, None)], 0),  # never
        ([(300, 100, 10), (200, 50, 200), (5, -30, None)], 70),  # the oldest are used first
        ([(300, 100, 10), (200, 50, 200), (5, -120, None)], 0),
        ([(300, 100, 10), (200, 50, 20), (5, -120, None)], 30),
        ([(300, 100, 10), (5, -500, None)], 0),  # more used than earned
        ([(300, 100, 10), (5, -20, 40)], 80),  # a return takes points back
        ([(-2, 100, 10)], 0),  # of the future
    ],
)
def test_points_first_in_first_out(rows, left):
    assert expiring(*rows) == left


def test_points_against_a_plain_ledger():
    """300 people; no lot has expired yet, so that first in, first out is one pass over the lots."""
    rng, moves, expected = np.random.default_rng(2), [], {}
    people = [f"K{number:03}" for number in range(300)]
    for who in people:
        lots = [(int(rng.integers(1, 100)), int(rng.integers(1, 60))) for _ in range(rng.integers(1, 7))]
        used = [int(rng.integers(1, 120)) for _ in range(rng.integers(0, 4))]
        gone, rest = sum(used), 0
        for earned, ahead in sorted(lots, key=lambda lot: lot[1]):
            rest += (earned - min(gone, earned)) if 7 <= ahead < 30 else 0
            gone -= min(gone, earned)
        expected |= {who: rest} if rest >= 20 else {}
        given = [(one, UNTIL + days(ahead)) for one, ahead in lots] + [(-one, None) for one in used]
        moves += [movement(f"{who}{n}", who, at("09-01"), *one) for n, one in enumerate(given)]
    made = found(engine(identity_links=links(*people), loyalty_points=moves), **POINTS | {"points": 20.0})
    assert dict(zip(made["customer_id"], made["measure"], strict=True)) == expected
    assert 30 < len(expected) < 270


def test_points_of_several_accounts_are_used_apart_and_added_up():
    accounts = [*links("A"), *links("A", system="app")]
    moves = [
        movement(1, "A", at("01-01"), 60, UNTIL + days(10)),
        movement(2, "A", at("01-01"), 60, UNTIL + days(12), source_system="app"),
        movement(3, "A", at("01-02"), -10),
    ]
    [row] = found(engine(identity_links=accounts, loyalty_points=moves), **POINTS).to_dict("records")
    assert row["measure"] == 110 and row["expires_at"] == UNTIL + days(10)


# --- churn_risen, dissatisfied, back_in_stock, repurchase: what other pages know ----------------------------------------


def churn(who: str, band: str, value: float | None = 5000, as_of: date = AS_OF) -> dict:
    return {"customer_id": who, "as_of": as_of, "risk_band": band, "probability": 0.5, "value_at_risk": value}


def test_a_risk_that_rose_with_something_at_stake():
    now = [churn("A", "high"), churn("B", "high"), churn("C", "medium"), churn("D", "high", 10), churn("E", "high", None),
           churn("F", "high"), churn("G", "high")]  # fmt: skip
    before = [
        churn(who, band)
        for who, band in {"A": "medium", "B": "high", "C": "low", "D": "low", "E": "low", "G": "low"}.items()
    ]
    orders = [order(1, "G", at(AS_OF) + days(1))]
    db = engine(identity_links=links(*PEOPLE), churn=now, previous_churn=before, orders=orders)
    kind = {"kind": "churn_risen", "value_at_risk": 1000}
    assert customers(db, **kind, band="high") == ["A", "G"]  # F was not known a month before
    assert customers(db, **kind, band="medium") == ["A", "C", "G"]
    assert customers(db, AS_OF + days(1), **kind, band="high") == ["A"]  # G has bought since
    assert customers(db, AS_OF + days(9), **kind, band="high", expires=7) == []


def test_bad_answers_of_the_most_valuable():
    def answer(who, score, scale="nps", ago=0):
        return {"customer_id": who, "survey_score": score, "survey_scale": scale, "survey_at": at(AS_OF) - days(ago)}

    profile = [answer("A", 6), answer("B", 7), answer("C", 2, "five"), answer("D", 3, "five"), answer("E", 0, ago=8),
               answer("F", 0, ago=7), answer("G", 0), answer("H", 1, "yes_no")]  # fmt: skip
    worth = [{"customer_id": who, "cltv": 100 - n} for n, who in enumerate("ABCDEFHG")]
    db = engine(profile=profile, cltv=worth, survey_answers=[{"source_system": "shop"}])
    kind = {"kind": "dissatisfied", "expires": 7}
    assert customers(db, **kind, top=100) == ["A", "C", "F", "G"]
    assert customers(db, **kind, top=87.5) == ["A", "C", "F"]  # the last of eight is left out
    assert customers(db, **kind, top=25) == ["A"]


def test_back_in_stock_for_those_who_looked_or_bought():
    now = [product("P1", 5), product("P2", 5), product("P3", 0), product("P4", 5), product("P5", 5, status="discontinued"),
           product("P6", 5)]  # fmt: skip
    before = [product("P1", 0), product("P2", 3), product("P3", 0), product("P5", 0), product("P6", -2)]
    events = [event("view_item", who, at(AS_OF) - days(n), code) for who, n, code in (
        ("A", 10, "P1"), ("A", 9, "P6"), ("B", 10, "P2"), ("C", 10, "P3"), ("D", 10, "P4"), ("E", 10, "P5"), ("F", 70, "P1"),
    )]  # fmt: skip
    orders = [order(1, "G", at(AS_OF) - days(100), "pos"), order(2, "H", at(AS_OF) - days(400), "pos")]
    db = engine(
        identity_links=[*links(*PEOPLE), *links(*PEOPLE, system="pos")], products=now, previous_products=before,
        web_events=events, orders=orders, order_lines=[line(1, "P1", "pos"), line(2, "P1", "pos")],
    )  # fmt: skip
    made = found(db, kind="back_in_stock", viewed_days=60, bought_days=365)
    assert made[["customer_id", "subject", "measure"]].values.tolist() == [["A", "P6", 2], ["G", "P1", 1]]
    assert customers(db, kind="back_in_stock", viewed_days=60, bought_days=0) == ["A"]


def test_the_day_of_the_repurchase_clock_or_a_fixed_one():
    def due(who, contact, last, thing="tea", gain=0.05):
        row = {"customer_id": who, "thing": thing, "as_of": AS_OF, "contact_day": contact, "last_day": last}
        return row | {"contact_gain": gain}

    rows = [
        due("A", date(2026, 11, 1), date(2026, 10, 1)),
        due("B", date(2026, 11, 2), date(2026, 10, 2)),
        due("C", None, date(2026, 10, 3)),
        due("D", date(2026, 11, 1), date(2026, 10, 4), gain=0.001),
        due("E", date(2026, 11, 1), date(2026, 10, 2), "soap"),
        due("F", date(2026, 11, 1), date(2026, 10, 2)),
    ]
    db = engine(identity_links=links(*PEOPLE), repurchase_due=rows, orders=[order(1, "F", at("11-01"))])
    kind = {"kind": "repurchase", "gain": 0.01}
    assert customers(db, **kind) == ["A", "E", "F"]
    assert customers(db, **kind, thing="tea") == ["A", "F"]
    assert customers(db, date(2026, 11, 1), **kind, thing="tea") == ["A", "B"]  # F has bought meanwhile
    assert customers(db, **kind, thing="tea", day=30, expires=1) == ["A", "B", "F"]  # the last purchase a month ago
    month = found(db, daily=False, **kind)
    assert month["customer_id"].tolist() == ["A", "B", "E", "F"]  # a month is queued ahead


def test_events_and_visits_are_matched_by_hashing_and_not_pair_by_pair():
    """10 million events beside 2 million visits never end when each is compared with each."""
    shop = engine(
        identity_links=links("A"),
        web_events=[event("view_item", who, at("10-30"), "P1", session_id="v") for who in ("A", None)],
    )
    text = bind(sql_text("trigger_events"), {"since": at("10-01"), "until": UNTIL})
    plan = shop.connection.execute(f"explain {text}").fetchall()[0][1]
    assert "HASH_JOIN" in plan and "NL_JOIN" not in plan and "NESTED_LOOP" not in plan
    assert shop.query(text).aggregate("count(*), count(distinct customer_id)").fetchall() == [(2, 1)]
