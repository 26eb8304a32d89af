-- One row per customer whose risk of leaving is in band $band or higher and was in a lower one a month before, with at
-- least $value_at_risk at stake, and who has not bought since.
--   subject: the band now; measure: the probability; value: value at risk
with

bands as (
    select
        customer_id,
        as_of,
        risk_band,
        probability,
        value_at_risk,
        case risk_band when 'high' then 3 when 'medium' then 2 else 1 end as height
    from churn
),

bands_before as (
    select customer_id, case risk_band when 'high' then 3 when 'medium' then 2 else 1 end as height from previous_churn
),

final as (
    select
        bands.customer_id,
        concat('band|', cast(bands.as_of as varchar)) as episode,
        cast(bands.as_of as timestamp) as met_at,
        bands.risk_band as subject,
        bands.probability as measure,
        bands.value_at_risk as value
    from bands
    inner join bands_before on bands.customer_id = bands_before.customer_id
    left join last_orders on bands.customer_id = last_orders.customer_id
    where bands.height > bands_before.height
        and bands.height >= case $band when 'high' then 3 else 2 end
        and coalesce(bands.value_at_risk, 0) >= $value_at_risk
        and cast(bands.as_of as timestamp) >= $since
        and cast(bands.as_of as timestamp) < $before
        and (last_orders.last_order_at is null or cast(last_orders.last_order_at as date) <= bands.as_of)
)

select * from final
