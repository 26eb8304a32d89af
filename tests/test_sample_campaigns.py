"""Campaigns of the sample company, whose true effects are known: all of them together hold the truth, and few people prove nothing."""

from collections.abc import Mapping
from pathlib import Path

import campaign_world
import duckdb
import pandas as pd
import sample_run

from customerbase.campaigns.judge import compared
from customerbase.campaigns.people import gather
from customerbase.engine import Engine
from customerbase.periods import month_end

sample_month = sample_run.sample_month


def together(tables: Mapping[str, Path], truth: Path) -> tuple[pd.Series, float]:
    """Orders per contacted person over all campaigns at once, and the true mean effect."""
    db = Engine()
    for name in campaign_world.COLUMNS:
        db.register(name, tables[name])
    sums = gather(db, as_of=month_end(sample_run.MONTH)).sums.assign(everything=1)
    query = f"select avg(effect) from read_parquet('{truth}/campaign_contacts.parquet') where treated"
    return compared(sums, "orders", ["everything"]).iloc[0], duckdb.sql(query).fetchall()[0][0]


def test_all_campaigns_together_hold_the_true_effect(sample_month):
    found, truth = together(sample_month.tables, sample_month.truth)
    assert truth > 0.03
    assert found["events"] >= 5
    assert found["low"] <= truth <= found["high"]


def test_campaigns_of_so_few_people_prove_nothing_and_say_why(sample_month):
    effects = duckdb.sql(f"select * from read_parquet('{sample_month.tables['campaign_effects']}')").df()
    small = effects[effects[["n_treated", "n_control"]].min(axis=1) < 10]
    assert len(small)
    assert (small["reason"] == "few_people").all()
    assert small[["effect", "low", "high", "plain"]].isna().all(axis=None)
    assert (effects.loc[effects["reason"] != "", "verdict"] == "not_proven").all()


def test_every_person_planned_for_stands_in_one_arm(sample_month):
    contacts, links, results = (
        sample_month.tables[name] for name in ("campaign_contacts", "identity_links", "campaign_results")
    )
    people = duckdb.sql(f"""
        select campaign_id, count(distinct customer_id) as people from read_parquet('{contacts}')
        inner join read_parquet('{links}') using (source_system, source_customer_id) group by campaign_id order by campaign_id
    """).fetchall()  # fmt: skip
    told = duckdb.sql(f"select campaign_id, n_treated + n_control as people from read_parquet('{results}') order by 1")
    assert told.fetchall() == people
