-- One row per customer with the most value at risk, the first $most; of equals the first by id.
with

final as (
    select customer_id, probability, risk_band, value_at_risk, value_at_risk_low, value_at_risk_high, cltv, cltv_low, cltv_high
    from churn
    where value_at_risk is not null
    order by value_at_risk desc, customer_id
    limit $most
)

select * from final order by value_at_risk desc, customer_id
