"""The page Segments: its parts say what the tables say, and nothing that it shows gives a few people away."""

import json
import re
import shutil
from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
import serving_base as base
from scipy.optimize import linprog
from scipy.stats import binom
from test_report import EVIL, data
from test_report_movement import FULL
from test_widgets import text, walk
from traitlets import TraitError

import customerbase.dashboards.segment_movement as moving
import customerbase.dashboards.segments as board
from customerbase import charts, disclosure, i18n, report, rfm, segments
from customerbase.dashboards import show
from customerbase.dashboards.part import records
from customerbase.engine import Engine
from customerbase.segments.movement import looks
from customerbase.widgets.segments import Segments

K = 10


def cells(seed: int, most: int = 40) -> pd.DataFrame:
    """Customers by r, f and segment: small and large cells, of the segments that the shipped rules make."""
    random = np.random.default_rng(seed)
    rows = {}
    for r, f, m in product(range(1, 6), repeat=3):
        key = (r, f, segments.segment_of(r, f, m))
        rows[key] = rows.get(key, 0) + int(random.integers(0, most)) * int(random.random() < 0.35)
    found = [(*key, count) for key, count in rows.items() if count]
    return pd.DataFrame(found, columns=["r", "f", "segment", "customers"])


def withheld_sizes(frame: pd.DataFrame) -> set[str]:
    sizes = frame.groupby("segment")["customers"].sum()
    return {*sizes.index[disclosure.suppress_parts(sizes.to_numpy(), K)]}


def attack(frame: pd.DataFrame, hidden: set, unknown: set) -> dict[tuple, tuple[float, float]]:
    """What an attacker who knows the rules, the cells shown, the sizes shown and the total learns of small numbers."""
    counts = frame["customers"].to_numpy(dtype=float)
    of = {
        **{("cell", r, f): (frame["r"] == r) & (frame["f"] == f) for r, f in set(zip(frame["r"], frame["f"], strict=True))},
        **{("segment", one): frame["segment"] == one for one in set(frame["segment"])},
        **{("both", *frame.loc[i, ["r", "f", "segment"]]): frame.index == i for i in frame.index},
    }  # fmt: skip
    known = [key for key in of if (key[0] == "cell" and key[1:] not in hidden)
             or (key[0] == "segment" and key[1] not in unknown)]  # fmt: skip
    equations = np.array([np.ones(len(frame)), *(np.asarray(of[key], dtype=float) for key in known)])
    learnt = {}
    for key, chosen in of.items():
        weights = np.asarray(chosen, dtype=float)
        if 0 < weights @ counts < K:
            look = {"A_eq": equations, "b_eq": equations @ counts, "bounds": (0, None), "method": "highs"}
            learnt[key] = (linprog(weights, **look).fun, -linprog(-weights, **look).fun)
    return learnt


@pytest.mark.parametrize("seed", range(25))
def test_no_small_number_follows_from_the_map_the_sizes_and_the_total(seed):
    frame = cells(seed)
    unknown = withheld_sizes(frame)
    hidden = rfm.withheld(frame, K, unknown)
    counts = frame.groupby(["r", "f"])["customers"].sum()
    assert {cell for cell, count in counts.items() if count < K} <= hidden
    for key, (low, high) in attack(frame, hidden, unknown).items():
        assert high - low > 0.5, (key, low, high)


def test_the_attack_finds_what_is_not_protected():
    frame = cells(3)
    small = {cell for cell, count in frame.groupby(["r", "f"])["customers"].sum().items() if count < K}
    assert small and small < rfm.withheld(frame, K, withheld_sizes(frame))
    assert any(high - low < 0.5 for low, high in attack(frame, small, set()).values())


def test_a_map_without_small_cells_is_shown_whole():
    frame = pd.DataFrame(
        [(r, f, segments.segment_of(r, f, 1), 50) for r, f in product(range(1, 6), repeat=2)],
        columns=["r", "f", "segment", "customers"],
    )
    assert rfm.withheld(frame, K) == set()
    assert (rfm.grid(frame).to_numpy() == 50).all() and rfm.grid(frame).index.tolist() == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("seed", range(12))
