"""Customer 360 (顧客カルテ): the words that the page needs to tell of one customer; it reads the persons' tables itself.

Nothing here is about a person: names of segments, sentences of reasons, and where each number is made.
"""

import json
from types import ModuleType

import customerbase.prediction.reasons as reasons
from customerbase import churn, cltv, identity, profile, propensity, rfm, segments
from customerbase.dashboards.part import NUMBERS, Part
from customerbase.report import ReportData

PAGE = "customer"
# what the page shows -> its table, the function that makes it, the notebook that wrote it
MADE = {
    "head": ("profile", profile.profile, "03_profile"),
    "spend": ("profile", profile.profile, "03_profile"),
    "orders": ("profile", profile.profile, "03_profile"),
    "consents": ("profile_consents", profile.profile_consents, "03_profile"),
    "timeline": ("timeline", profile.timeline, "03_profile"),
    "merge": ("merge_evidence", identity.identify, "02_identity"),
    "segment": ("rfm_history", segments.assign, "04_segments"),
    "rfm": ("rfm", rfm.rfm, "04_segments"),
    "cltv": ("cltv", cltv.value, "05_cltv"),
    "purchases": ("cltv", cltv.value, "05_cltv"),
    "alive": ("cltv", cltv.value, "05_cltv"),
    "value": ("cltv", cltv.value, "05_cltv"),
    "leaving": ("churn", churn.risk, "06_churn"),
    "at_risk": ("churn", churn.risk, "06_churn"),
    "buying": ("propensity", propensity.intent, "07_propensity"),
    "due": ("repurchase_due", propensity.clock, "07_propensity"),
    "category": ("propensity_categories", propensity.categories, "07_propensity"),
    "gain": ("sales_priority", propensity.prioritise, "07_propensity"),
    "priority": ("sales_priority", propensity.prioritise, "07_propensity"),
}


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """One part of numbers, `terms`."""
    return [Part(PAGE, language, "terms", NUMBERS, json.dumps(terms(data, language, draw), ensure_ascii=False))]


def terms(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """Words of segments, rules and reasons; table, function and notebook behind each number."""
    return {
        "currency": data.currency,
        "segments": {code: segments.name(code, language) for code in segments.codes()},
        "rules": {row["segment"]: row[f"title_{language}"] for row in data.rows("segment_rules")},
        "reasons": {topic.code: _reason(topic, language) for topic in reasons.topics()},
        "made": {key: f"{table}, {draw.where(function)}" for key, (table, function, _) in MADE.items()},
        "notebooks": {key: notebook for key, (_, _, notebook) in MADE.items()},
        "letters": letters(data),
    }


def _reason(topic: reasons.Topic, language: str) -> dict[str, object]:
    sides = {side: topic.sentences[side][language] for side in (reasons.LEAVING, reasons.BUYING)}
    return sides | {"kinds": reasons.kinds(topic)}


def letters(data: ReportData) -> str:
    """The characters in which campaigns, subjects, categories and regions are written, for the font; no name can be read from them."""
    return "".join(sorted({one for row in data.rows("names") for one in str(row["name"]) if ord(one) > 127}))
