"""Where a fault in the data is put right: a remedy in words for every quarantine reason."""

import re

from customerbase import i18n

_REMEDIES = (  # the first that fits; reasons stand in expectations/ and in customerbase/sources
    ("^after_month$", "nothing"),
    ("^overlap$", "overlap"),
    ("^wrong_field_count$|^unclosed_quote$|^undecodable$|^line_too_long$|^wrong_columns$", "layout"),
    ("^duplicate", "copies"),
    ("^invalid_|^not_finite_", "unreadable"),
    ("^unknown_(customer|product|store|order|campaign|survey)$", "parent"),
    ("^unknown_", "code"),
    ("^amount_not_price_times_quantity$", "amount"),
    ("^order_quarantined$", "siblings"),
    ("^control_was_contacted$", "contact"),
    ("^malformed_", "form"),
    ("^negative_|^positive_|below_one$|not_positive$|^wrong_sign$", "sign"),
    ("_before_|_after_|^before_|^implausible_period$", "dates"),
    ("out_of_(scale|range)$|_not_a_share$|^implausible_", "range"),
    ("^many_", "empty"),
    ("^missing|^empty|^no_|_without_", "missing"),
)


def remedy(reason: str, language: str) -> str:
    """What to do about a quarantine reason, in words; where nothing better is known, where to look the rows up."""
    kind = next((kind for pattern, kind in _REMEDIES if re.search(pattern, reason)), "other")
    return i18n.word(f"board_quality.remedy.{kind}", language)
