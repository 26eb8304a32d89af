-- One row per respondent and month with an answer from 0 to 10 or from 1 to 5: what it adds to NPS and CSAT.
-- score is 100 for a promoter, −100 for a detractor, times the weight. Weights are scaled within the month and question so
-- that they add up to the effective number of answers (Kish 1965): of equal weights, each is 1.
with

answers as (
    select
        source_system || ':' || coalesce(source_customer_id, response_id) as customer_id,
        cast(date_trunc('month', answered_at) as date) as month,
        scale,
        answer_num,
        cast(coalesce(weight, 1) as decimal(12, 6)) as weight
    from survey_answers
    where answered_at < $until and scale in ('nps', 'five') and answer_num is not null and coalesce(weight, 1) > 0
),

scales as (
    select
        month,
        scale,
        cast(sum(weight) as double) / cast(sum(weight * weight) as double) as factor
    from answers
    group by month, scale
),

weighted as (
    select
        answers.customer_id,
        answers.month,
        answers.scale,
        answers.answer_num,
        cast(answers.weight * scales.factor as decimal(12, 6)) as weight
    from answers
    inner join scales on answers.month = scales.month and answers.scale = scales.scale
),

counted as (
    select
        customer_id,
        month,
        cast(sum(case when scale = 'nps' then weight else 0 end) as decimal(20, 6)) as nps_weight,
        cast(sum(case when scale = 'nps' and answer_num >= 9 then weight else 0 end) as decimal(20, 6)) as promoters,
        cast(sum(case when scale = 'nps' and answer_num <= 6 then weight else 0 end) as decimal(20, 6)) as detractors,
        cast(sum(case when scale = 'nps' then 1 else 0 end) as bigint) as nps_answers,
        cast(sum(case when scale = 'five' then weight else 0 end) as decimal(20, 6)) as csat_weight,
        cast(sum(case when scale = 'five' and answer_num >= 4 then weight else 0 end) as decimal(20, 6)) as satisfied,
        cast(sum(case when scale = 'five' then 1 else 0 end) as bigint) as csat_answers
    from weighted
    group by customer_id, month
),

final as (
    select *, cast(100 * (promoters - detractors) as decimal(20, 6)) as score from counted
)

select * from final
