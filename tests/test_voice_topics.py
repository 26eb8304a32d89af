"""Topics: planted subjects are found under readable words, stay the same from month to month, and new ones are seen when they come."""

from dataclasses import replace
from datetime import date
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import voice_texts
from sklearn.metrics import adjusted_rand_score

from customerbase.errors import ConfigError
from customerbase.satisfaction.voice import gathered, lexicon, months, tokens, topics
from customerbase.satisfaction.voice.phrases import phrases

AS_OF = date(2026, 10, 31)
HAS_JA = find_spec("sudachipy") is not None
needs_ja = pytest.mark.skipif(not HAS_JA, reason="SudachiPy is not installed: it comes with the extra ja")
WAYS = ["core", pytest.param("ja", marks=needs_ja)]


def carried(
    frame: pd.DataFrame, before=None, as_of=AS_OF, way="core", **options
) -> tuple[gathered.Gathered, months.Model]:
    found = gathered.read(frame, lexicon())
    options = {"keep_months": 12, "k_min": 10} | options
    return found, months.carry_on(found, before, as_of=as_of, way=way, **options)


def agreement(frame: pd.DataFrame, found: gathered.Gathered, model: months.Model) -> tuple[float, float]:
    """How far topics are made of one subject only (share of sentences in their topic's main subject), and how much is covered."""
    topic = np.array([model.topic_of[place] for place in found.said["distinct"]], dtype=object)
    subject = frame["subject"].to_numpy()[found.said["text"]]
    known = np.array([one is not None for one in topic])
    table = pd.crosstab(topic[known], subject[known])
    return float(table.max(axis=1).sum() / known.sum()), float(known.mean())


# --- words -----------------------------------------------------------------------------------------------------------

CORE = [
    ("注文した商品がまだ届きません。", ["注文", "届"]), ("待ち時間が長かったです。", ["待ち時間"]), ("香りも使い心地も最高です。", ["香", "使い心地", "最高"]),
    ("ポイントの有効期限", ["ポイント", "有効期限"]), ("お問い合わせの返事", ["お問い合わせ", "返事"]), ("The boxes were damaged", ["box", "damaged"]),
    ("においがきつくて", ["におい", "きつく"]), ("これはそれでもあります", []), ("●●さんの対応", ["対応"]), ("あ", []), ("", []), ("😊😊", []), ("ﾎﾟﾝﾌﾟ", []),
    ("アプリのUIが変", ["アプリ", "変"]),
]  # fmt: skip


@pytest.mark.parametrize("sentence, words", CORE)
def test_words_without_a_dictionary(sentence, words):
    assert [word for word, _ in tokens.parts(sentence)] == [one for one in words if one != "変"]


@needs_ja
def test_words_in_dictionary_form():
    read = tokens.tokenizer("ja")
    assert [word for word, _ in read("注文した商品がまだ届きません。")] == ["注文", "届く"]
    assert [word for word, _ in read("ポイントの有効期限を教えてください")] == ["ポイント", "有効期限", "教える"]
    assert [word for word, _ in read("The boxes were damaged")] == ["box", "damaged"]
    assert len(read("長" * 60_000)) >= 0  # Sudachi alone refuses more than 49,149 bytes; sentences are cut before


def test_unknown_ways_of_finding_words_are_told_of():
    with pytest.raises(ConfigError, match="tokens is 'mecab'"):
        tokens.tokenizer("mecab")


def test_sentences_end_at_their_marks_and_long_ones_are_cut():
    assert tokens.sentences("良い。悪い!はい?いいえ... Nice. Bad") == [
        "良い。",
        "悪い!",
        "はい?",
        "いいえ...",
        "Nice.",
        "Bad",
    ]
    long = tokens.sentences("長い、" * 2_000)
    assert len(long) == tokens.SENTENCES and max(map(len, long)) <= tokens.LONGEST_SENTENCE
    assert max(map(len, tokens.sentences("あ" * 20_000))) <= tokens.LONGEST_SENTENCE
    assert tokens.sentences("") == tokens.sentences(" 。 ") == [] or tokens.sentences(" 。 ") == ["。"]


def test_phrases_hang_together_and_stand_apart():
    """A planted word in many surroundings is found, a pair of words that only happen to meet is not."""
    random = np.random.default_rng(3)
    before = ["昨日は", "店の", "長い", "とにかく", "この", "駅前の", "夜の", "いつもの"]
    behind = ["が長い", "を減らして", "は最悪", "に困る", "で疲れた", "も同じ", "だけ残念", "には驚いた"]
    texts = [random.choice(before) + "待ち合わせ場所" + random.choice(behind) for _ in range(300)]
    texts += [
        random.choice(before) + random.choice(["品物", "荷物", "書類", "値段"]) + random.choice(behind)
        for _ in range(300)
    ]
    found = phrases(texts, [1] * len(texts), 10)
    assert "待ち合わせ場所" in found
    assert not any(one.startswith(("待ち合わせ場所が", "の待", "ち合")) for one in found)
    assert phrases([], [], 10) == [] == phrases(["あ"], [1], 1)


# --- topics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_subjects_are_found(way, seed):
    frame = voice_texts.frame(seed)
    found, model = carried(frame, way=way)
    pure, covered = agreement(frame, found, model)
    assert pure > 0.8 and covered > 0.7
    words = "".join(model.labels.values())
    for expected in ("ポイント", "店員", "アプリ", "荷物", "delivery"):
        assert expected in words
    fragments = [label for label in model.labels.values() for one in label.split("・") if len(one) < 2]
    assert not fragments


