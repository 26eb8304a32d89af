-- One row per cluster that has an id of earlier months: it simply goes on, it won, or it revives its first choice left.
with

settled as (
    select * from assign_settled
),

wins as (
    select * from assign_wins
),

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

final as (
    select cluster, customer_id from settled
    union distinct
    select cluster, customer_id from wins where standing = 1
    union distinct
    select candidates.cluster, candidates.customer_id
    from candidates
    inner join firsts on candidates.cluster = firsts.cluster and candidates.preference = firsts.preference
)

select * from final
