"""What page 05 says of lifetime value: findings computed by hand, small groups withheld, both languages."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import customerbase.cltv.looks as looks
import customerbase.cltv.worth as worth
from customerbase import i18n
from customerbase.cltv import counts
from customerbase.cltv.betageometric import ModifiedBetaGeometricNBD
from customerbase.cltv.groups import at_stake

AS_OF = date(2026, 10, 31)
NB = "\u00a0"


def models(**columns: list) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "model": ["bg_nbd", "gamma_gamma", "mbg_nbd", "nbd"],
            "used_for": ["nothing", "spend", "purchases and p_alive", "nothing"],
            "parameters": ["r 0.2 ± 0.01", "p 6 ± 1", "r 0.3 ± 0.02", "r 0.1 ± 0.01"],
            "customers": [1000, 400, 1000, 1000],
            "holdout_customers": [800, np.nan, 800, 800],
            "actual_purchases": [500.0, np.nan, 500.0, 500.0],
            "predicted_purchases": [480.0, np.nan, 510.0, 700.0],
            "bias": [-0.04, np.nan, 0.02, 0.4],
            "mae": [0.51, np.nan, 0.50, 0.71],
            "correlation": [0.61, np.nan, 0.60, 0.40],
            "calibration_error": [0.06, np.nan, 0.04, 0.3],
            "holdout_log_likelihood": [-1.21, np.nan, -1.22, -1.5],
            "coverage": [0.9, np.nan, 0.91, 0.8],
            "coverage_expected": [0.9, np.nan, 0.9, 0.9],
            "remarks_en": [None, None, "Two in one.", None],
            "remarks_ja": [None, None, "注意。", None],
        }
    )
    return frame.assign(**columns)


def tracking(actual: list[float], ahead: list[float] = ()) -> pd.DataFrame:
    """Months in which the model expects 100 within 90 to 110, then months ahead."""
    count = len(actual) + len(ahead)
    expected = np.array([100.0] * len(actual) + list(ahead))
    return pd.DataFrame(
        {
            "month": pd.date_range("2025-11-01", periods=count, freq="MS"),
            "ahead": [place >= len(actual) for place in range(count)],
            "actual": [*actual, *[np.nan] * len(ahead)],
            "expected": expected,
            "low": expected - 10,
            "high": expected + 10,
        }
    )


def calibration() -> pd.DataFrame:
    rows = [("7+", 40, 5.0, 4.0, 6.0, 5.5), ("0", 900, 0.20, 0.18, 0.22, 0.30), ("1", 300, 0.9, 0.8, 1.0, 0.85)]
    columns = ["frequency_class", "customers", "actual", "actual_low", "actual_high", "predicted"]
    return pd.DataFrame(rows, columns=columns).assign(model="mbg_nbd")


def groups(**segments: int) -> pd.DataFrame:
    """Each group's customers are worth 1,000 each, champions 5,000; 80 % intervals are ± 10 %."""
    counts_of = segments or {"champions": 100, "loyal": 300, "lost": 600}
    value = {name: count * (5000.0 if name == "champions" else 1000.0) for name, count in counts_of.items()}
    rows = [("segment", name, count, value[name]) for name, count in counts_of.items()]
    rows.append(("all", "all", sum(counts_of.values()), sum(value.values())))
    frame = pd.DataFrame(rows, columns=["dimension", "value", "customers", "cltv"])
    frame = frame.assign(as_of=AS_OF, p_alive=0.5, purchases=frame["customers"] * 2.0)
    for name in ("purchases", "cltv"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] * 0.9, frame[name] * 1.1
    return frame.assign(at_stake=frame["customers"] * 100.0)


def bare(frame: pd.DataFrame) -> pd.DataFrame:
    """The same without amounts."""
    return frame.assign(cltv=np.nan, cltv_low=np.nan, cltv_high=np.nan, at_stake=np.nan)


def customers(**values: list) -> pd.DataFrame:
    """20 unchanged, 12 at a third, 10 at double, 11 new."""
    now, before = [100.0] * 20 + [100.0] * 12 + [200.0] * 10 + [50.0] * 11, [100.0] * 20 + [300.0] * 12 + [100.0] * 10
    frame = pd.DataFrame({"cltv": now, "previous_cltv": before + [np.nan] * 11, "p_alive": 0.5})
    return frame.assign(customer_id=[f"C{place:03d}" for place in range(len(frame))], **values)


