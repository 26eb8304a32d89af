-- One row per open cluster with a past: the id that most of its records held last; ties: the oldest, the smallest.
with

stays as (
    select * from assign_stays
),

births as (
    select * from assign_births
),

last_days as (
    select
        record_id,
        max(until) as until
    from stays
    group by record_id
),

counts as (
    select
        stays.place,
        stays.customer_id,
        count(*) as records
    from stays
    inner join last_days on stays.record_id = last_days.record_id and stays.until = last_days.until
    group by stays.place, stays.customer_id
),

ranked as (
    select
        counts.place as cluster,
        counts.customer_id,
        row_number() over (
            partition by counts.place
            order by counts.records desc, births.born, counts.customer_id
        ) as standing
    from counts
    inner join births on counts.customer_id = births.customer_id
),

final as (
    select cluster, customer_id from ranked where standing = 1
)

select * from final
