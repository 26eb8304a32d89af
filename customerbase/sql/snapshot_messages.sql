-- One row per eligible customer who was sent a campaign message: what they were sent, opened and clicked.
with

eligible as (
    select customer_id from snapshot_customers
),

messages as (
    select
        seen_messages.customer_id,
        seen_messages.sent_at,
        seen_messages.age,
        seen_messages.opened_age,
        seen_messages.clicked_age,
        seen_messages.unsubscribed_age
    from seen_messages
    inner join eligible on seen_messages.customer_id = eligible.customer_id
),

sums as (
    select
        customer_id,
        count(case when age <= 30 then 1 end) as messages_30,
        count(case when age <= 90 then 1 end) as messages_90,
        count(case when age <= 365 then 1 end) as messages_365,
        count(case when opened_age <= 90 then 1 end) as opens_90,
        count(case when clicked_age <= 90 then 1 end) as clicks_90,
        count(case when age <= 365 then opened_age end) as opened_365,
        count(case when age <= 365 then clicked_age end) as clicked_365,
        min(opened_age) as days_since_last_open,
        min(clicked_age) as days_since_last_click,
        count(unsubscribed_age) as unsubscribed
    from messages
    group by customer_id
),

ignored as (
    select messages.customer_id, count(*) as messages
    from messages
    inner join sums on messages.customer_id = sums.customer_id
    where messages.opened_age is null and messages.age <= coalesce(sums.days_since_last_open, 1000000)
    group by messages.customer_id
),

final as (
    select
        sums.customer_id,
        sums.messages_30,
        sums.messages_90,
        sums.opens_90,
        sums.clicks_90,
        cast(sums.opened_365 as double) / nullif(sums.messages_365, 0) as open_rate_365,
        cast(sums.clicked_365 as double) / nullif(sums.messages_365, 0) as click_rate_365,
        sums.days_since_last_open,
        sums.days_since_last_click,
        coalesce(ignored.messages, 0) as messages_since_last_open,
        sums.unsubscribed > 0 as has_unsubscribed
    from sums
    left join ignored on sums.customer_id = ignored.customer_id
)

select * from final
