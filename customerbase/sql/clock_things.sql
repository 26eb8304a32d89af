-- One row per thing: customers, purchase days, and gaps that ended in another purchase within $longest days.
-- $gap: 'second' counts the gap from the first purchase of a thing to the second alone, 'any' all gaps.
with

gaps as (
    select
        customer_id,
        thing,
        case
            when next_day is not null and date_diff('day', cast(day as date), next_day) <= $longest then 1
        end as is_repeat
    from clock_days
    where $gap = 'any' or purchase = 1
),

final as (
    select thing, count(distinct customer_id) as customers, count(*) as purchases, count(is_repeat) as repeats
    from gaps
    group by thing
)

select * from final
