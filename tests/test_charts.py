"""Figures: right data, right colours, readable, escaped, the same bytes every time."""

import io
import itertools
import re
from datetime import date
from xml.etree import ElementTree

import matplotlib.image as images
import numpy as np
import pandas as pd
import pytest

from customerbase import charts, kpi, segments
from customerbase.charts import style

AS_OF = date(2026, 10, 31)
NO_TEXT = {"title": "", "caption": "", "language": "ja"}


def sizes() -> pd.DataFrame:
    return pd.DataFrame({"segment": segments.codes(), "customers": range(10, 110, 10)})


def by_month(count: int = 14) -> pd.DataFrame:
    months = pd.date_range("2025-09-01", periods=count, freq="MS")
    return pd.DataFrame(
        {"month": months, "revenue": np.linspace(9e6, 12e6, count), "before": np.linspace(8e6, 11e6, count)}
    )


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: str, other: str = "#FFFFFF") -> float:
    light, dark = sorted((luminance(color), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    "color", [style.INK, style.GREY, style.BAR_GREY, style.ACCENT, style.AGAINST, *style.SEGMENT_COLORS.values()]
)
def test_every_colour_that_means_something_stands_out_from_white(color):
    assert contrast(color) >= 4.5


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.01)


def test_every_segment_has_one_colour_of_its_own():
    assert set(segments.codes()) <= set(style.SEGMENT_COLORS)
    own = [style.SEGMENT_COLORS[code] for code in segments.codes()]
    assert len(set(own)) == len(own)


# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def lab(color: str, eye: np.ndarray) -> np.ndarray:
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    seen = np.clip(eye @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ seen
        / [0.9505, 1, 1.089]
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", BLINDNESS)
def test_segments_can_be_told_apart_by_colour_blind_eyes(eye):
    seen = {code: lab(style.SEGMENT_COLORS[code], BLINDNESS[eye]) for code in segments.codes()}
    nearest = min(np.linalg.norm(seen[a] - seen[b]) for a, b in itertools.combinations(seen, 2))
    assert nearest >= 12


def test_heat_map_text_is_readable_on_every_shade():
    matrix = pd.DataFrame([np.linspace(0, 1, 21)], index=["a"], columns=range(21))
    figure = charts.heatmap(matrix, fmt="{:.1f}", **NO_TEXT)
    figure.canvas.draw()
    colors = figure.axes[0].collections[0].get_facecolors()
    texts = [text.get_color() for text in figure.axes[0].texts]
    to_hex = {"black": "#000000", "white": "#FFFFFF"}
    ratios = [
        contrast("#" + "".join(f"{round(part * 255):02x}" for part in color[:3]), to_hex[text])
        for color, text in zip(colors, texts, strict=True)
    ]
    assert min(ratios) >= 4.5


def test_bars_start_at_zero_are_sorted_and_carry_their_numbers():
    axes = charts.bars(sizes(), "customers", "segment", fmt="people", **NO_TEXT).axes[0]
    widths = [patch.get_width() for patch in axes.patches]
    assert widths == sorted(widths, reverse=True) and all(patch.get_x() == 0 for patch in axes.patches)
    assert [text.get_text() for text in axes.texts][:2] == ["100人", "90人"]
    assert axes.get_yticklabels()[0].get_text() == segments.name(segments.codes()[-1], "ja")


def test_bars_keep_the_segments_colours_and_stress_one_where_asked():
    from matplotlib.colors import to_hex

    plain = charts.bars(sizes(), "customers", "segment", **NO_TEXT).axes[0]
    assert to_hex(plain.patches[0].get_facecolor()).upper() == style.SEGMENT_COLORS[segments.codes()[-1]]
    stressed = charts.bars(sizes(), "customers", "segment", accent="loyal", **NO_TEXT).axes[0]
    assert sorted({to_hex(patch.get_facecolor()).upper() for patch in stressed.patches}) == sorted(
        [style.ACCENT, style.BAR_GREY]
    )


def test_negative_bars_point_to_the_left_of_zero_and_stay_inside():
    frame = pd.DataFrame({"part": ["a", "b"], "contribution": [-500.0, 200.0]})
    axes = charts.bars(frame, "contribution", "part", fmt="money", **NO_TEXT).axes[0]
    assert axes.get_xlim()[0] < -500 and axes.get_xlim()[1] > 200


def test_the_line_shows_its_values_last_year_in_grey_and_starts_at_zero():
    axes = charts.line(by_month(), "month", "revenue", last_year="before", fmt="money", zero=True, **NO_TEXT).axes[0]
    lines = {line.get_color(): line.get_ydata() for line in axes.lines if len(line.get_ydata()) > 1}
    assert lines[style.ACCENT][-1] == 12e6 and lines[style.GREY][0] == 8e6
    assert axes.get_ylim()[0] == 0
    assert {"1,200万円", "前年"} <= {text.get_text() for text in axes.texts}


def test_a_year_without_data_draws_no_second_line():
    frame = by_month().assign(before=np.nan)
    axes = charts.line(frame, "month", "revenue", last_year="before", **NO_TEXT).axes[0]
    assert all(line.get_color() != style.GREY for line in axes.lines)


def test_empty_cells_of_a_heat_map_read_blank():
    matrix = pd.DataFrame([[0.5, np.nan]], index=["2026-09"], columns=[1, 2])
    axes = charts.heatmap(matrix, fmt="rate", blank="<10", **NO_TEXT).axes[0]
    assert [text.get_text() for text in axes.texts] == ["50.0%", "<10"]


def test_dots_draw_their_intervals():
    frame = pd.DataFrame({"group": ["a", "b"], "rate": [0.2, 0.3], "low": [0.1, 0.25], "high": [0.3, 0.35]})
    axes = charts.dots(frame, "group", "rate", "low", "high", fmt="rate", **NO_TEXT).axes[0]
    ends = sorted(tuple(segment[:, 0]) for segment in axes.collections[0].get_segments())
    assert ends == [(0.1, 0.3), (0.25, 0.35)]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_same_figure_gives_the_same_bytes(language):
    options = {"title": "売上 ①㈱髙﨑", "caption": "n = 1", "language": language}
    twice = [charts.line(by_month(), "month", "revenue", low="before", high="revenue", **options) for _ in range(2)]
    assert charts.svg(twice[0]) == charts.svg(twice[1])
    assert charts.png(twice[0]) == charts.png(twice[1])
    assert charts.svg(twice[0]) == charts.svg(twice[0])


def test_a_figure_is_drawn_once_to_be_written(monkeypatch):
    drawn, draw = [], charts.Figure.draw
    monkeypatch.setattr(charts.Figure, "draw", lambda self, renderer: (drawn.append(renderer), draw(self, renderer))[1])
    figure = charts.bars(sizes(), "customers", "segment", **NO_TEXT)
    charts.svg(figure)
    assert len(drawn) == 1
    low, high = figure.axes[0].get_position().get_points()  # it was laid out all the same: names stand within the edge
    assert 0.1 < low[0] < 0.4 and high[0] > 0.9


def test_a_figure_with_nothing_in_it_can_be_written():
    assert charts.svg(charts.Figure(figsize=(2, 1), layout="constrained")).startswith("<svg")


def test_svg_is_well_formed_small_text_and_harmless():
    frame = pd.DataFrame({"shop": ["<script>alert(1)</script>", "A & B", "$x$"], "customers": [3, 2, 1]})
    text = charts.svg(charts.bars(frame, "customers", "shop", title="<b>", caption="", language="en", width=8))
    root = ElementTree.fromstring(text)
    words = "".join(root.itertext())
    assert root.tag.endswith("svg") and "viewBox" in root.attrib and "width" not in root.attrib
    assert "<script>alert(1)</script>" in words and "A & B" in words and "$x$" in words
    assert "<script" not in text and len(text) < 20_000
    assert "BIZ UDPGothic" in text and "metadata" not in text


def test_two_figures_on_one_page_share_no_id():
    first, second = (charts.svg(charts.line(by_month(count), "month", "revenue", **NO_TEXT)) for count in (12, 13))
    ids = [set(re.findall(r'\sid="([^"]+)"', text)) for text in (first, second)]
    assert not ids[0] & ids[1]
    for text, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r'url\(#([^")]+)\)', text)) | set(re.findall(r'href="#([^"]+)"', text)) <= own


