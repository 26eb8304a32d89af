"""Page 06 in the month of the sample company: its tables against plain SQL and the truth, the report against its tables."""

import html
import re
from datetime import date
from statistics import NormalDist

import numpy as np
import pyarrow.parquet as pq
import pytest
import sample_run
import yaml
from sample_run import AS_OF, SampleMonth

from customerbase import i18n
from customerbase.prediction.metrics import auc
from customerbase.tables import schemas, store

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

CUTOFF, DAYS = "2026-11-01", 90
SMALL = ("model", "curves", "reasons", "drivers", "drift", "groups", "outcomes", "profit", "predictions")
TABLES = ("churn", "snapshots", "snapshot_labels", *(f"churn_{name}" for name in SMALL))
# Written without the package's SQL on purpose: who bought, and on which days.
ORDERS = """
    select customer_id, o.order_at::date as day
    from orders o join identity_links using (source_system, source_customer_id) where o.status = 'completed'"""


def test_page_06_ran_and_left_its_tables(sample_month: SampleMonth):
    assert set(TABLES) <= set(sample_month.tables)
    assert all(sample_month.one(f"select count(*) from {name}") > 0 for name in TABLES)
    kept = sample_month.manifest["records"]["churn"]
    assert kept["customers"] == sample_month.one("select count(*) from churn")
    assert kept["leavers"] == pytest.approx(sample_month.one("select sum(probability) from churn"))
    assert kept["value_at_risk"] == pytest.approx(sample_month.one("select sum(value_at_risk) from churn"))
    assert kept["value_at_risk_low"] < kept["value_at_risk"] < kept["value_at_risk_high"]
    assert 0.5 < kept["auc"] < 1 and 0 < kept["brier"] < 0.25


def test_scored_are_those_with_an_order_in_the_365_days_before_the_next_month(sample_month: SampleMonth):
    active = f"""select distinct customer_id from ({ORDERS})
        where day >= date '{CUTOFF}' - 365 and day < date '{CUTOFF}'"""
    assert sample_month.one(f"select count(*) from ({active})") > 200
    for one, other in (("churn", f"({active})"), (f"({active})", "churn")):
        assert sample_month.one(f"select count(*) from {one} anti join {other} o using (customer_id)") == 0
    assert sample_month.one("select count(*) - count(distinct customer_id) from churn") == 0
    assert sample_month.rows("select distinct as_of::varchar, horizon_days from churn") == [(AS_OF, DAYS)]


def test_value_at_risk_is_probability_times_lifetime_value(sample_month: SampleMonth):
    for end in ("", "_low", "_high"):
        wrong = sample_month.one(f"""select count(*) from churn c left join cltv v using (customer_id)
            where c.cltv{end} is distinct from v.cltv{end}
                or abs(c.value_at_risk{end} - c.probability * v.cltv{end}) > 1e-6""")
        assert wrong == 0, end
    assert sample_month.one("select count(*) from churn where value_at_risk is null") == 0
    band = "case when probability >= 0.7 then 'high' when probability >= 0.4 then 'medium' else 'low' end"
    assert sample_month.one(f"select count(*) from churn where risk_band <> {band}") == 0
    assert sample_month.one("select min(probability) from churn") < 0.2
    assert sample_month.one("select max(probability) from churn") > 0.9


def test_groups_are_the_sums_of_their_customers(sample_month: SampleMonth):
    sums = "count(*), avg(probability), sum(probability), sum(cltv), sum(value_at_risk)"
    columns = "customers, probability, leavers, cltv, value_at_risk"
    [whole] = sample_month.rows(f"select {columns} from churn_groups where dimension = 'all'")
    assert whole == pytest.approx(sample_month.rows(f"select {sums} from churn")[0], rel=1e-9)
    members = {"segment": "churn join rfm using (customer_id)", "risk_band": "churn"}
    for dimension, source in members.items():
        where = f"from churn_groups where dimension = '{dimension}'"
        found = sample_month.rows(f"select value, {columns} {where} order by value")
        truth = sample_month.rows(f"select {dimension}, {sums} from {source} group by all order by 1")
        assert [row[0] for row in found] == [row[0] for row in truth] and len(found) > 2
        for one, other in zip(found, truth, strict=True):
            assert one[1:] == pytest.approx(other[1:], rel=1e-9)
        parts = sample_month.rows(f"select sum(customers), sum(leavers), sum(value_at_risk) {where}")[0]
        assert parts == pytest.approx((whole[0], whole[2], whole[4]), rel=1e-9)
    outside = "leavers not between leavers_low and leavers_high or value_at_risk not between value_at_risk_low and"
    assert sample_month.one(f"select count(*) from churn_groups where {outside} value_at_risk_high") == 0
    # at least as wide as chance alone makes it, customers leaving independently
    half, chance = sample_month.rows("""select (leavers_high - leavers_low) / 2,
            (select sqrt(sum(probability * (1 - probability))) from churn)
        from churn_groups where dimension = 'all'""")[0]
    assert half >= NormalDist().inv_cdf(0.9) * chance * (1 - 1e-9)


