-- One row per unit and product that enough units hold, of units whose size has a class: what pairs are counted in.
with

held as (
    select unit, max(month) as month, count(*) as size from related_units group by unit
),

numbered as (
    select held.unit, cast(row_number() over (order by held.unit) as bigint) as number
    from held
    inner join related_classes on held.month = related_classes.month and held.size = related_classes.size
    where held.size > 1
),

final as (
    select numbered.number, related_units.item
    from related_units
    inner join numbered on related_units.unit = numbered.unit
    inner join related_chosen on related_units.item = related_chosen.item
)

select * from final
