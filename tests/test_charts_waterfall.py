"""The waterfall: every bar begins where the one before ended, the last is the sum, signs by colour, labels as given."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from customerbase import charts
from customerbase.charts import style

NO_TEXT = {"title": "", "caption": "", "language": "ja", "total": "合計"}
FRAME = pd.DataFrame(
    {"step": ["出発点", "名: 同じ", "生年月日: 異なる", "メール: 同じ"], "bits": [-9.5, 12.0, -4.25, 8.5]}
)


def drawn(frame: pd.DataFrame = FRAME, **options):
    figure = charts.waterfall(frame, "step", "bits", **NO_TEXT | options)
    figure.canvas.draw()
    return figure.axes[0]


def spans(axes) -> list[tuple[float, float]]:
    """Where each bar begins and where it ends, from top to bottom."""
    bars = sorted(axes.patches, key=lambda bar: bar.get_y())
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]


def test_bars_add_up_and_the_total_is_their_sum():
    assert spans(drawn()) == [(0, -9.5), (-9.5, 2.5), (2.5, -1.75), (-1.75, 6.75), (0, 6.75)]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-40, 40).map(lambda quarter: quarter / 4), min_size=1, max_size=8))
def test_any_steps_add_up(steps):
    frame = pd.DataFrame({"step": [f"s{at}" for at in range(len(steps))], "bits": steps})
    *bars, total = spans(drawn(frame))
    assert [start for start, _ in bars] == [sum(steps[:at]) for at in range(len(steps))]
    assert [end for _, end in bars] == [sum(steps[: at + 1]) for at in range(len(steps))]
    assert total == (0, sum(steps))


def test_steps_read_from_top_to_bottom_and_the_total_comes_last_by_its_name():
    axes = drawn()
    assert [label.get_text() for label in axes.get_yticklabels()] == [*FRAME["step"], "合計"]
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first step stands highest


def test_for_against_and_total_have_colours_of_their_own():
    bars = sorted(drawn().patches, key=lambda bar: bar.get_y())
    colors = [to_hex(bar.get_facecolor()).upper() for bar in bars]
    assert colors == [style.AGAINST, style.ACCENT, style.AGAINST, style.ACCENT, style.INK]


@pytest.mark.parametrize(("language", "total"), [("ja", "合計"), ("en", "match weight")])
def test_numbers_behind_the_bars_and_words_in_both_languages(language, total):
    axes = drawn(language=language, total=total, fmt="{:+.1f}")
    assert [text.get_text() for text in axes.texts] == ["-9.5", "+12.0", "-4.2", "+8.5", "+6.8"]
    ends = [max(span) for span in spans(axes)]
    assert [text.xy[0] for text in axes.texts] == ends  # behind the longer end, so never on a bar
    assert axes.get_yticklabels()[-1].get_text() == total


def test_labels_are_shown_as_they_are_and_cannot_become_markup():
    hostile = "<script>$x^2$</script>"
    frame = FRAME.assign(step=[hostile, "a & b", "c_d", "100%"])
    assert drawn(frame).get_yticklabels()[0].get_text() == hostile
    page = charts.svg(charts.waterfall(frame, "step", "bits", **NO_TEXT))
    assert "<script" not in page


def test_no_steps_leave_a_total_of_nothing():
    axes = drawn(FRAME.head(0))
    assert spans(axes) == [(0, 0)] and axes.get_yticklabels()[0].get_text() == "合計"


def test_the_same_bytes_every_time():
    once, again = (charts.svg(charts.waterfall(FRAME, "step", "bits", **NO_TEXT)) for _ in range(2))
    assert once == again and once.startswith("<svg")