def test_no_two_topics_have_the_same_name():
    """A topic fitted later from the same words is told apart by more of them, in the end by its number."""
    _, model = carried(voice_texts.frame(1, people=40))
    one = model.generations[0]
    again = replace(one, names=tuple(f"t9{place:02}" for place in range(len(one.names))))
    labels = replace(model, generations=(one, again)).labels
    assert len(labels) == 2 * len(one.names) == len(set(labels.values()))
    assert {name: labels[name] for name in one.names} == model.labels  # the older ones keep theirs


def test_the_same_texts_give_the_same_topics_in_any_process_order():
    frame = voice_texts.frame(5, people=40)
    one, other = (carried(frame)[1].terms(AS_OF) for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_topic_stays_the_same_from_month_to_month():
    """October knows September's topics from their table alone: each sentence of before keeps its topic."""
    frame = voice_texts.frame(1, months=7)
    before = frame[frame["month"] < "2026-10-01"].reset_index(drop=True)
    found, september = carried(before, as_of=date(2026, 9, 30))
    db = voice_texts.company(frame, voice_terms=september.terms(date(2026, 9, 30)))
    remembered = months.remembered(db, "core")
    assert remembered.since == september.since and months.remembered(db, "ja") is None
    again, october = carried(frame, remembered)
    assert october.generations[: len(september.generations)] != () and set(september.since) <= set(october.since)
    topic = dict(zip(again.sentences, october.topic_of, strict=True))
    for sentence, then in zip(found.sentences, september.topic_of, strict=True):
        if then is not None:
            assert topic[sentence] == then


def test_what_is_new_becomes_a_topic_of_its_own():
    frame = voice_texts.frame(2, months=7, extra={0: {"refill": 40}})
    _, september = carried(frame[frame["month"] < "2026-10-01"].reset_index(drop=True), as_of=date(2026, 9, 30))
    found, october = carried(frame, september)
    fresh = {name for name, month in october.since.items() if month == date(2026, 10, 1)}
    subject = frame["subject"].to_numpy()[found.said["text"]]
    topic = np.array([october.topic_of[place] for place in found.said["distinct"]], dtype=object)
    hit = np.isin(topic, list(fresh)) & (subject == "refill")
    assert fresh and found.said.loc[hit, "text"].nunique() >= 0.5 * (frame["subject"] == "refill").sum()


def test_topics_fitted_anew_keep_the_names_of_those_they_continue():
    frame = voice_texts.frame(3, months=7)
    before = frame[frame["month"] < "2026-10-01"].reset_index(drop=True)
    found, old = carried(before, as_of=date(2026, 9, 30))
    again, fresh = carried(frame, old, keep_months=1)
    assert fresh.fitted[0] == date(2026, 10, 1)
    was = dict(zip(found.sentences, old.topic_of, strict=True))
    both = [(was[one], now) for one, now in zip(again.sentences, fresh.topic_of, strict=True) if now and was.get(one)]
    same = np.mean([then == now for then, now in both])
    assert same > 0.6 and adjusted_rand_score(*zip(*both, strict=True)) > 0.5


def test_words_of_few_people_make_no_topic():
    frame = voice_texts.frame(1, months=1, people=9)
    _, model = carried(frame)
    assert model.generations == () and set(model.topic_of) == {None}
    one = voice_texts.frame(1, months=1, people=60).assign(author="c/1", customer_id="1")  # all by one person
    assert carried(one)[1].generations == ()
    _, whole = carried(voice_texts.frame(1))
    people = {word for one in whole.generations for word in one.words}
    assert people and "権田原" not in people


def test_a_word_that_one_person_repeats_is_no_word_of_a_topic():
    """Five hundred inquiries of one customer, each in other words, with a name in all of them."""
    usual = voice_texts.frame(1)
    angry = usual.iloc[[0] * 500].assign(author="c/angry", customer_id="angry", source="inquiry")
    angry["said"] = [
        f"権田原の箱の梱包、{usual['said'].iloc[at % len(usual)][:8]}と{at}回も言った" for at in range(500)
    ]
    angry["record_id"] = [f"q{at}" for at in range(500)]
    _, model = carried(pd.concat([usual, angry], ignore_index=True))
    words = "".join(word for one in model.generations for word in (*one.words, *one.shown, *one.phrases))
    assert "権田原" not in words
    assert "梱包" in words  # in every third sentence, but not of every third person


def test_a_text_pasted_ten_thousand_times_makes_no_topic_and_counts_once():
    frame = voice_texts.frame(1)
    spam = frame.iloc[:1].assign(said="激安ブランド品はこちらの倉庫から直送", author="c/spam", customer_id="spam")
    pasted = pd.concat([spam] * 10_000, ignore_index=True)
    pasted["record_id"] = [f"s{number}" for number in range(len(pasted))]
    nameless = pasted.iloc[:500].assign(author=None, customer_id=None)
    nameless["record_id"] = "n" + nameless["record_id"]
    found, model = carried(pd.concat([frame, pasted, nameless], ignore_index=True))
    place = next(at for at, sentence in enumerate(found.sentences) if "倉庫" in sentence)
    assert found.people[place] == 2 and model.topic_of[place] is None
    clean, _ = carried(frame)
    assert set(clean.sentences) == set(found.sentences) - {found.sentences[place]}


def test_assignment_depends_on_the_sentence_alone():
    found, model = carried(voice_texts.frame(4))
    one = model.generations[0]
    documents = [tokens.tokenizer("core", one.phrases)(sentence) for sentence in found.sentences]
    whole = one.assign(documents)
    assert [int(one.assign([document])[0]) for document in documents[:50]] == whole[:50].tolist()
    assert topics.Generation.assign(one, []).tolist() == []
