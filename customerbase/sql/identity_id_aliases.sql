-- One row per id that ended in another one: the id to which its best-placed records went.
--   records   records that carried it there
with

claims as (
    select * from assign_claims where claim = 1
),

heirs as (
    select * from assign_heirs
),

carried as (
    select
        customer_id,
        since,
        count(*) as records
    from heirs
    group by customer_id, since
),

final as (
    select
        claims.customer_id as alias_id,
        claims.place as customer_id,
        carried.since,
        carried.records,
        'merged' as reason
    from claims
    inner join carried on claims.customer_id = carried.customer_id
)

select * from final
