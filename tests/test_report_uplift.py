"""The report's section on whom campaigns move and what the workbook is worth: words with n and interval, and what it does without data."""

from datetime import date
from functools import cache

import pandas as pd
import pytest
import uplift_world as world
from markupsafe import Markup
from test_worth import campaigns, effects

from customerbase import charts
from customerbase.campaigns import uplift, worth
from customerbase.charts.uplift_page import Pictures
from customerbase.report import uplift as told
from customerbase.report.data import ReportData
from customerbase.report.page import environment
from customerbase.stage.company import load
from customerbase.tables import schema

AS_OF = world.AS_OF
MEASURED = {
    "effects": effects(("A", 900.0, 100.0, 6_000), ("B", 500.0, 100.0, 6_000)),
    "campaigns": campaigns(A=100_000, B=100_000),
}


@cache
def study() -> uplift.Uplift:
    return uplift.study(
        world.shop(240, seed=2, campaigns=1), as_of=AS_OF, least_arm=50, options=uplift.Options(repeats=1, draws=50)
    )


def paid(**given) -> worth.Payback:
    return worth.payback(load("sample").costs, as_of=AS_OF, **given)


def section(language: str, **tables: pd.DataFrame | None) -> str:
    whole = {
        name: pd.DataFrame(columns=list(schema(name).columns)) if table is None else table
        for name, table in tables.items()
    }
    data = ReportData({"ja": "店", "en": "Shop"}, "a", AS_OF, whole)
    made = told.told(data, language, charts)
    page = environment().get_template("sections/uplift.html.j2")
    word = {"ja": "見出し", "en": "heading"}[language]
    return page.render(**made, word=lambda key: word, svg=Markup).replace("\u00a0", " ")


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("95 % interval", "Letter C0", "(Qini", "are paid back in", "a month", "31 Oct 2026", "n = 240", "uplift_curves")),
    ("ja", ("95%区間", "Letter C0", "（Qini", "回収できる見込み", "1年目の費用は", "2026年10月31日", "n = 240")),
])  # fmt: skip
def test_the_section_says_what_is_proven_how_sure_and_when_costs_are_paid_back(language, words):
    made = section(language, **study().tables() | paid(**MEASURED).tables())
    assert all(word in made for word in words) and made.count("<svg") == 4
    assert "nan" not in made.lower().replace("finance", "")


def test_tables_are_what_the_expectations_say():
    tables = study().tables() | paid(**MEASURED).tables()
    for name, table in tables.items():
        assert set(table.columns) == set(schema(name).columns), name
        assert not table.duplicated(list(schema(name).key)).any()


def test_without_campaigns_and_costs_plain_words_and_without_the_page_no_section():
    nothing = (
        uplift.study(world.engine(), as_of=AS_OF).tables()
        | worth.payback(worth.Worth(), as_of=AS_OF, effects=None, campaigns=campaigns()).tables()
    )
    for language, words in (
        ("ja", ("対照群）のある施策がない", "費用が入力されていません")),
        ("en", ("No campaign had customers held out", "No costs are entered")),
    ):
        made = section(language, **nothing)
        assert all(word in made for word in words) and "<svg" not in made
    assert told.lines(ReportData({}, "a", AS_OF, {}), "en") is None


def test_costs_alone_where_nothing_was_measured():
    made = section("en", **study().tables() | paid(effects=None, campaigns=campaigns()).tables())
    assert "so only the costs are shown" in made and made.count("<svg") == 2 and "paid back in" not in made


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_shows_pictures_or_words_but_never_an_error(language):
    look = Pictures(study(), paid(**MEASURED), language)
    assert len(charts.png(look.curve())) > 5_000 and len(charts.png(look.payback())) > 5_000
    assert len(look.models()) == 4 and len(look.policy()) == 4 and len(look.groups()) > 8 and len(look.items()) == 5
    empty = Pictures(
        uplift.study(world.engine(), as_of=AS_OF),
        worth.payback(worth.Worth(), as_of=AS_OF, effects=None, campaigns=campaigns()),
        language,
    )
    for shown in (
        empty.curve(),
        empty.models(),
        empty.policy(),
        empty.groups(),
        empty.campaigns(),
        empty.items(),
        empty.payback(),
    ):
        assert isinstance(shown, str) and shown
    assert len(empty.said()) == 2


def test_payback_beyond_the_table_is_said_so():
    lost = paid(effects=effects(("A", 1.0, 0.5, 100)), campaigns=campaigns(A=100_000))
    told_of = Pictures(study(), lost, "en").said()[-1].replace("\u00a0", " ")
    assert "not expected to be paid back in 60 months (chance 0 %)" in told_of
    assert lost.tables()["worth_payback"]["month"].iloc[0] == date(2025, 11, 1)


def test_the_newest_campaign_is_told_of_whatever_the_order_of_rows():
    table = study().tables()["uplift_campaigns"]
    days = [date(2025, 1, 10), date(2026, 9, 10), date(2026, 7, 10)]
    three = pd.concat([table.assign(campaign_id=f"C{n}", name=f"Letter of {day}", first_day=day, last_day=day,
        state="few", needed=500) for n, day in enumerate(days)], ignore_index=True)  # fmt: skip
    made = section("en", **study().tables() | {"uplift_campaigns": three} | paid(**MEASURED).tables())
    assert "Letter of 2026-09-10" in made and "Letter of 2025-01-10" not in made
