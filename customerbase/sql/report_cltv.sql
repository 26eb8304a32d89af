-- One row per run: customers with a lifetime value, its sum now and before and its median, expected purchases by horizon,
-- and how many lost more than half of their value.
with

customers as (
    select
        cltv,
        previous_cltv,
        case when cltv < previous_cltv / 2 then 1 else 0 end as halved,
        purchases_3m,
        purchases_6m,
        purchases_12m,
        purchases_24m
    from cltv
),

final as (
    select
        count(*) as customers,
        count(case when cltv is not null and previous_cltv is not null then 1 end) as known_before,
        count(cltv) as valued,
        cast(sum(cast(cltv as decimal(18, 2))) as decimal(18, 2)) as value,
        median(cast(cltv as double)) as median_value,
        cast(sum(cast(previous_cltv as decimal(18, 2))) as decimal(18, 2)) as previous_value,
        cast(sum(halved) as bigint) as halved,
        cast(sum(case when halved = 1 then cast(previous_cltv - cltv as decimal(18, 2)) end) as decimal(18, 2)) as lost,
        cast(sum(cast(purchases_3m as decimal(18, 6))) as decimal(18, 6)) as purchases_3m,
        cast(sum(cast(purchases_6m as decimal(18, 6))) as decimal(18, 6)) as purchases_6m,
        cast(sum(cast(purchases_12m as decimal(18, 6))) as decimal(18, 6)) as purchases_12m,
        cast(sum(cast(purchases_24m as decimal(18, 6))) as decimal(18, 6)) as purchases_24m
    from customers
)

select * from final
