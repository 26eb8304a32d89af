-- One row per cluster that simply goes on: it holds all that lives of one id, and nothing of another.
with

votes as (
    select * from assign_votes
),

whole_ids as (
    select customer_id from votes group by customer_id having count(*) = 1
),

whole_clusters as (
    select cluster from votes group by cluster having count(*) = 1
),

final as (
    select
        votes.cluster,
        votes.customer_id
    from votes
    inner join whole_ids on votes.customer_id = whole_ids.customer_id
    inner join whole_clusters on votes.cluster = whole_clusters.cluster
)

select * from final
