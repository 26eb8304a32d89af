-- One row per customer and wave of a survey: what was known of customers with an order before the wave asked, and no later.
-- Reads satisfaction_waves (wave, asked_on: the day on which it began to ask).
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

waves as (
    select wave, asked_on from satisfaction_waves
),

documents as (
    select
        waves.wave,
        customer_orders.customer_id,
        coalesce(customer_orders.channel, 'unknown') as channel,
        customer_orders.is_order,
        customer_orders.net_amount,
        date_diff('day', cast(customer_orders.order_at as date), waves.asked_on) as age
    from customer_orders
    inner join waves on cast(customer_orders.order_at as date) < waves.asked_on
    where customer_orders.customer_id is not null
),

totals as (
    select
        customer_id,
        wave,
        cast(sum(case when age <= 365 then is_order else 0 end) as bigint) as orders_365,
        cast(sum(case when age <= 365 then net_amount else 0 end) as decimal(18, 2)) as spend_365,
        cast(sum(case when age <= 365 and is_order = 0 then 1 else 0 end) as bigint) as returns_365,
        min(case when is_order = 1 then age end) as days_since_last_order,
        max(case when is_order = 1 then age end) as days_since_first_order
    from documents
    group by customer_id, wave
),

by_channel as (
    select customer_id, wave, channel, count(*) as orders
    from documents
    where is_order = 1
    group by customer_id, wave, channel
),

channels as (
    select customer_id, wave, min(struct_pack(key := -orders, channel := channel)) as main
    from by_channel
    group by customer_id, wave
),

desk as (
    select links.customer_id, waves.wave, count(*) as inquiries_365
    from inquiries
    inner join links
        on inquiries.source_system = links.source_system and inquiries.source_customer_id = links.source_customer_id
    inner join waves
        on cast(inquiries.opened_at as date) < waves.asked_on
        and date_diff('day', cast(inquiries.opened_at as date), waves.asked_on) <= 365
    group by links.customer_id, waves.wave
),

final as (
    select
        totals.customer_id,
        totals.wave,
        totals.orders_365,
        cast(totals.spend_365 as double) as spend_365,
        totals.returns_365,
        totals.days_since_last_order,
        totals.days_since_first_order,
        coalesce(desk.inquiries_365, 0) as inquiries_365,
        channels.main.channel as channel
    from totals
    inner join channels on totals.customer_id = channels.customer_id and totals.wave = channels.wave
    left join desk on totals.customer_id = desk.customer_id and totals.wave = desk.wave
    where totals.days_since_last_order is not null
)

select * from final order by wave, customer_id
