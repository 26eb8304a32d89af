-- One row per source system and month whose documents are not those of the month before, or that has come since.
-- $open_from: the first month that was not whole at the as-of date of the month before.
with

earlier as (
    select source_system, month, documents, documents_check from previous_month_fingerprints
),

final as (
    select
        coalesce(now.source_system, earlier.source_system) as source_system,
        coalesce(now.month, earlier.month) as month,
        coalesce(earlier.documents, 0) as documents_before,
        coalesce(now.documents, 0) as documents_now
    from month_documents as now
    full join earlier on now.source_system = earlier.source_system and now.month = earlier.month
    where now.month >= $open_from or earlier.month >= $open_from
        or coalesce(now.documents, 0) <> coalesce(earlier.documents, 0)
        or coalesce(now.documents_check, 0) <> coalesce(earlier.documents_check, 0)
)

select * from final
