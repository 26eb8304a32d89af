"""The overlap chart: largest first, a dot for every group of a combination, readable numbers, the same bytes."""

import pandas as pd
from matplotlib.colors import to_hex

from customerbase import charts
from customerbase.charts import style

NO_TEXT = {"title": "", "caption": "", "language": "ja"}
FRAME = pd.DataFrame(
    {"systems": ["web", "pos;web", "app;pos;web", "pos"], "customers": [300, 40, 12, 900]},
)


def drawn(frame: pd.DataFrame = FRAME, **options):
    figure = charts.upset(frame, "systems", "customers", fmt="people", **NO_TEXT | options)
    figure.canvas.draw()
    return figure.axes[0]


def inside(axes, row: int) -> set[float]:
    """Where the dark dots of a row stand."""
    dark = [c for c in axes.collections if to_hex(c.get_facecolor()[0]).upper() == style.INK]
    return {round(float(x), 6) for c in dark for x, y in c.get_offsets() if y == row}


def test_bars_from_zero_the_largest_first_with_their_numbers():
    axes = drawn()
    assert [bar.get_width() for bar in axes.patches] == [900, 300, 40, 12]
    assert {bar.get_x() for bar in axes.patches} == {0}
    assert [text.get_text() for text in axes.texts][:4] == ["900人", "300人", "40人", "12人"]


def test_dots_say_which_groups_and_stand_left_of_the_bars():
    axes = drawn()
    app, pos, web = sorted(inside(axes, 3))
    assert web < 0 and inside(axes, 0) == {pos} and inside(axes, 1) == {web} and inside(axes, 2) == {pos, web}
    assert app < pos < web  # by name
    lines = {tuple(round(float(x), 6) for x in line.get_xdata()) for line in axes.lines}
    assert lines == {(pos, web), (app, web)}


def test_several_groups_carry_the_accent():
    colors = [to_hex(bar.get_facecolor()).upper() for bar in drawn().patches]
    assert colors == [style.BAR_GREY, style.BAR_GREY, style.ACCENT, style.ACCENT]


def test_sizes_name_and_order_the_groups_and_unknown_ones_are_left_out():
    axes = drawn(sizes={"web": 352, "pos": None, "app": 12})
    heads = [text.get_text() for text in axes.texts][4:]
    assert [head.split()[0] for head in heads] == ["web", "pos", "app"]
    assert "352人" in heads[0] and heads[1] == "pos"


def test_many_combinations_are_cut_and_none_is_fine():
    many = pd.DataFrame({"systems": [f"s{n:02d}" for n in range(30)], "customers": range(10, 40)})
    assert len(drawn(many).patches) == 12
    assert len(drawn(FRAME.head(0)).patches) == 0


def test_text_stays_inside_the_picture_on_every_width():
    long = FRAME.assign(
        systems=["ネットショップ", "店舗POS;ネットショップ", "アプリ;店舗POS;ネットショップ", "店舗POS"]
    )
    for width in style.WIDTHS.values():
        figure = charts.upset(long, "systems", "customers", title="題", caption="注", language="ja", width=width)
        figure.canvas.draw()
        box = figure.bbox
        for text in figure.axes[0].texts:
            extent = text.get_window_extent()
            assert extent.x0 >= box.x0 - 1 and extent.x1 <= box.x1 + 1 and extent.y1 <= box.y1 + 1, text.get_text()


def test_the_same_bytes_every_time():
    once, again = (charts.svg(charts.upset(FRAME, "systems", "customers", **NO_TEXT)) for _ in range(2))
    assert once == again and once.startswith("<svg")
