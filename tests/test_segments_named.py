"""Named segments of a company's own: read, checked for all 125 combinations of ranks, in force where a page works for it."""

from collections import Counter
from itertools import product

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from customerbase import charts, segments
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.stage import Stage
from customerbase.stage import company as companies


def one(en: str, **ranks) -> dict:
    return {"title": {"en": en, "ja": f"区分{en}"}, "todo": {"en": "Do.", "ja": "行います。"}, **ranks}


OWN = {
    "gold": one("Gold", r=[4, 5], m=5),
    "steady": one("Steady", f=[3, 5]),
    "champions": one("Best newcomers", r=5),
    "rest": one("All others"),
}


@pytest.fixture(autouse=True)
def shipped_again():
    yield
    segments.put_in_force()


def test_without_any_the_shipped_ones_stand():
    assert segments.read_named({}) == segments.read_named(None) == segments.SEGMENTS == segments.in_force()


def test_own_segments_cover_every_rank_and_the_first_that_fits_wins():
    segments.put_in_force(segments.read_named({"named": OWN}))
    assert segments.codes() == ["gold", "steady", "champions", "rest"]
    found = Counter(segments.segment_of(r, f, m) for r, f, m in product(range(1, 6), repeat=3))
    # by hand: gold 2·5·1; steady the 75 with f ≥ 3 less gold's 6; champions r 5, f ≤ 2, m ≤ 4; the rest
    assert found == {"gold": 10, "steady": 69, "champions": 8, "rest": 38}
    db = Engine(threads=1)
    ranks = pd.DataFrame(list(product(range(1, 6), repeat=3)), columns=["r", "f", "m"])
    for r, f, m, code in segments.assign(db.connection.from_df(ranks)).fetchall():
        assert code == segments.segment_of(r, f, m)
    assert (
        segments.name("champions", "en") == "Best newcomers" and segments.name("not_yet", "en") == "Not yet a customer"
    )
    assert len(segments.glossary()) == len(segments.SEGMENTS)  # the page in docs/ is about the shipped ones


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"a": one("A", r=[2, 5])}, ["25 of 125", "r 1, f 1, m 1", "last segment without ranges"]),
        ({"a": one("A"), "b": one("B", r=1)}, ["named.b is never reached"]),
        ({"a": one("A", r=[5, 4])}, ["named.a.r is [5, 4]", "from 1 to 5"]),
        ({"a": one("A", r=6)}, ["named.a.r is 6"]),
        ({"a": one("A", f=True)}, ["named.a.f is True"]),
        ({"a": one("A", x=1)}, ["unknown key 'x'"]),
        ({"a": {"title": {"en": "A", "ja": "あ"}}}, ["named.a.todo is None"]),
        ({"A1": one("A")}, ["'A1' is no code"]),
        ({"not_yet": one("A")}, ["'not_yet' has a meaning of its own"]),
        ({"none": one("A")}, ["'none' has a meaning of its own"]),
        ([one("A")], ["segments.named is ["]),
        ({}, ["segments.named is {}"]),
    ],
)
def test_what_cannot_be_is_refused(named, words):
    with pytest.raises(ConfigError) as error:
        segments.read_named({"named": named}, "tiny.yaml")
    for word in ["tiny.yaml", *words]:
        assert word in str(error.value)


# --- in a pipeline ---------------------------------------------------------------------------------------------------

FILE = """
title: {en: Tiny, ja: 小}
aim: {en: See., ja: 見る。}
data: data
sources: [none_at_all]
segments:
"""
RULES = """  rules:
    quiet:
      title: {en: Quiet, ja: 静か}
      rule: segment = 'rest' and previous_cltv.cltv > 3
"""
NAMED = """  named:
    gold: {title: {en: Gold, ja: 金}, todo: {en: Do., ja: 行います。}, r: [4, 5]}
    rest: {title: {en: Rest, ja: その他}, todo: {en: Do., ja: 行います。}}
"""


def pipeline(home, text: str) -> companies.Company:
    (home / "pipelines").mkdir(exist_ok=True)
    (home / "pipelines" / "tiny.yaml").write_text(FILE + text, encoding="utf-8")
    return companies.load("tiny")


def test_a_pipeline_reads_its_segments_and_rules_know_the_own_codes(home):
    company = pipeline(home, NAMED + RULES)
    assert [one.code for one in company.named] == ["gold", "rest"]
    [rule] = company.rules(["profile"], ["rfm"], ["cltv"])
    assert [field.full for field in rule.fields] == ["rfm.segment", "previous_cltv.cltv"]
    with pytest.raises(ConfigError, match=r"tiny\.yaml: segments\.rules\.quiet\.rule.*expected one of champions"):
        pipeline(home, RULES).rules(["profile"], ["rfm"], ["cltv"])
    with pytest.raises(ConfigError, match=r"'previous_cltv'"):
        company.rules(["profile"], ["rfm"], [])


def test_an_unknown_key_of_segments_names_the_near_miss(home):
    with pytest.raises(ConfigError, match=r"segments has the unknown key 'rule'.*Did you mean 'rules'"):
        pipeline(home, RULES.replace("rules:", "rule:"))


def test_a_page_puts_its_companys_segments_in_force(home):
    pipeline(home, NAMED + RULES)
    page = Stage("segments", pipeline="tiny", month="2026-10", reads=[], writes=["rfm"], previous=["cltv"])
    assert segments.codes() == ["gold", "rest"]
    assert [rule.code for rule in page.rules] == ["quiet"]
    pipeline(home, RULES)
    Stage("segments", pipeline="tiny", month="2026-10", reads=[], writes=["rfm"])
    assert segments.in_force() == segments.SEGMENTS


def test_charts_call_own_segments_by_their_names():
    segments.put_in_force(segments.read_named({"named": OWN}))
    frame = pd.DataFrame({"segment": segments.codes(), "customers": [10, 20, 30, 40]})
    figure = charts.bars(frame, "customers", "segment", title="t", caption="c", language="en")
    labels = [tick.get_text() for axes in figure.axes for tick in axes.get_yticklabels()]
    assert labels == ["All others", "Best newcomers", "Steady", "Gold"]
    plt.close(figure)
