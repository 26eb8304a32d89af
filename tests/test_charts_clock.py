"""The repurchase clock in pictures and words: findings agree with the tables, marks stand on their days, few are withheld."""

from datetime import date, timedelta

import clock_logs
import numpy as np
import pandas as pd
import pytest

import customerbase.propensity.repurchase.looks as looks
from customerbase import charts, i18n, propensity
from customerbase.charts import style
from customerbase.charts.clock import Pictures
from customerbase.errors import ConfigError

AS_OF = date(2026, 6, 30)
NB = "\u00a0"
NAMES = {"tea": "Tea <b>", "jam": "Jam $1$", "soap": "Soap", "salt": "Salt"}


@pytest.fixture(scope="module")
def made():
    """Tea and jam are used up in three and six weeks, soap is bought at random, salt hardly ever."""
    rng, first = np.random.default_rng(4), AS_OF - timedelta(days=699)
    rows = []
    for product, law in (
        ("tea", {"typical": 21, "fans": 1}),
        ("jam", {"typical": 42, "fans": 1}),
        ("soap", {"fans": 0, "rate": 0.01}),
    ):
        log = clock_logs.renewals(500, rng, **law)
        days = [str(first + timedelta(days=int(day))) for day in log["day"]]
        rows += list(zip((f"{product}{n}" for n in log["customer"]), days, [product] * len(days), strict=True))
    rows += [(f"k{n}", str(AS_OF), "salt") for n in range(12)]
    db = clock_logs.shop(rows, dict.fromkeys(NAMES, "All"))
    db.execute("alter table products add column name varchar")
    for product, name in NAMES.items():
        db.execute("update products set name = $name where product_id = $product", name=name, product=product)
    return propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(level="product", fewest=30))


def row(made, thing: str) -> pd.Series:
    return made.things[made.things["thing"] == thing].iloc[0]


