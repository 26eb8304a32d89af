-- One row per eligible customer: the rhythm of their purchase days, and where they stand in it.
-- A gap is the number of days between two purchase days in a row; one purchase day has none, and all is null.
with

recencies as (
    select customer_id, min(age) as since from snapshot_days group by customer_id
),

gaps as (
    select
        customer_id,
        gap,
        cast(gap as bigint) as days,
        row_number() over (partition by customer_id order by gap, day) as position,
        row_number() over (partition by customer_id order by day desc) as newest,
        count(*) over (partition by customer_id) as gap_count
    from snapshot_days
    where gap is not null
),

sums as (
    select
        gaps.customer_id,
        recencies.since,
        gaps.gap_count,
        cast(sum(gaps.days) as bigint) as total,
        cast(sum(gaps.days * gaps.days) as bigint) as squares,
        cast(sum(case when gaps.newest <= 3 then gaps.days else 0 end) as bigint) as newest_total,
        cast(sum(case when 2 * gaps.position between gaps.gap_count and gaps.gap_count + 2 then gaps.days else 0 end) as bigint)
            as middle_total,
        count(case when 2 * gaps.position between gaps.gap_count and gaps.gap_count + 2 then 1 end) as middle_count,
        count(case when gaps.gap < recencies.since then 1 end) as shorter,
        max(case when gaps.newest = 1 then gaps.gap end) as last_gap,
        max(gaps.gap) as longest_gap
    from gaps
    inner join recencies on gaps.customer_id = recencies.customer_id
    group by gaps.customer_id, recencies.since, gaps.gap_count
),

measures as (
    select *, cast(middle_total as double) / middle_count as median_gap, cast(total as double) / gap_count as mean_gap
    from sums
),

final as (
    select
        customer_id,
        median_gap,
        mean_gap,
        last_gap,
        longest_gap,
        case when gap_count >= 2 then sqrt(cast(gap_count * squares - total * total as double)) / total end as gap_variation,
        case when gap_count >= 4 then (cast(newest_total as double) / 3) / mean_gap end as gap_trend,
        since / median_gap as silence_ratio,
        cast(shorter as double) / gap_count as gaps_outlasted_share,
        median_gap - since as days_until_due,
        since > median_gap as is_overdue
    from measures
)

select * from final
