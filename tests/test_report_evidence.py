"""The report's measured actions: words agree with the table, no small number, sums only where the units are the KPI's."""

from datetime import date, datetime

import pandas as pd
import pytest
from evidence_world import ACTION, SEPTEMBER, result, shop, world
from test_report import EVIL, Reader, data
from test_report_goals import tables

from customerbase import charts, i18n, report
from customerbase.intervals import difference
from customerbase.kpi.evidence import pdca_campaigns
from customerbase.kpi.ledger import Entry
from customerbase.report import evidence, goals

CAME = {"orders": -20.0, "orders_low": -30.0, "orders_high": -10.0}


@pytest.fixture(params=["ja", "en"])
def language(request) -> str:
    return request.param


def told(db, *entries: Entry, known: pd.DataFrame | None = None, **changes: object):
    """The report's data of actions and their campaigns, joined as page 12b does."""
    some = [Entry(**{**vars(one), "decided_in": "aaaaaaaaaaa6", "decided_on": date(2026, 7, 3)}) for one in entries]
    frame = pdca_campaigns(db, some, as_of=SEPTEMBER).assign(**changes)
    return data(**tables(entries=tuple(some), known=known), pdca_campaigns=frame)


def revenue(**values: float) -> pd.DataFrame:
    """revenue of the months given as m08=4e6, 5 % to both sides."""
    rows = [("revenue", date(2026, int(name[1:]), 1), value) for name, value in values.items()]
    frame = pd.DataFrame(rows, columns=["kpi", "month", "value"])
    return frame.assign(n=300, low=frame["value"] * 0.95, high=frame["value"] * 1.05)


def test_expected_measured_and_decided_stand_side_by_side_and_nobody_is_judged():
    entry = Entry(**{**vars(ACTION), "expected": "+5 %", "status": "done", "result": "fine", "decision": "continued"})
    shown = told(shop(), Entry(**{**vars(entry), "checked_in": "aaaaaaaaaa10"}))
    [row] = evidence.rows(shown, "en")
    assert (row["campaign"], row["people"], row["expected"]) == ("Autumn", "200 / 50", "+5 %")
    assert (row["verdict"], row["decision"]) == ("harmful", "continued")
    assert row["orders"] == "−20 (−30 to −10)" and row["audience"] == "“loyal”, the same people"
    assert evidence.summary(shown, "en") == (
        "Campaigns of actions: 1; 0 worked, 1 did harm, 0 not proven, 0 without a result yet."
    )


def test_a_campaign_that_is_not_there_is_named_on_the_page_and_in_the_report(language):
    shown = told(world(), Entry(**{**vars(ACTION), "campaign": EVIL}))
    assert EVIL in evidence.summary(shown, language) and "A1" in evidence.summary(shown, language)
    assert evidence.rows(shown, language)[0]["verdict"] == i18n.word("evidence.state.missing", language)
    reader = Reader()
    reader.feed(report.build(shown, language, charts))
    assert "script" not in reader.tags and EVIL in "".join(reader.text)
    assert report.evidence_frame(shown, language).shape == (1, 9)


def test_the_kpi_and_its_campaigns_in_one_sentence_where_the_units_are_the_same():
    campaigns = [result(), result("K2", ends_at=datetime(2026, 10, 9))]
    listed = [{"source_system": "web", "campaign_id": one, "start_date": date(2026, 9, 1)} for one in ("K1", "K2")]
    for one, (value, low, high) in zip(
        campaigns, ((100_000, 40_000, 160_000), (50_000, -30_000, 130_000)), strict=True
    ):
        one |= {"revenue": value, "revenue_low": low, "revenue_high": high}
    entry = Entry(**{**vars(ACTION), "start": date(2026, 9, 1), "kpi": "revenue", "campaign": "K1;K2"})
    shown = told(world(campaigns=listed, campaign_results=campaigns), entry, known=revenue(m08=4e6, m10=5e6))
    low, high = difference(100_000, 40_000, 160_000, -50_000, -130_000, 30_000)
    assert (low, high) == (150_000 - 100_000, 150_000 + 100_000)  # 60,000 and 80,000 at a right angle
    said = evidence.summary(shown, "en")
    assert "Action A1: Net sales moved by +¥1,000,000 from Aug 2026 to Oct 2026." in said.replace(
        "Revenue", "Net sales"
    )
    assert "brought +¥150,000 (95 % interval +¥50,000 to +¥250,000) in all from 1 Sep 2026 to 8 Oct 2026" in said
    rate = Entry(**{**vars(entry), "kpi": "repeat_rate"})
    table = revenue(m08=4e6, m10=5e6).assign(kpi="repeat_rate", value=0.4, low=0.3, high=0.5)
    said = evidence.summary(told(world(campaigns=listed, campaign_results=campaigns), rate, known=table), "en")
    assert "other units" in said and "¥" not in said
    late = [one | {"first_at": datetime(2026, 6, 1), "ends_at": datetime(2026, 7, 1)} for one in campaigns]
    said = evidence.summary(
        told(world(campaigns=listed, campaign_results=late), entry, known=revenue(m08=4e6, m10=5e6)), "en"
    )
    assert "Action A1" not in said  # its days do not reach into the month compared


def test_numbers_that_would_tell_of_a_few_people_are_not_said(language):
    few = told(shop(), ACTION, audience_match="differs", audience_only=40, campaign_only=3)
    assert not {"40", "3"} & set(evidence.rows(few, language)[0]["audience"])
    many = told(shop(), ACTION, audience_match="differs", audience_only=40, campaign_only=0)
    assert "40" in evidence.rows(many, language)[0]["audience"]
    small = told(shop(campaign_results=[result(n_control=4)]), ACTION)
    assert evidence.rows(small, language)[0]["people"].endswith("<10")


def test_without_campaigns_without_actions_and_without_page_11_it_says_so_or_nothing(language):
    none = told(shop(), Entry(**{**vars(ACTION), "campaign": ""}))
    assert evidence.rows(none, language) == [] and evidence.summary(none, language) == i18n.word(
        "evidence.none", language
    )
    assert evidence.summary(told(world()), language) == ""
    old = data(**tables(entries=(ACTION,)))
    assert evidence.rows(old, language) == [] and evidence.summary(old, language) == ""
    assert i18n.word("evidence.label", language) not in dict(goals.lines(old, language))
    assert len(report.evidence_frame(none, language)) == 0
