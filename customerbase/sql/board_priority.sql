-- One row per customer of the first $most places of the list of contacts.
with

final as (
    select customer_id, rank, channel, gain, gain_low, gain_high, probability, best_day, reason_1, reason_2, reason_3
    from sales_priority
    where rank <= $most
)

select * from final order by rank
