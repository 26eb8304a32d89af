-- One row per fresh id that is not free: it was used before, or a smaller record of this month got the same.
with

fresh as (
    select * from assign_fresh
),

history as (
    select * from assign_history
),

used as (
    select distinct history.customer_id
    from history
    inner join fresh on history.customer_id = fresh.customer_id
),

repeated as (
    select
        position,
        record_id,
        customer_id,
        row_number() over (partition by customer_id order by record_id) as turn
    from fresh
),

final as (
    select
        repeated.position,
        repeated.record_id
    from repeated
    left join used on repeated.customer_id = used.customer_id
    where used.customer_id is not null or repeated.turn > 1
)

select * from final
