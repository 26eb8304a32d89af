"""Page 05 on real data, through the pipelines as they ship: histories against plain SQL on the raw files, pinned figures."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pytest
import sample_run
import yaml
from conftest import real_data

from customerbase import pipeline
from customerbase.tables import schemas, store

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real_data_value")]

# (customer, day) of every purchase, typed here on the raw file
CDNOW = "select distinct customer_id as customer, date as day from read_csv('{folder}/cdnow_master.csv', types = {{'customer_id': 'varchar'}})"
RETAIL = """
    select distinct customer, day from (
        select min(CustomerID) as customer, min(InvoiceDate)::date as day, sum(cast(Quantity * cast(Price as decimal(18, 4)) as decimal(18, 2))) as total,
            bool_and(upper(StockCode) in ('M', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK', 'ADJUST', 'ADJUST2', 'TEST001', 'TEST002')) as bookkeeping
        from '{folder}/online_retail_ii.parquet'
        where InvoiceDate < '2011-12-01' and not (sheet = 'Year 2009-2010' and InvoiceDate >= '2010-12-01')
        group by Invoice having not (Invoice like 'A%' or Invoice like 'C%'))
    where customer is not null and not bookkeeping and total <> 0"""


@dataclass(frozen=True)
class Case:
    """One data set: its pipeline, month, raw purchases, and what the page was seen to find (measured once, to 0.1 %)."""

    name: str
    folder: str
    month: str
    as_of: str
    cut: str
    purchases: str
    models: tuple[str, str]
    customers: int
    bias: float
    value: float
    top_tenth: float


CASES = [
    Case(
        "cdnow", "cdnow", "1998-06", "1998-06-30", "1997-12-31", CDNOW, ("pareto_nbd", "pareto_nbd"), 23_570,
        0.01335, 812_267, 0.6658,
    ),
    Case(
        "online_retail", "online-retail-ii", "2011-11", "2011-11-30", "2011-05-31", RETAIL, ("bg_nbd", "mbg_nbd"), 5_826,
        0.00263, 8_297_550, 0.5698,
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Month:
    """A published month of one of the cases, and the raw purchases beside it."""

    case: Case
    tables: dict[str, Path]
    manifest: dict

    @cached_property
    def db(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        for name, path in self.tables.items():
            connection.execute(f"create view {name} as from read_parquet('{path}')")
        folder = real_data(self.case.folder)
        connection.execute(f"create table purchases as {self.case.purchases.format(folder=folder)}")
        return connection

    def rows(self, query: str) -> list[tuple]:
        return self.db.execute(query).fetchall()

    def one(self, query: str):
        [(value,)] = self.rows(query)
        return value


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def month(request, tmp_path_factory) -> Month:
    case, home = request.param, tmp_path_factory.mktemp(request.param.name)
    folder = real_data(case.folder)
    if case.name != "cdnow":  # which runs all pages without most tables; here those behind the value are enough
        company = yaml.safe_load((store.ROOT / "pipelines" / f"{case.name}.yaml").read_text(encoding="utf-8"))
        company["stages"] = ["quality", "identity", "profile", "segments", "cltv"]
        store.replace(home / "pipelines" / f"{case.name}.yaml", yaml.safe_dump(company, allow_unicode=True))
    with sample_run.at_home(home):
        pipeline.run(pipeline.make_plan(case.name, case.month, data=str(folder)), jobs=1, data_docs=False)
        return Month(case, store.published_tables(case.name, case.month), store.current(case.name, case.month))


HISTORIES = """
    select count(*) - 1 as frequency, (max(day) - min(day)) / 7.0 as recency, (date '{as_of}' - min(day)) / 7.0 as age
    from purchases group by customer"""


def test_every_history_is_that_of_the_raw_file(month):
    """Customers have no names to match by here: the histories themselves, each as often as in the raw file."""
    form = "frequency, round({recency} * 7)::int, round({age} * 7)::int"
    found = f"""select {form.format(recency="recency", age='"T"')}, count(*) from cltv group by all order by all"""
    raw = f"select {form.format(recency='recency', age='age')}, count(*) from ({HISTORIES.format(as_of=month.case.as_of)}) group by all order by all"
    assert month.rows(found) == month.rows(raw)
    sums = month.rows('select count(*), sum(frequency), sum(recency), sum("T") from cltv')[0]
    truth = month.rows(
        f"select count(*), sum(frequency), sum(recency), sum(age) from ({HISTORIES.format(as_of=month.case.as_of)})"
    )[0]
    assert sums == pytest.approx(truth, rel=1e-9) and sums[0] == month.case.customers


def test_the_hold_out_holds_what_was_bought_in_it(month):
    known = f"select customer from purchases where day <= '{month.case.cut}' group by customer"
    customers = month.one(f"select count(*) from ({known})")
    later = month.one(
        f"select count(*) from purchases semi join ({known}) using (customer) where day > '{month.case.cut}'"
    )
    found = month.rows(
        "select distinct holdout_customers, actual_purchases, (holdout_from - 1)::varchar, holdout_to::varchar"
        " from cltv_models where model <> 'gamma_gamma'"
    )
    assert found == [(customers, later, month.case.cut, month.case.as_of)]
    classes = month.rows("select model, sum(customers), sum(customers * actual) from cltv_calibration group by model")
    assert len(classes) == 4 and all(row[1:] == pytest.approx((customers, later)) for row in classes)


def test_months_of_the_tracking_are_those_of_the_raw_file(month):
    firsts = "select *, min(day) over (partition by customer) as first from purchases"
    truth = (
        f"select date_trunc('month', day)::date, count(*) filter (day > first) from ({firsts}) group by all order by 1"
    )
    assert month.rows("select month, actual from cltv_tracking where not ahead order by 1") == month.rows(truth)


def test_figures_as_they_were_measured(month):
    kept, case = month.manifest["records"]["cltv"], month.case
    assert (kept["model"], kept["p_alive_model"], kept["customers"]) == (*case.models, case.customers)
    assert kept["holdout_bias"] == pytest.approx(case.bias, abs=1e-3)
    assert kept["cltv"] == pytest.approx(case.value, rel=1e-3)
    assert kept["cltv_low"] < 0.99 * kept["cltv"] < 1.01 * kept["cltv"] < kept["cltv_high"]
    assert kept["holdout_coverage"] == pytest.approx(kept["holdout_coverage_expected"], abs=0.03)
    tenth = month.one("select value_share from cltv_concentration where top_share = 0.1")
    assert tenth == pytest.approx(case.top_tenth, rel=2e-3)
    best = month.one("select max(correlation) from cltv_models")
    assert best > 0.7  # what each customer bought in the hold-out, against what was foreseen for that one


def test_every_number_is_finite_and_every_chance_a_chance(month):
    for table in ("cltv", "cltv_groups", "cltv_models", "cltv_tracking", "cltv_calibration", "cltv_concentration"):
        numbers = [name for name, column in schemas()[table].columns.items() if column.type == "DOUBLE"]
        broken = " or ".join(f'isnan("{name}") or isinf("{name}")' for name in numbers)
        assert month.one(f"select count(*) from {table} where {broken}") == 0, table
    assert month.one("select count(*) from cltv where p_alive is null or p_alive not between 0 and 1") == 0
    assert month.one("select sum(cltv) from cltv") == pytest.approx(
        month.one("select sum(cltv) from cltv_groups where dimension = 'segment'")
    )
