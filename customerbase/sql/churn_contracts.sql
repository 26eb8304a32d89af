-- One row per contract of the table subscription_contracts (those begun by the as-of date), with its place among others.
--   number     in the order of `contract`, from 0
--   channel    of the customer's newest order up to the first day of the contract; 'unknown' without one
--   earlier    contracts that the same customer began before
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

begun as (
    select
        customer_id,
        source_system || ':' || subscription_id as contract,
        source_system,
        plan,
        price,
        period_months,
        started_at,
        ended_at
    from subscription_contracts
),

purchases as (
    select links.customer_id, coalesce(orders.channel, 'unknown') as channel, orders.order_at
    from orders
    inner join links
        on orders.source_system = links.source_system and orders.source_customer_id = links.source_customer_id
    where orders.status = 'completed' and cast(orders.order_at as date) <= $as_of
),

newest as (
    select begun.contract, max(purchases.order_at) as order_at
    from begun
    inner join purchases
        on begun.customer_id = purchases.customer_id and cast(purchases.order_at as date) <= begun.started_at
    group by begun.contract
),

channels as (
    select begun.contract, min(purchases.channel) as channel
    from begun
    inner join newest on begun.contract = newest.contract
    inner join purchases on begun.customer_id = purchases.customer_id and newest.order_at = purchases.order_at
    group by begun.contract
),

final as (
    select
        begun.customer_id,
        begun.contract,
        row_number() over (order by begun.contract) - 1 as number,
        begun.source_system,
        begun.plan,
        coalesce(channels.channel, 'unknown') as channel,
        begun.price,
        begun.period_months,
        row_number() over (partition by begun.customer_id order by begun.started_at, begun.contract) - 1 as earlier,
        begun.started_at,
        begun.ended_at
    from begun
    left join channels on begun.contract = channels.contract
)

select * from final order by contract
