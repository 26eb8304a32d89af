"""The page Campaigns: its parts are those of the run, nobody few is told of, both languages, one campaign by choice."""

import subprocess
import sys
import time
from datetime import date, timedelta
from functools import cache

import campaign_world as world
import numpy as np
import pandas as pd
import pytest
import serving_base
from test_dashboard_quality import dropdown
from test_report_uplift import MEASURED, paid, study
from test_widgets import text
from traitlets import TraitError

import customerbase.dashboards.campaigns as board
from customerbase import campaigns, charts, i18n, report
from customerbase.dashboards.campaigns_closely import fault_rows
from customerbase.dashboards.part import TABLE, records
from customerbase.widgets.campaigns import Campaigns

AS_OF, K = date(2026, 10, 2), 10
LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)
EVIL = "<script>alert(1)</script>"


@cache
def tables() -> dict[str, pd.DataFrame]:
    """A campaign of 2,000 people, one of 24 of them with seven held out, one that runs; a study of uplift; costs."""
    shop = world.drawn(2000, effect=0.3, seed=1)
    contacts = shop["campaign_contacts"]
    few = contacts.head(24).assign(campaign_id="K2", arm=["control"] * 7 + ["treat"] * 17)
    late = contacts.head(600).assign(campaign_id="K3", planned_at=world.SENT + timedelta(days=25))
    late["sent_at"] = late["sent_at"] + timedelta(days=25)
    shop["campaign_contacts"] = pd.concat([contacts, few, late], ignore_index=True)
    rows = [
        world.campaign("K1", name=f"Letter {EVIL}"),
        world.campaign("K2"),
        world.campaign("K3", start_date=date(2026, 9, 26)),
    ]
    shop["campaigns"] = pd.DataFrame(rows)
    found = campaigns.campaigns(world.engine(**shop), as_of=AS_OF, settings={"global_control": 0.1}, trials=100)
    return found.tables() | study().tables() | paid(**MEASURED).tables()


def data(given: dict[str, pd.DataFrame]) -> report.ReportData:
    company = {"ja": "みのり屋", "en": "Minoriya"}
    return report.ReportData(company, "sample", AS_OF, given, settings={"k_min": K, "currency": "JPY"})


@cache
def made(language: str) -> list:
    return parts(tables(), language)


def parts(given: dict[str, pd.DataFrame], language: str) -> list:
    told = data(given)
    return board.parts(told, report.contents(told, language, charts), language, charts)


def shown(language: str, name: str, choice: str = "") -> pd.DataFrame:
    [part] = [one for one in made(language) if (one.name, one.choice) == (name, choice)]
    table = part.table()
    return pd.DataFrame(table.rows, columns=[column.head for column in table.columns])


@LANGUAGES
def test_every_block_is_there_with_definition_as_of_and_origin(language):
    names = list(dict.fromkeys(part.name for part in made(language)))
    assert names == [
        "lines", "effects", "campaigns", "detail", "about", "outcomes", "parts", "funnel", "faults", "looks", "plan", "plans",
        "trials", "control", "quarters", "moved", "studied", "models", "policy", "groups", "worth", "items", "choices",
    ]  # fmt: skip
    for part in made(language):
        assert EVIL not in part.content or part.kind != "html"
        if part.kind == TABLE:
            caption = part.table().caption
            assert "customerbase/" in caption and "2026" in caption, part.name
        if part.kind == "html" and language == "ja":
            assert "as of" not in part.content
    text_of = {part.name: part.content for part in made(language) if not part.choice}
    assert text_of["effects"].count("<svg") == text_of["moved"].count("<svg") == text_of["worth"].count("<svg") == 2


