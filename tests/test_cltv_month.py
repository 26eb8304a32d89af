"""A month's lifetime value on simulated logs of known parameters: tables, tracking, groups, hold-out, calendar, coverage."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from cltv_logs import CDNOW, engine_of, purchase_days

from customerbase import cltv
from customerbase.cltv.holdout import CLASSES
from customerbase.cltv.season import factors
from customerbase.errors import InputError
from customerbase.tables import evaluate, schema
from customerbase.tables.store import as_declared

AS_OF = date(2026, 10, 31)
SUMMER = {month: 1.0 if month in (6, 7, 12) else 0.45 for month in range(1, 13)}


def simulated(family: str, seed: int = 0, size: int = 2000, season: dict | None = None) -> pd.DataFrame:
    """Four years of a shop whose customers are as the family says, 2022-11-01 to 2026-10-31."""
    return purchase_days(np.random.default_rng(seed), family, CDNOW[family], size, 4, season)


class Month:
    """A log, its month, and the purchases counted in pandas."""

    def __init__(self, days: pd.DataFrame, as_of: date = AS_OF, **options):
        self.days, self.as_of, self.db = days, as_of, engine_of(days)
        firsts = days.groupby("customer_id")["purchase_day"].min()
        people = sorted(firsts[firsts <= pd.Timestamp(as_of)].index)
        names = pd.DataFrame(
            {"customer_id": people, "segment": [f"s{i % 4}" if i % 4 else None for i in range(len(people))]}
        )
        self.segments = self.db.connection.from_df(names)
        self.made = cltv.value(self.db, as_of=as_of, options=cltv.Options(**options), segments=self.segments)

    def tables(self) -> dict[str, pd.DataFrame]:
        parts = ("models", "calibration", "tracking", "groups", "concentration")
        return {"cltv": self.made.customers} | {f"cltv_{name}": getattr(self.made, name) for name in parts}


def few(days: pd.DataFrame, customers: int) -> pd.DataFrame:
    return days[days["customer_id"].isin(sorted(days["customer_id"].unique())[:customers])]


@pytest.fixture(scope="module")
def pareto() -> Month:
    return Month(simulated("pareto_nbd"), margin=0.4)


KINDS = {
    "pareto": None,
    "nobody leaves": lambda: Month(simulated("nbd", size=800)),
    "no amounts": lambda: Month(simulated("mbg_nbd", size=800).assign(net_amount=0)),
    "three customers": lambda: Month(few(simulated("mbg_nbd"), 3)),
    "one customer today": lambda: Month(few(simulated("mbg_nbd"), 1).head(1).assign(purchase_day=pd.Timestamp(AS_OF))),
    "four months": lambda: Month(simulated("mbg_nbd", size=800), date(2023, 2, 28)),
    "no hold-out wanted": lambda: Month(
        simulated("bg_nbd", size=800), holdout_months=0, season="none", horizon_months=5
    ),
    "in mid-month, undiscounted": lambda: Month(simulated("bg_nbd", size=800), date(2026, 3, 14), annual_discount=0),
    "last year's season": lambda: Month(simulated("mbg_nbd", size=800), season="last_year", horizon_months=36),
}


@pytest.fixture(scope="module", params=KINDS)
def month(request) -> Month:
    return KINDS[request.param]() if KINDS[request.param] else request.getfixturevalue(request.param)


# --- every kind of month --------------------------------------------------------------------------------------------


def test_tables_are_as_declared(month):
    for name, frame in month.tables().items():
        relation = as_declared(month.db.connection.from_df(frame), schema(name))
        month.db.register(f"_{name}", relation)
        failed = [check for check in evaluate(month.db, schema(name), f"_{name}") if not check.success]
        assert failed == [], name


def test_customers_are_whole_and_their_numbers_hang_together(month):
    got = month.made.customers
    people = month.days.loc[month.days["purchase_day"] <= pd.Timestamp(month.as_of), "customer_id"]
    assert got["customer_id"].tolist() == sorted(people.unique())
    plain = got[[f"purchases_{m}m" for m in (3, 6, 12, 24)]].to_numpy()
    assert np.isfinite(plain).all() and (np.diff(plain, axis=1) >= -1e-9).all()
    assert (got["purchases_low"] <= got["purchases_mid"]).all() and (
        got["purchases_mid"] <= got["purchases_high"]
    ).all()
    if month.made.money.model is None:
        assert got[["expected_spend", "cltv", "cltv_high", "spend_12m"]].isna().all(axis=None)
        return
    for months in (3, 6, 12, 24):
        assert got[f"spend_{months}m"].to_numpy() == pytest.approx(
            (got[f"purchases_{months}m"] * got["expected_spend"]).to_numpy()
        )
    assert (got["cltv_low"] <= got["cltv_mid"]).all() and (got["cltv_mid"] <= got["cltv_high"]).all()
    if got["cltv_infinite"].notna().any():
        assert (got["cltv_infinite"] >= got["cltv"] * (1 - 1e-9)).all()


def test_tracking_counts_what_happened_and_sums_what_is_expected(month):
    got, bound = month.made.tracking, {"as_of": month.as_of}
    actual = dict(
        month.db.query(
            """select strftime(purchase_day, '%Y-%m'), count(*) from cltv_purchases
            where purchase_day <= $as_of and (customer_id, purchase_day) not in
                (select (customer_id, min(purchase_day)) from cltv_purchases group by customer_id)
            group by all""",
            **bound,
        ).fetchall()
    )
    past, ahead = got[~got["ahead"]], got[got["ahead"]]
    assert [actual.pop(f"{one:%Y-%m}", 0) for one in past["month"]] == past["actual"].tolist()
    assert not actual
    assert past["cumulative_actual"].tolist() == past["actual"].cumsum().tolist()
    each = month.made.model.expected_purchases(month.made.customers["T"].to_numpy())
    assert past["expected"].sum() == pytest.approx(each.sum(), rel=1e-9, abs=1e-9)
    customers = month.made.customers
    for months in (3, 12, 24):
        if len(ahead) >= months:
            assert ahead["expected"][:months].sum() == pytest.approx(customers[f"purchases_{months}m"].sum(), rel=1e-9)
    assert got["cumulative_expected"].iloc[-1] == pytest.approx(got["expected"].sum(), abs=1e-9)
    assert (got["low"] <= got["high"]).all() and (got["low"] >= 0).all()
    assert (pd.to_datetime(got["month"]).diff().dt.days.dropna().between(28, 31)).all()


def test_groups_add_up(month):
    got, customers = month.made.groups.set_index(["dimension", "value"]), month.made.customers
    everybody = got.loc[("all", "all")]
    assert everybody["customers"] == len(customers)
    sums = {"customers": len(customers)}
    if month.made.money.model is not None:
        sums |= {"cltv": customers["cltv"].sum()}
        assert everybody["cltv"] == pytest.approx(sums["cltv"], rel=1e-9)
        assert (got["cltv_low"] <= got["cltv_high"]).all()
        assert got["at_stake"].isna().all() or (got["at_stake"] >= -1e-9).all()
    for dimension in ("cohort", "channel"):
        for name in (*sums, "purchases"):
            assert got.loc[dimension, name].sum() == pytest.approx(everybody[name], rel=1e-9), dimension
    members = customers.assign(place=np.arange(len(customers)) % 4).query("place > 0").groupby("place").size()
    if len(members):
        assert got.loc["segment", "customers"].tolist() == members.tolist()
    cohorts = month.days.groupby("customer_id")["purchase_day"].min().dt.strftime("%Y-%m")
    cohorts = cohorts[cohorts.index.isin(customers["customer_id"])].value_counts().sort_index()
    assert got.loc["cohort", "customers"].to_dict() == cohorts.to_dict()


def test_concentration_by_hand(month):
    name = "cltv" if month.made.money.model is not None else "purchases_12m"
    ranked = sorted(month.made.customers[name], reverse=True)
    for row in month.made.concentration.itertuples():
        customers = -(-round(row.top_share * 100) * len(ranked) // 100)
        assert row.customers == customers
        assert row.value_share == pytest.approx(sum(ranked[:customers]) / sum(ranked), rel=1e-9)


def test_remarks_are_whole_in_both_languages(month):
    codes = [note.code for note in month.made.notes]
    assert len(codes) == len(set(codes))
    for language in ("en", "ja"):
        remarks = month.made.remarks(language)
        assert len(remarks) == len(codes)
        assert not any(
            "{" in one or "nan" in one.split() for one in [*remarks, *month.made.models[f"remarks_{language}"]]
        )


# --- the hold-out and the choice ------------------------------------------------------------------------------------


def test_hold_out_by_plain_computation(pareto):
    cut, weeks = date(2026, 4, 30), (AS_OF - date(2026, 4, 30)).days / 7
    known = cltv.summary(pareto.days, customer="customer_id", date="purchase_day", as_of=cut)
    later = pareto.days[pareto.days["purchase_day"] > pd.Timestamp(cut)].groupby("customer_id").size()
    later = known["customer_id"].map(later).fillna(0).to_numpy()
    rows = pareto.made.models.set_index("model")
    for family, row in rows.drop("gamma_gamma").iterrows():
        model = cltv.FAMILIES[family]().fit(known)
        forecast = model.predict_purchases(weeks, known)
        assert (row["holdout_from"], row["holdout_to"]) == (date(2026, 5, 1), AS_OF)
        assert row["holdout_customers"] == len(known) and row["actual_purchases"] == later.sum()
        assert row["predicted_purchases"] == pytest.approx(forecast.sum(), rel=1e-7)
        assert row["bias"] == pytest.approx(forecast.sum() / later.sum() - 1, abs=1e-7)
        assert row["mae"] == pytest.approx(np.abs(forecast - later).mean(), rel=1e-7)
        assert row["correlation"] == pytest.approx(np.corrcoef(forecast, later)[0, 1], abs=1e-7)
        means = pd.DataFrame({"x": known["frequency"].clip(upper=CLASSES), "p": forecast, "a": later}).groupby("x")
        error = (means["p"].mean() - means["a"].mean()).abs() @ means.size() / len(known)
        assert row["calibration_error"] == pytest.approx(error, rel=1e-6)
        assert 0.8 <= row["coverage"] <= 1 and abs(row["coverage"] - row["coverage_expected"]) < 0.05


@pytest.mark.parametrize("family", ["pareto_nbd", "mbg_nbd", "bg_nbd"])
def test_customers_who_leave_are_seen_leaving(family, pareto):
    made = pareto.made if family == "pareto_nbd" else Month(simulated(family)).made
    assert made.model.family != "nbd"
    assert made.alive is not None and made.alive.leaves_at_once
    assert made.customers["p_alive"].between(0, 1).all()
    assert set(made.customers["p_alive_model"]) <= {"mbg_nbd", "pareto_nbd"}


def test_customers_who_stay_get_no_chance_of_having_left():
    made = Month(simulated("nbd")).made
    assert made.model.family == "nbd" and made.alive is None
    assert made.customers["p_alive"].isna().all() and made.groups["at_stake"].isna().all()
    assert {note.code for note in made.notes} & {"nobody_leaves", "no_dropout"}


def test_value_at_stake_is_that_of_the_model_of_purchases(pareto):
    everybody, customers = pareto.made.groups.iloc[0], pareto.made.customers
    stake = (customers["cltv"] / customers["p_alive"] - customers["cltv"])[customers["p_alive"] >= 0.01].sum()
    assert everybody["at_stake"] == pytest.approx(stake, rel=1e-6)
    forced = Month(pareto.days, family="nbd").made  # purchases by NBD as if all stayed, P(alive) by another
    assert forced.alive is not None
    assert forced.groups["at_stake"].to_numpy() == pytest.approx(0)


# --- the calendar ---------------------------------------------------------------------------------------------------


def test_a_season_is_used_where_there_is_one():
    made = Month(simulated("mbg_nbd", 1, 2500, SUMMER)).made
    ahead = made.tracking[made.tracking["ahead"]].set_index("month")["season"]
    assert "season_helps" in [note.code for note in made.notes]
    assert {one.month for one in ahead.nlargest(3).index} == {6, 7, 12}
    plain = Month(simulated("mbg_nbd", 1, 2500, SUMMER), season="none").made
    months = plain.tracking[plain.tracking["ahead"]].set_index("month")
    used = made.tracking[made.tracking["ahead"]].set_index("month")
    assert used["expected"].to_numpy() == pytest.approx((months["expected"] * used["season"]).to_numpy(), rel=1e-9)


@pytest.mark.parametrize(("as_of", "october"), [(date(2026, 10, 31), 1.5), (date(2026, 10, 15), 2.0)])
def test_calendar_factors_by_hand(as_of, october):
    """Of the newest whole month of that name; none of the first month, nor of one that expects fewer than 50 purchases."""
    months = [
        date(2025, 9, 1),
        *(date(2025, month, 1) for month in (10, 11, 12)),
        *(date(2026, m, 1) for m in range(1, 11)),
    ]
    tracked = pd.DataFrame({"month": months, "actual": 200.0, "expected": 100.0})
    tracked.loc[2, "expected"] = 49.9  # November 2025
    tracked.loc[13, "actual"] = 150.0  # October 2026, whole at its end only
    ahead = [date(2026, 11, 1), date(2026, 12, 1), date(2027, 9, 1), date(2027, 10, 1), date(2028, 10, 1)]
    assert factors(tracked, ahead, as_of).tolist() == [1.0, 2.0, 2.0, october, october]
    assert factors(tracked[tracked["month"] < date(2026, 9, 1)], ahead[2:3], date(2026, 8, 31)).tolist() == [1.0]


def test_no_season_where_there_is_none(pareto):
    assert (pareto.made.tracking["season"] == 1).all()
    assert "season_does_not_help" in [note.code for note in pareto.made.notes]


# --- what else a month may bring ------------------------------------------------------------------------------------


def test_last_months_value_is_joined(pareto):
    before = pd.DataFrame({"customer_id": ["k00001", "k00002", "gone"], "cltv": [5.0, np.nan, 7.0]})
    relation = pareto.db.connection.from_df(before)
    got = cltv.value(pareto.db, as_of=AS_OF, previous=relation).customers.set_index("customer_id")["previous_cltv"]
    assert got["k00001"] == 5 and np.isnan(got["k00002"]) and got.notna().sum() == 1


def test_short_and_thin_logs_say_why_nothing_judged_them():
    codes = {kind: {note.code for note in KINDS[kind]().made.notes} for kind in ("four months", "three customers")}
    assert "no_holdout_short" in codes["four months"] and "season_short" in codes["four months"]
    assert "no_holdout_few" in codes["three customers"] and "few_spenders" in codes["three customers"]
    with pytest.raises(InputError, match="nobody has bought up to 2020-01-31"):
        cltv.value(engine_of(simulated("nbd", size=3)), as_of=date(2020, 1, 31))


def test_the_same_log_in_another_order_gives_the_same_bytes(pareto):
    again = Month(pareto.days.sample(frac=1, random_state=2), margin=0.4)
    for name, frame in pareto.tables().items():
        pd.testing.assert_frame_equal(frame, again.tables()[name], check_exact=True)


def test_what_happened_lies_where_it_was_said_to_lie():
    """Three shops, a year ahead: customers within their 10-90 % interval, and cohorts, channels and all within theirs."""
    people, groups = [], []
    for seed in range(3):
        days = simulated("pareto_nbd", 20 + seed, 1500)
        made = Month(days, date(2025, 10, 31), annual_discount=0, season="none").made
        year = days[days["purchase_day"] > "2025-10-31"]
        customers = made.customers.set_index("customer_id")
        bought = year.groupby("customer_id").size().reindex(customers.index, fill_value=0)
        spent = year.groupby("customer_id")["net_amount"].sum().reindex(customers.index, fill_value=0)
        within = bought.between(customers["purchases_low"], customers["purchases_high"])
        people.append((within.mean(), spent.between(customers["cltv_low"], customers["cltv_high"] + 1e-9).mean()))
        first = days.groupby("customer_id")["purchase_day"].min()[customers.index].dt.strftime("%Y-%m")
        channel = days.drop_duplicates("customer_id").set_index("customer_id")["channel"][customers.index]
        for dimension, labels in (("cohort", first), ("channel", channel), ("all", first.map(lambda _: "all"))):
            said = made.groups[made.groups["dimension"] == dimension].set_index("value")
            for one, low, high in ((bought, "purchases_low", "purchases_high"), (spent, "cltv_low", "cltv_high")):
                groups += one.groupby(labels.to_numpy()).sum().between(said[low], said[high]).tolist()
    assert np.abs(np.mean(people, axis=0) - 0.92).max() < 0.07, people  # above 80 %: most intervals begin at 0
    assert 0.70 < np.mean(groups) < 0.90, np.mean(groups)
