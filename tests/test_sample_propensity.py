"""Page 07 in the month of the sample company: its tables against plain SQL, the page's own settings, and the truth."""

import json
import re
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import pytest
import sample_run
from conftest import ROOT
from sample_run import AS_OF, SampleMonth

from customerbase.prediction.metrics import auc
from customerbase.tables import schemas

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

CUTOFF, DAYS = "2026-11-01", 30
PROPENSITY = ("model", "curves", "reasons", "drivers", "drift", "totals", "outcomes", "predictions", "categories")
CLOCK = ("repurchase_clock", "repurchase_things", "repurchase_due", "repurchase_calendar")
TABLES = (
    "propensity",
    *(f"propensity_{one}" for one in PROPENSITY),
    "propensity_category_models",
    *CLOCK,
    "sales_priority",
)
# Written without the package's SQL on purpose: who bought, and on which days.
ORDERS = """
    select customer_id, o.order_at::date as day
    from orders o join identity_links using (source_system, source_customer_id) where o.status = 'completed'"""


def settings() -> dict[str, str]:
    """The parameters of the page, as they stand in it."""
    cells = json.loads((ROOT / "notebooks" / "07_propensity.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "".join(next(one["source"] for one in cells if one["metadata"].get("tags") == ["parameters"]))
    return {name: value.strip('"') for name, value in re.findall(r'^(\w+): \w+ = ("[^"]*"|[\d.]+)', text, flags=re.M)}


def test_page_07_ran_and_left_its_tables(sample_month: SampleMonth):
    assert set(TABLES) <= set(sample_month.tables)
    assert all(sample_month.one(f"select count(*) from {name}") > 0 for name in TABLES)
    kept = sample_month.manifest["records"]["propensity"]
    assert kept["buyers"] == pytest.approx(sample_month.one("select sum(p_30) from propensity"))
    assert kept["spend"] == pytest.approx(sample_month.one("select sum(p_30 * expected_spend) from propensity"))
    assert 0.5 < kept["auc"] < 1 and 0 < kept["brier"] < 0.25


def test_scored_are_the_customers_of_page_06(sample_month: SampleMonth):
    for one, other in (("churn", "propensity"), ("propensity", "churn")):
        assert sample_month.one(f"select count(*) from {one} anti join {other} o using (customer_id)") == 0
    assert sample_month.one("select count(*) - count(distinct customer_id) from propensity") == 0
    assert sample_month.rows("select distinct as_of::varchar, horizon_days from propensity") == [(AS_OF, DAYS)]
    both = "select corr(1 - probability, p_90) from churn join propensity using (customer_id)"
    assert sample_month.one(both) > 0.8  # two models of one question


def test_chances_bands_and_days_agree(sample_month: SampleMonth):
    page = settings()
    band = (
        f"case when p_30 >= {page['likely']} then 'high' when p_30 >= {page['possible']} then 'medium' else 'low' end"
    )
    wrong = f"""not (0 <= p_7 and p_7 <= p_30 and p_30 <= p_60 and p_60 <= p_90 and p_90 <= 1) or band <> {band}
        or low_days > median_days or median_days > high_days or low_days < 1 or high_days > 90
        or (median_days is null) <> (p_90 < 0.5) or (p_30 > 0.5 and median_days > 30) or expected_spend < 0"""
    assert sample_month.one(f"select count(*) from propensity where {wrong}") == 0
    same = "select count(*) from propensity c join propensity_predictions p on c.customer_id = p.customer_id and p_30 = probability"
    assert sample_month.one(same) == sample_month.one("select count(*) from propensity")


def test_totals_by_plain_sql(sample_month: SampleMonth):
    [(day, n, buyers, low, high)] = sample_month.rows(
        "select cutoff::varchar, customers, buyers, buyers_low, buyers_high from propensity_totals where is_ahead"
    )
    assert (day, n) == (CUTOFF, sample_month.one("select count(*) from propensity"))
    assert buyers == pytest.approx(sample_month.one("select sum(p_30) from propensity")) and low < buyers < high
    past = sample_month.rows(
        "select cutoff, customers, actual_buyers from propensity_totals where not is_ahead order by 1"
    )
    assert len(past) == int(settings()["tests"])
    for cutoff, customers, actual in past:
        active = (
            f"select distinct customer_id from ({ORDERS}) where day >= date '{cutoff}' - 365 and day < date '{cutoff}'"
        )
        window = f"day >= date '{cutoff}' and day < date '{cutoff}' + {DAYS}"
        back = f"select distinct customer_id from ({ORDERS}) semi join ({active}) using (customer_id) where {window}"
        assert (customers, actual) == tuple(sample_month.one(f"select count(*) from ({one})") for one in (active, back))


def test_the_last_list_by_plain_sql(sample_month: SampleMonth):
    rows = sample_month.rows(
        "select band, cutoff::varchar, source, customers, predicted, actual from propensity_outcomes"
    )
    whole = next(row for row in rows if row[0] == "all")
    assert whole[1:3] == ("2026-10-01", "backtest")
    truth = f"""select count(*), avg(case when bought then 1.0 else 0.0 end) from snapshot_labels
        where cutoff = date '2026-10-01' and horizon_days = {DAYS}"""
    assert (whole[3], whole[5]) == pytest.approx(sample_month.rows(truth)[0])
    actual = {row[0]: row[5] for row in rows if row[3]}
    assert actual["low"] < actual["all"] and actual["low"] < min(actual.get(one, 1.0) for one in ("high", "medium"))


# --- the list of sales ------------------------------------------------------------------------------------------------


def means() -> list[tuple[str, int, float, float]]:
    """Name, capacity, cost and effect of the page's channels."""
    parts = [one.strip().split(":") for one in settings()["channels"].split(",")]
    return [(name, int(capacity), float(cost), float(effect)) for name, capacity, cost, effect in parts]


def test_the_list_keeps_to_the_capacity_of_the_pages_channels(sample_month: SampleMonth):
    listed = dict(sample_month.rows("select channel, count(*) from sales_priority group by channel"))
    assert set(listed) == {name for name, *_ in means()}
    for name, capacity, cost, _ in means():
        assert 0 < listed[name] <= capacity
        assert sample_month.one(f"select count(*) from sales_priority where channel = '{name}' and cost <> {cost}") == 0
    assert sample_month.one("select count(*) - count(distinct customer_id) from sales_priority") == 0


def test_as_long_as_there_is_room_everybody_worth_a_contact_has_the_best_one(sample_month: SampleMonth):
    room = dict(sample_month.rows("select channel, count(*) from sales_priority group by channel"))
    assert all(room[name] < capacity for name, capacity, *_ in means())
    owed = "(select distinct customer_id from deals join identity_links using (source_system, source_customer_id))"
    plain = f"anti join {owed} d using (customer_id)"  # a deal adds to the gain
    each = " union all ".join(
        f"select customer_id, '{name}' as channel, {effect} * p_30 * (1 - p_30) / (1 + {effect} * p_30)"
        f" * expected_spend * {settings()['margin']} - {cost} as gain from propensity"
        for name, _, cost, effect in means()
    )
    best = f"select customer_id, arg_max(channel, gain) as channel, max(gain) as gain from ({each}) group by 1 having max(gain) > 0"
    truth = sample_month.rows(f"select customer_id, channel, gain from ({best}) {plain} order by 1")
    found = sample_month.rows(f"select customer_id, channel, gain from sales_priority {plain} order by 1")
    assert len(found) > 100 and [row[:2] for row in found] == [row[:2] for row in truth]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in truth])


