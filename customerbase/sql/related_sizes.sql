-- One row per month and size: how many units of the month hold so many different products.
with

held as (
    select unit, max(month) as month, count(*) as size from related_units group by unit
),

final as (
    select month, size, count(*) as units from held group by month, size
)

select * from final order by month, size
