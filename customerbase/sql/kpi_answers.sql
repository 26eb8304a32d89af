-- One row per respondent, month and part with an answer that counts: what it adds to NPS and CSAT.
-- Reads kpi_scored (customer_id, part, month, measure, y, weight): the answers that count (features/answers.py) with what
-- each adds to its measure: 100, 0 or −100 to nps, 1 or 0 to csat. Weights are scaled within the month, part and measure so
-- that they add up to the effective number of answers (Kish 1965): of equal weights, each is 1.
with

answers as (
    select customer_id, part, month, measure, y, cast(weight as decimal(12, 6)) as weight from kpi_scored
),

scales as (
    select
        month,
        part,
        measure,
        cast(sum(weight) as double) / cast(sum(weight * weight) as double) as factor
    from answers
    group by month, part, measure
),

weighted as (
    select
        answers.customer_id,
        answers.month,
        answers.part,
        answers.measure,
        answers.y,
        cast(answers.weight * scales.factor as decimal(12, 6)) as weight
    from answers
    inner join scales
        on answers.month = scales.month and answers.part = scales.part and answers.measure = scales.measure
),

counted as (
    select
        customer_id,
        month,
        part,
        cast(sum(case when measure = 'nps' then weight else 0 end) as decimal(20, 6)) as nps_weight,
        cast(sum(case when measure = 'nps' and y > 0 then weight else 0 end) as decimal(20, 6)) as promoters,
        cast(sum(case when measure = 'nps' and y < 0 then weight else 0 end) as decimal(20, 6)) as detractors,
        cast(sum(case when measure = 'nps' then 1 else 0 end) as bigint) as nps_answers,
        cast(sum(case when measure = 'csat' then weight else 0 end) as decimal(20, 6)) as csat_weight,
        cast(sum(case when measure = 'csat' and y > 0 then weight else 0 end) as decimal(20, 6)) as satisfied,
        cast(sum(case when measure = 'csat' then 1 else 0 end) as bigint) as csat_answers
    from weighted
    group by customer_id, month, part
),

final as (
    select *, cast(100 * (promoters - detractors) as decimal(20, 6)) as score from counted
)

select * from final
