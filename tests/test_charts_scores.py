"""Figures of scores: right marks in the right places, names inside the figure and apart, the same bytes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from customerbase import charts, i18n
from customerbase.charts import style
from customerbase.charts.stability import STRIP
from customerbase.prediction import metrics

NO_TEXT = {"title": "", "caption": "", "language": "en"}
RANDOM = np.random.default_rng(0)
P = RANDOM.beta(1, 3, 4000)
Y = (RANDOM.random(4000) < P).astype(int)
TABLE = metrics.deciles(Y, P)
BEFORE = metrics.deciles(Y, np.clip(P * 1.4, 0, 1))


def spread() -> pd.DataFrame:
    counts, edges = np.histogram(P, 20, (0, 1))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "customers": counts})


def curve() -> pd.DataFrame:
    table = metrics.gains(Y, P)
    rule = metrics.gains(Y, P + np.random.default_rng(1).normal(0, 0.2, len(P)))["captured"]
    return table.assign(rule=rule, low=table["captured"] - 0.02, high=table["captured"] + 0.02)


def earned(best: float = 0.3) -> pd.DataFrame:
    share = np.linspace(0, 1, 101)
    made = 4e6 * (share - share**2 / (2 * best))
    return pd.DataFrame({"share": share, "profit": made, "p": made * 0.9, "low": made - 3e5, "high": made + 3e5})


def measured(count: int = 8) -> pd.DataFrame:
    auc = np.linspace(0.79, 0.81, count)
    frame = pd.DataFrame(
        {"month": pd.date_range("2026-03-01", periods=count, freq="MS"), "auc": auc, "rule": auc - 0.05}
    )
    for name in ("auc", "rule"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] - 0.01, frame[name] + 0.01
    return frame


def moved() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": ["Orders", "Days since last order", "Return rate"],
            "psi": [0.02, 0.31, 0.12],
            "bound": [0.03, 0.02, 0.16],
            "verdict": ["stable", "strong", "unclear"],
        }
    )


def banded() -> pd.DataFrame:
    return pd.DataFrame({"band": ["High", "Raised", "Usual", "Low"], "n": [10, 20, 30, 40], "v": [4.0, 3, 2, 1]})


def drawn(**look) -> dict:
    """Every figure of this family, fully dressed."""
    look = NO_TEXT | look
    ends = {"rule": "rule", "rule_low": "rule_low", "rule_high": "rule_high", "chance": 0.7}
    return {
        "reliability": charts.reliability(TABLE, before=BEFORE, scores=spread(), **look),
        "deciles": charts.deciles(TABLE, **look),
        "gains": charts.gains(curve(), rule="rule", low="low", high="high", best="best", **look),
        "profit": charts.profit(earned(), probability="p", low="low", high="high", **look),
        "snapshots": charts.snapshots(measured(), "month", "auc", "auc_low", "auc_high", **ends, **look),
        "drift": charts.drift(moved(), "feature", "psi", bound="bound", verdict="verdict", **look),
        "bands": charts.bands(banded(), "band", {"Customers": "n", "Value": "v"}, **look),
    }


def words(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def lines(axes, color: str) -> list:
    return [line for line in axes.lines if line.get_color() == color]


def test_reliability_puts_each_bin_where_it_belongs_and_the_scores_below():
    figure = charts.reliability(TABLE, before=BEFORE, scores=spread(), **NO_TEXT)
    axes, strip = figure.axes
    rows = TABLE.sort_values("predicted")
    [strong] = lines(axes, style.ACCENT)
    assert strong.get_xdata().tolist() == rows["predicted"].tolist()
    assert strong.get_ydata().tolist() == rows["actual"].tolist()
    ends = [tuple(segment[:, 1]) for segment in axes.collections[0].get_segments()]
    assert ends == list(zip(rows["low"], rows["high"], strict=True))
    diagonal = lines(axes, style.GREY)[0]
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) and axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlim() == strip.get_xlim() and axes.get_xlim()[0] == 0
    assert sum(bar.get_height() for bar in strip.patches) == len(P)
    assert {"Before", "After", "As predicted", "Customers"} <= set(words(figure))


def test_reliability_alone_has_one_plot_and_no_before():
    figure = charts.reliability(TABLE, **NO_TEXT)
    assert len(figure.axes) == 1 and words(figure) == ["As predicted"]


def test_deciles_are_bars_from_zero_with_lift_and_the_average():
    axes = charts.deciles(TABLE, **NO_TEXT).axes[0]
    assert [bar.get_width() for bar in axes.patches] == TABLE["actual"].tolist()
    assert [to_hex(bar.get_facecolor()).upper() for bar in axes.patches][:2] == [style.ACCENT, style.BAR_GREY]
    assert lines(axes, style.INK)[0].get_xdata()[0] == pytest.approx(Y.mean())
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "Top 10\u00a0%" and names[1] == "10–20\u00a0%" and names[-1] == "Last 10\u00a0%"
    first = i18n.number(TABLE["actual"][0], "rate", "en")
    assert axes.texts[0].get_text() == f"{first}  {TABLE['lift'][0]:.1f}×"


def test_gains_draw_model_rule_chance_and_the_labelled_top():
    figure = charts.gains(curve(), rule="rule", low="low", high="high", best="best", tops=(0.2,), **NO_TEXT)
    axes, table = figure.axes[0], curve()
    model = max(lines(axes, style.ACCENT), key=lambda line: len(line.get_xdata()))
    [rule] = lines(axes, style.AGAINST)
    assert (
        model.get_ydata().tolist() == table["captured"].tolist() and rule.get_ydata().tolist() == table["rule"].tolist()
    )
    assert model.get_linestyle() == "-" != rule.get_linestyle()  # told apart without colour
    share = i18n.number(table["captured"][20], "rate", "en").replace(".0", "")
    assert {"Model", "Simple rule", "At random", "With foresight", f"Top 20\u00a0%: {share}"} == set(words(figure))


def test_profit_marks_the_best_cut_off_and_says_when_there_is_none():
    figure = charts.profit(earned(0.3), probability="p", **NO_TEXT)
    assert "By expected profit\nBest at 30\u00a0%: ¥600K" in words(figure)
    dot = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (pytest.approx(0.3), pytest.approx(6e5))
    loss = charts.profit(earned().assign(profit=lambda rows: -rows["share"] * 1e6), **NO_TEXT)
    assert "Nobody is worth contacting" in words(loss) and not any("Best" in text for text in words(loss))


def test_snapshots_tell_model_and_rule_apart_by_mark_and_name():
    ends = {"rule": "rule", "rule_low": "rule_low", "rule_high": "rule_high"}
    figure = charts.snapshots(measured(), "month", "auc", "auc_low", "auc_high", **ends, **NO_TEXT)
    axes, table = figure.axes[0], measured()
    [model], [rule] = lines(axes, style.ACCENT), lines(axes, style.AGAINST)
    assert model.get_ydata().tolist() == table["auc"].tolist() and rule.get_ydata().tolist() == table["rule"].tolist()
    assert (model.get_marker(), rule.get_marker()) == ("o", "D")
    spans = [tuple(segment[:, 1]) for segment in axes.collections[0].get_segments()]
    assert spans == list(zip(table["auc_low"], table["auc_high"], strict=True))
    assert words(figure) == ["Model\n0.81", "Simple rule\n0.76"]
    close = charts.snapshots(
        measured().assign(rule=measured()["auc"] - 0.0005),
        "month",
        "auc",
        "auc_low",
        "auc_high",
        rule="rule",
        **NO_TEXT,
    )
    close.canvas.draw()
    first, second = (text.get_window_extent() for text in close.axes[0].texts)
    assert not first.overlaps(second)


def test_drift_accents_what_changed_and_not_what_chance_explains():
    axes = charts.drift(moved(), "feature", "psi", bound="bound", verdict="verdict", **NO_TEXT).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.31, 0.12, 0.02]
    colors = [to_hex(bar.get_facecolor()).upper() for bar in axes.patches]
    assert colors == [style.ACCENT, style.BAR_GREY, style.BAR_GREY]
    assert [line.get_xdata()[0] for line in lines(axes, style.INK)] == [0.1, 0.25]
    assert [line.get_xdata()[0] for line in lines(axes, style.AGAINST)][:3] == [0.02, 0.16, 0.03]
    plain = charts.drift(moved(), "feature", "psi", most=2, **NO_TEXT).axes[0]
    assert [to_hex(bar.get_facecolor()).upper() for bar in plain.patches] == [style.ACCENT] * 2


def test_strips_are_cut_in_proportion_and_begin_with_the_riskiest():
    axes = charts.bands(banded(), "band", {"Customers": "n", "Value": "v"}, **NO_TEXT).axes[0]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1])
    assert to_hex(axes.patches[0].get_facecolor()).upper() == STRIP[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["High", "Raised", "Usual", "Low"]
    assert axes.texts[0].get_text() == "Customers" and axes.texts[1].get_text() == "10\u00a0%"


@pytest.mark.parametrize("width", [style.WIDTHS["half"], style.WIDTHS["phone"]])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_word_stands_inside_its_figure_and_no_name_lies_on_another(language, width):
    for name, figure in drawn(language=language, width=width).items():
        figure.canvas.draw()
        boxes = [(text, text.get_window_extent()) for axes in figure.axes for text in axes.texts if text.get_text()]
        for text, box in boxes:
            assert box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1, (name, text.get_text())
            assert box.y1 <= figure.bbox.y1 + 1, (name, text.get_text())
        for place, (one, first) in enumerate(boxes):
            for other, second in boxes[:place]:
                assert not first.overlaps(second), (name, one.get_text(), other.get_text())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_same_figure_gives_the_same_bytes_and_data_is_text(language):
    first, second = (drawn(language=language, title="題 ①", caption="n = 1") for _ in range(2))
    for name in first:
        assert charts.svg(first[name]) == charts.svg(second[name]), name
    evil = charts.svg(
        charts.drift(moved().assign(feature="<script>alert(1)</script>"), "feature", "psi", **NO_TEXT, width=9)
    )
    assert "<script" not in evil and "&lt;script&gt;" in evil


def test_nothing_to_draw_is_an_empty_figure_and_no_exception():
    empty = metrics.deciles([], [])
    charts.png(charts.reliability(empty, before=empty, scores=spread().head(0), **NO_TEXT))
    charts.png(charts.deciles(empty, **NO_TEXT))
    charts.png(charts.gains(metrics.gains([0, 0], [0.1, 0.2]), best="best", **NO_TEXT))
    charts.png(charts.profit(earned().head(0), **NO_TEXT))
    charts.png(charts.profit(earned().head(1), probability="p", **NO_TEXT))
    charts.png(charts.snapshots(measured().head(0), "month", "auc", "auc_low", "auc_high", rule="rule", **NO_TEXT))
    charts.png(charts.drift(moved().head(0), "feature", "psi", bound="bound", **NO_TEXT))
    charts.png(charts.bands(banded().head(0), "band", {"Customers": "n"}, **NO_TEXT))
