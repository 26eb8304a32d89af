"""Campaigns of a shop made by hand: every fault is named and counted, nobody leaves their arm, and numbers are those of plain SQL."""

from datetime import date, timedelta
from types import SimpleNamespace

import campaign_world as world
import pandas as pd
import pytest
from campaign_world import SENT, campaign, contact, drawn, links, order

import customerbase.campaigns.judge as judge
import customerbase.campaigns.month as month
import customerbase.campaigns.people as people
from customerbase import campaigns
from customerbase.campaigns.people import gather
from customerbase.errors import ConfigError, InputError

AS_OF = date(2026, 10, 31)
SETTINGS = {"k_min": 2}


def _whole(tables: dict, **options) -> campaigns.Campaigns:
    return campaigns.campaigns(world.engine(**tables), as_of=AS_OF, settings=SETTINGS, trials=0, **options)


def _run(tables: dict) -> SimpleNamespace:
    """Effects, campaigns and faults alone: what most tests look at."""
    found = gather(world.engine(**tables), as_of=AS_OF)
    effects = judge.effects(found, SETTINGS["k_min"])
    results = judge.results(found, effects)
    return SimpleNamespace(effects=effects, results=results, faults=month.faults(found, results))


def _by_hand(contacts: list[dict], orders: list[dict] = (), accounts=None, **more) -> dict:
    names = sorted({one["source_customer_id"] for one in contacts})
    return {"campaigns": [campaign()], "campaign_contacts": contacts, "orders": list(orders),
            "identity_links": links(*names) if accounts is None else accounts} | more  # fmt: skip


def _faults(found: SimpleNamespace) -> dict[str, int]:
    return dict(zip(found.faults["fault"], found.faults["people"], strict=True))


def test_each_outcome_is_counted_from_the_persons_planned_contact_to_the_end_of_the_window():
    tables = _by_hand(
        [contact("t1", "treat"), contact("t2", "treat"), contact("c1", "control"), contact("c2", "control")],
        [order("t1", 0), order("t1", 29.99, 50), order("t1", 30.01, 999), order("t1", -0.01, 7), order("t2", 3, 30),
         order("t2", 4, 1000, status="cancelled"), order("t2", 5, -20, status="credit_note"), order("c1", 1, 60)],
        refunds=[{"source_system": "web", "refund_id": "r", "order_id": "t1@0", "refunded_at": SENT + timedelta(days=9), "amount": 40}],
        web_events=[{"source_system": "web", "source_customer_id": "c2", "event_at": SENT + timedelta(hours=h), "session_id": str(h)}
                    for h in (-1, 1, 2, 30)],
    )  # fmt: skip
    sums = gather(world.engine(**tables), as_of=AS_OF).sums.groupby("treated").sum(numeric_only=True)
    assert sums.loc[1, ["n", "orders_y", "customers_y", "revenue_y"]].tolist() == [2, 3, 2, 100 + 50 - 40 + 30 - 20]
    assert sums.loc[0, ["n", "orders_y", "revenue_y", "visits_y"]].tolist() == [2, 1, 60, 2]
    assert sums.loc[1, ["orders_x", "revenue_x"]].tolist() == [1, 7]
    assert sums.loc[1, "revenue_yy"] == 110**2 + 10**2
    assert sums.loc[1, "revenue_xy"] == 7 * 110


def test_margin_is_revenue_less_goods_and_what_comes_back_takes_its_margin_alone():
    line = {"source_system": "web", "line_no": 1, "line_type": "goods", "qty": 1}
    tables = _by_hand(
        [contact("t1", "treat"), contact("c1", "control")],
        [order("t1", 1, 90), order("c1", 1, 100), order("c1", 2, -50, status="credit_note")],
        order_lines=[line | {"order_id": "t1@1", "amount": 100, "cost": 60}, line | {"order_id": "c1@1", "amount": 100, "cost": 60},
                     line | {"order_id": "t1@1", "line_no": 2, "amount": 10, "cost": None}],
    )  # fmt: skip
    sums = gather(world.engine(**tables), as_of=AS_OF).sums.set_index("treated")
    assert sums.loc[1, "margin_y"] == 90 - 60 - 6  # the line without a cost at the share of the others, 60 %
    assert sums.loc[0, "margin_y"] == 100 - 60 - 50 * 0.4


