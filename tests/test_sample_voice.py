"""Page 09b in the month of the sample company: its tables against plain SQL, and nothing in them that a customer wrote."""

import sample_run

sample_month = sample_run.sample_month  # the fixture

TEXTS = """
    select 'review' as source, review_id as record_id, cast(date_trunc('month', posted_at) as date) as month from reviews where text is not null
    union all select 'inquiry', inquiry_id, cast(date_trunc('month', opened_at) as date) from inquiries where text is not null
    union all select 'survey', response_id || '/' || question_id, cast(date_trunc('month', answered_at) as date)
    from survey_answers where answer_text is not null"""


def test_every_text_of_thirteen_months_is_counted_once(sample_month):
    truth = sample_month.rows(
        f"select month, source, count(*) from ({TEXTS}) where month >= date '2025-10-01' group by all order by all"
    )
    assert (
        sample_month.rows("select month, source, texts from voice_months where source <> 'all' order by all") == truth
    )
    assert (
        truth
        and sample_month.one("select count(*) from voice_months where positive > people or negative > people") == 0
    )


def test_no_text_of_a_customer_is_stored_whole_but_masked_examples_of_many(sample_month):
    assert (
        sample_month.one(
            "select count(*) from voice_quotes as q join voice_topics as t using (topic) where t.people < 10"
        )
        == 0
    )
    assert sample_month.one("select count(*) from voice_texts where length(polarity) > 8") == 0
    assert sample_month.one("select count(*) from voice_complaints where customers < 10 or with_value < 10") == 0


def test_polarity_goes_with_the_stars(sample_month):
    right, wrong = sample_month.rows(
        "select coalesce(sum(texts) filter (truth = predicted), 0), coalesce(sum(texts) filter (truth = 'positive' and predicted = 'negative'"
        " or truth = 'negative' and predicted = 'positive'), 0) from voice_polarity_check where sample = 'reviews'"
    )[0]
    assert right > 2 * wrong


def test_the_report_has_the_section_in_both_languages(sample_month):
    for language in ("ja", "en"):
        page = (sample_month.report / f"report.{language}.html").read_text(encoding="utf-8")
        assert '<section id="voice">' in page
