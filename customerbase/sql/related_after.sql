-- One row per basket of a known customer and product of related_bought that the customer bought after it: on a later day
-- within $days, or without dates in one of the next $baskets baskets.
--   days   to the first such purchase; null without dates
with

later as (
    select
        one.basket,
        other.basket as next_basket,
        date_diff('day', cast(one.day as date), other.day) as days
    from related_steps as one
    inner join related_steps as other on one.customer = other.customer and one.place < other.place
    where
        date_diff('day', cast(one.day as date), other.day) between 1 and $days
        or (one.day is null and other.day is null and other.place <= one.place + $baskets)
),

final as (
    select later.basket, related_bought.item, min(later.days) as days
    from later
    inner join related_bought on later.next_basket = related_bought.basket
    group by later.basket, related_bought.item
)

select * from final
