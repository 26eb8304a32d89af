-- One row per customer and month with an order: months since the month of the order before, and until that of the next.
-- gap is null for the month of the first order, gap_next while there is no later one.
with

active_months as (
    select customer_id, month, year(month) * 12 + month(month) as number
    from sales_months
    where customer_id is not null and month <= $as_of
    group by customer_id, month
    having cast(sum(orders) as bigint) > 0
),

final as (
    select
        customer_id,
        month,
        number - lag(number) over (partition by customer_id order by month) as gap,
        lead(number) over (partition by customer_id order by month) - number as gap_next
    from active_months
)

select * from final
