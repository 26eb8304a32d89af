-- One row per source table, source system and month of the events: rows then and now, and whether they are the same.
-- Only events before $until, the day after the as-of date of the month before, can be late. Rows are the same where the
-- sums of 60 bits of their MD5 digests are: by chance another row leaves the sum as it was once in 10^18 times.
with

digests_now as (
    select
        table_name,
        source_system,
        cast(date_trunc('month', event_at) as date) as month,
        md5(concat_ws('|', row_key, content)) as digest
    from late_rows_now
    where event_at < $until
),

digests_then as (
    select
        table_name,
        source_system,
        cast(date_trunc('month', event_at) as date) as month,
        md5(concat_ws('|', row_key, content)) as digest
    from late_rows_then
    where event_at < $until
),

months_now as (
    select
        table_name,
        source_system,
        month,
        count(*) as row_count,
        sum(cast(cast('0x' || substr(digest, 1, 15) as bigint) as decimal(38, 0))) as digests
    from digests_now
    group by table_name, source_system, month
),

months_then as (
    select
        table_name,
        source_system,
        month,
        count(*) as row_count,
        sum(cast(cast('0x' || substr(digest, 1, 15) as bigint) as decimal(38, 0))) as digests
    from digests_then
    group by table_name, source_system, month
),

final as (
    select
        coalesce(now.table_name, before.table_name) as table_name,
        coalesce(now.source_system, before.source_system) as source_system,
        coalesce(now.month, before.month) as month,
        coalesce(before.row_count, 0) as rows_before,
        coalesce(now.row_count, 0) as rows_now,
        coalesce(now.row_count, 0) = coalesce(before.row_count, 0)
        and coalesce(now.digests, 0) = coalesce(before.digests, 0) as is_same
    from months_now as now
    full join months_then as before
        on now.table_name = before.table_name
        and now.source_system = before.source_system
        and now.month = before.month
)

select * from final
