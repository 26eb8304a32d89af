"""The report's sections on the mix and on good customers: only what is clear is said, with its caution; few are not told of."""

import re

import good_world
import pandas as pd
import pytest
import test_mix
from test_report import AS_OF, EVIL, data, read

from customerbase import charts, i18n, report, segments
from customerbase.report import good as told_of_good
from customerbase.report import mix as told_of_mix
from customerbase.segments import good, mix
from customerbase.segments.mix import behaviour, effects, shift

NB = "\u00a0"


def mixed(people) -> dict[str, pd.DataFrame]:
    table, tests = shift.table(people, as_of=AS_OF)
    parts = (table, tests, effects.table(people, as_of=AS_OF), behaviour.table(people, as_of=AS_OF))
    return mix.Mix(AS_OF, len(people.now), ("last_year",), *parts).tables()


def study(customers: int = 2500) -> dict[str, pd.DataFrame]:
    people = good.people(good_world.frame(2, customers=customers))
    drivers, balance, ranked = good.judge(people, as_of=AS_OF)
    made = good.Good(AS_OF, 90, 365, 0.1, len(people), int(people.good.sum()), 0, ranked, drivers, balance)
    return made.tables()


MOVED, STILL = mixed(test_mix.two_months(0, moved=0.5)), mixed(test_mix.two_months(7))
STUDY = study()


def section(name: str, language: str, **tables: pd.DataFrame) -> str:
    page = report.build(data(**tables), language, charts)
    found = re.search(rf'<section id="{name}">.*?</section>', page, flags=re.S)
    return found[0] if found else ""


# --- the mix --------------------------------------------------------------------------------------------------------------


def test_a_clear_shift_is_told_with_its_interval_and_makes_the_picture():
    [(label, text), *_] = told_of_mix.lines(data(**MOVED), "en")
    row = MOVED["mix"].set_index(["attribute", "value"]).loc[("gender", "a")]
    assert label == "Mix"
    assert i18n.points(row["shift"], "en") in text and i18n.number(row["share"], "rate", "en") in text
    assert "95 % interval" in text and "Gender “a” went from" in text
    picture = told_of_mix.picture(data(**MOVED), "en", charts)
    assert picture.title.startswith("Gender: “a” moved by +") and "customerbase/segments/mix" in picture.caption


@pytest.mark.parametrize(
    ("language", "words"), [("ja", "はっきりした変化はありません"), ("en", "No clear change in the mix")]
)
def test_what_lies_within_chance_is_no_clear_change(language, words):
    calm = STILL | {"mix": STILL["mix"].assign(clear=False), "mix_tests": STILL["mix_tests"].assign(clear=False)}
    lines = told_of_mix.lines(data(**calm), language)
    assert len(lines) == 1 and words in lines[0][1]


def test_a_kpi_is_said_to_have_changed_by_the_mix_only_where_that_is_sure():
    row = {
        "kpi": "revenue_per_customer", "attribute": "channel", "against": "last_year", "value": 9000.0,
        "value_before": 8000.0, "customers": 500, "customers_before": 500, "within": 400.0, "within_low": 0.0,
        "within_high": 800.0, "mix": 600.0, "mix_low": 400.0, "mix_high": 800.0, "total": 1000.0,
    }  # fmt: skip
    unsure = row | {"attribute": "age_band", "mix": 700.0, "mix_low": -50.0, "mix_high": 1450.0}
    tables = MOVED | {"mix_effects": pd.DataFrame([row, unsure])}
    said = dict(told_of_mix.lines(data(**tables), "en"))["Effect on figures"]
    assert said == (
        "Revenue per customer changed by +¥1,000 against a year before, +¥600 of it because the mix by Main channel changed"
        " (95 % interval +¥400 to +¥800)."
    )
    only_unsure = MOVED | {"mix_effects": pd.DataFrame([unsure])}
    assert "Effect on figures" not in dict(told_of_mix.lines(data(**only_unsure), "en"))


# --- good customers -------------------------------------------------------------------------------------------------------


