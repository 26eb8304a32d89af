-- One row per customer and chosen thing: purchase days, the last one, and how much buying there was beside how much was due.
-- $gap: 'second' holds customers with one purchase day of the thing alone, 'any' all.
--   repeats      gaps that ended in another purchase
--   due          cumulated hazard over all gaps, the open one included, in millionths: the repeats due to somebody of
--                average pace; a sum of integers has one value
--   days_since   days from the last purchase day to $as_of
with

gaps as (
    select
        customer_id,
        thing,
        day,
        next_day,
        cast(date_diff('day', cast(day as date), coalesce(next_day, $as_of)) as integer) as days
    from clock_days
),

waited as (
    select
        gaps.customer_id,
        gaps.thing,
        gaps.day,
        gaps.next_day,
        clock_cumulated.millionths
    from gaps
    inner join clock_cumulated
        on gaps.thing = clock_cumulated.thing and gaps.days = clock_cumulated.days
),

final as (
    select
        customer_id,
        thing,
        cast(count(*) as integer) as purchases,
        cast(count(next_day) as integer) as repeats,
        cast(sum(millionths) as bigint) as due,
        max(day) as last_day,
        cast(date_diff('day', cast(max(day) as date), $as_of) as integer) as days_since
    from waited
    group by customer_id, thing
    having $gap = 'any' or count(*) = 1
)

select * from final
