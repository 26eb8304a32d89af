"""Campaigns in the monthly report: sentences, table and picture, in both languages, and what is said where there is nothing."""

from datetime import date

import campaign_world as world
import pandas as pd
import pytest
from campaign_world import drawn

import customerbase.report.campaigns as section
from customerbase import campaigns, charts, report

AS_OF = date(2026, 10, 2)
COMPANY = {"ja": "みのり屋", "en": "Minoriya"}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    db = world.engine(**drawn(4000, effect=0.3, seed=1))
    return campaigns.campaigns(db, as_of=AS_OF, settings={}, trials=200).tables()


def _data(tables: dict, as_of: date = AS_OF) -> report.ReportData:
    return report.ReportData(COMPANY, "sample", as_of, tables, settings={"k_min": 10})


@pytest.mark.parametrize(
    ("language", "said"), [("en", "“K1” worked: +"), ("ja", "「K1」は効果がありました。1,000人あたりの注文の増分は+")]
)
def test_results_money_plans_and_the_check_of_the_method_are_told(tables, language, said):
    told = dict(section.lines(_data(tables), language))
    row = tables["campaign_effects"].set_index("outcome").loc["orders"]
    assert said in " ".join(told.values())
    assert f"+{round(row['effect'] * 1000)}" in " ".join(told.values())
    assert len(told) == 4  # results, money, the next campaign, the check; nothing runs, no fault, no global control
    rows = section.rows(_data(tables), language)
    assert len(rows) == 2
    assert f"+{round(row['effect'] * 1000)}" in rows[1][3]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_picture_names_its_finding_its_measure_and_its_origin(tables, language):
    found = section.picture(_data(tables), language, charts)
    assert "1" in found.title
    assert ("注文" if language == "ja" else "orders") in found.measure
    assert "campaigns/month.py" in found.caption
    assert "<svg" in found.wide
    assert found.wide != found.phone


def test_a_month_without_a_result_and_a_company_without_campaigns_are_said(tables):
    said = dict(section.lines(_data(tables, date(2026, 12, 31)), "en"))
    assert "No campaign came to a result in Dec 2026." in said["Results"]
    none = campaigns.campaigns(world.engine(), as_of=AS_OF, settings={}).tables()
    assert section.lines(_data(none), "en") == []
    assert section.rows(_data(none), "en") == []
    assert section.picture(_data(none), "ja", charts) is None
    assert section.lines(_data({}), "en") is None
    pictures = charts.effects.Pictures(campaigns.campaigns(world.engine(), as_of=AS_OF, settings={}), "en")
    assert pictures.said() == [pictures.words.word("none")] == [pictures.effects()]
    assert "global_control" in pictures.control()


def test_few_people_are_never_told(tables):
    few = dict(tables)
    few["campaign_faults"] = pd.DataFrame(
        [{"campaign_id": "K1", "fault": "control_contacted", "people": 3, "share": 0.001, "as_of": AS_OF}]
    )
    told = dict(section.lines(_data(few), "en"))["Faults"]
    assert "people held out but contacted (<10)" in told
