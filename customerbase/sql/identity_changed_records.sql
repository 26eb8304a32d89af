-- One row per record of the linkage table, with is_new: it was not there last month, or something compared has changed.
with

final as (
    select
        linkage.*,
        coalesce(linkage.content_hash <> before.content_hash, true) as is_new
    from linkage
    left join previous_customers_std as before
        on linkage.source_system = before.source_system and linkage.source_customer_id = before.source_customer_id
)

select * from final
