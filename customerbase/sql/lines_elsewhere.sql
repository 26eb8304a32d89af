-- One row per source system whose goods lines outside the months to build are not those of the month before.
-- All lines less those of the months to build are compared with what was told of the other months: no old line is joined
-- to its order for that.
with

totals as (
    select source_system, lines, lines_check from line_checks where month is null
),

built as (
    select
        source_system,
        cast(sum(lines) as bigint) as lines,
        cast(sum(lines_check) as decimal(38, 3)) as lines_check
    from line_checks
    where month is not null
    group by source_system
),

kept as (
    select
        earlier.source_system,
        cast(sum(earlier.lines) as bigint) as lines,
        cast(sum(earlier.lines_check) as decimal(38, 3)) as lines_check
    from previous_month_fingerprints as earlier
    left join months_to_build as months
        on earlier.source_system = months.source_system and earlier.month = months.month
    where months.month is null
    group by earlier.source_system
),

systems as (
    select source_system from month_documents group by source_system
),

final as (
    select systems.source_system
    from systems
    left join totals on systems.source_system = totals.source_system
    left join built on systems.source_system = built.source_system
    left join kept on systems.source_system = kept.source_system
    where coalesce(totals.lines, 0) - coalesce(built.lines, 0) <> coalesce(kept.lines, 0)
        or coalesce(totals.lines_check, 0) - coalesce(built.lines_check, 0) <> coalesce(kept.lines_check, 0)
)

select * from final
