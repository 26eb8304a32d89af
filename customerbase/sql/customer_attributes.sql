-- One row per customer with at least one order up to the as-of date: attributes that may leave the contact tables.
-- channel: the channel of most orders (of equals, the first in alphabetical order). gender, age_band and prefecture are
-- those of the profile, coarse on purpose; 'unknown' where it says nothing.
with

completed_orders as (
    select customer_id, coalesce(channel, 'unknown') as channel
    from customer_orders
    where customer_id is not null and is_order = 1
),

channel_counts as (
    select customer_id, channel, count(*) as orders
    from completed_orders
    group by customer_id, channel
),

ranked_channels as (
    select
        customer_id,
        channel,
        row_number() over (partition by customer_id order by orders desc, channel) as position
    from channel_counts
),

people as (
    select customer_id, gender, age_band, prefecture from profile
),

final as (
    select
        ranked_channels.customer_id,
        ranked_channels.channel,
        coalesce(people.gender, 'unknown') as gender,
        coalesce(people.age_band, 'unknown') as age_band,
        coalesce(people.prefecture, 'unknown') as prefecture
    from ranked_channels
    left join people on ranked_channels.customer_id = people.customer_id
    where ranked_channels.position = 1
)

select * from final
