-- One row per source table, source system and month of the events: rows then and now, and whether they are the same.
-- Only events before $until, the day after the as-of date of the month before, can be late. Rows are the same where the
-- sums of 60 bits of their MD5 digests are: by chance another row leaves the sum as it was once in 10^18 times.
with

digests as (
    select
        table_name,
        source_system,
        is_now,
        cast(date_trunc('month', event_at) as date) as month,
        cast(
            cast('0x' || substr(md5(concat_ws('|', row_key, content)), 1, 15) as bigint) as decimal(38, 0)
        ) as digest
    from late_rows
    where event_at < $until
),

sums as (
    select
        table_name,
        source_system,
        month,
        cast(sum(case when is_now then 0 else 1 end) as bigint) as rows_before,
        cast(sum(case when is_now then 1 else 0 end) as bigint) as rows_now,
        cast(sum(case when is_now then digest else -digest end) as decimal(38, 0)) as difference
    from digests
    group by table_name, source_system, month
),

final as (
    select
        table_name,
        source_system,
        month,
        rows_before,
        rows_now,
        rows_before = rows_now and difference = 0 as is_same
    from sums
)

select * from final
