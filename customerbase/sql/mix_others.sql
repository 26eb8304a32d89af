-- One row per customer who has ordered, but not in [$since, $until): attributes of the profile. Shown nowhere; page 04
-- counts these customers with the others, so that what is shown of the others must not give a few of them away.
with

ordered as (
    select
        customer_id,
        cast(sum(case when order_at >= $since and order_at < $until then 1 else 0 end) as bigint) as recent
    from customer_orders
    where customer_id is not null and is_order = 1 and order_at < $until
    group by customer_id
),

final as (
    select
        ordered.customer_id,
        coalesce(profile.age_band, 'unknown') as age_band,
        coalesce(profile.gender, 'unknown') as gender,
        coalesce(profile.prefecture, 'unknown') as prefecture
    from ordered
    left join profile on ordered.customer_id = profile.customer_id
    where ordered.recent = 0
)

select * from final order by customer_id