# --- models --------------------------------------------------------------------------------------------------------------


def test_candidates_stand_side_by_side_the_one_in_use_first_and_the_best_marked():
    table = looks.candidates(models(), "en")
    assert table.columns.tolist() == ["MBG/NBD", "BG/NBD", "NBD"]  # spend has no hold-out of purchases
    assert table.loc["Used for"].tolist() == ["purchases, P(alive)", "not used", "not used"]
    assert table.loc["Bias (predicted over actual, less 1)"].tolist() == [
        f"+2.0{NB}% ★", f"−4.0{NB}%", f"+40.0{NB}%",
    ]  # fmt: skip
    assert table.loc["Correlation, predicted and actual"].tolist() == ["0.600", "0.610 ★", "0.400"]
    assert table.loc["Log predictive density per customer, higher is better"].tolist()[1] == "-1.2100 ★"
    assert "★" not in "".join(table.loc["Customers in the hold-out"])


def test_the_title_names_only_what_the_chosen_model_is_best_in():
    said = looks.candidates_title(models(), "en")
    assert said == (
        f"MBG/NBD is used: its forecast of the hold-out was off by +2.0{NB}%. Best of 3 candidates in: calibration and total"
        " purchases"
    )
    worst = models(calibration_error=[0.01, np.nan, 0.04, 0.3], bias=[0.0, np.nan, 0.02, 0.4])
    assert looks.candidates_title(worst, "ja") == "MBG/NBDを使う（検証期間の購入回数とのずれは+2.0%）。"


def test_without_a_hold_out_or_a_model_the_title_says_so():
    assert "too short" in looks.candidates_title(models(bias=[np.nan] * 4), "en")
    none = models(used_for=["nothing"] * 4)
    assert looks.candidates_title(none, "ja") == i18n.word("cltv.finding.no_model", "ja") and looks.chosen(none) is None
    assert "nan" not in looks.candidates(models(bias=[np.nan] * 4, mae=[np.nan] * 4), "en").to_string()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_fits_show_parameters_and_remarks_of_every_model(language):
    table = looks.fits(models(), language)
    assert table.iloc[:, 3].tolist() == models()["parameters"].tolist()
    assert table.iloc[:, 4].tolist() == ["", "", "注意。" if language == "ja" else "Two in one.", ""]


# --- tracking and calibration -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "verdict", "change"),
    [
        ([100] * 12, "same", None),
        ([100] * 7 + [150] * 5, "same", None),  # 7 of 12 inside an 80 % range: chance does that in 7 % of cases
        ([100] * 6 + [150] * 6, "more", f"25.0{NB}%"),  # 6 or fewer of 12: in 2 %
        ([100] * 6 + [40] * 6, "fewer", f"30.0{NB}%"),
        ([150, 50] * 6, "uneven", None),
        ([150] * 2, "more", f"50.0{NB}%"),
        ([150], "same", None),  # one month outside says nothing yet
    ],
)
def test_a_difference_is_named_only_where_chance_would_not_explain_it(actual, verdict, change):
    inside = sum(90 <= one <= 110 for one in actual)
    values = {"inside": inside, "months": len(actual)} | ({"change": change} if change else {})
    said = looks.tracking_title(tracking(actual, [80.0]), "en")
    assert said == i18n.sentence(f"cltv.finding.tracking_{verdict}", "en", **values)


def test_the_months_ahead_are_summed_up_in_their_own_title():
    table = tracking([100] * 3, [80.4, 70.4])
    assert looks.ahead_title(table, "en") == "Today's customers are expected to buy 151 times in the next 2 months"
    assert looks.ahead_title(table, "ja") == "今の顧客はこれから2か月で151回購入する見込み"
    assert looks.ahead_title(tracking([100]), "en") == "Nothing is forecast"
    assert looks.tracking_title(tracking([], [80.0]), "ja") == i18n.word("cltv.finding.tracking_none", "ja")
    assert looks.tracking(table, 2)["actual"].notna().sum() == 2 and len(looks.tracking(table, 2)) == 4


