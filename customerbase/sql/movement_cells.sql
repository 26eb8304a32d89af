-- One row per pair of segments that has customers in any of the three countings of one span of time:
--   customers  from then to now as both are known today; real: the same under the cut points of then
--   published  from what was published then to now; value: sums over those whose lifetime value is known at both ends
with

paths as (
    select published_segment, from_segment, between_segment, to_segment, cast(cltv_now - cltv_before as decimal(20, 2)) as gain
    from movement_paths
),

pairs as (
    select from_segment, to_segment, 1 as customers, 0 as real_customers, 0 as published, gain
    from paths where to_segment <> $absent_now
    union all
    select from_segment, between_segment as to_segment, 0 as customers, 1 as real_customers, 0 as published, null as gain
    from paths where to_segment <> $absent_now
    union all
    select published_segment as from_segment, to_segment, 0 as customers, 0 as real_customers, 1 as published, null as gain
    from paths
),

final as (
    select
        from_segment,
        to_segment,
        cast(sum(customers) as bigint) as customers,
        cast(sum(real_customers) as bigint) as real_customers,
        cast(sum(published) as bigint) as published,
        count(gain) as valued,
        cast(sum(gain) as decimal(18, 2)) as cltv_change,
        cast(sum(gain * gain) as decimal(38, 4)) as cltv_change_squares
    from pairs
    group by from_segment, to_segment
)

select * from final order by from_segment, to_segment
