"""The mix of recent buyers: shares and shifts by simulation, effects that add up, rows by plain pandas."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import snapshot_tables
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from customerbase import features, multiple
from customerbase.engine import Engine
from customerbase.segments import mix
from customerbase.segments.mix import behaviour, effects, looks, shift
from customerbase.segments.mix.people import LAST_MONTH, LAST_YEAR, NOW, People, regions

AS_OF = date(2026, 10, 31)


def frame(rng: np.random.Generator, ids: np.ndarray, **attributes: np.ndarray) -> pd.DataFrame:
    """Customers of a window with attributes and random behaviour."""
    n = len(ids)
    answered = rng.random(n) < 0.3
    return pd.DataFrame(
        {
            "orders": rng.geometric(0.5, n),
            "revenue": rng.gamma(2.0, 4000.0, n).round(),
            "nps_answer": np.where(answered, rng.integers(0, 11, n), np.nan),
            "csat": np.where(rng.random(n) < 0.2, rng.integers(1, 6, n), np.nan),
            "rating": np.where(rng.random(n) < 0.2, rng.integers(1, 6, n), np.nan),
            **attributes,
        },
        index=pd.Index(ids, name="customer_id"),
    )


def two_months(seed: int, shares=(0.4, 0.35, 0.25), moved: float = 0.0, n: int = 1200) -> People:
    """Customers of whom most are active in both months; `moved` of those new come with the first value."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"C{place:05}" for place in range(n)])
    active = rng.random((2, n)) < [[0.7], [0.75]]
    value = rng.choice(["a", "b", "c"], n, p=shares)
    new = active[1] & ~active[0] & (rng.random(n) < moved)
    value = np.where(new, "a", value)
    other = rng.choice(["x", "y"], n)
    windows = {
        window: frame(rng, ids[held], gender=value[held], occupation=other[held])
        for window, held in ((NOW, active[1]), (LAST_YEAR, active[0]))
    }
    return People(windows, windows[NOW].head(0), 10)


# --- shifts ---------------------------------------------------------------------------------------------------------------


def test_without_a_common_customer_the_variance_is_that_of_two_samples():
    counts = np.zeros((4, 4), dtype=int)
    counts[:3, 3], counts[3, :3] = [50, 30, 20], [90, 60, 50]
    change, covariance = shift.shifts(counts)
    p, q = np.array([0.45, 0.3, 0.25]), np.array([0.5, 0.3, 0.2])
    assert np.allclose(change, p - q)
    assert np.allclose(np.diag(covariance), (p * (1 - p) / 200 + q * (1 - q) / 100) * 300 / 299)


def test_the_same_customers_with_the_same_values_cannot_shift():
    change, covariance = shift.shifts(np.diag([50, 30, 20, 0]))
    assert np.allclose(change, 0) and np.allclose(covariance, 0)
    assert shift.overall(change, covariance) == 1.0


def test_intervals_of_shifts_hold_the_truth_and_are_as_wide_as_the_truth_varies():
    rng, kept, found, errors = np.random.default_rng(3), 0, [], []
    for _ in range(400):
        value = rng.choice(3, 600, p=[0.5, 0.3, 0.2])
        before, now = rng.random(600) < 0.6, rng.random(600) < np.where(value == 0, 0.8, 0.5)
        one = pd.Series(value[before], index=np.flatnonzero(before))
        two = pd.Series(value[now], index=np.flatnonzero(now))
        change, covariance = shift.shifts(shift.pairs(one, two, 3))
        truth = 0.4 / 0.65 - 0.5
        error = np.sqrt(covariance[0, 0])
        kept += abs(change[0] - truth) <= 1.96 * error
        found.append(change[0])
        errors.append(error)
    assert 0.92 <= kept / 400 <= 0.98
    assert abs(np.mean(errors) / np.std(found) - 1) < 0.1


def test_where_nothing_changed_hardly_a_month_shows_a_clear_shift():
    clear = [shift.table(two_months(seed, n=500), as_of=AS_OF)[0]["clear"].any() for seed in range(100)]
    assert np.mean(clear) <= 0.1