@LANGUAGES
def test_numbers_are_those_of_the_run(language):
    effects = tables()["campaign_effects"].set_index(["campaign_id", "outcome"])
    whole = effects.loc[("K1", "orders")]
    first = shown(language, "campaigns").set_index(i18n.word("effects.head.name", language)).loc[f"Letter {EVIL}"]
    assert f"+{round(whole['effect'] * 1000)}" in first[i18n.word("effects.head.effect", language)]
    assert i18n.word("effects.verdict.worked", language) == first[i18n.word("effects.head.verdict", language)]
    one = shown(language, "outcomes", "K1").iloc[:, 0].tolist()
    told = [
        outcome
        for outcome in ("visits", "customers", "orders", "revenue", "margin")
        if ("K1", outcome) in effects.index
    ]
    assert one == [i18n.word(f"effects.outcome.{outcome}", language) for outcome in told]
    steps = shown(language, "funnel", "K1")
    planned = tables()["campaign_funnel"].set_index(["campaign_id", "step"]).loc[("K1", "planned"), "people"]
    assert f"{planned:,}" in steps.iloc[0, 1] and list(steps.columns)[1] == i18n.word("effects.step.planned", language)
    [about] = [part.content for part in made(language) if (part.name, part.choice) == ("about", "K1")]
    assert "30.0" in about and "p = " in about  # the share planned to be held out, and the test of it


@LANGUAGES
def test_the_arms_of_a_small_campaign_are_told_nowhere(language):
    name = i18n.word("effects.head.name", language)
    row = shown(language, "campaigns").set_index(name).loc["K2"]
    assert row[i18n.word("effects.head.people", language)] == f"{i18n.MISSING} / {i18n.MISSING}"
    assert not [part for part in made(language) if part.choice == "K2" and part.name == "parts"]
    assert set(shown(language, "funnel", "K2").iloc[0, 1:]) == {i18n.MISSING}
    [about] = [part.content for part in made(language) if (part.name, part.choice) == ("about", "K2")]
    assert i18n.word("board_campaigns.ratio_few", language) in about.replace("&#x27;", "'")


def test_faults_that_are_few_do_not_follow_from_their_sum():
    rows = [("A", 40), ("B", 3), ("C", 25), ("D", 90)]
    faults = pd.DataFrame([{"campaign_id": code, "fault": "not_sent", "people": n} for code, n in rows])
    told = fault_rows(faults, K).set_index("campaign_id")["people"]
    assert told["B"] == 3 and np.isnan(told["C"]) and told["D"] == 90  # the listing says "<10" of B


@LANGUAGES
def test_a_company_without_the_pages_or_without_campaigns_hears_so(language):
    found = {part.name: part.content.replace("&#x27;", "'") for part in parts({}, language)}
    assert list(found) == ["lines", "moved", "choices"]
    assert i18n.word("board_campaigns.not_run", language) in found["lines"]
    assert i18n.word("board_campaigns.no_worth", language) in found["moved"]
    none = campaigns.campaigns(world.engine(), as_of=AS_OF, settings={}).tables()
    told = {"campaigns": [], "uplift": None}
    assert i18n.word("effects.none", language) in board.parts(data(none), told, language, charts)[0].content


def test_a_year_without_a_result_is_said_and_has_no_table():
    quiet = report.ReportData({"ja": "店", "en": "Shop"}, "a", date(2028, 1, 31), tables(), settings={"k_min": K})
    told = {"campaigns": [("Results", "None.")], "uplift": None}
    later = board.parts(quiet, told, "en", charts)
    names = [part.name for part in later]
    assert i18n.word("board_campaigns.no_year", "en") in later[1].content and "campaigns" not in names


@pytest.fixture
def page(home):
    serving_base.publish(home, "2026-10")
    rows = pd.DataFrame(records([part for language in i18n.LANGUAGES for part in made(language)], AS_OF))
    rows.to_parquet(home / "data/runs/sample/2026-10/run1/tables/dashboard_parts.parquet")
    found = Campaigns("sample", language="en")
    found.show()
    return found


def test_a_campaign_is_chosen_among_the_known_ones_and_drawn_fast(page):
    choice = dropdown(page, "Campaign")
    assert choice.value == "K1" and "how far it came" in text(page)
    began = time.process_time()
    choice.value = "K2"
    assert time.process_time() - began < 0.1
    assert "“K2”: how far it came" in text(page) and "alert(1)&lt;/script&gt;”: how far" not in text(page)
    with pytest.raises(TraitError):
        choice.value = "../../etc"
    page.language_choice.value = "ja"
    assert "施策ごとの詳細" in text(page) and EVIL not in text(page)


def test_the_pages_kernel_loads_no_library_of_numbers():
    heavy = "{'pandas', 'numpy', 'matplotlib', 'sklearn', 'pyarrow', 'scipy'}"
    code = f"import sys, customerbase.widgets.campaigns; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
