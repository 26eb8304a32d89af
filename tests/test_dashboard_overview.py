"""The overview: every KPI, one of them closely, and nowhere a figure that tells of a few people."""

import json
import re
import time
from datetime import date

import board_tables as base
import numpy as np
import pandas as pd
import pytest
import serving_base
from hypothesis import given, settings
from hypothesis import strategies as st
from test_widgets import text, walk
from traitlets import TraitError

from customerbase import charts, i18n, kpi, report
from customerbase.dashboards import closely, home, overview, quality, show
from customerbase.dashboards.part import Table, records
from customerbase.periods import add_months, month_range
from customerbase.widgets.overview import Overview

LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)


def made(data, language="en"):
    told = report.contents(data, language, charts)
    makers = (overview.parts, quality.parts, home.parts)
    return [part for make in makers for part in make(data, told, language, charts)]


# what is withheld


@st.composite
def shops(draw):
    """Some months of a shop: new, returning, reactivated and lost customers, small and large."""
    size = st.one_of(st.integers(0, 15), st.integers(0, 300))
    return [tuple(draw(size) for _ in range(4)) for _ in range(draw(st.integers(2, 5)))], draw(st.integers(0, 400))


NAMES = ("active_customers", "new_customers", "returning_customers", "reactivated_customers", "lost_customers",
         "current_customers")  # fmt: skip


def table_of(months: list[tuple], start: int) -> pd.DataFrame:
    rows, current, active_before = [], start + sum(month[3] for month in months), 0
    for place, (new, returning, back, lost) in enumerate(months):
        month, before, active = add_months(base.MONTH, place - len(months) + 1), current, new + returning + back
        current = before + new + back - lost
        counts = dict(zip(NAMES, (active, new, returning, back, lost, current), strict=True))
        rows += [
            (name, month, float(value), before if name == "lost_customers" else active)
            for name, value in counts.items()
        ]
        rows.append(("loss_rate", month, lost / before if before else None, before))
        if active:
            rows.append(("repeat_rate", month, (active - new) / active, active))
        if active_before:
            rows.append(("retention_rate", month, 0.5, active_before))
        active_before = active
    return pd.DataFrame(rows, columns=["kpi", "month", "value", "n"]).dropna(subset="value")


@settings(max_examples=400, deadline=None)
@given(shops())
def test_nobody_computes_a_small_number_of_people_from_what_is_shown(shop):
    """Every shown figure is an equation in the counts of all months; a withheld small count follows from none of them."""
    frame = table_of(*shop)
    hidden = kpi.withheld(frame, 10)
    months = sorted(frame["month"].unique())
    place = {key: at for at, key in enumerate((name, month) for month in months for name in NAMES)}
    truth = {(row["kpi"], row["month"]): row["value"] for row in frame.to_dict("records")}
    known = []

    def learn(**of: dict) -> None:
        line = np.zeros(len(place))
        for key, weight in of["parts"].items():
            line[place[key]] += weight
        known.append(line)

    for month in months:
        active, new, returning, back, lost, current = ((name, month) for name in NAMES)
        learn(parts={active: 1, new: -1, returning: -1, back: -1})
        if (earlier := ("current_customers", add_months(month, -1))) in place:
            learn(parts={current: 1, earlier: -1, new: -1, back: -1, lost: 1})
    for row, hide in zip(frame.to_dict("records"), hidden, strict=True):
        if hide:
            continue
        month, earlier = row["month"], add_months(row["month"], -1)
        if row["kpi"] in NAMES:
            learn(parts={(row["kpi"], month): 1})
        elif row["kpi"] == "repeat_rate":  # with its n it gives active and new customers
            learn(parts={("active_customers", month): 1})
            learn(parts={("new_customers", month): 1})
        elif row["kpi"] == "retention_rate" and ("active_customers", earlier) in place:
            learn(parts={("active_customers", earlier): 1})
        elif row["kpi"] == "loss_rate":
            learn(parts={("lost_customers", month): 1})
        if row["kpi"] in ("loss_rate", "lost_customers") and ("current_customers", earlier) in place:
            learn(parts={("current_customers", earlier): 1})
    equations = np.array(known)
    rank = np.linalg.matrix_rank(equations)
    for (name, month), at in place.items():
        if 0 < truth[(name, month)] < 10:
            unit = np.zeros(len(place))
            unit[at] = 1
            assert np.linalg.matrix_rank(np.vstack([equations, unit])) > rank, (name, month)