def test_effects_are_those_of_plain_sql():
    tables = drawn(3000, seed=3)
    db, found = world.engine(**tables), _run(tables)
    rows = db.query(f"""
        select c.arm, count(*) as n, avg(coalesce(o.k, 0)) as k, avg(coalesce(o.money, 0)) as money
        from campaign_contacts as c left join (
            select source_customer_id, count(*) as k, sum(total) as money from orders
            where order_at >= timestamp '{SENT}' and order_at < timestamp '{SENT + timedelta(days=30)}' group by all
        ) as o using (source_customer_id) group by arm
    """).df().set_index("arm")  # fmt: skip
    table = found.effects.set_index("outcome")
    difference = rows.loc["treat"] - rows.loc["control"]
    assert table.loc["orders", "plain"] == pytest.approx(float(difference["k"]), rel=1e-9)
    assert table.loc["revenue", "plain"] == pytest.approx(float(difference["money"]), rel=1e-9)
    assert table.loc["orders", ["n_treated", "n_control"]].tolist() == rows.loc[["treat", "control"], "n"].tolist()
    assert table.loc["orders", "low"] < 0.1 < table.loc["orders", "high"]
    assert table.loc["orders", "verdict"] == "worked"
    assert table.loc["orders", "reduction"] > 0.2
    assert "visits" not in table.index  # nobody was ever seen on the site: no outcome of zeros


def test_money_by_hand():
    found = _run(drawn(8000, seed=3, effect=0.3))
    row, of_margin = found.results.iloc[0], found.effects.set_index("outcome").loc["margin"]
    cost = 1000 + 10 * row["n_treated"]
    assert row["cost"] == cost
    assert row["roi"] == pytest.approx((of_margin["effect"] * row["n_treated"] - cost) / cost)
    assert row["roi_low"] == pytest.approx((of_margin["low"] * row["n_treated"] - cost) / cost)
    assert row["roi_low"] > 0  # 0.3 orders of about 4,000 with 40 % margin, for 10: it pays
    assert row["cost_per_customer"] == pytest.approx(cost / row["customers"])
    assert row["cost_per_customer_low"] < row["cost_per_customer"] < row["cost_per_customer_high"]


def test_a_campaign_that_keeps_people_from_buying_is_called_harmful():
    row = _run(drawn(6000, effect=-0.4, seed=1)).results.iloc[0]
    assert row["verdict"] == "harmful"
    assert row["high"] < 0
    assert row["roi_high"] < 0
    assert pd.isna(row["cost_per_customer"])


def test_campaigns_without_an_effect_are_seldom_called_anything():
    worlds = [drawn(400, effect=0.0, seed=seed, code=f"K{seed:02}") for seed in range(24)]
    for place, each in enumerate(worlds):  # every campaign of its own people, judged in a month of its own
        for table in each.values():
            for column in {"source_customer_id", "customer_id", "order_id"} & set(table):
                table[column] = f"w{place:02}" + table[column].astype(str)
            for column in {"planned_at", "sent_at", "order_at"} & set(table):
                table[column] = table[column] - pd.Timedelta(days=31 * place)
    tables = {name: pd.concat([each[name] for each in worlds]) for name in worlds[0]}
    found = _run(tables).effects
    assert found.groupby("campaign_id").ngroups == 24
    named = found["verdict"].ne("not_proven").groupby(found["campaign_id"]).any()
    assert named.sum() <= 4  # P(5 or more of 24 at 5 %) = 0.6 %
    assert (found["p_adjusted"] >= found["p_value"]).all()


def test_every_fault_is_named_and_counted_and_nobody_leaves_their_arm():
    contacts = [contact(f"t{k}", "treat") for k in range(20)] + [contact(f"c{k}", "control") for k in range(20)]
    contacts[0] |= {"sent_at": None}  # meant for, never sent
    contacts[1] |= {"sent_at": SENT + timedelta(days=5)}  # bought on day 1, before it was sent
    contacts[20] |= {"sent_at": SENT}  # held out, but contacted
    contacts[2] |= {"planned_at": None}
    contacts += [contact("t3", "treat", contact_no=2), contact("t4", "control", contact_no=2), contact("x", "treat")]
    contacts += [contact("c5b", "treat")]  # a second account of the person c5, drawn into the other arm
    people_of = {"c5": "C-c5", "c5b": "C-c5"}
    names = sorted({one["source_customer_id"] for one in contacts} - {"x", *people_of})
    tables = _by_hand(contacts, [order("t1", 1), order("c0", 2)], links(*names, **people_of))
    found = _run(tables)
    assert _faults(found) == {
        "both_arms": 2, "bought_before_sent": 1, "contacted_again": 2, "control_contacted": 1, "no_time": 1, "not_sent": 1,
        "unknown_person": 1,
    }  # fmt: skip
    row = found.effects.set_index("outcome").loc["orders"]
    assert (row["n_treated"], row["n_control"]) == (20, 20)
    assert row["plain"] == pytest.approx(1 / 20 - 1 / 20)


@pytest.mark.parametrize(
    ("contacts", "fault", "state"),
    [
        ([contact(f"t{k}", "treat") for k in range(9)], "no_control", "no_control"),
        ([contact(f"t{k}", "control") for k in range(9)], "no_treated", "no_treated"),
        ([contact(f"t{k}", "treat") for k in range(9)] + [contact("c", "control")], "tiny_arm", "few"),
    ],
)
def test_an_arm_that_is_missing_or_tiny_is_a_fault_and_no_number_is_told(contacts, fault, state):
    found = _run(_by_hand(contacts, [order("t1", 1)]))
    assert fault in _faults(found)
    assert found.results["state"].tolist() == [state]
    assert found.effects["effect"].isna().all()
    assert not found.results["verdict"].isin(["worked", "harmful"]).any()


