-- One row per customer and thing that is due: the day to contact of the repurchase clock, or the last purchase where a
-- fixed day is set ($fixed), at `met_at` in [$since, $before). Who has bought anything since is left out; things are those of
-- the clock, $thing when it is set; expected gain at least $gain.
--   subject: the thing; measure: the expected gain in purchases; value: none
with

due as (
    select
        customer_id,
        thing,
        as_of,
        last_day,
        contact_gain,
        cast(case when $fixed then last_day else contact_day end as timestamp) as met_at
    from repurchase_due
    where ($thing is null or thing = $thing) and ($fixed or coalesce(contact_gain, 0) >= $gain)
),

final as (
    select
        due.customer_id,
        concat(due.thing, '|', cast(due.last_day as varchar)) as episode,
        due.met_at,
        due.thing as subject,
        due.contact_gain as measure,
        cast(null as double) as value
    from due
    left join last_orders on due.customer_id = last_orders.customer_id
    where due.met_at >= $since
        and due.met_at < $before
        and (last_orders.last_order_at is null or cast(last_orders.last_order_at as date) <= due.as_of)
)

select * from final
