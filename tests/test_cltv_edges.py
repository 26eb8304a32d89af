"""Lifetime value at its edges: logs with nothing to learn from, extreme amounts, returns, forms of input, files and words."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from cltv_logs import CDNOW, at, summary_of

from customerbase import cltv
from customerbase.errors import ConfigError, InputError

AS_OF = "2026-10-31"
NAMES = {"customer": "who", "date": "day", "amount": "yen", "as_of": AS_OF}
MONEY = ["expected_spend", "spend_12m", "cltv", "cltv_low", "cltv_high"]


def log(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["who", "day", "yen"])


def table(frequency, recency, T, **more) -> pd.DataFrame:
    return pd.DataFrame({"frequency": frequency, "recency": recency, "T": T, **more})


def shop(seed: int = 0, size: int = 400, family: str = "mbg_nbd") -> pd.DataFrame:
    """A summary of customers with amounts."""
    rng = np.random.default_rng(seed)
    made = summary_of(rng, family, CDNOW[family], np.linspace(20, 90, size))
    made.insert(0, "customer_id", [f"c{i:04}" for i in range(size)])
    x = made["frequency"].to_numpy()
    mean = rng.gamma(6.0 * np.maximum(x, 1)) / np.maximum(x, 1) * 3000 / rng.gamma(4.0, size=size)
    return made.assign(monetary_value=np.where(x > 0, mean, np.nan))


def codes(fitted: cltv.Fitted) -> list[str]:
    return [note.code for note in fitted.notes]


def check(predicted: pd.DataFrame) -> pd.DataFrame:
    """What holds for every prediction."""
    counts = predicted[[f"purchases_{m}m" for m in (3, 6, 12, 24)]].to_numpy()
    assert np.isfinite(counts).all() and (counts >= 0).all() and (np.diff(counts, axis=1) >= -1e-9).all()
    assert (predicted["purchases_low"] <= predicted["purchases_high"]).all()
    money = predicted[MONEY].to_numpy(dtype=float)
    assert np.isnan(money).all() or (np.isfinite(money) & (money >= 0)).all()
    return predicted


# --- little to learn from -------------------------------------------------------------------------------------------

POOR = {
    "nobody came back": table([0] * 50, [0.0] * 50, np.arange(1.0, 51)),
    "one customer": table([3], [5.0], [9.0]),
    "one customer, today": table([0], [0.0], [0.0]),
    "all on their first day": table([0] * 5, [0.0] * 5, [0.0] * 5),
    "everybody today again": table([1] * 40, [4.0] * 40, [4.0] * 40),
    "all alike": table([5] * 200, [40.0] * 200, [50.0] * 200),
    "50,000 purchases": table([50_000, 1, 0], [700.0, 3.0, 0.0], [700.0, 9.0, 9.0]),
}


@pytest.mark.parametrize("name", POOR)
@pytest.mark.parametrize("family", ["auto", *cltv.FAMILIES])
def test_a_log_that_teaches_nothing_still_gives_numbers_and_says_so(name, family):
    fitted = cltv.fit(POOR[name], family)
    predicted = check(fitted.predict(POOR[name], as_of=AS_OF))
    assert len(predicted) == len(POOR[name])
    assert "few_repeaters" in codes(fitted) or name == "all alike"
    assert len(codes(fitted)) == len(set(codes(fitted)))
    for language in ("en", "ja"):
        assert not any(re.search(r"[{}]", note.text(language)) for note in fitted.notes)
    again = cltv.from_json(fitted.to_json()).predict(POOR[name], as_of=AS_OF)
    pd.testing.assert_frame_equal(predicted, again, check_exact=True)


def test_nobody_leaving_is_said_and_no_chance_of_it_shown():
    data = summary_of(np.random.default_rng(2), "nbd", {"r": 1.2, "alpha": 8.0}, np.linspace(20, 100, 800))
    for family in ("auto", "bg_nbd", "mbg_nbd", "pareto_nbd"):
        fitted = cltv.fit(data, family)
        assert "no_dropout" in codes(fitted)
        predicted = check(fitted.predict(data, as_of=AS_OF))
        assert predicted["p_alive"].isna().all() and predicted["p_alive_model"].isna().all()
        yearly = (
            (fitted.candidates["nbd"].r_ + data["frequency"]) / (fitted.candidates["nbd"].alpha_ + data["T"]) * 365 / 7
        )
        assert predicted["purchases_12m"].sum() == pytest.approx(yearly.sum(), rel=0.01)
    assert cltv.fit(data).purchases.family == "nbd"


def test_leaving_is_seen_where_customers_leave():
    fitted = cltv.fit(shop(size=1500))
    assert fitted.alive is fitted.purchases and fitted.purchases.family == "mbg_nbd"
    assert fitted.predict(shop(size=1500), as_of=AS_OF)["p_alive"].between(0, 1).all()


# --- amounts --------------------------------------------------------------------------------------------------------


def test_everybody_spends_the_same():
    data = shop().assign(monetary_value=lambda made: np.where(made["frequency"] > 0, 500.0, np.nan))
    predicted = check(cltv.fit(data).predict(data, as_of=AS_OF))
    assert predicted["expected_spend"].to_numpy() == pytest.approx(500, rel=1e-3)
    assert set(predicted["spend_basis"]) == {"own", "population"}


@pytest.mark.parametrize("unit", [1e-4, 1e6, 1e9])
def test_amounts_of_any_size_scale_the_value_and_nothing_else(unit):
    small, large = shop(), shop().assign(monetary_value=lambda made: made["monetary_value"] * unit)
    before, after = (cltv.fit(one).predict(one, as_of=AS_OF) for one in (small, large))
    for name in MONEY:
        assert after[name].to_numpy() == pytest.approx(before[name].to_numpy() * unit, rel=1e-4), name
    assert (before["purchases_12m"] == after["purchases_12m"]).all()


def test_a_tail_without_a_mean_is_capped_with_a_note():
    rng, data = np.random.default_rng(0), shop(size=1500)
    data["monetary_value"] = np.where(data["frequency"] > 0, 1000 / rng.random(1500) ** 1.6, np.nan)  # infinite mean
    spend = cltv.GammaGamma().fit(data["frequency"], data["monetary_value"])
    assert spend.q_ <= 1 and spend.population_mean == np.inf
    with pytest.raises(InputError, match=r"q is .*with q of 1 or less the mean spend of the population is infinite"):
        spend.expected_spend([1], [5])
    fitted = cltv.fit(data)
    assert "spend_capped" in codes(fitted) and fitted.spend.q_ > 1
    assert 1 <= (data["monetary_value"] > fitted.spend_cap).sum() <= 0.05 * len(data)
    for one in (fitted, cltv.from_json(fitted.to_json())):
        got = check(one.predict(data, as_of=AS_OF))
        capped = fitted.spend.expected_spend(data["frequency"], data["monetary_value"].clip(upper=fitted.spend_cap))
        assert got["expected_spend"].to_numpy() == pytest.approx(capped, rel=1e-12)


def test_a_tail_that_no_cap_tames_gives_everybody_the_mean():
    data = shop(size=400)
    x = (data["frequency"] > 0).to_numpy()
    data["monetary_value"] = np.where(x, 10.0 ** np.linspace(-8, 9, 400), np.nan)
    fitted = cltv.fit(data)
    assert "spend_infinite" in codes(fitted)
    overall = (data["frequency"] * data["monetary_value"]).sum() / data["frequency"].sum()
    assert check(fitted.predict(data, as_of=AS_OF))["expected_spend"].to_numpy() == pytest.approx(overall, rel=0.02)


def test_customers_with_nothing_left_are_counted_and_named():
    data = shop()
    data.loc[data["frequency"] > 0, "monetary_value"] *= np.where(np.arange((data["frequency"] > 0).sum()) < 7, -1, 1)
    fitted = cltv.fit(data)
    [said] = [note for note in fitted.notes if note.code == "no_positive_spend"]
    assert said.values["n"] == "7"
    predicted = check(fitted.predict(data, as_of=AS_OF))
    assert (predicted["spend_basis"] == "no_positive_spend").sum() == 7
    least = predicted.groupby("spend_basis")["expected_spend"].mean()
    assert least["no_positive_spend"] < least["population"]


def test_spend_refuses_what_cannot_be():
    with pytest.raises(InputError, match="nobody has a purchase with a positive amount"):
        cltv.GammaGamma().fit([0, 2], [np.nan, -5])
    with pytest.raises(InputError, match="row 1 has the amount inf"):
        cltv.GammaGamma().fit([1, 2], [3, np.inf])
    with pytest.raises(InputError, match="3 frequencies and 2 amounts"):
        cltv.GammaGamma().fit([1, 2, 3], [3, 4])


# --- models in files ------------------------------------------------------------------------------------------------


def test_a_model_read_back_predicts_the_same():
    data = shop()
    fitted = cltv.fit(data)
    text = fitted.to_json()
    assert not any(name in text for name in data["customer_id"])
    again = cltv.from_json(text)
    assert again.to_json() == text and [note.text("ja") for note in again.notes] == [n.text("ja") for n in fitted.notes]
    for options in ({}, {"seed": 3}, {"draws": 500, "months": 5, "margin": 0.3, "annual_discount": 0.0}):
        same = [one.predict(data, as_of=AS_OF, **options) for one in (fitted, again)]
        pd.testing.assert_frame_equal(*same, check_exact=True)
    for model in (fitted.purchases, fitted.spend):
        assert cltv.from_json(model.to_json()).params_ == model.params_


def test_a_damaged_file_is_refused_in_words():
    text = cltv.fit(shop()).to_json()
    content = json.loads(text)
    for name in ("parameters", "covariance_of_logs", "log_likelihood", "customers", "converged"):
        for bad in ("gone", None, [], "x", [[1]], {"r": -1}):
            model = dict(content["purchases"])
            if bad == "gone":
                del model[name]
            else:
                model[name] = bad
            for damaged in (model, content | {"purchases": model}):
                with pytest.raises(InputError, match=r"^model file: "):
                    cltv.from_json(json.dumps(damaged))
    others = [text[:100], "", "[]", "3", "{}", '{"family": "bg_nbt"}', json.dumps(content | {"version": 2})]
    others += [json.dumps(content | {"purchases": one}) for one in (None, 3, content["spend"])]
    others += [json.dumps(content | {"spend_cap": one}) for one in ("x", -1, [])]
    others += [json.dumps(content | {"notes": one}) for one in (3, [3], [{"code": "x"}])]
    others += [json.dumps(content["purchases"] | {"draws": one}) for one in ([], [[1]], [["a", "b", "c", "d"]])]
    for damaged in others:
        with pytest.raises(InputError, match=r"^model file: "):
            cltv.from_json(damaged)
    with pytest.raises(InputError, match="Did you mean 'bg_nbd'"):
        cltv.from_json('{"family": "bg_nbt"}')


# --- the same bytes, the same whoever asks --------------------------------------------------------------------------


def test_order_of_the_rows_and_repetition_change_nothing():
    data = shop()
    first, again = (cltv.fit(data).predict(data, as_of=AS_OF) for _ in range(2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    mixed = data.sample(frac=1, random_state=1)
    other = cltv.fit(mixed).predict(mixed, as_of=AS_OF).sort_index()
    numbers = first.select_dtypes("number").columns
    assert other[numbers].to_numpy() == pytest.approx(first[numbers].to_numpy(), rel=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    "form",
    [
        lambda made: made.astype({"frequency": "Int64", "recency": "Float64", "T": "Float64"}),
        lambda made: made.convert_dtypes(dtype_backend="pyarrow"),
        pa.Table.from_pandas,
        lambda made: {name: made[name].to_numpy() for name in made},
        lambda made: {name: made[name].tolist() for name in made},
    ],
)
def test_summaries_in_other_forms(form):
    data = shop()[["frequency", "recency", "T"]]
    model, other = cltv.ParetoNBD().fit(data), cltv.ParetoNBD().fit(form(data))
    assert other.params_ == model.params_
    assert (other.predict_purchases(10, form(data)) == model.predict_purchases(10, data)).all()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (table([1.5], [1.0], [2.0]), "row 0 has frequency 1.5.*whole number from 0 up"),
        (table([1, 1], [1.0, 3.0], [2.0, 2.0]), "row 1 has .*recency must be from 0 to T"),
        (table([1], [1.0], [np.inf]), "T must be a finite number of weeks"),
        (table([0], [1.0], [2.0]), "a recency above 0 a repeat purchase"),
        (table([1], [0.0], [2.0]), "a repeat purchase needs a recency above 0"),
        (table(pd.array([None], dtype="Int64"), [0.0], [2.0]), "frequency nan"),
        (table([], [], []), "there is no customer to fit"),
        (table(["many"], [0.0], [2.0]), "frequency holds what is no number .*many.*; expected numbers"),
        (table([1], [1.0], [2.0]).rename(columns={"recency": "recencey"}), "no column 'recency'.*Did you mean 'recencey'"),
        ([1, 2, 3], "the summary is a list"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_are_named(rows, said):
    with pytest.raises(InputError, match=said):
        cltv.ModifiedBetaGeometricNBD().fit(rows)


def test_requests_that_cannot_be_are_refused():
    data, model = shop(), at(cltv.BetaGeometricNBD, **CDNOW["bg_nbd"])
    fitted = cltv.fit(data)
    bad = [{"months": 0}, {"months": 2.5}, {"margin": 0}, {"margin": "0.4"}, {"annual_discount": -0.1}, {"draws": 0}]
    for options in [*bad, {"draws": 1.5}, {"seed": -1}, {"annual_discount": np.nan}, {"margin": np.nan}]:
        with pytest.raises(ConfigError):
            fitted.predict(data, as_of=AS_OF, **options)
    for t in (0, -1, np.nan, np.inf):
        with pytest.raises(ConfigError, match="expected a number of weeks above 0"):
            model.predict_purchases(t, data)
    with pytest.raises(ConfigError, match="Did you mean 'pareto_nbd'"):
        cltv.fit(data, "paretonbd")
    with pytest.raises(InputError, match="as_of is None"):
        fitted.predict(data)
    with pytest.raises(InputError, match="no column 'monetary_value', which the model of spend needs"):
        fitted.predict(data.drop(columns="monetary_value"), as_of=AS_OF)
    with pytest.raises(InputError, match="carries no customers"):
        model.probability_alive()
    with pytest.raises(ConfigError, match="BG/NBD is not fitted yet"):
        cltv.BetaGeometricNBD().predict_purchases(3, data)
