-- One row per contract that ran at the end of a day of churn_cutoffs, and that day: what its customer had done before.
-- Of cutoffs with `every` above 1 only every so manieth contract is taken.
--   is_left      whether it ended by next_cutoff; null where that is not known yet
--   orders       orders of the customer in the days from `since` to the cutoff that were not cancelled by then
--   inquiries    those that arrived in the same days
with

contracts as (
    select * from churn_contracts
),

cutoffs as (
    select * from churn_cutoffs
),

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

running as (
    select
        contracts.contract,
        contracts.customer_id,
        cutoffs.cutoff,
        case when cutoffs.next_cutoff <= $as_of then coalesce(contracts.ended_at <= cutoffs.next_cutoff, false) end as is_left
    from contracts
    inner join cutoffs
        on contracts.started_at <= cutoffs.cutoff and (contracts.ended_at is null or contracts.ended_at > cutoffs.cutoff)
    where contracts.number % cutoffs.every = 0
),

ordered as (
    select links.customer_id, cutoffs.cutoff, count(*) as orders
    from orders
    inner join links
        on orders.source_system = links.source_system and orders.source_customer_id = links.source_customer_id
    inner join cutoffs
        on cast(orders.order_at as date) >= cutoffs.since and cast(orders.order_at as date) <= cutoffs.cutoff
    where
        orders.status = 'completed'
        or (orders.status = 'cancelled' and cast(orders.cancelled_at as date) > cutoffs.cutoff)
    group by links.customer_id, cutoffs.cutoff
),

inquired as (
    select links.customer_id, cutoffs.cutoff, count(*) as inquiries
    from inquiries
    inner join links
        on inquiries.source_system = links.source_system and inquiries.source_customer_id = links.source_customer_id
    inner join cutoffs
        on cast(inquiries.opened_at as date) >= cutoffs.since and cast(inquiries.opened_at as date) <= cutoffs.cutoff
    group by links.customer_id, cutoffs.cutoff
),

final as (
    select
        running.contract,
        running.cutoff,
        running.is_left,
        coalesce(ordered.orders, 0) as orders,
        coalesce(inquired.inquiries, 0) as inquiries
    from running
    left join ordered on running.customer_id = ordered.customer_id and running.cutoff = ordered.cutoff
    left join inquired on running.customer_id = inquired.customer_id and running.cutoff = inquired.cutoff
)

select * from final order by contract, cutoff