def test_the_number_of_all_who_moved_gives_no_withheld_movement_away(seed):
    random = np.random.default_rng(seed)
    names = segments.codes()[:4]
    counts = pd.DataFrame(random.integers(0, 30, (4, 4)), index=names, columns=names)
    hidden = pd.DataFrame(disclosure.suppress(counts.to_numpy(), K), index=names, columns=names)
    places = np.argwhere(hidden.to_numpy())
    sums = [[place[axis] == line for place in places] for axis in (0, 1) for line in range(4)]
    moved = [i != j for i, j in places]
    equations = np.array([*sums, moved], dtype=float)
    values = counts.to_numpy()[hidden.to_numpy()].astype(float)
    fixed = False
    for place in range(len(places)):
        weights = np.eye(len(places))[place]
        look = {"A_eq": equations, "b_eq": equations @ values, "bounds": (None, None), "method": "highs"}
        fixed |= linprog(weights, **look).status == 0  # bounded without any bound: there is one solution only
    assert looks.sum_tells(hidden) == fixed


def test_a_split_of_few_is_withheld_and_not_given_back_by_its_row():
    names = segments.codes()[:3]
    real = np.array([[50, 20, 30], [15, 60, 25], [12, 40, 90]])
    rest = np.array([[0, 3, 0], [0, 0, 20], [0, 0, 0]])
    frame = pd.DataFrame(
        [(a, b, int(real[i, j] + rest[i, j]), int(real[i, j])) for i, a in enumerate(names) for j, b in enumerate(names)],
        columns=["from_segment", "to_segment", "customers", "real"],
    )  # fmt: skip
    shown = moving.split(frame, "real", K)
    hidden = np.array([[(a, b) not in shown for b in names] for a in names])
    assert hidden[0, 1] and not disclosure.determined(hidden).any()
    assert (names[1], names[2]) in shown or hidden[1, 2]


def told(**tables: pd.DataFrame):
    world = data(**({"rfm": cells(1), **FULL} | tables))
    return world, report.contents(world, "en", charts)


def made(**tables: pd.DataFrame) -> dict:
    world, contents = told(**tables)
    return {(part.name, part.choice): part for part in board.parts(world, contents, "en", charts)}


@pytest.fixture(scope="module")
def parts():
    return made()


def test_the_map_shows_no_number_of_a_withheld_cell(parts):
    world, _ = told()
    frame, hidden = cells(1), rfm.withheld(cells(1), K, world.withheld_segments)
    counts = frame.groupby(["r", "f"])["customers"].sum()
    drawn = re.findall(r">([\d,]+) \(", parts["map", ""].content.split('class="phone"')[0])
    assert sorted(map(int, drawn)) == sorted(int(count) for cell, count in counts.items() if cell not in hidden)
    assert hidden and "withheld, as the number is below 10" in parts["map", ""].content


def test_no_number_of_customers_in_any_table_is_small(parts):
    seen = 0
    for part in parts.values():
        if part.kind == "table":
            table = part.table()
            for place, column in enumerate(table.columns):
                if column.key in ("customers", "real", "cut_points", "late"):
                    for row in table.rows:
                        if isinstance(row[place], int):
                            assert row[place] == 0 or abs(row[place]) >= K, (part.name, row)
                            seen += 1
    assert seen > 20


def test_every_figure_and_table_says_where_it_comes_from(parts):
    for (name, _), part in parts.items():
        if part.kind == "table":
            caption = part.table().caption
            assert "as of" in caption and re.search(r"customerbase/\S+\.py:\d+", caption), name
        assert part.notebook or name == "choices"


def test_the_movement_table_holds_the_cells_of_the_table_migration(parts):
    table = parts["cells", "1"].table()
    found = {row[:2]: row[2] for row in table.rows}
    assert found["Loyal", "Lost"] == 60 and found["Not yet a customer", "New"] == 30
    assert found["Lost", "Champions"] == 40


