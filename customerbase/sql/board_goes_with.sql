-- One row per product that $customer bought last and another one that goes with it or follows it, the three strongest each.
-- Left out is what is among the last purchases itself.
--   way   with (in the same basket) or after
with

bought as (
    select place, product_id, day from last_products where customer_id = $customer
),

beside as (
    select product_1 as product_id, product_2 as other_id, rank_1 as rank, confidence_1_2 as confidence, units_1 as n,
        excess, excess_low, excess_high
    from product_pairs
    where level = 'basket'
    union all
    select product_2 as product_id, product_1 as other_id, rank_2 as rank, confidence_2_1 as confidence, units_2 as n,
        excess, excess_low, excess_high
    from product_pairs
    where level = 'basket'
),

related as (
    select product_id, other_id, 'with' as way, rank, confidence, n, excess, excess_low, excess_high
    from beside
    union all
    select product_id, next_product_id as other_id, 'after' as way, rank, confidence, customers as n, excess, excess_low,
        excess_high
    from next_products
),

others as (
    select
        bought.place,
        bought.product_id,
        related.other_id,
        related.way,
        related.confidence,
        related.n,
        related.excess,
        related.excess_low,
        related.excess_high,
        related.rank
    from bought
    inner join related on bought.product_id = related.product_id
    left join bought as already on related.other_id = already.product_id
    where related.rank <= 3 and already.product_id is null
),

final as (
    select
        others.place,
        coalesce(one.name, others.product_id) as product,
        coalesce(other.name, others.other_id) as goes_with,
        other.category,
        others.way,
        others.confidence,
        others.n,
        others.excess,
        others.excess_low,
        others.excess_high,
        others.rank
    from others
    left join products_sold as one on others.product_id = one.product_id
    left join products_sold as other on others.other_id = other.product_id
)

select * from final order by place, way, rank, goes_with
