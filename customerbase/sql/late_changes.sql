-- One row per source table, source system and month of the events: rows then and now, and what came, went or changed.
-- Only events before $until, the day after the as-of date of the month before, can be late. A check of every row's digest
-- tells which months hold other rows than then; rows are joined by their key in those months alone.
-- A row whose date moved to another month is gone from the one and added to the other.
with

rows_now as (
    select
        table_name,
        source_system,
        cast(date_trunc('month', event_at) as date) as month,
        row_key,
        content,
        amount,
        md5(concat_ws('|', row_key, content)) as digest
    from late_rows_now
    where event_at < $until
),

rows_then as (
    select
        table_name,
        source_system,
        cast(date_trunc('month', event_at) as date) as month,
        row_key,
        content,
        amount,
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
        cast(sum(cast('0x' || substr(digest, 1, 8) as bigint)) as bigint) as check_1,
        cast(sum(cast('0x' || substr(digest, 9, 8) as bigint)) as bigint) as check_2
    from rows_now
    group by table_name, source_system, month
),

months_then as (
    select
        table_name,
        source_system,
        month,
        count(*) as row_count,
        cast(sum(cast('0x' || substr(digest, 1, 8) as bigint)) as bigint) as check_1,
        cast(sum(cast('0x' || substr(digest, 9, 8) as bigint)) as bigint) as check_2
    from rows_then
    group by table_name, source_system, month
),

months as (
    select
        coalesce(now.table_name, before.table_name) as table_name,
        coalesce(now.source_system, before.source_system) as source_system,
        coalesce(now.month, before.month) as month,
        coalesce(before.row_count, 0) as rows_before,
        coalesce(now.row_count, 0) as rows_now,
        coalesce(now.row_count, 0) = coalesce(before.row_count, 0)
        and coalesce(now.check_1, 0) = coalesce(before.check_1, 0)
        and coalesce(now.check_2, 0) = coalesce(before.check_2, 0) as is_same
    from months_now as now
    full join months_then as before
        on now.table_name = before.table_name
        and now.source_system = before.source_system
        and now.month = before.month
),

open_now as (
    select rows_now.*
    from rows_now
    inner join months
        on rows_now.table_name = months.table_name
        and rows_now.source_system = months.source_system
        and rows_now.month = months.month
    where not months.is_same
),

open_then as (
    select rows_then.*
    from rows_then
    inner join months
        on rows_then.table_name = months.table_name
        and rows_then.source_system = months.source_system
        and rows_then.month = months.month
    where not months.is_same
),

pairs as (
    select
        coalesce(now.table_name, before.table_name) as table_name,
        coalesce(now.source_system, before.source_system) as source_system,
        now.month as month_now,
        before.month as month_then,
        now.amount as amount_now,
        before.amount as amount_then,
        now.month is not null and before.month is not null and now.month = before.month as is_there
    from open_now as now
    full join open_then as before
        on now.table_name = before.table_name
        and now.source_system = before.source_system
        and now.row_key = before.row_key
    where now.month is null or before.month is null or now.month <> before.month or now.digest <> before.digest
),

changes as (
    select
        table_name,
        source_system,
        month_now as month,
        case when is_there then 0 else 1 end as added,
        0 as gone,
        case when is_there then 1 else 0 end as changed,
        case when not is_there then amount_now end as amount_added,
        cast(null as decimal(18, 2)) as amount_gone,
        case when is_there then coalesce(amount_now, 0) - coalesce(amount_then, 0) end as amount_changed
    from pairs
    where month_now is not null
    union all
    select
        table_name,
        source_system,
        month_then as month,
        0 as added,
        1 as gone,
        0 as changed,
        cast(null as decimal(18, 2)) as amount_added,
        amount_then as amount_gone,
        cast(null as decimal(18, 2)) as amount_changed
    from pairs
    where month_then is not null and not is_there
),

sums as (
    select
        table_name,
        source_system,
        month,
        cast(sum(added) as bigint) as rows_added,
        cast(sum(gone) as bigint) as rows_gone,
        cast(sum(changed) as bigint) as rows_changed,
        cast(sum(amount_added) as decimal(18, 2)) as amount_added,
        cast(sum(amount_gone) as decimal(18, 2)) as amount_gone,
        cast(sum(amount_changed) as decimal(18, 2)) as amount_changed
    from changes
    group by table_name, source_system, month
),

final as (
    select
        months.table_name,
        months.source_system,
        months.month,
        $compared_with as compared_with,
        months.rows_before,
        months.rows_now,
        coalesce(sums.rows_added, 0) as rows_added,
        coalesce(sums.rows_gone, 0) as rows_gone,
        coalesce(sums.rows_changed, 0) as rows_changed,
        coalesce(sums.amount_added, 0) as amount_added,
        coalesce(sums.amount_gone, 0) as amount_gone,
        coalesce(sums.amount_changed, 0) as amount_changed
    from months
    left join sums
        on months.table_name = sums.table_name
        and months.source_system = sums.source_system
        and months.month = sums.month
)

select * from final