def test_a_planted_shift_is_found_in_its_attribute_alone():
    tables = [shift.table(two_months(seed, moved=0.5), as_of=AS_OF) for seed in range(10)]
    for made, _ in tables:
        rows = made.set_index(["attribute", "value"])
        assert rows.loc[("gender", "a"), "clear"] and rows.loc[("gender", "a"), "shift"] > 0.05
    assert sum(tests.set_index("attribute").loc["occupation", "clear"] for _, tests in tables) <= 1


def test_shares_and_sums_are_those_of_the_frames():
    people = two_months(1)
    made, _ = shift.table(people, as_of=AS_OF)
    for attribute, rows in made.groupby("attribute"):
        plain = people.now[attribute].value_counts()
        assert rows.set_index("value")["customers"].to_dict() == plain.to_dict()
        assert rows["customers"].sum() == len(people.now)
        assert rows["customers_before"].sum() == len(people.windows[LAST_YEAR])
        assert rows["share"].sum() == pytest.approx(1) and rows["shift"].sum() == pytest.approx(0)
    assert (made["shift_low"] <= made["shift"]).all() and (made["shift"] <= made["shift_high"]).all()


def test_adjusted_p_values():
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.005])
    assert np.allclose(multiple.holm(p), [0.03, 0.06, 0.06, np.nan, 0.02], equal_nan=True)
    known = np.isfinite(p)
    assert np.allclose(multiple.benjamini_hochberg(p)[known], false_discovery_control(p[known]))


# --- effects --------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 40), st.integers(1, 40))
def test_within_and_mix_add_up_exactly_even_where_a_group_is_empty(seed, rows, n, m):
    rng = np.random.default_rng(seed)
    code, before = rng.integers(0, rows, n), rng.integers(0, rows, m)
    split = effects.kitagawa(code, rng.normal(50, 20, n), before, rng.normal(40, 20, m), rows)
    assert split["within"] + split["mix"] == pytest.approx(split["total"], abs=1e-9)


def test_the_split_by_hand():
    # shares 0.5, 0.5 -> 0.75, 0.25; means 10, 20 -> 12, 30
    split = effects.kitagawa(
        np.array([0, 0, 0, 1]), np.array([12.0, 12, 12, 30]), np.array([0, 0, 1, 1]), np.array([10.0, 10, 20, 20]), 2
    )
    assert split["mix"] == pytest.approx(0.25 * 11 - 0.25 * 25)
    assert split["within"] == pytest.approx(0.625 * 2 + 0.375 * 10)
    assert split["total"] == pytest.approx(16.5 - 15)


def test_intervals_of_the_mix_effect_are_those_of_drawing_customers_again():
    people = two_months(5, moved=0.5)
    row = effects.table(people, as_of=AS_OF).set_index(["kpi", "attribute"]).loc[("revenue_per_customer", "gender")]
    now, before = people.now, people.windows[LAST_YEAR]
    ids, rng, drawn = now.index.union(before.index), np.random.default_rng(0), []
    for _ in range(400):
        times = pd.Series(np.bincount(rng.integers(0, len(ids), len(ids)), minlength=len(ids)), index=ids)
        one, two = (part.loc[part.index.repeat(times.reindex(part.index))] for part in (now, before))
        sides = [
            (part["gender"].value_counts(normalize=True), part.groupby("gender")["revenue"].mean())
            for part in (one, two)
        ]
        (p, mean), (q, mean_before) = sides
        drawn.append(((mean + mean_before) / 2 * (p - q)).sum())
    assert (row["mix_high"] - row["mix_low"]) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.12)


# --- behaviour ------------------------------------------------------------------------------------------------------------


def test_behaviour_by_plain_pandas():
    people = two_months(2)
    made = behaviour.table(people, as_of=AS_OF).set_index(["attribute", "value", "measure"])
    for value, part in people.now.groupby("gender"):
        assert made.loc[("gender", value, "orders"), "estimate"] == pytest.approx(part["orders"].mean())
        assert made.loc[("gender", value, "basket"), "estimate"] == pytest.approx(
            part["revenue"].sum() / part["orders"].sum()
        )
        assert made.loc[("gender", value, "repeat_share"), "estimate"] == pytest.approx((part["orders"] > 1).mean())
        row = made.loc[("gender", value, "nps_answer")]
        assert row["estimate"] == pytest.approx(part["nps_answer"].mean())
        assert (row["n"], row["customers"]) == (part["nps_answer"].notna().sum(), len(part))
    assert made.loc[("all", "all", "csat"), "n"] == people.now["csat"].notna().sum()