def test_arms_of_the_wrong_size_prove_nothing():
    contacts = [contact(f"t{k:03}", "treat") for k in range(200)] + [contact(f"c{k:03}", "control") for k in range(200)]
    orders = [order(f"t{k:03}", 1) for k in range(150)] + [order(f"c{k:03}", 1) for k in range(10)]
    found = _run(_by_hand(contacts, orders))
    assert _faults(found) == {"sample_ratio": 400}  # 30 % were to be held out, 50 % were
    row = found.effects.set_index("outcome").loc["orders"]
    assert (row["reason"], row["verdict"]) == ("sample_ratio", "not_proven")
    assert row["low"] > 0.5  # shown, not judged
    equal = _run(_by_hand(contacts, orders, campaigns=[campaign(holdout_share=0.5)]))
    assert equal.effects.set_index("outcome").loc["orders", "verdict"] == "worked"


def test_a_measure_that_nobody_varies_in_and_one_that_few_did_are_not_judged():
    contacts = [contact(f"t{k}", "treat") for k in range(20)] + [contact(f"c{k}", "control") for k in range(20)]
    nothing = _run(_by_hand(contacts)).effects
    assert set(nothing["reason"]) == {"few_events"}
    everybody = _run(_by_hand(contacts, [order(one["source_customer_id"], 1) for one in contacts])).effects
    assert set(everybody["reason"]) == {"no_variation"}
    few = _run(_by_hand(contacts, [order(f"t{k}", 1) for k in range(20)] + [order("c1", 1)])).effects
    assert set(few["reason"]) == {"few_events"}
    assert few["low"].isna().all()


def test_a_window_that_is_not_over_is_said_and_not_judged():
    tables = drawn(400, seed=2)
    for day, state in ((SENT + timedelta(days=20), "running"), (SENT + timedelta(days=30), "judged")):
        found = gather(world.engine(**tables), as_of=day.date())
        effects = judge.effects(found)
        assert judge.results(found, effects)["state"].tolist() == [state]
        assert len(effects) == (0 if state == "running" else 4)
    assert (
        len(gather(world.engine(**tables), as_of=date(2026, 8, 31)).plans) == 0
    )  # planned later: nobody knew of it then


def test_what_comes_later_changes_nothing():
    tables, until = drawn(300, seed=4), pd.Timestamp("2026-11-01")
    late = drawn(300, seed=5, code="K2")
    late["campaign_contacts"]["planned_at"] = until + timedelta(days=1)
    late["orders"]["order_at"] += timedelta(days=365)
    later = {name: pd.concat([tables[name], late[name]]).drop_duplicates(subset=_key(name)) for name in tables}
    later["orders"] = pd.concat(
        [tables["orders"], late["orders"][late["orders"]["order_at"] >= until].assign(source_system="app")]
    )
    now, then = _whole(tables), _whole(later)
    for name, table in now.tables().items():
        pd.testing.assert_frame_equal(table, then.tables()[name], obj=name)


def _key(name: str) -> list[str]:
    keys = {
        "campaign_contacts": ["campaign_id", "source_customer_id"],
        "campaigns": ["campaign_id"],
        "identity_links": ["source_customer_id"],
    }
    return keys.get(name, ["order_id"])


def test_the_members_digest_tells_one_audience_from_another_in_any_order():
    tables = drawn(200, seed=7)
    mixed = tables | {"campaign_contacts": tables["campaign_contacts"].sample(frac=1, random_state=1)}
    other = tables | {"campaign_contacts": tables["campaign_contacts"].iloc[1:]}
    one, two, three = (gather(world.engine(**each), as_of=AS_OF).hashes for each in (tables, mixed, other))
    assert one == two != three


def test_two_systems_may_use_the_same_id():
    tables = _by_hand([contact("t", "treat"), contact("t", "treat") | {"source_system": "app"}])
    tables["campaigns"] = [campaign(), campaign(source_system="app")]
    tables["identity_links"] = [*links("t"), {"source_system": "app", "source_customer_id": "t", "customer_id": "C-t"}]
    assert _run(tables).results["campaign_id"].tolist() == ["app:K1", "web:K1"]


def test_what_cannot_be_asked_is_refused_by_name():
    with pytest.raises(InputError, match="outcome is 'sales'"):
        _whole({}, outcome="sales")
    with pytest.raises(InputError, match="recent is 90, before is 30"):
        _whole({}, before=30)
    with pytest.raises(InputError, match="days is 0"):
        _whole({}, days=0)
    with pytest.raises(ConfigError, match=r"a share held out is 5"):
        campaigns.campaigns(world.engine(), as_of=AS_OF, settings={"global_control": 5})


def test_a_company_without_campaigns_has_empty_tables():
    assert all(not len(table) for table in _whole({}).tables().values())
    assert people.OUTCOMES == campaigns.OUTCOMES
