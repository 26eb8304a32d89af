"""The page Value and risk: its curve is that of prediction.profit, its parts say what the tables say and give nobody away."""

import contextlib
import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import serving_base as base
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from test_report import AS_OF, EVIL, data
from test_report import summary as sizes
from test_widgets import text, walk
from traitlets import TraitError

import customerbase.dashboards.value as board
import customerbase.dashboards.value_calendar as calendar
import customerbase.dashboards.value_campaign as cells_of
import customerbase.dashboards.value_groups as groups
from customerbase import charts, churn, i18n, report, segments
from customerbase.dashboards import campaign, live
from customerbase.dashboards.part import records
from customerbase.engine import Engine
from customerbase.intervals import Z
from customerbase.prediction import Campaign, Prospects
from customerbase.widgets.value import Value

K = 10


# --- the curve ------------------------------------------------------------------------------------------------------------


def alone(p: np.ndarray, v: np.ndarray) -> list[campaign.Cell]:
    """Every customer as a cell."""
    return [campaign.Cell(1, a, a * a, a * b, a * b * b, a * a * b, a * a * b * b) for a, b in zip(p, v, strict=True)]


def people(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.beta(2, 1.2, n), random.gamma(0.6, 9000, n)


costs_of = st.tuples(st.floats(0, 500), st.floats(0, 3000), st.floats(0, 1), st.floats(0, 1), st.integers(0, 1000))


@settings(deadline=None, max_examples=60)
@given(costs_of)
def test_with_a_cell_for_each_customer_the_curve_is_that_of_prediction_profit(costs):
    contact, offer, acceptance, others, seed = costs
    p, v = people(60, seed)
    exact = Prospects.of(p, v).expected(Campaign(contact, offer, acceptance, others))
    found = campaign.answer(alone(p, v), campaign.Costs(contact, offer, acceptance, math.inf, others), Z)
    for name in ("profit", "low", "high"):
        made = [getattr(point, name) for point in found.points]
        # variances are small differences of large sums: beside the whole, not beside nothing
        assert np.allclose(made, getattr(exact, name), rtol=1e-6, atol=1e-4 * (1 + np.abs(exact.high).max())), name
    assert found.best.profit == pytest.approx(exact.profit[exact.best], rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("budget", [0, 99, 1500, 4000, 20_000, 10**7])
def test_the_budget_reaches_whom_page_06_says_it_reaches(budget):
    p, v = people(60, 4)
    customers = pd.DataFrame({"customer_id": [f"K{n:02}" for n in range(60)], "probability": p, "cltv": v})
    options = churn.Options(contact_cost=100, offer_cost=300, acceptance=0.3)
    exact = churn.within(customers, options, budget)
    found = campaign.answer(alone(p, v), campaign.Costs(100, 300, 0.3, budget), Z)
    assert found.chosen.contacted == exact.contacted
    assert found.chosen.profit == pytest.approx(exact.profit)
    # the page says what its sums cost; of whole customers the last may leave a rest of the budget
    assert found.chosen.cost == pytest.approx(exact.cost)


def summed(p: np.ndarray, v: np.ndarray, k_min: int = K) -> list[list[float]]:
    """The cells that a page works on, by the SQL of the monthly run."""
    db = Engine()
    frame = pd.DataFrame({"customer_id": [f"c{n:05}" for n in range(len(p))], "probability": p, "cltv": v})
    db.register("churn", frame)
    return cells_of.pooled(db.run("report_prospects").df().to_dict("records"), k_min)


@pytest.mark.parametrize("n", [60, 500, 5000])
@pytest.mark.parametrize("costs", [(100, 500, 0.1), (100, 0, 0.1), (300, 500, 0.15), (10, 100, 0.05), (50, 1000, 0.3)])
def test_cells_bring_nearly_what_single_customers_would_and_never_more(n, costs):
    p, v = people(n, n)
    exact = Prospects.of(p, v).expected(Campaign(*costs))
    found = campaign.answer(campaign.cells(summed(p, v)), campaign.Costs(*costs, math.inf), Z)
    assert found.points[-1].profit == pytest.approx(exact.profit[-1], rel=1e-3, abs=1.0 * n)
    assert found.points[-1].low == pytest.approx(exact.low[-1], rel=2e-3, abs=1.0 * n)
    most = exact.profit[exact.best]
    assert found.best.profit <= most * 1.001 + 1
    assert found.best.profit >= most * {60: 0.85, 500: 0.97, 5000: 0.99}[n] - 1


def test_break_even_lies_where_the_curve_comes_back_to_zero():
    cells = campaign.cells(
        [[10, 9, 8, 90_000, 1e9, 8e4, 9e8], [10, 5, 3, 1000, 1e6, 600, 6e5], [60, 2, 1, 10, 1e2, 5, 5e1]]
    )
    costs = campaign.Costs(100, 100, 0.1, math.inf)
    each = [costs.profit(one) for one in cells]
    assert each[0] > 0 > each[1] and each[0] + each[1] > 0 > sum(each)
    found = campaign.answer(cells, costs, Z)
    assert found.best.contacted == 10 and found.even == math.floor(20 + 60 * (each[0] + each[1]) / -each[2])
    assert campaign.answer(cells, campaign.Costs(10**6, 0, 0.1, math.inf), Z).even is None
    assert campaign.answer(cells[:1], costs, Z).even == 10


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 40)), max_size=60), st.integers(1, 30))
def test_every_cell_that_is_kept_holds_enough_customers_and_nobody_is_lost(given_rows, k_min):
    rows = [{"slice": s, "cell": c} | dict.fromkeys(cells_of.SUMS[1:], 0.5 * n) | {"n": n}
            for c, (s, n) in enumerate(sorted(given_rows))]  # fmt: skip
    found = cells_of.pooled(rows, k_min)
    total = sum(row["n"] for row in rows)
    assert all(row[0] >= k_min for row in found)
    assert sum(row[0] for row in found) == (total if total >= k_min else 0)
    assert sum(row[1] for row in found) == pytest.approx(0.5 * total if total >= k_min else 0, rel=1e-4)


