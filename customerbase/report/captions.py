"""What stands below the report's tables and sentences: where each comes from."""

from functools import partial
from types import ModuleType

import customerbase.churn.looks as churning
import customerbase.cltv.worth as worth
import customerbase.report.campaigns as campaigns
import customerbase.report.goals as goals
import customerbase.report.groups as groups
import customerbase.report.identity as identity
import customerbase.report.inquiries as inquiries
import customerbase.report.offers as offers
import customerbase.report.risk as risk
import customerbase.report.value as value
from customerbase import i18n, kpi, profile, segments
from customerbase import quality as quality_rules
from customerbase.report.data import ReportData


def told(data: ReportData, language: str, draw: ModuleType) -> dict[str, str]:
    """The captions of tables and sentences: definition, n, interval, as-of date, tables and function."""
    word = partial(i18n.word, language=language)
    files = sum(int(row["rows_read"]) for row in data.rows("source_files")) or None
    people = sum(int(row["customers"]) for row in data.rows("segment_summary")) or None
    compared = sum(int(row["rows_before"]) for row in data.rows("late_changes")) or None
    links = "identity_links, profile, identity_review, id_changes"
    worth_tables, quality_tables = (
        "cltv, cltv_groups, cltv_concentration",
        "source_files, quarantine, readiness, quality_scores",
    )
    made = {  # name: function, tables, n, interval, definition
        "kpi": (kpi.compare, "kpi", None, 0.95, word("definition.kpi_table")),
        "movers": (kpi.revenue_movers, "revenue_movers", data.n("revenue"), 0.95, None),
        "goal": (kpi.goals, "goals, goal_backtest", None, goals.RANGE, word("goals.definition")),
        "action": (kpi.pdca, "pdca, kpi", None, 0.95, word("goals.proof")),
        "evidence": (kpi.pdca_campaigns, "pdca_campaigns", None, 0.95, word("evidence.definition")),
        "segment": (segments.summary, "segment_summary", people, 0.95, word("definition.segments")),
        "groups": (
            groups.origin,
            ", ".join(groups.TABLES),
            groups.customers(data),
            groups.EVENT,
            groups.definition(data, language),
        ),
        "value": (worth.by, worth_tables, value.customers(data), value.RANGE, value.definition(data, language)),
        "risk": (churning.by, risk.sources(data), risk.customers(data), risk.RANGE, risk.definition(data, language)),
        "identity": (profile.merged, links, identity.customers(data), None, word("definition.identity")),
        "quality": (None, quality_tables, files, None, word("definition.quality")),
        "offer": (None, "recommendations, rfm", offers.customers(data), None, word("related.report.offers")),
        "inquiries": inquiries.caption(data, language),
        "campaign": campaigns.caption(data, language),
        "late": (quality_rules.late_changes, "late_changes", compared, None, word("late.definition")),
    }
    return {
        f"{name}_caption": draw.caption(origin, tables, data.as_of, n, language, interval, definition=definition)
        for name, (origin, tables, n, interval, definition) in made.items()
    }