def test_attributes_of_a_segment_whose_size_is_withheld_are_not_shown():
    sizes = data().tables["segment_summary"].copy()
    sizes.loc[sizes.index[1], "customers"] = 3
    world, _ = told(segment_summary=sizes)
    names = {segments.name(code, "en") for code in world.withheld_segments}
    assert len(names) >= 2
    for part in made(segment_summary=sizes).values():
        if part.name == "breakdown":
            table = part.table()
            place = [column.key for column in table.columns].index("segment")
            assert not names & {row[place] for row in table.rows}


MISSING = ("rfm", "migration", "migration_causes", "segment_attributes", "segment_summary", "cltv_groups",
           "churn_groups", "kpi_by")  # fmt: skip


@pytest.mark.parametrize("missing", [("rfm",), ("migration", "migration_causes"), ("segment_attributes",), MISSING])
def test_what_is_missing_is_said_in_words(missing):
    world, _ = told()
    few = {name: table.head(0) for name, table in world.tables.items() if name in missing}
    found = made(**few)
    words = " ".join(part.content for part in found.values() if part.kind == "html")
    assert "no RFM ranks" in words if "rfm" in missing else "no RFM ranks" not in words
    assert ("movement cannot be shown yet" in words) == ("migration" in missing)
    assert ("no customer attributes" in words) == ("segment_attributes" in missing)


def test_what_a_company_calls_its_segments_and_values_is_text():
    rules = pd.DataFrame([{
        "segment": "evil", "title_en": EVIL, "title_ja": EVIL, "conditions": EVIL, "customers": 40, "everybody": 400,
        "share": 0.1, "share_low": 0.07, "share_high": 0.13, "todo_en": EVIL, "todo_ja": EVIL,
    }])  # fmt: skip
    found = made(segment_rules=rules)
    assert EVIL not in found["profile", "rule.evil"].content
    assert any(EVIL in label for label, _ in found["choices", ""].numbers()["segment"])


def test_the_table_of_ranks_is_summed_up_without_a_customer():
    db = Engine()
    rows = "(5, 1, 'new'), (5, 1, 'new'), (1, 4, 'at_risk')"
    db.query(f"select 'c' as customer_id, * from (values {rows}) t(r, f, segment)").create_view("rfm")
    assert [tuple(row) for row in db.run("report_rfm").df().to_numpy()] == [(1, 4, "at_risk", 1), (5, 1, "new", 2)]


@pytest.fixture
def page(home, parts):
    base.publish(home, "2026-10")
    path = home / "data/runs/sample/2026-10/run1/tables/dashboard_parts.parquet"
    pd.DataFrame(records(list(parts.values()), date(2026, 10, 31))).to_parquet(path)
    made = Segments("sample", language="en")
    made.show()
    return made


def test_a_choice_redraws_its_own_parts_and_believes_no_browser(page):
    choosers = {one.description: one for one in walk(page.page) if hasattr(one, "options")}
    chooser = choosers["Segment"]
    first = text(page)
    chooser.value = chooser.options[1][1]
    assert text(page) != first and chooser.options[1][0] in text(page)
    before = text(page)
    with pytest.raises(TraitError):
        chooser.value = "'; drop table"
    assert text(page) == before


def test_the_choices_name_parts_that_are_there(parts):
    choices = json.loads(parts["choices", ""].content)
    for choice, name in (("span", "cells"), ("attribute", "breakdown"), ("segment", "profile")):
        assert choices[choice] and all((name, value) in parts for _, value in choices[choice])


def mixed(against: str = "last_year") -> pd.DataFrame:
    """The table mix: regions, and stores of which small ones are brought together."""
    rows = [
        ("region", "kanto", 60, 0.6, 0.5, 0.1, True), ("region", "kinki", 40, 0.4, 0.5, -0.1, True),
        ("store", "pos:01", 70, 0.7, 0.71, -0.01, False), ("store", "*", 30, 0.3, 0.29, 0.01, False),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["attribute", "value", "customers", "share", "share_before", "shift", "clear"])
    ends = {"low": frame["share"] - 0.09, "high": frame["share"] + 0.09}
    ends |= {"shift_low": frame["shift"] - 0.05, "shift_high": frame["shift"] + 0.05}
    return frame.assign(**ends, against=against)


