-- One row per pair of records that a key joins or that is likelier one person than two, and what became of it:
-- kept (one customer), loose (one person for analysis only), review, cut_guard, cut_conflict.
with

final as (
    select
        a.record_id as record_a,
        b.record_id as record_b,
        pairs.rule,
        pairs.match_weight,
        pairs.match_probability,
        pairs.evidence,
        _edge_states.state
    from pairs
    inner join _edge_states on pairs.idx_l = _edge_states.idx_l and pairs.idx_r = _edge_states.idx_r
    inner join linkage as a on pairs.idx_l = a.idx
    inner join linkage as b on pairs.idx_r = b.idx
)

select * from final
