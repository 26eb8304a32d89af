"""Page 07c in the month of the sample company: its tables against plain SQL, and two months in a row from its snapshots."""

import html
import json
from datetime import date

import pytest
import sample_run
from sample_run import AS_OF, SampleMonth

from customerbase.engine import Engine
from customerbase.segments import clusters

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture
TABLES = ("groups", "group_cards", "group_choice", "group_summary", "group_mix")
FIRST, SECOND = date(2026, 9, 30), date(2026, 10, 31)


def test_every_customer_of_the_newest_snapshot_has_one_group(sample_month: SampleMonth):
    assert set(TABLES) <= set(sample_month.tables)
    newest = "select customer_id from snapshots where cutoff = date '2026-11-01'"
    assert sample_month.one(f"select count(*) from ({newest}) anti join groups using (customer_id)") == 0
    assert sample_month.one("select count(*) - count(distinct customer_id) from groups") == 0
    assert sample_month.one(f"select count(*) from groups anti join ({newest}) using (customer_id)") == 0
    assert sample_month.rows("select distinct as_of::varchar from groups") == [(AS_OF,)]


def test_sums_by_plain_sql(sample_month: SampleMonth):
    truth = sample_month.rows("""
        select group_id, count(*), sum(spend_365)::double / sum(sum(spend_365)) over ()::double, avg(cltv.cltv),
            avg(churn.probability), count(churn.probability)
        from groups join (from snapshots where cutoff = date '2026-11-01') using (customer_id)
        left join cltv using (customer_id) left join churn using (customer_id) group by group_id order by group_id""")
    found = sample_month.rows("""
        select group_id, customers, revenue_share, cltv_mean, leaving, leaving_customers
        from group_summary where customers > 0 order by group_id""")
    assert len(found) >= 2
    for one, other in zip(found, truth, strict=True):
        assert one == pytest.approx(other, rel=1e-9)
    for dimension, column in (("segment", "segment"), ("channel", "main_channel"), ("age_band", "age_band")):
        counted = sample_month.rows(f"""
            select group_id, coalesce({column}, 'unknown'), count(*) from groups
            left join rfm using (customer_id) left join profile using (customer_id) group by all order by all""")
        kept = sample_month.rows(f"""
            select group_id, value, customers from group_mix where dimension = '{dimension}' order by all""")
        assert kept == counted


def test_the_page_prints_the_adjusted_rand_index(sample_month: SampleMonth):
    page = json.loads((sample_month.report / "notebooks" / "07c_groups.ipynb").read_text(encoding="utf-8"))
    said = "".join("".join(out.get("text", "")) for cell in page["cells"] for out in cell.get("outputs", []))
    mean = sample_month.one("select ari_mean from group_choice where is_chosen")
    assert f"調整ランド指数 平均{mean:.2f}" in said or f"（調整ランド指数）は平均{mean:.2f}" in said
    assert sample_month.manifest["records"]["groups"]["ari_mean"] == pytest.approx(mean)


def test_the_report_has_a_card_for_every_group_that_may_be_shown(sample_month: SampleMonth):
    text = html.unescape((sample_month.report / "report.en.html").read_text(encoding="utf-8"))
    rows = sample_month.rows("select group_id, label_en, customers from group_summary where customers > 0")
    assert all(customers >= 10 for *_, customers in rows)  # no group is too small in this month
    assert all(f"{group} {label}" in text for group, label, _ in rows)


def test_two_months_in_a_row_keep_their_numbers(sample_month: SampleMonth):
    db = Engine()
    for name in ("snapshots", "rfm", "profile", "cltv", "churn"):
        db.register("all_snapshots" if name == "snapshots" else name, sample_month.tables[name])
    results, before = [], clusters.Before()
    for as_of, cutoff in ((FIRST, "2026-10-01"), (SECOND, "2026-11-01")):
        db.register(
            "snapshots", db.query(f"select * from all_snapshots where cutoff = date '{cutoff}'").to_arrow_table()
        )
        made = clusters.group(db, as_of=as_of, before=before)
        before = clusters.Before(made.groups, made.cards, made.choice, made.summary)
        results.append(made)
    then, now = (made.groups.set_index("customer_id")["group_id"] for made in results)
    both = then.index.intersection(now.index)
    assert len(both) > 200
    assert set(now.unique()) == set(then.unique()) and set(results[1].summary["status"]) == {"kept"}
    assert (then.loc[both] == now.loc[both]).mean() > 0.7
    agreement = clusters.adjusted_rand(then.loc[both].to_numpy(), now.loc[both].to_numpy())
    assert agreement > 0.4
