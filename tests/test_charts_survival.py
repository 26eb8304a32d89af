"""Pictures of survival and of silences: marks where the tables say, small groups withheld, titles that agree with them."""

from datetime import date

import contract_tables as tables
import numpy as np
import pandas as pd
import pytest
from contract_tables import AS_OF
from test_churn_definition import engine, simulated

from customerbase import churn, i18n
from customerbase.charts import png, style
from customerbase.charts import survival as pictures
from customerbase.churn.contracts.curves import curves
from customerbase.churn.contracts.looks import definition_title, survival_title


def groups_of(lives: dict[str, list[int]]) -> churn.SingleSnapshot:
    """A small file: months of those who left, by group, of 180 (or twice as many as left); the others stayed for 30."""
    size = {name: 180 if len(months) > 10 else 2 * len(months) for name, months in lives.items()}
    rows = [
        (name, month, month < 30)
        for name, months in lives.items()
        for month in [*months, *[30] * (size[name] - len(months))]
    ]
    frame = pd.DataFrame(rows, columns=["group", "months", "left"])
    return churn.single_snapshot(frame, churned="left", tenure="months", groups=["group"])


@pytest.fixture(scope="module")
def contracts() -> churn.SingleSnapshot:
    return groups_of({"short": [1, 2, 3] * 40, "long": [26, 27, 28] * 10, "tiny": [4, 5]})


def test_curves_are_drawn_as_the_table_says(contracts):
    figure = pictures.survival(contracts, "group", as_of=AS_OF, language="en")
    axes = figure.axes[0]
    drawn = {line.get_color(): line for line in axes.get_lines()}
    rows = contracts.survival.query("dimension == 'group'").set_index("value")
    for value, color in (("long", style.ACCENT), ("short", style.AGAINST)):
        assert drawn[color].get_drawstyle() == "steps-post"
        assert drawn[color].get_xdata().tolist() == rows.loc[value, "months"].tolist()
        assert drawn[color].get_ydata().tolist() == rows.loc[value, "survival"].tolist()
    texts = [text.get_text() for text in axes.texts]
    assert "tiny" not in texts and texts.count("long") == 2
    assert "180" in texts and "60" in texts  # at risk at the start, and after 24 months in the short group


def test_small_numbers_are_withheld(contracts):
    figure = pictures.survival(contracts, "group", as_of=AS_OF, language="en", k_min=100)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "<100" in texts and "60" not in texts
    nobody = pictures.survival(contracts, "group", as_of=AS_OF, language="en", k_min=1_000)
    assert not nobody.axes[0].get_lines() and png(nobody)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_title_says_which_group_lasts(contracts, language):
    title = survival_title(contracts.groups, "group", 10, language)
    assert title.index("long") < title.index("short") and "100" in title and "33.3" in title and "24" in title
    assert "tiny" not in title
    together = survival_title(contracts.groups, "all", 10, language)
    everybody = contracts.groups.query("dimension == 'all'").iloc[0]
    assert i18n.number(everybody["survival_24"], "rate", language) in together
    assert survival_title(contracts.groups, "group", 10_000, language) == i18n.word("survival.title.none", language)


def test_groups_that_do_not_differ_are_called_alike():
    rng = np.random.default_rng(0)
    months, ended = rng.integers(1, 40, 400), rng.random(400) < 0.7
    _, groups = curves(months, ended, {"plan": pd.Series(rng.choice(["a", "b"], 400))})
    assert groups["log_rank_p"].dropna().iloc[0] > 0.01
    assert survival_title(groups, "plan", 10, "en").startswith("No clear difference")
    assert survival_title(groups, "all", 10, "en").startswith("Half of all contracts end within")


def leaving(seed: int, mean: float, share: float, span: int = 900) -> churn.Definition:
    rng = np.random.default_rng(seed)
    draw = lambda _: lambda: 10_000 if rng.random() < share else rng.gamma(9.0, mean / 9.0)  # noqa: E731
    return churn.definition(engine(simulated(800, rng, draw, span)), as_of=AS_OF)


def test_silences_are_drawn_as_the_table_says():
    found = leaving(1, 28.0, 0.1)
    figure = pictures.silences(found, language="en")
    gaps, returns = figure.axes
    table = found.table.query("after == 'any'")
    (dots,) = (one for one in returns.collections if len(one.get_offsets()) == len(table))
    assert dots.get_offsets()[:, 0].tolist() == pytest.approx(table["came_back"].tolist())
    labels = [text.get_text() for text in returns.get_yticklabels()]
    assert f"{found.suggested} days (suggested)" in labels and "90 days (setting)" in labels
    ended = found.curve.query("after == 'any' and days <= 365 and at_risk >= 10")["ended"].tolist()
    assert any(list(line.get_ydata())[1:] == ended for line in gaps.get_lines())


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_titles_of_silences(language):
    for found in (leaving(1, 28.0, 0.1), leaving(2, 300.0, 0.02), leaving(3, 28.0, 0.1, span=150)):
        title = definition_title(found, language)
        assert "{" not in title and "nan" not in title
        if found.suggested is not None:
            share = i18n.number(found.row(found.suggested)["came_back"], "rate", language)
            assert share in title and str(found.suggested) in title
        assert png(pictures.silences(found, language=language, width=style.WIDTHS["phone"]))


def test_the_same_bytes_twice_and_every_dimension_of_a_month():
    found = churn.contractual(tables.engine(tables.simulated(400, 4, 1.0).drop(columns="true")), as_of=AS_OF)
    for dimension in ("all", "plan", "channel", "cohort"):
        first, second = (pictures.survival(found, dimension, as_of=AS_OF, language="ja") for _ in range(2))
        assert png(first) == png(second)


def test_caption_names_table_function_and_day(contracts):
    figure = pictures.survival(contracts, "group", as_of=date(2026, 10, 31), language="en")
    said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "churn_survival" in said and "as of 31 Oct 2026" in said and "n\u00a0=\u00a0360" in said and "95" in said
