-- One row per product and class of what was bought after a basket: of the complete baskets of the class,
--   firsts     in how many a customer bought the product for the first time
--   followed   after how many it was bought
with

classed as (
    select related_starts.basket, related_classes.size_class
    from related_starts
    inner join related_classes on related_starts.size = related_classes.size
),

first_baskets as (
    select customer, item, min(basket) as basket from related_bought group by customer, item
),

firsts as (
    select first_baskets.item, classed.size_class, count(*) as firsts
    from first_baskets
    inner join classed on first_baskets.basket = classed.basket
    group by first_baskets.item, classed.size_class
),

follows as (
    select related_after.item, classed.size_class, count(*) as followed
    from related_after
    inner join classed on related_after.basket = classed.basket
    group by related_after.item, classed.size_class
),

final as (
    select
        coalesce(firsts.item, follows.item) as item,
        coalesce(firsts.size_class, follows.size_class) as size_class,
        coalesce(firsts.firsts, 0) as firsts,
        coalesce(follows.followed, 0) as followed
    from firsts
    full join follows on firsts.item = follows.item and firsts.size_class = follows.size_class
)

select * from final
