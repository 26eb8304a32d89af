-- One row per cluster whose preferred former id goes to a cluster with a better claim.
with

candidates as (
    select * from assign_candidates
),

firsts as (
    select
        cluster,
        min(preference) as preference
    from candidates
    group by cluster
),

proposals as (
    select
        candidates.cluster,
        candidates.customer_id,
        candidates.claim,
        candidates.preference
    from candidates
    inner join firsts on candidates.cluster = firsts.cluster and candidates.preference = firsts.preference
),

accepted as (
    select
        customer_id,
        min(claim) as claim
    from proposals
    group by customer_id
),

final as (
    select
        proposals.cluster,
        proposals.preference
    from proposals
    inner join accepted on proposals.customer_id = accepted.customer_id
    where proposals.claim > accepted.claim
)

select * from final
