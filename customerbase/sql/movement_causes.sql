-- One row per cause and state of the record: customers, in the order used and in the other one, and their value then
-- and now where both are known.
with

paths as (
    select cause, record, cause_in_other_order, cltv_before, cltv_now, cast(cltv_now - cltv_before as decimal(20, 2)) as gain
    from movement_paths
),

pairs as (
    select cause, record, 1 as customers, 0 as other_order, cltv_before, cltv_now, gain from paths
    union all
    select
        cause_in_other_order as cause, record, 0 as customers, 1 as other_order,
        cast(null as decimal(18, 2)) as cltv_before, cast(null as decimal(18, 2)) as cltv_now, cast(null as decimal(20, 2)) as gain
    from paths
),

final as (
    select
        cause,
        record,
        cast(sum(customers) as bigint) as customers,
        cast(sum(other_order) as bigint) as customers_in_other_order,
        count(gain) as valued,
        cast(sum(case when gain is not null then cltv_before end) as decimal(18, 2)) as cltv_before,
        cast(sum(case when gain is not null then cltv_now end) as decimal(18, 2)) as cltv_now,
        cast(sum(gain) as decimal(18, 2)) as cltv_change,
        cast(sum(gain * gain) as decimal(38, 4)) as cltv_change_squares
    from pairs
    group by cause, record
)

select * from final order by cause, record
