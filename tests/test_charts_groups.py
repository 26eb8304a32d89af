"""Pictures of the groups: effects where they belong, values beside what is clear, the chosen number marked, both languages."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from group_bases import buyers, engine, kinds
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

from customerbase import charts, i18n
from customerbase.charts import style
from customerbase.charts.groups import Pictures, panels_of
from customerbase.segments import clusters

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def result() -> clusters.Result:
    columns, _ = kinds(1, {"web": 200, "shop": 300, "bargain": 150})
    return clusters.group(engine(columns), as_of=AS_OF, options=clusters.Options(bootstraps=4, draws=4))


def shown(figure) -> list:
    return [axes for axes in figure.axes if axes.get_visible()]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_panel_a_group_with_its_effects_and_intervals(result, language):
    figure = Pictures(result, AS_OF, language).cards()
    panels, features = panels_of(result.summary, result.cards, 10, language, "JPY")
    assert len(shown(figure)) == 3 == len(panels)
    for axes, (name, rows) in zip(shown(figure), panels, strict=True):
        assert axes.get_title(loc="left").replace("\n", " ").replace(" ", "") == name.replace(" ", "")
        known = rows.dropna(subset=["effect"])
        drawn = [tuple(np.asarray(dot.get_offsets())[0]) for dot in axes.collections if len(dot.get_offsets()) == 1]
        dots = {round(float(y)): float(x) for x, y in drawn if (x, y) != (0, 0)}
        places = list(features)
        assert all(dots[places.index(row.feature)] == pytest.approx(row.effect) for row in known.itertuples())
        labelled = {text.get_text() for text in axes.texts}
        large = known[(known["size"] != "none") & (known["effect"].abs() >= 0.33)]
        assert labelled == set(large["said"])


def test_direction_is_told_by_side_and_colour_and_what_is_unclear_is_pale(result):
    rows = pd.DataFrame(
        [
            ("online_share", 0.6, 0.5, 0.7, "large"),
            ("median_gap", -0.6, -0.7, -0.5, "large"),
            ("spend_365", 0.1, -0.1, 0.3, "none"),
        ],
        columns=["feature", "effect", "low", "high", "size"],
    ).assign(said="x")
    names = dict.fromkeys(rows["feature"], "n")
    figure = charts.group_cards([("g", rows)], names, title="t", caption="c", language="en")
    [axes] = shown(figure)
    dots = [dot for dot in axes.collections if isinstance(dot, PathCollection)]
    colours = [to_hex(dot.get_facecolor()[0]).upper() for dot in dots]
    assert colours == [style.ACCENT, style.AGAINST, style.GREY]
    assert len(axes.texts) == 2


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [9.0, 3.7])
def test_separation_and_stability_by_number(result, language, width):
    figure = charts.group_numbers(result.choice, title="t", caption="c", language=language, width=width)
    plain = result.choice[result.choice["algorithm"] == "kmeans"].sort_values("k")
    left, right = shown(figure)
    lines = [list(line.get_ydata()) for line in left.lines]
    assert plain["silhouette"].tolist() in lines and plain["continuum_silhouette"].tolist() in lines
    assert plain["ari_mean"].tolist() in [list(line.get_ydata()) for line in right.lines]
    for axes in (left, right):
        assert [3, 3] in [list(line.get_xdata()) for line in axes.lines]  # the chosen number
    assert i18n.sentence("groups.chart.chosen", language, k=3) in [text.get_text() for text in left.texts]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_titles_are_findings_and_captions_name_their_origin(result, language):
    look = Pictures(result, AS_OF, language)
    for figure, table in ((look.cards(), "group_cards"), (look.numbers(), "group_choice")):
        title, caption = (text.get_text().replace("\n", " ") for text in figure.texts[:2])
        assert len(title) > 10 and table in caption and "650" in caption and "clusters/" in caption


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_month_without_groups_says_so_in_place_of_pictures(language):
    few = clusters.group(engine({name: values[:40] for name, values in buyers(1, 50).items()}), as_of=AS_OF)
    look = Pictures(few, AS_OF, language)
    assert look.cards() == look.numbers() == i18n.word("groups.none", language)
    assert look.structure()[0] == i18n.word("groups.none", language) and len(look.structure()) == 2
    assert not len(look.table()) and not len(look.card_table()) and look.rules() == look.months() == []
    assert not len(look.criteria()) and look.mix("segment").empty and look.mix_title("segment")


def test_the_same_month_gives_the_same_bytes(result):
    one, other = (charts.svg(Pictures(result, AS_OF, "ja").cards()) for _ in range(2))
    assert one == other
