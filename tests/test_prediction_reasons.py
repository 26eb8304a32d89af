"""Topics hold every feature once; sentences in both languages; the strongest topics as plain Python finds them."""

import itertools
import re

import numpy as np
import pytest

from customerbase import i18n
from customerbase.errors import ConfigError, InputError
from customerbase.prediction import design, reasons
from customerbase.prediction.reasons import BUYING, FILE, LEAST, LEAVING, sentence, strongest, topics

EVERY = list(itertools.product([topic.code for topic in topics()], (LEAVING, BUYING), ("en", "ja")))


def test_every_column_of_the_matrix_stands_in_exactly_one_topic():
    told = [name for topic in topics() for name in topic.features]
    assert sorted(told) == sorted(design.names())
    for topic in topics():
        assert 1 <= len(topic.values) <= 2 and set(topic.values) <= set(design.names())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("silence_ratio, ", "silence_rato, ", "'silence_rato' is no feature.*silence_ratio"),
        ("silence_ratio, ", "", "'silence_ratio' stands in 0 topics"),
        ("silence_ratio, ", "silence_ratio, opens_90, ", "'opens_90' stands in 2 topics"),
    ],
)
def test_a_topic_file_that_is_wrong_is_refused(tmp_path, old, new, message):
    file = tmp_path / "reasons.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        topics(file)


@pytest.mark.parametrize(("code", "side", "language"), EVERY)
def test_a_sentence_of_every_topic_with_and_without_values(code, side, language):
    [topic] = [one for one in topics() if one.code == code]
    written = topic.sentences[side][language]
    whole = sentence(code, side, (12.0, 34.0)[: len(topic.values)], language)
    empty = sentence(code, side, (), language)
    for text in (whole, empty, sentence(code, side, (float("nan"), None), language)):
        assert text and not re.search(r"[\[\]{}]|nan|None", text)
    for place in range(len(topic.values)):
        assert f"{{{place}}}" in written, f"{code}: value {topic.values[place]} is never said"
    optional = re.search(r"\[[^\]]*\]", written)
    if optional:
        assert len(empty) < len(whole)
    must_say = re.findall(r"\{\d\}", re.sub(r"\[[^\]]*\]", "", written))
    assert empty.count(i18n.MISSING) == len(must_say)


def test_what_sentences_say():
    assert sentence("silence", LEAVING, (41.0, 14.0), "en") == "Last purchase 41 days ago, usually every 14 days"
    assert sentence("silence", LEAVING, (41.0, float("nan")), "en") == "Last purchase 41 days ago"
    assert sentence("silence", LEAVING, (41.0, 14.0), "ja") == "最終購入から41日（ふだんは14日おき）"
    assert sentence("spend", LEAVING, (12000.0,), "ja") == "購入額が小さい（1年に1.2万円）"
    assert "€" in sentence("spend", LEAVING, (120.0,), "en", currency="EUR")
    assert sentence("discount", BUYING, (0.25,), "en").endswith("do: 25.0\u00a0% of orders")


def test_an_unknown_topic_is_refused_and_values_are_numbers_only():
    with pytest.raises(InputError, match=r"'silense'.*silence"):
        sentence("silense", LEAVING, (), "en")
    with pytest.raises(ValueError):
        sentence("silence", LEAVING, ("{0.__class__}",), "en")


def test_contributions_by_topic_and_the_strongest_against_plain_python():
    parts = np.random.default_rng(0).normal(0, 0.2, (50, len(design.names())))
    totals = reasons.by_topic(parts)
    place = {name: number for number, name in enumerate(design.names())}
    for row in range(50):
        for number, topic in enumerate(topics()):
            assert totals[row, number] == pytest.approx(sum(parts[row, place[name]] for name in topic.features))
    assert totals.sum(axis=1) == pytest.approx(parts.sum(axis=1))
    found, size = strongest(totals, 3)
    for row in range(50):
        expected = sorted(range(totals.shape[1]), key=lambda number: (-totals[row, number], number))[:3]
        for k, number in enumerate(expected):
            told = totals[row, number] >= LEAST
            assert found[row, k] == (number if told else -1)
            assert size[row, k] == pytest.approx(totals[row, number] if told else np.nan, nan_ok=True)
