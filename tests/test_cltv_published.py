"""Lifetime value models against the figures published for the CDNOW log, and against other packages' tests.

Parameters, log-likelihoods and point values: Fader, Hardie & Lee (2005), Fader & Hardie (2013) and the spreadsheets and notes
that go with them, as the tests of lifetimes, BTYDplus and CLVTools quote them. Hold-out figures: an independent estimator.
Every test on the log takes T in days / 7, unrounded; the two-decimal summary is a second input, and named as such.
"""

import numpy as np
import pandas as pd
import pytest
from cltv_logs import at
from conftest import real_data
from scipy.special import hyp2f1

from customerbase import cltv
from customerbase.cltv.holdout import calibration

CUT, END = "1997-09-30", "1998-06-30"  # weeks 39 and 78 of a log that begins on 1997-01-01
BG = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
PARETO = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}


def row(x, t_x, T):
    return {"frequency": [x], "recency": [t_x], "T": [T]}


class Cdnow:
    """One of the two logs: what was known in week 39, each family fitted on it, and how each foresaw weeks 40 to 78."""

    def __init__(self, path, customer: str):
        self.log = pd.read_csv(path, dtype={customer: str})
        names = {"customer": customer, "date": "date"}
        self.summary = cltv.summary(self.log, **names, amount="amount", as_of=CUT).sort_values("customer_id")
        self.held = cltv.hold_out(self.log, **names, as_of=END, months=9)
        self.models = {name: one.model for name, one in self.held.scores.items()}
        self.spend = cltv.GammaGamma().fit(self.summary["frequency"], self.summary["monetary_value"])
        days = self.log.assign(day=pd.to_datetime(self.log["date"]), customer=self.log[customer])
        self.days = days[["customer", "day"]].drop_duplicates()
        self.first = self.days.groupby("customer")["day"].transform("min")


@pytest.fixture(scope="module")
def sample() -> Cdnow:
    return Cdnow(real_data("cdnow") / "cdnow_sample.csv", "sample_id")


@pytest.fixture(scope="module")
def master() -> Cdnow:
    return Cdnow(real_data("cdnow") / "cdnow_master.csv", "customer_id")


# --- the sample, 2,357 customers, unrounded T -----------------------------------------------------------------------

PUBLISHED = {
    "bg_nbd": ((0.2426, 4.4136, 0.7929, 2.4259), -9582.429, (0.0126, 0.378, 0.186, 0.705)),
    "mbg_nbd": ((0.5248, 6.1831, 0.8914, 1.6140), -9582.136, None),
    "pareto_nbd": ((0.5533, 10.5777, 0.6062, 11.6687), -9594.976, (0.0476, 0.843, 0.187, 6.211)),
}


@pytest.mark.parametrize("family", PUBLISHED)
def test_parameters_likelihood_and_standard_errors(sample, family):
    params, likelihood, errors = PUBLISHED[family]
    model = sample.models[family]
    assert model.converged_ and model.customers_ == 2357
    assert model.values == pytest.approx(params, abs=6e-5)
    assert model.log_likelihood_ == pytest.approx(likelihood, abs=5e-4)
    assert model.log_likelihood(sample.summary) == pytest.approx(likelihood, abs=5e-4)
    assert model.log_likelihoods(sample.summary).sum() == pytest.approx(model.log_likelihood_, rel=1e-12)
    if errors:
        assert list(model.standard_errors_.values()) == pytest.approx(errors, rel=6e-3)


def test_gamma_gamma_on_946_repeat_buyers(sample):
    assert sample.spend.customers_ == 946
    assert sample.spend.left_out_ == 2357 - 946
    assert sample.spend.values == pytest.approx((6.2496, 3.7442, 15.4435), abs=2e-4)
    assert sample.spend.log_likelihood_ == pytest.approx(-4055.918, abs=5e-4)
    expected = sample.spend.expected_spend(sample.summary["frequency"], sample.summary["monetary_value"])
    ten = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]  # sample ids 0001 to 0010
    assert expected[:10] == pytest.approx(ten, abs=0.006)


def test_two_decimal_summary_gives_its_own_likelihoods():
    given = pd.read_csv(real_data("cdnow") / "cdnow_sample_summary_39w.csv")
    given = given.rename(columns={"x": "frequency", "t_x": "recency"})
    assert cltv.BetaGeometricNBD().fit(given).log_likelihood_ == pytest.approx(-9582.426, abs=5e-4)
    assert cltv.ParetoNBD().fit(given).log_likelihood_ == pytest.approx(-9594.974, abs=5e-4)
    assert cltv.GammaGamma().fit(given["frequency"], given["zbar"]).log_likelihood_ == pytest.approx(
        -4055.923, abs=5e-4
    )


