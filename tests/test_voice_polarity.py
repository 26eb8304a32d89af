"""Polarity by the lexicon: negation, degree, contrast, wishes; what it gets right on texts that it was not made from."""

import pandas as pd
import pytest

from customerbase import intervals
from customerbase.errors import ConfigError
from customerbase.satisfaction.voice import checking, gathered
from customerbase.satisfaction.voice.polarity import NEGATIVE, NEUTRAL, POSITIVE, SHIPPED, lexicon

RULES = [
    ("とても良い商品です", POSITIVE), ("良くない", NEGATIVE), ("悪くない", POSITIVE), ("満足できませんでした", NEGATIVE),
    ("まだ届きません", NEGATIVE), ("届きました", NEUTRAL), ("いつ届きますか", NEUTRAL), ("問題なく使えました", POSITIVE),
    ("期待したほどではありませんでした", NEGATIVE), ("もう少し量があればうれしいです", NEGATIVE), ("可もなく不可もなく", NEUTRAL),
    ("値段は高いけど品質はとても良いです", POSITIVE), ("品質は良いですが値段がとても高いです", NEGATIVE), ("敏感肌でも安心して使えますか", NEUTRAL),
    ("壊れにくい", POSITIVE), ("すぐ壊れた", NEGATIVE), ("😊", POSITIVE), ("届いた😡", NEGATIVE), ("", NEUTRAL), ("あ", NEUTRAL), ("。", NEUTRAL),
    ("good", POSITIVE), ("not good at all", NEGATIVE), ("It doesn't work", NEGATIVE), ("Does it work?", NEUTRAL), ("not bad", POSITIVE),
    ("It was slow but the staff were very kind", POSITIVE), ("Nice staff, but delivery was terribly late and the box was broken", NEGATIVE),
    ("味が落ちましたね。もう買わないと思います。", NEGATIVE), ("心配ないです", POSITIVE), ("No complaints", POSITIVE),
    ("It was not as described", NEGATIVE), ("写真と違う色でした", NEGATIVE), ("I would like a receipt", NEUTRAL), ("GREAT SERVICE", POSITIVE),
]  # fmt: skip


@pytest.mark.parametrize("sentence, label", RULES)
def test_rules_by_hand(sentence, label):
    assert lexicon().score(sentence).label == label


def test_words_that_decided_add_up_to_the_score():
    told = lexicon().score("値段は高いけど品質はとても良いです")
    assert told.words == (("高い", -0.5), ("良い", 1.5))
    assert told.score == sum(value for _, value in told.words) == 1.0


def test_held_out_texts_are_right_as_often_as_is_said():
    """Figures of the page on texts never looked at for improving the lexicon; a worse lexicon fails here."""
    found = gathered.read(pd.DataFrame(columns=gathered.TEXTS), lexicon())
    table = checking.check(lexicon(), found)
    assert set(table["sample"]) == {"ja", "en"}
    japanese = checking.rates(table, "ja").set_index(["label", "kind"])
    assert japanese.loc[(NEGATIVE, "precision"), "value"] >= 0.8
    assert japanese.loc[(POSITIVE, "precision"), "value"] >= 0.85
    assert japanese.loc[(NEGATIVE, "recall"), "value"] >= 0.55
    english = checking.rates(table, "en").set_index(["label", "kind"])
    assert english.loc[(NEGATIVE, "precision"), "value"] >= 0.7
    assert english.loc[(NEGATIVE, "recall"), "value"] >= 0.5


def test_labelled_texts_are_enough_and_each_stands_once():
    known = checking.labelled()
    sizes = known.groupby("language").size()
    assert sizes["ja"] >= 120 and sizes["en"] >= 60
    assert not known["text"].duplicated().any()
    assert (known.groupby(["language", "part", "truth"]).size() >= 8).all() and len(
        known.groupby(["language", "part", "truth"])
    ) == 12


def test_rates_by_plain_counting():
    cells = {
        (NEGATIVE, NEGATIVE): 6,
        (NEGATIVE, NEUTRAL): 2,
        (POSITIVE, NEGATIVE): 4,
        (POSITIVE, POSITIVE): 8,
        (NEUTRAL, NEUTRAL): 1,
    }
    table = pd.DataFrame(
        [("ja", truth, said, n) for (truth, said), n in cells.items()],
        columns=["sample", "truth", "predicted", "texts"],
    )
    rows = checking.rates(table, "ja").set_index(["label", "kind"])
    assert rows.loc[(NEGATIVE, "precision"), "value"] == 0.6 and rows.loc[(NEGATIVE, "recall"), "value"] == 0.75
    low, high = intervals.wilson(6, 10)
    assert rows.loc[(NEGATIVE, "precision"), ["low", "high", "n"]].tolist() == [float(low), float(high), 10]


def test_reviews_are_checked_by_their_stars_each_text_once():
    said = ["最高です", "最高です", "最悪です", "ふつうです", "最悪です"]
    frame = pd.DataFrame({
        "source": "review", "source_system": "s", "record_id": list("abcde"), "customer_id": None, "author": list("vwxyz"),
        "month": pd.Timestamp("2026-10-01"), "said": said, "stars": [5, 4, 1, 3, 5],
    })  # fmt: skip
    table = checking.check(lexicon(), gathered.read(frame, lexicon()))
    of = table[(table["sample"] == "reviews") & (table["texts"] > 0)]
    assert sorted(of[["truth", "predicted", "texts"]].itertuples(index=False, name=None)) == [
        (NEGATIVE, NEGATIVE, 1), (NEUTRAL, NEUTRAL, 1), (POSITIVE, NEGATIVE, 1), (POSITIVE, POSITIVE, 1),
    ]  # fmt: skip


def test_an_own_lexicon_counts_and_a_faulty_one_is_told_of(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("ja: {negative: [ぴえん], negators: [ない]}\nen: {positive: [meh]}\n", encoding="utf-8")
    assert lexicon(str(own)).score("ぴえん").label == NEGATIVE and lexicon(str(own)).score("meh").label == POSITIVE
    assert lexicon(str(own)).score("最高").label == NEUTRAL
    for text, told in [
        ("ja: {negativ: [x]}\nen: {}\n", "unknown kind 'negativ'.*Did you mean"),
        ("ja: {negative: [x], positive: [x]}\nen: {}\n", "'x' is negative and positive"),
        ("ja: {}\n", "expected ja and en"),
    ]:
        bad = tmp_path / f"{abs(hash(text))}.yaml"
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=told):
            lexicon(str(bad))
    with pytest.raises(ConfigError, match="expected a file"):
        lexicon(str(tmp_path / "none.yaml"))
    assert SHIPPED.is_file()