def test_classes_stand_in_order_and_small_ones_are_withheld_with_another():
    assert looks.calibration(calibration(), "mbg_nbd", 10, "ja")["name"].tolist() == ["0回", "1回", "7回以上"]
    small = calibration().assign(customers=[9, 900, 300])
    assert looks.calibration(small, "mbg_nbd", 10)["name"].tolist() == ["0 times"]  # 9 = total − 900 − 300 otherwise
    assert looks.calibration(calibration(), "nbd", 10).empty


def test_the_calibration_title_names_the_class_that_is_furthest_off():
    said = looks.calibration_title(calibration(), "mbg_nbd", 10, "en")
    assert said.startswith(f"In 2 of 3 classes the prediction lies within the 95{' '}% interval")
    assert said.endswith("furthest off at 0 repeat purchases (0.30 predicted, 0.20 made)")
    good = calibration().assign(predicted=calibration()["actual"])
    assert looks.calibration_title(good, "mbg_nbd", 10, "ja") == "3つのクラスすべてで、予測は実績の95%区間の内"
    assert looks.calibration_title(calibration().head(0), "mbg_nbd", 10, "en").startswith("Without a hold-out")


# --- matrices ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> ModifiedBetaGeometricNBD:
    """Fitted on 1,500 customers of 104 weeks who buy at rates and leave with chances of their own."""
    rng = np.random.default_rng(3)
    rows = []
    for rate, leaving in zip(rng.gamma(0.6, 1 / 8, 1500), rng.beta(0.5, 2.5, 1500), strict=True):
        times = np.cumsum(rng.exponential(1 / rate, 200))[: rng.geometric(leaving) - 1]
        times = times[times < 104]
        rows.append((len(times), times.max(initial=0.0), 104.0))
    return ModifiedBetaGeometricNBD().fit(counts.of(*np.array(rows).T))


def test_a_matrix_asks_the_model_for_each_history_and_leaves_impossible_ones_empty(model):
    found = looks.alive_matrix(model, 30, "en", frequencies=(0, 1, 4), silences=(4, 26, 39))
    assert found.index.tolist() == ["0 (bought once)", "1", "4"] and found.columns.tolist() == ["4", "26", "39"]
    assert found.loc["4", "26"] == pytest.approx(float(model.probability_alive(counts.of(4, 30 - 26, 30))[0]))
    assert found.iloc[0, 2] == pytest.approx(float(model.probability_alive(counts.of(0, 0, 39))[0]))
    assert found.loc[["1", "4"], "39"].isna().all()  # nobody of 30 weeks has been silent for 39
    bought = looks.purchases_matrix(model, 30, 52, "en", frequencies=(0, 4), silences=(4,))
    assert bought.loc["4", "4"] == pytest.approx(float(model.predict_purchases(52, counts.of(4, 26, 30))[0]))


def test_the_matrix_title_reads_its_own_cells():
    matrix = pd.DataFrame(
        [[0.8, 0.7, 0.6], [0.9, 0.8, 0.7], [0.95, 0.5, 0.01]],
        index=["0 (bought once)", "1", "8"],
        columns=["4", "26", "52"],
    )
    assert looks.matrix_title(matrix, "alive", "en") == (
        f"After 52 weeks of silence P(alive) is 70.0{NB}% with 1 repeat purchase and 1.0{NB}% with 8"
    )
    assert "0.7" in looks.matrix_title(matrix, "purchases", "ja") and "8回で0.0回" in looks.matrix_title(
        matrix, "purchases", "ja"
    )
    assert looks.matrix_title(matrix.head(1), "alive", "en") == "P(alive)"
    assert "104" in looks.matrix_definition(104, "ja") and "52 weeks" in looks.matrix_definition(104, "en", 52)


# --- value ---------------------------------------------------------------------------------------------------------------


def test_value_at_stake_is_what_certainty_would_add():
    found = at_stake(np.array([300.0, 100.0, 5.0]), np.array([0.75, 1.0, 0.001]))
    assert found.tolist() == pytest.approx([100.0, 0.0, 0.0])


