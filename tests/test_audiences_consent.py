"""The consent gate: opt-in first, channels apart, the strictest account, nothing from the future, lists for ads by mode."""

from datetime import date, datetime, timedelta

import pytest
from audience_world import AS_OF, CHANNELS, UNTIL, ledger, lists, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.audiences import consent
from customerbase.errors import ConfigError

ME = {("shop", "1"): "c"}
DEFAULT = consent.Matching()
BOTH = ME | {("app", "2"): "c"}


def when(day: int, month: int = 10) -> datetime:
    return datetime(2026, month, day, 12)


def states(owners, *words, stops=(), matching=DEFAULT) -> dict[tuple[str, str], tuple]:
    rows = consent.contactable(ledger(owners, words, stops), matching, as_of=AS_OF).fetchall()
    assert len({row[:2] for row in rows}) == len(rows)
    return {(who, channel): (state, since, basis) for who, channel, state, since, basis in rows}


def word(account: str, channel: str, state: str, at: datetime, purpose: str = "marketing") -> tuple:
    return ({"1": "shop", "2": "app"}[account], account, channel, purpose, state, at)


def test_a_channel_nobody_spoke_of_has_no_row():
    found = states(ME, word("1", "email", "granted", when(1)))
    assert found == {("c", "email"): ("granted", when(1), "consent")}


def test_all_channels_means_all_of_marketing_and_no_list_for_ads():
    found = states(ME, word("1", "all", "granted", when(1)))
    assert set(found) == {("c", channel) for channel in CHANNELS}


def test_a_later_no_to_all_ends_mail_and_sms():
    found = states(ME, word("1", "email", "granted", when(1)), word("1", "all", "withdrawn", when(2)))
    assert {state for state, *_ in found.values()} == {"withdrawn"}


def test_a_stop_that_the_mail_tool_reports_counts_until_the_account_grants_again():
    mail = word("1", "email", "granted", when(1))
    stop = ("shop", "1", "email", when(5))
    assert states(ME, mail, stops=[stop])["c", "email"][:2] == ("withdrawn", when(5))
    again = word("1", "email", "granted", when(6))
    assert states(ME, mail, again, stops=[stop])["c", "email"][:2] == ("granted", when(6))
    whole = word("1", "all", "granted", when(6))
    assert states(ME, mail, whole, stops=[stop])["c", "email"][:2] == ("granted", when(6))
    other = word("2", "email", "granted", when(6))
    assert states(BOTH, mail, other, stops=[stop])["c", "email"][0] == "withdrawn"
    assert states(ME, word("1", "sms", "granted", when(1)), stops=[stop])["c", "sms"][0] == "granted"
    silent = ("shop", "1", None, when(5))  # a stop that names no channel is one of all
    assert states(ME, word("1", "sms", "granted", when(1)), stops=[silent])["c", "sms"][0] == "withdrawn"


def test_lists_for_ads_need_a_consent_of_their_own_by_default():
    mail, third = word("1", "all", "granted", when(1)), word("1", "all", "granted", when(2), "third_party")
    assert ("c", "ads") not in states(ME, mail)
    assert states(ME, mail, third)["c", "ads"] == ("granted", when(2), "consent")
    for refusal in (word("2", "email", "withdrawn", when(1), "third_party"), word("2", "all", "withdrawn", when(1))):
        assert states(BOTH, third, refusal)["c", "ads"][0] == "withdrawn"


def test_the_policy_opens_lists_for_ads_to_all_who_did_not_refuse_and_nothing_else():
    policy = consent.Matching(consent.POLICY, "chapter 4 of the policy, examined by counsel", date(2026, 4, 1))
    assert states(ME, matching=policy) == {("c", "ads"): ("granted", datetime(2026, 4, 1), "privacy_policy")}
    refused = states(ME, word("1", "all", "withdrawn", when(1)), matching=policy)
    assert refused["c", "ads"] == ("withdrawn", when(1), "consent")
    early = consent.Matching(consent.POLICY, policy.reason, AS_OF + timedelta(days=1))
    assert states(ME, matching=early) == {}


def test_off_means_no_list_at_all():
    third = word("1", "all", "granted", when(2), "third_party")
    assert states(ME, third, matching=consent.Matching(consent.OFF)) == {}


ACCOUNTS = [(system, number) for system in ("shop", "app") for number in "1234"]
accounts = st.sampled_from(ACCOUNTS)
moments = st.sampled_from([UNTIL + timedelta(microseconds=step) for step in (-9e9, -8e9, -1, 0, 1, 9e9)])
said = st.tuples(
    st.sampled_from(["email", "sms", "all", "web", "fax", "line"]),
    st.sampled_from(["marketing", "marketing", "third_party", "service", "?"]),
    st.sampled_from(["granted", "granted", "withdrawn", "pending"]),
    moments,
)
words = st.lists(st.tuples(accounts, said).map(lambda one: (*one[0], *one[1])), max_size=30)
stops = st.lists(
    st.tuples(accounts, st.sampled_from(["email", "sms", None, "other"]), moments).map(lambda one: (*one[0], *one[1:])),
    max_size=5,
)
people = st.fixed_dictionaries({key: st.sampled_from("abcd") for key in ACCOUNTS})


@settings(max_examples=25, deadline=None)
@given(people, words, stops)
def test_nobody_passes_without_an_opt_in_of_before_and_no_later_opt_out_in_any_account(owners, words, stops):
    found = states(owners, *words, stops=stops)
    for who in "abcd":
        told = {channel: verdict(owners, words, stops, who, channel) for channel in CHANNELS}
        told["ads"] = lists(owners, words, stops, who)
        assert {channel: found.get((who, channel), ("unknown",))[0] for channel in told} == told
    assert all(since < UNTIL for _, since, _ in found.values())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("consent_requierd", "Did you mean 'consent_required'"),
        ({"mode": "privacy_policy_basis", "since": date(2026, 4, 1)}, "has the reason None"),
        ({"mode": "privacy_policy_basis", "reason": "because we can", "since": "April"}, "since 'April'"),
        ({"moed": "off"}, "Did you mean 'mode'"),
        (3, "is 3; expected one of"),
    ],
)
def test_a_ground_that_cannot_be_is_refused(given, said):
    with pytest.raises(ConfigError, match=r"settings\.list_matching") as error:
        consent.read_matching(given)
    assert said in str(error.value)


def test_grounds_as_they_stand_in_a_file():
    assert consent.read_matching(None) == consent.Matching()
    assert consent.read_matching(False).mode == consent.OFF  # what YAML makes of `off`
    assert consent.read_matching({"mode": "off"}).mode == consent.OFF
