"""The overview dashboard: it reads what is published, in both languages, and does not believe the browser."""

from datetime import date

import pandas as pd
import pytest

from customerbase import kpi, widgets
from customerbase.errors import TableError

MONTH = date(2026, 10, 1)


def numbers():
    rows = [(one.id, MONTH, 0.5 if one.unit == "ratio" else 1234.0, 403, 0.4, 0.6) for one in kpi.KPIS.values()]
    return pd.DataFrame(rows, columns=["kpi", "month", "value", "n", "low", "high"])


@pytest.mark.parametrize(
    ("language", "words"), [("ja", ["リピート率", "50.0%", "2026年10月"]), ("en", ["Repeat rate", "Oct 2026"])]
)
def test_the_table_names_every_kpi_with_n_and_definition(language, words):
    page = widgets.kpi_table(numbers(), MONTH, language, "JPY")
    for word in words:
        assert word in page
    for one in kpi.KPIS.values():
        assert (one.definition_ja if language == "ja" else one.definition_en)[:12] in page
    assert page.count("403") == len(kpi.KPIS)


def test_another_currency_keeps_its_sign():
    assert "£1,234" in widgets.kpi_table(numbers(), MONTH, "en", "GBP")


def test_nothing_published_is_said_plainly(home):
    with pytest.raises(TableError, match="make report PIPELINE=sample"):
        widgets.Overview("sample")
