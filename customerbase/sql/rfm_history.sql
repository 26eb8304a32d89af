-- One row per customer and month of the newest 13: ranks, segment and lifetime value as that month published them.
-- The month before may have been published without this table: its rows come from its own rfm and cltv then.
with

kept as (
    select customer_id, month, r, f, m, segment, cltv
    from previous_rfm_history
    where month > $oldest and month < $as_of
),

kept_months as (
    select month from kept group by month
),

published as (
    select
        previous_rfm.customer_id,
        previous_rfm.as_of as month,
        previous_rfm.r,
        previous_rfm.f,
        previous_rfm.m,
        previous_rfm.segment,
        previous_cltv.cltv
    from previous_rfm
    left join previous_cltv on previous_rfm.customer_id = previous_cltv.customer_id
    where previous_rfm.as_of > $oldest and previous_rfm.as_of < $as_of
),

added as (
    select published.customer_id, published.month, published.r, published.f, published.m, published.segment, published.cltv
    from published
    left join kept_months on published.month = kept_months.month
    where kept_months.month is null
),

this_month as (
    select rfm.customer_id, $as_of as month, rfm.r, rfm.f, rfm.m, rfm.segment, cltv.cltv
    from rfm
    left join cltv on rfm.customer_id = cltv.customer_id
),

final as (
    select customer_id, month, r, f, m, segment, cltv from kept
    union all
    select customer_id, month, r, f, m, segment, cltv from added
    union all
    select customer_id, month, r, f, m, segment, cltv from this_month
)

select * from final
