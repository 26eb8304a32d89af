-- One row per pair of records that a key joins or that the model scored: a key counts as $key_weight bits.
with

final as (
    select
        coalesce(scores.idx_l, key_edges.idx_l) as idx_l,
        coalesce(scores.idx_r, key_edges.idx_r) as idx_r,
        key_edges.rule,
        scores.match_weight,
        scores.match_probability,
        coalesce(scores.evidence, '{}') as evidence,
        case
            when key_edges.rule is not null then $key_weight + coalesce(scores.match_weight, 0)
            else scores.match_weight
        end as strength
    from scores
    full outer join key_edges on scores.idx_l = key_edges.idx_l and scores.idx_r = key_edges.idx_r
)

select * from final