def test_attributes_of_the_mix_stand_beside_those_by_segment():
    found = made(mix=mixed())
    options = [value for _, value in found["choices", ""].numbers()["attribute"]]
    assert options == ["channel", "store", "region"] and ("breakdown", "region") not in found
    table = found["mix", "region"].table()
    keys = [column.key for column in table.columns]
    assert [dict(zip(keys, row, strict=True))["customers"] for row in table.rows] == [60, 40]
    first = dict(zip(keys, table.rows[0], strict=True))
    assert (first["value"], first["before"], first["verdict"]) == ("Kanto", 0.5, "rose")
    assert first["shift"] == "+10.0\u00a0pt" and "n\u00a0=\u00a0100" in table.caption and table.columns[2].definition
    stores = found["mix", "store"].table()
    assert [row[0] for row in stores.rows] == ["pos:01", "Others together"] and stores.rows[0][
        -1
    ] == "no clear difference"


def test_a_mix_without_an_earlier_month_has_no_change():
    table = made(mix=mixed("none"))["mix", "region"].table()
    assert [column.key for column in table.columns] == ["value", "customers", "share", "interval"]


def test_the_picture_of_a_segment_names_where_it_is_clearly_most_common():
    found = made()
    title = re.search(r"<h3>(.*?)</h3>", found["traits", "champions"].content)[1]
    assert title.startswith("“Champions” are most common in Web (Main channel): 50.0")
    shares = data().tables["segment_attributes"].copy()
    for column, value in (("share", 0.1), ("share_low", 0.05), ("share_high", 0.2)):
        shares.loc[shares["share"].notna(), column] = value
    same = made(segment_attributes=shares)["traits", "champions"].content
    assert "No attribute makes a clear difference to the share of “Champions”" in same


def test_changes_carry_their_sign_and_intervals_stand_to_the_right(parts):
    sizes = data().tables["segment_summary"].copy()
    sizes.loc[sizes["segment"] == "champions", "previous_customers"] = 88
    sizes.loc[sizes["segment"] == "loyal", "previous_customers"] = 103
    table = made(segment_summary=sizes)["named", ""].table()
    html = show.table_html(table, "en")
    cells = re.findall(r'<td class="number"[^>]*data-label="Change on last month">([^<]*)</td>', html)
    assert sorted(cells) == sorted(["+12", "−3", *["0"] * (len(cells) - 2)])
    assert [row[2] for row in table.rows if row[0] == "Champions"] == [12]  # the value stays a number
    usual = [column for column in parts["cells", "1"].table().columns if column.key == "usual"]
    assert 'class="number" data-key="usual"' in show.table_html(parts["cells", "1"].table(), "en") and len(usual) == 1


def test_value_and_risk_of_segments_by_plain_counting():
    random = np.random.default_rng(5)
    people = pd.DataFrame({
        "customer_id": [f"c{n:03}" for n in range(300)],
        "segment": random.choice(["champions", "loyal", "lost"], 300, p=[0.5, 0.46, 0.04]),
        "cltv": random.lognormal(8, 1, 300), "risk_band": random.choice(["high", "low", ""], 300, p=[0.4, 0.4, 0.2]),
    })  # fmt: skip
    db = Engine()
    db.register("given", people)
    db.query("select customer_id, segment from given").create_view("rfm")
    db.query("select customer_id, cltv from given").create_view("cltv")
    db.query("select customer_id, risk_band from given where risk_band <> ''").create_view("churn")
    found = db.run("report_segment_worth").df().set_index("segment")
    for code, group in people.groupby("segment"):
        values, n, row = np.sort(group["cltv"].to_numpy()), len(group), found.loc[code]
        assert row["customers"] == n and row["median_value"] == pytest.approx(np.median(values))
        assert row["high_risk"] == (group["risk_band"] == "high").sum()
        assert row["scored"] == (group["risk_band"] != "").sum()
        low, high = binom.interval(0.95, n, 0.5)  # orders of the exact interval, of which the rule is the limit
        for end, place in ((row["median_low"], low - 1), (row["median_high"], high)):
            nearest = values[[int(np.clip(place + step, 0, n - 1)) for step in (-1, 0, 1)]]
            assert any(end == pytest.approx(one) for one in nearest)
    table = made(segment_worth=found.reset_index())["worth", ""].table()
    rows = {row[0]: row for row in table.rows}
    champions = found.loc["champions"]
    assert rows["Champions"][1] == float(f"{champions['median_value']:.3g}")
    small = [
        row
        for row in found.itertuples()
        if min(row.high_risk, row.scored - row.high_risk, row.customers - row.scored) < K
    ]
    assert small  # lost is a small segment: nothing of it is told, nor what would give it back
    for row in small:
        assert rows[segments.name(row.Index, "en")][3] == "withheld"
    assert sum(row[3] == "withheld" for row in table.rows) >= 2