def test_every_contact_gains_and_the_best_come_first(sample_month: SampleMonth):
    effect = " ".join(f"when '{name}' then {effect}" for name, _, _, effect in means())
    wrong = f"""with told as (
            select s.*, p.p_30 as p, p.expected_spend * {settings()["margin"]} as worth, case channel {effect} end as e
            from sales_priority s left join propensity p using (customer_id))
        select count(*) from told where gain <= 0 or probability is distinct from p
            or abs(expected_margin - worth) > 1e-6 or abs(probability_gain - p * (1 - p) * e / (1 + p * e)) > 1e-9
            or gain < probability_gain * expected_margin - cost - 1e-6"""  # an open deal may add to it
    assert sample_month.one(wrong) == 0
    ranks = sample_month.rows("select rank, gain from sales_priority order by rank")
    assert [rank for rank, _ in ranks] == list(range(1, len(ranks) + 1))
    assert all(one >= other for (_, one), (_, other) in pairwise(ranks))
    assert sample_month.one("select count(*) from sales_priority where reason_1 is not null") > 0
    early = f"select count(*) from sales_priority where best_day <= date '{AS_OF}'"
    assert sample_month.one(early) == 0 and sample_month.one("select count(best_day) from sales_priority") > 0


# --- against what only the simulation knows ---------------------------------------------------------------------------