def test_the_table_of_customers_is_summed_up_by_plain_arithmetic():
    p, v = people(700, 1)
    db = Engine()
    frame = pd.DataFrame({"customer_id": [f"c{n:05}" for n in range(700)], "probability": p, "cltv": v})
    db.register(
        "churn", pd.concat([frame, pd.DataFrame({"customer_id": ["none"], "probability": [0.5], "cltv": [np.nan]})])
    )
    found = db.run("report_prospects").df().astype(float)
    truth = {"n": 1 + 0 * p, "p": p, "p2": p**2, "pv": p * v, "pv2": p * v**2, "p2v": p**2 * v, "p2v2": (p * v) ** 2}
    for name, each in truth.items():
        assert found[name].sum() == pytest.approx(each.sum(), rel=1e-6), name
    assert found["n"].max() <= 4 and len(found) == 192


def test_classes_of_value_are_counted_as_pandas_counts_them():
    from customerbase.cltv import worth

    values = pd.Series([0.0, 0.004, 0.01, 1, 2, 4.999, 5, 9.99, 10, 99, 100, 1234.5, 20_000] * 30)
    db = Engine()
    db.register("cltv", pd.DataFrame({"cltv": values}))
    classes = db.run("report_cltv_classes").df()
    assert classes["customers"].sum() == len(values)
    assert dict(zip(classes["low"].round(6), classes["customers"], strict=True))[1000.0] == 30
    for k_min in (1, 10, 50):
        by_values = worth.distribution(values, k_min)
        assert by_values.astype(str).equals(worth.distribution_of(classes, k_min).astype(str))


# --- the drawing ------------------------------------------------------------------------------------------------------------


