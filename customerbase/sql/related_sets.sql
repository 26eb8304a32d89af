-- One row per set of three products of related_triples that at least $fewest units hold all of.
with

final as (
    select triples.item_1, triples.item_2, triples.item_3, count(*) as units_all
    from related_triples as triples
    inner join related_held as one on triples.item_1 = one.item
    inner join related_held as two on triples.item_2 = two.item and one.number = two.number
    inner join related_held as three on triples.item_3 = three.item and one.number = three.number
    group by triples.item_1, triples.item_2, triples.item_3
    having count(*) >= $fewest
)

select * from final
