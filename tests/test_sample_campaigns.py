"""Campaigns of the sample company, whose true effects are known: intervals hold them, signs of returns are right, nothing is hidden."""

import duckdb
import pytest
import sample_run

sample_month = sample_run.sample_month
TRUTH = """
    select campaign_id, avg(effect) as effect from read_parquet('{folder}/campaign_contacts.parquet')
    where treated group by campaign_id order by campaign_id
"""


@pytest.fixture(scope="module")
def both(sample_month):
    """Effects on orders as page 11 wrote them, beside the truth."""
    found = duckdb.sql(
        f"select * from read_parquet('{sample_month.tables['campaign_effects']}') where outcome = 'orders'"
    ).df()
    return found.merge(
        duckdb.sql(TRUTH.format(folder=sample_month.truth)).df(), on="campaign_id", suffixes=("", "_true")
    )


def test_intervals_hold_the_true_effects(both):
    told = both.dropna(subset=["low"])
    assert len(both) >= 10
    holds = (told["low"] <= told["effect_true"]) & (told["effect_true"] <= told["high"])
    assert holds.sum() >= len(told) - 2  # of 12 at 95 %: three or more outside in 2 of 100 companies


def test_what_did_nothing_is_not_called_a_success_and_nothing_is_called_harmful(both):
    assert not (both["verdict"] == "harmful").any()
    assert (both.loc[both["effect_true"] == 0, "verdict"] == "not_proven").all()
    assert (both.loc[both["verdict"] == "worked", "effect_true"] > 0).all()


def test_every_person_planned_for_stands_in_one_arm(sample_month):
    contacts, links, results = (
        sample_month.tables[name] for name in ("campaign_contacts", "identity_links", "campaign_results")
    )
    people = duckdb.sql(f"""
        select campaign_id, count(distinct customer_id) as people from read_parquet('{contacts}')
        inner join read_parquet('{links}') using (source_system, source_customer_id) group by campaign_id order by campaign_id
    """).fetchall()  # fmt: skip
    told = duckdb.sql(
        f"select campaign_id, n_treated + n_control as people from read_parquet('{results}') order by campaign_id"
    )
    assert told.fetchall() == people
