-- One row per product and another one that at least $fewest customers bought after their first purchase of it.
--   customers_both   who did, of those whose first purchase is a complete basket
with

first_baskets as (
    select bought.customer, bought.item, min(bought.basket) as basket
    from related_bought as bought
    group by bought.customer, bought.item
),

starts as (
    select first_baskets.item, first_baskets.basket
    from first_baskets
    inner join related_starts on first_baskets.basket = related_starts.basket
),

final as (
    select
        starts.item as item_1,
        related_after.item as item_2,
        count(*) as customers_both
    from starts
    inner join related_after on starts.basket = related_after.basket and starts.item <> related_after.item
    group by starts.item, related_after.item
    having count(*) >= $fewest
)

select * from final
