"""Good customers: planted causes are found, what only goes with them vanishes, nothing later leaks into what was early."""

from datetime import date, timedelta

import good_world
import numpy as np
import pandas as pd
import pytest
import snapshot_tables
from conftest import real_data

from customerbase import features
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.segments import good
from customerbase.segments.good import compare, looks, whole
from customerbase.segments.good.early import EARLY, FIRST, Driver, People

AS_OF = date(2026, 10, 31)


def judged(seed: int, **options) -> pd.DataFrame:
    table, _ = compare.table(good.people(good_world.frame(seed, **options)), as_of=AS_OF)
    return table.set_index("driver")


def false(table: pd.DataFrame, strength: float = 1.0) -> tuple[int, int]:
    """Clear drivers that cause nothing, and all clear ones."""
    clear = table.index[table["verdict"].isin([good.MORE, good.LESS])]
    real = () if strength == 0 else (*good_world.CAUSES, *good_world.ENTANGLED)
    return sum(name not in real for name in clear), len(clear)


# --- planted drivers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_planted_causes_are_found_with_their_direction(seed):
    table = judged(seed)
    for driver, sign in good_world.CAUSES.items():
        row = table.loc[driver]
        assert row["verdict"] == (good.MORE if sign > 0 else good.LESS), driver
        assert np.sign(row["value_difference"]) == sign
        assert row["e_value"] >= row["e_value_bound"] > 1


def test_what_only_goes_with_a_cause_differs_plainly_and_vanishes_among_customers_alike():
    tables = [judged(seed) for seed in range(100, 108)]
    for driver in good_world.CONFOUNDED:
        plain = np.mean([table.loc[driver, "raw"] for table in tables])
        alike = np.mean([table.loc[driver, "difference"] for table in tables])
        assert plain > 0.03 and abs(alike) < plain / 4
        assert sum(table.loc[driver, "verdict"] != good.UNCLEAR for table in tables) <= 1


def test_where_nothing_causes_anything_hardly_anything_is_found():
    found = [false(judged(seed, strength=0.0, customers=1500), 0.0)[0] for seed in range(12)]
    assert sum(count > 0 for count in found) <= 2


@pytest.mark.slow
def test_the_share_of_false_findings_and_the_intervals_hold():
    shares, inside, all_of_them = [], 0, 0
    for seed in range(100):
        table = judged(seed)
        wrong, clear = false(table)
        shares.append(wrong / max(clear, 1))
        none = table[~table.index.isin([*good_world.CAUSES, *good_world.ENTANGLED])].dropna(subset=["low"])
        inside += int(((none["low"] <= 0) & (none["high"] >= 0)).sum())
        all_of_them += len(none)
    assert np.mean(shares) <= 0.06
    assert 0.93 <= inside / all_of_them <= 0.97


def test_everything_known_early_ranks_later_customers_and_nothing_ranks_where_nothing_causes():
    found = whole.auc(good.people(good_world.frame(1)))
    assert found["low"] > 0.6 and found["learnt"] + found["judged"] == 2500
    found = whole.auc(good.people(good_world.frame(1, strength=0.0)))
    assert found["low"] < 0.5 < found["high"]
    assert whole.auc(good.people(good_world.frame(1, customers=150))) is None


# --- weights --------------------------------------------------------------------------------------------------------------


