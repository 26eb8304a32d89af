-- One row per month that is known, the month of the as-of date alone: rows, cells and customers behind the state of the data.
with

files as (
    select
        coalesce(cast(sum(rows_read) as bigint), 0) as rows_read,
        coalesce(cast(sum(rows_accepted) as bigint), 0) as accepted
    from source_files
),

people as (
    select
        count(*) as customers,
        coalesce(cast(sum(case when has_email then 1 else 0 end) as bigint), 0) as has_email,
        coalesce(cast(sum(case when has_phone then 1 else 0 end) as bigint), 0) as has_phone
    from profile
),

parts as (
    select dimension, cast(round(score * n, 0) as bigint) as good, n
    from quality_scores
    where score is not null
),

scores as (
    select
        coalesce(cast(sum(case when dimension = 'completeness' then good else 0 end) as bigint), 0) as filled,
        coalesce(cast(sum(case when dimension = 'completeness' then n else 0 end) as bigint), 0) as cells,
        coalesce(cast(sum(case when dimension = 'validity' then good else 0 end) as bigint), 0) as valid,
        coalesce(cast(sum(case when dimension = 'validity' then n else 0 end) as bigint), 0) as checked,
        coalesce(cast(sum(case when dimension = 'duplication' then good else 0 end) as bigint), 0) as duplicates,
        coalesce(cast(sum(case when dimension = 'duplication' then n else 0 end) as bigint), 0) as compared
    from parts
),

final as (
    select
        cast(date_trunc('month', cast($as_of as date)) as date) as month,
        files.*,
        people.*,
        scores.*
    from files
    cross join people
    cross join scores
)

select * from final