def test_summary_of_the_log_is_the_published_one(sample):
    given = pd.read_csv(real_data("cdnow") / "cdnow_sample_summary_39w.csv")
    assert (given["x"].to_numpy() == sample.summary["frequency"].to_numpy()).all()
    for theirs, ours in (("t_x", "recency"), ("T", "T")):
        assert np.abs(given[theirs].to_numpy() - sample.summary[ours].to_numpy()).max() < 0.0051
    assert np.abs(given["zbar"] - sample.summary["monetary_value"].fillna(0).to_numpy()).max() < 0.0051


@pytest.mark.parametrize(("family", "p_alive"), [("bg_nbd", 1.0), ("mbg_nbd", 0.409), ("pareto_nbd", 0.338)])
def test_one_time_buyers_alive(sample, family, p_alive):
    once = sample.summary[sample.summary["frequency"] == 0]
    assert sample.models[family].probability_alive(once).mean() == pytest.approx(p_alive, abs=5e-4)


# --- weeks 40 to 78 -------------------------------------------------------------------------------------------------

HELD = {  # predicted, bias, correlation, MAE, RMSE
    "bg_nbd": (1653.4, -0.122, 0.626, 0.786, 1.608),
    "mbg_nbd": (1576.7, -0.162, 0.627, 0.765, 1.607),
    "pareto_nbd": (1665.5, -0.115, 0.630, 0.755, 1.603),
    "nbd": (2929.8, 0.557, 0.583, 1.041, 1.860),
}
HELD_MASTER = {
    "bg_nbd": (16_873.7, -0.143, 0.669, 0.819),
    "mbg_nbd": (15_933.6, -0.191, 0.670, 0.795),
    "pareto_nbd": (17_153.2, -0.129, 0.671, 0.794),
}


def measures(scores) -> tuple:
    return scores.predicted_purchases, scores.bias, scores.correlation, scores.mae, scores.rmse


@pytest.mark.parametrize("family", HELD)
def test_hold_out_of_the_sample(sample, family):
    scores = sample.held.scores[family]
    assert scores.actual_purchases == 1882
    total, *rest = measures(scores)
    assert total == pytest.approx(HELD[family][0], abs=0.06)
    assert rest == pytest.approx(HELD[family][1:], abs=6e-4)


@pytest.mark.parametrize("family", HELD_MASTER)
def test_hold_out_of_the_master(master, family):
    scores = master.held.scores[family]
    assert scores.actual_purchases == 19_684
    assert measures(scores)[0] == pytest.approx(HELD_MASTER[family][0], abs=0.06)
    assert measures(scores)[1:4] == pytest.approx(HELD_MASTER[family][1:], abs=6e-4)


def test_hold_out_measures_customer_by_customer(sample):
    """The same measures from one forecast a customer and purchases counted in pandas."""
    days = sample.days[sample.days["day"] > CUT].groupby("customer").size()
    later = sample.summary["customer_id"].map(days).fillna(0).to_numpy()
    for family, model in sample.models.items():
        forecast = model.predict_purchases(39, sample.summary)
        wrong = forecast - later
        mine = forecast.sum(), forecast.sum() / later.sum() - 1, np.corrcoef(forecast, later)[0, 1]
        assert measures(sample.held.scores[family]) == pytest.approx(
            (*mine, np.abs(wrong).mean(), np.sqrt((wrong**2).mean())), rel=1e-9
        )
    forecasts = [sample.models[family].predict_purchases(39, sample.summary) for family in ("bg_nbd", "pareto_nbd")]
    assert np.corrcoef(*forecasts)[0, 1] == pytest.approx(0.9955, abs=5e-5)


@pytest.mark.parametrize(
    ("family", "predicted"),
    [
        ("bg_nbd", (0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157)),
        ("pareto_nbd", (0.138, 0.599, 1.196, 1.714, 2.398, 2.907, 3.819, 6.403)),
    ],
)
def test_conditional_expectation_by_frequency(sample, family, predicted):
    table = calibration(sample.held).query("model == @family")
    assert table["frequency_class"].tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert table["actual"].tolist() == pytest.approx((0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359), abs=6e-4)
    assert table["predicted"].tolist() == pytest.approx(predicted, abs=6e-4)
    assert table["customers"].sum() == 2357


@pytest.mark.parametrize(
    ("family", "week_78", "cumulative", "weekly"),
    [("bg_nbd", 4160.6, 0.0263, 0.194), ("pareto_nbd", 4270.1, 0.0131, 0.194)],
)
def test_cumulative_repeat_purchases_week_by_week(sample, family, week_78, cumulative, weekly):
    ends = pd.Timestamp("1996-12-31") + pd.to_timedelta(7 * np.arange(79), "D")
    repeat = sample.days.loc[sample.days["day"] > sample.first, "day"].to_numpy()
    actual = np.array([(repeat <= end).sum() for end in ends.to_numpy()])
    starts = sample.days.groupby("customer")["day"].min().value_counts()
    ages = np.maximum((ends.to_numpy()[:, None] - starts.index.to_numpy()) / np.timedelta64(7, "D"), 0)
    expected = sample.models[family].expected_purchases(ages.ravel()).reshape(ages.shape) @ starts.to_numpy()
    assert actual[78] == 4339
    assert expected[78] == pytest.approx(week_78, abs=0.06)
    assert np.abs(expected[40:] / actual[40:] - 1).mean() == pytest.approx(cumulative, abs=6e-5)
    steps = np.diff(expected)[39:] / np.diff(actual)[39:]
    assert np.abs(steps - 1).mean() == pytest.approx(weekly, abs=6e-4)


