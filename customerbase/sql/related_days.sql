-- One row per candidate: the median of the days from the first purchase of item_1 to that of item_2; null without dates.
with

first_baskets as (
    select customer, item, min(basket) as basket from related_bought group by customer, item
),

starts as (
    select first_baskets.item, first_baskets.basket
    from first_baskets
    inner join related_starts on first_baskets.basket = related_starts.basket
),

final as (
    select candidates.item_1, candidates.item_2, cast(median(related_after.days) as double) as usual_days
    from related_candidates as candidates
    inner join starts on candidates.item_1 = starts.item
    inner join related_after on starts.basket = related_after.basket and candidates.item_2 = related_after.item
    group by candidates.item_1, candidates.item_2
)

select * from final