def test_the_clearest_drivers_stand_between_the_study_and_the_caution():
    lines = told_of_good.lines(data(**STUDY), "en")
    assert [label for label, _ in lines] == ["Study", *["Finding"] * 5, "Caution"]
    assert "2,500" in lines[0][1] and f"top 10{NB}%" in lines[0][1]
    table = STUDY["good_customers"].set_index("driver")
    top = table.loc["second_purchase"]
    [said] = [text for _, text in lines if text.startswith("Second purchase early")]
    assert i18n.points(top["difference"], "en") in said and f"{top['e_value_bound']:.1f}" in said
    assert "not a cause" in lines[-1][1]


def test_nothing_clear_is_said_to_be_nothing():
    table = STUDY["good_customers"]
    calm = table.assign(
        verdict=table["verdict"].replace({"more": "no_clear_difference", "less": "no_clear_difference"})
    )
    lines = told_of_good.lines(data(good_customers=calm), "en")
    assert lines[1][1] == "Among customers alike in all else, nothing made a clear difference."
    assert told_of_good.picture(data(good_customers=calm), "en", charts).title.startswith(
        "Among customers alike, no clear"
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_both_sections_stand_after_the_attributes_and_their_figures_name_their_origin(language):
    page = report.build(data(**MOVED, **STUDY), language, charts)
    order = re.findall(r'<section id="(\w+)"', page)
    assert order[order.index("attributes") :][:4] == ["attributes", "mix", "good", "identity"]
    for name in ("mix", "good"):
        part = section(name, language, **MOVED, **STUDY)
        assert part.count("<figure") == part.count("<figcaption") == 1
        assert re.search(r"customerbase/segments/\w+/__init__\.py:\d+</figcaption>", part)
        assert not re.search(r"\bnan\b", "".join(read(part).text), flags=re.I)


def test_without_page_07d_there_is_no_section_and_with_few_customers_it_says_so():
    page = report.build(data(), "en", charts)
    assert 'id="mix"' not in page and 'id="good"' not in page
    few = study(customers=60)
    assert (few["good_customers"]["verdict"] == good.FEW).all()
    assert "too few customers is over yet" in section("good", "en", **few)
    empty = {name: table.head(0) for name, table in MOVED.items()}
    assert "Too few customers bought" in section("mix", "en", **empty)


def test_values_from_data_are_escaped():
    table, tests = MOVED["mix"].copy(), MOVED["mix_tests"]
    table["value"] = table["value"].replace({"a": EVIL})
    drivers = STUDY["good_customers"].copy()
    drivers["driver"] = drivers["driver"].replace({"channel:web": f"channel:{EVIL}"})
    page = report.build(
        data(mix=table, mix_tests=tests, mix_effects=MOVED["mix_effects"], good_customers=drivers), "en", charts
    )
    assert EVIL not in page and EVIL in "".join(read(page).text)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [charts.WIDTHS["phone"], 7.0])
def test_pictures_are_drawn_for_both_languages_and_widths_with_all_they_compare(language, width):
    rows = segments_rows(language)
    figure = charts.shifts(
        rows, title="", caption="", language=language, before=i18n.word("good.last_year", language), width=width
    )
    drawn = charts.svg(figure)
    assert drawn == charts.svg(
        charts.shifts(
            rows, title="", caption="", language=language, before=i18n.word("good.last_year", language), width=width
        )
    )
    assert i18n.word("good.last_year", language) in drawn and i18n.points(rows["shift"].iloc[0], language) in drawn
    found = good.looks.rows(STUDY["good_customers"], language)
    drawn = charts.svg(charts.drivers(found, title="", caption="", language=language, width=width))
    for key in ("good.chart.raw", "good.chart.alike"):
        assert i18n.word(key, language) in drawn
    clear = found[found["clear"]]
    assert all(i18n.points(one, language) in drawn for one in clear["difference"])


def segments_rows(language: str) -> pd.DataFrame:
    return segments.mix.looks.rows(MOVED["mix"], "gender", "last_year", language)
