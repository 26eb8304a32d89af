-- One row per customer, month, channel and store with a document: the additive facts of account_months, by person.
-- customer_id is null for anonymous sales. Who is whose account is read from identity_links, so that people who became
-- one, or were parted, cost nothing: their accounts' months are only added up otherwise.
with

accounts as (
    select * from account_months where month <= $as_of
),

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

final as (
    select
        links.customer_id,
        accounts.month,
        accounts.channel,
        accounts.store_id,
        cast(sum(accounts.orders) as bigint) as orders,
        cast(sum(accounts.revenue) as decimal(18, 2)) as revenue,
        cast(sum(accounts.revenue_squared) as decimal(38, 4)) as revenue_squared,
        min(accounts.first_order_at) as first_order_at,
        max(accounts.last_order_at) as last_order_at,
        cast(sum(accounts.lines) as bigint) as lines,
        cast(sum(accounts.items) as decimal(18, 3)) as items,
        cast(sum(accounts.goods) as decimal(18, 2)) as goods,
        cast(sum(accounts.costed) as decimal(18, 2)) as costed,
        cast(sum(accounts.cost) as decimal(18, 2)) as cost,
        cast(sum(accounts.discount) as decimal(18, 2)) as discount
    from accounts
    left join links
        on accounts.source_system = links.source_system and accounts.source_customer_id = links.source_customer_id
    group by links.customer_id, accounts.month, accounts.channel, accounts.store_id
)

select * from final
