"""Subscribers: the calendar of renewals, value against a plain loop, what was not known yet, intervals, the setting."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln

from customerbase.cltv import contract_models, contracts, subscribers
from customerbase.cltv.relationship import situation
from customerbase.cltv.subscribers import value_of_subscribers
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.periods import add_months, month_end
from customerbase.tables import evaluate, schema, schemas
from customerbase.tables.store import as_declared

AS_OF = date(2026, 10, 31)
BOTH_LANGUAGES = ("ja", "en")
Row = tuple[str, date, date | None, int, float | None]  # customer, first day, last day, months, price


def engine(rows: Iterable[Row], orders: Iterable[tuple[str, date]] = ()) -> Engine:
    """An Engine with subscriptions and orders of the declared types; customer x is person px, "" is nobody's."""
    db = Engine(threads=1)
    for table in ("subscriptions", "orders", "identity_links"):
        columns = ", ".join(f"{column.name} {column.type}" for column in schemas()[table].columns.values())
        db.execute(f"create table {table} ({columns})")
    rows, orders = list(rows), list(orders)
    if rows:
        given = pd.DataFrame(rows, columns=["who", "started_at", "ended_at", "months", "price"])
        given["number"] = [f"k{place:07}" for place in range(len(given))]
        db.register("given", given.astype({"price": float, "ended_at": "datetime64[s]"}))
        db.execute("""insert into subscriptions by name select 'shop' as source_system, number as subscription_id,
            nullif(who, '') as source_customer_id, price, 'JPY' as currency, months as period_months, started_at,
            cast(ended_at as date) as ended_at, number as source_row_id from given""")
    for place, (who, day) in enumerate(orders):
        db.execute(
            "insert into orders by name select 'shop' as source_system, $number as order_id, $who as source_customer_id,"
            " cast($day as timestamp) as order_at, 'completed' as status, 100 as total",
            number=f"o{place}", who=who, day=day,
        )  # fmt: skip
    db.execute("""insert into identity_links by name select 'shop' as source_system, source_customer_id,
        'p' || source_customer_id as customer_id from
        (select source_customer_id from subscriptions union select source_customer_id from orders)
        where source_customer_id is not null""")
    return db


def months_after(day: date, months: int) -> date:
    end = month_end(add_months(day, months))
    return end.replace(day=min(day.day, end.day))