def test_a_distribution_counts_everybody_once_and_withholds_what_would_tell():
    values = pd.Series([0.0] * 30 + [150.0] * 40 + [300.0] * 50 + [5_000.0] * 3)
    found = worth.distribution(values, 10).set_index("low")
    assert found["high"].tolist()[:-1] == found.index.tolist()[1:] and found.index[0] == 0
    whole = worth.distribution(values, 1)
    assert whole["customers"].sum() == len(values)
    assert found.loc[5000.0, "withheld"] == "<10" and np.isnan(found.loc[5000.0, "customers"])
    assert (found["withheld"] == "*").sum() == 1  # one more, or the total would give the three away
    assert found.loc[200.0, "customers"] == 50
    assert worth.distribution(pd.Series([np.nan]), 10).empty


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=200), st.integers(2, 20))
def test_no_class_of_a_distribution_tells_of_a_few(values, k_min):
    whole, shown = (worth.distribution(pd.Series(values), k)["customers"] for k in (1, k_min))
    assert whole.sum() == len(values)
    assert (shown.dropna() == 0).sum() + (shown.dropna() >= k_min).sum() == shown.notna().sum()
    hidden = whole[shown.isna()]
    assert len(hidden) == 0 or (hidden.sum() >= k_min and len(hidden) > 1) or shown.dropna().sum() == 0


def test_half_of_the_customers_lie_below_the_median():
    values = pd.Series([100.0] * 6 + [10_000.0] * 4)
    assert worth.distribution_title(values, "en") == "Half of the customers are worth ¥100 or less; the mean is ¥4,060"
    assert worth.distribution_marks(values, "ja") == {"中央値": 100.0, "平均": 4060.0}
    assert worth.distribution_title(pd.Series([np.nan]), "ja") == i18n.word("cltv.finding.no_amounts", "ja")


def shares(total: int) -> pd.DataFrame:
    top = [0.01, 0.05, 0.1, 0.2, 0.5, 1.0]
    people = [round(share * total) for share in top]
    return pd.DataFrame({"top_share": top, "customers": people, "value_share": [0.15, 0.3, 0.41, 0.6, 0.9, 1.0]})


def test_the_top_ten_per_cent_make_the_title():
    assert (
        worth.concentration_title(shares(5000), 10, "en") == f"The top 10{NB}% of customers hold 41{NB}% of the value"
    )
    assert worth.concentration_title(shares(5000), 10, "ja") == "上位10%の顧客が価値の41%を占める"
    assert len(worth.concentration(shares(5000), 10)) == 6


def test_points_of_few_customers_are_withheld_and_so_are_steps_of_few():
    kept = worth.concentration(shares(90), 10)  # 1, 4, 9, 18, 45, 90
    assert kept["customers"].tolist() == [18, 45, 90]
    assert worth.top(shares(90), 10) == (0.2, 0.6)
    assert worth.concentration(shares(9), 10).empty and worth.top(shares(9).head(0), 10) is None
    close = pd.DataFrame({"top_share": [0.1, 0.103], "customers": [100, 103], "value_share": [0.4, 0.41]})
    assert worth.concentration(close, 10)["customers"].tolist() == [100]


def test_groups_carry_their_shares_and_values_a_customer():
    found = worth.by(groups(), "segment", 10).set_index("value")
    # 100 × 5,000 of 500,000 + 300,000 + 600,000 = 1.4 million
    assert found.index.tolist() == ["lost", "champions", "loyal"]
    assert found.loc["champions", ["share", "value_share", "each", "each_low"]].tolist() == pytest.approx(
        [0.1, 500 / 1400, 5000, 4500]
    )
    assert worth.groups_title(groups(), "segment", 10, "en", str.title) == (
        f"“Lost” are 60.0{NB}% of customers and hold 42.9{NB}% of the value"
    )


def test_small_groups_and_what_would_give_them_away_are_withheld():
    small = groups(champions=100, loyal=9, lost=600)
    assert worth.by(small, "segment", 10)["value"].tolist() == ["lost"]
    few_elsewhere = groups()
    few_elsewhere.loc[few_elsewhere["dimension"] == "all", "customers"] += 5  # five customers in no segment
    assert "champions" not in worth.by(few_elsewhere, "segment", 10)["value"].tolist()
    assert worth.by(groups(), "segment", 10, frozenset({"lost"}))["value"].tolist() == ["champions", "loyal"]


def test_without_amounts_groups_speak_of_purchases():
    found = worth.by(bare(groups()), "segment", 10)
    assert found["value"].tolist() == ["lost", "loyal", "champions"] and set(found["each"]) == {2.0}
    assert "expected purchases" in worth.groups_title(bare(groups()), "segment", 10, "en")
    table = worth.groups_table(bare(groups()), "segment", 10, "ja")
    assert "失われつつある価値" not in table.columns and table.iloc[0].tolist()[3:6] == [
        "1,200.00回",
        "60.0%",
        "2.00回",
    ]


