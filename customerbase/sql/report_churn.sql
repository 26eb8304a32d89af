-- One row per run: customers with a risk of leaving, and the days ahead that it is about.
with

customers as (
    select horizon_days from churn
),

final as (
    select count(*) as customers, max(horizon_days) as horizon_days
    from customers
)

select * from final
