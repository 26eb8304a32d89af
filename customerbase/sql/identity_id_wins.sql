-- One row per id held last month that has a best claim; standing 1 = it survives in its cluster, more = it merges.
-- The oldest id survives; ties: more records, the smallest id.
with

claims as (
    select * from assign_claims where claim = 1 and until = date '9999-12-31'
),

births as (
    select * from assign_births
),

final as (
    select
        claims.customer_id,
        claims.place as cluster,
        row_number() over (
            partition by claims.place
            order by births.born, claims.records desc, claims.customer_id
        ) as standing
    from claims
    inner join births on claims.customer_id = births.customer_id
)

select * from final
