-- One row per reason of a score of $customer, the strongest first: side leaving (churn) or buying (propensity).
with

final as (
    select 'leaving' as side, rank, reason, value_a, value_b from churn_reasons where customer_id = $customer
    union all
    select 'buying' as side, rank, reason, value_a, value_b from propensity_reasons where customer_id = $customer
)

select * from final order by side, rank