WORDS = live.Words("across", "up", f"a name {EVIL}", "{:.0%}".format, "{:.0f} yen".format)


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0, 0, 0), (0.5, 100, -20, 220), (1, 50, -90, 190)],
        [(0, 0, 0, 0), (1, -1e7, -2e7, -1e3)],
        [(0, 0, 0, 0), (1, 0, 0, 0)],
        [(0, 0, 0, 0), (1, 0.001, 0.0005, 0.002)],
    ],
)
@pytest.mark.parametrize("size", [(640, 340), (360, 300)])
def test_a_drawing_is_sound_xml_inside_its_frame_whatever_is_drawn(points, size):
    marks = [live.Mark(points[-1][0], EVIL, points[-1][1]), live.Mark(0.1, "budget")]
    root = ET.fromstring(live.curve(points, marks, WORDS, *size))
    assert root.attrib["aria-label"] == WORDS.name and root.attrib["role"] == "img"
    assert EVIL in [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    for one in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(one.attrib.get(name, 0)) <= size[0]
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(one.attrib.get(name, 0)) <= size[1]
        places = [float(number) for number in re.findall(r"-?[\d.]+", one.attrib.get("d", ""))]
        assert all(0 <= x <= size[0] for x in places[::2]) and all(0 <= y <= size[1] for y in places[1::2])


def test_the_height_of_a_point_is_its_profit():
    points = [(0, 0, 0, 0), (0.5, 100, 100, 100), (1, 50, 50, 50)]
    root = ET.fromstring(live.curve(points, [live.Mark(0.5, "best", 100)], WORDS))
    path = next(one for one in root.iter() if one.attrib.get("fill") == "none").attrib["d"]
    (x0, y0), (x1, y1), (x2, y2) = [tuple(map(float, one.split())) for one in path[1:].split("L")]
    assert (y0 - y2) / (y0 - y1) == pytest.approx(0.5, abs=0.01) and x1 - x0 == pytest.approx(x2 - x1)
    [dot] = [one for one in root.iter() if one.tag.endswith("circle")]
    assert float(dot.attrib["cy"]) == pytest.approx(y1)


@pytest.mark.parametrize("width", [640, 360])
@pytest.mark.parametrize("places", [(0, 0), (0.65, 0.61), (0.61, 0.65), (0.02, 0.05), (0.95, 1), (0.3, 0.3), (1, 0)])
def test_words_above_the_plot_stay_within_the_frame_wherever_their_marks_stand(width, places):
    marks = [live.Mark(places[0], "最適 324人：12.3万円", 1.0), live.Mark(places[1], "Budget ends: 345")]
    root = ET.fromstring(live.curve([(0, 0, 0, 0), (1, 1, 1, 1)], marks, WORDS, width, 300))
    shown = {one.text: one.attrib for one in root.iter("{http://www.w3.org/2000/svg}text")}
    for mark in marks:
        x, long = float(shown[mark.text]["x"]), sum(12.5 if ord(one) > 255 else 6 for one in mark.text)
        begins = {"start": x, "middle": x - long / 2, "end": x - long}[shown[mark.text]["text-anchor"]]
        assert begins >= 0 and begins + long <= width


@settings(deadline=None)
@given(st.floats(-1e9, 0), st.floats(0, 1e9))
def test_steps_are_round_few_and_hold_zero(low, high):
    found = live.steps(low, high)
    assert 1 <= len(found) <= 9 and any(abs(one) < 1e-9 for one in found)
    some = 1e-6 * (high - low) + 1e-6
    assert found[-1] <= high + some and found[0] <= low + some


# --- the parts ------------------------------------------------------------------------------------------------------------


def clock_things() -> pd.DataFrame:
    rows = [(EVIL, "Tea & more", 400, 900, "peak"), ("soap", None, 120, 200, "no_peak"), ("rare", None, 4, 6, "few"),
            ("new", None, 40, 4, "few")]  # fmt: skip
    made = pd.DataFrame(rows, columns=["thing", "name", "customers", "repeats", "verdict"])
    made = made.assign(level="category", gap="any", purchases=made["customers"] * 3, known_days=200, as_of=AS_OF)
    days = {"peak_day": 30, "peak_low": 25, "peak_high": 36, "best_day": 26, "good_from": 20, "good_to": 31}
    for name, value in days.items():
        made[name] = [value if verdict == "peak" else None for verdict in made["verdict"]]
    return made.assign(share_30d=0.3, share_30d_low=0.25, share_30d_high=0.35)


def due(seed: int = 0, most: int = 6) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = [(thing, day) for thing in clock_things()["thing"] for day in range(1, 36)]
    made = pd.DataFrame(rows, columns=["thing", "days_ahead"])
    made["day"] = [AS_OF + timedelta(days=int(day)) for day in made["days_ahead"]]
    made["contacts"], made["due"] = random.integers(0, most, len(made)), random.integers(0, most, len(made))
    return made.assign(expected_purchases=0.7)


def bands() -> pd.DataFrame:
    rows = [("all", 400, 0.15, 0.16), ("high", 100, 0.5, 0.45), ("medium", 100, 0.2, 0.2), ("low", 200, 0.05, 0.06)]
    made = pd.DataFrame(rows, columns=["band", "customers", "predicted", "actual"])
    return made.assign(cutoff=date(2026, 10, 1), source="published", actual_low=made["actual"] - 0.04,
                       actual_high=made["actual"] + 0.04)  # fmt: skip


def prospects() -> pd.DataFrame:
    p, v = people(500, 7)
    db = Engine()
    db.register("churn", pd.DataFrame({"customer_id": [f"c{n}" for n in range(500)], "probability": p, "cltv": v}))
    return db.run("report_prospects").df()


def world(**tables: pd.DataFrame | None) -> report.ReportData:
    given_data = data()
    row = given_data.tables["cltv"].assign(valued=1000, median_value=4000.0)
    classes = pd.DataFrame(
        {"low": [0.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0], "customers": [80, 300, 400, 200, 17, 3]}
    )
    assumed = {"contact_cost": 100.0, "offer_cost": 500.0, "acceptance": 0.1, "budget": 40_000.0}
    full = {
        "cltv": row, "cltv_classes": classes, "prospects": prospects(), "propensity_outcomes": bands(),
        "churn_profit": given_data.tables["churn_profit"].assign(**assumed),
        "repurchase_things": clock_things(), "repurchase_calendar": due(),
    }  # fmt: skip
    kept = data(**(full | {name: table for name, table in tables.items() if table is not None}))
    gone = {name for name, table in tables.items() if table is None}
    return report.ReportData(
        kept.title, kept.pipeline, kept.as_of, {name: one for name, one in kept.tables.items() if name not in gone},
        kept.settings, kept.goals, kept.run_id, kept.data_until,
    )  # fmt: skip


def made(language: str = "en", **tables: pd.DataFrame | None) -> dict:
    of = world(**tables)
    told = report.contents(of, language, charts)
    return {(part.name, part.choice): part for part in board.parts(of, told, language, charts)}


@pytest.fixture(scope="module", params=["ja", "en"])
def parts(request):
    return made(request.param)


@pytest.fixture(scope="module")
def english():
    return made("en")


def test_the_page_has_everything_in_both_languages(parts):
    names = {name for name, _ in parts}
    assert names == {"finding", "worth", "worth_groups", "risk", "risk_groups", "campaign", "outcomes", "outcome_bands",
                     "due", "due_weeks", "due_things", "choices"}  # fmt: skip
    assert [choice for name, choice in parts if name == "worth_groups"] == ["segment", "channel"]
    assert [choice for name, choice in parts if name == "risk_groups"] == ["segment", "risk_band"]
    counts = {name: parts[name, ""].content.count("<figure") for name in ("worth", "risk", "outcomes", "due")}
    assert counts == {"worth": 2, "risk": 2, "outcomes": 2, "due": 1}


def test_every_figure_and_table_says_where_it_comes_from(parts):
    for (name, _), part in parts.items():
        if part.kind == "table":
            captions = [part.table().caption]
        elif name == "campaign":
            captions = [part.numbers()["caption"]]
        else:
            captions = re.findall(r"<figcaption>(.*?)</figcaption>", part.content)
        for caption in captions:
            assert re.search(r"as of|時点", caption) and re.search(r"customerbase/\S+\.py:\d+", caption), name
        assert part.notebook or name == "choices"


def test_what_customers_and_companies_wrote_is_text(english):
    shown = "".join(part.content for part in english.values() if part.kind == "html")
    assert EVIL not in shown and "&lt;" in shown
    assert EVIL in [row[0] for row in english["worth_groups", "channel"].table().rows]


def test_tables_by_group_hold_what_the_tables_hold(english):
    rows = {row[0]: row for row in english["worth_groups", "segment"].table().rows}
    assert rows["Champions"][1:3] == (100, 0.1) and rows["Champions"][4] == 4e6
    assert rows["Champions"][5] == "¥3,800,000 to ¥4,200,000"
    rows = {row[0]: row for row in english["risk_groups", "risk_band"].table().rows}
    assert rows["High"][1] == 300 and rows["High"][5] == 9e5
    table = english["outcome_bands", ""].table()
    assert [row[4] for row in table.rows] == [400, 100, 100, 200] * 2
    assert table.rows[4][:4] == ("Buying", "2026-09-30", "published", "All") and table.rows[4][-1] == "right"


def test_the_sliders_begin_with_what_page_06_was_run_with(english):
    found = english["campaign", ""].numbers()
    assert found["start"] == {"contact_cost": 100, "offer_cost": 500, "acceptance": 0.1, "budget": 40_000}
    for name, slider in found["sliders"].items():
        assert slider["max"] >= found["start"][name] and slider["step"] * 100 == pytest.approx(slider["max"])
    assert sum(row[0] for row in found["cells"]) == 500
    older = made("en", churn_profit=data().tables["churn_profit"])  # published before the costs stood in the table
    assert older["campaign", ""].numbers()["start"]["budget"] == churn.Options().budget


def few_people(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(customers=(frame["customers"] // 40).clip(lower=1))


MISSING = {
    "churn": (("churn", "churn_groups", "churn_outcomes", "churn_profit", "prospects"), "page 06 (churn) is not run"),
    "clock": (("repurchase_things", "repurchase_calendar"), "page 07 (propensity) is not run"),
    "cltv": (("cltv", "cltv_groups", "cltv_classes", "cltv_concentration", "cltv_tracking"), "no value of customers"),
    "prospects": (("prospects",), "Profit cannot be shown"),
    "outcomes": (("churn_outcomes", "propensity_outcomes"), "There is no outcome yet"),
}


@pytest.mark.parametrize("what", MISSING)
@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_a_company_lacks_is_said_in_words(what, empty, language):
    names, words = MISSING[what]
    full = world().tables
    found = made(language, **{name: full[name].head(0) if empty and name in full else None for name in names})
    told = " ".join(part.content for part in found.values() if part.kind == "html")
    assert 'class="empty"' in told or "outcome" in what or "実績" in told
    if language == "en" and not (empty and what in ("churn", "clock")):
        assert words in told


def test_a_first_month_and_a_month_without_any_table_are_a_page_too():
    nothing = made("en", **dict.fromkeys(world().tables))
    assert {part.kind for part in nothing.values()} == {"html", "numbers"}
    assert nothing["choices", ""].numbers() == {"worth": [], "risk": []}
    bare = (
        data()
        .tables["churn_groups"]
        .assign(cltv=np.nan, value_at_risk=np.nan, value_at_risk_low=np.nan, value_at_risk_high=np.nan)
    )
    found = made("en", churn_groups=bare, prospects=prospects().head(0))
    assert "value_at_risk" not in [one.key for one in found["risk_groups", "segment"].table().columns]


# --- nobody is given away -----------------------------------------------------------------------------------------------------


COUNTS = {"customers", "repeats", "contacted", *(f"week_{place}" for place in range(1, 6))}


def numbers_of_people(found: dict) -> list[tuple[str, int]]:
    """Every number of customers in any part: of tables, of the cells, and those written in pictures as n."""
    seen = []
    for (name, _), part in found.items():
        if part.kind == "table":
            table = part.table()
            for place, column in enumerate(table.columns):
                if column.key in COUNTS:
                    seen += [(name, row[place]) for row in table.rows if not isinstance(row[place], str)]
        elif name == "campaign" and part.kind == "numbers":
            seen += [(name, row[0]) for row in part.numbers()["cells"]]
        else:
            written = re.findall(r"\(n(?:\s|&nbsp;)=(?:\s|&nbsp;)([\d,]+)\)", part.content)
            seen += [(name, int(one.replace(",", ""))) for one in written]
    return seen


@pytest.mark.parametrize("seed", range(6))
def test_no_number_of_customers_in_any_part_is_small(seed):
    random = np.random.default_rng(seed)
    scored, worths = data().tables["churn_groups"], data().tables["cltv_groups"]
    for frame in (scored, worths):
        parts_of = frame["dimension"] != "all"
        frame.loc[parts_of, "customers"] = random.integers(1, 60, parts_of.sum())
    tables = {"churn_groups": scored, "cltv_groups": worths, "repurchase_calendar": due(seed)}
    tables["churn_outcomes"] = data().tables["churn_outcomes"].assign(customers=[14, 3, 60, 77])
    tables["cltv_classes"] = pd.DataFrame(
        {"low": [0.0, 1000.0, 2000.0, 5000.0], "customers": random.integers(1, 40, 4)}
    )
    found = numbers_of_people(made("en", **tables))
    assert len(found) > 30
    assert not [(name, n) for name, n in found if 0 < n < K]


def attack(shown: list[tuple[np.ndarray, float]], secret: np.ndarray) -> float:
    """How much room is left for a secret sum when these sums are known and no count is negative."""
    known = np.array([weights for weights, _ in shown])
    look = {"A_eq": known, "b_eq": [value for _, value in shown], "bounds": (0, None), "method": "highs"}
    low, high = linprog(secret, **look), linprog(-secret, **look)
    return math.inf if 3 in (low.status, high.status) else -high.fun - low.fun


@pytest.mark.parametrize("seed", range(20))
def test_no_small_count_of_the_calendar_follows_from_its_other_cells_and_sums(seed):
    random = np.random.default_rng(seed)
    cells = random.integers(0, 25, (5, 5)) * (random.random((5, 5)) < 0.7)
    counts = pd.DataFrame(cells, index=[f"t{n}" for n in range(5)])
    hidden, sums = calendar.withheld(counts, K)
    assert hidden[(cells > 0) & (cells < K)].all()
    one = np.eye(25)
    shown = [(one[place], value) for place, value in enumerate(cells.ravel()) if not hidden.ravel()[place]]
    shown.append((np.ones(25), cells.sum()))
    for week in range(5):
        column = np.zeros((5, 5))
        column[:, week] = 1
        if not sums[week]:
            shown.append((column.ravel(), cells[:, week].sum()))
        elif 0 < cells[:, week].sum() < K:
            assert sums[week]
    for place, value in enumerate(cells.ravel()):
        if 0 < value < K:
            assert attack(shown, one[place]) > 0.5


@pytest.mark.parametrize("seed", range(10))
def test_sizes_of_segments_do_not_give_away_how_few_of_one_have_left(seed):
    random = np.random.default_rng(seed)
    whole = sizes().copy()
    whole["customers"] = random.integers(20, 120, len(whole))
    scored = data().tables["churn_groups"].copy()
    of = scored["dimension"] == "segment"
    size = dict(zip(whole["segment"], whole["customers"], strict=True))
    gone = [int(random.integers(0, 12)) for _ in range(of.sum())]
    scored.loc[of, "customers"] = [
        max(size[code] - less, 0) for code, less in zip(scored[of]["value"], gone, strict=True)
    ]
    scored.loc[scored["dimension"] == "all", "customers"] = scored[of]["customers"].sum()
    of_world = world(segment_summary=whole, churn_groups=scored)
    table = groups.risk_tables(of_world, "en", charts).get("segment")
    names = {segments.name(code, "en"): code for code in size}
    for row in table.rows if table else ():
        assert not 0 < size[names[row[0]]] - row[1] < K, row


def test_fewer_than_k_without_a_value_are_not_told_by_the_curve():
    scored = data().tables["churn_groups"].copy()
    for extra, shown in ((0, True), (3, False), (10, True)):
        whole = scored.assign(customers=np.where(scored["dimension"] == "all", 500 + extra, scored["customers"]))
        assert (made("en", churn_groups=whole)["campaign", ""].kind == "numbers") == shown


# --- the page -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(home, english):
    base.publish(home, "2026-10")
    path = home / "data/runs/sample/2026-10/run1/tables/dashboard_parts.parquet"
    pd.DataFrame(records(list(english.values()), date(2026, 10, 31))).to_parquet(path)
    found = Value("sample", language="en")
    found.show()
    return found


def answer(page) -> str:
    """All HTML of the page: what it says, without the values of its controls."""
    return " ".join(one.value for one in walk(page.page) if type(one).__name__ == "HTML")


def sliders(page) -> dict[str, object]:
    found = [one for one in walk(page.page) if type(one).__name__ == "FloatSlider"]
    return dict(zip(("contact_cost", "offer_cost", "acceptance", "budget"), found, strict=True))


def test_the_page_answers_as_the_plain_functions_do(page, english):
    told = english["campaign", ""].numbers()
    for changed in (
        {},
        {"contact_cost": 300.0},
        {"acceptance": 0.3},
        {"budget": 8000.0},
        {"offer_cost": 0.0, "budget": 10**9},
    ):
        for name, value in changed.items():
            sliders(page)[name].value = value
        costs = campaign.settings(told["start"], {name: one.value for name, one in sliders(page).items()})
        found = campaign.answer(campaign.cells(told["cells"]), costs, Z)
        n = i18n.number(round(found.chosen.contacted), "people", "en")
        profit = i18n.number(found.chosen.profit, "money", "en")
        assert found.chosen.contacted > 0 and f"the {n} customers" in answer(page) and profit in answer(page)


def test_the_words_change_with_the_costs(page):
    one = sliders(page)
    one["contact_cost"].value = one["contact_cost"].max
    one["acceptance"].value = 0.0
    assert i18n.word("board_value.contact_nobody", "en") in answer(page)
    assert i18n.word("board_value.even_never", "en") in answer(page)
    [back] = [
        each for each in walk(page.page) if getattr(each, "description", "") == i18n.word("board_value.reset", "en")
    ]
    back.click()
    assert one["acceptance"].value == 0.1 and i18n.word("board_value.contact_nobody", "en") not in answer(page)
    one["budget"].value = 0.0
    assert "ends after 0 customers" in answer(page)


@pytest.mark.parametrize("sent", ["'; drop table", None, [1], float("nan"), True, {"a": 1}])
def test_what_is_no_number_changes_nothing(page, sent):
    before = answer(page)
    with contextlib.suppress(TraitError, ValueError, TypeError):
        sliders(page)["contact_cost"].value = sent
    after = answer(page)
    assert ">nan<" not in after and (after == before or sent is True)


def test_a_browser_that_widens_a_slider_is_held_to_its_range(page):
    one = sliders(page)["contact_cost"]
    top = one.max
    one.max, one.min = 1e300, -1e300
    one.value = top
    at_top = answer(page)
    one.value = 1e300
    assert answer(page) == at_top
    one.value = 0.0
    at_bottom = answer(page)
    one.value = -1e300
    assert answer(page) == at_bottom != at_top


def test_the_curve_is_saved_as_it_stands(page):
    sliders(page)["contact_cost"].value = 5.0
    buttons = [one for one in walk(page.page) if getattr(one, "description", "") == "Save the table as CSV"]
    buttons[0].click()
    assert 'download="value-campaign-2026-10.csv"' in page._saver.value
    first = page._saver.value
    sliders(page)["contact_cost"].value = 400.0
    buttons[0].click()
    assert page._saver.value != first


def test_every_group_can_be_chosen_and_nothing_else(page):
    choosers = [one for one in walk(page.page) if getattr(one, "description", "") == "Group by"]
    assert [len(one.options) for one in choosers] == [2, 2]
    choosers[1].value = "risk_band"
    assert "by risk of leaving" in answer(page)
    with pytest.raises(TraitError):
        choosers[1].value = "../secret"


def test_a_page_without_profit_or_groups_says_so(home):
    base.publish(home, "2026-10")
    nothing = made("ja", **dict.fromkeys(world().tables))
    path = home / "data/runs/sample/2026-10/run1/tables/dashboard_parts.parquet"
    pd.DataFrame(records(list(nothing.values()), date(2026, 10, 31))).to_parquet(path)
    found = Value("sample")
    found.show()
    assert i18n.sentence("board_value.no_campaign", "ja", k=K) in text(found)


def test_the_kernel_of_the_page_loads_no_heavy_library():
    script = (
        "import sys, customerbase.widgets.value;"
        "print(sorted({'numpy', 'pandas', 'matplotlib', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout.replace("'", '"')) == []
