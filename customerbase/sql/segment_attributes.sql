-- One row per attribute, value and segment that has customers; from the views segment_members and customer_attributes.
with

members as (
    select segment_members.segment, customer_attributes.*
    from segment_members
    inner join customer_attributes on segment_members.customer_id = customer_attributes.customer_id
),

pairs as (
    select 'channel' as attribute, channel as value, segment from members
    union all
    select 'gender' as attribute, gender as value, segment from members
    union all
    select 'age_band' as attribute, age_band as value, segment from members
    union all
    select 'prefecture' as attribute, prefecture as value, segment from members
),

final as (
    select attribute, value, segment, count(*) as customers
    from pairs
    group by attribute, value, segment
)

select * from final order by attribute, value, segment
