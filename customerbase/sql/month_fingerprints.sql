-- One row per source system and month: counts and checks of the documents and goods lines it was built from.
with

built as (
    select source_system, month, lines, lines_check from line_checks where month is not null
),

final as (
    select
        documents.source_system,
        documents.month,
        documents.documents,
        documents.documents_check,
        coalesce(case when months.month is null then earlier.lines else built.lines end, 0) as lines,
        cast(
            coalesce(case when months.month is null then earlier.lines_check else built.lines_check end, 0)
            as decimal(38, 3)
        ) as lines_check,
        $as_of as as_of,
        $version as version
    from month_documents as documents
    left join months_to_build as months
        on documents.source_system = months.source_system and documents.month = months.month
    left join built on documents.source_system = built.source_system and documents.month = built.month
    left join previous_month_fingerprints as earlier
        on documents.source_system = earlier.source_system and documents.month = earlier.month
)

select * from final