def test_at_most_three_reasons_a_customer_the_strongest_first(sample_month: SampleMonth):
    assert sample_month.one("select count(*) from churn_reasons anti join churn using (customer_id)") == 0
    ranks = "select list(rank order by rank) from churn_reasons group by customer_id"
    assert {tuple(found) for (found,) in sample_month.rows(ranks)} <= {(1,), (1, 2), (1, 2, 3)}
    assert sample_month.one("select count(*) from churn_reasons where rank = 1") > 150
    falls = "contribution > lag(contribution) over (partition by customer_id order by rank)"
    assert sample_month.one(f"select count(*) from (select {falls} as rises from churn_reasons) where rises") == 0
    assert sample_month.one("select count(*) - count(distinct (customer_id, reason)) from churn_reasons") == 0
    common = """select r.reason from churn_reasons r join rfm using (customer_id)
        where rank = 1 and segment = '{}' group by all order by count(*) desc, r.reason limit 3"""
    for segment, *codes in sample_month.rows(
        "select value, reason_1, reason_2, reason_3 from churn_groups where dimension = 'segment'"
    ):
        truth = [code for (code,) in sample_month.rows(common.format(segment))]
        assert [code for code in codes if code] == truth


def test_the_list_of_this_month_is_kept_to_be_judged_later(sample_month: SampleMonth):
    found = sample_month.rows("select distinct cutoff::varchar, horizon_days from churn_predictions")
    assert found == [(CUTOFF, DAYS)]  # nothing was published before
    same = "select count(*) from churn c join churn_predictions p using (customer_id, probability, model)"
    assert sample_month.one(same) == sample_month.one("select count(*) from churn_predictions")
    assert sample_month.one(same) == sample_month.one("select count(*) from churn")
    assert sample_month.one("select count(previous_probability) from churn") == 0


def test_outcomes_of_the_backtest_by_plain_sql(sample_month: SampleMonth):
    """The newest window that is over: who was active before it, and who then bought nothing."""
    [(cutoff, source, n, actual, low, high)] = sample_month.rows(
        "select cutoff::varchar, source, customers, actual, actual_low, actual_high from churn_outcomes where band = 'all'"
    )
    assert (cutoff, source) == ("2026-08-01", "backtest")
    where = f"cutoff = date '{cutoff}' and horizon_days = {DAYS}"
    labels = f"select count(*), avg(case when bought then 0 else 1 end) from snapshot_labels where {where}"
    assert (n, actual) == pytest.approx(sample_month.rows(labels)[0])
    window = f"day >= date '{cutoff}' and day < date '{cutoff}' + {DAYS}"
    late = f"""select count(*) from (select customer_id, bought from snapshot_labels where {where}) l
        left join (select distinct customer_id, true as back from ({ORDERS}) where {window}) using (customer_id)
        where bought <> coalesce(back, false)"""
    assert sample_month.one(late) == 0
    z = NormalDist().inv_cdf(0.975)
    middle, half = actual + z * z / 2 / n, z * np.sqrt(actual * (1 - actual) / n + z * z / 4 / n**2)
    assert (low, high) == pytest.approx(((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)))
    bands = sample_month.rows("""select sum(customers), sum(customers * actual) / sum(customers),
        sum(customers * predicted) / sum(customers) from churn_outcomes where band <> 'all'""")[0]
    predicted = sample_month.one("select predicted from churn_outcomes where band = 'all'")
    assert bands == pytest.approx((n, actual, predicted))
    by_risk = dict(sample_month.rows("select band, actual from churn_outcomes"))
    assert by_risk["high"] > by_risk["low"] + 0.3


