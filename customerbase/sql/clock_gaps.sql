-- One row per chosen thing, part of the customers, days since the purchase, and whether they ended in the next purchase.
-- A gap that lasts on at the as-of date, or longer than $longest days, ends there without a purchase (censored).
--   gaps   how many such gaps there are
with

gaps as (
    select
        clock_days.thing,
        clock_days.customer_group,
        clock_days.next_day is not null as was_followed,
        cast(date_diff('day', cast(clock_days.day as date), coalesce(clock_days.next_day, $as_of)) as integer) as days
    from clock_days
    inner join clock_chosen on clock_days.thing = clock_chosen.thing
    where $gap = 'any' or clock_days.purchase = 1
),

cut as (
    select
        thing,
        customer_group,
        case when days > $longest then $longest else days end as days,
        was_followed and days <= $longest as is_repeat
    from gaps
),

final as (
    select thing, customer_group, days, is_repeat, count(*) as gaps
    from cut
    group by thing, customer_group, days, is_repeat
)

select * from final
