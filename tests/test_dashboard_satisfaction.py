"""The page Satisfaction: its tables are those of the run, nobody few is told of or follows, and a visitor chooses among known things."""

import subprocess
import sys
import time
from datetime import date

import desk_tables
import numpy as np
import pandas as pd
import pytest
import satisfaction_world as world
import serving_base
import voice_texts
from test_dashboard_quality import dropdown
from test_widgets import text, walk
from traitlets import TraitError

from customerbase import charts, i18n, report
from customerbase.dashboards import satisfaction as board
from customerbase.dashboards.part import TABLE, records
from customerbase.report.voice import TABLES as VOICE
from customerbase.satisfaction import inquiries, satisfaction, voice
from customerbase.widgets.satisfaction import Satisfaction

AS_OF, K = date(2026, 10, 31), 10
QUESTIONS = {
    "q": {"role": "nps"}, "all": {"role": "csat", "en": "Overall", "ja": "総合"},
    "ship": {"role": "item", "en": "<b>Delivery</b>", "ja": "配送"}, "site": {"role": "item", "en": "Site", "ja": "サイト"},
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)


def surveys() -> dict[str, pd.DataFrame]:
    """A study whose customers live in stores of very different size, with one late answer alone in its month."""
    db = world.shop(320)
    db.execute("update survey_answers set answered_at = timestamp '2026-05-02' where response_id = 'S1-100'")
    db.execute("insert into survey_answers by name select * replace ('S1-late' as response_id, timestamp '2026-06-02' as answered_at,"
               " 'late' as source_customer_id) from survey_answers where response_id = (select min(response_id) from survey_answers)")  # fmt: skip
    stores = "case when n % 40 = 0 then '4' when n % 15 = 0 then '3' when n % 3 = 0 then '2' else '1' end"
    db.execute(f"update profile set main_store = {stores} from (select cast(substr(customer_id, 2) as integer) as n, customer_id as c"
               " from profile) where c = customer_id")  # fmt: skip
    return satisfaction(db, as_of=AS_OF, k_min=K, questions=QUESTIONS).tables()


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    texts = voice_texts.frame(1, months=3, people=50)
    heard = voice.voice(voice_texts.company(texts, cltv=12_000.0), as_of=AS_OF, recent=3).tables()
    desk = inquiries.inquiries(desk_tables.months(3, size=40, first=16), as_of=AS_OF).tables()
    return surveys() | {name: heard[name] for name in VOICE} | desk


def data(tables: dict[str, pd.DataFrame]) -> report.ReportData:
    return report.ReportData(
        title={"ja": "みのり屋", "en": "Minoriya"}, pipeline="sample", as_of=AS_OF, tables=tables,
        settings={"currency": "JPY", "k_min": K, "survey_questions": QUESTIONS},
    )  # fmt: skip


def parts(tables: dict[str, pd.DataFrame], language: str) -> list:
    given = data(tables)
    return board.parts(given, report.contents(given, language, charts), language, charts)


@pytest.fixture(scope="module")
def both(tables) -> dict[str, list]:
    """Language -> the parts of the page."""
    return {language: parts(tables, language) for language in i18n.LANGUAGES}


def shown(made: list, name: str, choice: str = "") -> pd.DataFrame:
    [part] = [one for one in made if (one.name, one.choice) == (name, choice)]
    table = part.table()
    return pd.DataFrame(table.rows, columns=[column.key for column in table.columns])


@LANGUAGES
def test_every_block_has_its_table_with_exact_values(tables, both, language):
    made = both[language]
    scores = tables["satisfaction_scores"]
    whole = scores[(scores["dimension"] == "all") & (scores["measure"] == "nps")].iloc[0]
    assert whole["score"] in shown(made, "scores")["value"].tolist()
    by = shown(made, "by", "store")
    assert by["nps"].iloc[0] == whole["score"] and by["nps_n"].iloc[0] == whole["n"]
    months = shown(made, "months", "nps:nps")
    truth = tables["satisfaction_trend"].query("measure == 'nps' and people >= 10")
    assert sorted(months.loc[months["answers"].notna(), "value"]) == sorted(truth["value"])
    drivers = shown(made, "driver_table")
    assert (
        drivers["share"].tolist() == tables["satisfaction_drivers"].sort_values(["outcome", "rank"])["share"].tolist()
    )
    topics, complaints = shown(made, "topics"), tables["voice_complaints"]
    assert set(topics["value"].dropna()) <= set(complaints["value"]) and topics["value"].notna().any()
    assert {one.choice for one in made if one.name == "desk"} >= {"category", "channel", "agent_group"}
    for part in made:
        assert "<b>Delivery</b>" not in part.content or part.kind == TABLE  # tables are escaped where they are placed
        if part.kind == TABLE:
            caption = part.table().caption
            assert "customerbase/" in caption and "2026" in caption and "95" in caption


