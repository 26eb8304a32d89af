-- One row per customer with the highest lifetime value, the first $most; of equals the first by id.
with

final as (
    select customer_id, cltv, cltv_low, cltv_high, previous_cltv, frequency, purchases_12m, p_alive
    from cltv
    where cltv is not null
    order by cltv desc, customer_id
    limit $most
)

select * from final order by cltv desc, customer_id
