-- One row per dimension and value: net revenue in $before and in $month, customers, and the sum of squared changes of the
-- customers, from which the interval comes. mover_folds renames what is shown together (dimension, value, shown_as).
with

named as (
    select
        mover_amounts.dimension,
        coalesce(mover_folds.shown_as, mover_amounts.value) as value,
        mover_amounts.customer_id,
        mover_amounts.month,
        mover_amounts.amount
    from mover_amounts
    left join mover_folds
        on mover_amounts.dimension = mover_folds.dimension and mover_amounts.value = mover_folds.value
    where mover_amounts.month in ($before, $month)
),

paired as (
    select
        dimension,
        value,
        customer_id,
        max(case when month = $before then 1 else 0 end) as was_there,
        max(case when month = $month then 1 else 0 end) as is_there,
        cast(sum(case when month = $before then amount else 0 end) as decimal(20, 2)) as before,
        cast(sum(case when month = $month then amount else 0 end) as decimal(20, 2)) as now
    from named
    group by dimension, value, customer_id
),

final as (
    select
        dimension,
        value,
        cast(sum(before) as decimal(18, 2)) as before,
        cast(sum(now) as decimal(18, 2)) as now,
        cast(sum(case when customer_id is null then 0 else was_there end) as bigint) as customers_before,
        cast(sum(case when customer_id is null then 0 else is_there end) as bigint) as customers_now,
        max(case when customer_id is null then 1 else 0 end) as has_anonymous,
        cast(sum(case when customer_id is null then 0 else (now - before) * (now - before) end) as decimal(38, 4))
            as squares
    from paired
    group by dimension, value
)

select * from final order by dimension, value
