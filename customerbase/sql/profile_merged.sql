-- One row per number of accounts a customer has: how many customers, how many of them buyers, their orders and spend.
-- From the result profile.
with

people as (
    select accounts, orders, net_spend from profile
),

final as (
    select
        accounts,
        count(*) as customers,
        count(case when orders > 0 then 1 end) as buyers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend
    from people
    group by accounts
)

select * from final order by accounts
