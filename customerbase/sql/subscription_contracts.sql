-- One row per contract of a known person that had begun by the as-of date; an end after that day is not known yet.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

final as (
    select
        links.customer_id,
        subscriptions.source_system,
        subscriptions.subscription_id,
        coalesce(subscriptions.plan, 'unknown') as plan,
        cast(subscriptions.price as double) as price,
        subscriptions.currency,
        subscriptions.period_months,
        subscriptions.started_at,
        case when subscriptions.ended_at <= $as_of then subscriptions.ended_at end as ended_at
    from subscriptions
    inner join links
        on subscriptions.source_system = links.source_system
        and subscriptions.source_customer_id = links.source_customer_id
    where subscriptions.started_at <= $as_of
)

select * from final order by customer_id, started_at, source_system, subscription_id