def test_the_font_is_the_houses_own_with_a_real_bold():
    from matplotlib import font_manager

    charts.setup()
    files = {
        font_manager.findfont(font_manager.FontProperties(family=charts.FONT_FAMILY, weight=weight))
        for weight in (400, 700)
    }
    assert {file.rsplit("/", 1)[-1] for file in files} == {"BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf"}


def test_small_print_keeps_what_lies_below_the_line():
    """Names of tables and files in captions have a _: hinting moved it out of the picture."""
    figure = charts.bars(sizes(), "segment", "customers", title="", caption="_" * 20, language="en")
    foot = images.imread(io.BytesIO(charts.png(figure)))[-20:, :, :3]
    assert (foot < 0.9).any()


def test_a_caption_has_the_one_form_and_leads_to_the_line_of_the_function():
    text = charts.caption(kpi.repeat_rate, "kpi", AS_OF, 1234, "en", 0.95)
    definition, n, interval, when, origin = text.split(" · ")
    assert definition == kpi.KPIS["repeat_rate"].definition_en.rstrip(".")
    assert (n, interval, when) == ("n\u00a0=\u00a01,234", "95\u00a0% interval", "as of 31 Oct 2026")
    path, line = re.fullmatch(r"kpi, (customerbase/kpi/\w+\.py):(\d+)", origin).groups()
    source = (style.FONTS.parent.parent / path).read_text(encoding="utf-8").splitlines()
    assert source[int(line) - 1].startswith("def repeat_rate")


def test_japanese_captions_use_the_japanese_definition_and_leave_out_what_is_unknown():
    text = charts.caption(kpi.repeat_rate, "kpi", AS_OF, None, "ja")
    assert text.startswith(kpi.KPIS["repeat_rate"].definition_ja.rstrip("。"))
    assert "2026年10月31日時点" in text and "n" + "\u00a0" not in text and "区間" not in text


def test_a_definition_of_whole_sentences_does_not_end_before_a_dot():
    text = charts.caption(None, "kpi", AS_OF, None, "ja", 0.95, definition="前の月との変化です。効果とは限りません。")
    assert text == "前の月との変化です。効果とは限りません · 区間 95% · 2026年10月31日時点 · kpi"


def test_long_titles_are_wrapped_within_the_figure():
    assert style.wrap("あ" * 25, 10) == ["あ" * 10, "あ" * 10, "あ" * 5]
    assert style.wrap("one two three", 5) == ["one two", "three"]
    assert style.wrap("", 5) == []


def test_notebooks_can_show_a_figure_without_pyplot():
    figure = charts.bars(sizes(), "customers", "segment", **NO_TEXT)
    assert figure._repr_png_().startswith(b"\x89PNG")
