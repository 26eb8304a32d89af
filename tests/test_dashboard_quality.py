"""The page on data quality: one rule for the light, faults that add up, remedies for all, and what a visitor may choose."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, timedelta

import board_tables as base
import duckdb
import pandas as pd
import pytest
import serving_base
from test_widgets import text, walk
from traitlets import TraitError

from customerbase import charts, i18n, report
from customerbase.dashboards import faults, quality, show
from customerbase.dashboards.part import records
from customerbase.report import headline, trust
from customerbase.report.remedies import remedy
from customerbase.tables.schema import schemas
from customerbase.widgets.quality import Quality

LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)


def with_tables(**changed):
    tables = {**base.intake(), "kpi": base.kpis(), "kpi_by": base.kpis_by()}
    return base.month(tables | changed)


def aside(rows: int, reason: str = "invalid_date") -> pd.DataFrame:
    return pd.DataFrame([(reason, "block", rows)], columns=["reason", "severity", "rows"])


# the light


def test_books_that_balance_with_few_faults_are_sound():
    data = base.month()
    assert trust.state(data) == trust.SOUND and trust.grounds(data) == []
    told = trust.told(data, "en")
    assert told["word"] == "The numbers can be trusted" and told["todos"] == ["Nothing needs doing."]
    assert "98.5\u00a0% of the 1,000 rows read" in told["reasons"][0]


@pytest.mark.parametrize(
    ("rows", "reason", "state"),
    [
        (50, "invalid_date", trust.SOUND),  # exactly 5 %
        (51, "invalid_date", trust.CARE),
        (200, "invalid_date", trust.CARE),
        (201, "invalid_date", trust.NOT_YET),
        (900, "after_month", trust.SOUND),  # says nothing against the data
        (900, "overlap", trust.SOUND),
    ],
)
def test_the_share_set_aside_decides(rows, reason, state):
    assert trust.state(with_tables(quarantine=aside(rows, reason))) == state


def test_a_warning_is_no_row_set_aside():
    assert trust.state(with_tables(quarantine=aside(900).assign(severity="warn"))) == trust.SOUND


def test_what_makes_numbers_unusable():
    broken = base.intake()["source_files"].assign(rows_accepted=lambda frame: frame["rows_accepted"] - 1)
    lost = base.intake()["readiness"].assign(present=lambda frame: frame["group_name"] != "purchase")
    sold = base.kpis()
    cases = {
        "unbalanced": with_tables(source_files=broken),
        "unread": with_tables(source_files=broken.iloc[:0]),
        "missing": with_tables(readiness=lost),
        "no_sales": with_tables(kpi=sold[(sold["kpi"] != "revenue") | (sold["month"] < base.MONTH)]),
    }
    for name, data in cases.items():
        assert trust.state(data) == trust.NOT_YET, name
        assert trust.grounds(data)[0].name == name


@pytest.mark.parametrize(("days", "state"), [(3, trust.SOUND), (4, trust.CARE)])
def test_data_that_end_before_the_month_call_for_care(days, state):
    data = replace(base.month(), data_until=base.AS_OF - timedelta(days=days))
    assert trust.state(data) == state
    section = report.section(report.contents(data, "en", charts), "summary")
    assert ("the month may be incomplete" in section) == (state == trust.CARE)  # the report says it on the same day


def test_ids_that_changed_and_required_records_that_are_absent_call_for_care():
    stability = pd.DataFrame([(date(2026, 10, 1), 1000, 60, 0.05)],
                             columns=["month", "customers_before", "changed", "most_changed"])  # fmt: skip
    assert trust.state(with_tables(id_stability=stability)) == trust.CARE
    assert trust.state(with_tables(id_stability=stability.assign(changed=50))) == trust.SOUND
    ready = base.intake()["readiness"]
    absent = ready.assign(present=ready["present"] & (ready["group_name"] != "satisfaction"))
    data = with_tables(readiness=absent)
    assert trust.state(data) == trust.CARE and "Satisfaction" in trust.told(data, "en")["reasons"][0]
    optional = ready.assign(present=ready["present"] | (ready["group_name"] == "satisfaction"))
    assert trust.state(with_tables(readiness=optional)) == trust.SOUND


def test_the_worst_fact_decides_and_every_fact_is_told():
    data = replace(with_tables(quarantine=aside(300)), data_until=base.AS_OF - timedelta(days=9))
    assert trust.state(data) == trust.NOT_YET
    assert [ground.name for ground in trust.grounds(data)] == ["aside", "incomplete"]
    assert len(trust.told(data, "ja")["reasons"]) == len(trust.told(data, "ja")["todos"]) == 2


@LANGUAGES
def test_the_reports_next_step_and_the_light_tell_of_the_same_fact(language):
    data = with_tables(quarantine=aside(120))
    reason = i18n.word("quality.reason.invalid_date", language)
    for said in (headline.next_step(data, language), trust.told(data, language)["reasons"][0]):
        assert reason in said and i18n.number(0.12, "rate", language) in said


@LANGUAGES
@pytest.mark.parametrize("state", trust.STATES)
def test_a_light_is_a_word_and_a_shape_of_its_own(language, state):
    tables = {trust.SOUND: aside(1), trust.CARE: aside(60), trust.NOT_YET: aside(300)}
    told = report.contents(with_tables(quarantine=tables[state]), language, charts)
    shown = report.section(told, "light")
    shape = {trust.SOUND: "<circle", trust.CARE: 'd="M16 3', trust.NOT_YET: "<rect"}
    assert i18n.word(f"board_quality.light.{state}", language) in shown
    assert [one in shown for one in shape.values()] == [one == state for one in shape]


# faults and remedies


def test_every_reason_has_a_remedy_of_its_own():
    reasons = {one.reason for schema in schemas().values() if schema.kind == "source" for one in schema.expectations}
    reasons |= {"invalid_date", "invalid_amount", "wrong_field_count", "undecodable", "unclosed_quote", "duplicate_key"}
    reasons |= {"overlap", "after_month", "order_quarantined", "missing_order_at", "not_finite_amount"}
    other = i18n.word("board_quality.remedy.other", "en")
    assert len(reasons) > 60
    assert [reason for reason in sorted(reasons) if remedy(reason, "en") == other] == []
    assert remedy("something_new", "en") == other


@pytest.mark.parametrize(
    ("file", "month"),
    [
        ("pos/sales_202610.csv", date(2026, 10, 1)),
        ("web/2026-09/orders.csv", date(2026, 9, 1)),
        ("web/events_2026-09-30.parquet", date(2026, 9, 1)),
        ("売上2026年1月.xlsx#明細", date(2026, 1, 1)),
        ("app/members.csv", None),
        ("app/export_2026.csv", None),
        ("app/202613.csv", None),
        ("app/12026101.csv", None),
    ],
)
def test_the_month_in_a_files_name(file, month):
    assert faults.file_month(file) == month


def test_rows_set_aside_add_up_as_plain_sql_counts_them():
    raw = base.quarantine()
    tables = faults.faults(base.month(), "en", charts)
    assert list(tables) == list(faults.CHOICES)
    counted = duckdb.sql(
        "select count(distinct (file, line)) from raw group by reason, severity order by 1 desc"
    ).fetchall()
    assert sorted((row[2] for row in tables["reason"].rows), reverse=True) == [count for (count,) in counted]
    assert tables["reason"].rows[0][2:4] == (12, 0.012)  # of the 1,000 rows read
    of_files = {name: (files, read, set_aside) for name, files, read, set_aside, *_ in tables["system"].rows}
    assert of_files == {"pos": (2, 500, 14), "web": (2, 500, 1)}
    months = {row[0]: row[1:4] for row in tables["month"].rows}
    assert months == {"Oct 2026": (2, 700, 5), "Sep 2026": (1, 200, 10), "files without a month": (1, 100, 0)}
    assert sum(row[4] for row in tables["file"].rows) == len(raw)
    assert {row[1] for row in tables["file"].rows} >= {"the whole row", "source_system, order_id"}


def test_names_out_of_the_data_are_escaped():
    table = faults.faults(base.month(), "en", charts)["file"]
    assert any(base.EVIL in str(row[0]) for row in table.rows)
    assert base.EVIL not in show.table_html(table, "en") and "&lt;script&gt;" in show.table_html(table, "en")


@LANGUAGES
def test_the_finding_names_the_month_with_the_largest_share(language):
    picture = faults.share_by_month(base.month(), language, charts)
    assert i18n.number(0.05, "rate", language, exact=True) in picture.title  # 10 of the 200 rows of September
    assert ("2026年9月" if language == "ja" else "Sep 2026") in picture.title
    alone = base.intake()["source_files"].iloc[:1]
    assert faults.share_by_month(with_tables(source_files=alone), language, charts) is None
    clean = base.intake()["source_files"].assign(rows_quarantined=0)
    title = faults.share_by_month(with_tables(source_files=clean), language, charts).title
    assert title == i18n.word("board_quality.months_none", language)


def test_four_lines_from_what_was_read_to_what_to_do():
    lines = dict(quality.lines(base.month(), "en"))
    assert lines["What was read"].startswith(
        "1,000 rows read = 985 accepted + 15 set aside. They stand in 4 files of 2"
    )
    assert "15 rows (1.5\u00a0%) were set aside, mostly for “not an amount” (10 rows)" in lines["What was set aside"]
    assert "Another 12 rows were kept with a warning." in lines["What was set aside"]
    assert lines["What is there"].startswith("All required data are there. Not possible yet: campaign effects")
    assert lines["What to do next"].startswith("Begin with pos/sales_202609.csv: 11 rows set aside, mostly for “not an")
    none = with_tables(quarantine=aside(4, "after_month"), quarantine_files=base.intake()["quarantine_files"].iloc[3:4])
    assert dict(quality.lines(none, "en"))["What to do next"] == "Nothing needs putting right."


def test_scores_and_checks_stand_as_they_were_measured():
    scores = quality.scores(base.month(), "en", charts)
    assert scores.rows == (("Order lines", 500, 0.95, 0.97, None, None), ("Orders", 400, 0.9, 0.99, 0.0025, 2.0))
    checks = quality.checks(base.month(), "en", charts)
    assert checks.title == "2 of 3 checks found something"
    assert [(row[2], row[4], row[5]) for row in checks.rows] == [
        ("not an e-mail address", 12, 100),
        ("number used twice", 2, 400),
    ]


def test_readiness_tells_state_and_what_it_unlocks():
    rows = {(row[0], row[1]): row[3:] for row in quality.readiness(base.month(), "en", charts).rows}
    assert rows["Purchases", "Orders"] == ("● Ready", 399, 0.95, "segments and KPIs")
    assert rows["Purchases", "Order lines"][0] == "△ Partly there"
    assert rows["Satisfaction", "Survey answers"][:3] == ("× Absent", 0, None)


@LANGUAGES
def test_a_month_without_a_single_table_says_so(language):
    data = base.month({})
    made = quality.parts(data, report.contents(data, language, charts), language, charts)
    shown = " ".join(part.content for part in made if part.kind == "html")
    for key in ("ground.unread", "aside_none", "there_none", "fix_none", "light.not_yet"):
        assert i18n.word(f"board_quality.{key}", language) in shown
    assert [part.name for part in made] == ["light", "lines", "trend"]


def test_reachable_customers_are_told_only_where_neither_side_is_few():
    told = quality.trend(base.month(), "en", charts)
    assert set(told) == {"rows_accepted", "reachable_by_email"}  # 4 of 1,000 have no phone


# the page


@pytest.fixture
def page(home):
    for month, accepted in (("2026-09", 0.9), ("2026-10", 0.985)):
        serving_base.publish(home, month)
        tables = {**base.intake(), "kpi": base.kpis(), "kpi_by": base.kpis_by()}
        frame = tables["kpi"]
        frame.loc[frame["kpi"] == "rows_accepted", "value"] = accepted
        data = base.month(tables)
        made = [
            part
            for language in i18n.LANGUAGES
            for part in quality.parts(data, report.contents(data, language, charts), language, charts)
        ]
        rows = pd.DataFrame(records(made, base.AS_OF))
        rows.to_parquet(home / f"data/runs/sample/{month}/run1/tables/dashboard_parts.parquet")
    made = Quality("sample", language="en")
    made.show()
    return made


def dropdown(page, label: str):
    [found] = [one for one in walk(page.page) if getattr(one, "description", "") == label and hasattr(one, "options")]
    return found


def test_the_trend_runs_over_the_published_months(page):
    shown = text(page)
    assert "Sep 2026" in shown and "90.0" in shown and "98.5" in shown
    assert shown.count("<polyline") >= 2
    page.month_choice.value = "2026-09"
    assert "Only one month is published" in text(page)  # what came later was not known by then


def test_a_view_is_chosen_among_the_known_ones_and_redraws_fast(page):
    view = dropdown(page, "View")
    assert "what to do (by reason)" in text(page)
    began = time.process_time()
    view.value = "file"
    assert time.process_time() - began < 0.1
    assert "where to fix" in text(page) and "pos/sales_202609.csv" in text(page)
    with pytest.raises(TraitError):
        view.value = "../../etc"
    assert "where to fix" in text(page)


def test_every_table_of_the_page_can_be_saved(page):
    buttons = [one for one in walk(page.page) if getattr(one, "description", "") == "Save the table as CSV"]
    names = set()
    for button in buttons:
        button.click()
        names.add(re.search(r'download="([^"]+)-2026-10.csv"', page._saver.value)[1])
    assert names == {"quality-trend", "quality-reason", "quality-readiness", "quality-scores", "quality-checks"}


def test_the_pages_kernel_loads_no_library_of_numbers():
    modules = "customerbase.widgets.overview, customerbase.widgets.quality, customerbase.widgets.home"
    heavy = "{'pandas', 'numpy', 'matplotlib', 'sklearn', 'pyarrow', 'scipy'}"
    code = f"import sys, {modules}; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_numbers_of_a_part_are_json():
    made = quality.parts(base.month(), report.contents(base.month(), "en", charts), "en", charts)
    [trend] = [part for part in made if part.name == "trend"]
    assert json.loads(trend.content)["rows_accepted"]["values"][3] == 1000
