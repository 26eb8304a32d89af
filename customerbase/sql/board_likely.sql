-- One row per category that $customer is likeliest to buy from, the three likeliest.
with

final as (
    select rank, category, horizon_days, probability, bought_before, days_since_last
    from propensity_categories
    where customer_id = $customer and rank <= 3
)

select * from final order by rank