# --- from tables ----------------------------------------------------------------------------------------------------------


def company(**options) -> Engine:
    db = snapshot_tables.company(**options)
    snapshot_tables.attributes(db)
    features.customer_orders(db, as_of=AS_OF)
    return db


def test_who_is_active_and_in_which_channel_by_plain_sql():
    db = company(customers=150)
    made = mix.mix(db, as_of=AS_OF, k_min=5)
    days = "order_at >= '2025-11-01' and order_at < '2026-11-01'"
    (active,) = db.query(
        f"select count(distinct customer_id) from customer_orders where is_order = 1 and customer_id is not null and {days}"
    ).fetchall()[0]
    assert made.customers == active
    shown = made.mix[(made.mix["attribute"] == "region") & (made.mix["against"] == LAST_MONTH)].set_index("value")[
        "customers"
    ]
    (kinki,) = db.query(
        "select count(distinct customer_id) from customer_orders inner join profile using (customer_id)"
        f" where is_order = 1 and {days} and prefecture in ('大阪府', '京都府')"
    ).fetchall()[0]
    assert shown["kinki"] == kinki and "Bavaria" in shown.index  # a foreign prefecture is a region of its own


def test_every_prefecture_of_japan_lies_in_one_of_eight_regions():
    assert len(regions()) == 47 and len(set(regions().values())) == 8


def test_a_month_whose_window_begins_before_the_data_is_not_compared_with():
    db = company(customers=80)
    db.execute("delete from orders where order_at < '2025-10-01'")
    features.customer_orders(db, as_of=AS_OF)
    made = mix.mix(db, as_of=AS_OF, k_min=5)
    assert made.compared == (LAST_MONTH,)
    db.execute("delete from orders where order_at < '2026-05-01'")
    features.customer_orders(db, as_of=AS_OF)
    made = mix.mix(db, as_of=AS_OF, k_min=5)
    assert made.compared == () and set(made.mix["against"]) == {"none"} and not len(made.effects)
    assert made.mix["shift"].isna().all() and not made.mix["clear"].any()
    for language in ("ja", "en"):
        assert len(looks.remarks(made, 12, language)) >= 2


def test_without_customers_attributes_or_answers_the_tables_are_empty_and_it_is_said():
    db = company(customers=4)
    made = mix.mix(db, as_of=AS_OF)
    assert all(not len(table) for table in made.tables().values())
    assert looks.remarks(made, 12, "en") == ["Too few customers bought in the window to show who they are."]
    db = company(customers=80)
    for table in ("survey_answers", "reviews", "inquiries", "profile"):
        db.execute(f"delete from {table}")
    made = mix.mix(db, as_of=AS_OF)
    assert set(made.mix["attribute"]) <= {"channel", "store"}
    said = " ".join(looks.remarks(made, 12, "en"))
    assert "Too few answers to surveys" in said


def test_data_may_not_look_like_the_rest():
    db = company(customers=80)
    db.execute("update profile set occupation = '*' where occupation = '会社員'")
    made = mix.mix(db, as_of=AS_OF)
    assert "＊" in set(made.mix["value"])


# --- words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_only_clear_shifts_are_told_and_signs_agree(language):
    made, tests = shift.table(two_months(0, moved=0.5), as_of=AS_OF)
    said = looks.shifts(made, language)
    assert 1 <= len(said) <= looks.MOST
    top = made[made["clear"]].assign(size=made["shift"].abs()).sort_values("size").iloc[-1]
    assert ("+" if top["shift"] > 0 else "−") in said[0]
    assert looks.drawn(made, tests) == "gender"
    nothing, _ = shift.table(two_months(7), as_of=AS_OF)
    [one] = looks.shifts(nothing.assign(clear=False), language)
    assert "はっきりした変化はありません" in one or "No clear change" in one
