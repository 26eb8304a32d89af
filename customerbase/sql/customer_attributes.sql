-- One row per customer with at least one order up to the as-of date: attributes that may leave the contact tables.
-- channel: the channel of most orders (of equals, the first in alphabetical order); age_band and prefecture are coarse
-- on purpose. 'unknown' where the source says nothing.
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
    select
        source_system || ':' || source_customer_id as customer_id,
        gender,
        pref,
        case
            when birth_date is null or cast(birth_date as date) > $as_of then null
            else year($as_of) - year(cast(birth_date as date))
                - case
                    when month($as_of) * 100 + day($as_of)
                        < month(cast(birth_date as date)) * 100 + day(cast(birth_date as date)) then 1
                    else 0
                end
        end as age
    from customers_src
),

banded as (
    select
        customer_id,
        gender,
        pref,
        case
            when age is null or age >= 120 then null
            when age < 20 then '0-19'
            when age < 30 then '20-29'
            when age < 40 then '30-39'
            when age < 50 then '40-49'
            when age < 60 then '50-59'
            when age < 70 then '60-69'
            else '70+'
        end as age_band
    from people
),

final as (
    select
        ranked_channels.customer_id,
        ranked_channels.channel,
        coalesce(banded.gender, 'unknown') as gender,
        coalesce(banded.age_band, 'unknown') as age_band,
        coalesce(banded.pref, 'unknown') as prefecture
    from ranked_channels
    left join banded on ranked_channels.customer_id = banded.customer_id
    where ranked_channels.position = 1
)

select * from final
