"""All parts of all pages of one month, for the table dashboard_parts."""

from collections.abc import Mapping
from types import ModuleType

import pandas as pd

import customerbase.dashboards.audiences as audiences
import customerbase.dashboards.campaigns as campaigns
import customerbase.dashboards.customer as customer
import customerbase.dashboards.home as home
import customerbase.dashboards.overview as overview
import customerbase.dashboards.quality as quality
import customerbase.dashboards.recommendations as recommendations
import customerbase.dashboards.satisfaction as satisfaction
import customerbase.dashboards.segments as segments
import customerbase.dashboards.style as style
import customerbase.dashboards.value as value
from customerbase.dashboards.part import records
from customerbase.report import ReportData

MAKERS = (
    overview.parts, segments.parts, value.parts, satisfaction.parts, audiences.parts, campaigns.parts, customer.parts,
    recommendations.parts, quality.parts, home.parts,
)  # fmt: skip


def dashboard_parts(data: ReportData, told: Mapping[str, dict], draw: ModuleType) -> pd.DataFrame:
    """The table dashboard_parts: every page in every language of `told` (language -> report.contents)."""
    made = []
    for language, contents in told.items():
        parts = [part for make in MAKERS for part in make(data, contents, language, draw)]
        made += [style.part(parts, contents, language), *parts]
    return pd.DataFrame(records(made, data.as_of))
