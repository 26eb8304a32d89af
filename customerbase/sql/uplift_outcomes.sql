-- One row per person of one campaign (uplift_audience): arm, and what they did from $since to before $until.
with

audience as (
    select customer_id, treated from uplift_audience
),

bought as (
    select
        audience.customer_id,
        cast(sum(customer_orders.is_order) as bigint) as orders,
        cast(sum(customer_orders.net_amount) as double) as revenue
    from audience
    inner join customer_orders on audience.customer_id = customer_orders.customer_id
    where customer_orders.order_at >= $since and customer_orders.order_at < $until
    group by audience.customer_id
),

final as (
    select
        audience.customer_id,
        audience.treated,
        case when coalesce(bought.orders, 0) > 0 then 1 else 0 end as bought,
        coalesce(bought.revenue, 0) as revenue
    from audience
    left join bought on audience.customer_id = bought.customer_id
)

select * from final
