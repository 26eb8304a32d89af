-- One row per product, month and class of sizes: how many units hold it. Units of other sizes are left out.
with

held as (
    select unit, max(month) as month, count(*) as size from related_units group by unit
),

classed as (
    select held.unit, held.month, related_classes.size_class
    from held
    inner join related_classes on held.month = related_classes.month and held.size = related_classes.size
),

final as (
    select related_units.item, classed.month, classed.size_class, count(*) as units
    from related_units
    inner join classed on related_units.unit = classed.unit
    group by related_units.item, classed.month, classed.size_class
)

select * from final
