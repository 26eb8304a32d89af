"""Audiences as a pipeline file has them: read whole, and refused with place, value and near miss."""

from datetime import date

import pytest
from audience_world import known, spec

from customerbase.audiences import reading
from customerbase.errors import ConfigError


def read(settings=None, **audiences):
    return reading.read_audiences(audiences, known(), settings, "tiny.yaml")


def test_everything_an_audience_can_say():
    given = spec(
        segments=["quiet"],
        exclude=["champions", "first", "orders > 5"],
        channels=["email", "ads"],
        platforms=["google"],
        holdout=0.1,
        cap={"most": 500, "by": "orders"},
        value="rfm.net_spend",
        basis="Consent text v2",
        shown_as="Autumn",
        **{"from": "2026-10", "until": "2027-02"},
    )
    settings = {"global_control": 0.05, "audiences_per_person": {"email": 2}}
    found = read(settings, first=spec(), second=given)
    two = found.audiences[1]
    assert (found.control, found.frequency) == (0.05, {"email": 2})
    assert (two.segments, two.excluded_segments, two.excluded_audiences) == (("quiet",), ("champions",), ("first",))
    assert [rule.text for rule in two.excluded_rules] == ["orders > 5"]
    assert (two.most, two.ranked_by.full, two.value.full) == (500, "profile.orders", "rfm.net_spend")
    assert (two.first, two.last) == (date(2026, 10, 1), date(2027, 2, 28))
    assert two.said() == "quiet; orders >= 0" and two.said_excluded() == "champions; first; orders > 5"
    assert two.key == "audience second" and found.audiences[0].holdout == 0.0


def test_a_limit_ranks_by_the_value_where_it_names_no_column():
    [one] = read(some=spec(cap=20, value="rfm.net_spend"))
    assert (one.most, one.ranked_by.full) == (20, "rfm.net_spend")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"titel": {}}, "unknown key 'titel'; expected one of .* Did you mean 'title'"),
        ({"rule": "ordres > 1"}, r"audiences.some.rule, character 1 \('ordres > 1'\).*Did you mean 'orders'"),
        ({"rule": "email like '%'"}, "'email' is contact data"),
        ({"rule": None}, "neither rule nor segments"),
        ({"exclude": ["orders > "]}, r"audiences.some.exclude\[1\]"),
        ({"exclude": ["champoins"]}, "unknown segment or audience above it 'champoins'.*Did you mean 'champions'"),
        ({"exclude": ["some"]}, "unknown segment or audience above it 'some'"),
        ({"segments": ["queit"]}, "unknown 'queit'.*Did you mean 'quiet'"),
        ({"channels": ["e-mail"]}, "unknown 'e-mail'.*Did you mean 'email'"),
        ({"channels": []}, "expected of email, sms"),
        ({"channels": ["email", "email"]}, "each once"),
        ({"holdout": 10}, "a share held out is 10; expected a number from 0 to 1"),
        ({"holdout": 1}, "nobody would be left"),
        ({"cap": {"most": 0, "by": "orders"}}, "cap.most is 0; expected a whole number from 1"),
        ({"cap": {"most": 10}}, "says 10 people but not which"),
        ({"cap": {"most": 10, "by": "gender"}}, "is a text; expected a column of numbers"),
        ({"cap": {"mots": 10}}, "Did you mean 'most'"),
        ({"cap": "many"}, "cap is 'many'"),
        ({"value": "orders"}, "no amount of money; expected one of profile.net_spend, rfm.net_spend"),
        ({"value": "rfm.net_spent"}, "Did you mean 'net_spend'"),
        ({"value": "1; drop table x"}, "expected a column such as cltv.cltv"),
        ({"from": "2026-13"}, "audiences.some.from: month is '2026-13'"),
        ({"from": "2026-10", "until": "2026-09"}, "from 2026-10 is after until 2026-09"),
        ({"purpose": "win back"}, "audiences.some.purpose is 'win back'; expected"),
        ({"title": {"en": "x"}}, "audiences.some.title"),
        ({"shown_as": "a\nb"}, "expected one line"),
        ({"exclude": [1]}, "expected a list of texts"),
    ],
)
def test_what_cannot_be_is_named(given, said):
    with pytest.raises(ConfigError, match=said) as error:
        read(some=spec(**given))
    assert str(error.value).startswith("tiny.yaml: audiences.some")


def test_names_that_are_taken_or_no_names():
    with pytest.raises(ConfigError, match="'quiet' is a segment already"):
        read(quiet=spec())
    with pytest.raises(ConfigError, match="no code of an audience"):
        read(**{"Win-back": spec()})
    with pytest.raises(ConfigError, match="needs title, channels, purpose"):
        read(some={"rule": "orders > 1"})
    with pytest.raises(ConfigError, match="expected lines such as code"):
        reading.read_audiences(["a"], known())
    with pytest.raises(ConfigError, match="at most 50"):
        read(**dict.fromkeys("a" * n for n in range(1, 52)))


def test_settings_beside_the_audiences():
    with pytest.raises(ConfigError, match=r"settings\.global_control: a share held out is 5"):
        read({"global_control": 5})
    with pytest.raises(ConfigError, match=r"audiences_per_person has the unknown 'mail'.*Did you mean 'email'"):
        read({"audiences_per_person": {"mail": 1}})
    with pytest.raises(ConfigError, match=r"audiences_per_person\.email is 0"):
        read({"audiences_per_person": {"email": 0}})


def test_a_platform_is_one_that_there_are_rules_for(tmp_path, monkeypatch):
    (tmp_path / "google.yaml").write_text("x")
    monkeypatch.setattr(reading, "PLATFORMS", tmp_path)
    with pytest.raises(ConfigError, match="unknown 'gogle'; expected one of google"):
        read(some=spec(channels=["ads"], platforms=["gogle"]))
    assert read(some=spec(channels=["ads"], platforms=["google"])).audiences[0].platforms == ("google",)
