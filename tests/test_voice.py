"""A month of voices: people counted once, changes that hold, complaints with their value, few people never told of, any text."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import voice_texts

from customerbase import charts
from customerbase.charts.voices import Pictures
from customerbase.errors import InputError
from customerbase.satisfaction import voice
from customerbase.satisfaction.voice import counting, gathered, looks
from customerbase.tables import evaluate, schema, store

AS_OF = date(2026, 10, 31)


def month(frame: pd.DataFrame, **options) -> voice.Voice:
    return voice.voice(voice_texts.company(frame), as_of=AS_OF, **({"recent": 6} | options))


@pytest.fixture(scope="module")
def heard() -> voice.Voice:
    return month(voice_texts.frame(1, extra={0: {"refill": 40, "parcel": 60}}))


# --- counting --------------------------------------------------------------------------------------------------------


def test_sizes_and_complaints_by_plain_counting(heard):
    """From the stored sentences alone, in plain pandas."""
    said = heard.sentences
    complaints = heard.complaints.set_index("topic")
    for row in heard.topics.itertuples():
        of = said[said["topic"] == row.topic]
        assert row.people == of["customer_id"].nunique() and row.texts == of["record_id"].nunique()
        angry = of.loc[of["polarity"] == "negative", "customer_id"].nunique()
        assert row.complaining == angry
        told = complaints.loc[row.topic]
        assert told["customers"] == angry if angry >= 10 else pd.isna(told["customers"])
        assert told["value"] == 1000.0 * angry if angry >= 10 else pd.isna(told["value"])
    assert heard.people == said["customer_id"].nunique() == heard.topics["everyone"].iloc[0]
    assert (heard.topics["share"] == heard.topics["people"] / heard.people).all()


def test_a_new_topic_and_a_grown_one_are_seen(heard):
    """Planted in the last month: forty people on a subject nobody wrote of, sixty more on one that was there."""
    planted = voice_texts.frame(1, extra={0: {"refill": 40, "parcel": 60}})[["record_id", "subject"]]
    said = heard.sentences.merge(planted, on="record_id")
    main = said.dropna(subset=["topic"]).groupby("topic")["subject"].agg(lambda one: one.value_counts().index[0])
    status = heard.topics.set_index("topic")["status"]
    assert set(main[status.index[status == counting.NEW]]) == {"refill"}
    assert set(main[status.index[status == counting.GROWING]]) == {"parcel"}


def test_where_nothing_changes_hardly_a_month_has_an_alarm():
    """A hundred months of ten topics with unchanged shares: false alarms in about 5 % of the months."""
    random = np.random.default_rng(8)
    topics = [f"t{number:03d}" for number in range(10)]
    alarms = 0
    for _ in range(100):
        rows = pd.DataFrame({
            "month": np.repeat(pd.to_datetime(["2026-09-01", "2026-10-01"]), 150), "source": random.choice(["review", "survey"], 300),
            "writer": np.arange(300), "topic": random.choice(topics, 300), "negative": False,
        })  # fmt: skip
        made = counting.changes(
            rows, topics, pd.Timestamp("2026-10-01"), pd.Timestamp("2026-09-01"), k_min=10, false_alarms=0.05
        )
        alarms += made["status"].isin([counting.GROWING, counting.SHRINKING]).any()
    assert alarms / 100 <= 0.12


def test_the_month_of_a_survey_is_not_a_month_of_new_topics():
    """A source in which a topic is common has four times the people this month; in each source nothing changes."""
    rows = []
    for when, surveys, reviews in (("2026-09-01", 100, 400), ("2026-10-01", 400, 100)):
        for source, n, share in (("survey", surveys, 0.5), ("review", reviews, 0.1)):
            rows += [(when, source, len(rows) + at, "t001" if at < n * share else "t002") for at in range(n)]
    said = pd.DataFrame(rows, columns=["month", "source", "writer", "topic"]).assign(negative=False)
    said["month"], said["writer"] = pd.to_datetime(said["month"]), np.arange(len(said))
    made = counting.changes(
        said, ["t001", "t002"], said["month"].max(), said["month"].min(), k_min=10, false_alarms=0.05
    )
    assert (made["change"].abs() < 1e-12).all() and (made["status"] == counting.STEADY).all()
    assert made.loc[0, "people_month"] == 210 and made.loc[0, "people_before"] == 90


def test_mantel_haenszel_against_the_textbook():
    """One stratum is the chi-square test with continuity correction; two strata by hand."""
    from scipy.stats import chi2_contingency

    change, low, high, p = counting.mantel_haenszel(*(np.array([one], dtype=float) for one in (30, 100, 15, 100)))
    assert change == pytest.approx(0.15) and low < 0.15 < high
    table = [[30, 70], [15, 85]]
    n = 200
    expected = chi2_contingency(table, correction=True)[0] * (n - 1) / n
    assert p == pytest.approx(float(2 * (1 - __import__("scipy.stats").stats.norm.cdf(np.sqrt(expected)))), rel=0.02)
    half = 1.959964 * np.sqrt(0.3 * 0.7 / 100 + 0.15 * 0.85 / 100)
    assert high - low == pytest.approx(2 * half, rel=0.02)
    two = counting.mantel_haenszel(np.array([10.0, 5]), np.array([20.0, 50]), np.array([5.0, 5]), np.array([20.0, 100]))
    assert two[0] == pytest.approx((10 * 0.25 + (50 * 100 / 150) * 0.05) / (10 + 50 * 100 / 150))
    assert all(np.isnan(counting.mantel_haenszel(*(np.array([one], dtype=float) for one in (0, 0, 3, 10)))))


def test_the_interval_of_a_change_holds_the_truth():
    random = np.random.default_rng(4)
    n, m = np.array([80.0, 200.0]), np.array([120.0, 90.0])
    truth, base = 0.08, np.array([0.1, 0.3])
    inside = 0
    for _ in range(1_000):
        a, b = random.binomial(n.astype(int), base + truth), random.binomial(m.astype(int), base)
        _, low, high, _ = counting.mantel_haenszel(a.astype(float), n, b.astype(float), m)
        inside += low <= truth <= high
    assert 0.93 <= inside / 1_000 <= 0.97


# --- few people, no people -------------------------------------------------------------------------------------------


def test_few_people_have_no_example_and_no_count_anywhere(heard):
    few = set(heard.topics.loc[heard.topics["people"] < 10, "topic"])
    assert not few & set(heard.quotes["topic"])
    assert (heard.complaints["customers"].dropna() >= 10).all()
    assert (
        heard.complaints.loc[heard.complaints["customers"].isna(), ["value", "low", "high", "with_value"]]
        .isna()
        .all(axis=None)
    )
    shy = month(voice_texts.frame(1, people=20), k_min=60)
    for language in ("ja", "en"):
        look = Pictures(shy, language, k_min=60)
        assert len(look.listing()) == 0 == len(look.quotes()) and isinstance(look.topics(), str)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("rows", [0, 1, 5])
def test_hardly_any_text_is_said_in_words(language, rows):
    made = month(voice_texts.frame(1).iloc[:rows])
    look = Pictures(made, language)
    said = " ".join(look.remarks())
    assert ("お客様はいません" if language == "ja" else "Nobody wrote") in said or "10" in said
    assert look.topics() == look.topics() and isinstance(look.value(), str) and len(look.listing()) == 0
    assert len(made.topics) == 0 and len(made.terms) == 0


def test_every_table_is_what_its_file_says(heard):
    for made in (heard, month(voice_texts.frame(1).iloc[:0])):
        for name, content in made.tables().items():
            db = voice_texts.Engine(threads=1)
            declared = schema(name)
            db.register("made", store.as_declared(db.connection.from_df(content), declared))
            assert [check for check in evaluate(db, declared, "made") if not check.success] == []


def test_windows_that_make_no_sense_are_told_of():
    with pytest.raises(InputError, match="recent is 0"):
        month(voice_texts.frame(1).iloc[:3], recent=0)


# --- any text --------------------------------------------------------------------------------------------------------

ODD = [
    "あ" * 20_000, "😊" * 50, "ﾊﾝｶｸｶﾅﾃﾞｽ｡ﾋﾄﾞｲ", "<script>alert('x')</script>", "=cmd|' /C calc'!A0", "{{ 7*7 }} ${x} %s", "あ", " ", "\n\n", "\x00\u202e", "？！",
    "とても good です but 高い", "a" * 60_000, "(" * 5_000, "ー" * 3_000, "https://x.jp/" + "a" * 3_000, "１２３４５６７８９０" * 100, "�", "𠮷野家", "null",
]  # fmt: skip


def test_any_text_is_read_and_none_leaves_a_mark():
    frame = voice_texts.frame(1, people=30)
    odd = frame.iloc[: len(ODD)].assign(said=ODD, record_id=[f"o{at}" for at in range(len(ODD))])
    odd = odd.assign(author=[f"c/o{at}" for at in range(len(ODD))], customer_id=[f"o{at}" for at in range(len(ODD))])
    made = month(pd.concat([frame, odd], ignore_index=True))
    longest = max(made.sentences.groupby("record_id").size())
    assert longest <= 60
    shown = " ".join(made.quotes["quote"]) + made.topics.to_csv() + made.terms.to_csv()
    assert "<" not in shown.replace("<NA>", "") and "script" not in shown and "alert" not in shown


@pytest.mark.slow
def test_markup_many_people_write_is_shown_as_words(tmp_path):
    frame = voice_texts.frame(1, people=60)
    evil = frame["said"].where(frame.index % 3 > 0, "<b onmouseover=alert(1)>箱</b>の梱包が$ひどい$ =1+1")
    made = month(frame.assign(said=evil))
    for language in ("ja", "en"):
        look = Pictures(made, language)
        page = (
            look.listing().style.format(escape="html").to_html() + " ".join(look.quotes()) + charts.svg(look.topics())
        )
        assert "onmouseover" not in page and "<b " not in page and "$ひどい$" not in page


def test_no_word_of_a_text_stands_in_the_table_of_sentences(heard):
    assert set(schema("voice_texts").columns) == {
        "as_of", "source", "source_system", "record_id", "sentence", "customer_id", "month", "topic", "polarity", "score",
    }  # fmt: skip


# --- what is read ----------------------------------------------------------------------------------------------------


def test_texts_of_all_three_sources_up_to_as_of_and_the_products_name_is_taken_out():
    db = voice_texts.company(voice_texts.frame(1).iloc[:0])
    db.execute(
        "insert into reviews select 'shop', 'r1', 'p1', 'a', timestamp '2026-10-31 23:59:59', 'ハンドクリームは良い', 5 union all"
        " select 'shop', 'r2', 'p9', null, timestamp '2026-11-01 00:00:00', '来月', 1 union all"
        " select 'shop', 'r3', 'p1', 'b', timestamp '2025-09-30 12:00:00', '古い', 1"
    )
    db.execute("insert into survey_answers select 'shop', 'q', '3', 'a', timestamp '2026-10-02 10:00:00', '意見'")
    db.execute("insert into survey_answers select 'shop', 'q', '1', 'a', timestamp '2026-10-02 10:00:00', null")
    db.execute("insert into inquiries select 'shop', 'i1', 'z', timestamp '2026-10-03 10:00:00', '質問'")
    db.execute("insert into identity_links values ('C1', 'shop', 'a')")
    rows = db.run("voice_texts", since=date(2025, 10, 1), until=date(2026, 11, 1)).fetchall()
    told = [(row[0], row[2], row[3], row[4], row[6].strip(), row[7]) for row in rows]
    assert told == [
        ("inquiry", "i1", None, "a/shop/z", "質問", None), ("review", "r1", "C1", "c/C1", "は良い", 5), ("survey", "q/3", "C1", "c/C1", "意見", None),
    ]  # fmt: skip


def test_one_person_counts_once_a_month_however_often_they_write():
    frame = voice_texts.frame(1, people=40)
    again = pd.concat([frame] * 3, ignore_index=True)
    again["record_id"] = [f"x{at}" for at in range(len(again))]
    one, three = (gathered.by_month(gathered.read(each, voice.lexicon()), gathered_wilson) for each in (frame, again))
    assert (one["people"] == three["people"]).all() and (three["texts"] == 3 * one["texts"]).all()
    assert (one["share"] == three["share"]).all()


def gathered_wilson(successes, trials):
    from customerbase import intervals

    return intervals.wilson(successes, trials)


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_sentences_name_what_the_tables_hold(heard, language):
    tables = heard.tables()
    said = looks.remarks(tables, language, 10, "JPY")
    new = heard.topics.loc[heard.topics["status"] == counting.NEW, "label"]
    assert any(new.iloc[0] in text for text in said)
    top = heard.complaints.iloc[0]
    label = heard.topics.set_index("topic").loc[top["topic"], "label"]
    assert any(label in text and f"{top['customers']}" in text for text in said)
    first = heard.topics.sort_values(["people", "topic"], ascending=[False, True]).iloc[0]
    assert first["label"] in looks.title(heard.topics, language, 10)


def test_mood_says_more_less_or_no_clear_change():
    def rows(now: tuple[int, int], then: tuple[int, int]) -> pd.DataFrame:
        made = []
        for when, (negative, people) in (("2026-10-01", now), ("2026-09-01", then)):
            low, high = gathered_wilson(negative, people)
            made.append({"month": pd.Timestamp(when), "source": "all", "texts": people, "people": people, "positive": 0, "neutral": people - negative,
                         "negative": negative, "share": negative / people, "low": float(low), "high": float(high), "as_of": AS_OF})  # fmt: skip
        return pd.DataFrame(made)

    assert "more than" in looks.mood(rows((60, 100), (30, 100)), "en", 10)
    assert "less than" in looks.mood(rows((30, 100), (60, 100)), "en", 10)
    assert "no clear change" in looks.mood(rows((33, 100), (30, 100)), "en", 10)
    assert "9 %" not in looks.mood(rows((9, 100), (30, 100)), "en", 10) and "fewer than 10" in looks.mood(
        rows((9, 100), (30, 100)), "en", 10
    )
    assert "前月" not in looks.mood(rows((33, 100), (3, 100)), "ja", 10)
