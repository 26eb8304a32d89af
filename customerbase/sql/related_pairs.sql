-- One row per pair of products that at least $fewest units hold both of.
with

final as (
    select one.item as item_1, other.item as item_2, count(*) as units_both
    from related_held as one
    inner join related_held as other on one.number = other.number and one.item < other.item
    group by one.item, other.item
    having count(*) >= $fewest
)

select * from final
