-- One row per answer as a number of a survey, given before $until (the first instant after the as-of date).
--   customer_id   the person of identity_links; an answer without a known customer stands for a person of its own
--   known         1 where the customer is known
--   asked_at      when it was asked: of an answer that does not say so the time of the invitation, else that of the answer
--   wave          the survey and the month in which it asked: a survey that always runs has a wave a month
--   product_id    the product that the survey asked about, where it says so
--   latest        1 for the last answer of a person to a question of a wave (and about a product): the one that counts
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

requests as (
    select source_system, survey_id, source_customer_id, max(asked_at) as asked_at
    from survey_invitations
    where asked_at < $until
    group by source_system, survey_id, source_customer_id
),

answers as (
    select
        survey_answers.source_system,
        survey_answers.response_id,
        coalesce(links.customer_id, survey_answers.source_system || ':' || survey_answers.response_id) as customer_id,
        case when links.customer_id is null then 0 else 1 end as known,
        survey_answers.source_system || ':' || survey_answers.survey_id as survey,
        coalesce(
            survey_answers.asked_at,
            case when requests.asked_at <= survey_answers.answered_at then requests.asked_at end,
            survey_answers.answered_at
        ) as asked_at,
        survey_answers.question_id,
        survey_answers.product_id,
        survey_answers.scale,
        cast(survey_answers.answer_num as double) as answer,
        cast(coalesce(survey_answers.weight, 1) as double) as weight,
        survey_answers.answered_at
    from survey_answers
    left join links
        on survey_answers.source_system = links.source_system
        and survey_answers.source_customer_id = links.source_customer_id
    left join requests
        on survey_answers.source_system = requests.source_system
        and survey_answers.survey_id = requests.survey_id
        and survey_answers.source_customer_id = requests.source_customer_id
    where
        survey_answers.answered_at < $until
        and survey_answers.answer_num is not null
        and survey_answers.scale in ('nps', 'five', 'seven', 'yes_no')
        and coalesce(survey_answers.weight, 1) > 0
),

months as (
    select *, cast(date_trunc('month', asked_at) as date) as asked_month from answers
),

numbered as (
    select
        *,
        row_number() over (
            partition by customer_id, survey, asked_month, question_id, product_id
            order by answered_at desc, response_id desc
        ) as place
    from months
),

final as (
    select
        customer_id,
        known,
        source_system,
        survey,
        survey || ' ' || cast(asked_month as varchar) as wave,
        asked_at,
        asked_month,
        question_id,
        product_id,
        scale,
        answer,
        weight,
        answered_at,
        cast(date_trunc('month', answered_at) as date) as month,
        case when place = 1 then 1 else 0 end as latest
    from numbered
)

select * from final order by wave, customer_id, question_id, product_id, answered_at, latest
