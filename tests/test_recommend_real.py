"""Online Retail II, out of time: the measured bars of recall, NDCG and coverage; models and settings chosen on the month before."""

from datetime import date

import duckdb
import pytest
from conftest import real_data

from customerbase.recommend import Choice, Options, Purchases, choose
from customerbase.recommend import tested as judged
from customerbase.recommend.factors import Factors

pytestmark = pytest.mark.slow
ALL, NEW = (0.177, 0.345), (0.051, 0.0785)  # recall@10, NDCG@10: TIFU-KNN; EASE and last month's popularity
COVERAGE = 0.3
DAYS = 31  # 2011-11-09 to 2011-12-09


@pytest.fixture(scope="module")
def choice() -> Choice:
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    rows = duckdb.sql(f"""
        with told as (select *, sheet <> min(sheet) over () or InvoiceDate < '2010-12-01' as is_once from '{path}')
        select distinct cast(CustomerID as varchar) as customer_id, upper(StockCode) as product_id, cast(InvoiceDate as date) as day
        from told where is_once and CustomerID is not null and Invoice not like 'A%' and Invoice not like 'C%'
            and Quantity > 0 and Price > 0 and regexp_matches(StockCode, '^[0-9]{{5}}')""").df()
    return choose(Purchases.of(rows), cutoff=date(2011, 12, 10), days=DAYS, options=Options(learning=1))


def test_both_bars_are_beaten_with_what_was_chosen_a_month_before(choice):
    chosen, last = choice.chosen, choice.tests[-1]
    assert last.role == "test" and len(last.users) == 1_501 and len(last.window.items) == 3_224
    table = choice.models()
    whole = table[(table["role"] == "test") & (table["segment"] == "all") & table["is_chosen"]].set_index("list")
    assert (whole["model"] == "ranker").all() and set(chosen.values()) == {"ranker"}
    assert whole.loc["all", "recall"] > 0.185 > ALL[0] and whole.loc["all", "ndcg"] > 0.365 > ALL[1]
    new = whole.loc["new_for_you"]
    assert new["recall"] > 0.065 > NEW[0] and new["ndcg"] > 0.100 > NEW[1] and new["coverage"] >= COVERAGE
    assert whole.loc["all", "ndcg_low"] > ALL[1] and new["ndcg_low"] > NEW[1]


def test_the_plain_models_are_where_they_were_measured(choice):
    last = choice.tests[-1]
    measured = {  # recall@10, NDCG@10 of all items; those of popularity and EASE as another implementation gave them
        "popular_30_days": (0.0590, 0.141), "popular_all_time": (0.0356, 0.0883), "frequency": (0.1738, 0.3428),
        "tifu_knn": (0.1784, 0.3487), "ease": (0.1074, 0.2331),
    }  # fmt: skip
    for name, (recall, ndcg) in measured.items():
        assert last.mean(name, "all", "recall") == pytest.approx(recall, abs=0.001), name
        assert last.mean(name, "all", "ndcg") == pytest.approx(ndcg, abs=0.001), name
    assert last.mean("ease", "new_for_you", "recall") == pytest.approx(0.0507, abs=0.001)


def test_als_is_where_it_was_measured(choice):
    pytest.importorskip("implicit", reason="implicit is not here: make extras")
    window = choice.tests[-1].window
    found = judged(window, {"als": Factors.fit(window)}, days=DAYS)
    for kind, recall, ndcg in (("all", 0.109, 0.220), ("buy_again", 0.279, 0.308), ("new_for_you", 0.047, 0.072)):
        assert found.mean("als", kind, "recall") == pytest.approx(recall, abs=0.002), kind
        assert found.mean("als", kind, "ndcg") == pytest.approx(ndcg, abs=0.002), kind