def counted(months: int = 2) -> pd.DataFrame:
    """The table migration of FULL, and a span that is only counted."""
    one = FULL["migration"]
    further = one.assign(months=months, since=date(2026, 8, 31))
    blank = ["usual", "usual_low", "usual_high", "real", "cut_points", "published", "late"]
    return pd.concat([one, further.assign(**dict.fromkeys(blank))], ignore_index=True)


def test_a_span_that_is_only_counted_has_a_grid_and_says_for_which_more_is_told():
    found = made(migration=counted())
    assert [value for _, value in found["choices", ""].numbers()["span"]] == ["1", "2"]
    html = found["movement", "2"].content
    assert (
        "In 2 months 100 of 550 customers changed segment" in html and "told for spans of 1, 3, 6 and 12 months" in html
    )
    assert html.count('class="movegrid"') == 2 and ">60<" in html and ">40<" in html
    keys = [column.key for column in found["cells", "2"].table().columns]
    assert keys == ["origin", "target", "customers", "share", "interval"]
    assert "<script" not in html


def test_months_that_would_tell_of_few_newcomers_are_left_out_and_this_is_said():
    table = counted()
    late = (table["months"] == 2) & (table["from_segment"] == "not_yet") & (table["to_segment"] == "new")
    table.loc[late, "customers"] += 4
    found = made(migration=table)
    assert [value for _, value in found["choices", ""].numbers()["span"]] == ["1"]
    assert "1 more months cannot be chosen" in found["movement", "1"].content


@pytest.fixture
def two_months(home) -> Segments:
    """A page over September, with one span, and October, with two."""
    for month, day, tables in (("2026-09", 30, {}), ("2026-10", 31, {"migration": counted()})):
        base.publish(home, month)
        path = home / f"data/runs/sample/{month}/run1/tables/dashboard_parts.parquet"
        found = made(**tables).values()
        pd.DataFrame(records(list(found), date(2026, int(month[-2:]), day))).to_parquet(path)
    page = Segments("sample", language="en")
    page.show()
    return page


def test_any_earlier_month_and_any_published_one_are_chosen_freely(two_months):
    def chooser(name: str):
        return next(one for one in walk(two_months.page) if hasattr(one, "options") and one.description == name)

    assert [value for _, value in chooser("To").options] == ["2026-10", "2026-09"] and chooser("To").value == "2026-10"
    assert [value for _, value in chooser("From").options] == ["1", "2"]
    chooser("From").value = "2"
    assert "In 2 months" in text(two_months)
    chooser("To").value = "2026-09"  # that month's parts: since the end of August is one month then
    assert [value for _, value in chooser("From").options] == ["1"] and "In 2 months" not in text(two_months)
    assert two_months.month == "2026-10"  # the rest of the page stays
    with pytest.raises(TraitError):
        chooser("To").value = "../../etc"


def test_a_month_taken_back_while_the_page_stands_open_is_said(two_months, home):
    later = next(one for one in walk(two_months.page) if hasattr(one, "options") and one.description == "To")
    shutil.rmtree(home / "data/runs/sample/2026-09")
    later.value = "2026-09"
    assert i18n.word("serving.failed", "en") in text(two_months)