def words(figure) -> str:
    return "\n".join(
        text.get_text() for text in [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    )


# --- findings -----------------------------------------------------------------------------------------------------------


def thing(**columns) -> pd.Series:
    base = {"thing": "T1", "name": "Tea", "level": "product", "gap": "any", "verdict": "peak", "peak_day": 30, "peak_low": 28,
            "peak_high": 33, "best_day": 26, "share_30d": 0.456, "known_days": 365, "repeats": 1234, "customers": 99}  # fmt: skip
    return pd.Series(base | columns)


@pytest.mark.parametrize(
    ("given", "en", "ja"),
    [
        ({}, "Tea: those still to return are most likely to buy on day 30 (28 to 33); contact on day 26",
         "Tea：まだ買っていない人は30日目（28〜33日目）に最も買いやすく、連絡は26日目が最適"),
        ({"best_day": None}, "Tea: those still to return are most likely to buy on day 30 (28 to 33)",
         "Tea：まだ買っていない人は30日目（28〜33日目）に最も買いやすい"),
        ({"verdict": "no_peak"}, f"Tea: no day stands out; 45.6{NB}% return within 30 days",
         "Tea：購入が起こりやすい特定の日は認められない（30日以内に再び買う人は45.6%）"),
        ({"verdict": "rising"}, "Tea: the chance of buying is still rising on day 365",
         "Tea：買いやすさは365日目でもまだ上がり続けている"),
        ({"verdict": "few", "name": None}, "T1: 1,234 repeat purchases are too few to tell a peak",
         "T1：再購入が1,234回と少なく、山の有無は判断できない"),
    ],
)  # fmt: skip
def test_what_is_said_of_one_thing(given, en, ja):
    assert looks.thing_title(thing(**given), "en") == en
    assert looks.thing_title(thing(**given), "ja") == ja


@pytest.mark.parametrize(
    ("rows", "en"),
    [
        ([], "There are too few repeat purchases yet to tell when anything is bought again"),
        ([{"verdict": "few"}], "There are too few repeat purchases yet to tell when anything is bought again"),
        ([{"verdict": "no_peak"}, {"verdict": "rising"}], "None of 2 products has a day that stands out"),
        ([{}, {"verdict": "no_peak"}, {"verdict": "few"}], "Of 2 products only “Tea” has a clear peak: day 30"),
        ([{}, {"thing": "T2", "name": "Jam", "peak_day": 12}, {"verdict": "no_peak"}],
         "2 of 3 products have a clear peak, from day 12 (Jam) to day 30 (Tea)"),
        ([{"level": "all"}], "The next purchase peaks on day 30 (28 to 33)"),
        ([{"level": "all", "verdict": "no_peak"}], "No day stands out for the next purchase"),
    ],
)  # fmt: skip
def test_what_is_said_of_all_things(rows, en):
    frame = pd.DataFrame([thing(**given) for given in rows]) if rows else pd.DataFrame([thing()]).head(0)
    assert looks.things_title(frame, "en") == en
    assert looks.things_title(frame, "ja") and "{" not in looks.things_title(frame, "ja")


def test_the_ends_of_the_best_days():
    frame = pd.DataFrame([thing(), thing(thing="T2", name="Jam", best_day=3)])
    assert looks.best_title(frame, "en") == "The best day to contact ranges from day 3 (Jam) to day 26 (Tea)"
    assert looks.best_title(frame.head(1), "ja") == "「Tea」の連絡に最適なのは前回購入から26日目"


def test_the_table_in_words(made):
    table = Pictures(made, "en").table()
    tea = table.iloc[next(place for place, name in enumerate(table["What"]) if name == "Tea <b>")]
    told = row(made, "tea")
    assert tea["Peak day (95 % interval)"] == f"{told['peak_day']} ({told['peak_low']} to {told['peak_high']})"
    assert tea["Peak"] == "clear peak" and tea["Customers"] == "500"
    assert tea["Best day to contact (days as good)"].startswith(f"{told['best_day']} (")
    salt = table[table["What"] == "Salt"].iloc[0]
    assert salt["Peak"] == "too few repeats" and salt["Peak day (95 % interval)"] == i18n.MISSING
    assert len(Pictures(made, "ja", k_min=20).table()) == 3  # twelve customers are too few to show


# --- calendar --------------------------------------------------------------------------------------------------------------


def calendar(counts: dict[str, list[int]]) -> pd.DataFrame:
    parts = []
    for name, days in counts.items():
        padded = [*days, *[0] * (35 - len(days))]
        ahead = range(1, 36)
        dates = [AS_OF + timedelta(days=day) for day in ahead]
        parts.append(
            pd.DataFrame(
                {
                    "thing": name,
                    "day": dates,
                    "days_ahead": ahead,
                    "contacts": padded,
                    "due": padded,
                    "expected_purchases": padded,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_days_with_many_stay_days_and_days_with_few_become_weeks():
    many = looks.calendar(calendar({"a": [40, 20, 30], "b": [0, 90, 50]}), "contacts", 10, 12)
    assert many.shape == (2, 35) and many.index.tolist() == ["b", "a"] and not many.isna().any(axis=None)
    few = looks.calendar(calendar({"a": [4, 4, 4, 4, 4, 4, 4, 30], "b": [5] * 14}), "contacts", 10, 12)
    assert few.columns.tolist() == [1, 8, 15, 22, 29] and few.loc["b"].tolist() == [35, 35, 0, 0, 0]


def test_few_customers_are_withheld_and_cannot_be_computed_from_the_rest():
    shown = looks.calendar(calendar({"a": [50, 3, 60], "b": [70, 40, 80], "c": [20, 30, 40]}), "contacts", 10, 12)
    assert np.isnan(shown.loc["a", 2]) and shown.isna().sum().sum() >= 4  # one more in its row and in its column
    plain = looks.calendar(calendar({"a": [50, 3, 60]}), "expected_purchases", 10, 12)
    assert plain.loc["a", 2] == 3  # an expectation counts nobody


@pytest.mark.parametrize(
    ("counts", "en"),
    [
        ({"a": []}, "No customer falls due in the next five weeks"),
        ({"a": [4]}, "Fewer than 10 customers fall due in the next five weeks"),
        ({"a": [4, 8]}, "12 contacts fall due in the next five weeks, most of them on 2 Jul 2026 (<10)"),
        ({"a": [40, 80], "b": [100]}, "220 contacts fall due in the next five weeks, most of them on 1 Jul 2026 (140)"),
    ],
)
def test_what_is_said_of_the_calendar(counts, en):
    assert looks.calendar_title(calendar(counts), "contacts", 10, "en") == en
    for measure in ("contacts", "due", "expected_purchases"):
        assert "{" not in looks.calendar_title(calendar(counts), measure, 10, "ja")


# --- pictures ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_curve_has_its_marks_on_their_days(made, language):
    told, figure = row(made, "tea"), Pictures(made, language).hazard("tea")
    axes = figure.axes[0]
    [line] = [one for one in axes.lines if one.get_color() == style.ACCENT and len(one.get_xdata()) > 30]
    days = made.days[made.days["thing"] == "tea"].set_index("day")["trend"]
    assert line.get_ydata().tolist() == days[days.index <= 121].tolist()
    assert int(line.get_xdata()[np.argmax(line.get_ydata())]) == told["peak_day"]
    best = [one for one in axes.lines if one.get_color() == style.AGAINST]
    assert [one.get_xdata()[0] for one in best] == [told["best_day"]]
    [ground] = [one for one in axes.patches if one.get_alpha() == 0.1]
    assert (ground.get_x(), ground.get_x() + ground.get_width()) == (told["good_from"], told["good_to"])
    assert axes.get_ylim()[0] == 0
    assert "customerbase/propensity/repurchase/month.py:" in words(figure) and i18n.day(AS_OF, language) in words(
        figure
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_marks_lie_inside_the_figure_and_apart(made, language):
    for thing in ("tea", "jam", "soap"):
        figure = Pictures(made, language).hazard(thing)
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
        assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
        assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


@pytest.mark.parametrize("language", ["ja", "en"])
def test_small_multiples_put_those_with_a_peak_first(made, language):
    figure = Pictures(made, language).multiples()
    names = [axes.get_title(loc="left") for axes in figure.axes]
    assert set(names[:2]) == {"Tea <b>", "Jam $1$"} and names[2:] == ["Soap"]
    figure.canvas.draw()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_things_side_by_side_stand_on_their_days(made):
    axes = Pictures(made, "en").things().axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["Tea <b>", "Jam $1$", "Soap"]
    peaks = [one for one in axes.collections if len(one.get_offsets()) == 3][1].get_offsets()[:2, 0]
    assert peaks.tolist() == [row(made, "tea")["peak_day"], row(made, "jam")["peak_day"]]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_picture_gives_the_same_bytes_and_escapes_names(made, language):
    look = Pictures(made, language)
    for make in (
        look.things,
        look.multiples,
        look.calendar,
        lambda: look.calendar("expected_purchases"),
        lambda: look.hazard("tea"),
    ):
        one, other = make(), make()
        if isinstance(one, str):
            continue
        text = charts.svg(one)
        assert text == charts.svg(other) and "<b>" not in text
    assert "Tea &lt;b&gt;" in charts.svg(look.things())


def test_what_cannot_be_drawn_is_said(made):
    look = Pictures(made, "en")
    assert look.hazard("salt") == "Salt: 0 repeat purchases are too few to tell a peak"
    with pytest.raises(ConfigError, match=r"no thing 'te'.*Did you mean 'tea'"):
        look.hazard("te")
    empty = propensity.clock(clock_logs.shop([], {"tea": "All"}), as_of=AS_OF)
    for language in ("en", "ja"):
        nothing = Pictures(empty, language)
        sentences = [nothing.title(), nothing.things(), nothing.multiples(), nothing.calendar()]
        assert all(isinstance(one, str) and one for one in sentences) and len(nothing.table()) == 0
