-- One row per customer with a chance of a purchase or a lifetime value: what an offer's gain is reckoned from.
--   probability      of a purchase within 30 days
--   expected_spend   of that purchase
with

people as (
    select customer_id from propensity
    union
    select customer_id from cltv
),

final as (
    select
        people.customer_id,
        propensity.p_30 as probability,
        propensity.expected_spend,
        cltv.p_alive,
        cltv.cltv
    from people
    left join propensity on people.customer_id = propensity.customer_id
    left join cltv on people.customer_id = cltv.customer_id
)

select * from final order by customer_id
