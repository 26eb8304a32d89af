-- One row per day on which an id came back after a time when nobody held it.
--   rested   last day it was held before
with

history as (
    select * from stay_history
),

claimed as (
    select distinct customer_id from stay_rows where asked = 1
),

periods as (
    select distinct
        history.customer_id,
        history.valid_from,
        coalesce(history.valid_to, date '9999-12-31') as valid_to
    from history
    inner join claimed on history.customer_id = claimed.customer_id
),

starts as (
    select
        customer_id,
        valid_from,
        max(valid_to) as valid_to
    from periods
    group by customer_id, valid_from
),

steps as (
    select
        customer_id,
        valid_from,
        max(valid_to) over (
            partition by customer_id
            order by valid_from
            rows between unbounded preceding and 1 preceding
        ) as rested
    from starts
),

final as (
    select
        customer_id,
        valid_from,
        rested
    from steps
    where cast(rested + interval 1 day as date) < valid_from
)

select * from final
