-- One row per month that is known, the month of the as-of date alone: rows, cells and customers behind the state of the data.
with

files as (
    select
        cast(coalesce(sum(rows_read), 0) as bigint) as rows_read,
        cast(coalesce(sum(rows_accepted), 0) as bigint) as accepted
    from source_files
),

people as (
    select
        count(*) as customers,
        cast(coalesce(sum(case when has_email then 1 else 0 end), 0) as bigint) as has_email,
        cast(coalesce(sum(case when has_phone then 1 else 0 end), 0) as bigint) as has_phone
    from profile
),

parts as (
    select dimension, cast(round(score * n, 0) as bigint) as good, n
    from quality_scores
    where score is not null
),

scores as (
    select
        cast(coalesce(sum(case when dimension = 'completeness' then good else 0 end), 0) as bigint) as filled,
        cast(coalesce(sum(case when dimension = 'completeness' then n else 0 end), 0) as bigint) as cells,
        cast(coalesce(sum(case when dimension = 'validity' then good else 0 end), 0) as bigint) as valid,
        cast(coalesce(sum(case when dimension = 'validity' then n else 0 end), 0) as bigint) as checked,
        cast(coalesce(sum(case when dimension = 'duplication' then good else 0 end), 0) as bigint) as duplicates,
        cast(coalesce(sum(case when dimension = 'duplication' then n else 0 end), 0) as bigint) as compared
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
