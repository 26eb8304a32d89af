"""Who may be contacted through which channel: the gate that every audience and every queue goes through.

The ledger of consents decides, as of the end of the as-of day: opt-in first, unknown is no, the strictest of a person's
accounts holds, and every channel stands by itself. Sources and dates of the law behind it: docs/audiences.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from customerbase.engine import Engine
from customerbase.errors import ConfigError, near_miss

CHANNELS = ("email", "sms", "line", "push", "post", "phone", "ads")
CONSENT, POLICY, OFF = MODES = ("consent_required", "privacy_policy_basis", "off")
_KEYS = ("mode", "reason", "since")


@dataclass(frozen=True)
class Matching:
    """On what ground customers may stand on lists that are handed to an advertising platform (channel `ads`).

    mode: consent_required (purpose third_party granted), privacy_policy_basis (the published policy, in force since a
    day, with the reason why the company holds this to be enough), off (nobody). A withdrawal wins in every mode.
    """

    mode: str = CONSENT
    reason: str = ""
    since: date | None = None


def read_matching(given: object, where: str = "the pipeline file") -> Matching:
    """`settings.list_matching` of a pipeline file: a mode, or {mode, reason, since}. Raises ConfigError.

    The default is consent_required. privacy_policy_basis needs the reason as a text and the day since when the policy is
    published.
    """
    place = f"{where}: settings.list_matching"
    given = OFF if given is False else given  # YAML reads a bare `off` as false
    said = {"mode": given} if isinstance(given, str) else {} if given is None else given
    if not isinstance(said, Mapping):
        raise ConfigError(f"{place} is {given!r}; expected one of {', '.join(MODES)}, or {{mode, reason, since}}.")
    for key in said:
        if key not in _KEYS:
            raise ConfigError(f"{place} has the unknown key {key!r}.{near_miss(str(key), _KEYS)}")
    mode = OFF if said.get("mode") is False else said.get("mode", CONSENT)
    if mode not in MODES:
        raise ConfigError(f"{place}: {mode!r} is no mode; expected one of {', '.join(MODES)}.{near_miss(mode, MODES)}")
    if mode != POLICY:
        return Matching(mode)
    return Matching(mode, _reason(said.get("reason"), place), _since(said.get("since"), place))


def contactable(db: Engine, matching: Matching, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """One row per customer and channel with a known state at the end of the as-of day (expectations/contactable.yaml).

    Reads profile_consents, consents, campaigns, campaign_contacts, identity_links and profile; lazy. What is said after
    the day is not seen; a channel without a row is unknown, which means no.
    """
    since = datetime.combine(matching.since, datetime.min.time()) if matching.since else None
    return db.run("contactable", until=as_of + timedelta(days=1), mode=matching.mode, policy_since=since)


def _reason(given: object, place: str) -> str:
    if not isinstance(given, str) or len(given.strip()) < 10 or not given.isprintable():
        raise ConfigError(
            f"{place}: {POLICY} has the reason {given!r}; expected one line that says why the company's published policy"
            " covers the matching, such as its chapter and who examined it."
        )
    return given.strip()


def _since(given: object, place: str) -> date:
    if isinstance(given, datetime) or not isinstance(given, date):
        raise ConfigError(
            f"{place}: {POLICY} has since {given!r}; expected the day the policy was published, 2026-04-01."
        )
    return given
