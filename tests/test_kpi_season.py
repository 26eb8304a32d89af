"""The seasonal view: known effects of days come back, none are invented, holidays are counted right, tables by plain SQL."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from test_kpi import engine

from customerbase import kpi
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.kpi import season
from customerbase.kpi.days import KINDS, composition, kind, public_holidays
from customerbase.periods import add_months

JAPAN = public_holidays("JP", range(2019, 2027))


# --- days ---


def test_holidays_of_japan_with_substitutes_and_days_between():
    may = [day.day for day in JAPAN if (day.year, day.month) == (2026, 5)]
    assert may == [3, 4, 5, 6]  # the third is a Sunday: 振替休日 on the sixth
    assert [day.day for day in JAPAN if (day.year, day.month) == (2026, 9)] == [21, 22, 23]  # 国民の休日 on the 22nd
    per_year = pd.Series([day.year for day in JAPAN]).value_counts()
    assert per_year[2025] == 19 and per_year[2026] == 18  # as the Cabinet Office lists them
    assert composition(date(2026, 5, 1), JAPAN) == dict(zip(KINDS, (3, 3, 3, 4, 5, 5, 4, 4, 0), strict=True))
    assert kind(date(2026, 1, 1), JAPAN) == "year_end" and kind(date(2026, 5, 6), JAPAN) == "holiday"


def test_other_countries_their_parts_and_none():
    britain, england = (public_holidays(code, [2011]) for code in ("GB", "GB-ENG"))
    assert date(2011, 8, 29) in england and date(2011, 8, 29) not in britain and date(2011, 4, 22) in britain
    assert public_holidays(None, [2026]) == {}
    with pytest.raises(ConfigError, match=r"country is 'JPX'.*Did you mean 'JP'"):
        public_holidays("JPX", [2026])
    with pytest.raises(ConfigError, match="GB has the parts"):
        public_holidays("GB-XXX", [2026])


# --- known effects ---

STRONG = np.array([0.8, 0.8, 0.85, 0.9, 1.0, 1.5, 1.6, 1.4, 0.7])
CLOSED = np.array([1, 1, 1.1, 1.1, 1, 0, 0.6, 0.2, 0.2])  # no sale on a Saturday


def simulated(seed: int, effects: np.ndarray, growth: float, end: date, noise: float = 0.2) -> dict[date, float]:
    """Two years and more of days: a level that grows by `growth` a year, a December of its own, noise, known effects."""
    rng, daily, day = np.random.default_rng(seed), {}, add_months(end, -25)
    while day < add_months(end, 1):
        level = 1000 * (1 + growth) ** ((day.year - 2024) + (day.month - 1) / 12) * (1.3 if day.month == 12 else 1)
        sold = level * effects[KINDS.index(kind(day, JAPAN))] * np.exp(rng.normal(0, noise) - noise**2 / 2)
        if sold > 0:
            daily[day] = sold
        day += timedelta(days=1)
    return daily


@pytest.mark.parametrize(
    ("effects", "end", "raw_bias"),
    [(STRONG, date(2026, 5, 1), 0.04), (STRONG, date(2026, 3, 1), -0.02), (CLOSED, date(2026, 5, 1), -0.05)],
)
def test_the_adjusted_change_is_the_true_one(effects, end, raw_bias):
    rows = [season.season_rows(simulated(seed, effects, 0.05, end), end, JAPAN)[-1] for seed in range(60)]
    raw, adjusted = (np.array([row[name] for row in rows]) - 0.05 for name in ("change", "adjusted_change"))
    error = adjusted.std() / np.sqrt(len(rows))
    assert abs(adjusted.mean()) < 3 * error + 0.008
    assert raw.mean() * np.sign(raw_bias) > abs(raw_bias) - 3 * error > abs(adjusted.mean()) - 3 * error
    inside = np.mean([row["adjusted_change_low"] <= 0.05 <= row["adjusted_change_high"] for row in rows])
    assert inside >= 0.87


def test_nothing_is_adjusted_where_days_do_not_differ():
    end, same = date(2026, 5, 1), np.ones(len(KINDS))
    rows = [season.season_rows(simulated(seed, same, 0.05, end), end, JAPAN)[-1] for seed in range(30)]
    untouched = [row["calendar_factor"] == 1 and row["adjusted"] == row["value"] for row in rows]
    assert np.mean(untouched) >= 0.8  # a test at 5 % finds days that differ by chance now and then
    assert max(abs(row["calendar_factor"] - 1) for row in rows) < 0.02


def test_effects_are_found_and_one_giant_day_does_not_make_them():
    daily = simulated(1, STRONG, 0.0, date(2026, 3, 1))
    found = season.fitted(daily, min(daily), min(daily), max(daily), JAPAN)
    assert found.found
    np.testing.assert_allclose(found.effects / found.effects[4], STRONG, atol=0.12)
    daily[date(2026, 1, 14)] *= 40
    spoilt = season.fitted(daily, min(daily), min(daily), max(daily), JAPAN)
    np.testing.assert_allclose(spoilt.effects / spoilt.effects[4], STRONG, atol=0.12)
    assert season.fitted(simulated(1, CLOSED, 0, date(2026, 3, 1)), date(2024, 2, 1), date(2024, 2, 1), date(2026, 3, 31), JAPAN).effects[5] == 0  # fmt: skip


# --- the table ---


def test_the_table_by_hand():
    orders = [("a", f"{month:%Y-%m}-{day:02}", 100 + step) for step in range(26) for day in range(1, 29)
              for month in [add_months(date(2024, 9, 1), step)]]  # fmt: skip
    table = kpi.kpi_season(engine(orders), as_of=date(2026, 10, 31)).df()
    assert len(table) == 2 * 25 and set(table["measure"]) == {"revenue", "orders"}
    row = table[(table["measure"] == "revenue") & (table["month"] == "2026-10-01")].iloc[0]
    assert (row["value"], row["last_year"]) == (28 * 125, 28 * 113)
    assert row["change"] == pytest.approx(125 / 113 - 1)
    assert row["moving_total_12"] == 28 * sum(100 + step for step in range(14, 26))
    assert row[["days", "weekdays", "saturdays", "sundays", "holidays"]].tolist() == [31, 21, 5, 4, 1]
    early = table[(table["measure"] == "orders") & (table["month"] == "2025-01-01")].iloc[0]
    assert pd.isna(early["change"]) and pd.isna(early["moving_total_12"])
    assert early["adjusted_low"] <= early["adjusted"] <= early["adjusted_high"]
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_too_little_history_says_nothing_and_does_not_fail():
    assert kpi.kpi_season(engine([]), as_of=date(2026, 10, 31)).fetchall() == []
    table = kpi.kpi_season(engine([("a", "2026-10-02", 100), ("a", "2026-10-05", -7, "credit_note")]), as_of=date(2026, 10, 31)).df()  # fmt: skip
    assert table["value"].tolist() == [93, 1]
    assert table[["adjusted", "change", "adjusted_change", "moving_total_12", "low"]].isna().all(axis=None)
    gone = kpi.kpi_season(engine([("a", "2025-10-02", -5, "credit_note"), ("a", "2026-10-02", 5)]), as_of=date(2026, 10, 31)).df()  # fmt: skip
    assert gone[["change", "adjusted"]].isna().all(axis=None)  # nothing to grow from


def test_online_retail_is_closed_on_saturdays():
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(f"""create table customer_orders as select min(InvoiceDate) as order_at,
        case when Invoice like 'C%' then 0 else 1 end as is_order, sum(cast(Quantity * Price as decimal(18, 2))) as net_amount
        from (select distinct * exclude (sheet) from '{path}') where Invoice not like 'A%' group by Invoice""")
    as_of = date(2011, 11, 30)
    table = kpi.kpi_season(db, as_of=as_of, country="GB-ENG").df().set_index(["measure", "month"])
    row = table.loc[("revenue", pd.Timestamp(2011, 11, 1))]
    told = db.query("""select cast(sum(net_amount) filter (order_at >= '2011-11-01' and order_at < '2011-12-01') as double),
        cast(sum(net_amount) filter (order_at >= '2010-11-01' and order_at < '2010-12-01') as double),
        cast(sum(net_amount) filter (order_at >= '2010-12-01' and order_at < '2011-12-01') as double)
        from customer_orders""").fetchall()[0]
    assert (row["value"], row["last_year"], row["moving_total_12"]) == pytest.approx(told)
    assert row[["weekdays", "sundays", "holidays"]].tolist() == [22, 4, 0]
    daily = {d: float(x) for d, x in db.query("select cast(order_at as date), sum(net_amount) from customer_orders group by 1").fetchall()}  # fmt: skip
    found = season.fitted(daily, date(2009, 12, 1), min(daily), as_of, public_holidays("GB-ENG", range(2009, 2012)))
    assert found.effects[5] < 0.02 < 0.5 < found.effects[1]
    # both Novembers have 22 weekdays; 2011 began on a Tuesday: one Wednesday more for one Monday fewer
    assert row["adjusted_change"] == pytest.approx(row["change"], abs=0.05)
