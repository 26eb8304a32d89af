"""Time to the next purchase: known hazards are found again, nothing later is looked at, thin data fall back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from timing_simulation import ENDS, FIRST, after, company, concordance, error_of_bands, truth

from customerbase.errors import InputError
from customerbase.features import features
from customerbase.periods import add_months
from customerbase.prediction.timing import fit_timing, moments
from customerbase.prediction.timing_hazard import Hazards, nearest
from customerbase.prediction.timing_rates import RateHazards, Rates
from customerbase.prediction.timing_rows import person_intervals, watched

NOW = add_months(FIRST, 7)  # the newest snapshot; those before it have been watched for 0 to 7 months
CHANCES = ["p_7", "p_30", "p_60", "p_90"]


@pytest.fixture(scope="module")
def shop():
    return company()


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_timing(*shop, known_until=NOW)


def newest(shop, cutoff: date = NOW) -> pd.DataFrame:
    return shop[0][shop[0]["cutoff"] == cutoff].reset_index(drop=True)


def came(shop, horizon: int) -> pd.DataFrame:
    labels = shop[1]
    return labels[(labels["cutoff"] == NOW) & (labels["horizon_days"] == horizon)].reset_index(drop=True)


def test_known_hazards_are_found_again(shop, fitted):
    snapshot = newest(shop)
    made, known = fitted.predict(snapshot), truth(snapshot)[:, [0, 2, 3, 4]]
    assert isinstance(fitted.model, Hazards) and fitted.notes == ()
    assert np.abs(made[CHANCES].to_numpy() - known).mean() < 0.03
    for place, horizon in enumerate((7, 30, 60, 90)):
        assert error_of_bands(made[CHANCES[place]].to_numpy(), came(shop, horizon)["bought"].to_numpy()) < 0.035
    assert (np.diff(made[CHANCES].to_numpy(), axis=1) >= 0).all()


def test_ranking_is_near_that_of_the_truth_and_the_popular_formula_is_worse(shop, fitted):
    snapshot, label = newest(shop), came(shop, 90)
    days, bought = label["days_to_purchase"].to_numpy(), label["bought"].to_numpy()
    oracle = concordance(days, bought, truth(snapshot)[:, 4])
    ours = concordance(days, bought, fitted.predict(snapshot)["p_30"].to_numpy())
    due = np.maximum(snapshot["median_gap"] - snapshot["days_since_last_purchase"], 0).fillna(999)
    assert oracle - 0.01 < ours <= oracle + 0.01
    assert concordance(days, bought, -due.to_numpy()) < ours - 0.05


def test_windows_hold_four_fifths_of_what_may_happen(shop, fitted):
    made, days = fitted.predict(newest(shop)), came(shop, 90)["days_to_purchase"].to_numpy()
    low, high = made["low_days"].to_numpy(), made["high_days"].to_numpy()
    closed = np.isfinite(high)
    assert (days < low)[np.isfinite(low)].mean() == pytest.approx(0.1, abs=0.03)
    assert (days > high)[closed].mean() == pytest.approx(0.1, abs=0.04) and closed.sum() > 100
    assert (made["low_days"][closed] <= made["median_days"][closed]).all()
    assert (made["median_days"][closed] <= made["high_days"][closed]).all()
    assert (np.isfinite(high) == (made["p_90"] >= 0.9)).all()  # else beyond 90 days


def test_nothing_after_known_until_is_looked_at(shop, fitted):
    snapshots, labels = shop
    end = pd.to_datetime(labels["cutoff"]) + pd.to_timedelta(labels["horizon_days"], unit="D")
    later = (end > pd.Timestamp(NOW)).to_numpy()
    changed = labels.copy()
    mixed = np.random.default_rng(1).permutation(np.flatnonzero(later))
    for name in ("bought", "days_to_purchase", "is_censored", "net_spend"):
        changed.loc[later, name] = labels[name].to_numpy()[mixed]
    future = newest(shop).assign(cutoff=add_months(NOW, 1), days_since_last_purchase=1, purchase_days_365=99)
    again = fit_timing(pd.concat([snapshots, future]), changed, known_until=NOW).predict(newest(shop))
    pd.testing.assert_frame_equal(again, fitted.predict(newest(shop)), check_exact=True)
    known = np.flatnonzero(~later)  # while what was known does matter
    changed.loc[known, "days_to_purchase"] = 0
    changed.loc[known, "is_censored"] = False
    assert fit_timing(snapshots, changed, known_until=NOW).notes[0].code == "all_bought"


def test_a_window_that_has_not_ended_is_censored_at_what_was_watched(shop):
    rows = watched(*shop, known_until=NOW)
    seen = rows.groupby("cutoff")["watched"].max()
    assert seen.loc[str(add_months(NOW, -1))] == 30 and seen.loc[str(add_months(NOW, -2))] == 60
    assert pd.Timestamp(NOW) not in seen.index
    assert (rows["days"] <= rows["watched"]).all()


def test_person_intervals_by_hand():
    days, seen = np.array([3, 20, 30, 90]), np.array([90, 90, 30, 90])
    row, interval, event = person_intervals(days, seen, ENDS)
    at = [(0, 0), (1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2), (3, 3), (3, 4)]
    assert list(zip(row.tolist(), interval.tolist(), strict=True)) == at
    assert [at[place] for place in np.flatnonzero(event)] == [(0, 0), (1, 2)]


@given(st.floats(0.001, 0.2), st.sampled_from([0.1, 0.5, 0.9]))
def test_a_constant_rate_gives_the_quantiles_of_the_exponential(rate, share):
    left = np.exp(-rate * np.array(ENDS))[None, :]
    expected = -np.log1p(-share) / rate
    found = moments(left, ENDS, share)[0]
    assert found == pytest.approx(expected) if expected < 89.99 else np.isnan(found) or expected < 90.01


@given(arrays(float, st.tuples(st.integers(1, 700), st.just(2)), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
def test_rounded_columns_keep_order_and_gaps(values):
    made = nearest(values)
    assert (np.isnan(made) == np.isnan(values)).all()
    for before, after_ in zip(values.T, made.T, strict=True):
        there = ~np.isnan(before)
        order = np.argsort(before[there], kind="stable")
        assert (np.diff(after_[there][order]) >= 0).all()
        assert len(np.unique(after_[there])) <= 255
        if len(np.unique(before[there])) <= 255:
            assert np.array_equal(before[there], after_[there])


def batch_of(frame: pd.DataFrame) -> pa.RecordBatch:
    money = pa.array([f"{value:.2f}" for value in frame["spend_365"]]).cast(pa.decimal128(18, 2))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    place = table.schema.get_field_index("spend_365")
    return table.set_column(place, "spend_365", money).combine_chunks().to_batches()[0]


def test_a_rows_score_does_not_depend_on_its_batch_or_on_threads(shop, fitted):
    batch = batch_of(newest(shop))
    whole = fitted.score(batch)
    assert whole.schema.names == ["customer_id", "cutoff", *CHANCES, "median_days", "low_days", "high_days"]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda start: fitted.score(batch.slice(start, 37)), range(0, len(batch), 37)))
    assert pa.Table.from_batches(parts).combine_chunks().to_batches()[0].equals(whole)
    assert fitted.score(batch, ["p_30"]).column("p_30").equals(whole.column("p_30"))
    assert whole.column("high_days").null_count == int((whole.column("p_90").to_numpy() < 0.9).sum())
    assert len(fitted.score(batch.slice(0, 0))) == 0


def test_same_rows_in_another_order_give_the_same_bytes(shop, fitted):
    snapshots, labels = (table.sample(frac=1, random_state=1) for table in shop)
    again = fit_timing(snapshots, labels, known_until=NOW)
    assert again.score(batch_of(newest(shop))).equals(fitted.score(batch_of(newest(shop))))


def test_horizons_and_columns_that_are_not_there_name_what_is(shop, fitted):
    with pytest.raises(InputError, match="horizon is 45 days; expected the end of an interval: 7, 14, 30, 60, 90"):
        fitted.chances(newest(shop), [45])
    with pytest.raises(InputError, match=r"'p_9' is none of .*Did you mean"):
        fitted.score(batch_of(newest(shop)), ["p_9"])
    with pytest.raises(InputError, match=r"ends is \(30, 7\)"):
        fit_timing(*shop, known_until=NOW, ends=(30, 7))
    with pytest.raises(InputError, match="no column 'days_to_purchase'"):
        fit_timing(shop[0], shop[1].drop(columns="days_to_purchase"), known_until=NOW)


def thin(shop, case: str) -> tuple[pd.DataFrame, pd.DataFrame, date]:
    snapshots, labels = (table.copy() for table in shop)
    if case == "no_window":
        return snapshots[snapshots["cutoff"] == FIRST], labels[labels["cutoff"] == FIRST], FIRST
    if case == "few_windows":
        return snapshots, labels, add_months(FIRST, 4)
    bought = case == "all_bought"
    labels["is_censored"], labels["bought"] = not bought, bought
    labels["days_to_purchase"] = 3 if bought else labels["horizon_days"]
    return snapshots, labels, NOW


@pytest.mark.parametrize("case", ["no_window", "few_windows", "all_bought", "nobody_bought"])
def test_thin_data_fall_back_to_own_rates_and_say_so(shop, case):
    snapshots, labels, day = thin(shop, case)
    fitted = fit_timing(snapshots, labels, known_until=day)
    assert isinstance(fitted.model, RateHazards) and [note.code for note in fitted.notes] == [case]
    assert all(fitted.notes[0].text(language) for language in ("en", "ja"))
    made = fitted.predict(newest(shop, day))[CHANCES].to_numpy()
    assert np.isfinite(made).all() and (made >= 0).all() and (made <= 1).all() and (np.diff(made, axis=1) >= 0).all()
    if case == "few_windows":  # at the level seen, and ranked by the customers' own rates
        known = truth(newest(shop, day))[:, [0, 2, 3, 4]]
        assert made.mean(axis=0) == pytest.approx(known.mean(axis=0), abs=0.05)
        assert np.corrcoef(made[:, 3], known[:, 3])[0, 1] > 0.7
    if case == "all_bought":
        assert made[:, 3].min() > 0.9
    if case == "nobody_bought":
        assert made[:, 3].max() < 0.1


def test_without_repeat_purchases_everybody_has_the_rate_of_the_life_table(shop):
    snapshots = shop[0].assign(purchase_days=1, days_since_first_purchase=shop[0]["days_since_last_purchase"])
    assert Rates.of(newest((snapshots, None))).model is None
    day = add_months(FIRST, 4)
    p = fit_timing(snapshots, shop[1], known_until=day).chances(newest(shop, day), ENDS)
    assert (p == p[0]).all()
    rows = watched(shop[0], shop[1], day)
    age = (pd.Timestamp(day) - rows["cutoff"]).dt.days
    weight = 0.5 ** (age / 90)
    first = (weight * (rows["days"] < 7)).sum() / weight.sum()
    assert p[0, 0] == pytest.approx(first, abs=1e-3)


def test_features_that_say_nothing_do_no_harm(shop):
    silent = shop[0].copy()
    silent[list(features())] = np.nan
    one = fit_timing(silent, shop[1], known_until=NOW).chances(newest((silent, None)), ENDS)
    assert np.isfinite(one).all() and np.ptp(one, axis=0).max() < 1e-12
    few = fit_timing(shop[0].iloc[:0], shop[1], known_until=NOW)
    assert few.notes[0].code == "no_window" and len(few.predict(shop[0].iloc[:0])) == 0


def test_the_end_of_a_window_may_be_the_day_itself(shop):
    known = after(FIRST, 30)
    assert set(watched(*shop, known_until=known)["watched"]) == {30}
    assert set(watched(*shop, known_until=after(FIRST, 29))["watched"]) == {7}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_levels_of_a_small_shop_are_not_drawn_to_one_another(seed):
    """Chances differ twentyfold between the first week and the third month; penalised levels would meet half-way."""
    small = company(customers=500, seed=seed)
    now = newest(small)
    found = fit_timing(*small, known_until=NOW, boost=False).predict(now)
    true = truth(now)
    for name, place in zip(CHANCES, (0, 2, 3, 4), strict=True):
        assert found[name].mean() == pytest.approx(true[:, place].mean(), abs=0.025), name
