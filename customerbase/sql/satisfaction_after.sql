-- One row per known customer and day of an answer: orders in the year before that day, and in the $days days after it.
-- Reads satisfaction_given (customer_id, answered_on). The day of the answer belongs to neither.
with

given as (
    select customer_id, answered_on from satisfaction_given
),

documents as (
    select
        given.customer_id,
        given.answered_on,
        date_diff('day', given.answered_on, cast(customer_orders.order_at as date)) as day
    from given
    inner join customer_orders on given.customer_id = customer_orders.customer_id
    where customer_orders.is_order = 1
),

final as (
    select
        given.customer_id,
        given.answered_on,
        count(case when documents.day between -365 and -1 then 1 end) as orders_before,
        count(case when documents.day between 1 and $days then 1 end) as orders_after
    from given
    left join documents on given.customer_id = documents.customer_id and given.answered_on = documents.answered_on
    group by given.customer_id, given.answered_on
)

select * from final order by answered_on, customer_id