PERSONS = """with several as (
        select distinct customer_id, person_id
        from identity_links join truth_links using (source_system, source_customer_id)),
    one as (select customer_id, any_value(person_id) as person_id from several group by all having count(*) = 1)"""


def unseen(sample_month: SampleMonth, days: int) -> tuple[np.ndarray, np.ndarray]:
    """The published chance of each customer, and whether an order came in the days after the data end."""
    rows = sample_month.rows(f"""{PERSONS},
        buyers as (select distinct person_id, true as bought from truth_future_orders
            where status = 'completed' and order_at >= timestamp '{CUTOFF}'
                and order_at < timestamp '{CUTOFF}' + interval {days} day)
        select p_{days}, coalesce(bought, false)
        from propensity join one using (customer_id) left join buyers using (person_id)""")
    chance, bought = np.array(rows, dtype=float).T
    assert len(rows) > 250
    return chance, bought


@pytest.mark.parametrize(("days", "least"), [(30, 0.83), (60, 0.8), (90, 0.82)])
def test_chances_are_those_of_the_future(sample_month: SampleMonth, days, least):
    """The months after the data end, which no page has seen: order and level hold."""
    chance, bought = unseen(sample_month, days)
    assert auc(bought, chance) > least
    deviation = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(chance.mean() - bought.mean()) < 3 * deviation


def test_the_window_of_days_holds_in_the_future(sample_month: SampleMonth):
    rows = sample_month.rows(f"""{PERSONS},
        first as (select person_id, date_diff('day', date '{AS_OF}', min(order_at)::date) as day from truth_future_orders
            where status = 'completed' and order_at >= timestamp '{CUTOFF}' group by all)
        select coalesce(day, 999) < low_days, coalesce(day, 999) > high_days
        from propensity join one using (customer_id) left join first using (person_id)""")
    before, after = (
        np.array([one for one in side if one is not None], dtype=float) for side in zip(*rows, strict=True)
    )
    assert 0.02 < before.mean() < 0.2
    assert not len(after) or after.mean() < 0.3


def test_the_interval_of_the_month_holds_what_came(sample_month: SampleMonth):
    chance, bought = unseen(sample_month, DAYS)
    [(buyers, low, high)] = sample_month.rows(
        "select buyers, buyers_low, buyers_high from propensity_totals where is_ahead"
    )
    share = chance.sum() / buyers  # of those whose person is known for certain
    assert low * share <= bought.sum() <= high * share


# --- what leaves the page ---------------------------------------------------------------------------------------------


def test_no_contact_column_stands_in_its_tables(sample_month: SampleMonth):
    for name in TABLES:
        assert schemas()[name].contact_columns == ()
        assert set(pq.read_schema(sample_month.tables[name]).names) == set(schemas()[name].columns)


def test_the_published_page_names_nobody_not_even_by_id(sample_month: SampleMonth):
    page = (sample_month.report / "notebooks" / "07_propensity.ipynb").read_text(encoding="utf-8")
    assert not [one for (one,) in sample_month.rows("select customer_id from propensity") if one in page]
    assert "if not stage.run_id:" in page  # who opens the page by hand sees the ten likeliest buyers
