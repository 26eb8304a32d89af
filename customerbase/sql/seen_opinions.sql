-- One row per answer on a scale or review of a known customer in [$since, $until): how satisfied they said they are.
--   kind    nps (0-10), five (1-5), seven (1-7), review (stars 1-5)
--   score   as a share of the way from the worst to the best answer: 0 to 1
with

links as (
    select source_system, source_customer_id, customer_id from seen_links
),

answers as (
    select
        source_system,
        source_customer_id,
        source_row_id,
        answered_at as event_at,
        scale as kind,
        case scale
            when 'nps' then cast(answer_num as double) / 10
            when 'five' then (cast(answer_num as double) - 1) / 4
            else (cast(answer_num as double) - 1) / 6
        end as score
    from survey_answers
    where
        answered_at >= $since
        and answered_at < $until
        and answer_num is not null
        and scale in ('nps', 'five', 'seven')
),

stars as (
    select
        source_system,
        source_customer_id,
        source_row_id,
        posted_at as event_at,
        'review' as kind,
        (cast(stars as double) - 1) / 4 as score
    from reviews
    where posted_at >= $since and posted_at < $until
),

opinions as (
    select * from answers
    union all
    select * from stars
),

final as (
    select
        links.customer_id,
        opinions.source_system,
        opinions.source_row_id,
        opinions.event_at,
        cast(date_diff('day', cast(opinions.event_at as date), $until) as integer) as age,
        opinions.kind,
        opinions.score
    from opinions
    inner join links
        on opinions.source_system = links.source_system and opinions.source_customer_id = links.source_customer_id
)

select * from final
