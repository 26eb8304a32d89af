"""`triggers:` of a pipeline file: what may be said, the defaults, and one clear error for everything else."""

import re
from datetime import date, datetime

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from trigger_tables import known

from customerbase.audiences import triggers
from customerbase.audiences.triggers.quiet import DAYS_OFF, read_quiet
from customerbase.errors import ConfigError
from customerbase.stage import company

CART = {"kind": "cart_abandoned", "channels": ["email"]}


def read(text: str) -> triggers.Triggers:
    return triggers.read_triggers(yaml.safe_load(text), "shop.yaml", columns=known())


def test_what_a_file_says_and_what_it_leaves_out():
    made = read("""
        evaluated: daily
        quiet: {from: 20:30, to: "08:00", days_off: [sunday, holiday]}
        caps: {gentle: {contacts: 1, days: 30}, standard: {contacts: 3, days: 7}}
        queue:
          cart: {kind: cart_abandoned, channels: [line, email], hours: 3, rule: "orders > 0 and has_email"}
          back: {kind: repurchase, channels: [email], cap: standard, value: 300, holdout: 0.2, title: {en: Back, ja: 再}}
    """)
    cart, back = made
    assert made.daily and made.quiet == triggers.Quiet(20 * 60 + 30, 8 * 60, ("sunday", "holiday"))
    assert (cart.channels, cart.cap, cart.priority, cart.holdout, cart.expires) == (
        ("line", "email"),
        "gentle",
        5,
        0.1,
        7,
    )
    assert cart.parameters == {"hours": 3, "kept_days": 30}
    assert [one.shown() for one in cart.judged.conditions] == ["orders > 0", "has_email"]
    assert (back.value, back.holdout, back.name("ja"), back.judged) == (300, 0.2, "再", None)


def test_no_triggers_at_all():
    assert not len(triggers.read_triggers(None))
    assert not len(read("evaluated: monthly"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (CART | {"kind": "cart_abandonned"}, "cart_abandonned.*Did you mean 'cart_abandoned'"),
        (CART | {"kind": ["x"]}, "expected one of repurchase, cart_abandoned"),
        (CART | {"hour": 3}, "unknown key 'hour'.*Did you mean 'hours'"),
        (CART | {"visits": 3}, "unknown key 'visits'"),
        (CART | {"hours": 0}, "hours is 0; expected a whole number from 1 to 720"),
        (CART | {"hours": 2.5}, "hours is 2.5; expected a whole number"),
        (CART | {"hours": True}, "hours is True"),
        (CART | {"channels": ["emial"]}, "'emial'.*Did you mean 'email'"),
        (CART | {"channels": ["ads"]}, "has 'ads'; expected of email"),
        (CART | {"channels": []}, "expected a list of different channels"),
        (CART | {"channels": ["email", "email"]}, "expected a list of different channels"),
        (CART | {"channels": "email"}, "expected a list of different channels"),
        (CART | {"cap": "standrad"}, "Did you mean 'standard'"),
        (CART | {"priority": 0}, "priority is 0; expected a whole number from 1 to 99"),
        (CART | {"holdout": 1.5}, "holdout is 1.5; expected a number from 0 to 0.9"),
        (CART | {"value": "much"}, "value is 'much'"),
        (CART | {"expires": 0}, "expires is 0"),
        (CART | {"again": 32}, "again is 32; expected a whole number from 0 to 31"),
        (CART | {"title": "Cart"}, "expected {en: …, ja: …}"),
        (CART | {"rule": "order > 0"}, "rule, character 1.*Did you mean 'orders'"),
        (CART | {"rule": "birth_date is null"}, "'birth_date' is contact data"),
        (CART | {"rule": 3}, "expected a condition"),
        ({"kind": "churn_risen", "channels": ["email"], "band": "hihg"}, "band is 'hihg'.*Did you mean 'high'"),
        ({"kind": "points_expiring", "channels": ["email"], "lead": 7}, "notice 7 is not below lead 7"),
        (CART | {"changes": "purchases"}, "Did you mean 'purchase'"),
        (CART | {"effect": {"campain": "K1"}}, "Did you mean 'campaign'"),
        (CART | {"effect": {"assumed": 0.1}}, "low, high and why"),
        (CART | {"changes": "staying", "effect": {"campaign": "K1"}}, "not staying"),
        ({"channels": ["email"]}, "expected at least kind and channels"),
        ("cart_abandoned", "expected at least kind and channels"),
    ],
)
def test_what_a_trigger_cannot_be(spec, said):
    with pytest.raises(ConfigError, match=said) as error:
        triggers.read_triggers({"queue": {"cart": spec}}, "shop.yaml", columns=known())
    assert str(error.value).startswith("shop.yaml: triggers.queue.cart")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("queu: {}", "Did you mean 'queue'"),
        ("evaluated: dayly", "'dayly'; expected monthly or daily.*Did you mean 'daily'"),
        ("queue: [cart]", "is no list of at most 50"),
        ("queue: {Cart!: {}}", "is no code"),
        ("caps: {standard: {contact: 2}}", "Did you mean 'contacts'"),
        ("caps: {standard: {days: 60}}", "days is 60; expected a whole number from 1 to 31"),
        ("caps: {standard: 2}", "expected {contacts: 2, days: 7}"),
        ("caps: 2", "expected classes"),
        ("quiet: {form: 21}", "Did you mean 'from'"),
        ('quiet: {from: "25:00"}', "expected a time of day"),
        ("quiet: {days_off: [sundays]}", "Did you mean 'sunday'"),
        (
            "quiet: {days_off: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]}",
            "every day of the week",
        ),
        ("quiet: 21", "expected {from:"),
    ],
)
def test_what_the_rest_cannot_be(text, said):
    with pytest.raises(ConfigError, match=said):
        read(text)


