-- One row per id of a source system: whose it is, and the strongest link that says so.
with

sides as (
    select record_a as record_id, record_b as other_record, rule, match_weight, evidence from identity_edges where state = 'kept'
    union all
    select record_b as record_id, record_a as other_record, rule, match_weight, evidence from identity_edges where state = 'kept'
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_id
            order by case when rule is null then 1 else 0 end, match_weight desc nulls last, other_record
        ) as position
    from sides
),

sizes as (
    select cluster, count(*) as cluster_size from _clusters group by cluster
),

loose_ids as (
    select _groups.loose, min(_ids.customer_id) as loose_id
    from _groups
    inner join linkage on _groups.idx = linkage.idx
    inner join _ids on linkage.record_id = _ids.record_id
    group by _groups.loose
),

final as (
    select
        _ids.customer_id,
        coalesce(loose_ids.loose_id, _ids.customer_id) as loose_id,
        _clusters.source_system,
        _clusters.source_customer_id,
        case
            when sizes.cluster_size = 1 then 'alone'
            when ranked.record_id is null then 'decision'
            else coalesce(ranked.rule, 'model')
        end as rule,
        ranked.match_weight,
        ranked.evidence,
        sizes.cluster_size,
        linkage.idx is not null as in_customers_src
    from _clusters
    inner join _ids on _clusters.record_id = _ids.record_id
    inner join sizes on _clusters.cluster = sizes.cluster
    left join ranked on _clusters.record_id = ranked.record_id and ranked.position = 1
    left join linkage on _clusters.record_id = linkage.record_id
    left join _groups on linkage.idx = _groups.idx
    left join loose_ids on _groups.loose = loose_ids.loose
)

select * from final
