-- One row per eligible customer: what they spent, gave back and were granted.
-- spend_decayed weighs a document by one half for every 90 days of age, in millionths: the sum is exact.
-- spend: completed orders and credit notes less refunds, each at its own date. gross: completed orders alone.
with

eligible as (
    select customer_id from snapshot_customers
),

documents as (
    select
        seen_documents.customer_id,
        seen_documents.age,
        seen_documents.is_order,
        seen_documents.net_amount,
        seen_documents.discount,
        seen_documents.points_used,
        cast(round(1000000 * power(0.5, cast(seen_documents.age as double) / 90)) as decimal(8, 0)) as millionths
    from seen_documents
    inner join eligible on seen_documents.customer_id = eligible.customer_id
),

sums as (
    select
        customer_id,
        count(case when is_order = 1 then 1 end) as orders,
        count(case when is_order = 1 and age <= 365 then 1 end) as orders_365,
        count(case when is_order = 1 and age <= 365 and discount > 0 then 1 end) as discounted_365,
        count(case when is_order = 1 and age <= 365 and points_used > 0 then 1 end) as with_points_365,
        cast(sum(net_amount) as decimal(18, 2)) as spend,
        cast(sum(case when age <= 30 then net_amount else 0 end) as decimal(18, 2)) as spend_30,
        cast(sum(case when age <= 90 then net_amount else 0 end) as decimal(18, 2)) as spend_90,
        cast(sum(case when age <= 180 then net_amount else 0 end) as decimal(18, 2)) as spend_180,
        cast(sum(case when age <= 365 then net_amount else 0 end) as decimal(18, 2)) as spend_365,
        cast(sum(case when age > 90 and age <= 180 then net_amount else 0 end) as decimal(18, 2)) as spend_prior_90,
        cast(sum(net_amount * millionths) as decimal(38, 2)) as millionths_spent,
        cast(sum(case when is_order = 1 and age <= 365 then net_amount else 0 end) as decimal(18, 2)) as gross_365,
        cast(sum(case when is_order = 1 and age <= 365 then discount else 0 end) as decimal(18, 2)) as discount_365,
        count(case when is_order = 0 and age <= 365 then 1 end) as returns_365,
        cast(sum(case when is_order = 0 and age <= 365 then -net_amount else 0 end) as decimal(18, 2)) as returned_365,
        min(case when is_order = 0 then age end) as days_since_last_return
    from documents
    group by customer_id
),

final as (
    select
        customer_id,
        orders,
        orders_365,
        spend,
        spend_30,
        spend_90,
        spend_180,
        spend_365,
        spend_prior_90,
        cast(spend_90 - spend_prior_90 as decimal(18, 2)) as spend_trend_90,
        cast(millionths_spent as double) / 1000000 as spend_decayed,
        cast(gross_365 as double) / nullif(orders_365, 0) as mean_order_365,
        case
            when gross_365 + discount_365 > 0
                then cast(discount_365 as double) / cast(gross_365 + discount_365 as double)
        end as discount_share_365,
        cast(discounted_365 as double) / nullif(orders_365, 0) as discounted_orders_share_365,
        cast(with_points_365 as double) / nullif(orders_365, 0) as points_orders_share_365,
        returns_365,
        returned_365,
        case when gross_365 > 0 then cast(returned_365 as double) / cast(gross_365 as double) end as returned_share_365,
        days_since_last_return
    from sums
)

select * from final
