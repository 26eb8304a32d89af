-- One row per candidate that is still open: the refused ones are left out.
with

candidates as (
    select * from assign_candidates
),

refused as (
    select * from assign_refused
),

final as (
    select candidates.*
    from candidates
    left join refused on candidates.cluster = refused.cluster and candidates.preference = refused.preference
    where refused.cluster is null
)

select * from final
