-- One row per kind of score and tenth of the customers tested: what was predicted and what happened (95 % interval).
with

final as (
    select 'leaving' as side, bin, n, predicted, actual, low, high
    from churn_curves
    where curve = 'reliability' and model = 'chosen'
    union all
    select 'buying' as side, bin, n, predicted, actual, low, high
    from propensity_curves
    where curve = 'reliability' and model = 'chosen'
)

select * from final order by side, bin
