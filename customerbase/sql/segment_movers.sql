-- One row per customer whose segment differs from that of $since, as it was published or as it is known today.
with

paths as (
    select * from movement_paths
),

final as (
    select
        $as_of as as_of,
        $months as months,
        $since as since,
        customer_id,
        published_segment,
        from_segment,
        to_segment,
        cause,
        record,
        cltv_before,
        cltv_now
    from paths
    where published_segment <> to_segment or from_segment <> to_segment
)

select * from final
