-- One row per size: how many units hold so many different products.
with

held as (
    select unit, count(*) as size from related_units group by unit
),

final as (
    select size, count(*) as units from held group by size
)

select * from final order by size