@pytest.mark.parametrize(
    ("again", "shown"),
    [
        ((20, 30, 40, 60), (True, True, True, True)),
        ((20, 25, 40, 60), (True, False, True, True)),  # five between 30 and 60 days
        ((4, 30, 40, 60), (False, True, True, True)),
        ((20, 30, 40, 95), (True, True, True, False)),  # five who never came again
        ((20, 20, 20, 20), (True, True, True, True)),
        ((20, 27, 34, 60), (True, False, True, True)),
        ((0, 0, 0, 3), (True, True, True, False)),
    ],
)
def test_a_longer_window_tells_of_enough_more_people(again, shown):
    names = ("second_purchase_30", "second_purchase_60", "second_purchase_90", "second_purchase_180")
    rows = [(name, base.MONTH, count / 100, 100) for name, count in zip(names, again, strict=True)]
    rows += [("active_customers", base.MONTH, 300.0, 300), ("new_customers", base.MONTH, 100.0, 300)]
    hidden = kpi.withheld(pd.DataFrame(rows, columns=["kpi", "month", "value", "n"]), 10)
    assert tuple(not hide for hide in hidden[:4]) == shown


@pytest.mark.parametrize(
    ("name", "value", "n", "hide"),
    [
        ("reachable_by_email", 0.995, 1000, True),  # five have none
        ("reachable_by_email", 0.5, 1000, False),
        ("csat", 0.8, 9, True),
        ("csat", 0.5, 20, False),
        ("nps", 30.0, 9, True),
        ("nps", 30.0, 10, False),
        ("top_decile_share", 0.4, 99, True),
        ("top_decile_share", 0.4, 100, False),
        ("rows_accepted", 0.999, 1000, False),  # rows are not people
    ],
)
def test_what_rests_on_a_few_people_is_withheld(name, value, n, hide):
    frame = pd.DataFrame([(name, base.MONTH, value, n)], columns=["kpi", "month", "value", "n"])
    assert bool(kpi.withheld(frame, 10).iloc[0]) is hide


def test_a_month_with_few_buyers_shows_the_companys_totals_alone():
    frame = base.kpis(2)
    frame.loc[(frame["kpi"] == "active_customers") & (frame["month"] == base.MONTH), "value"] = 7.0
    shown = frame[~kpi.withheld(frame, 10) & (frame["month"] == base.MONTH)]
    assert set(shown["kpi"]) == {"revenue", "orders", "rows_accepted", "reachable_by_email"}


@LANGUAGES
@pytest.mark.parametrize("few_in", [base.MONTH, add_months(base.MONTH, -1), add_months(base.MONTH, -12)])
def test_no_part_of_these_pages_shows_a_cell_under_k_min(language, few_in):
    data = base.month({**base.intake(), "kpi": base.kpis(few_in=few_in), "kpi_by": base.kpis_by()})
    tables = [part for part in made(data, language) if part.kind == "table" and part.page == "overview"]
    assert len(tables) > 10
    for part in tables:
        of_people = [value for column, unit, value in base.units(part.table()) if unit == "people" or column == "n"]
        numbers = [value for value in of_people if isinstance(value, int | float)]
        assert not [value for value in numbers if 0 < value < base.K_MIN], (part.name, part.choice)
    shown = json.dumps([part.content for part in made(data, language)], ensure_ascii=False)
    assert not re.search(r"(?<![\d,.])4(人| customers)", shown)
    withheld = {name for name, month in data.withheld if month == few_in}
    assert {"reactivated_customers", "new_customers", "repeat_rate"} <= withheld


def test_a_tiny_shop_has_a_page_without_a_single_person_told():
    frame = base.kpis(3)
    people = frame["kpi"].isin(base.PEOPLE)
    frame.loc[people, ["value", "low", "high"]] = frame.loc[people, ["value", "low", "high"]] / 50
    data = base.month({**base.intake(), "kpi": frame})
    for part in made(data):
        if part.kind == "table" and part.page == "overview":
            assert not [v for _, unit, v in base.units(part.table()) if unit == "people" and isinstance(v, float) and v]


# every KPI


@LANGUAGES
def test_kpis_stand_group_by_group_with_definition_change_interval_and_n(language):
    data = base.month()
    [part] = [one for one in made(data, language) if one.name == "kpis"]
    table = part.table()
    groups = [row[1] for row in table.rows]
    order = [i18n.word(f"kpi_words.group.{group}", language) for group in kpi.GROUPS]
    assert groups == sorted(groups, key=order.index)
    rows = {row[0]: row for row in table.rows}
    revenue = rows[kpi.name("revenue", language)]
    assert revenue[2] == 344 * 5000 + 100_000 and revenue[3] == 343 * 5000 + 100_000 and revenue[8] == 344
    assert revenue[4] == f"→ {i18n.change(revenue[2], revenue[3], 'money', language)}"
    place = list(rows).index(kpi.name("revenue", language))
    assert table.about[place] == overview.definition("revenue", language)
    shown = show.table_html(table, language)
    assert shown.count("<details") == len(table.rows) and 'data-value="0.3"' in shown


def test_a_withheld_figure_reads_a_star_and_the_caption_says_why():
    data = base.month({**base.intake(), "kpi": base.kpis(few_in=base.MONTH), "kpi_by": base.kpis_by()})
    table = overview.kpis(data, "en", "caption")
    rows = {row[0]: row for row in table.rows}
    assert rows["Reactivated customers"][2] == "*" and rows["Reactivated customers"][8] is None
    assert rows["Reactivated customers"][3] == 20.0 and rows["Reactivated customers"][4] == i18n.MISSING
    assert table.caption.endswith("fewer than 10 people")
    frame = base.kpis()
    all_shown = base.month({"kpi": frame[frame["kpi"] != "reachable_by_phone"]})
    assert overview.kpis(all_shown, "en", "caption").caption == "caption"