def test_whom_it_pays_to_contact_by_plain_sql(sample_month: SampleMonth):
    """With the costs that stand on the page: 100 a contact, 500 an offer, a tenth of the leavers kept."""
    each = "select probability * 0.1 * (cltv - 500) - (1 - probability) * 500 - 100 as profit from churn"
    worth, most, everybody = sample_month.rows(
        f"select count(*) filter (profit > 0), sum(profit) filter (profit > 0), sum(profit) from ({each})"
    )[0]
    best = "select contacted, profit from churn_profit where ranking = 'profit' and is_best"
    assert sample_month.rows(best) == [(worth, pytest.approx(most))] and worth > 0
    last = "select profit from churn_profit where ranking = '{}' order by contacted desc limit 1"
    for ranking in ("profit", "probability", "random"):
        assert sample_month.one(last.format(ranking)) == pytest.approx(everybody)
    assert sample_month.one("select count(*) from churn_profit where not (low <= profit and profit <= high)") == 0


def test_models_are_judged_on_windows_that_are_over(sample_month: SampleMonth):
    assert sample_month.one("select count(distinct model) from churn_model where is_chosen") == 1
    assert sample_month.one(f"select count(*) from churn_model where cutoff + {DAYS} > date '{CUTOFF}'") == 0
    truth = sample_month.rows(f"""select cutoff, count(*), avg(case when bought then 0.0 else 1.0 end)
        from snapshot_labels where horizon_days = {DAYS} and cutoff in (select cutoff from churn_model)
        group by all order by all""")
    found = sample_month.rows("select distinct cutoff, customers, rate from churn_model order by all")
    assert len(found) == 4
    for one, other in zip(found, truth, strict=True):
        assert one[:2] == other[:2] and one[2] == pytest.approx(other[2])


# --- against what only the simulation knows -------------------------------------------------------------------------------

PERSONS = """with several as (
        select distinct customer_id, person_id
        from identity_links join truth_links using (source_system, source_customer_id)),
    one as (select customer_id, any_value(person_id) as person_id from several group by all having count(*) = 1)"""


def test_probability_separates_those_who_have_dropped_out(sample_month: SampleMonth):
    """Nobody says goodbye in a shop; the truth knows the day."""
    rows = sample_month.rows(f"""{PERSONS}
        select probability, coalesce(dropout_at < timestamp '{CUTOFF}', false)
        from churn join one using (customer_id) join truth_persons using (person_id)""")
    probability, gone = np.array(rows, dtype=float).T
    assert len(rows) > 250 and 0.3 < gone.mean() < 0.6
    assert auc(gone, probability) > 0.68


def test_probability_is_that_of_the_future(sample_month: SampleMonth):
    """The months after the data end, which no page has seen: order and level hold."""
    rows = sample_month.rows(f"""{PERSONS},
        buyers as (select distinct person_id, true as bought from truth_future_orders
            where status = 'completed' and order_at < timestamp '{CUTOFF}' + interval {DAYS} day)
        select probability, not coalesce(bought, false)
        from churn join one using (customer_id) left join buyers using (person_id)""")
    probability, silent = np.array(rows, dtype=float).T
    assert auc(silent, probability) > 0.76
    deviation = np.sqrt((probability * (1 - probability)).sum()) / len(rows)
    assert abs(probability.mean() - silent.mean()) < 3 * deviation


# --- what leaves the page -------------------------------------------------------------------------------------------------


def test_no_contact_column_stands_in_its_tables(sample_month: SampleMonth):
    for name in TABLES:
        assert schemas()[name].contact_columns == ()
        assert set(pq.read_schema(sample_month.tables[name]).names) == set(schemas()[name].columns)


