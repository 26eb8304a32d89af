-- One row per group, dimension and value that has customers: named segment, main channel, age band.
with

known as (
    select
        group_members.group_id,
        coalesce(rfm.segment, 'unknown') as segment,
        coalesce(profile.main_channel, 'unknown') as channel,
        coalesce(profile.age_band, 'unknown') as age_band
    from group_members
    left join rfm on group_members.customer_id = rfm.customer_id
    left join profile on group_members.customer_id = profile.customer_id
),

pairs as (
    select group_id, 'segment' as dimension, segment as value from known
    union all
    select group_id, 'channel' as dimension, channel as value from known
    union all
    select group_id, 'age_band' as dimension, age_band as value from known
),

final as (
    select group_id, dimension, value, count(*) as customers
    from pairs
    group by group_id, dimension, value
)

select * from final order by group_id, dimension, value
