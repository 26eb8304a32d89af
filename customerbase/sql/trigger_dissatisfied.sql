-- One row per customer whose latest answer, at `met_at` in [$since, $before), was bad, and whose customer lifetime value is
-- among the highest $top per cent.
--   subject: the scale; measure: the answer; value: customer lifetime value
with

ranked as (
    select
        customer_id,
        cltv,
        row_number() over (order by cltv desc, customer_id) as place,
        count(*) over () as customers
    from cltv
    where cltv is not null
),

answers as (
    select customer_id, survey_score, survey_scale, survey_at from profile where survey_at is not null
),

final as (
    select
        answers.customer_id,
        concat('answer|', cast(answers.survey_at as varchar)) as episode,
        answers.survey_at as met_at,
        answers.survey_scale as subject,
        answers.survey_score as measure,
        ranked.cltv as value
    from answers
    inner join ranked on answers.customer_id = ranked.customer_id
    where answers.survey_at >= $since
        and answers.survey_at < $before
        and answers.survey_score
            <= case answers.survey_scale when 'nps' then $nps when 'five' then $five when 'seven' then $seven end
        and ranked.place * 100.0 <= $top * ranked.customers
)

select * from final
