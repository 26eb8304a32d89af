-- One row per customer with at least $least inquiries in the $days days that end before $until: repeated trouble.
--   state   unresolved: one of them is open; reopened: one of them was opened again; settled: neither
-- Whether an inquiry is open is not known where its system notes no closing: it counts as settled, and not_known says so.
with

worth as (
    select customer_id, cltv from cltv
),

recent as (
    select
        customer_id,
        opened_at,
        category,
        channel,
        case when knows_closing = 1 and is_closed = 0 then 1 else 0 end as is_open,
        is_reopened,
        1 - knows_closing as not_known,
        csat
    from inquiry_facts
    where
        customer_id is not null
        and copy = 1
        and date_diff('day', cast(opened_at as date), cast($until as date)) <= $days
),

counted as (
    select
        customer_id,
        count(*) as inquiries,
        min(opened_at) as first_opened_at,
        max(opened_at) as last_opened_at,
        cast(sum(is_open) as bigint) as unresolved,
        cast(sum(is_reopened) as bigint) as reopened,
        cast(sum(not_known) as bigint) as not_known,
        count(distinct category) as categories,
        min(category) as category,
        min(csat) as lowest_csat
    from recent
    group by customer_id
),

final as (
    select
        counted.customer_id,
        counted.inquiries,
        counted.first_opened_at,
        counted.last_opened_at,
        counted.unresolved,
        counted.reopened,
        counted.not_known,
        case when counted.categories = 1 then counted.category else 'several' end as category,
        counted.lowest_csat,
        case
            when counted.unresolved > 0 then 'unresolved'
            when counted.reopened > 0 then 'reopened'
            else 'settled'
        end as state,
        worth.cltv
    from counted
    left join worth on counted.customer_id = worth.customer_id
    where counted.inquiries >= $least
)

select * from final order by customer_id
