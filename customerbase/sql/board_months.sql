-- One row per month and kind of event of $customer: how many, how many completed orders, and what they add to net sales.
with

final as (
    select
        cast(date_trunc('month', event_at) as date) as month,
        kind,
        count(*) as events,
        count(case when kind = 'order' and detail = 'completed' then 1 end) as completed,
        cast(sum(amount) as decimal(18, 2)) as amount
    from timeline
    where customer_id = $customer
    group by cast(date_trunc('month', event_at) as date), kind
)

select * from final order by month, kind
