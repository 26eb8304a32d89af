"""The gain curve: right lines, the capacity marked, names that fit, both languages."""

import itertools

import numpy as np
import pandas as pd
import pytest

from customerbase import charts
from customerbase.charts import style

NAMES = {"list": "Priority list", "rfm": "RFM"}


def curve() -> pd.DataFrame:
    share = np.linspace(0, 1, 101)
    return pd.DataFrame({"share": share, "list": 1 - (1 - share) ** 4, "rfm": 1 - (1 - share) ** 2})


def drawn(language: str = "en", **options):
    return charts.priorities(curve(), NAMES, title="t", caption="c", language=language, **options)


def test_the_list_has_the_accent_chance_is_a_thin_diagonal():
    axes = drawn(capacity=0.1).axes[0]
    lines = {line.get_color(): line for line in axes.lines if len(line.get_xdata()) > 2}
    assert np.allclose(lines[style.ACCENT].get_ydata(), curve()["list"])
    assert np.allclose(lines[style.AGAINST].get_ydata(), curve()["rfm"])
    [diagonal] = [line for line in axes.lines if line.get_color() == style.GREY and len(line.get_xdata()) == 2]
    assert np.array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert diagonal.get_linewidth() < lines[style.ACCENT].get_linewidth()


@pytest.mark.parametrize(("language", "words"), [("en", "Capacity: 10\u00a0%"), ("ja", "対応できる人数：10%")])
def test_the_capacity_is_marked_and_what_each_reaches_there_is_read(language, words):
    axes = drawn(language, capacity=0.1).axes[0]
    assert [0.1, 0.1] in [list(line.get_xdata()) for line in axes.lines]
    texts = [text.get_text() for text in axes.texts]
    assert words in texts
    assert any(text.startswith("Priority list 34.4") for text in texts)
    assert any(text.startswith("RFM 19") for text in texts)


def test_the_interval_is_drawn_where_the_list_is_read():
    axes = drawn(capacity=0.1, interval=(0.3, 0.4)).axes[0]
    ends = [segment.tolist() for one in axes.collections for segment in one.get_segments()]
    assert ends == [[[0.1, 0.3], [0.1, 0.4]]]


def test_without_a_capacity_lines_are_named_without_numbers():
    texts = [text.get_text() for text in drawn().axes[0].texts]
    assert texts == ["Priority list", "RFM", "At random"]


@pytest.mark.parametrize("width", list(style.WIDTHS.values()))
@pytest.mark.parametrize("capacity", [None, 0.01, 0.1, 0.5, 0.95])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_labels_stay_apart_and_inside(width, capacity, language):
    figure = drawn(language, capacity=capacity, width=width)
    figure.draw_without_rendering()
    whole = figure.bbox
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert all(box.x0 >= whole.x0 and box.x1 <= whole.x1 and box.y1 <= whole.y1 for box in boxes)
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]


def test_the_same_curve_gives_the_same_bytes():
    assert charts.png(drawn(capacity=0.2)) == charts.png(drawn(capacity=0.2))