def test_nothing_withheld_follows_from_what_is_shown(both):
    """Whoever subtracts the parts of a table from its total, or months from a window, learns of nobody or of k_min people."""
    made = both["en"]
    stars = 0
    dimensions = [one.choice for one in made if one.name == "by"]
    assert {"product", "product_category"} <= set(dimensions)
    for dimension in dimensions:
        by = shown(made, "by", dimension)
        for measure in [one for one in ("nps", "csat") if one in by]:
            total, groups = by.iloc[0], by.iloc[1:]
            hidden = groups[groups[measure] == "*"]
            stars += len(hidden)
            assert hidden[f"{measure}_n"].isna().all() and (hidden[f"{measure}_interval"] == i18n.MISSING).all()
            rest = total[f"{measure}_n"] - groups[f"{measure}_n"].sum()
            if dimension == "product":  # those of few have no row
                assert hidden.empty and (rest == 0 or rest >= K)
                continue
            assert (rest == 0 and hidden.empty) or (rest >= K and len(hidden) >= 2), (dimension, measure)
            assert (groups[f"{measure}_n"].dropna() >= K).all()
            if measure == "csat":  # those on either side of the share
                sides = groups[groups["csat"].apply(lambda one: isinstance(one, float) and not np.isnan(one))]
                top = (sides["csat"].astype(float) * sides["csat_n"].astype(float)).round()
                rest_top = round(total["csat"] * total["csat_n"]) - top.sum()
                assert rest_top == 0 or rest_top >= K
    assert stars >= 4
    for measure in ("nps", "csat"):
        months = shown(made, "months", f"{measure}:{'nps' if measure == 'nps' else 'five'}")
        hidden = months[months["value"] == "*"]
        assert len(hidden) and hidden[["answers", "before"]].isna().all(axis=None)
        window = months[months["month"] > "2025-10-31"]
        total = shown(made, "by", "channel").iloc[0]
        # the late answer of June would be the total less the months that are shown
        assert total[f"{measure}_n"] - window["answers"].sum() == 0
        assert total[measure] * total[f"{measure}_n"] == pytest.approx(
            sum(row["value"] * row["answers"] for _, row in window.iterrows() if row["value"] != "*"), abs=1e-6
        )


@LANGUAGES
def test_a_company_without_the_pages_or_without_answers_hears_so(language):
    made = parts({}, language)
    assert [part.name for part in made] == ["finding", "choices"]
    for key in ("no_surveys", "no_voice", "no_desk"):
        assert i18n.word(f"board_satisfaction.{key}", language) in made[0].content.replace("&#x27;", "'")
    few = satisfaction(world.company(4), as_of=AS_OF, questions=QUESTIONS).tables()
    made = parts(few, language)
    assert i18n.word("satisfaction.empty_report", language) in made[0].content
    assert not [part for part in made if part.kind == TABLE]


@pytest.fixture
def page(home, both):
    serving_base.publish(home, "2026-10")
    made = [part for parts_of in both.values() for part in parts_of]
    rows = pd.DataFrame(records(made, AS_OF))
    rows.to_parquet(home / "data/runs/sample/2026-10/run1/tables/dashboard_parts.parquet")
    found = Satisfaction("sample", language="en")
    found.show()
    return found


def test_measures_and_groups_are_chosen_among_the_known_ones_and_redraw_fast(page):
    first, groups = dropdown(page, "Measure"), [one for one in widgets_of(page) if one.description == "Group by"]
    assert "Net Promoter Score month by month" in text(page)
    csat = next(value for label, value in first.options if "CSAT" in label)
    began = time.process_time()
    first.value = csat
    groups[0].value = "store"
    assert time.process_time() - began < 0.1
    assert "Satisfied answers (CSAT, 1–5) month by month" in text(page) and "Satisfaction by main store" in text(page)
    with pytest.raises(TraitError):
        first.value = "../../etc"
    page.language_choice.value = "ja"
    assert "誰が満足しているか" in text(page) and "お客様の声" in text(page)


def widgets_of(page) -> list:
    return [one for one in walk(page.page) if hasattr(one, "options") and getattr(one, "description", "")]


def test_the_pages_kernel_loads_no_library_of_numbers():
    heavy = "{'pandas', 'numpy', 'matplotlib', 'sklearn', 'pyarrow', 'scipy'}"
    code = f"import sys, customerbase.widgets.satisfaction; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