def groups(seed: int = 0, n: int = 1500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    has = rng.random(n) < 1 / (1 + np.exp(-(x[:, 0] - 0.7 * x[:, 1])))
    y = (rng.random(n) < 1 / (1 + np.exp(-(-2 + x[:, 0] + 0.5 * x[:, 2])))).astype(float)
    return x, has, y


def test_chances_are_those_of_a_peer_and_means_are_equal_exactly():
    from sklearn.linear_model import LogisticRegression

    x, has, _ = groups()
    made = good.alike(x, has)
    peer = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(x, has).predict_proba(x)[:, 1]
    assert np.allclose(made.chance, peer, atol=1e-4)
    assert np.abs(good.smd(x, made.has)).max() > 0.3
    assert np.abs(good.smd(x, made.has, made.weight)).max() < 1e-4


def test_errors_are_those_of_drawing_customers_again_with_new_weights():
    x, has, y = groups(3, 600)
    made = good.alike(x, has)
    parts = made.influence(y)
    error = np.sqrt(((parts[0] - parts[1]) ** 2).sum())
    rng, drawn = np.random.default_rng(0), []
    for _ in range(300):
        places = rng.integers(0, 600, 600)
        one, two = good.alike(x[places], has[places]).means(y[places])
        drawn.append(one - two)
    assert error == pytest.approx(np.std(drawn), rel=0.12)


def test_a_column_that_decides_the_driver_leaves_nobody_to_compare():
    frame = good_world.frame(0)
    frame["carts"] = frame["opinions"]  # of another group, and the very same customers
    table, _ = compare.table(good.people(frame), as_of=AS_OF)
    rows = table.set_index("driver").loc[["cart", "opinion"]]
    assert set(rows["verdict"]) == {good.NOT_COMPARABLE}
    assert rows[["difference", "low", "q_value", "e_value"]].isna().all(axis=None)


@pytest.mark.parametrize(("ratio", "value"), [(3.9, 7.26), (1.8, 3.0), (1 / 3.9, 7.26), (1.0, 1.0)])
def test_e_values_are_the_published_ones(ratio, value):
    """VanderWeele & Ding (2017): breast-feeding and infant deaths, risk ratio 3.9 (95 % interval from 1.8)."""
    assert good.e_value(ratio) == pytest.approx(value, abs=0.005)


def test_terms_hold_what_was_known_by_then_and_not_the_driver_or_what_came_later():
    people = good.people(good_world.frame(0))
    known = {driver.code: driver for driver in people.drivers}
    names, _ = compare.terms(people, known["discount"])
    assert "several_categories" in names and "channel:web" in names and "age_band:50-59" in names
    assert not {"discount", *(code for code, one in known.items() if one.stage == EARLY)} & set(names)
    names, _ = compare.terms(people, known["second_purchase"])
    assert {"discount", "mail_opened", "basket"} <= set(names) and "second_purchase" not in names
    names, _ = compare.terms(people, known["age_band:50-59"])
    assert not [name for name in names if name.startswith("age_band") or (name in known and known[name].stage == FIRST)]


# --- few ------------------------------------------------------------------------------------------------------------------


def small(holds: list[np.ndarray], good_ones: np.ndarray, drivers: tuple[Driver, ...]) -> People:
    return People(good_world.frame(0, customers=len(good_ones)), drivers, np.column_stack(holds), good_ones)


def test_a_driver_that_would_give_a_small_cell_away_by_difference_is_withheld():
    place = np.arange(300)
    best = place % 5 == 0
    visited, cart = place < 150, place < 140  # two good ones lie between
    plain = (Driver("visited", EARLY, "web"), Driver("cart", EARLY, "web"))
    assert compare.withheld(small([visited, cart], best, plain), 10).tolist() == [False, True]
    web, app = place < 150, (place >= 150) & (place < 170)  # four good ones of the app, and the store is the rest
    values = (Driver("channel:web", FIRST, "channel", "web"), Driver("channel:app", FIRST, "channel", "app"))
    assert compare.withheld(small([web, app], best, values), 10).tolist() == [False, True]
    store = place >= 170
    values = (*values, Driver("channel:store", FIRST, "channel", "store"))
    hidden = compare.withheld(small([web, app, store], best, values), 10)
    assert hidden[1] and hidden.sum() == 2  # else the app would be all less web less store


@pytest.mark.parametrize("seed", range(6))
def test_no_cell_shown_holds_few(seed):
    people = good.people(good_world.frame(seed, customers=400))
    table, balance = compare.table(people, as_of=AS_OF)
    told = table[table["verdict"] != good.FEW]
    for side in ("with", "without"):
        count = told[f"customers_{side}"].astype(float)
        best = (count * told[f"good_{side}"].astype(float)).round()
        assert (best >= 10).all() and (count - best >= 10).all()
    assert (
        table.loc[table["verdict"] == good.FEW]
        .drop(columns=["as_of", "driver", "stage", "verdict"])
        .isna()
        .all(axis=None)
    )
    for row in balance[balance["smd_before"].notna() & (balance["term"] != "basket")].to_dict("records"):
        drivers = [driver.code for driver in people.drivers]
        if row["term"] in drivers:
            has, term = (people.holds[:, drivers.index(name)] for name in (row["driver"], row["term"]))
            assert all(count == 0 or count >= 10 for count in ((has & term).sum(), (~has & term).sum()))


# --- from tables ----------------------------------------------------------------------------------------------------------


def company(**options) -> Engine:
    db = snapshot_tables.company(**options)
    snapshot_tables.attributes(db)
    features.customer_orders(db, as_of=AS_OF)
    return db


def early(db: Engine) -> pd.DataFrame:
    until = AS_OF + timedelta(days=1)
    return db.run("good_early", until=until, early_days=60, after_days=200).df().set_index("customer_id")


MOMENTS = {
    "orders": "order_at", "refunds": "refunded_at", "web_events": "event_at", "campaign_contacts": "sent_at",
    "inquiries": "opened_at", "loyalty_points": "txn_at", "survey_answers": "answered_at", "reviews": "posted_at",
}  # fmt: skip


def test_nothing_after_the_early_days_changes_what_was_early():
    db = company(customers=60)
    before = early(db)
    assert len(before) > 30 and before["more_orders"].sum() > 0 and before["mails_opened"].sum() > 0
    for customer in before.index[:12]:
        end = before.loc[customer, "first_day"] + pd.Timedelta(days=60)
        mine = f"source_customer_id in (select source_customer_id from identity_links where customer_id = '{customer}')"
        for table, moment in MOMENTS.items():
            if table != "refunds":
                db.execute(f"delete from {table} where {mine} and {moment} >= timestamp '{end:%Y-%m-%d} 00:00:00'")
        db.execute(
            f"update campaign_contacts set opened_at = null where {mine} and opened_at >= timestamp '{end:%Y-%m-%d} 00:00:00'"
        )
    features.customer_orders(db, as_of=AS_OF)
    after = early(db)
    columns = [name for name in before if name != "value"]
    pd.testing.assert_frame_equal(after.loc[before.index[:12], columns], before.loc[before.index[:12], columns])
    assert (after.loc[before.index[:12], "value"] != before.loc[before.index[:12], "value"]).any()


def test_value_by_plain_sql_and_nothing_of_the_early_days_in_it():
    db = company(customers=60)
    made = early(db)
    plain = (
        db.query("""
        with first as (select customer_id, min(order_at)::date as day from customer_orders where is_order = 1 group by all)
        select customer_id, sum(net_amount)::double as value from customer_orders inner join first using (customer_id)
        where order_at >= day + interval 60 day and order_at < day + interval 260 day group by all
    """)
        .df()
        .set_index("customer_id")["value"]
    )
    assert np.allclose(made["value"], plain.reindex(made.index).fillna(0))
    db.execute("update orders set total = total * 3, discount = 1 where order_id in (select o.order_id from customer_orders o"
               " inner join (select customer_id, min(order_at)::date as day from customer_orders where is_order = 1 group by all)"
               " using (customer_id) where o.is_order = 1 and order_at < day + interval 60 day)")  # fmt: skip
    db.execute("delete from refunds")
    changed = company(customers=60)
    changed.execute("delete from refunds")
    for one in (db, changed):
        features.customer_orders(one, as_of=AS_OF)
    assert (early(db)["value"] == early(changed)["value"]).all()
    assert (early(db)["basket"] > early(changed)["basket"]).any()


def test_only_those_whose_time_is_over_and_whose_first_order_is_seen_take_part():
    db = company(customers=80)
    found, left_out = good.gather(db, as_of=AS_OF, early_days=60, after_days=200)
    days = pd.to_datetime(found.frame["first_day"])
    assert (days + pd.Timedelta(days=260) <= pd.Timestamp(AS_OF) + pd.Timedelta(days=1)).all()
    start = pd.Timestamp(
        db.query("select min(order_at)::date from customer_orders where is_order = 1").fetchall()[0][0]
    )
    unknown = found.frame["registered_on"].isna()
    assert (days[unknown] >= start + pd.Timedelta(days=90)).all()
    assert left_out + len(found) == len(early(db)) and left_out > 0


@pytest.mark.parametrize("options", [{"early_days": 0}, {"after_days": 0}, {"top": 0.0}, {"top": 0.7}])
def test_a_study_that_is_none_is_refused(options):
    with pytest.raises(InputError, match="expected"):
        good.good(company(customers=5), as_of=AS_OF, **options)


def test_a_young_company_has_all_tables_and_says_what_it_lacks():
    made = good.good(company(customers=10), as_of=date(2024, 3, 31))
    assert made.customers == 0 and all(not len(table) for table in made.tables().values())
    for language in ("ja", "en"):
        assert len(looks.remarks(made, language, 10)) == 1


def test_sentences_carry_the_caution_and_agree_with_the_numbers():
    people = good.people(good_world.frame(2))
    drivers, balance, ranked = good.judge(people, as_of=AS_OF)
    made = good.Good(AS_OF, 90, 365, 0.1, len(people), int(people.good.sum()), 0, ranked, drivers, balance)
    said = looks.remarks(made, "en", 10)
    assert said[-1].startswith("An association is not a cause")
    assert any(text.startswith("Second purchase early") and "more than" in text for text in said)
    everything = looks.sentences(drivers, "en", 20)
    assert any(text.startswith("Inquiry early") and "fewer than" in text for text in everything)
    gone = looks.vanished(drivers, "en")
    assert "Message opened early" in gone or "Discount on the first order" in gone
    listed = looks.listing(drivers, "ja", "JPY")
    assert len(listed) == (drivers["verdict"] != good.FEW).sum()


# --- real data ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_purchase_goes_with_later_spend_in_online_retail():
    import retail_tables

    real_data("online-retail-ii")
    db = retail_tables.retail()
    snapshot_tables.without_sources(db)
    features.customer_orders(db, as_of=retail_tables.AS_OF)
    made = good.good(db, as_of=retail_tables.AS_OF, after_days=180)
    rows = made.drivers.set_index("driver")
    assert rows.loc["second_purchase", "verdict"] == rows.loc["large_basket", "verdict"] == good.MORE
    assert made.auc["low"] > 0.7