# one KPI closely


def test_the_months_of_a_kpi_are_those_of_the_table():
    data, frame = base.month(), base.kpis()
    table = closely.months(data, "active_customers", "en", charts)
    truth = frame[frame["kpi"] == "active_customers"].sort_values("month", ascending=False).head(24)
    assert [(row[0], row[1]) for row in table.rows] == [
        (month.isoformat(), value) for month, value in zip(truth["month"], truth["value"], strict=True)
    ]
    assert table.rows[0][3] == i18n.change(344, 332, "people", "en") and table.rows[-1][3] == i18n.MISSING


def test_the_parts_of_a_kpi_are_those_of_kpi_by_under_the_whole():
    data = base.month()
    table = closely.parts_of(data, closely._by(data), "active_customers", "store", "en", charts)
    assert [row[:2] for row in table.rows] == [("All", 344.0), ("01", 150.0), ("02", "*"), ("03", "*")]
    assert table.rows[1][2] == i18n.change(150, 140, "people", "en")
    assert table.rows[2][2:] == (i18n.MISSING, i18n.MISSING, i18n.MISSING, None)  # no change from which it would follow
    assert closely.parts_of(data, closely._by(data), "active_customers", "channel", "en", charts) is None


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (200.0, 100.0, "rose to 200 in Oct 2026 (+100\u00a0% on last month)"),
        (100.0, 200.0, "fell to 100 in Oct 2026 (−50.0\u00a0% on last month)"),
        (101.0, 100.0, "no clear change on last month (+1.0\u00a0%)"),
    ],
)
def test_the_finding_agrees_with_the_sign(now, then, words):
    rows = [("active_customers", month, value, int(value), value * 0.95, value * 1.05)
            for month, value in ((base.MONTH, now), (date(2026, 9, 1), then))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["kpi", "month", "value", "n", "low", "high"])
    picture = closely.curve(base.month({"kpi": frame}), "active_customers", "en", charts)
    assert words in picture.title and picture.title.startswith("Active customers")


def test_a_curve_needs_two_months_and_this_ones_value():
    assert closely.curve(base.month({"kpi": base.kpis(1)}), "revenue", "en", charts) is None
    hidden = base.month({"kpi": base.kpis(few_in=base.MONTH)})
    assert closely.curve(hidden, "new_customers", "en", charts) is None


@LANGUAGES
def test_a_month_without_tables_has_a_page_all_the_same(language):
    parts = made(base.month({}), language)
    assert i18n.word("board_quality.light.not_yet", language) in parts[0].content
    assert not [part for part in parts if part.name == "closely"]


# the page


@pytest.fixture
def page(home):
    serving_base.publish(home, "2026-10")
    data = base.month()
    rows = [
        part
        for language in i18n.LANGUAGES
        for part in overview.parts(data, report.contents(data, language, charts), language, charts)
    ]
    frame = pd.DataFrame(records(rows, base.AS_OF))
    frame.to_parquet(home / "data/runs/sample/2026-10/run1/tables/dashboard_parts.parquet")
    shown = Overview("sample", language="en")
    shown.show()
    return shown


def choices(page) -> dict:
    return {one.description: one for one in walk(page.page) if hasattr(one, "options")}


def test_a_choice_of_kpi_and_view_redraws_only_the_figure_chosen_and_fast(page):
    assert "Revenue (by month)" in text(page) and "The numbers can be trusted" in text(page)
    above = page.page.children[:-1]
    began = time.process_time()
    choices(page)["Figure"].value = "active_customers"
    choices(page)["Shown by"].value = "store"
    assert (time.process_time() - began) / 2 < 0.1
    shown = text(page)
    assert "Active customers (by store)" in shown and "Revenue (by month)" not in shown
    assert page.page.children[:-1] == above
    choices(page)["Shown by"].value = "channel"
    assert i18n.word("board_quality.overview.nothing", "en") in text(page)


def test_a_choice_that_is_not_offered_changes_nothing(page):
    with pytest.raises(TraitError):
        choices(page)["Figure"].value = "../../etc/passwd"
    assert "Revenue (by month)" in text(page)


def test_the_chosen_table_is_saved_under_its_own_name(page):
    choices(page)["Shown by"].value = "store"
    buttons = [one for one in walk(page.page) if getattr(one, "description", "") == "Save the table as CSV"]
    buttons[-1].click()
    assert 'download="overview-revenue-store-2026-10.csv"' in page._saver.value


def test_months_of_the_history_without_gaps():
    table = closely.months(base.month(), "revenue", "en", charts)
    months = [date.fromisoformat(row[0]) for row in table.rows]
    assert months[::-1] == month_range(months[-1], months[0])
    assert Table.read(table.write()).rows == table.rows
