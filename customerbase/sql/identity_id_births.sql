-- One row per claimed id: the day it was first held by anybody.
with

history as (
    select * from assign_history
),

claimed as (
    select distinct customer_id from assign_claims
),

final as (
    select
        history.customer_id,
        min(history.valid_from) as born
    from history
    inner join claimed on history.customer_id = claimed.customer_id
    group by history.customer_id
)

select * from final