def test_a_pipeline_file_is_checked_when_it_is_loaded(tmp_path, monkeypatch):
    (tmp_path / "pipelines").mkdir()
    body = {"title": {"en": "S", "ja": "S"}, "aim": {"en": "a", "ja": "a"}, "data": "d", "sources": ["sample_pos"]}
    (tmp_path / "pipelines" / "shop.yaml").write_text(
        yaml.safe_dump(body | {"triggers": {"queue": {"cart": {"kind": "x"}}}})
    )
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=re.escape("shop.yaml: triggers.queue.cart.kind is 'x'")):
        company.load("shop")


# --- quiet hours ------------------------------------------------------------------------------------------------------

QUIET = st.builds(
    triggers.Quiet,
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.lists(st.sampled_from(DAYS_OFF), max_size=6, unique=True).map(tuple),
)
HOLIDAYS = [date(2026, 11, 3), date(2026, 11, 23), date(2026, 11, 24)]


@settings(deadline=None)
@given(QUIET, st.datetimes(datetime(2026, 10, 25), datetime(2026, 11, 25)))
def test_the_next_allowed_time_is_the_first_that_is(quiet, when):
    time = np.array([when], dtype="datetime64[s]")
    [moved] = quiet.next_allowed(time, HOLIDAYS)
    assert moved >= time[0] and not quiet.silent(np.array([moved]), HOLIDAYS)[0]
    minutes = np.arange(time[0].astype("datetime64[m]"), moved.astype("datetime64[m]"))
    assert quiet.silent(minutes[1:], HOLIDAYS).all()
    assert moved == time[0] or quiet.silent(time, HOLIDAYS)[0]


def by_hand(quiet: triggers.Quiet, when: datetime) -> bool:
    """Quiet hours in plain words."""
    if DAYS_OFF[when.weekday()] in quiet.off or ("holiday" in quiet.off and when.date() in HOLIDAYS):
        return True
    minute = when.hour * 60 + when.minute
    if quiet.since < quiet.until:
        return quiet.since <= minute < quiet.until
    return quiet.since != quiet.until and (minute >= quiet.since or minute < quiet.until)


@settings(deadline=None)
@given(QUIET, st.lists(st.datetimes(datetime(2026, 10, 25), datetime(2026, 11, 25)), min_size=1, max_size=20))
def test_quiet_hours_against_plain_words(quiet, times):
    found = quiet.silent(np.array(times, dtype="datetime64[s]"), HOLIDAYS)
    assert found.tolist() == [by_hand(quiet, when) for when in times]


def test_nine_in_the_evening_and_nine_in_the_morning():
    quiet = read_quiet({"from": "21:00", "to": "09:00", "days_off": ["holiday"]}, "x")
    given_times = [
        "2026-11-01T20:59:59",
        "2026-11-01T21:00",
        "2026-11-02T08:59:59",
        "2026-11-02T09:00",
        "2026-11-02T22:00",
    ]
    moved = quiet.next_allowed(np.array(given_times, dtype="datetime64[s]"), HOLIDAYS)
    assert moved.astype(str).tolist() == [
        "2026-11-01T20:59:59", "2026-11-02T09:00:00", "2026-11-02T09:00:00", "2026-11-02T09:00:00", "2026-11-04T09:00:00",
    ]  # fmt: skip  # the 3rd is a holiday