# --- the master, 23,570 customers, unrounded T ----------------------------------------------------------------------


def test_master_parameters_and_likelihoods(master):
    published = {
        "bg_nbd": ((0.2516, 4.7889, 0.7234, 2.1611), -95_368.44),
        "mbg_nbd": ((0.6371, 7.3103, 0.8075, 1.2284), -95_336.96),
        "pareto_nbd": ((0.5974, 11.5857, 0.5222, 8.8278), -95_415.12),
    }
    for family, (params, likelihood) in published.items():
        assert master.models[family].customers_ == 23_570
        assert master.models[family].values == pytest.approx(params, abs=1.1e-4), family
        assert master.models[family].log_likelihood_ == pytest.approx(likelihood, abs=6e-3), family
    assert master.spend.customers_ == 9450
    assert master.spend.values == pytest.approx((6.2754, 3.6244, 14.9837), abs=2e-4)
    assert master.spend.log_likelihood_ == pytest.approx(-40_763.48, abs=6e-3)


@pytest.mark.parametrize(("log", "correlation"), [("sample", 0.114), ("master", 0.080)])
def test_frequency_and_spend_hardly_related(request, log, correlation):
    known = request.getfixturevalue(log).summary.dropna(subset=["monetary_value"])
    known = known[known["monetary_value"] > 0]
    assert np.corrcoef(known["frequency"], known["monetary_value"])[0, 1] == pytest.approx(correlation, abs=6e-4)


def test_online_retail_shows_nobody_leaving_in_its_first_year():
    """Wholesalers who come back for years: every family runs to an edge without gaining on the NBD."""
    raw = pd.read_parquet(real_data("online-retail-ii") / "online_retail_ii.parquet")
    raw = raw[(raw["InvoiceDate"] < "2010-12-01") & ~raw["Invoice"].str.startswith("A")]
    raw = raw.assign(amount=raw["Quantity"] * raw["Price"])
    summary = cltv.summary(raw, customer="CustomerID", date="InvoiceDate", amount="amount", as_of="2010-11-30")
    fitted = cltv.fit(summary)
    assert fitted.purchases.family == "nbd" and fitted.alive is None
    for family, model in fitted.candidates.items():
        assert -1e-3 < model.log_likelihood_ - fitted.purchases.log_likelihood_ < 2.995, family
        assert family == "nbd" or "no_dropout" in [note.code for note in model.notes_]
    predicted = fitted.predict(summary)
    assert predicted["p_alive"].isna().all() and np.isfinite(predicted["cltv"]).all()


# --- point values that need published parameters only ---------------------------------------------------------------


def test_conditional_expectations_of_the_spreadsheets():
    bg, pareto = at(cltv.BetaGeometricNBD, **BG), at(cltv.ParetoNBD, **PARETO)
    assert bg.predict_purchases(39, row(2, 30.43, 38.86)) == pytest.approx([1.226], abs=6e-4)
    assert bg.probability_alive(row(2, 30.43, 38.86)) == pytest.approx([0.7266], abs=6e-5)
    assert pareto.predict_purchases(52, row(26, 30.86, 31)) == pytest.approx([25.46], abs=6e-3)
    assert pareto.probability_alive(row(26, 30.86, 31)) == pytest.approx([0.9979], abs=6e-5)


def test_unconditional_expectations_of_the_spreadsheets():
    """The spreadsheet's own maximum is not quite one: 1.8576 at week 78 where the paper's formula gives 1.8580."""
    r, alpha, a, b = 0.24259, 4.41360, 0.79292, 2.42591
    weeks = np.array([1 / 7, 1, 3, 223 / 7, 32, 78])
    expected = at(cltv.BetaGeometricNBD, r=r, alpha=alpha, a=a, b=b).expected_purchases(weeks)
    assert expected[:5] == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437], abs=6e-5)
    assert expected[5] == pytest.approx(1.8576, abs=5e-4)
    bought = 1 - (alpha / (alpha + weeks)) ** r * hyp2f1(r, b, a + b - 1, weeks / (alpha + weeks))
    assert expected == pytest.approx((a + b - 1) / (a - 1) * bought, rel=1e-11)


def test_expected_spend_with_the_published_parameters():
    spend = at(cltv.GammaGamma, p=6.25, q=3.74, gamma=15.44)
    assert spend.population_mean == pytest.approx(15.44 * 6.25 / 2.74)
    found = spend.expected_spend([2, 1, 0, 7], [22.35, 11.77, np.nan, 73.74])
    assert found == pytest.approx([24.65, 18.91, 35.2, 71.46], abs=0.03)
