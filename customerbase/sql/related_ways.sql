-- One row per customer, product and another one bought after it at any time, of related_candidates, either way round.
with

wanted as (
    select item_1, item_2 from related_candidates
    union
    select item_2 as item_1, item_1 as item_2 from related_candidates
),

final as (
    select distinct related_bought.customer, wanted.item_1, wanted.item_2
    from related_after
    inner join related_bought on related_after.basket = related_bought.basket
    inner join wanted on related_bought.item = wanted.item_1 and related_after.item = wanted.item_2
)

select * from final
