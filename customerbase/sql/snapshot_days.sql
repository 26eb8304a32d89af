-- One row per eligible customer and purchase day: a day with a completed order, whatever was bought.
--   gap   days since the purchase day before; null on the first
with

eligible as (
    select customer_id from snapshot_customers
),

days as (
    select
        seen_documents.customer_id,
        seen_documents.day,
        seen_documents.age,
        cast(sum(seen_documents.net_amount) as decimal(18, 2)) as amount
    from seen_documents
    inner join eligible on seen_documents.customer_id = eligible.customer_id
    where seen_documents.is_order = 1
    group by seen_documents.customer_id, seen_documents.day, seen_documents.age
),

earlier as (
    select customer_id, day, age, amount, lag(day) over (partition by customer_id order by day) as previous_day
    from days
),

final as (
    select
        customer_id,
        day,
        age,
        amount,
        cast(date_diff('day', cast(previous_day as date), day) as integer) as gap
    from earlier
)

select * from final
