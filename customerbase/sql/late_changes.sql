-- One row per source table, source system and month of the events: what came, went or changed since the month before.
-- Rows are joined by their key, in the months of late_months that hold other rows than then and in no others.
-- A row whose date moved to another month is gone from the one and added to the other.
with

open_rows as (
    select
        months.table_name,
        months.source_system,
        months.month,
        late.is_now,
        late.row_key,
        late.content,
        late.amount
    from late_rows as late
    inner join late_months as months
        on late.table_name = months.table_name
        and late.source_system = months.source_system
        and cast(date_trunc('month', late.event_at) as date) = months.month
    where late.event_at < $until and not months.is_same
),

open_now as (
    select * from open_rows where is_now
),

open_then as (
    select * from open_rows where not is_now
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
    where now.month is null or before.month is null or now.month <> before.month or now.content <> before.content
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
    from late_months as months
    left join sums
        on months.table_name = sums.table_name
        and months.source_system = sums.source_system
        and months.month = sums.month
)

select * from final
