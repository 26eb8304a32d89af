"""The alluvial picture: heights are customers, ribbons end where their segments stand, and nothing withheld is drawn."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import PathPatch, Rectangle

from customerbase import charts, segments
from customerbase.charts import style
from customerbase.charts.alluvial import MOVED, STAYED

CODES = ["champions", "loyal", "at_risk", "lost"]
COUNTS = pd.DataFrame(
    [[60, 30, 0, 0], [20, 100, 15, 25], [0, 0, 40, 10], [0, 12, 0, 80], [11, 30, 0, 0]],
    index=[*CODES, segments.ABSENT_BEFORE], columns=CODES,
)  # fmt: skip


def drawn(counts: pd.DataFrame = COUNTS, **options):
    look = {"heads": ("9月末", "10月末"), "title": "", "caption": "", "language": "ja"} | options
    figure = charts.alluvial(counts, **look)
    figure.canvas.draw()
    return figure.axes[0]


def ribbons(axes) -> dict[str, PathPatch]:
    return {patch.get_gid(): patch for patch in axes.patches if isinstance(patch, PathPatch)}


def nodes(axes) -> tuple[list[Rectangle], list[Rectangle]]:
    found = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [one for one in found if one.get_x() < 0.5], [one for one in found if one.get_x() > 0.5]


def thickness(patch: PathPatch) -> float:
    heights = patch.get_path().vertices[:, 1]
    return float(heights[7] - heights[0])


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 90), min_size=4, max_size=4), min_size=4, max_size=4).filter(
        lambda m: np.sum(m) > 0
    )
)
def test_heights_and_thicknesses_are_shares_of_all_customers(matrix):
    counts = pd.DataFrame(matrix, index=CODES, columns=CODES)
    axes, whole = drawn(counts), counts.to_numpy().sum()
    for side, sums in zip(nodes(axes), (counts.sum(axis=1), counts.sum(axis=0)), strict=True):
        assert [one.get_height() for one in side] == pytest.approx([max(n / whole, 0.002) for n in sums])
    found = ribbons(axes)
    pairs = {f"{a}-{b}": counts.loc[a, b] for a in CODES for b in CODES if counts.loc[a, b]}
    assert set(found) == set(pairs)
    assert [thickness(found[pair]) for pair in pairs] == pytest.approx([n / whole for n in pairs.values()])


def test_ribbons_begin_and_end_within_their_segments():
    axes = drawn()
    left, right = (
        dict(zip(names, side, strict=True))
        for names, side in zip((COUNTS.index, COUNTS.columns), nodes(axes), strict=True)
    )
    for pair, patch in ribbons(axes).items():
        origin, target = pair.split("-")
        points = patch.get_path().vertices
        for node, (top, bottom) in (
            (left[origin], (points[0, 1], points[7, 1])),
            (right[target], (points[3, 1], points[4, 1])),
        ):
            assert node.get_y() - 1e-9 <= top and bottom <= node.get_y() + node.get_height() + 1e-9


def test_stayers_are_light_movers_dark_and_the_finding_carries_the_accent_on_top():
    axes = drawn(accent=[("loyal", "lost")])
    colors = {pair: to_hex(patch.get_facecolor()).upper() for pair, patch in ribbons(axes).items()}
    assert colors["loyal-loyal"] == STAYED and colors["loyal-at_risk"] == MOVED and colors["loyal-lost"] == style.ACCENT
    assert list(ribbons(axes))[-1] == "loyal-lost"
    gray = [np.dot([0.299, 0.587, 0.114], to_rgb(color)) for color in (style.ACCENT, MOVED, STAYED)]
    assert np.diff(gray).min() > 0.15  # told apart in grey print
    left, _ = nodes(axes)
    assert [to_hex(one.get_facecolor()).upper() for one in left[:4]] == [style.SEGMENT_COLORS[code] for code in CODES]


def test_names_and_numbers_stand_beside_the_segments_in_both_languages():
    held = words(drawn())
    assert {"優良顧客 90", "ロイヤル顧客 160", "まだ未購入 41", "離脱顧客 115", "9月末", "10月末"} <= set(held)
    assert {"Not yet a customer 41", "Lost 92", "Lost 115"} <= set(words(drawn(language="en")))
    narrow = words(drawn(width=style.WIDTHS["phone"]))
    assert "優良顧客 90" in narrow and "91" in narrow and "優良顧客 91" not in narrow  # the right side: numbers alone


def test_withheld_movements_are_not_drawn_and_small_segments_have_no_height_of_their_own():
    hidden = COUNTS < 13
    small = ({"champions", "lost"}, {"at_risk"})
    axes = drawn(hidden=hidden, small=small, least=100)
    assert set(ribbons(axes)) == {f"{a}-{b}" for a in COUNTS.index for b in CODES if not hidden.loc[a, b]}
    left, _ = nodes(axes)
    rest = (90 + 92 - 60 - 30 - 80) / 2  # what is not drawn of the two, in equal parts
    assert left[0].get_height() * 433 == pytest.approx(90 + rest) and left[3].get_height() * 433 == pytest.approx(
        80 + rest
    )
    assert {"優良顧客 –", "離脱顧客 –"} & set(words(axes)) or {"優良顧客 <100", "離脱顧客 <100"} <= set(words(axes))
    assert "55" not in " ".join(words(axes))


@pytest.mark.parametrize("width", style.WIDTHS.values())
@pytest.mark.parametrize("language", ["ja", "en"])
def test_labels_do_not_touch_and_stay_on_the_page(width, language):
    tiny = pd.DataFrame(1, index=segments.codes(), columns=segments.codes())
    tiny.iloc[-1, -1] = 5000
    axes = drawn(tiny, width=width, language=language)
    figure, pen = axes.figure, axes.figure.canvas.get_renderer()
    for side in ("right", "left"):
        boxes = [text.get_window_extent(pen) for text in axes.texts if text.get_ha() == side]
        boxes.sort(key=lambda box: -box.y1)
        assert all(upper.y0 >= lower.y1 - 1.5 for upper, lower in pairwise(boxes))
        assert min(box.x0 for box in boxes) >= -1 and max(box.x1 for box in boxes) <= figure.bbox.width + 1
        assert min(box.y0 for box in boxes) >= -1


def test_the_same_figure_gives_the_same_bytes_and_text_stays_text():
    make = lambda: charts.alluvial(COUNTS, heads=("a", "b"), title="題", caption="定義", language="ja")  # noqa: E731
    assert charts.svg(make()) == charts.svg(make()) and charts.png(make()) == charts.png(make())
    assert "ロイヤル顧客 160" in charts.svg(make())


def test_nobody_gives_an_empty_picture():
    drawn(pd.DataFrame(0, index=CODES[:1], columns=CODES[:1]))
