"""The unified profile: one row per customer of what survived of their accounts, contact data apart, and the timeline.

profile() first: it decides which account every value comes from, and the other functions read its results by name.
"""

from customerbase.profile.accounting import check_accounting
from customerbase.profile.contacts import (
    contact_addresses,
    contact_emails,
    contact_phones,
    contacts,
    profile_consents,
)
from customerbase.profile.customers import profile
from customerbase.profile.example import anonymous_lineage, example, short
from customerbase.profile.known import known
from customerbase.profile.lineage import lineage
from customerbase.profile.overlap import channel_overlap, merged, merging, shown_overlap
from customerbase.profile.rules import Field, fields
from customerbase.profile.shown import (
    known_table,
    known_title,
    merged_table,
    merged_title,
    merging_table,
    overlap_title,
)
from customerbase.profile.timeline import timeline

__all__ = [
    "Field",
    "anonymous_lineage",
    "channel_overlap",
    "check_accounting",
    "contact_addresses",
    "contact_emails",
    "contact_phones",
    "contacts",
    "example",
    "fields",
    "known",
    "known_table",
    "known_title",
    "lineage",
    "merged",
    "merged_table",
    "merged_title",
    "merging",
    "merging_table",
    "overlap_title",
    "profile",
    "profile_consents",
    "short",
    "shown_overlap",
    "timeline",
]
