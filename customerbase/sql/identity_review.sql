-- One row per pair that people should look at: cut by the guard or a conflict, in the grey zone, or in a group too large.
-- Pairs that somebody has decided are not asked again.
with

candidates as (
    select
        identity_edges.record_a,
        identity_edges.record_b,
        identity_edges.match_weight,
        identity_edges.evidence,
        case
            when identity_edges.state = 'cut_guard' then 'guard'
            when identity_edges.state = 'cut_conflict' then 'conflict'
            when identity_edges.state in ('loose', 'review') and identity_edges.match_weight >= $weight then 'grey_zone'
            when _groups.suspicious then 'large_cluster'
        end as reason
    from identity_edges
    inner join linkage on identity_edges.record_a = linkage.record_id
    inner join _groups on linkage.idx = _groups.idx
),

final as (
    select candidates.record_a, candidates.record_b, candidates.reason, candidates.match_weight, candidates.evidence
    from candidates
    left join _decided
        on candidates.record_a = _decided.record_a and candidates.record_b = _decided.record_b
    where candidates.reason is not null and _decided.record_a is null
)

select * from final
