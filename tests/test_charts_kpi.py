"""Pictures of the KPIs by part and of cohorts: what they draw, what they say in words, and what they leave out."""

from datetime import date

import pandas as pd
import pytest

from customerbase import charts, kpi
from customerbase.periods import add_months

AS_OF = date(2026, 10, 31)


def cohorts(months: int = 15, size: int = 60, rate: float = 0.3) -> pd.DataFrame:
    rows = []
    for back in range(months):
        first = add_months(AS_OF, -back)
        for age in range(back + 1):
            retained = size if age == 0 else round(size * rate)
            rows.append((first, age, size, retained, retained / size, 0.0, 1.0, retained / size))
    names = ["cohort_month", "months_since", "customers", "retained", "rate", "low", "high", "revenue_rate"]
    return pd.DataFrame(rows, columns=names)


def by(**parts: tuple) -> pd.DataFrame:
    rows = [("repeat_rate", date(2026, 10, 1), "channel", part, *given) for part, given in parts.items()]
    return pd.DataFrame(rows, columns=["kpi", "month", "dimension", "part", "value", "n", "low", "high", "withheld"])


def test_curves_are_those_of_whole_quarters():
    rows = kpi.curves(cohorts(16))
    # October 2026 is alone in its quarter and has no later month; of July to September every month has one
    assert rows["cohort"].max() == "2026-Q2" and rows.loc[rows["cohort"] == "2026-Q2", "months_since"].max() == 4
    assert (rows.loc[rows["months_since"] == 1, "customers"] == 180).all()
    assert kpi.curves(cohorts(size=9)).empty
    assert kpi.curves(cohorts(rate=0.05)).empty  # three a month: nine a quarter came back


@pytest.mark.parametrize("language", ["ja", "en"])
def test_curves_and_triangles_in_both_languages(language):
    figure = charts.cohort_curves(cohorts(), as_of=AS_OF, language=language)
    words = [text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))]
    assert kpi.quarter_name("2026-Q2", language) in words
    assert isinstance(charts.cohort_curves(cohorts(1), as_of=AS_OF, language=language), str)
    for values in ("rate", "revenue_rate"):
        assert charts.cohort_triangle(cohorts(), values, as_of=AS_OF, language=language)


def test_the_finding_of_parts_agrees_with_their_intervals():
    apart = by(web=(0.8, 500, 0.76, 0.84, False), store=(0.5, 400, 0.45, 0.55, False))
    assert kpi.parts_title(apart, "channel", "repeat_rate", "en").startswith("Repeat rate is highest in Web shop (80")
    alike = by(web=(0.8, 20, 0.5, 0.95, False), store=(0.7, 20, 0.4, 0.9, False))
    assert kpi.parts_title(alike, "channel", "repeat_rate", "en") == "Repeat rate does not differ clearly by channel"
    alone = by(web=(0.8, 20, 0.5, 0.95, False), store=(None, None, None, None, True))
    assert kpi.parts_title(alone, "channel", "repeat_rate", "en").startswith("Too few")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_withheld_parts_are_not_drawn(language):
    whole = pd.DataFrame([("repeat_rate", date(2026, 10, 1), 0.6)], columns=["kpi", "month", "value"])
    found = by(
        web=(0.8, 500, 0.76, 0.84, False), store=(0.5, 400, 0.45, 0.55, False), app=(None, None, None, None, True)
    )
    look = {"as_of": AS_OF, "language": language}
    figure = charts.kpi_parts(found, whole, "channel", ["repeat_rate", "gross_margin"], **look)
    assert len(figure.axes) == 1  # nothing is known of the margin
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [kpi.part_name(p, language) for p in ("store", "web")]  # fmt: skip
    nothing = charts.kpi_parts(found[found["part"] == "app"], whole, "channel", ["repeat_rate"], **look)
    assert isinstance(nothing, str)


def test_listing_names_owner_and_target():
    goals, own = {"repeat_rate": 0.5, "revenue": {"goal": 1000}}, {"kpi_owners": {"revenue": "Sales board"}}
    rows = kpi.listing("en", goals=goals, settings=own).set_index("Key")
    assert len(rows) == len(kpi.KPIS)
    assert (rows.loc["repeat_rate", "Target"], rows.loc["repeat_rate", "Owner"]) == ("50.0\u00a0%", "marketing")
    assert rows.loc["revenue", "Owner"] == "Sales board" and "1,000" in rows.loc["revenue", "Target"]
    assert rows.loc["repeat_rate", "Formula (SQL)"] == "sum(active - is_new) / sum(active)"
    assert rows.loc["lost_customers", "Better"] == "lower"
