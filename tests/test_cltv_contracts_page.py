"""The month of a company with contracts: the tables of page 05, sums by plain SQL, and what is said of the setting."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import customerbase.tables.previous as before
from customerbase import cltv
from customerbase.charts import Figure
from customerbase.charts.lifetime import Pictures
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError
from customerbase.tables import evaluate, schema, store

AS_OF = date(2026, 10, 31)
CONTRACTUAL = cltv.Options(relationship="contractual")


def company(contracts: int = 1_500, orders: bool = False) -> Engine:
    """Monthly contracts from 2023 on, ended after a geometric number of periods with a chance of each customer's own."""
    rng = np.random.default_rng(3)
    start = np.datetime64("2023-01-01") + rng.integers(0, 1_300, contracts).astype("timedelta64[D]")
    periods = rng.geometric(rng.beta(0.8, 4.0, contracts).clip(1e-6))
    end = start + (periods * 30.4375).astype("timedelta64[D]")
    rows = pd.DataFrame(
        {
            "source_system": "s", "subscription_id": [f"k{i}" for i in range(contracts)],
            "source_customer_id": [f"c{i % 1_200}" for i in range(contracts)], "plan": "a",
            "price": rng.choice([980.0, 1_980.0], contracts), "currency": "JPY", "period_months": 1,
            "started_at": start.astype("datetime64[us]"), "ended_at": end.astype("datetime64[us]"),
        }
    )  # fmt: skip
    db = Engine()
    db.register("given", rows)
    db.execute(
        "create view subscriptions as select * replace (cast(started_at as date) as started_at,"
        " case when ended_at <= date '2026-10-31' then cast(ended_at as date) end as ended_at) from given"
    )
    db.execute(
        "create view identity_links as select distinct source_system, source_customer_id, source_customer_id as customer_id"
        " from subscriptions"
    )
    before.register(db, "orders", None)
    bought = "select 's' as source_system, 'o' || subscription_id as order_id, source_customer_id, started_at as order_at, 'completed' as status, 100 as total from subscriptions"
    db.execute(f"create view orders as select * from previous_orders{' union all by name ' + bought if orders else ''}")
    return db


@pytest.fixture(scope="module")
def made():
    db = company()
    return db, cltv.value(db, as_of=AS_OF, options=CONTRACTUAL)


@pytest.mark.parametrize(
    "table", ["cltv", "cltv_models", "cltv_calibration", "cltv_tracking", "cltv_groups", "cltv_concentration"]
)
def test_tables_are_as_declared(made, table):
    db, result = made
    declared = schema(table)
    db.register("_written", store.as_declared(db.connection.from_df(result.tables()[table]), declared).to_arrow_table())
    assert [check.reason for check in evaluate(db, declared, "_written") if not check.success] == []


def test_customers_by_plain_sql(made):
    db, result = made
    wanted = db.query("""
        select source_customer_id as customer_id, max(case when ended_at is null then 1.0 else 0.0 end) as p_alive,
               date_diff('day', min(started_at), date '2026-10-31') / 7.0 as age
        from subscriptions group by 1 order by 1""").df()
    found = result.customers.sort_values("customer_id", ignore_index=True)
    assert found["customer_id"].tolist() == wanted["customer_id"].tolist()
    assert found["p_alive"].tolist() == wanted["p_alive"].tolist()
    assert found["T"].to_numpy() == pytest.approx(wanted["age"].to_numpy())
    assert (found["cltv"] <= found["spend_12m"] + 1e-6).all() and (found.loc[found["p_alive"] == 0, "cltv"] == 0).all()


def test_renewal_rates_are_those_of_the_contracts(made):
    db, result = made
    rows = result.calibration[result.calibration["model"] == result.model.family].set_index("frequency_class")
    renewed, ended = db.query("""
        select count(*) filter (coalesce(ended_at - interval 1 day, date '2026-10-31') >= started_at + interval 1 month),
               count(*) filter (ended_at is not null and ended_at - interval 1 day < started_at + interval 1 month)
        from subscriptions""").fetchall()[0]
    assert rows.loc["0", "customers"] == renewed + ended
    assert rows.loc["0", "actual"] == pytest.approx(renewed / (renewed + ended))
    error = np.sqrt(rows["predicted"] * (1 - rows["predicted"]) / rows["customers"])
    assert ((rows["predicted"] - rows["actual"]).abs() < 4 * error).all()


def test_groups_add_up(made):
    _, result = made
    groups = result.groups.set_index(["dimension", "value"])
    everybody = groups.loc[("all", "all")]
    assert everybody["cltv"] == pytest.approx(result.customers["cltv"].sum())
    assert groups.loc["cohort"]["cltv"].sum() == pytest.approx(everybody["cltv"])
    assert everybody["cltv_low"] < everybody["cltv"] < everybody["cltv_high"]
    assert result.records()["p_alive_model"] in ("sbg", "bdw")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_picture_is_drawn_or_says_why_not(made, language):
    look = Pictures(made[1], AS_OF, language)
    assert isinstance(look.calibration(), Figure) and isinstance(look.cohorts(), Figure)
    assert isinstance(look.distribution(), Figure) and isinstance(look.concentration(), Figure)
    assert look.tracking() and isinstance(look.tracking(), str) and isinstance(look.alive(), str)
    assert len(look.models()) and look.models_title() and look.at_stake() and look.changes() is not None


def test_the_setting_against_the_data():
    said = {note.code for note in cltv.value(company(orders=True), as_of=AS_OF, options=CONTRACTUAL).notes}
    assert not said & {"mostly_without_contract", "contractual_without_subscriptions"}
    with pytest.raises(InputError, match="holds no contract begun by 2022"):
        cltv.value(company(), as_of=date(2022, 1, 31), options=CONTRACTUAL)
    with pytest.raises(ConfigError, match="contractual"):
        cltv.Options(relationship="contractal")


def test_purchases_of_subscribers_are_spoken_up_about():
    from customerbase import features

    db = company(orders=True)
    before.register(db, "refunds", None)
    db.execute("create view refunds as select * from previous_refunds")
    features.customer_orders(db, as_of=AS_OF)
    cltv.purchases(db)
    assert "mostly_subscribers" in {note.code for note in cltv.value(db, as_of=AS_OF).notes}