def test_the_table_of_groups_is_in_words():
    table = worth.groups_table(groups(), "segment", 10, "en", {"lost": "Lost", "champions": "Champions"}.get)
    assert table.iloc[1].tolist() == [
        "Champions", "100", f"50.0{NB}%", "¥500,000", f"35.7{NB}%", "¥5,000", "¥4,500 to ¥5,500", "¥10,000",
    ]  # fmt: skip


def test_a_cohort_is_named_only_when_its_interval_lies_above_the_average():
    cohorts = groups(champions=100, loyal=300, lost=600).replace({"dimension": {"segment": "cohort"}})
    cohorts["value"] = ["2026-08", "2026-09", "2026-10", "all"]
    # 5,000 against 1,400 on average: 3.6 times
    assert worth.groups_title(cohorts, "cohort", 10, "en") == (
        "Customers first seen in 2026-08 are worth most each: 3.6 times the average"
    )
    wide = cohorts.assign(cltv_low=0.0)
    assert worth.groups_title(wide, "cohort", 10, "ja") == i18n.word("cltv.finding.cohorts_same", "ja")
    assert worth.by(cohorts, "cohort", 10)["value"].tolist() == ["2026-08", "2026-09", "2026-10"]


def test_the_value_at_stake_names_the_segment_with_most_of_it():
    assert worth.at_stake_title(groups(), 10, "en", str.title) == f"Value at stake: ¥100K, of which “Lost” 60.0{NB}%"
    assert worth.at_stake_title(bare(groups()), 10, "ja") == i18n.word("cltv.finding.at_stake_none", "ja")
    only_all = groups()[lambda rows: rows["dimension"] == "all"]
    assert worth.at_stake_title(only_all, 10, "ja") == "失われつつある価値は10万円"


# --- changes -------------------------------------------------------------------------------------------------------------


def test_customers_by_how_much_their_value_changed():
    found = worth.changes(customers(), 10)
    assert found["group"].tolist() == ["halved", "same", "rose", "new"]
    assert found["customers"].tolist() == [12, 20, 10, 11]
    assert found["change"].tolist() == [-2400.0, 0.0, 1000.0, 550.0]
    assert worth.changes_title(customers(), 10, "en") == (
        "12 customers lost more than half of their value since the month before: ¥2,400 together"
    )
    edge = pd.DataFrame({"cltv": [50.0, 89.9, 90.0, 110.0, 0.0, 5.0], "previous_cltv": [100.0] * 4 + [0.0, 0.0]})
    assert worth.change_class(edge).tolist() == ["fell", "fell", "same", "rose", "same", "rose"]


def test_changes_of_few_are_withheld_and_said_to_be_few():
    assert "halved" not in worth.changes(customers(), 13)["group"].tolist()
    assert worth.changes_title(customers(), 13, "en") == "Few customers lost more than half of their value"
    calm = customers(cltv=[100.0] * 53)
    calm["previous_cltv"] = 100.0
    assert worth.changes_title(calm, 10, "ja") == i18n.word("cltv.finding.halved_none", "ja")
    first = customers().assign(previous_cltv=np.nan)
    assert worth.changes_title(first, 10, "en") == i18n.word("cltv.finding.no_previous", "en")


def test_changes_by_segment_leave_out_those_whose_few_new_customers_would_show():
    frame = customers(segment=["a"] * 20 + ["b"] * 22 + ["a"] * 8 + ["b"] * 3)
    assert worth.changes(frame, 10, "segment").empty  # 8 and 3 are new: known counts beside all counts would tell
    frame["segment"] = ["a"] * 20 + ["b"] * 22 + ["c"] * 11
    found = worth.changes(frame, 10, "segment")
    assert found["group"].tolist() == ["a", "b"] and found["change"].tolist() == [0.0, -1400.0]


def test_the_largest_falls_by_customer():
    table = worth.largest_falls(customers(), "en", 3)
    assert table["Customer"].tolist() == ["C020", "C021", "C022"]  # of equals the first by id
    assert table.iloc[0].tolist()[1:] == ["¥300", "¥100", "−¥200", f"50.0{NB}%"]
    assert worth.largest_falls(customers(previous_cltv=[np.nan] * 53), "ja").empty
