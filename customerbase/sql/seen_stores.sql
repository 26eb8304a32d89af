-- One row per store that had closed before $until: its last day of business lies before it.
with

final as (
    select source_system, store_id from stores where close_date < $until
)

select * from final
