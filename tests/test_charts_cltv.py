"""Figures of lifetime value: right marks in the right places, withheld classes not drawn as zero, the same bytes."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from customerbase import charts, i18n
from customerbase.charts import style
from customerbase.charts.lifetime import Pictures

NO_TEXT = {"title": "", "caption": "", "language": "en"}


def months(count: int = 18, ahead: int = 6) -> pd.DataFrame:
    expected = np.linspace(100, 200, count)
    return pd.DataFrame(
        {
            "month": pd.date_range("2025-11-01", periods=count, freq="MS"),
            "ahead": [place >= count - ahead for place in range(count)],
            "actual": [*(expected[:-ahead] * 1.1), *[np.nan] * ahead],
            "expected": expected,
            "low": expected * 0.8,
            "high": expected * 1.2,
        }
    )


def tracked(frame: pd.DataFrame, **options):
    look = {"low": "low", "high": "high", "ahead": "ahead", "fmt": "{:,.0f}"} | options
    return charts.tracking(frame, "month", "actual", "expected", **NO_TEXT | look)


def classes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["0 times", "once", "7+ times"],
            "customers": [1200, 300, 40],
            "actual": [0.2, 0.9, 5.0],
            "low": [0.18, 0.8, 4.2],
            "high": [0.22, 1.0, 5.8],
            "predicted": [0.25, 0.85, 5.4],
        }
    )


def calibrated(frame: pd.DataFrame, **options):
    return charts.calibration(
        frame, "name", "actual", "low", "high", "predicted", n="customers", fmt="{:.1f}", **NO_TEXT | options
    )


def curve() -> pd.DataFrame:
    return pd.DataFrame({"share": [0.01, 0.05, 0.1, 0.2, 0.5], "value": [0.12, 0.3, 0.41, 0.6, 0.9]})


def spread() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "low": [0.0, 100, 200, 500, 1000],
            "high": [100.0, 200, 500, 1000, 2000],
            "customers": [50, 80, 60, np.nan, np.nan],
            "withheld": ["", "", "", "*", "<10"],
        }
    )


def binned(frame: pd.DataFrame, **options):
    return charts.histogram(frame, "low", "high", "customers", withheld="withheld", fmt="money", **NO_TEXT | options)


def words(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_tracking_draws_actual_model_and_band_from_zero():
    axes = tracked(months()).axes[0]
    by_color = {line.get_color(): line for line in axes.lines if len(line.get_xdata()) > 2}
    made, model = by_color[style.ACCENT], by_color[style.AGAINST]
    assert np.nansum(made.get_ydata()) == pytest.approx(months()["actual"].sum())
    assert model.get_linestyle() != "-" and made.get_linestyle() == "-"  # told apart without colour
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(80), pytest.approx(240))
    assert axes.get_ylim()[0] == 0


def test_the_months_ahead_stand_on_grey_ground_with_their_name_and_last_value():
    figure = tracked(months())
    [ground] = figure.axes[0].patches
    assert ground.get_x() == pytest.approx(11.5) and ground.get_x() + ground.get_width() == pytest.approx(17.5)
    assert {"Ahead", "200"} <= set(words(figure))
    past = tracked(months().head(12))
    assert not past.axes[0].patches and "Ahead" not in words(past)


def test_tracking_without_a_band_or_anything_ahead_names_two_lines():
    figure = tracked(months().head(12), low=None, high=None, ahead=None, language="ja")
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["実績", "モデル"]


def test_weeks_are_marked_where_their_months_begin():
    weeks = pd.date_range("2025-12-01", periods=40, freq="7D")
    frame = pd.DataFrame({"month": weeks, "actual": 1.0, "expected": 1.0})
    axes = tracked(frame, low=None, high=None, ahead=None).axes[0]
    names = [label.get_text().split("\n")[0] for label in axes.get_xticklabels()]
    starts = [i18n.MONTHS[weeks[round(place)].month - 1] for place in axes.get_xticks()]
    assert names == starts and len(set(names)) == len(names) >= 5
    assert all(weeks[round(place)].day <= 7 for place in axes.get_xticks())


def test_calibration_puts_a_dot_its_interval_and_a_diamond_in_every_row():
    axes = calibrated(classes()).axes[0]
    ends = [tuple(segment[:, 0]) for segment in axes.collections[0].get_segments()]
    assert ends == [(0.18, 0.22), (0.8, 1.0), (4.2, 5.8)]
    made, foretold = (c.get_offsets()[:, 0].tolist() for c in axes.collections[1:3])
    assert made == [0.2, 0.9, 5.0] and foretold == [0.25, 0.85, 5.4]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows[0] == "0 times (n\u00a0=\u00a01,200)" and rows[2] == "7+ times (n\u00a0=\u00a040)"


@pytest.mark.parametrize("width", [style.WIDTHS["half"], style.WIDTHS["phone"]])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_both_marks_are_named_once_inside_the_figure_and_apart(width, language):
    figure = calibrated(classes(), width=width, language=language)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert words(figure) == [i18n.word("chart.actual", language), i18n.word("chart.model", language)]
    assert not boxes[0].overlaps(boxes[1])
    assert all(box.x1 <= figure.bbox.x1 and box.x0 >= 0 for box in boxes)


def test_one_class_near_zero_still_names_both_marks_apart():
    figure = calibrated(classes().head(1).assign(low=0.0))
    figure.canvas.draw()
    first, second = (text.get_window_extent() for text in figure.axes[0].texts)
    assert not first.overlaps(second)
    assert len(calibrated(classes().head(0)).axes[0].texts) == 0


def test_lorenz_runs_from_nothing_to_all_and_labels_the_tops_it_has():
    figure = charts.lorenz(curve(), "share", "value", **NO_TEXT)
    lines = {line.get_color(): line for line in figure.axes[0].lines if len(line.get_xdata()) > 1}
    assert lines[style.GREY].get_ydata().tolist() == [0, 1]
    path = lines[style.ACCENT]
    assert path.get_xdata().tolist() == [0, 0.01, 0.05, 0.1, 0.2, 0.5, 1]
    assert path.get_ydata().tolist() == [0, 0.12, 0.3, 0.41, 0.6, 0.9, 1]
    said = [text for text in words(figure) if text.startswith("Top")]
    assert sorted(said) == [
        "Top 10\u00a0%: 41\u00a0%",
        "Top 1\u00a0%: 12\u00a0%",
        "Top 20\u00a0%: 60\u00a0%",
        "Top 5\u00a0%: 30\u00a0%",
    ]
    assert not any("Top" in text for text in words(charts.lorenz(curve().tail(1), "share", "value", **NO_TEXT)))


@pytest.mark.parametrize("width", [style.WIDTHS["half"], style.WIDTHS["phone"]])
@pytest.mark.parametrize("flat", [1.0, 0.1])
def test_the_labels_of_a_lorenz_curve_do_not_lie_on_one_another(width, flat):
    frame = curve().assign(value=lambda rows: rows["share"] + (rows["value"] - rows["share"]) * flat)
    figure = charts.lorenz(frame, "share", "value", width=width, **NO_TEXT)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text().startswith("Top")]
    for one, other in ((a, b) for i, a in enumerate(boxes) for b in boxes[:i]):
        assert not one.overlaps(other)


def test_a_histogram_draws_its_classes_equally_wide_and_withheld_ones_not_as_zero():
    figure = binned(spread())
    axes = figure.axes[0]
    solid = [bar for bar in axes.patches if not bar.get_hatch()]
    assert [bar.get_height() for bar in solid] == [50, 80, 60, 0, 0] and len({bar.get_width() for bar in solid}) == 1
    hatched = [bar for bar in axes.patches if bar.get_hatch()]
    assert [bar.get_x() + bar.get_width() / 2 for bar in hatched] == [3.5, 4.5]
    assert words(figure) == ["*", "<10"]
    ends = [label.get_text() for label in axes.get_xticklabels()]
    assert ends[0] == "¥0" and ends[1] in ("¥100", "¥200")


def test_median_and_mean_stand_where_they_belong_on_the_growing_scale():
    figure = binned(spread(), marks={"Median": 150.0, "Mean": 320.0})
    axes = figure.axes[0]
    places = sorted(float(line.get_xdata()[0]) for line in axes.lines if line.get_color() in (style.INK, style.ACCENT))
    # by logarithms: log(150/100)/log(2) of the second class, log(320/200)/log(2.5) of the third
    assert places == pytest.approx([1 + np.log(1.5) / np.log(2), 2 + np.log(1.6) / np.log(2.5)])
    assert {"Median ¥150", "Mean ¥320"} <= set(words(figure))
    assert len(binned(spread().head(1), marks={"Median": 50.0}).axes[0].lines) >= 1


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [style.WIDTHS["half"], style.WIDTHS["phone"]])
def test_the_same_figure_gives_the_same_bytes(language, width):
    look = {"title": "題 ①", "caption": "n = 1", "language": language, "width": width}
    makers = (
        lambda: tracked(months(), **look),
        lambda: calibrated(classes(), **look),
        lambda: charts.lorenz(curve(), "share", "value", **look),
        lambda: binned(spread(), marks={"a": 150.0}, **look),
    )
    for make in makers:
        assert charts.svg(make()) == charts.svg(make())


def test_what_comes_from_data_is_text_in_the_figure():
    evil = classes().assign(name="<script>alert(1)</script>")
    text = charts.svg(calibrated(evil))
    assert "<script" not in text and "&lt;script&gt;" in text
    colors = {to_hex(c.get_facecolor()[0]).upper() for c in calibrated(classes()).axes[0].collections[1:2]}
    assert colors == {style.ACCENT}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_changes_of_value_in_classes_withhold_small_groups(language):
    before = [100.0] * 30 + [100.0] * 4 + [100.0] * 40
    now = [100.0] * 30 + [20.0] * 4 + [130.0] * 40
    customers = pd.DataFrame({"customer_id": [f"c{i}" for i in range(74)], "cltv": now, "previous_cltv": before})
    result = SimpleNamespace(customers=customers, has_money=True)
    shown = Pictures(result, date(2026, 10, 31), language, k_min=10).change_classes()
    assert len(shown) <= 2 and i18n.word("cltv.change.halved", language) not in shown.iloc[:, 0].tolist()
    assert not shown.astype(str).apply(lambda column: column.str.contains("c[0-9]")).any().any()