def test_the_published_page_names_nobody_not_even_by_id(sample_month: SampleMonth):
    page = (sample_month.report / "notebooks" / "06_churn.ipynb").read_text(encoding="utf-8")
    assert not [one for (one,) in sample_month.rows("select customer_id from churn") if one in page]
    assert "if not stage.run_id:" in page  # who opens the page by hand sees the ten with most at risk


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_report_prints_the_numbers_of_the_tables_and_no_customer(sample_month: SampleMonth, language):
    page = (sample_month.report / f"report.{language}.html").read_text(encoding="utf-8")
    section = re.search(r'<section id="risk">.*?</section>', page, flags=re.S)[0]
    text = html.unescape(re.sub(r"<[^>]+>", "", section))
    people, *amounts = sample_month.rows("""select customers, value_at_risk, value_at_risk_low, value_at_risk_high
        from churn_groups where dimension = 'all'""")[0]
    assert all(i18n.number(one, "money", language, currency="JPY") in text for one in amounts)
    leavers = sample_month.rows("select leavers, leavers_low, leavers_high from churn_groups where dimension = 'all'")[
        0
    ]
    assert all(i18n.number(round(one), "people", language) in text for one in (people, *leavers))
    for share in sample_month.rows("select predicted, actual from churn_outcomes where band = 'all'")[0]:
        assert i18n.number(share, "rate", language) in text
    best = sample_month.rows("select contacted, profit from churn_profit where ranking = 'profit' and is_best")[0]
    assert i18n.number(best[0], "people", language) in text and i18n.number(best[1], "money", language) in text
    assert not [one for (one,) in sample_month.rows("select customer_id from churn") if one in page]


# --- a second month -------------------------------------------------------------------------------------------------------

BEFORE = "2026-09"


@pytest.mark.slow
def test_a_second_month_goes_on_from_the_first(sample_month: SampleMonth, tmp_path):
    """September, then October on it: snapshots are used again and equal those of a month without a past."""
    company = yaml.safe_load((store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8"))
    company["stages"] = ["quality", "identity", "profile", "segments", "cltv", "churn"]
    store.replace(tmp_path / "pipelines" / "sample.yaml", yaml.safe_dump(company, allow_unicode=True))
    for month in (BEFORE, sample_run.MONTH):
        sample_run.run_month(tmp_path, month, data=str(sample_month.data), data_docs=False)
    first, second = (sample_run.published(tmp_path, month) for month in (BEFORE, sample_run.MONTH))
    db = sample_month.db

    def rows(query: str) -> list[tuple]:
        return db.execute(query).fetchall()

    def same(one: str, other: str, links: str) -> tuple[int, int]:
        """Old snapshots of customers whose accounts are the same in both: how many, and how many differ anywhere."""
        accounts = "select customer_id, list(source_system || ':' || source_customer_id order by all) as a from '{}' group by 1"
        kept = f"select customer_id from ({accounts.format(first['identity_links'])}) join ({accounts.format(links)}) using (customer_id, a)"
        old = f"cutoff < date '2026-10-01' and customer_id in ({kept})"
        both = [f"select * exclude (version) from '{table}' where {old}" for table in (one, other)]
        cutoffs = "cutoff in (select cutoff from '{}')"
        both = [f"{query} and {cutoffs.format(table)}" for query, table in zip(both, (other, one), strict=True)]
        [(n,)] = rows(f"select count(*) from ({both[0]})")
        [(differ,)] = rows(
            f"select count(*) from (({both[0]} except {both[1]}) union all ({both[1]} except {both[0]}))"
        )
        return n, differ

    n, differ = same(first["snapshots"], second["snapshots"], second["identity_links"])
    assert n > 2000 and differ == 0
    n, differ = same(second["snapshots"], sample_month.tables["snapshots"], sample_month.tables["identity_links"])
    assert n > 2000 and differ == 0  # used again or computed anew
    lists = rows(f"select cutoff, count(*) from '{second['churn_predictions']}' group by all order by all")
    assert [day for day, _ in lists] == [date(2026, 10, 1), date(2026, 11, 1)]
    assert [n for _, n in lists] == [
        rows(f"select count(*) from '{month['churn']}'")[0][0] for month in (first, second)
    ]
    published = f"select customer_id, probability from '{first['churn']}'"
    kept = f"select customer_id, probability from '{second['churn_predictions']}' where cutoff = date '2026-10-01'"
    assert rows(f"{published} except {kept}") == rows(f"{kept} except {published}") == []
    matched = rows(f"""select count(*), count(*) filter (now.previous_probability is distinct from old.probability)
        from '{second["churn"]}' now left join ({published}) old using (customer_id)""")
    assert matched[0][1] == 0
    assert rows(f"select count(previous_probability) from '{second['churn']}'")[0][0] > 200
