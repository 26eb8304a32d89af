-- One row per cluster that won no id and former id it may revive: one its records held, and that nobody holds now.
-- preference 1 = first choice: an id to which no other place has a better claim, then the one most of its records
-- held; ties: held last, oldest.
with

claims as (
    select * from assign_claims
),

wins as (
    select * from assign_wins
),

births as (
    select * from assign_births
),

served as (
    select cluster from assign_settled
    union distinct
    select cluster from wins
),

free as (
    select claims.*
    from claims
    left join wins as taken_ids on claims.customer_id = taken_ids.customer_id
    left join served on claims.place = served.cluster
    where taken_ids.customer_id is null and served.cluster is null
),

final as (
    select
        free.place as cluster,
        free.customer_id,
        free.claim,
        row_number() over (
            partition by free.place
            order by
                case when free.claim = 1 then 0 else 1 end,
                free.held desc,
                free.until desc,
                births.born,
                free.customer_id
        ) as preference
    from free
    inner join births on free.customer_id = births.customer_id
)

select * from final
