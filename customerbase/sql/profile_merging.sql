-- One row per way of counting who buys: by account, as each system alone would see it, and by customer.
-- From the results profile_order_groups and profile. Net spend and orders are those of the buyers.
with

accounts as (
    select
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend
    from profile_order_groups
    group by source_system, source_customer_id
),

counted as (
    select 'account' as counted_by, orders, net_spend from accounts
    union all
    select 'customer' as counted_by, orders, net_spend from profile
),

final as (
    select
        counted_by,
        count(*) as buyers,
        count(case when orders > 1 then 1 end) as repeat_buyers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend
    from counted
    where orders > 0
    group by counted_by
)

select * from final order by counted_by