def simulated(
    size: int, truth=(0.8, 6.0), seed: int = 1, until: date = date(2028, 12, 31), months: int = 1
) -> list[Row]:
    """Contracts begun from 2024 to September 2026 that end when a beta-geometric customer ends, as far as `until`."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(size):
        first = date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 1000)))
        life = int(min(rng.geometric(rng.beta(*truth)), 500))
        last = months_after(first, life * months)
        rows.append((f"c{number:05}", first, last if last <= until else None, months, float(rng.integers(5, 30) * 100)))
    return rows


def value(rows: Iterable[Row], **options) -> pd.DataFrame:
    given = {"as_of": AS_OF, "horizon_months": 24} | options
    return value_of_subscribers(engine(rows), **given).set_index("customer_id")


# --- the calendar -------------------------------------------------------------------------------------------------------------

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@settings(max_examples=200, deadline=None)
@given(first=days, until=days, months=st.sampled_from([1, 3, 6, 12]))
def test_due_days_are_counted_as_a_person_would(first, until, months):
    count = 0
    while months_after(first, (count + 1) * months) <= until:
        count += 1
    started, length = np.array([first], dtype="datetime64[D]"), np.array([months])
    assert contracts.due(started, length, until).tolist() == [count]
    assert contracts.due_day(started, np.array([count * months])).tolist() == [months_after(first, count * months)]


def test_renewals_by_hand():
    known = contracts.contracts(
        engine([
            ("a", date(2026, 1, 31), None, 1, 980),  # due 28 Feb, 31 Mar, …, 31 Oct
            ("b", date(2026, 1, 31), date(2026, 2, 28), 1, 980),  # ended on the first due day: never renewed
            ("c", date(2026, 1, 31), date(2026, 3, 1), 1, 980),  # renewed on 28 February
            ("d", date(2026, 1, 31), date(2026, 1, 31), 1, 980),  # ended on its first day
            ("e", date(2024, 10, 31), date(2026, 11, 1), 12, 980),  # the end lies ahead
            ("f", date(2026, 11, 1), None, 1, 980),  # not begun
            ("", date(2026, 1, 1), None, 1, 980),  # nobody known
        ]),
        as_of=AS_OF,
    )  # fmt: skip
    assert known.customer.tolist() == ["pa", "pb", "pc", "pd", "pe"]
    assert known.renewals.tolist() == [9, 0, 1, 0, 2]
    assert known.ended.tolist() == [False, True, True, True, False]
    assert known.due_by(date(2027, 1, 31)).tolist() == [3, 3, 3, 3, 0]
    assert known.next_due()[[0, 4]].tolist() == [30 / 7, 365 / 7]


# --- value --------------------------------------------------------------------------------------------------------------------


def test_the_table_is_as_declared_and_meets_its_expectations():
    rows = [*simulated(400), *simulated(60, months=12, seed=2), ("c00001", date(2026, 5, 5), None, 1, 300.0)]
    db = engine(rows)
    fitted = contract_models.fit_subscribers(db, as_of=AS_OF)
    made = value_of_subscribers(db, as_of=AS_OF, horizon_months=24, fitted=fitted)
    models = contract_models.candidates_table(db, fitted)
    for name, frame in (("cltv", made), ("cltv_models", models)):
        assert list(frame.columns) == list(schema(name).columns)
        db.register("frame", frame)
        db.register(name, as_declared(db.query("select * from frame"), schema(name)))
        assert [check.reason for check in evaluate(db, schema(name), name) if not check.success] == []
    assert models["used_for"].tolist() == ["purchases and p_alive", "nothing"]
    assert models["remarks_ja"][0] and models["remarks_en"][0]
    assert "1 months: alpha" in models["parameters"][0] and "12 months: alpha" in models["parameters"][0]


def test_every_number_by_a_plain_loop():
    rows = simulated(300, seed=4)
    db = engine(rows)
    fitted = contract_models.fit_subscribers(db, as_of=AS_OF)
    a, b = fitted.pooled[1].values
    made = value_of_subscribers(
        db, as_of=AS_OF, horizon_months=12, annual_discount=0.08, margin=0.4, fitted=fitted
    ).set_index("customer_id")
    assert len(made) == len({row[0] for row in rows})
    for who, first, last, _, price in rows:
        one, alive, count = made.loc[f"p{who}"], last is None or last > AS_OF, 0
        until = AS_OF if alive else last - timedelta(days=1)
        while months_after(first, count + 1) <= until:
            count += 1
        bought, worth = dict.fromkeys((3, 6, 12, 24), 0.0), 0.0
        for step in range(1, 30 if alive else 1):
            day = months_after(first, count + step)
            chance = np.exp(betaln(a, b + count + step) - betaln(a, b + count))
            for months in bought:
                bought[months] += chance if day <= months_after(AS_OF, months) else 0.0
            if day <= months_after(AS_OF, 12):
                worth += 0.4 * price * chance / 1.08 ** ((day - AS_OF).days / 365.25)
        assert (one["frequency"], one["p_alive"]) == (count, float(alive))
        assert one["T"] == pytest.approx((AS_OF - first).days / 7)
        assert one["recency"] == pytest.approx((months_after(first, count) - first).days / 7)
        for months, expected in bought.items():
            assert one[f"purchases_{months}m"] == pytest.approx(expected, rel=1e-9)
            assert one[f"spend_{months}m"] == pytest.approx(expected * price, rel=1e-9)
        assert one["cltv"] == pytest.approx(worth, rel=5e-4)  # months of one length instead of 28 to 31 days


def test_undiscounted_value_is_spend_and_for_ever_is_more_than_a_horizon():
    rows = simulated(300)
    plain = value(rows, horizon_months=12, annual_discount=0.0)
    assert plain["cltv"].to_numpy() == pytest.approx(plain["spend_12m"].to_numpy())
    assert plain["cltv_infinite"].isna().all()
    short, long = value(rows, horizon_months=12), value(rows, horizon_months=600)
    assert (short["cltv"] <= plain["cltv"]).all()
    assert (short["cltv"] <= long["cltv"] + 1e-9).all()
    assert long["cltv"].to_numpy() == pytest.approx(short["cltv_infinite"].to_numpy(), rel=0.02)


def test_nothing_after_as_of_is_seen():
    then, rows = date(2025, 12, 31), simulated(300)
    later = [*rows, ("new", date(2026, 1, 1), None, 1, 100.0)]
    cut = [
        (who, first, last if last and last <= then else None, months, price)
        for who, first, last, months, price in rows
        if first <= then
    ]
    pd.testing.assert_frame_equal(value(later, as_of=then), value(cut, as_of=then))


def test_contracts_of_one_customer_are_counted_each_and_added():
    rows = simulated(200)
    pairs = [(f"x{place // 2:03}", *row[1:]) for place, row in enumerate(rows)]
    apart, together = value(rows), value(pairs)
    added = [name for name in apart if name.startswith(("purchases_", "spend_")) and name.endswith("m")]
    by_pair = apart[[*added, "frequency", "cltv", "cltv_infinite"]].groupby(np.arange(200) // 2).sum()
    assert together[by_pair.columns].to_numpy() == pytest.approx(by_pair.to_numpy())
    alive = apart["p_alive"].groupby(np.arange(200) // 2).max()
    assert together["p_alive"].tolist() == alive.tolist()


def test_the_same_contracts_in_any_order_give_the_same_numbers():
    rows = simulated(150)
    pd.testing.assert_frame_equal(value(rows), value(rows), check_exact=True)
    pd.testing.assert_frame_equal(value(rows), value(rows[::-1]), check_exact=True)


@pytest.mark.parametrize("block", [400, 100_000])
def test_blocks_cut_no_customer_in_two(monkeypatch, block):
    rows = [(f"x{place // 3:03}", *row[1:]) for place, row in enumerate(simulated(90))]
    whole = value(rows)
    monkeypatch.setattr(
        subscribers,
        "blocks",
        lambda count, *_: [slice(s, min(s + block // 200, count)) for s in range(0, count, block // 200)],
    )
    cut = value(rows)
    assert cut["cltv"].tolist() == whole["cltv"].tolist()
    running = cut["p_alive"] == 1
    assert (cut["purchases_high"][running] > 0).all() and (cut["purchases_high"][~running] == 0).all()


def test_what_happens_lies_within_the_intervals_as_often_as_they_say():
    rows = simulated(4000, truth=(1.5, 12.0), seed=8)
    made = value(rows, horizon_months=24, annual_discount=0.0)
    came = {}
    for who, first, last, _, _ in rows:
        days = (months_after(first, k) for k in range(1, 61))
        ahead = [day for day in days if AS_OF < day <= months_after(AS_OF, 24)]
        came[f"p{who}"] = sum(last is None or day < last for day in ahead)
    running = made[made["p_alive"] == 1]
    happened = pd.Series(came)[running.index]
    within = ((happened >= running["purchases_low"]) & (happened <= running["purchases_high"])).mean()
    below = (happened < running["purchases_low"]).mean()
    assert 0.8 <= within <= 0.98 and below <= 0.1 + 0.02
    assert happened.sum() == pytest.approx(running["purchases_24m"].sum(), rel=0.05)
    assert (running["cltv_low"] <= running["cltv_mid"]).all() and (running["cltv_mid"] <= running["cltv_high"]).all()


# --- models -------------------------------------------------------------------------------------------------------------------


def test_periods_of_different_length_have_models_of_their_own():
    fitted = contract_models.fit_subscribers(
        engine([*simulated(500), *simulated(300, (0.5, 1.0), 3, months=12)]), as_of=AS_OF
    )
    assert sorted(fitted.pooled) == [1, 12]
    assert fitted.pooled[1].retention(0)[0] > 0.8 > 0.75 > fitted.pooled[12].retention(0)[0]


def test_a_cohort_that_renews_otherwise_has_its_own_model_if_it_is_large_enough():
    rows = simulated(2000, (0.8, 8.0), 5)
    bad = [(f"b{n:04}", date(2025, 3, 10), date(2025, 5 + n % 6, 1) if n % 4 else None, 1, 500.0) for n in range(400)]
    fitted = contract_models.fit_subscribers(engine([*rows, *bad]), as_of=AS_OF)
    assert [(months, str(cohort)) for months, cohort in fitted.own] == [(1, "2025-03")]
    note = next(note for note in fitted.notes if note.code == "cohorts_own")
    assert all("2025-03" in note.text(language) for language in BOTH_LANGUAGES)
    few = contract_models.fit_subscribers(engine([*rows, *bad[:30]]), as_of=AS_OF)
    assert not few.own and "cohorts_pooled" in [note.code for note in few.notes]


def test_the_hold_out_uses_only_what_was_known_before():
    rows = simulated(3000, seed=6)
    db = engine(rows)
    table = contract_models.candidates_table(db, contract_models.fit_subscribers(db, as_of=AS_OF)).set_index("model")
    one, then = table.loc["sbg"], date(2025, 10, 31)
    running = [row for row in rows if row[1] <= then and (row[2] is None or row[2] > then)]
    came = sum(
        then < months_after(first, k) <= AS_OF and (last is None or months_after(first, k) < last)
        for _, first, last, _, _ in running
        for k in range(1, 40)
    )
    assert (one["holdout_from"], one["holdout_to"]) == (date(2025, 11, 1), AS_OF)
    assert (one["holdout_customers"], one["actual_purchases"]) == (len(running), came)
    assert abs(one["bias"]) < 0.05
    assert (
        abs(one["actual_purchases"] - one["predicted_purchases"]) / len(running)
        <= one["calibration_error"]
        < one["mae"]
    )
    before = contract_models.fit_subscribers(db, as_of=then)
    expected = value_of_subscribers(db, as_of=then, horizon_months=12, fitted=before)["purchases_12m"].sum()
    assert one["predicted_purchases"] == pytest.approx(expected)
    none = contract_models.candidates_table(db, contract_models.fit_subscribers(db, as_of=AS_OF), holdout_months=0)
    assert none["actual_purchases"].isna().all()


# --- little or nothing ----------------------------------------------------------------------------------------------------------


def test_without_contracts_the_table_is_empty_and_a_note_says_so():
    db = engine([])
    fitted = contract_models.fit_subscribers(db, as_of=AS_OF)
    assert [note.code for note in fitted.notes] == ["no_subscriptions"]
    made = value_of_subscribers(db, as_of=AS_OF, horizon_months=12, fitted=fitted)
    assert len(made) == 0 and list(made.columns) == list(schema("cltv").columns)
    assert list(contract_models.candidates_table(db, fitted).columns) == list(schema("cltv_models").columns)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("a", date(2026, 10, 31), None, 1, 10.0)], "nobody_ended"),
        ([("a", date(2020, 1, 1), None, 1, 10.0)] * 3, "nobody_ended"),
        ([("a", date(2026, 1, 1), date(2026, 1, 2), 1, 10.0)] * 3, "nobody_renewed"),
        ([("a", date(2026, 1, 1), date(2026, 4, 2), 1, 10.0), ("b", date(2020, 1, 1), None, 12, 0.0)], None),
    ],
)
def test_a_handful_of_contracts_stays_finite(rows, code):
    db = engine(rows)
    fitted = contract_models.fit_subscribers(db, as_of=AS_OF)
    assert code is None or code in [note.code for note in fitted.notes]
    made = value_of_subscribers(db, as_of=AS_OF, horizon_months=24, fitted=fitted)
    assert np.isfinite(
        made[["cltv", "cltv_low", "cltv_high", "cltv_infinite", "purchases_24m"]].to_numpy(dtype=float)
    ).all()
    assert len(contract_models.candidates_table(db, fitted)) == 2


def test_without_a_price_there_are_renewals_and_no_money():
    rows = simulated(100)
    rows[0] = (*rows[0][:2], None, 1, None)
    rows[1] = (*rows[1][:2], rows[1][1] + timedelta(days=5), 1, None)
    rows[2] = ("c00001", date(2026, 2, 2), None, 1, 700.0)  # runs with a price beside an ended one without
    made = value(rows)
    none, mixed = made.loc["pc00000"], made.loc["pc00001"]
    assert none["purchases_12m"] > 0 and none["spend_basis"] == "none"
    assert none[["spend_12m", "spend_high", "cltv", "cltv_low", "expected_spend"]].isna().all()
    assert mixed["cltv"] > 0 and (mixed["spend_basis"], mixed["expected_spend"]) == ("own", 700.0)


# --- the setting ----------------------------------------------------------------------------------------------------------------


def codes(db: Engine, relationship: str) -> list[str]:
    notes = situation(db, relationship, as_of=AS_OF)
    assert all(note.text(language) for note in notes for language in BOTH_LANGUAGES)
    return [note.code for note in notes]


def monthly(who: str, count: int) -> list[tuple[str, date]]:
    return [(who, months_after(date(2025, 1, 15), place)) for place in range(count)]


def irregular(who: str, count: int) -> list[tuple[str, date]]:
    return [(who, date(2025, 1, 15) + timedelta(days=14 * place)) for place in range(count)]


def test_the_setting_against_the_data():
    first, last = date(2025, 1, 15), date(2026, 1, 15)
    contract = [("a", first, None, 1, 9.0), ("b", first, last, 1, 9.0)]
    shop = [*monthly("a", 20), *monthly("b", 20)]
    assert codes(engine([], shop), "non_contractual") == []
    assert codes(engine([], shop), "contractual") == ["contractual_without_subscriptions"]
    assert codes(engine(contract, shop), "contractual") == []
    assert codes(engine(contract, shop), "non_contractual") == ["mostly_subscribers"]
    assert codes(engine(contract[:1], [*shop, ("c", first)]), "non_contractual") == ["some_subscribers"]
    assert codes(engine(contract[:1], shop), "contractual") == ["contractual_none_ended"]
    assert codes(engine(contract), "contractual") == []
    off = [*irregular("a", 40), *irregular("b", 10)]
    assert codes(engine(contract, off), "contractual") == ["orders_off_period"]
    others = [*shop, *((f"d{place}", first) for place in range(3))]
    assert codes(engine(contract, others), "contractual") == ["mostly_without_contract"]


def test_the_setting_sees_nothing_after_as_of():
    late = [("a", date(2026, 11, 1), None, 1, 9.0)]
    assert codes(engine(late, [("a", date(2026, 11, 2))]), "contractual") == ["contractual_without_subscriptions"]
    open_end = [("a", date(2026, 1, 1), date(2026, 11, 1), 1, 9.0)]
    assert codes(engine(open_end), "contractual") == ["contractual_none_ended"]


def test_an_unknown_setting_is_refused_with_the_near_miss():
    with pytest.raises(ConfigError, match="Did you mean 'contractual'"):
        situation(engine([]), "contractal", as_of=AS_OF)
